"""``receipt`` and ``bundle``: evidence, verified offline where a key is given."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Group
from rich.text import Text

from lienthong.cli import data, views
from lienthong.cli.base import command, group, session
from lienthong.cli.commands.keys import key_option, profile_or, read_key, read_limited
from lienthong.cli.commands.options import EXISTING, PLACE, package_argument, read_text, save
from lienthong.cli.output import Rows, facts, good, local_time, progress, table
from lienthong.cli.texts import Words
from lienthong.codec.json import to_data
from lienthong.codec.signed import (
    MAX_RECEIPT_BYTES,
    dump_receipt,
    load_entry,
    load_envelope,
    load_receipt,
)
from lienthong.errors import LienthongError, ReceiptInvalid
from lienthong.evidence.bundle import BundleReport, TimelineEntry, verify_bundle
from lienthong.evidence.lifetimes import Lifetimes, default_lifetimes
from lienthong.evidence.receipt import verify_receipt
from lienthong.evidence.stamp_findings import StampFinding, StampJudge
from lienthong.model.ids import PackageId, Sha256
from lienthong.model.journal import JournalEntry, PackageRecord, Receipt, StatementRecord
from lienthong.pki.chain import TrustAnchors
from lienthong.spi.verifier import Outcome

receipt = group("receipt", "Receipts: proofs that the axis recorded something.")
bundle = group("bundle", "Evidence bundles: a whole case in one file.")


@command(
    "verify",
    example="""\
lienthong receipt verify sent.receipt --axis-key axis.key
lienthong receipt verify sent.receipt --axis-key 'truc.example+1a2b…' --payload manifest.bin""",
    parameters=(
        click.argument("file", type=EXISTING),
        key_option,
        click.option(
            "--payload", type=EXISTING, help="The signed bytes, or the envelope, that it is for."
        ),
    ),
)
def verify_one(file: Path, axis_key: str | None, payload: Path | None) -> None:
    """Verify a receipt offline, with nothing but the axis's public key."""
    current, words = session(), session().words
    key = read_key(axis_key)
    evidence = verify_receipt(load_receipt(read_limited(file, MAX_RECEIPT_BYTES)), key)
    entry = evidence.entry
    if payload is not None:
        _check_payload(entry, payload.read_bytes())
    text = words(
        "receipt_verified",
        index=entry.index,
        axis=entry.axis,
        time=local_time(entry.recorded_at),
    )
    found = {
        "verified": True,
        "payload_verified": payload is not None,
        "tree_size": evidence.checkpoint.size,
        **data.of_entry(entry),
    }
    current.emit(found, lambda: good(text))


@command(
    "save",
    example="lienthong receipt save 01981f5e-… sent.receipt --payload manifest.bin",
    parameters=(
        click.argument("subject", metavar="PACKAGE|INDEX"),
        click.argument("file", type=PLACE),
        click.option("--payload", type=PLACE, help="Save the package's signed bytes too."),
    ),
)
def save_one(subject: str, file: Path, payload: Path | None) -> None:
    """Fetch the receipt of a package or of a journal entry, verify it and save it."""
    current = session()
    with current.client() as client:
        found = client.receipt(_subject(subject))
        if payload is not None:
            save(payload, client.get_package(_package_of(found)).envelope.payload)
    save(file, dump_receipt(found))
    current.emit(
        data.of_receipt(found) | {"path": str(file)},
        lambda: Group(
            views.of_receipt(current.words, found), good(current.words("saved", path=file))
        ),
    )


@command(
    "export",
    example="lienthong bundle export 01981f5e-… case.bundle",
    parameters=(
        package_argument,
        click.argument("file", type=PLACE),
        click.option("--no-files", is_flag=True, help="Only hashes of files, not their contents."),
    ),
)
def export(package: str, file: Path, no_files: bool) -> None:
    """Write all evidence of a case into one file, verified."""
    current = session()
    with current.client() as client, progress(shown=not current.as_json) as update:
        report = client.export_bundle(package, file, files=not no_files, progress=update)
    current.emit(
        _report_data(report) | {"path": str(file)}, lambda: _report_view(current.words, report)
    )


@command(
    "verify",
    example="lienthong bundle verify case.bundle --axis-key axis.key --anchors anchors.pem",
    parameters=(
        click.argument("file", type=EXISTING),
        key_option,
        click.option(
            "--anchors", type=EXISTING, help="Trusted authorities, PEM; the profile's by default."
        ),
        click.option("--tsa-anchors", type=EXISTING, help="Trusted time-stamp authorities, PEM."),
        click.option(
            "--algorithms", type=EXISTING, help="Until when algorithms count, TOML; else the SDK's."
        ),
    ),
)
def verify_all(
    file: Path,
    axis_key: str | None,
    anchors: Path | None,
    tsa_anchors: Path | None,
    algorithms: Path | None,
) -> None:
    """Verify an evidence bundle offline, with the axis's public key and trusted authorities."""
    current = session()
    key = read_key(axis_key)
    if anchors is None:
        anchors = profile_or("anchors_missing").anchors
    trusted = TrustAnchors.from_pem(anchors.read_bytes())
    judge = stamp_judge(tsa_anchors, algorithms)
    with file.open("rb") as source:
        report = verify_bundle(source, key, trusted, judge)
    current.emit(_report_data(report), lambda: _report_view(current.words, report))


