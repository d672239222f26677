"""Plugins by allow list: only what was reviewed is imported, byte for byte."""

from __future__ import annotations

import importlib
import py_compile
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from lienthong.errors import (
    ConfigInvalid,
    PluginAmbiguous,
    PluginFailed,
    PluginLoadFailed,
    PluginNotAllowed,
)
from lienthong.plugins import AllowList, Offer, PluginHost, PluginState, discover

PACKAGE = "acme_pack"


def toys() -> list[Offer]:
    """The throw-away plugins that are installed now."""
    return [offer for offer in discover() if "toys" in offer.distribution]


@contextmanager
def host(allowed: AllowList) -> Iterator[PluginHost]:
    with PluginHost(allowed=allowed, offers=toys) as opened:
        yield opened


@pytest.fixture
def module(shelf: Any) -> str:
    """A recorded signer in one module."""
    made: str = shelf.signer()
    shelf.record(made)
    return made


@pytest.fixture
def package(shelf: Any) -> Iterator[Path]:
    """Folder of a recorded signer that is a package, with a module imported late."""
    made = shelf.signer(hook=f"from {PACKAGE} import late; return late.opener(open_toy)")
    site = shelf.site(made)
    (site / PACKAGE).mkdir()
    (site / f"{made}.py").rename(site / PACKAGE / "__init__.py")
    (site / PACKAGE / "late.py").write_text("def opener(found): return found\n", "utf-8")
    [info] = site.glob("*.dist-info")
    (info / "entry_points.txt").write_text(f"[lienthong.signers]\ntoy = {PACKAGE}\n", "utf-8")
    shelf.record(made)
    importlib.invalidate_caches()
    yield site / PACKAGE
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def info_folder(site: Path) -> Path:
    [found] = site.glob("*.dist-info")
    return found


def refusal(allowed: AllowList) -> str:
    """Why the toy is refused; nothing of it may have been imported."""
    with host(allowed) as opened:
        [info] = opened.listing()
        with pytest.raises(PluginNotAllowed) as caught:
            opened.open_signer("toy:")
        assert (info.state, info.problem) != (PluginState.INSTALLED, None)
        assert info.state is PluginState.REFUSED
    assert PACKAGE not in sys.modules
    return str(caught.value.facts["reason"])


def test_reviewed_plugin_is_opened(module: str) -> None:
    allowed = AllowList.of(toys())
    with host(allowed) as opened:
        assert opened.listing()[0].state is PluginState.INSTALLED
        assert opened.open_signer("toy:").sign(b"m") == b"signed m"
        assert opened.listing()[0].state is PluginState.READY
    assert module in sys.modules


def test_reviewed_package_is_opened_with_what_it_imports_late(package: Path) -> None:
    with host(AllowList.of(toys())) as opened:
        assert opened.open_signer("toy:").sign(b"m") == b"signed m"
    assert sys.modules[f"{PACKAGE}.late"].__file__ == str(package / "late.py")


def test_closed_host_leaves_imports_alone(module: str) -> None:
    before = list(sys.meta_path)
    with host(AllowList.of(toys())) as opened:
        opened.open_signer("toy:")
        assert len(sys.meta_path) == len(before) + 1
    assert sys.meta_path == before


def test_list_survives_its_file(module: str, tmp_path: Path) -> None:
    allowed = AllowList.of(toys())
    path = tmp_path / "plugins.toml"
    path.write_text(allowed.dump(), "utf-8")
    assert AllowList.load(path) == allowed
    assert allowed.find("ACME_toys") == allowed.entries[0]


def test_digest_is_that_of_the_files_not_of_the_machine(module: str, shelf: Any) -> None:
    locked = AllowList.of(toys())
    site = shelf.site(module)
    for name in ("INSTALLER", "REQUESTED", "direct_url.json"):
        (info_folder(site) / name).write_text("other", "utf-8")
    py_compile.compile(str(site / f"{module}.py"))
    record = info_folder(site) / "RECORD"
    rows = f"../../bin/toy,sha256=x,1\n{info_folder(site).name}/INSTALLER,sha256=x,1\n"
    record.write_text(record.read_text("utf-8") + rows, "utf-8")
    assert AllowList.of(toys()) == locked


def test_unknown_plugin_is_refused(module: str) -> None:
    assert refusal(AllowList(entries=())) == "it is not on the list"


