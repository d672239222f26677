"""What a received document is worth: signed, sent, verified before acceptance, kept by the axis."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from lienthong.client import Client, Direction, FileSource, Profile
from lienthong.client.filereports import ReportFolder
from lienthong.errors import GuardFailed
from lienthong.model.delivery import Delivery, DeliveryState
from lienthong.model.file_signature import LegalValue, SignatureKind, SignatureRole
from lienthong.model.ids import PackageId
from lienthong.model.trust import TrustPurpose
from lienthong.pki.trust import TrustEntry
from lienthong.plugins import PluginHost
from lienthong.spi import SigningOrder
from lienthong.testing.pki import TestPKI
from lienthong.testing.status import make_list
from lienthong.trust.folder import Kept, Kind, StatusFolder
from lienthong.trust.store import TrustStore, add_authority
from lienthong_node.local import LocalAxis
from tests.e2e.conftest import A, B, MakeDocument, package_of

pytest.importorskip("lienthong_verifier_pdf")
Canvas = pytest.importorskip("reportlab.pdfgen.canvas").Canvas

NOW: Final = datetime.now(UTC)


@pytest.fixture(scope="module")
def pki() -> TestPKI:
    """Whose certificates sign documents; not those of the organisations at the axis."""
    return TestPKI(NOW)


@pytest.fixture(scope="module")
def host() -> Iterator[PluginHost]:
    with PluginHost() as opened:
        yield opened


def drawn() -> bytes:
    made = io.BytesIO()
    canvas = Canvas(made, pdfVersion=(1, 7), invariant=1, pageCompression=0)
    canvas.drawString(90, 740, "Quyết định")
    canvas.save()
    return made.getvalue()


@pytest.fixture(scope="module")
def signed(pki: TestPKI, host: PluginHost) -> Callable[..., bytes]:
    """Signs a page in some roles, one after the other."""

    def signed(*roles: SignatureRole) -> bytes:
        content = drawn()
        for role in roles:
            source, target = io.BytesIO(content), io.BytesIO()
            order = SigningOrder(role=role, at=NOW)
            signer = pki.organisation(role.name).signer()
            host.open_file_signer("application/pdf").sign(source, target, order, signer)
            content = target.getvalue()
        return content

    return signed


@pytest.fixture(scope="module")
def judge(axis: LocalAxis, pki: TestPKI) -> Iterator[Client]:
    """B, whose profile names a trust store with fresh status."""
    folder = axis.profile(B)
    entry = TrustEntry(
        file="ca.pem",
        label="CA chuyên dùng Chính phủ",
        kind=SignatureKind.CONG_VU,
        purposes=[TrustPurpose.FILES],
    )
    add_authority(folder / "trust", entry, pki.root.pem)
    profile = folder / "profile.toml"
    profile.write_text('trust = "trust"\n' + profile.read_text("utf-8"), "utf-8")
    with Client(Profile.load(folder)) as client:
        yield client


@pytest.fixture
def status(axis: LocalAxis, pki: TestPKI) -> Callable[[timedelta], None]:
    """Puts revocation lists of all authorities, so old, into the trust store of B."""

    def put(age: timedelta) -> None:
        kept = StatusFolder(TrustStore.load(axis.profile(B) / "trust").status_folder)
        for authority in (pki.root, pki.intermediate):
            made = make_list(authority, at=NOW - age)
            kept.put(
                Kept(
                    kind=Kind.LIST,
                    url=f"http://crl.example/{authority.name.replace(' ', '-')}.crl",
                    certificate=b"",
                    issuer=authority.certificate,
                    content=made,
                )
            )

    return put


@pytest.fixture
def sent(clients: dict[str, Client], document: MakeDocument) -> Callable[[bytes], PackageId]:
    """Sends a file of A to B."""

    def sent(content: bytes) -> PackageId:
        file = FileSource.of_bytes("quyet-dinh.pdf", content)
        return package_of(clients[A].send(document(), [file], [B]))

    return sent


def seen(client: Client, direction: Direction, package: PackageId) -> Delivery:
    [found] = [one for one in client.list_deliveries(direction) if one.package_id == package]
    return found


SIGNER, AGENCY = SignatureRole.SIGNER, SignatureRole.AGENCY
HOUR, DAYS = timedelta(hours=1), timedelta(days=30)
next_number = iter(range(1, 1000))


@pytest.mark.parametrize(
    ("roles", "value"),
    [
        ((SIGNER, AGENCY), LegalValue.ORIGINAL_EQUIVALENT),
        ((SIGNER,), LegalValue.INFORMATION_ONLY),
        ((), LegalValue.INFORMATION_ONLY),
    ],
)
def test_worth_of_what_was_signed_stands_with_the_delivery(
    clients: dict[str, Client],
    judge: Client,
    signed: Callable[..., bytes],
    status: Callable[[timedelta], None],
    sent: Callable[[bytes], PackageId],
    roles: tuple[SignatureRole, ...],
    value: LegalValue,
) -> None:
    status(HOUR)
    package = sent(signed(*roles))
    judge.accept(package, register_number=next(next_number))
    for client, direction in ((judge, Direction.INCOMING), (clients[A], Direction.OUTGOING)):
        found = seen(client, direction, package).legal_value
        assert found is not None
        assert found.value is value
    [kept] = ReportFolder(judge.profile.reports).all(package)
    [file] = kept.files
    assert file.report is not None
    assert [one.role for one in file.report.signatures] == list(roles)


def test_unknown_status_is_never_shown_as_valid(
    judge: Client,
    signed: Callable[..., bytes],
    status: Callable[[timedelta], None],
    sent: Callable[[bytes], PackageId],
) -> None:
    """The lists are stale: it waits, or somebody answers for it (regulations §13e, row 11)."""
    status(DAYS)
    package = sent(signed(SIGNER, AGENCY))
    with pytest.raises(GuardFailed, match="PENDING_CHECK"):
        judge.accept(package, register_number=1)
    judge.accept(package, register_number=next(next_number), responsible="Chánh Văn phòng")
    found = seen(judge, Direction.INCOMING, package).legal_value
    assert found is not None
    assert found.value is LegalValue.PENDING_CHECK


def test_what_had_to_wait_is_judged_again_and_the_axis_takes_it_over(
    clients: dict[str, Client],
    judge: Client,
    signed: Callable[..., bytes],
    status: Callable[[timedelta], None],
    sent: Callable[[bytes], PackageId],
) -> None:
    status(DAYS)
    package = sent(signed(SIGNER, AGENCY))
    judge.accept(package, register_number=next(next_number), responsible="Chánh Văn phòng")
    judge.start(package, unit="Phòng CNTT")
    waits = {one.package_id: one for one in judge.judge_again(everything=True)}
    assert waits[package].value is LegalValue.PENDING_CHECK
    assert waits[package].next_at is not None
    status(HOUR)
    decided = {one.package_id: one for one in judge.judge_again(everything=True)}
    assert decided[package].error is None
    assert decided[package].next_at is None
    for client, direction in ((judge, Direction.INCOMING), (clients[A], Direction.OUTGOING)):
        found = seen(client, direction, package)
        assert found.legal_value is not None
        assert found.legal_value.value is LegalValue.ORIGINAL_EQUIVALENT
        assert found.state is DeliveryState.IN_PROGRESS
    assert len(ReportFolder(judge.profile.reports).all(package)) == 2
    assert list(judge.judge_again(everything=True)) == []


@pytest.mark.parametrize("place", ["inside", "behind"])
def test_altered_file_is_refused_and_never_accepted(
    judge: Client,
    signed: Callable[..., bytes],
    status: Callable[[timedelta], None],
    sent: Callable[[bytes], PackageId],
    place: str,
) -> None:
    """Its sender altered it before it was sent: hashes and receipt are in order (row 5)."""
    status(HOUR)
    content = signed(SIGNER, AGENCY)
    altered = content.replace(b"740", b"730") if place == "inside" else content + b"\n% more\n"
    assert altered != content
    package = sent(altered)
    with pytest.raises(GuardFailed, match="a passed check"):
        judge.accept(package, register_number=1, responsible="Chánh Văn phòng")
    assert seen(judge, Direction.INCOMING, package).legal_value is None
