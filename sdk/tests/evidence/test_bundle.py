"""Evidence bundles: they prove a case offline, and no byte of them can be otherwise."""

from __future__ import annotations

import inspect
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from lienthong.codec.signed import dump_entry, load_entry, load_receipt
from lienthong.errors import BundleInvalid, LienthongError
from lienthong.evidence import verification
from lienthong.evidence.archive import ArchiveWriter, read_archive
from lienthong.evidence.bundle import (
    BundleContents,
    BundleEntry,
    BundleFile,
    BundleReport,
    ConsistencyProof,
    consistency_pairs,
    dump_bundle,
    verify_bundle,
    write_bundle,
)
from lienthong.evidence.checkpoint import Checkpoint, sign_checkpoint
from lienthong.evidence.merkle import append
from lienthong.evidence.parts import INDEX, envelope_name, receipt_name
from lienthong.evidence.receipt import match_envelope
from lienthong.evidence.verification import STEPS, _Case, _Step, _verify
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import Sha256
from lienthong.model.package import PackageKind
from lienthong.pki.chain import TrustAnchors
from lienthong.pki.envelope import sign_envelope, verify_envelope
from lienthong.testing.case import CaseBuilder, newest
from lienthong.testing.journal import MemoryJournal
from lienthong.testing.pki import TestPKI
from lienthong.testing.signer import MemorySigner

E, S = DeliveryEvent, DeliveryState
ACCEPTED = ""
MAIN, ANNEX = b"%PDF-1.7 main file", b"annex"


def small() -> CaseBuilder:
    """One package and nothing else."""
    case = CaseBuilder()
    case.send(MAIN)
    return case


def usual() -> CaseBuilder:
    """Sent, arrived, accepted; with other entries of the journal in between."""
    case = CaseBuilder()
    package = case.send(MAIN, ANNEX)
    body = load_entry(case.entries[0].receipt.entry).body
    case.journal.commit([body] * 5)
    case.report(E.ARRIVE, package, S.SENT, S.ARRIVED)
    case.report(E.ACCEPT, package, S.ARRIVED, S.ACCEPTED)
    case.journal.commit([body] * 3)
    return case


CASE = usual()
BUNDLE = dump_bundle(CASE.contents())
PARTS = {each.name: each.read(10**6) for each in read_archive(BytesIO(BUNDLE))}


def verify(data: bytes, case: CaseBuilder = CASE) -> BundleReport:
    return verify_bundle(BytesIO(data), case.journal.key, case.pki.anchors)


def pack(parts: dict[str, bytes]) -> bytes:
    """An archive with right checksums, whatever the parts are."""
    target = BytesIO()
    writer = ArchiveWriter(target)
    for name, data in parts.items():
        writer.add(name, data)
    writer.finish()
    return target.getvalue()


def flipped(data: bytes, at: int, mask: int = 0x01) -> bytes:
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


# --- What it proves


def test_a_bundle_tells_the_whole_case() -> None:
    report = verify(BUNDLE)
    assert report.axis == CASE.journal.axis
    assert report.checkpoint == newest(CASE)
    assert [step.number for step in report.steps] == list(range(1, 11))
    assert [(each.what, each.index) for each in report.timeline] == [
        (PackageKind.NEW, 0),
        (E.ARRIVE, 6),
        (E.ACCEPT, 7),
    ]
    assert [each.signer.subject for each in report.timeline] == [
        "CN=G22.99.01,C=VN",
        "CN=G22.99.02,C=VN",
        "CN=G22.99.02,C=VN",
    ]
    (delivery,) = report.deliveries
    assert (delivery.state, delivery.complete) == (S.ACCEPTED, True)
    assert [(file.size, file.included) for file in report.files] == [
        (len(MAIN), True),
        (len(ANNEX), True),
    ]


def test_a_bundle_may_leave_the_files_out() -> None:
    report = verify(dump_bundle(CASE.contents(with_files=False)))
    assert [file.included for file in report.files] == [False, False]
    assert {file.sha256 for file in report.files} == {Sha256.of(MAIN), Sha256.of(ANNEX)}


