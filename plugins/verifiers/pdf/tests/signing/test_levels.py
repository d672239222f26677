"""Every level with every kind of key, judged by programs that share no code with ours."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from pyhanko.pdf_utils.reader import PdfFileReader

from lienthong.errors import (
    CertificateRevoked,
    ChainUntrusted,
    ConnectionFailed,
    MissingField,
    SigningClockWrong,
    StatusUnproven,
)
from lienthong.model.file_signature import SignatureRole
from lienthong.model.signing import SignatureAlgorithm
from lienthong.model.trust import StatusEvidence, Trust
from lienthong.spi import SignatureLevel
from lienthong.testing.pki import KeyKind, TestPKI, key_usage
from lienthong.testing.status import DAY, Revoked, make_list, serial_of
from lienthong.testing.tsa import TestTSA

B_B, B_T, B_LT, B_LTA = SignatureLevel
KINDS = {
    SignatureAlgorithm.RSA_PKCS1_SHA256: KeyKind.RSA2048,
    SignatureAlgorithm.RSA_PKCS1_SHA384: KeyKind.RSA2048,
    SignatureAlgorithm.RSA_PSS_SHA256: KeyKind.RSA2048,
    SignatureAlgorithm.RSA_PSS_SHA384: KeyKind.RSA2048,
    SignatureAlgorithm.ECDSA_P256_SHA256: KeyKind.P256,
    SignatureAlgorithm.ECDSA_P384_SHA384: KeyKind.P384,
    SignatureAlgorithm.ED25519: KeyKind.ED25519,
}


@pytest.fixture
def proven(trust: Trust, evidence: StatusEvidence) -> dict[str, Any]:
    return {"trust": trust, "evidence": evidence}


def names(content: bytes) -> list[str]:
    embedded = PdfFileReader(io.BytesIO(content)).embedded_signatures
    return [one.field_name for one in embedded]


@pytest.mark.parametrize("level", SignatureLevel)
@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
def test_every_level_with_every_algorithm(
    sign: Any,
    document: bytes,
    pki: TestPKI,
    stamper: Any,
    proven: dict[str, Any],
    algorithm: SignatureAlgorithm,
    level: SignatureLevel,
) -> None:
    by = pki.organisation("any", KINDS[algorithm]).signer(algorithm)
    made = sign(document, by=by, stamper=stamper, level=level, **proven)
    assert made.told.level is level
    assert made.content.startswith(document)
    assert len(by.signed) == 1
    stamps = 1 if level is B_LTA else 0
    assert len(names(made.content)) == 1 + stamps
    assert (b"/DSS" in made.content) == level.long_term
    assert stamper.asked == {B_B: 0, B_T: 1, B_LT: 1, B_LTA: 2}[level]


@pytest.mark.parametrize("level", SignatureLevel)
@pytest.mark.parametrize(
    "algorithm",
    [
        SignatureAlgorithm.RSA_PKCS1_SHA256,
        SignatureAlgorithm.ECDSA_P256_SHA256,
        SignatureAlgorithm.ECDSA_P384_SHA384,
    ],
)
def test_poppler_finds_them_intact(
    sign: Any,
    document: bytes,
    pki: TestPKI,
    stamper: Any,
    proven: dict[str, Any],
    tmp_path: Path,
    algorithm: SignatureAlgorithm,
    level: SignatureLevel,
) -> None:
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig (poppler-utils) is not installed")
    by = pki.organisation("any", KINDS[algorithm]).signer(algorithm)
    made = sign(document, by=by, stamper=stamper, level=level, **proven)
    told = pdfsig(tmp_path, made.content)
    # Poppler does not judge time-stamps of documents.
    assert told.count("Signature is Valid.") == 1
    assert told.count("Signature Field Name") == len(names(made.content))


def pdfsig(folder: Path, content: bytes) -> str:
    path = folder / "signed.pdf"
    path.write_bytes(content)
    command = ["pdfsig", "-nocert", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_message_holds_each_certificate_once(sign: Any, document: bytes, pki: TestPKI) -> None:
    by = pki.organisation("any").signer()
    content = sign(document, by=by).content
    (signature,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    held = [one.chosen.dump() for one in signature.signed_data["certificates"]]
    assert sorted(held) == sorted(by.chain)


def test_openssl_finds_the_message_over_its_bytes_intact(
    sign: Any, document: bytes, tmp_path: Path
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    content = sign(sign(document).content, SignatureRole.AGENCY).content
    for number, one in enumerate(PdfFileReader(io.BytesIO(content)).embedded_signatures):
        message, data = tmp_path / f"{number}.p7s", tmp_path / f"{number}.bin"
        message.write_bytes(one.pkcs7_content)
        start, length, second, rest = map(int, one.byte_range)
        data.write_bytes(content[start : start + length] + content[second : second + rest])
        command = ["openssl", "cms", "-verify", "-noverify", "-binary", "-inform", "DER"]
        files = ["-in", str(message), "-content", str(data), "-out", str(tmp_path / "out")]
        found = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stderr
        data.write_bytes(data.read_bytes()[:-1] + b"!")
        found = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
        assert found.returncode != 0


@pytest.mark.parametrize("level", [B_T, B_LT, B_LTA])
def test_stamped_levels_need_an_authority(
    sign: Any, document: bytes, proven: dict[str, Any], level: SignatureLevel
) -> None:
    with pytest.raises(MissingField, match="time-stamp"):
        sign(document, level=level, **proven)


@pytest.mark.parametrize(("level", "down_after"), [(B_T, 0), (B_LT, 0), (B_LTA, 0), (B_LTA, 1)])
def test_authority_that_is_down_is_named(
    sign: Any,
    document: bytes,
    stamper: Any,
    proven: dict[str, Any],
    level: SignatureLevel,
    down_after: int,
) -> None:
    stamper.down_after = down_after
    with pytest.raises(ConnectionFailed, match=r"tsa\.test"):
        sign(document, stamper=stamper, level=level, **proven)


def test_key_is_not_used_for_a_status_that_is_unknown(
    sign: Any, document: bytes, pki: TestPKI, stamper: Any, trust: Trust
) -> None:
    by = pki.organisation("any").signer()
    with pytest.raises(StatusUnproven, match="B-LT needs the status"):
        sign(document, by=by, stamper=stamper, level=B_LT, trust=trust)
    assert by.signed == []


@pytest.mark.parametrize(("ahead", "refused"), [(timedelta(minutes=4), False), (DAY, True)])
def test_clock_that_is_ahead_of_the_authority_is_told(
    sign: Any, document: bytes, stamper: Any, pki: TestPKI, ahead: timedelta, refused: bool
) -> None:
    more = {"stamper": stamper, "level": B_T, "at": pki.now + ahead}
    if not refused:
        assert sign(document, **more).told.at == pki.now + ahead
        return
    with pytest.raises(SigningClockWrong, match="later than its time-stamp"):
        sign(document, **more)


@pytest.mark.parametrize("level", SignatureLevel)
def test_revoked_key_signs_nothing(
    sign: Any, document: bytes, pki: TestPKI, stamper: Any, trust: Trust, level: SignatureLevel
) -> None:
    identity = pki.organisation("revoked")
    revoked = {serial_of(identity.certificate): Revoked(at=pki.now)}
    lists = [make_list(pki.root, at=pki.now), make_list(pki.intermediate, revoked, at=pki.now)]
    by = identity.signer()
    with pytest.raises(CertificateRevoked):
        sign(
            document,
            by=by,
            stamper=stamper,
            level=level,
            trust=trust,
            evidence=StatusEvidence(lists=lists),
        )
    assert by.signed == []


def test_long_term_levels_need_a_trusted_certificate(
    sign: Any, document: bytes, stamper: Any, pki: TestPKI, proven: dict[str, Any]
) -> None:
    by = pki.foreign().signer()
    with pytest.raises(ChainUntrusted):
        sign(document, by=by, stamper=stamper, level=B_LT, **proven)
    assert by.signed == []


def test_long_term_levels_need_a_trusted_authority(
    sign: Any, document: bytes, stamper: Any, proven: dict[str, Any]
) -> None:
    stamper.authority = TestTSA(TestPKI())
    with pytest.raises(ChainUntrusted):
        sign(document, stamper=stamper, level=B_LT, **proven)


def test_authorities_of_others_stay_out_of_the_file(
    sign: Any, document: bytes, stamper: Any, trust: Trust, evidence: StatusEvidence, pki: TestPKI
) -> None:
    others = TestPKI()
    more = {"trust": trust, "evidence": evolve(evidence, certificates=[others.root.certificate])}
    made = sign(document, stamper=stamper, level=B_LT, **more)
    store = PdfFileReader(io.BytesIO(made.content)).root["/DSS"]
    kept = [one.get_object().data for one in store["/Certs"]]
    assert pki.root.certificate in kept
    assert others.root.certificate not in kept


def test_certificate_of_a_key_for_lists_alone_is_stored(
    sign: Any, document: bytes, stamper: Any, trust: Trust, evidence: StatusEvidence, pki: TestPKI
) -> None:
    issuing, usage = pki.intermediate, (key_usage(key_cert_sign=True), True)
    key = pki.root.issue(issuing.name, extensions=[usage])
    lists = [evidence.lists[0], make_list(issuing, at=pki.now, key=key.key)]
    by_key = StatusEvidence(lists=lists, certificates=[key.certificate])
    made = sign(document, stamper=stamper, level=B_LT, trust=trust, evidence=by_key)
    store = PdfFileReader(io.BytesIO(made.content)).root["/DSS"]
    assert key.certificate in [one.get_object().data for one in store["/Certs"]]


def test_levels_follow_on_each_other(
    sign: Any, document: bytes, stamper: Any, proven: dict[str, Any], tmp_path: Path
) -> None:
    first = sign(document, stamper=stamper, level=B_LTA, **proven)
    second = sign(first.content, SignatureRole.AGENCY, stamper=stamper, level=B_LTA, **proven)
    assert second.content.startswith(first.content)
    assert second.told.earlier == ("lienthong-SIGNER-1", "lienthong-TIMESTAMP-1")
    if shutil.which("pdfsig") is not None:
        assert pdfsig(tmp_path, second.content).count("Signature is Valid.") == 2


def test_file_signer_works_inside_an_event_loop(sign: Callable[..., Any], document: bytes) -> None:
    import asyncio

    async def inside() -> Any:
        return sign(document)

    assert asyncio.run(inside()).told.name == "lienthong-SIGNER-1"
