"""Plugins that are missing, broken or made for something else: named, and nobody else harmed."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lienthong.errors import (
    InvalidValue,
    LienthongError,
    PluginAmbiguous,
    PluginBlocked,
    PluginFailed,
    PluginIncompatible,
    PluginLoadFailed,
    PluginNotFound,
)
from lienthong.plugins import PluginHost, PluginKind, PluginState

NAMED = "toy of acme-toys 4.2"


def state_of(host: PluginHost, name: str = "toy") -> PluginState:
    return next(info.state for info in host.listing() if info.name == name)


def test_opens_a_signer_by_its_scheme(shelf: Any, make_host: Any) -> None:
    shelf.signer()
    signer = make_host().open_signer("toy:slot-1")
    assert signer.sign(b"m") == b"signed m"
    assert signer.chain == (b"leaf",)


def test_listing_imports_nothing(shelf: Any, make_host: Any) -> None:
    module = shelf.signer("raise SystemExit('imported')")
    [info] = [info for info in make_host().listing() if info.name == "toy"]
    assert info.state is PluginState.INSTALLED
    assert (info.kind, info.distribution, info.version) == (PluginKind.SIGNER, "acme-toys", "4.2")
    assert info.capabilities is None
    assert module not in sys.modules


def test_asking_for_one_plugin_does_not_import_another(shelf: Any, make_host: Any) -> None:
    other = shelf.signer(distribution="other", name="other")
    shelf.signer()
    make_host().open_signer("toy:")
    assert other not in sys.modules


def test_unknown_scheme_names_what_is_there(shelf: Any, make_host: Any) -> None:
    shelf.signer()
    with pytest.raises(PluginNotFound, match="no installed signer plugin answers to absent:") as e:
        make_host().open_signer("absent:slot")
    assert "toy" in str(e.value.facts["available"])


@pytest.mark.parametrize("uri", ["", "toy", ":x", "TOY:x", "/path", "1toy:x", "to y:x"])
def test_address_without_scheme_is_refused(make_host: Any, uri: str) -> None:
    with pytest.raises(InvalidValue, match="uri is without a scheme"):
        make_host().open_signer(uri)


def test_refused_address_is_not_shown(make_host: Any) -> None:
    with pytest.raises(InvalidValue) as e:
        make_host().open_signer("HSM?pin=123456")
    assert "123456" not in str(e.value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("class Odd(BaseException): pass\nraise Odd('x')", "Odd: x"),
        ("import module_that_nobody_has", "No module named 'module_that_nobody_has'"),
        ("def broken(:", "SyntaxError"),
        ("from lienthong.errors import NotFound\nraise NotFound(what='slot')", "NotFound: slot"),
        ("class E(Exception):\n    def __str__(self): 1/0\nraise E", "E"),
    ],
)
def test_failing_import_is_named(shelf: Any, make_host: Any, body: str, reason: str) -> None:
    shelf.signer(body)
    with pytest.raises(PluginLoadFailed, match=f"plugin {NAMED} cannot be loaded") as e:
        make_host().open_signer("toy:")
    assert reason in str(e.value.facts["reason"])
    assert e.value.__cause__ is not None


def test_hanging_import_is_cut_off(shelf: Any, make_host: Any) -> None:
    shelf.signer("time.sleep(3)")
    begun = time.monotonic()
    with pytest.raises(PluginLoadFailed, match=r"no answer within 0.2 s"):
        make_host(load=0.2).open_signer("toy:")
    assert time.monotonic() - begun < 2


def test_failed_import_is_not_repeated(shelf: Any, make_host: Any) -> None:
    shelf.signer("import sys\nsys.tries = getattr(sys, 'tries', 0) + 1\nraise OSError('gone')")
    host = make_host()
    errors: list[LienthongError] = []
    for _ in range(3):
        with pytest.raises(PluginLoadFailed) as e:
            host.open_signer("toy:")
        errors.append(e.value)
    assert sys.__dict__.pop("tries") == 1
    assert len({id(error) for error in errors}) == 3
    assert state_of(host) is PluginState.BROKEN


@pytest.mark.parametrize("found", ["0", "2", "'1'", "True", "1.0", "None"])
def test_other_interface_version_is_refused(shelf: Any, make_host: Any, found: str) -> None:
    shelf.signer(f"SPI_VERSION = {found}")
    with pytest.raises(PluginIncompatible, match=f"{NAMED} has interface .*SPI_VERSION 1"):
        make_host().open_signer("toy:")


def test_missing_interface_version_is_refused(shelf: Any, make_host: Any) -> None:
    shelf.signer("del SPI_VERSION")
    with pytest.raises(PluginIncompatible):
        make_host().open_signer("toy:")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("del CAPABILITIES", "none"),
        ("CAPABILITIES = {'algorithms': ['ED25519']}", "dict"),
        ("from lienthong.spi import BlobStoreCapabilities as B\nCAPABILITIES = B()", "BlobStore"),
    ],
)
def test_undeclared_capabilities_are_refused(
    shelf: Any, make_host: Any, body: str, found: str
) -> None:
    shelf.signer(body)
    with pytest.raises(PluginIncompatible, match="CAPABILITIES of SignerCapabilities") as e:
        make_host().open_signer("toy:")
    assert str(e.value.facts["found"]).startswith(found)


def test_misspelt_hook_is_refused(shelf: Any, make_host: Any) -> None:
    shelf.signer("@hookimpl\ndef lienthong_singer_factory(scheme): return None")
    with pytest.raises(PluginLoadFailed, match="lienthong_singer_factory"):
        make_host().open_signer("toy:")


def test_wrong_hook_argument_is_refused_again_and_again(shelf: Any, make_host: Any) -> None:
    shelf.signer("@hookimpl\ndef lienthong_observe(happening): return None")
    host = make_host()
    for _ in range(2):
        with pytest.raises(PluginLoadFailed, match="happening"):
            host.open_signer("toy:")


def test_module_without_the_hook_of_its_kind_is_refused(shelf: Any, make_host: Any) -> None:
    shelf.put(
        """
        from lienthong.model.signing import SignatureAlgorithm
        from lienthong.spi import SignerCapabilities
        SPI_VERSION = 1
        CAPABILITIES = SignerCapabilities(algorithms=set(SignatureAlgorithm))
        def lienthong_signer_factory(scheme): return print
        """,
    )
    with pytest.raises(PluginLoadFailed, match="does not implement lienthong_signer_factory"):
        make_host().open_signer("toy:")


def test_entry_point_to_a_missing_name_is_refused(shelf: Any, make_host: Any) -> None:
    shelf.put("", group="lienthong.signers", name="toy = nowhere.at.all\nbad")
    with pytest.raises(PluginLoadFailed, match="No module named 'nowhere'"):
        make_host().open_signer("toy:")


def test_two_distributions_of_one_scheme_are_both_named(shelf: Any, make_host: Any) -> None:
    shelf.signer()
    shelf.signer(distribution="rival-toys", version="0.9")
    host = make_host()
    with pytest.raises(PluginAmbiguous, match=r"acme-toys 4\.2, rival-toys 0\.9"):
        host.open_signer("toy:")
    states = [info.state for info in host.listing(probe=True) if info.name == "toy"]
    assert states == [PluginState.AMBIGUOUS, PluginState.AMBIGUOUS]


def test_blocking_one_rival_makes_the_scheme_clear(shelf: Any, make_host: Any) -> None:
    shelf.signer()
    module = shelf.signer("raise RuntimeError", distribution="Rival_Toys")
    make_host("rival.toys").open_signer("toy:")
    assert module not in sys.modules


@pytest.mark.parametrize("word", ["signer:toy", "acme-toys", "ACME.toys"])
def test_blocked_plugin_is_never_imported(shelf: Any, make_host: Any, word: str) -> None:
    module = shelf.signer()
    host = make_host(word)
    with pytest.raises(PluginBlocked, match=r"signer plugin toy of acme-toys 4\.2 is blocked"):
        host.open_signer("toy:")
    host.listing(probe=True)
    assert state_of(host) is PluginState.BLOCKED
    assert module not in sys.modules


def test_probing_shows_broken_plugins_and_goes_on(shelf: Any, make_host: Any) -> None:
    shelf.signer("raise RuntimeError('torn')", distribution="broken-toys", name="torn")
    shelf.signer()
    found = {info.name: info for info in make_host().listing(probe=True)}
    assert found["torn"].state is PluginState.BROKEN
    assert "torn" in str(found["torn"].problem)
    assert found["toy"].state is PluginState.READY
    assert found["toy"].capabilities is not None


def test_distribution_without_version_is_still_named(shelf: Any, make_host: Any) -> None:
    module = shelf.signer("raise RuntimeError")
    folder = next(Path(path) for path in sys.path if path.endswith(module))
    metadata = "Metadata-Version: 2.1\nName: acme-toys\n"
    (folder / "acme_toys-4.2.dist-info" / "METADATA").write_text(metadata, "utf-8")
    with pytest.raises(PluginLoadFailed, match="toy of acme-toys unknown"):
        make_host().open_signer("toy:")


@pytest.mark.parametrize(
    ("hook", "reason"),
    [
        ("return None", "declined 'toy'"),
        ("return 'softkey'", "answered str, expected a factory"),
        ("raise ValueError('bad day')", "ValueError: bad day"),
        ("raise SystemExit(1)", "SystemExit: 1"),
        ("time.sleep(3)", "no answer within 0.2 s"),
    ],
)
def test_failing_hook_is_named(shelf: Any, make_host: Any, hook: str, reason: str) -> None:
    shelf.signer(hook=hook)
    with pytest.raises(PluginFailed, match=f"{NAMED} failed at lienthong_signer_factory") as e:
        make_host(call=0.2 if "sleep" in hook else 10).open_signer("toy:")
    assert reason in str(e.value.facts["reason"])
