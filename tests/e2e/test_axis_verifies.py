"""The axis verifies what arrives, where recipients' rule sets want it, by its own trust folder."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.request import urlopen

import pytest
from attrs import define, evolve, field

from lienthong.client import Client, Direction, FileSource, Profile
from lienthong.codec.signed import load_entry
from lienthong.model.file_signature import LegalValue, SignatureKind, SignatureRole
from lienthong.model.ids import PackageId
from lienthong.model.journal import VerificationRecord
from lienthong.model.trust import TrustPurpose
from lienthong.pki.trust import TrustEntry
from lienthong.plugins import PluginHost
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.spi import SigningOrder
from lienthong.testing.pki import Authority, Identity, signing_extensions
from lienthong.testing.status import Revoked, make_list, serial_of
from lienthong.testing.status_server import Reply, StatusServer
from lienthong.trust.store import add_authority
from lienthong_node.admin_port import administration
from lienthong_node.local import LocalAxis, free_port
from lienthong_node.settings import FILE_NAME, dump_settings, load_settings
from tests.e2e.commands import asked, command, refused
from tests.e2e.conftest import NAMES, A, B, C, MakeDocument, package_of
from tests.e2e.publishing import list_at, refresh, trusting, until
from tests.e2e.test_legal_value import drawn

pytest.importorskip("lienthong_verifier_pdf")

NATIONAL: Final = find_rule_set("national-2020")
WANTING: Final = evolve(
    NATIONAL, signatures=evolve(NATIONAL.signatures, verified_by_axis=True), inherits=""
)
LAW: Final = (WANTING, find_calendar("vietnam"))
SIGNER, AGENCY = SignatureRole.SIGNER, SignatureRole.AGENCY


@define(eq=False)
class Publisher:
    """An authority of signers that publishes its list on loopback, and who trusts it."""

    server: StatusServer
    authority: Authority
    host: PluginHost
    revoked: dict[int, Revoked] = field(factory=dict)
    silent: bool = False

    def answer(self, _: bytes) -> Reply:
        if self.silent:
            return Reply(status=503)
        return Reply(content=make_list(self.authority, self.revoked, at=datetime.now(UTC)))

    def issue(self, role: SignatureRole, place: str = "/ca.crl") -> Identity:
        extensions = [*signing_extensions(), list_at(self.server.url(place))]
        return self.authority.issue(role.name, extensions=extensions)

    def sign(self, *signers: tuple[SignatureRole, Identity]) -> bytes:
        content = drawn()
        for role, identity in signers:
            source, target = io.BytesIO(content), io.BytesIO()
            order = SigningOrder(role=role, at=datetime.now(UTC))
            made = self.host.open_file_signer("application/pdf")
            made.sign(source, target, order, identity.signer())
            content = target.getvalue()
        return content

    def trust(self, folder: Path) -> Path:
        """A trust store that names the authority and may ask its publisher."""
        label, kind = "CA chuyên dùng Chính phủ", SignatureKind.CONG_VU
        return trusting(folder, self.authority, label, kind, TrustPurpose.FILES)


@pytest.fixture(scope="module")
def publisher() -> Iterator[Publisher]:
    with StatusServer() as server, PluginHost() as host:
        authority = Authority.root("CA chuyên dùng Chính phủ", now=datetime.now(UTC))
        made = Publisher(server, authority, host)
        server.answer("/ca.crl", made.answer)
        yield made


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory, publisher: Publisher) -> Iterator[LocalAxis]:
    """A running axis whose rule set wants that it verifies."""
    folder = tmp_path_factory.mktemp("axis")
    made = LocalAxis.create(
        folder / "axis",
        NAMES,
        law=LAW,
        disk_reserve_bytes=0,
        trust_folder=str(publisher.trust(folder / "trust")),
        metrics_listen=f"127.0.0.1:{free_port()}",
    )
    with made.running():
        yield made


@pytest.fixture
def trust(axis: LocalAxis) -> Path:
    """The trust folder of the node."""
    return Path(load_settings(axis.data).trust_folder)


@pytest.fixture
def sent(clients: dict[str, Client], document: MakeDocument) -> Callable[..., PackageId]:
    """Sends a file of A to B, or to others."""

    def sent(content: bytes, *recipients: str) -> PackageId:
        file = FileSource.of_bytes("quyet-dinh.pdf", content)
        return package_of(clients[A].send(document(), [file], recipients or [B]))

    return sent


def worth(client: Client, package: PackageId) -> LegalValue | None:
    found = client.list_deliveries(Direction.INCOMING)
    [one] = [delivery for delivery in found if delivery.package_id == package]
    return None if one.legal_value is None else one.legal_value.value


def becomes(client: Client, package: PackageId, value: LegalValue) -> None:
    until(lambda: worth(client, package), lambda found: found is value)


def told(client: Client, package: PackageId) -> list[VerificationRecord]:
    """What the axis told of a package, oldest first."""
    bodies = (load_entry(one.receipt.entry).body for one in client.history(package))
    return [body for body in bodies if isinstance(body, VerificationRecord)]


def figure(axis: LocalAxis, name: str) -> float:
    address = load_settings(axis.data).metrics_listen
    with urlopen(f"http://{address}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


def workers_of(pid: int) -> list[int]:
    """The processes in which a node's plugin reads files."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = (path / "stat").read_text().rpartition(")")[2].split()[1]
            started_as = (path / "cmdline").read_bytes()
            if parent == str(pid) and b"lienthong_verifier_pdf" in started_as:
                found.append(int(path.name))
    return found