def test_unknown_rival_does_not_make_a_reviewed_plugin_ambiguous(module: str, shelf: Any) -> None:
    allowed = AllowList.of(toys())
    rival = shelf.signer(distribution="rival-toys")
    with host(allowed) as opened:
        opened.open_signer("toy:")
    with PluginHost(offers=toys) as open_to_all, pytest.raises(PluginAmbiguous):
        open_to_all.open_signer("toy:")
    assert rival not in sys.modules


def change_byte(package: Path) -> None:
    path = package / "late.py"
    path.write_bytes(path.read_bytes().replace(b"found\n", b"FOUND\n"))


def add_module(package: Path) -> None:
    (package / "extra.py").write_text("", "utf-8")


def add_link(package: Path) -> None:
    (package / "linked").symlink_to(package.parent, target_is_directory=True)


def add_metadata(package: Path) -> None:
    (info_folder(package.parent) / "extra.txt").write_text("", "utf-8")


def remove_module(package: Path) -> None:
    (package / "late.py").unlink()


def in_record(old: str, new: str) -> Callable[[Path], None]:
    def change(package: Path) -> None:
        path = info_folder(package.parent) / "RECORD"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")

    return change


def repeat_row(package: Path) -> None:
    path = info_folder(package.parent) / "RECORD"
    path.write_text(path.read_text("utf-8") + f"{PACKAGE}/late.py,sha256=x,1\n", "utf-8")


def spoil_record(package: Path) -> None:
    (info_folder(package.parent) / "RECORD").write_bytes(b"\xff,,\n")


def remove_record(package: Path) -> None:
    (info_folder(package.parent) / "RECORD").unlink()


def change_version(package: Path) -> None:
    path = info_folder(package.parent) / "METADATA"
    path.write_text(path.read_text("utf-8").replace("4.2", "4.3"), "utf-8")


def change_metadata(package: Path) -> None:
    path = info_folder(package.parent) / "METADATA"
    path.write_text(path.read_text("utf-8") + "Summary: other\n", "utf-8")


def move_entry_point(package: Path) -> None:
    path = info_folder(package.parent) / "entry_points.txt"
    path.write_text(path.read_text("utf-8").replace(PACKAGE, f"{PACKAGE}.late"), "utf-8")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (change_byte, "acme_pack/late.py is not as its RECORD says"),
        (add_module, "acme_pack/extra.py is not in its RECORD"),
        (add_link, "acme_pack/linked is not in its RECORD"),
        (add_metadata, "acme_toys-4.2.dist-info/extra.txt is not in its RECORD"),
        (remove_module, "its files cannot be read"),
        (in_record("late.py,sha256=", "late.py,sha256=A"), "late.py is not as its RECORD says"),
        (in_record("late.py,sha256=", "late.py,md5="), "late.py is not as its RECORD says"),
        (in_record(",32\n", ",33\n"), "late.py is not as its RECORD says"),
        (in_record("late.py", "late.py\x00"), "its files cannot be read"),
        (in_record("acme_pack/late.py", "acme_pack/late.py,x"), "malformed or repeated row"),
        (in_record("acme_pack/late.py", "acme_pack/../late.py"), "late.py is not in its RECORD"),
        (in_record("acme_pack/late.py", "/late.py"), "acme_pack/late.py is not in its RECORD"),
        (repeat_row, "malformed or repeated row"),
        (spoil_record, "its files cannot be read"),
        (remove_record, "it has no RECORD"),
        (change_version, "the list has version 4.2"),
        (change_metadata, "METADATA is not as its RECORD says"),
        (move_entry_point, "entry_points.txt is not as its RECORD says"),
    ],
)
def test_altered_plugin_is_refused(
    package: Path, change: Callable[[Path], None], reason: str
) -> None:
    allowed = AllowList.of(toys())
    change(package)
    assert reason in refusal(allowed)


@pytest.mark.parametrize("change", [change_byte, add_module, change_metadata, move_entry_point])
def test_alteration_with_a_fitting_record_is_refused(
    package: Path, shelf: Any, change: Callable[[Path], None]
) -> None:
    allowed = AllowList.of(toys())
    change(package)
    shelf.record(package.parent.name)
    assert refusal(allowed) == "its files are not those that were reviewed"


