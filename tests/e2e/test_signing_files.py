"""Signer and agency, a token and a key in a file, one document: as the two sign in life."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lienthong.errors import KeyUnusable
from lienthong.model.file_signature import SignatureRole
from lienthong.plugins import PluginHost
from lienthong.spi import SignedFile, SigningOrder
from lienthong.testing.pki import KeyKind, TestPKI

pytest.importorskip("lienthong_verifier_pdf")
pytest.importorskip("lienthong_signer_softkey")
Image = pytest.importorskip("PIL.Image")
Canvas = pytest.importorskip("reportlab.pdfgen.canvas").Canvas

SHARED = Path(os.environ.get("LIENTHONG_SHARED", Path(__file__).parents[3] / "shared"))
REAL = SHARED / "data" / "documents" / "52-2019-QD-UBND.pdf"
MILLIMETRE = 72_000 / 25.4


def drawn() -> bytes:
    made = io.BytesIO()
    canvas = Canvas(made, pdfVersion=(1, 7), invariant=1)
    for page in ("one", "two"):
        canvas.drawString(90, 740, f"Page {page}")
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def real() -> bytes:
    if not REAL.is_file():
        pytest.skip("the shared document is not here")
    return REAL.read_bytes()


def picture(red: int, blue: int) -> bytes:
    image = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    image.paste((red, 0, blue, 255), (50, 25, 150, 75))
    made = io.BytesIO()
    image.save(made, "PNG")
    return made.getvalue()


@pytest.fixture
def host() -> Iterator[PluginHost]:
    with PluginHost() as opened:
        yield opened


@pytest.fixture
def token(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[[TestPKI, KeyKind], str]:
    """Puts a person's key on a token; the URI of the key."""
    testing = pytest.importorskip("lienthong_signer_pkcs11.testing")
    if reason := testing.soft_hsm_missing():
        pytest.skip(reason)

    def token(pki: TestPKI, kind: KeyKind) -> str:
        hsm = testing.SoftHSM.create(tmp_path_factory.mktemp("tokens"))
        monkeypatch.setenv(testing.CONFIGURATION, str(hsm.configuration))
        person = pki.organisation("person", kind)
        hsm.token("person")
        hsm.put("person", person.key, person.chain, label="sign")
        return str(hsm.uri("person", "sign"))

    return token


def sign(
    host: PluginHost, uri: str, content: bytes, order: SigningOrder, secret: str = ""
) -> tuple[bytes, SignedFile]:
    source, target = io.BytesIO(content), io.BytesIO()
    signer = host.open_signer(uri, lambda name: secret)
    try:
        told = host.open_file_signer("application/pdf").sign(source, target, order, signer)
    finally:
        signer.close()
    return target.getvalue(), told


@pytest.mark.parametrize("make", [drawn, real])
@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.P256])
def test_token_signs_and_a_key_in_a_file_seals(
    host: PluginHost,
    token: Callable[[TestPKI, KeyKind], str],
    tmp_path: Path,
    make: Callable[[], bytes],
    kind: KeyKind,
) -> None:
    from lienthong_signer_pkcs11.testing import PIN

    pki, document = TestPKI(), make()
    at = datetime.now(UTC)
    as_signer = SigningOrder(role=SignatureRole.SIGNER, at=at, image=picture(0, 200))
    first, _ = sign(host, token(pki, kind), document, as_signer, PIN)
    as_agency = SigningOrder(
        role=SignatureRole.AGENCY,
        at=at,
        image=picture(200, 0),
        image_width=round(36 * MILLIMETRE),
    )
    seal = pki.organisation("agency").write(tmp_path).uri
    second, told = sign(host, seal, first, as_agency)
    assert told.earlier == ("lienthong-SIGNER-1",)
    assert first.startswith(document)
    assert second.startswith(first)
    if shutil.which("pdfsig") is None:
        return
    (tmp_path / "signed.pdf").write_bytes(second)
    command = ["pdfsig", "-nocert", str(tmp_path / "signed.pdf")]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.count("Signature is Valid.") == 2
    assert "Total document signed" in found


def test_wrong_pin_signs_nothing(
    host: PluginHost, token: Callable[[TestPKI, KeyKind], str]
) -> None:
    order = SigningOrder(role=SignatureRole.SIGNER, at=datetime.now(UTC), image=picture(0, 200))
    with pytest.raises(KeyUnusable):
        sign(host, token(TestPKI(), KeyKind.P256), drawn(), order, "000000")