def test_it_is_judged_without_the_recipient_s_doing(
    axis: LocalAxis,
    clients: dict[str, Client],
    publisher: Publisher,
    sent: Callable[..., PackageId],
) -> None:
    """First seen, its status is unknown; it is fetched, and then the document is judged."""
    signed = publisher.sign((SIGNER, publisher.issue(SIGNER)), (AGENCY, publisher.issue(AGENCY)))
    package = sent(signed, B, C)
    for code in (B, C):
        becomes(clients[code], package, LegalValue.ORIGINAL_EQUIVALENT)
        last = told(clients[code], package)[-1]
        assert str(last.recipient) == code
        assert {str(one.recipient) for one in told(clients[code], package)} == {code}
        assert last.value is LegalValue.ORIGINAL_EQUIVALENT
    reports = asked("file-report", axis.data, package)["reports"]
    assert last.found.report.hex in {one["report_sha256"] for one in reports}
    assert reports[-1]["files"][0]["report"]["outcome"] == "PASSED"
    _, text, _ = command("file-report", axis.data, package)
    assert last.found.report.hex in text
    assert "quyet-dinh.pdf: PASSED" in text
    # An acceptance that says nothing of the signatures leaves it so.
    clients[B].accept(package, register_number=1)
    assert worth(clients[B], package) is LegalValue.ORIGINAL_EQUIVALENT


def test_revoked_before_it_was_signed(
    clients: dict[str, Client], publisher: Publisher, trust: Path, sent: Callable[..., PackageId]
) -> None:
    signer, agency = publisher.issue(SIGNER), publisher.issue(AGENCY)
    since = datetime.now(UTC) - timedelta(hours=1)
    publisher.revoked[serial_of(agency.certificate)] = Revoked(at=since)
    refresh(trust)
    package = sent(publisher.sign((SIGNER, signer), (AGENCY, agency)))
    becomes(clients[B], package, LegalValue.REFUSE)


def test_unknown_waits_until_the_status_is_there(
    clients: dict[str, Client], publisher: Publisher, trust: Path, sent: Callable[..., PackageId]
) -> None:
    """Of another authority, whose publisher is silent, until it answers."""
    other = Publisher(
        publisher.server,
        Authority.root("CA công cộng", now=datetime.now(UTC)),
        publisher.host,
        silent=True,
    )
    publisher.server.answer("/other.crl", other.answer)
    entry = TrustEntry(
        file="other.pem",
        label="CA công cộng",
        kind=SignatureKind.CONG_VU,
        purposes=[TrustPurpose.FILES],
    )
    add_authority(trust, entry, other.authority.pem)
    signers = [(role, other.issue(role, "/other.crl")) for role in (SIGNER, AGENCY)]
    package = sent(other.sign(*signers))
    becomes(clients[B], package, LegalValue.PENDING_CHECK)
    other.silent = False
    refresh(trust)
    becomes(clients[B], package, LegalValue.ORIGINAL_EQUIVALENT)
    values = [one.value for one in told(clients[B], package)]
    assert values == [LegalValue.PENDING_CHECK, LegalValue.ORIGINAL_EQUIVALENT]


