"""The play itself: one document through every kind of end, then its replacement, then the proof."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from attrs import frozen

from lienthong.client import Client, Profile
from lienthong.codec.signed import load_entry
from lienthong.errors import BundleInvalid, ConfigInvalid
from lienthong.model.ids import PackageId
from lienthong.model.journal import PackageRecord, Receipt
from lienthong.model.words import RefusalCode
from lienthong_node.demo.cast import AGENCIES, A, B, C, D, decision, organisations, replacement
from lienthong_node.demo.sample import sample_pdf
from lienthong_node.demo.timeline import Timeline
from lienthong_node.local import LocalAxis

BUNDLE = "evidence.bundle"
KEY = "axis.key"
ANCHORS = "anchors.pem"
TIMELINE = "timeline.json"


@frozen(kw_only=True)
class Outcome:
    """What the demonstration leaves behind."""

    out: Path
    package_id: str
    verified: dict[str, Any]
    """What the separate verifier says."""


def perform(
    file: Path | None, out: Path, timeline: Timeline, say: Callable[[str], None], today: date
) -> Outcome:
    """Play everything and verify the evidence in a process of its own.

    Args:
        file: the document to send; None takes a sample.
        out: new or empty folder for the bundle, the axis's key and the timeline.
        timeline: gets every step.
        say: told what is going on.
        today: date of the document.

    Raises:
        LienthongError: a step failed.
    """
    _prepare(out)
    with tempfile.TemporaryDirectory(prefix="lienthong-demo-") as name:
        folder = Path(name)
        document = _document_file(file, folder)
        say("making keys, directory and profiles for four organisations of Tây Ninh")
        axis = LocalAxis.create(folder, organisations())
        say("starting the node")
        with axis.running(), _clients(axis) as clients:
            package_id = _scenes(clients, document, timeline, say, today)
            say("exporting the evidence")
            clients["A"].export_bundle(package_id, out / BUNDLE)
        profile = Profile.load(axis.profile(A.code))
        (out / KEY).write_text(f"{profile.checkpoint_key}\n", "utf-8")
        shutil.copyfile(profile.anchors, out / ANCHORS)
    (out / TIMELINE).write_text(
        json.dumps(timeline.data(), ensure_ascii=False, indent=1) + "\n", "utf-8"
    )
    say("the node has stopped; verifying the evidence offline in another process")
    return Outcome(out=out, package_id=str(package_id), verified=verify_apart(out))


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
        reason = (finished.stderr or finished.stdout).strip()
        raise BundleInvalid(part=BUNDLE, reason=reason)
    report: dict[str, Any] = json.loads(finished.stdout)
    return report


def _scenes(
    clients: dict[str, Client],
    file: Path,
    timeline: Timeline,
    say: Callable[[str], None],
    today: date,
) -> PackageId:
    a, b, c, d = (clients[agency.letter] for agency in AGENCIES)
    document = decision(today, f"Văn bản mẫu: {file.stem}")
    say(f"A sends {file.name} to B, C and D")
    sent = a.send(document, [file], [B.code, C.code, D.code])
    package_id = _package_of(sent)
    timeline.add(A.label, f"sends {document.number} to B, C, D", sent)
    _receive(clients, package_id, timeline)
    _b_handles_it(b, package_id, timeline)
    refused = c.refuse(
        package_id, reason=RefusalCode.WRONG_ADDRESSEE, text="Không thuộc thẩm quyền giải quyết"
    )
    timeline.add(C.label, "refuses: wrong addressee", refused)
    _d_is_recalled(a, d, package_id, timeline)
    say("A sends a replacement")
    new = replacement(document)
    reason = "Sai thể thức phần nơi nhận"
    replaced = a.replace(package_id, new, [file], [B.code, C.code, D.code], reason=reason)
    new_id = _package_of(replaced)
    timeline.add(A.label, f"replaces it by {new.number}", replaced)
    timeline.add(B.label, "has it in its system", b.arrived(new_id))
    accepted = b.accept(new_id, register_number=126, responsible="Văn thư")
    timeline.add(B.label, "accepts the replacement, register number 126", accepted)
    return package_id


def _receive(clients: dict[str, Client], package_id: PackageId, timeline: Timeline) -> None:
    """Each recipient finds the package in its feed, verified, and reports its arrival."""
    for agency in (B, C, D):
        client = clients[agency.letter]
        if not any(_is_about(item.entry.body, package_id) for item in client.feed()):
            raise BundleInvalid(part=f"feed of {agency.code}", reason="the package is not in it")
        timeline.add(agency.label, "has it in its system", client.arrived(package_id))


def _b_handles_it(b: Client, package_id: PackageId, timeline: Timeline) -> None:
    accepted = b.accept(package_id, register_number=125, responsible="Văn thư")
    timeline.add(B.label, "accepts, register number 125", accepted)
    forwarded = b.forward(package_id, unit="Phòng Công nghệ thông tin")
    timeline.add(B.label, "forwards to Phòng Công nghệ thông tin", forwarded)
    timeline.add(B.label, "starts work", b.start(package_id))
    timeline.add(B.label, "completes", b.complete(package_id))


def _d_is_recalled(a: Client, d: Client, package_id: PackageId, timeline: Timeline) -> None:
    accepted = d.accept(package_id, register_number=77, responsible="Văn thư")
    timeline.add(D.label, "accepts, register number 77", accepted)
    recalled = a.recall(package_id, reason="Ban hành nhầm nơi nhận", recipients=[D.code])
    timeline.add(A.label, "recalls it from D", recalled)
    timeline.add(D.label, "has cancelled it and confirms", d.confirm_recall(package_id))


def _is_about(body: object, package_id: PackageId) -> bool:
    return isinstance(body, PackageRecord) and body.package_id == package_id


def _package_of(receipt: Receipt) -> PackageId:
    body = load_entry(receipt.entry).body
    if not isinstance(body, PackageRecord):
        raise TypeError("a package's receipt is about a package")
    return body.package_id


@contextmanager
def _clients(axis: LocalAxis) -> Iterator[dict[str, Client]]:
    with ExitStack() as stack:
        yield {
            agency.letter: stack.enter_context(Client(Profile.load(axis.profile(agency.code))))
            for agency in AGENCIES
        }


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
