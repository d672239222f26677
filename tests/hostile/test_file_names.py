"""S-14: names of files are data: never a path, never shown with what steers or hides."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from lienthong.cli import output
from lienthong.cli.app import application
from lienthong.cli.commands import feeds
from lienthong.cli.output import safe
from lienthong.codec.signed import dump_manifest, load_manifest
from lienthong.errors import LienthongError
from lienthong.model import files as file_rules
from lienthong.model.package import FileEntry, Manifest
from lienthong.model.words import FileRole
from lienthong_node.local import LocalAxis
from lienthong_proto.axis.v1 import journal_pb2, package_pb2
from node.tests.support import manifest as plain_manifest
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B
from tests.e2e.raw import Party, entry
from tests.e2e.spoilt import in_process
from tests.hostile.conftest import Parties
from tests.hostile.metrics import GENEROUS, log_of
from tests.hostile.naughty import fixed, generated, lookalikes
from tests.tiers import SEED, tier

CONTENT: Final = b"%PDF-1.4 named\n"
MORE: Final = tier(commit=200, nightly=2_000)
SHOWN: Final = tier(commit=120, nightly=1_000)
"""Names that travel all the way and are shown and downloaded."""

UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def names() -> list[str]:
    return list(dict.fromkeys([*fixed(), *generated(MORE, SEED)]))


def accepted(name: str) -> bool:
    """Whether the model takes a name; any other error is a failure."""
    try:
        entry(CONTENT, name)
    except LienthongError:
        return False
    return True


def unsafe_signs(text: str) -> str:
    """What in a text for people steers a terminal, hides or turns round."""
    return "".join(s for s in text if unicodedata.category(s) in UNSAFE and s not in "\n\t")


def test_the_model_takes_no_name_that_leads_elsewhere(tmp_path: Path, figure: Figure) -> None:
    tried, kept, wrong = names(), 0, []
    for name in tried:
        if not accepted(name):
            continue
        kept += 1
        if Path(os.path.normpath(tmp_path / name)).parent != tmp_path or unsafe_signs(name):
            wrong.append(name)
    figure(
        "S-14",
        wanted=f">= 515 naughty names: 0 lead elsewhere or hide signs ({len(tried)} tried)",
        found=f"{len(tried)} names, {len(tried) - kept} refused, {len(wrong)} wrong",
    )
    assert not wrong, ascii(wrong[:5])
    assert len(tried) >= 515
    assert kept >= 20


def test_what_is_shown_and_what_is_written_is_harmless() -> None:
    """Also for names that no model has seen: the second wall."""
    for name in names():
        assert not unsafe_signs(safe(name)), ascii(name)
        written = feeds.file_name(name)
        assert written not in {"", ".", ".."}
        assert not set(written) & set('/\\:\x00*?"<>|'), ascii(name)


def test_names_are_kept_to_the_byte() -> None:
    """NFC and NFD stay what they were: what was signed is never changed."""
    for name in filter(accepted, names()):
        manifest = _manifest([entry(CONTENT, name)])
        assert load_manifest(dump_manifest(manifest)).files[0].name == name


def test_names_that_look_alike_do_not_travel_together(figure: Figure) -> None:
    pairs, missed = 0, []
    for name in ("tài liệu.pdf", "cacao.pdf", "xoay.pdf", *filter(accepted, names())):
        for other in filter(accepted, lookalikes(name)):
            pairs += 1
            files = [entry(CONTENT, name), entry(CONTENT, other, role=FileRole.ATTACHMENT)]
            try:
                _manifest(files)
            except LienthongError:
                continue
            missed.append((name, other))
    figure(
        "S-14",
        wanted="names that look alike in one package: all refused",
        found=f"{pairs - len(missed)} of {pairs} pairs refused",
    )
    assert not missed, ascii(missed[:5])
    assert pairs > 20


def _manifest(files: Sequence[FileEntry]) -> Manifest:
    return plain_manifest(files=files)


def spoilt_payload(party: Party, name: str) -> bytes | None:
    """A manifest with a name that the model refuses; None where protobuf itself refuses it."""
    message = package_pb2.Manifest.FromString(dump_manifest(party.manifest(B)))
    try:
        message.files[0].name = name
    except (ValueError, UnicodeError):
        return None
    return message.SerializeToString()


def test_the_node_takes_no_such_name_either(
    axis: LocalAxis, parties: Parties, figure: Figure
) -> None:
    """Whoever writes the bytes without our model gets no further."""
    a = parties[A]
    bad = [name for name in names() if not accepted(name)]
    payloads = [payload for name in bad if (payload := spoilt_payload(a, name)) is not None]
    taken = 0
    for start in range(0, len(payloads), 100):
        items = [a.submission(payload) for payload in payloads[start : start + 100]]
        taken += sum(isinstance(outcome, journal_pb2.Receipt) for outcome in a.submit(*items))
    figure(
        "S-14",
        wanted="the node refuses every such name",
        found=f"{len(payloads) - taken} of {len(payloads)} refused",
    )
    assert taken == 0
    assert len(payloads) > 300
    assert not unsafe_signs(log_of(axis))


def run(profile: Path, *arguments: object) -> str:
    """Run the command line; returns what it showed."""
    found = CliRunner().invoke(
        application,
        ["--profile", str(profile), *map(str, arguments)],
        env={"LANG": "C.UTF-8", "COLUMNS": "200"},
        catch_exceptions=False,
    )
    assert found.exit_code == 0, found.output
    return found.output


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, and what is in it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def fetched(profile: Path, folder: Path, package: str, count: int) -> list[str]:
    """Show, download and export a package; returns what went wrong."""
    target, beside = folder / "a" / "b" / "in", folder / "a" / "beside.txt"
    target.mkdir(parents=True)
    beside.write_bytes(b"beside")
    wrong = []
    for arguments in (("show", package), ("inbox",), ("download", package, "--out", target)):
        shown = run(profile, *arguments)
        if unsafe_signs(shown):
            wrong.append(f"{arguments[0]} shows {unsafe_signs(shown)!a}")
    bundle = target.parent / "case.bundle"
    run(profile, "bundle", "export", package, bundle)
    outside = {
        name
        for name in tree(folder)
        if not name.startswith("a/b/in/") and name not in {"a/beside.txt", "a/b/case.bundle"}
    }
    if outside:
        wrong.append(f"written elsewhere: {sorted(outside)}")
    if beside.read_bytes() != b"beside" or len(tree(target)) != count:
        wrong.append(f"{len(tree(target))} files instead of {count}")
    return wrong


def sent(a: Party, chosen: Sequence[str]) -> str:
    """Send files of these names; returns the package's id."""
    files = [
        entry(CONTENT, name, role=FileRole.ATTACHMENT if position else FileRole.MAIN)
        for position, name in enumerate(chosen)
    ]
    value = a.manifest(B, files=files)
    [outcome] = a.submit(a.submission(value, CONTENT))
    assert isinstance(outcome, journal_pb2.Receipt), outcome
    return str(value.package_id)


