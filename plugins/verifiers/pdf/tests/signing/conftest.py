"""Documents, pictures, keys and a way to sign, all made on the spot."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from attrs import field, frozen
from cryptography.x509.oid import NameOID
from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas

from lienthong.errors import ConnectionFailed, FontMissing
from lienthong.model.file_signature import SignatureKind, SignatureRole
from lienthong.model.trust import StatusEvidence, Trust, TrustedAuthority, TrustPurpose
from lienthong.spi import FileSigner, SignedFile, Signer, SigningOrder, TimeReading, TimeStamper
from lienthong.testing.pki import TestPKI
from lienthong.testing.status import make_list
from lienthong.testing.tsa import TestTSA
from lienthong_verifier_pdf.fields import DATE, NUMBER
from lienthong_verifier_pdf.signer import open_file_signer
from plugins.verifiers.pdf.tests.signing.parties import named

A4 = (595.28, 841.89)
BLUE, RED = (20, 30, 190, 255), (215, 20, 25, 255)
SEAL_MM = 36


@frozen
class Signed:
    """A signed file with what the file signer says of it."""

    content: bytes = field(repr=False)
    told: SignedFile


class Stamper(TimeStamper):
    """The authority of the tests, which may be out of reach."""

    def __init__(self, authority: TestTSA) -> None:
        self.authority = authority
        self.down_after: int | None = None
        self.asked = 0

    def stamp(self, digest: bytes, algorithm: str = "SHA-256") -> bytes:
        self.asked += 1
        if self.down_after is not None and self.asked > self.down_after:
            raise ConnectionFailed(endpoint="tsa.test", reason="it does not answer")
        return self.authority.issue(digest, algorithm=algorithm)

    def now(self) -> TimeReading:
        return TimeReading(instant=self.authority.pki.now, uncertainty=1.0, source="tsa.test")

    def close(self) -> None:
        pass


def draw_pdf(
    pages: int = 2,
    *,
    size: tuple[float, float] = A4,
    turn: int = 0,
    fields: tuple[str, ...] = (),
) -> bytes:
    """A document without any signature."""
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=size, pdfVersion=(1, 7), invariant=1)
    for number in range(1, pages + 1):
        canvas.drawString(90, size[1] - 100, f"Page {number}")
        canvas.setPageRotation(turn)
        for at, name in enumerate(fields if number == 1 else ()):
            canvas.acroForm.textfield(name=name, x=90, y=600 - 40 * at, width=160, height=20)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def draw_png(
    colour: tuple[int, int, int, int], size: tuple[int, int] = (300, 120), dpi: float | None = None
) -> bytes:
    """A ring on a transparent background."""
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((5, 5, size[0] - 5, size[1] - 5), outline=colour, width=12)
    made = io.BytesIO()
    image.save(made, "PNG", **({} if dpi is None else {"dpi": (dpi, dpi)}))
    return made.getvalue()


SIGNATURE = draw_png(BLUE)
SEAL = draw_png(RED, (400, 400), dpi=400 / SEAL_MM * 25.4)


@pytest.fixture(scope="session")
def pki() -> TestPKI:
    return TestPKI()


@pytest.fixture
def at(pki: TestPKI) -> datetime:
    return pki.now


@pytest.fixture
def key(pki: TestPKI) -> Signer:
    """The competent person's."""
    return pki.organisation("Chủ tịch").signer()


@pytest.fixture
def seal_key(pki: TestPKI) -> Signer:
    """The agency's: a person and an agency are two."""
    return pki.organisation("Văn thư").signer()


@pytest.fixture
def stamper(pki: TestPKI) -> Stamper:
    return Stamper(TestTSA(pki))


@pytest.fixture(scope="session")
def trust(pki: TestPKI) -> Trust:
    authority = TrustedAuthority(
        certificate=pki.root.certificate,
        label="CA of the tests",
        kind=SignatureKind.CONG_VU,
        purposes=[TrustPurpose.FILES, TrustPurpose.TIME_STAMPS],
    )
    return Trust(authorities=[authority])


@pytest.fixture(scope="session")
def evidence(pki: TestPKI) -> StatusEvidence:
    lists = [make_list(authority, at=pki.now) for authority in (pki.root, pki.intermediate)]
    return StatusEvidence(lists=lists)


@pytest.fixture
def file_signer() -> FileSigner:
    return open_file_signer("application/pdf")


@pytest.fixture
def document() -> bytes:
    return draw_pdf()


@pytest.fixture
def draw() -> Callable[..., bytes]:
    return draw_pdf


@pytest.fixture(scope="session")
def pictures() -> dict[str, bytes]:
    return {"signature": SIGNATURE, "seal": SEAL}


@pytest.fixture
def unsized_seal() -> bytes:
    """A seal whose PNG does not tell its resolution."""
    return draw_png(RED, (400, 400))


@pytest.fixture
def form() -> bytes:
    """A document with fields for number and date."""
    return draw_pdf(fields=(NUMBER, DATE))


@pytest.fixture
def order(at: datetime) -> Callable[..., SigningOrder]:
    """An order for a role, with the picture that belongs to it."""
    images = {SignatureRole.SIGNER: SIGNATURE, SignatureRole.AGENCY: SEAL}

    def order(role: SignatureRole = SignatureRole.SIGNER, **more: Any) -> SigningOrder:
        given: dict[str, Any] = {"role": role, "at": at, "image": images.get(role, b"")}
        return SigningOrder(**(given | more))

    return order


@pytest.fixture
def sign(
    file_signer: FileSigner, order: Callable[..., SigningOrder], key: Signer, seal_key: Signer
) -> Callable[..., Signed]:
    """Sign a content by the key of the role; what was handed in is compared afterwards."""

    def sign(
        content: bytes,
        role: SignatureRole = SignatureRole.SIGNER,
        *,
        by: Signer | None = None,
        stamper: TimeStamper | None = None,
        **more: Any,
    ) -> Signed:
        before = hashlib.sha256(content).digest()
        source, target = io.BytesIO(content), io.BytesIO()
        used = by or (key if role is SignatureRole.SIGNER else seal_key)
        try:
            told = file_signer.sign(source, target, order(role, **more), used, stamper)
        except FontMissing as error:
            if "font" in more:
                raise
            pytest.skip(str(error))
        finally:
            assert hashlib.sha256(source.getvalue()).digest() == before
        return Signed(target.getvalue(), told)

    return sign


@pytest.fixture
def person(pki: TestPKI) -> Signer:
    return named(pki, (NameOID.COMMON_NAME, "Chủ tịch"), (NameOID.USER_ID, "CCCD:000000000000"))


@pytest.fixture
def organisation(pki: TestPKI) -> Signer:
    return named(pki, (NameOID.COMMON_NAME, "UBND tỉnh"), (NameOID.USER_ID, "MST:0000000000"))