def test_the_same_contents_give_the_same_bytes_in_any_order() -> None:
    contents = CASE.contents()
    shuffled = evolve(
        contents,
        entries=contents.entries[::-1],
        consistency=contents.consistency[::-1],
        files=contents.files[::-1],
    )
    assert dump_bundle(shuffled) == BUNDLE


def test_ordinary_tools_open_a_bundle() -> None:
    with zipfile.ZipFile(BytesIO(BUNDLE)) as file:
        assert file.testzip() is None
        index = json.loads(file.read(INDEX))
        assert file.read(f"files/{Sha256.of(MAIN).hex}") == MAIN
    assert index["format"] == "lienthong-bundle"
    assert [line["kind"] for line in index["entries"]] == ["NEW", "ARRIVE", "ACCEPT"]


def test_one_checkpoint_needs_no_consistency_proof() -> None:
    case = small()
    assert consistency_pairs([case.entries[0].receipt], case.journal.checkpoint) == ()
    assert verify(dump_bundle(case.contents()), case).steps[4].count == 0


def test_a_bundle_is_written_to_and_read_from_a_pipe_like_stream(tmp_path: Path) -> None:
    class WriteOnly(BytesIO):
        def seek(self, *_arguments: Any) -> int:
            raise OSError("no seeking")

        tell = seek

    target = WriteOnly()
    write_bundle(CASE.contents(), target)
    source = WriteOnly(target.getvalue())
    assert verify_bundle(source, CASE.journal.key, CASE.pki.anchors).deliveries


# --- No byte can change


def test_no_byte_can_change_and_the_part_is_named() -> None:
    with zipfile.ZipFile(BytesIO(BUNDLE)) as file:
        starts = [(info.header_offset + 50 + len(info.filename), info) for info in file.infolist()]
    inside = {
        at: info.filename for start, info in starts for at in range(start, start + info.file_size)
    }
    assert len(inside) == sum(map(len, PARTS.values()))
    wrong = []
    for at in range(len(BUNDLE)):
        try:
            verify(flipped(BUNDLE, at))
        except BundleInvalid as error:
            if at not in inside or error.facts["part"] == inside[at]:
                continue
        wrong.append((at, inside.get(at)))
    assert wrong == []


def test_no_byte_of_a_small_bundle_can_change_even_with_new_checksums() -> None:
    case = small()
    parts = {
        each.name: each.read(10**6) for each in read_archive(BytesIO(dump_bundle(case.contents())))
    }
    wrong = [
        (name, at)
        for name, data in parts.items()
        for at in range(len(data))
        if not is_refused(pack({**parts, name: flipped(data, at)}), case)
    ]
    assert wrong == []


def test_bytes_of_a_bundle_with_reports_and_proofs_cannot_change_either() -> None:
    dice = random.Random("bundle")
    names = [*PARTS, *(name for name in PARTS if name.startswith("consistency/"))] * 60
    wrong = []
    for name in names:
        at, mask = dice.randrange(len(PARTS[name])), 1 << dice.randrange(8)
        if not is_refused(pack({**PARTS, name: flipped(PARTS[name], at, mask)})):
            wrong.append((name, at, mask))
    assert wrong == []


def test_no_part_can_be_cut_lengthened_dropped_renamed_or_doubled() -> None:
    for name, data in PARTS.items():
        others = {each: content for each, content in PARTS.items() if each != name}
        for altered in (
            {**PARTS, name: data[:-1]},
            {**PARTS, name: data + b"\x00"},
            {**PARTS, name: b""},
            {name + "x" if each == name else each: found for each, found in PARTS.items()},
            {**others, name: data} if name != list(PARTS)[-1] else {name: data, **others},
        ):
            assert is_refused(pack(altered)), name
        if not name.startswith("files/"):
            assert is_refused(pack(others)), name


def test_a_bundle_cannot_be_cut_anywhere() -> None:
    for end in range(0, len(BUNDLE), 7):
        assert is_refused(BUNDLE[:end])
    assert is_refused(BUNDLE + b"\x00")


def test_strange_parts_are_refused() -> None:
    for name in ("note.txt", "entries/x.receipt", "x.bin", "xindex.json", "files/", "files/x"):
        assert is_refused(pack({**PARTS, name: b"anything"})), name
        assert is_refused(pack({name: b"anything", **PARTS})), name


