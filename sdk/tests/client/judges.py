"""A recipient that judges what arrives, by the scripted verifier."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING

from lienthong.client import Client, FileSource, JudgedAgain
from lienthong.client.filereports import ReportFolder
from lienthong.client.waiting import SHORTEST_PAUSE, WaitingFolder
from lienthong.codec.signed import load_statement
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.document import Document
from lienthong.model.file_signature import SignatureKind
from lienthong.model.ids import PackageId
from lienthong.model.report import CheckSummary, Statement
from lienthong.model.trust import TrustPurpose
from lienthong.pki.trust import TrustEntry
from lienthong.plugins import PluginHost, PluginKind
from lienthong.plugins.discovery import Offer
from lienthong.trust.store import add_authority

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

RECIPIENT = "000.00.13.H53"
MODULE = "lienthong_tests_scripted_verifier"
TYPES = ("application/pdf", "application/pkcs7-signature")
SIGNED_UNKNOWN = ("QD.pdf", "signer agency unknown")
SOMEBODY = "Chánh Văn phòng"


@contextmanager
def scripted_offers() -> Iterator[list[Offer]]:
    """The scripted verifier as if it were installed."""
    spec = importlib.util.spec_from_file_location(
        MODULE, Path(__file__).with_name("scripted_verifier.py")
    )
    assert spec is not None
    assert spec.loader is not None
    sys.modules[MODULE] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield [
        Offer(
            kind=PluginKind.FILE_VERIFIER,
            name=name,
            distribution="acme-verifier",
            version="1",
            entry_point=EntryPoint(name, MODULE, "lienthong.file_verifiers"),
        )
        for name in TYPES
    ]
    del sys.modules[MODULE]


@contextmanager
def scripted_host() -> Iterator[PluginHost]:
    """A plugin host that knows the scripted verifier alone."""
    with scripted_offers() as offers, PluginHost(offers=lambda: offers) as host:
        yield host


def name_trust_store(axis: ScriptedAxis) -> Path:
    """The recipient's profile, which names a trust store from then on."""
    folder = axis.profile(RECIPIENT)
    entry = TrustEntry(
        file="ca.pem",
        label="CA chuyên dùng Chính phủ",
        kind=SignatureKind.CONG_VU,
        purposes=[TrustPurpose.FILES],
    )
    add_authority(folder / "trust", entry, axis.pki.root.pem)
    profile = folder / "profile.toml"
    profile.write_text('trust = "trust"\n' + profile.read_text())
    return folder


def reports_of(axis: ScriptedAxis) -> ReportFolder:
    return ReportFolder(axis.profile(RECIPIENT) / "reports")


def send(sender: Client, document: Document, *files: tuple[str, str]) -> PackageId:
    """Send files, each a name with the words of its content."""
    sources = [FileSource.of_bytes(name, words.encode()) for name, words in files]
    prepared = sender.prepare(document, sources, [RECIPIENT])
    sender.submit(prepared)
    return prepared.package_id


def checks_of(axis: ScriptedAxis) -> list[CheckSummary]:
    """What the reports that the axis has recorded say of checks."""
    statements = [load_statement(payload) for message in axis.seen[1:] for payload in message]
    return [one.check for one in statements if one.check is not None]


def learn(word: str, *, unknown: str = "unknown") -> None:
    """From now on *unknown* in a file means another word."""
    sys.modules[MODULE].READ_AS[unknown] = word


def later(axis: ScriptedAxis, by: timedelta = SHORTEST_PAUSE) -> None:
    axis.pki.now += by


def folder_of(axis: ScriptedAxis) -> WaitingFolder:
    return WaitingFolder(reports_of(axis).path / "waiting")


def noted(axis: ScriptedAxis) -> list[PackageId]:
    return [one.package_id for one in folder_of(axis).all(axis.pki.now)]


def acceptances(client: Client, package: PackageId) -> list[Statement]:
    said = [one.statement for one in client.history(package)]
    return [one for one in said if one is not None and one.event is DeliveryEvent.ACCEPT]


def only(client: Client, *, everything: bool = False) -> JudgedAgain:
    [judged] = client.judge_again(everything=everything)
    return judged