receipt.add_command(verify_one)
receipt.add_command(save_one)
bundle.add_command(export)
bundle.add_command(verify_all)


def _check_payload(entry: JournalEntry, content: bytes) -> None:
    """Check that an entry records these signed bytes, or this envelope."""
    body = entry.body
    if not isinstance(body, PackageRecord | StatementRecord):
        raise ReceiptInvalid(reason="it is for what the axis itself says")
    candidates = [content]
    with suppress(LienthongError):
        candidates.append(load_envelope(content).payload)
    if not any(Sha256.of(one) == body.payload_sha256 for one in candidates):
        raise ReceiptInvalid(reason="it is for another payload")


def _package_of(found: Receipt) -> PackageId:
    body = load_entry(found.entry).body
    if not isinstance(body, PackageRecord):
        raise click.UsageError("--payload is for the receipt of a package")
    return body.package_id


def _subject(text: str) -> int | PackageId:
    return int(text) if text.isdecimal() else PackageId.parse(text)


def _report_data(report: BundleReport) -> dict[str, Any]:
    return {
        "verified": True,
        "axis": report.axis,
        "checkpoint": {"size": report.checkpoint.size, "root": report.checkpoint.root.hex()},
        "steps": [to_data(step) for step in report.steps],
        "timeline": [_timeline_data(entry) for entry in report.timeline],
        "deliveries": [to_data(delivery) for delivery in report.deliveries],
        "files": [to_data(file) for file in report.files],
    }


def stamp_judge(anchors: Path | None, algorithms: Path | None) -> StampJudge | None:
    """Who judges time-stamps now; nobody where no authority is trusted."""
    if anchors is None:
        return None
    lifetimes = default_lifetimes()
    if algorithms is not None:
        lifetimes = Lifetimes.parse(read_text(algorithms), str(algorithms))
    trusted = TrustAnchors.from_pem(anchors.read_bytes())
    return StampJudge(anchors=trusted, at=datetime.now(UTC), lifetimes=lifetimes)


def _timeline_data(entry: TimelineEntry) -> dict[str, Any]:
    return {
        "index": entry.index,
        "recorded_at": to_data(entry.recorded_at),
        "package_id": str(entry.package_id),
        "what": entry.what.value,
        "organ_id": str(entry.organ),
        "signer": entry.signer.subject,
        "effects": data.of_effects(entry.effects),
        "stamp": None if entry.stamp is None else _stamp_data(entry.stamp),
    }


def _stamp_data(stamp: StampFinding) -> dict[str, Any]:
    proven = stamp.proven
    return {
        "outcome": stamp.outcome.value,
        "stamped_at": None if proven is None else to_data(proven.stamped_at),
        "authority": None if proven is None else proven.authority,
        "until": None if proven is None else to_data(proven.ends),
        "reason": stamp.reason,
    }


def _stamp_text(words: Words, stamp: StampFinding | None) -> str:
    if stamp is None:
        return words("stamp_pending")
    if stamp.outcome is not Outcome.PASSED or stamp.proven is None:
        return words("stamp_unproven", reason=words.of(stamp.reason, stamp.reason_vi))
    time = local_time(stamp.proven.stamped_at)
    return words("stamped", time=time, authority=stamp.proven.authority)


def _report_view(words: Words, report: BundleReport) -> Group:
    steps = [
        (f"{step.number}.", step.name_vi if words.language == "vi" else step.name, step.count)
        for step in report.steps
    ]
    timeline = [
        (
            entry.index,
            local_time(entry.recorded_at),
            entry.organ,
            words.label(entry.what),
            views.of_effects(words, entry.effects),
        )
        for entry in report.timeline
    ]
    columns = [words(key) for key in ("index", "time", "who", "event", "state")]
    packages = {entry.package_id for entry in report.timeline}
    done = words(
        "bundle_verified",
        packages=len(packages),
        entries=len(report.timeline),
        files=len(report.files),
    )
    head = facts([(words("axis"), report.axis), (words("checkpoint"), report.checkpoint.size)])
    return Group(
        head,
        Text(),
        table(columns, timeline, long=(4,)),
        *_stamps_view(words, report),
        Text(),
        _outcomes_view(words, report),
        Text(),
        table(["", "", ""], steps),
        good(done),
    )


def _stamps_view(words: Words, report: BundleReport) -> list[Rows | Text]:
    """What time-stamps prove of each entry; nothing for a bundle without any."""
    if all(entry.stamp is None for entry in report.timeline):
        return []
    rows = [(entry.index, _stamp_text(words, entry.stamp)) for entry in report.timeline]
    return [Text(), table([words("index"), words("time_stamp")], rows, long=(1,))]


def _outcomes_view(words: Words, report: BundleReport) -> Rows:
    """Where each delivery stands, and whether that is certain."""
    columns = [words(key) for key in ("package", "recipient", "state")]
    rows = [
        (
            one.package_id,
            one.recipient,
            views.state_text(words, one.state)
            + Text("" if one.complete else f" ({words('incomplete')})"),
        )
        for one in report.deliveries
    ]
    return table(columns, rows)