def verdict(data: bytes, case: CaseBuilder, steps: tuple[_Step, ...] = STEPS) -> str:
    """The part that is refused."""
    try:
        _verify(BytesIO(data), case.journal.key, case.pki.anchors, steps)
    except BundleInvalid as error:
        return str(error.facts["part"])
    return ACCEPTED


def is_refused(data: bytes, case: CaseBuilder = CASE) -> bool:
    return verdict(data, case) != ACCEPTED


# --- Every step refuses what only it can see, and a verifier without it would not


def foreign_key(case: CaseBuilder) -> bytes:
    """The newest checkpoint is signed by somebody else."""
    other = MemorySigner.checkpoint()
    return dump_bundle(evolve(case.contents(), checkpoint=sign_checkpoint(newest(case), other)))


def rewritten_entry(case: CaseBuilder) -> bytes:
    """An entry says another time than the one that is in the journal."""
    contents = case.contents()
    first = contents.entries[0]
    entry = load_entry(first.receipt.entry)
    later = evolve(entry, recorded_at=entry.recorded_at + timedelta(seconds=1))
    receipt = evolve(first.receipt, entry=dump_entry(later))
    return dump_bundle(evolve(contents, entries=(evolve(first, receipt=receipt),)))


def rewritten_journal(case: CaseBuilder) -> bytes:
    """The axis signs a journal that does not begin with what it gave receipts for."""
    tree = append((), 0, [b"something else", b"and more"])
    forged = Checkpoint(origin=case.journal.axis, size=2, root=tree.root)
    return dump_bundle(
        evolve(
            case.contents(),
            checkpoint=sign_checkpoint(forged, case.journal.signer),
            consistency=(ConsistencyProof(old_size=1, new_size=2, hashes=(tree.leaf_hashes[1],)),),
        )
    )


def foreign_signer(case: CaseBuilder) -> bytes:
    """The package is signed with a certificate of an authority that nobody trusts."""
    first = case.entries[0]
    signer = TestPKI(case.clock()).organisation("G22.99.01").signer()
    envelope = sign_envelope(signer, first.envelope.payload_type, first.envelope.payload)
    body: Any = load_entry(first.receipt.entry).body
    journal = MemoryJournal(case.journal.axis, signer=case.journal.signer, clock=case.clock)
    receipt = journal.record(body, envelope)
    entries = (BundleEntry(receipt=receipt, envelope=envelope),)
    return dump_bundle(BundleContents(entries=entries, checkpoint=journal.checkpoint))


def smuggled_file(case: CaseBuilder) -> bytes:
    """A file that no package names."""
    bundle = dump_bundle(case.contents(with_files=False))
    parts = {each.name: each.read(10**6) for each in read_archive(BytesIO(bundle))}
    return pack({**parts, f"files/{Sha256.of(b'smuggled').hex}": b"smuggled"})


def wrong_index(case: CaseBuilder) -> bytes:
    """The index tells another time."""
    bundle = dump_bundle(case.contents())
    parts = {each.name: each.read(10**6) for each in read_archive(BytesIO(bundle))}
    assert b"08:30:00" in parts[INDEX]
    return pack({**parts, INDEX: parts[INDEX].replace(b"08:30:00", b"09:30:00")})


def impossible_effect(case: CaseBuilder) -> bytes:
    """The axis recorded an acceptance that nobody reported."""
    package = case.send(b"second file")
    case.report(E.ARRIVE, package, S.SENT, S.ACCEPTED)
    return dump_bundle(case.contents())


def altered_header(case: CaseBuilder) -> bytes:
    """The date of a member was changed, which no part shows."""
    return flipped(dump_bundle(case.contents()), 12)


def read_with_any_tool(case: _Case) -> int:
    with zipfile.ZipFile(BytesIO(case.source.read())) as file:
        for name in file.namelist():
            if name.startswith("files/"):
                case.included[name] = Sha256.of(file.read(name))
            else:
                case.parts[name] = file.read(name)
    return len(case.parts)


def take_checkpoints_as_they_are(case: _Case) -> int:
    notes = [item.receipt.checkpoint for item in case.contents.entries]
    notes.append(case.contents.checkpoint)
    found = {Checkpoint.parse(note.partition("\n\n")[0] + "\n") for note in notes}
    case.checkpoints = sorted(found, key=lambda each: each.size)
    return len(found)


