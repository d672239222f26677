"""The play itself: one document through every kind of end, then its replacement, then the proof."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from lienthong.client import Client, Profile
from lienthong.codec.signed import load_entry
from lienthong.errors import BundleInvalid, ConfigInvalid
from lienthong.model.delivery import Delivery
from lienthong.model.document import Document
from lienthong.model.ids import PackageId
from lienthong.model.journal import PackageRecord, Receipt
from lienthong.model.words import RefusalCode
from lienthong_node.demo.cast import (
    AGENCIES,
    A,
    Agency,
    B,
    C,
    D,
    decision,
    organisations,
    replacement,
)
from lienthong_node.demo.sample import sample_pdf
from lienthong_node.demo.timeline import Timeline
from lienthong_node.demo.words import Speech
from lienthong_node.local import LocalAxis

BUNDLE: Final = "evidence.bundle"
KEY: Final = "axis.key"
ANCHORS: Final = "anchors.pem"
TIMELINE: Final = "timeline.json"
LOG: Final = "node.log"
REASON: Final = "Không thuộc thẩm quyền giải quyết"
UNIT: Final = "Phòng Công nghệ thông tin"
CLERK: Final = "Văn thư"


@frozen(kw_only=True)
class Outcome:
    """What the demonstration leaves behind."""

    package_id: PackageId
    verified: dict[str, Any]
    """What the separate verifier says."""


@frozen(kw_only=True)
class _Stage:
    """Who plays, and where it is noted."""

    clients: dict[Agency, Client]
    timeline: Timeline
    speech: Speech

    def note(
        self,
        who: Agency,
        what: str,
        receipt: Receipt,
        moved: Sequence[Delivery] = (),
        **facts: object,
    ) -> None:
        self.timeline.add(who, self.speech(what, **facts), receipt, moved)


def perform(
    file: Path | None,
    out: Path,
    timeline: Timeline,
    say: Callable[[str], None],
    speech: Speech,
    today: date,
) -> Outcome:
    """Play everything and verify the evidence in a process of its own.

    Args:
        file: the document to send; None takes a sample.
        out: new or empty folder for the bundle, the axis's key and the timeline; after a failure
            also for the node's log.
        timeline: gets every step.
        say: told what is going on.
        speech: the language of the steps.
        today: date of the document.

    Raises:
        LienthongError: a step failed.
    """
    _prepare(out)
    with tempfile.TemporaryDirectory(prefix="lienthong-demo-") as name:
        folder = Path(name)
        document = _document_file(file, folder)
        say(speech("making"))
        axis = LocalAxis.create(folder, organisations())
        say(speech("starting"))
        with _log_kept(axis, out, say, speech), axis.running(), _clients(axis) as clients:
            stage = _Stage(clients=clients, timeline=timeline, speech=speech)
            package_id = _scenes(stage, document, today)
            say(speech("exporting"))
            clients[A].export_bundle(package_id, out / BUNDLE)
        profile = Profile.load(axis.profile(A.code))
        (out / KEY).write_text(f"{profile.checkpoint_key}\n", "utf-8")
        shutil.copyfile(profile.anchors, out / ANCHORS)
    steps = json.dumps(timeline.data(), ensure_ascii=False, indent=1)
    (out / TIMELINE).write_text(f"{steps}\n", "utf-8")
    say(speech("verifying"))
    return Outcome(package_id=package_id, verified=verify_apart(out))


def verify_apart(out: Path) -> dict[str, Any]:
    """Run ``lienthong bundle verify`` as its own process, without node, profile or private key.

    Raises:
        BundleInvalid: it does not accept the bundle.
    """
    command = [sys.executable, "-m", "lienthong", "--json", "bundle", "verify", str(out / BUNDLE)]
    command += ["--axis-key", str(out / KEY), "--anchors", str(out / ANCHORS)]
    finished = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"LANG": "C.UTF-8"}
    )
    if finished.returncode != 0:
        raise _refusal(finished.stderr)
    report: dict[str, Any] = json.loads(finished.stdout)
    return report


def _refusal(said: str) -> BundleInvalid:
    """The verifier's error, as it said it."""
    lines = said.strip().splitlines() or ["nothing"]
    try:
        facts = json.loads(lines[-1])["error"]["facts"]
        return BundleInvalid(part=facts["part"], reason=facts["reason"])
    except (ValueError, KeyError, TypeError):
        return BundleInvalid(part=BUNDLE, reason=f"the verifier says: {lines[-1]}")