def test_what_the_recipient_has_found_stands_above_it(
    axis: LocalAxis,
    clients: dict[str, Client],
    publisher: Publisher,
    trust: Path,
    sent: Callable[..., PackageId],
    tmp_path: Path,
) -> None:
    """B has the list of an hour ago, on which the signer was not revoked yet."""
    signer, agency = publisher.issue(SIGNER), publisher.issue(AGENCY)
    signed = publisher.sign((SIGNER, signer), (AGENCY, agency))
    own = publisher.trust(tmp_path / "trust")
    profile = evolve(Profile.load(axis.profile(B)), trust=own, reports=tmp_path / "reports")
    with Client(profile) as judge:
        first = sent(signed)
        judge.examine(first)
        refresh(own)
        since = datetime.now(UTC) - timedelta(hours=1)
        publisher.revoked[serial_of(signer.certificate)] = Revoked(at=since)
        refresh(trust)
        package = sent(signed)
        becomes(clients[B], package, LegalValue.REFUSE)
        judge.accept(package, register_number=2)
    assert worth(clients[B], package) is LegalValue.ORIGINAL_EQUIVALENT


def test_a_verifier_that_dies_holds_up_nothing(
    axis: LocalAxis,
    clients: dict[str, Client],
    publisher: Publisher,
    trust: Path,
    sent: Callable[..., PackageId],
) -> None:
    signers = [(role, publisher.issue(role)) for role in (SIGNER, AGENCY)]
    refresh(trust)
    becomes(clients[B], sent(publisher.sign(*signers)), LegalValue.ORIGINAL_EQUIVALENT)
    failed = figure(axis, "lienthong_verifications_failed_total")
    workers = workers_of(axis.pid)
    assert workers
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    package = sent(publisher.sign(*signers))
    becomes(clients[B], package, LegalValue.PENDING_CHECK)
    until(lambda: figure(axis, "lienthong_verifications_failed_total"), lambda now: now > failed)
    assert figure(axis, "lienthong_verifications_waiting") >= 1
    becomes(clients[B], sent(publisher.sign(*signers)), LegalValue.ORIGINAL_EQUIVALENT)
    assert asked("status", axis.data)["verification"]["waiting"] >= 1
    refresh(trust)
    becomes(clients[B], package, LegalValue.ORIGINAL_EQUIVALENT)


def test_a_node_that_was_killed_goes_on(
    axis: LocalAxis,
    clients: dict[str, Client],
    publisher: Publisher,
    sent: Callable[..., PackageId],
) -> None:
    signers = [(role, publisher.issue(role)) for role in (SIGNER, AGENCY)]
    packages = [sent(publisher.sign(*signers)) for _ in range(3)]
    axis.kill()
    axis.start()
    for package in packages:
        becomes(clients[B], package, LegalValue.ORIGINAL_EQUIVALENT)
        values = [one.value for one in told(clients[B], package)]
        assert values.count(LegalValue.ORIGINAL_EQUIVALENT) == 1


def test_a_node_without_a_trust_folder_says_so_and_pretends_nothing(
    tmp_path: Path, publisher: Publisher, document: MakeDocument
) -> None:
    axis = LocalAxis.create(tmp_path / "axis", NAMES, law=LAW, disk_reserve_bytes=0)
    signers = [(role, publisher.issue(role)) for role in (SIGNER, AGENCY)]
    file = FileSource.of_bytes("quyet-dinh.pdf", publisher.sign(*signers))
    with axis.running(), Client(Profile.load(axis.profile(A))) as sender:
        package = package_of(sender.send(document(), [file], [B]))
        found = until(
            lambda: asked("status", axis.data)["verification"],
            lambda found: found is not None and found["waiting"] == 1,
        )
        assert "trust_folder" in found["failing"]
        assert "1 wait, 0 tries failed, FAILING: trust_folder" in command("status", axis.data)[1]
        assert "trust_folder" in axis.log.read_text()
        assert refused("file-report", axis.data, package)["code"] == "exchange.not_found"
    settings = load_settings(axis.data)
    placed = evolve(settings, trust_folder=str(publisher.trust(tmp_path / "trust")))
    (axis.data / FILE_NAME).write_text(dump_settings(placed), "utf-8")
    with axis.running(), Client(Profile.load(axis.profile(B))) as recipient:
        becomes(recipient, package, LegalValue.ORIGINAL_EQUIVALENT)
    assert asked("audit", "verify", axis.data)["ok"]
    backup = tmp_path / "backup"
    with administration(axis.data) as admin:
        key = str(admin.checkpoint_key)
    asked("backup", axis.data, "--to", backup)
    assert asked("audit", "verify", backup, "--axis-key", key)["ok"]
    assert asked("file-report", backup, package) == asked("file-report", axis.data, package)