def test_alteration_with_a_fitting_record_and_version_is_refused(package: Path, shelf: Any) -> None:
    allowed = AllowList.of(toys())
    change_version(package)
    shelf.record(package.parent.name)
    entry = evolve(allowed.entries[0], version="4.3")
    assert "reviewed" in refusal(AllowList(entries=[entry]))


def test_byte_code_beside_the_source_is_never_run(package: Path, tmp_path: Path) -> None:
    evil = tmp_path / "evil.py"
    evil.write_text("raise SystemExit('altered byte code')\n", "utf-8")
    target = importlib.util.cache_from_source(str(package / "late.py"))
    allowed = AllowList.of(toys())
    py_compile.compile(
        str(evil), cfile=target, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    with host(allowed) as opened:
        assert opened.open_signer("toy:").sign(b"m") == b"signed m"
    for name in (f"{PACKAGE}.late", PACKAGE):
        sys.modules.pop(name)
    with PluginHost(offers=toys) as trusting, pytest.raises(PluginFailed, match="altered byte"):
        trusting.open_signer("toy:")


def test_module_of_the_same_name_before_it_on_the_path_is_not_run(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = AllowList.of(toys())
    (tmp_path / "front" / PACKAGE).mkdir(parents=True)
    shadow = tmp_path / "front" / PACKAGE / "__init__.py"
    shadow.write_text("raise SystemExit('shadow')\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path / "front")
    with host(allowed) as opened:
        assert opened.open_signer("toy:").sign(b"m") == b"signed m"


def test_file_exchanged_after_the_check_is_not_run(package: Path) -> None:
    allowed = AllowList.of(toys())
    with host(allowed) as opened:
        opened.listing(probe=True)
        change_byte(package)
        with pytest.raises(Exception, match=r"late\.py was changed after it was checked"):
            opened.open_signer("toy:")


def test_plugin_without_a_distribution_is_refused(module: str) -> None:
    [offer] = toys()
    loose = evolve(offer, entry_point=type(offer.entry_point)("toy", module, "lienthong.signers"))
    with pytest.raises(PluginNotAllowed, match="no distribution announces it"):
        AllowList.of([loose])


def test_editable_installation_cannot_be_locked(module: str, shelf: Any) -> None:
    site = shelf.site(module)
    (site / f"{module}.py").rename(site.parent / f"{module}.py")
    shelf.record(module)
    with pytest.raises(PluginNotAllowed, match="not among its recorded files"):
        AllowList.of(toys())


def test_refused_plugin_is_not_the_host_s_only_one(module: str, shelf: Any) -> None:
    other = shelf.signer("raise OSError('torn')", distribution="other-toys", name="other")
    shelf.record(other)
    allowed = AllowList.of(toys())
    assert [entry.distribution for entry in allowed.entries] == ["acme-toys", "other-toys"]
    with host(allowed) as opened:
        with pytest.raises(PluginLoadFailed, match="torn"):
            opened.open_signer("other:")
        opened.open_signer("toy:")


GOOD = 'distribution = "a"\nversion = "1"\nsha256 = "' + "0" * 64 + '"\n'


@pytest.mark.parametrize(
    "text",
    [
        "\x00",
        "other = 1",
        "plugin = 1",
        "plugin = [1]",
        '[[plugin]]\ndistribution = "a"\nversion = "1"\n',
        f"[[plugin]]\n{GOOD}extra = 1\n",
        "[[plugin]]\n" + GOOD.replace("0" * 64, "0" * 63),
        "[[plugin]]\n" + GOOD.replace("0" * 64, "F" * 64),
        "[[plugin]]\n" + GOOD.replace('"1"', "1"),
        "[[plugin]]\n" + GOOD.replace('"a"', "1"),
        "[[plugin]]\n" + GOOD.replace('"a"', '""'),
        f"[[plugin]]\n{GOOD}[[plugin]]\n" + GOOD.replace('"a"', '"A"'),
    ],
)
def test_malformed_list_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plugins.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigInvalid) as caught:
        AllowList.load(path)
    assert caught.value.facts["file"] == path


def test_missing_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid):
        AllowList.load(tmp_path / "plugins.toml")


def test_empty_list_allows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "plugins.toml"
    path.write_text("", "utf-8")
    assert AllowList.load(path) == AllowList(entries=())