def _scenes(stage: _Stage, file: Path, today: date) -> PackageId:
    """The whole play; returns the package that it begins with."""
    document = decision(today, f"Văn bản mẫu: {file.stem}")
    recipients = [B.code, C.code, D.code]
    sent = stage.clients[A].send(document, [file], recipients)
    package_id = _carries(stage, sent, document)
    stage.note(A, "sends", sent, number=document.number, file=file.name)
    for agency in (B, C, D):
        _receive(stage, agency, package_id, document)
    _b_handles_it(stage, package_id, document)
    refused = stage.clients[C].refuse(package_id, reason=RefusalCode.WRONG_ADDRESSEE, text=REASON)
    stage.note(C, "refuses", refused, reason=REASON)
    _d_is_recalled(stage, package_id, document)
    new = replacement(document)
    replaced = stage.clients[A].replace(
        package_id, new, [file], recipients, reason="Sai thể thức phần nơi nhận"
    )
    new_id = _carries(stage, replaced, new)
    stage.note(A, "replaces", replaced, number=new.number)
    _receive(stage, B, new_id, new)
    _accept(stage, B, new_id, new, 126)
    return package_id


def _receive(stage: _Stage, agency: Agency, package_id: PackageId, document: Document) -> None:
    """The recipient finds the package in its feed, verified, and reports its arrival."""
    client = stage.clients[agency]
    if not any(_is_about(item.entry.body, package_id) for item in client.feed()):
        raise BundleInvalid(part=f"feed of {agency.code}", reason="the package is not in it")
    stage.note(agency, "arrives", client.arrived(package_id), number=document.number)


def _accept(
    stage: _Stage, agency: Agency, package_id: PackageId, document: Document, register: int
) -> None:
    client = stage.clients[agency]
    accepted = client.accept(package_id, register_number=register, responsible=CLERK)
    stage.note(agency, "accepts", accepted, number=document.number, register=register)


def _b_handles_it(stage: _Stage, package_id: PackageId, document: Document) -> None:
    client = stage.clients[B]
    _accept(stage, B, package_id, document, 125)
    stage.note(B, "forwards", client.forward(package_id, unit=UNIT), unit=UNIT)
    stage.note(B, "starts", client.start(package_id))
    stage.note(B, "completes", client.complete(package_id))


def _d_is_recalled(stage: _Stage, package_id: PackageId, document: Document) -> None:
    _accept(stage, D, package_id, document, 77)
    recalled = stage.clients[A].recall(
        package_id, reason="Ban hành nhầm nơi nhận", recipients=[D.code]
    )
    deliveries = stage.clients[A].get_package(package_id).deliveries
    moved = [delivery for delivery in deliveries if delivery.recipient == D.organ]
    stage.note(A, "recalls", recalled, moved=moved, number=document.number)
    stage.note(D, "confirms", stage.clients[D].confirm_recall(package_id))


def _carries(stage: _Stage, receipt: Receipt, document: Document) -> PackageId:
    """The package of a receipt, noted with the number of its document."""
    body = load_entry(receipt.entry).body
    if not isinstance(body, PackageRecord):
        raise TypeError("a package's receipt is about a package")
    stage.timeline.numbers[body.package_id] = str(document.number)
    return body.package_id


def _is_about(body: object, package_id: PackageId) -> bool:
    return isinstance(body, PackageRecord) and body.package_id == package_id


@contextmanager
def _clients(axis: LocalAxis) -> Iterator[dict[Agency, Client]]:
    with ExitStack() as stack:
        yield {
            agency: stack.enter_context(Client(Profile.load(axis.profile(agency.code))))
            for agency in AGENCIES
        }


@contextmanager
def _log_kept(
    axis: LocalAxis, out: Path, say: Callable[[str], None], speech: Speech
) -> Iterator[None]:
    """Keep what the node has written when something fails."""
    try:
        yield
    except BaseException:
        if axis.log.exists():
            shutil.copyfile(axis.log, out / LOG)
            say(speech("log kept", path=out / LOG))
        raise


def _document_file(file: Path | None, folder: Path) -> Path:
    if file is not None:
        return file
    sample = folder / "van-ban-mau.pdf"
    sample.write_bytes(sample_pdf())
    return sample


def _prepare(out: Path) -> None:
    if out.exists() and any(out.iterdir()):
        raise ConfigInvalid(
            file=out, key="--out", found="not empty", expected="an empty or new folder"
        )
    out.mkdir(parents=True, exist_ok=True)
