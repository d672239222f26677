"""Throw-away distributions: a module and its metadata, put on the path for one test."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from lienthong.plugins import Deadlines, PluginHost
from lienthong.testing.installed import write_record

_NUMBERS = count()

SIGNER = """
import threading
import time
from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi import Signer, SignerCapabilities, hookimpl

SPI_VERSION = 1
CAPABILITIES = SignerCapabilities(algorithms={SignatureAlgorithm.ED25519})


class ToySigner(Signer):
    algorithm = SignatureAlgorithm.ED25519
    chain = (b"leaf",)
    public_key = b"key"
    closed = 0

    def __init__(self, uri="", secrets=None):
        self.uri = uri

    def sign(self, message):
        return b"signed " + message

    def close(self):
        ToySigner.closed += 1


open_toy = ToySigner

"""

SIGNER_HOOK = """

@hookimpl
def lienthong_signer_factory(scheme):
    {hook}
"""


class Shelf:
    """Where throw-away distributions are put."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.modules: list[str] = []
        self._folder = folder
        self._monkeypatch = monkeypatch

    def put(
        self,
        source: str,
        *,
        distribution: str = "acme-toys",
        version: str = "4.2",
        group: str = "lienthong.signers",
        name: str = "toy",
    ) -> str:
        """Install a distribution with one plugin module; returns the module's name."""
        module = f"throwaway_{next(_NUMBERS)}"
        site = self._folder / module
        info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        (info / "METADATA").write_text(metadata, "utf-8")
        (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}\n", "utf-8")
        (site / f"{module}.py").write_text(textwrap.dedent(source), "utf-8")
        self._monkeypatch.syspath_prepend(site)
        importlib.invalidate_caches()
        self.modules.append(module)
        return module

    def site(self, module: str) -> Path:
        """The folder in which a module and its metadata were put."""
        return self._folder / module

    def record(self, module: str) -> None:
        """Write the RECORD of what lies there now, as installers do (PEP 376)."""
        site = self.site(module)
        [info] = site.glob("*.dist-info")
        write_record(site, info, [site])

    def signer(self, body: str = "", *, hook: str = "return open_toy", **where: str) -> str:
        """A signer plugin that *body* (module level) or *hook* (its factory) may spoil."""
        return self.put(SIGNER + textwrap.dedent(body) + SIGNER_HOOK.format(hook=hook), **where)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path, monkeypatch)
    yield shelf
    for module in shelf.modules:
        sys.modules.pop(module, None)


@pytest.fixture
def make_host() -> Iterator[Callable[..., PluginHost]]:
    """Hosts with short deadlines (seconds), closed at the end."""
    hosts: list[PluginHost] = []

    def make(*blocked: str, load: float = 5, opening: float = 5, call: float = 5) -> PluginHost:
        deadlines = Deadlines(load=load, open=opening, call=call)
        hosts.append(PluginHost(blocked=blocked, deadlines=deadlines))
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()