def take_entries_as_they_are(case: _Case) -> int:
    for item in case.contents.entries:
        entry = load_entry(item.receipt.entry)
        case.entries.append(entry)
        case.recorded.append(match_envelope(entry, item.envelope))
    return len(case.entries)


def trust_whoever_signed(case: _Case) -> int:
    for item, entry in zip(case.contents.entries, case.entries, strict=True):
        last = item.envelope.signatures[0].chain[-1]
        anchors = TrustAnchors([last])
        case.signers.append(verify_envelope(item.envelope, anchors, entry.recorded_at))
    return len(case.signers)


def nothing(_case: _Case) -> int:
    return 0


def without(number: int, run: Callable[[_Case], int]) -> tuple[_Step, ...]:
    """The steps of the verifier with one of them replaced by a careless one."""
    return tuple(evolve(step, run=run) if step.number == number else step for step in STEPS)


# Step 2 reads what all others look at; without it there is nothing to verify.
PLANTED: dict[Callable[[CaseBuilder], bytes], tuple[_Step, ...]] = {
    altered_header: without(1, read_with_any_tool),
    foreign_key: without(3, take_checkpoints_as_they_are),
    rewritten_entry: without(4, take_entries_as_they_are),
    rewritten_journal: without(5, nothing),
    foreign_signer: without(6, trust_whoever_signed),
    smuggled_file: without(7, nothing),
    wrong_index: without(8, nothing),
    impossible_effect: without(9, nothing),
}


@pytest.mark.parametrize("forge", PLANTED, ids=lambda forge: forge.__name__)
def test_every_forgery_is_caught_by_its_step_alone(
    forge: Callable[[CaseBuilder], bytes],
) -> None:
    case = small()
    forged = forge(case)
    assert verdict(forged, case, STEPS) != ACCEPTED
    assert verdict(forged, case, PLANTED[forge]) == ACCEPTED
    for other, careless in PLANTED.items():
        if other is not forge:
            assert verdict(forged, case, careless) != ACCEPTED, other.__name__


@pytest.mark.parametrize("first", [b"\x00", b"\xff"], ids=["smaller", "larger"])
def test_two_journals_of_one_size_are_called_that(first: bytes) -> None:
    """Whichever root is the larger number."""
    case = small()
    forged = Checkpoint(origin=case.journal.axis, size=1, root=first * 32)
    note = sign_checkpoint(forged, case.journal.signer)
    with pytest.raises(BundleInvalid, match="two journals of size 1"):
        verify(dump_bundle(evolve(case.contents(), checkpoint=note)), case)


def test_an_older_checkpoint_is_not_the_newest() -> None:
    case = usual()
    older = case.entries[0].receipt.checkpoint
    with pytest.raises(BundleInvalid, match="newer"):
        verify(dump_bundle(evolve(case.contents(), checkpoint=older)), case)


def test_missing_and_needless_proofs_are_refused() -> None:
    contents = CASE.contents()
    short = evolve(contents, consistency=contents.consistency[1:])
    needless = ConsistencyProof(old_size=2, new_size=3, hashes=())
    for altered in (short, evolve(contents, consistency=(*contents.consistency, needless))):
        with pytest.raises(BundleInvalid, match="consistency"):
            verify(dump_bundle(altered))


def test_another_key_or_other_anchors_are_refused() -> None:
    other = small()
    with pytest.raises(BundleInvalid, match="checkpoint is not valid"):
        verify_bundle(BytesIO(BUNDLE), other.journal.key, CASE.pki.anchors)
    with pytest.raises(BundleInvalid, match="trusted authority"):
        verify_bundle(BytesIO(BUNDLE), CASE.journal.key, other.pki.anchors)


def test_certificates_are_judged_when_the_axis_recorded_the_envelope() -> None:
    case = CaseBuilder()
    case.clock.advance(timedelta(days=400))
    case.send(MAIN)
    with pytest.raises(BundleInvalid, match=r"valid from .* not at 2027"):
        verify(dump_bundle(case.contents()), case)


