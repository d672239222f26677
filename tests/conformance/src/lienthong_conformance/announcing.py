"""How plugin modules announce themselves; the same for every kind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NoReturn, cast

import pytest

from lienthong.spi import SPI_VERSION

_KILL_AFTER_SECONDS = 60


def missing(what: str) -> NoReturn:
    """Fail with a sentence that tells the author what to override."""
    pytest.fail(f"the contract needs {what}", pytrace=False)


def factory_of(module: ModuleType, hook: str, uri: str) -> Callable[..., Any]:
    """Ask a plugin module for the factory of a URI's scheme."""
    factory = getattr(module, hook)(scheme=uri.partition(":")[0])
    if not callable(factory):
        pytest.fail(f"{module.__name__}.{hook} offers nothing callable for {uri}")
    return cast("Callable[..., Any]", factory)


def check_announcement(module: ModuleType, hook: str, uri: str, capabilities: type) -> None:
    """Verify what a plugin host reads of a module before it opens anything."""
    assert module.SPI_VERSION == SPI_VERSION
    assert isinstance(module.CAPABILITIES, capabilities)
    assert callable(getattr(module, hook)(scheme=uri.partition(":")[0]))
    for foreign in ("", "lienthong-no-such-scheme", uri):
        assert getattr(module, hook)(scheme=foreign) is None


@contextmanager
def process(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script in another process, killed in the end and when it hangs."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", script, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as running:
        watchdog = threading.Timer(_KILL_AFTER_SECONDS, running.kill)
        watchdog.start()
        try:
            yield running
        finally:
            watchdog.cancel()
            running.kill()


def read_line(running: subprocess.Popen[str]) -> str:
    """The next line that the process prints; fails when it ended instead."""
    assert running.stdout is not None
    line = running.stdout.readline()
    if not line.endswith("\n"):
        pytest.fail("the process that uses the plugin ended by itself; see its output above")
    return line.strip()