def apart(found: Sequence[str]) -> Iterator[list[str]]:
    """Groups of names of which none looks like another."""
    group: dict[str, str] = {}
    for name in found:
        key = file_rules.skeleton(name)
        if key in group or len(group) == 20:
            yield list(group.values())
            group = {}
        group[key] = name
    yield list(group.values())


def test_commands_show_and_write_nothing_else(
    axis: LocalAxis, parties: Parties, tmp_path: Path, figure: Figure
) -> None:
    chosen = [name for name in names() if accepted(name)][:SHOWN]
    wrong, profile = [], axis.profile(B)
    for number, group in enumerate(apart(chosen)):
        package = sent(parties[A], group)
        wrong += fetched(profile, tmp_path / str(number), package, len(group))
        shown = json.loads(run(profile, "show", package, "--json"))
        assert [file["name"] for file in shown["manifest"]["files"]] == group
    figure(
        "S-14",
        wanted="0 paths built from names, 0 steering signs shown, names kept to the byte",
        found=f"{len(chosen)} names shown, downloaded and exported, {len(wrong)} wrong",
    )
    assert not wrong


@pytest.fixture
def careless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are not looked at, neither here nor by the node in this process."""
    monkeypatch.setattr(file_rules, "_fault_of", lambda _: "")


@pytest.mark.planted("name used as a path")
@pytest.mark.usefixtures("careless")
def test_a_name_that_is_used_as_a_path_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = LocalAxis.create(tmp_path / "axis", NAMES, **GENEROUS)
    as_it_is: Callable[[str], str] = str
    with in_process(own), Party.opened(own.profile(A)) as a:
        package = sent(a, ["../escaped.pdf"])
        assert fetched(own.profile(B), tmp_path / "safe", package, 1) == []
        monkeypatch.setattr(feeds, "file_name", as_it_is)
        wrong = fetched(own.profile(B), tmp_path / "unsafe", package, 1)
    assert any("elsewhere" in one for one in wrong)


@pytest.mark.planted("bidi signs shown")
@pytest.mark.usefixtures("careless")
def test_a_steering_sign_that_is_shown_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = LocalAxis.create(tmp_path / "axis", NAMES, **GENEROUS)
    with in_process(own), Party.opened(own.profile(A)) as a:
        package = sent(a, ["a\u202efdp.exe"])
        assert fetched(own.profile(B), tmp_path / "safe", package, 1) == []

        def unsafe(value: Any) -> str:
            return str(value)

        monkeypatch.setattr(output, "safe", unsafe)
        wrong = fetched(own.profile(B), tmp_path / "unsafe", package, 1)
    assert any("shows" in one for one in wrong)