def test_the_journal_never_goes_back_in_time() -> None:
    case = small()
    case.clock.advance(timedelta(hours=-1))
    case.send(ANNEX)
    with pytest.raises(BundleInvalid, match="goes back"):
        verify(dump_bundle(case.contents()), case)


# --- Writing


def test_an_envelope_of_another_entry_is_refused() -> None:
    first, second = CASE.entries[1:]
    entries = (
        CASE.entries[0],
        evolve(first, envelope=second.envelope),
        evolve(second, envelope=first.envelope),
    )
    with pytest.raises(BundleInvalid, match="another envelope") as caught:
        verify(dump_bundle(evolve(CASE.contents(), entries=entries)))
    assert caught.value.facts["part"] == receipt_name(first.receipt.index)


def test_nothing_is_written_twice() -> None:
    contents = CASE.contents()
    for altered in (
        evolve(contents, entries=contents.entries * 2),
        evolve(contents, files=contents.files * 2),
        evolve(contents, consistency=contents.consistency * 2),
    ):
        with pytest.raises(BundleInvalid, match="twice"):
            dump_bundle(altered)


@pytest.mark.parametrize(
    ("declared", "content"),
    [(MAIN, b"another content"), (b"a file of nobody", b"a file of nobody"), (MAIN, b"")],
)
def test_a_file_that_is_not_the_package_s_own_is_not_written(
    declared: bytes, content: bytes
) -> None:
    file = BundleFile(sha256=Sha256.of(declared), open=lambda: BytesIO(content))
    with pytest.raises(BundleInvalid):
        dump_bundle(evolve(CASE.contents(), files=(file,)))


def test_a_bundle_without_entries_is_refused() -> None:
    empty = dump_bundle(BundleContents(entries=(), checkpoint=CASE.journal.checkpoint))
    with pytest.raises(BundleInvalid, match="entries"):
        verify(empty)


def test_changes_of_the_directory_are_no_part_of_a_case() -> None:
    from lienthong.model.ids import OrganId
    from lienthong.model.journal import DirectoryRecord

    case = small()
    body = DirectoryRecord(
        version=1, subject="organisation", organ_id=OrganId("G22"), change_sha256=Sha256(bytes(32))
    )
    receipt = case.journal.commit([body])[0]
    entries = (*case.entries, BundleEntry(receipt=receipt, envelope=case.entries[0].envelope))
    with pytest.raises(BundleInvalid, match="directory"):
        dump_bundle(evolve(case.contents(), entries=entries))


def test_one_content_cannot_have_two_sizes() -> None:
    case = small()
    manifest = recorded_manifest(case)
    (file,) = manifest.files
    other = evolve(
        manifest,
        package_id=type(manifest.package_id).new(case.clock(), bytes(10)),
        files=(evolve(file, size=file.size + 1),),
    )
    case.record_package(other)
    with pytest.raises(BundleInvalid, match="another size"):
        dump_bundle(case.contents())


def recorded_manifest(case: CaseBuilder) -> Any:
    from lienthong.codec.signed import load_manifest

    return load_manifest(case.entries[0].envelope.payload)


def test_a_receipt_in_the_wrong_place_is_refused() -> None:
    names = [name for name in PARTS if name.endswith(".receipt")]
    swapped = {**PARTS, names[1]: PARTS[names[2]], names[2]: PARTS[names[1]]}
    assert is_refused(pack(swapped))
    assert load_receipt(PARTS[names[1]]).index == 6
    assert envelope_name(6) in PARTS


def test_every_step_is_numbered_in_the_text() -> None:
    text = inspect.cleandoc(verify_bundle.__doc__ or "")  # Python 3.13 does so itself
    assert [step.number for step in STEPS] == list(range(1, len(STEPS) + 1))
    assert all(f"\n{step.number}. " in text for step in STEPS)
    assert verification.STEPS is STEPS


def rubbish() -> Iterator[bytes]:
    yield b""
    yield b"PK\x03\x04"
    yield bytes(1000)
    yield pack({})
    yield pack({INDEX: b"{}"})
    yield pack({**PARTS, "checkpoint.txt": b"\xff\xfe"})


@pytest.mark.parametrize("data", list(rubbish()))
def test_rubbish_gives_a_typed_error(data: bytes) -> None:
    with pytest.raises(LienthongError):
        verify(data)
