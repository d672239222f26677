"""File signers of a format of lines: a sound one, and ones that are each wrong in one way."""

from __future__ import annotations

import hashlib
import json
from types import ModuleType
from typing import Any, BinaryIO

from lienthong.errors import (
    EarlierSignatureBroken,
    FileUnsignable,
    KeyUnusable,
    LienthongError,
    MissingField,
    NotSupported,
    SignatureInvalid,
    SignerSignatureMissing,
)
from lienthong.model.file_signature import SignatureRole
from lienthong.model.signing import SignatureAlgorithm
from lienthong.pki.algorithms import verify
from lienthong.pki.certificate import Certificate
from lienthong.pki.chain import Purpose, check_certificate
from lienthong.spi import (
    FileSigner,
    FileSignerCapabilities,
    FileSignerFactory,
    SignatureLevel,
    SignedFile,
    Signer,
    SigningOrder,
    TimeStamper,
)

TYPE = "application/x-lines"
DOCUMENT = b"lines\nBe it resolved.\n"
SIGNED = b"signed:"


def judge(content: bytes) -> list[bool]:
    """Whether each signature is intact: a line that signs all bytes before it."""
    found, before = [], b""
    for line in content.splitlines(keepends=True):
        if line.startswith(SIGNED):
            found.append(_is_intact(before, line))
        elif found:
            found = [False] * len(found)
        before += line
    return found


def _is_intact(before: bytes, line: bytes) -> bool:
    try:
        said = json.loads(line.removeprefix(SIGNED))
        message = before + said["role"].encode()
        algorithm = SignatureAlgorithm(said["algorithm"])
        key = Certificate.load(bytes.fromhex(said["certificate"])).public_key
        verify(algorithm, key, message, bytes.fromhex(said["value"]))
    except (LienthongError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return line == _line(said)


def _line(said: dict[str, Any]) -> bytes:
    return SIGNED + json.dumps(said, sort_keys=True).encode() + b"\n"


class LineSigner(FileSigner):
    """The sound reference, whose methods others override."""

    levels = frozenset({SignatureLevel.B_B, SignatureLevel.B_T})

    def sign(
        self,
        source: BinaryIO,
        target: BinaryIO,
        order: SigningOrder,
        signer: Signer,
        stamper: TimeStamper | None = None,
    ) -> SignedFile:
        content = source.read()
        roles = self.earlier(content)
        self.check(order, roles)
        self.check_level(order, stamper)
        certificate = self.certificate(order, signer)
        self.check_parties(order, signer, content)
        message = content + order.role.value.encode()
        value = signer.sign(message)
        self.check_value(signer, certificate, message, value)
        if stamper is not None and order.level.stamped:
            self.stamp(stamper, value)
        said = {
            "role": order.role.value,
            "algorithm": signer.algorithm.value,
            "certificate": signer.chain[0].hex(),
            "value": value.hex(),
        }
        target.write(content + _line(said))
        return SignedFile(
            name=f"line {len(roles) + 1}",
            role=order.role,
            level=order.level,
            at=order.at,
            earlier=[f"line {number + 1}" for number in range(len(roles))],
        )

    def earlier(self, content: bytes) -> list[str]:
        if not content.startswith(b"lines\n"):
            raise FileUnsignable(reason="it has no lines")
        if not all(judge(content)):
            raise EarlierSignatureBroken(name="a line", reason="it does not fit")
        lines = [line for line in content.splitlines() if line.startswith(SIGNED)]
        return [json.loads(line.removeprefix(SIGNED))["role"] for line in lines]

    def check(self, order: SigningOrder, roles: list[str]) -> None:
        if order.role is SignatureRole.AGENCY and "SIGNER" not in roles:
            raise SignerSignatureMissing(reason="nobody has signed")

    def check_level(self, order: SigningOrder, stamper: TimeStamper | None) -> None:
        if order.level not in self.levels:
            raise NotSupported(plugin=TYPE, capability=order.level.value)
        if order.level.stamped and stamper is None:
            raise MissingField(field="stamper", clause=order.level.value)

    def certificate(self, order: SigningOrder, signer: Signer) -> Certificate:
        found = check_certificate(signer.chain[0], Purpose.SIGNING)
        if not found.not_before <= order.at <= found.not_after:
            raise KeyUnusable(key="the key", reason="it is not in force")
        return found

    def check_parties(self, order: SigningOrder, signer: Signer, content: bytes) -> None:
        for line in content.splitlines():
            said = json.loads(line.removeprefix(SIGNED)) if line.startswith(SIGNED) else {}
            own = said.get("certificate") == signer.chain[0].hex()
            if own and said["role"] != order.role.value:
                raise KeyUnusable(key="the key", reason=f"it has signed as {said['role']}")

    def check_value(
        self, signer: Signer, certificate: Certificate, message: bytes, value: bytes
    ) -> None:
        try:
            verify(signer.algorithm, certificate.public_key, message, value)
        except SignatureInvalid as error:
            raise KeyUnusable(key="the key", reason="it signs something else") from error

    def stamp(self, stamper: TimeStamper, value: bytes) -> None:
        stamper.stamp(hashlib.sha256(value).digest())

    def close(self) -> None:
        pass


class LineFiles(ModuleType):
    """What an entry point would name."""

    SPI_VERSION = 1
    CAPABILITIES = FileSignerCapabilities(levels=LineSigner.levels)
    kept: type[LineSigner] = LineSigner

    def __init__(self) -> None:
        super().__init__("line_files")

    def lienthong_file_signer_factory(self, media_type: str) -> FileSignerFactory | None:
        return (lambda _: self.kept()) if media_type == TYPE else None


class OffersEverything(LineFiles):
    def lienthong_file_signer_factory(self, media_type: str) -> FileSignerFactory | None:
        return lambda _: self.kept()


class LetsTheAgencyFirst(LineFiles):
    class kept(LineSigner):
        def check(self, order: SigningOrder, roles: list[str]) -> None:
            pass


class SignsAnything(LineFiles):
    class kept(LineSigner):
        def earlier(self, content: bytes) -> list[str]:
            return super().earlier(content) if content.startswith(b"lines\n") else []


class SignsOverBrokenOnes(LineFiles):
    class kept(LineSigner):
        def earlier(self, content: bytes) -> list[str]:
            if not content.startswith(b"lines\n"):
                return super().earlier(content)
            return ["SIGNER"] * content.count(SIGNED)


class RewritesWhatWasSigned(LineFiles):
    class kept(LineSigner):
        def sign(self, source: BinaryIO, target: BinaryIO, *rest: Any, **more: Any) -> SignedFile:
            told = super().sign(source, target, *rest, **more)
            target.seek(6)
            target.write(b"b")
            return told


class BelievesTheKey(LineFiles):
    class kept(LineSigner):
        def check_value(self, *_: object) -> None:
            pass


class SignsTwice(LineFiles):
    class kept(LineSigner):
        def check_value(
            self, signer: Signer, certificate: Certificate, message: bytes, value: bytes
        ) -> None:
            super().check_value(signer, certificate, message, signer.sign(message))


class TakesAnyCertificate(LineFiles):
    class kept(LineSigner):
        def certificate(self, order: SigningOrder, signer: Signer) -> Certificate:
            return Certificate.load(signer.chain[0])


class CountsOneCertificateTwice(LineFiles):
    class kept(LineSigner):
        def check_parties(self, *_: object) -> None:
            pass


class ForgetsTheStamp(LineFiles):
    class kept(LineSigner):
        def stamp(self, stamper: TimeStamper, value: bytes) -> None:
            pass


class StampsWithoutAuthority(LineFiles):
    class kept(LineSigner):
        def check_level(self, order: SigningOrder, stamper: TimeStamper | None) -> None:
            pass


class ForgetsEarlierOnes(LineFiles):
    class kept(LineSigner):
        def earlier(self, content: bytes) -> list[str]:
            return super().earlier(content)[:1]


CAUGHT_BY: dict[type[LineFiles], str] = {
    OffersEverything: "test_announces_itself",
    LetsTheAgencyFirst: "test_agency_waits_for_the_competent_person",
    SignsAnything: "test_what_is_no_file_of_the_type_is_refused",
    SignsOverBrokenOnes: "test_file_whose_signature_is_broken_is_not_signed",
    RewritesWhatWasSigned: "test_signature_is_intact_and_told",
    BelievesTheKey: "test_signature_that_does_not_fit_is_refused",
    SignsTwice: "test_key_signs_once",
    TakesAnyCertificate: "test_certificate_that_is_not_in_force_is_refused",
    CountsOneCertificateTwice: "test_one_certificate_is_not_two_parties",
    ForgetsTheStamp: "test_authority_that_is_down_is_told",
    StampsWithoutAuthority: "test_stamped_level_without_authority_is_refused",
    ForgetsEarlierOnes: "test_later_signatures_leave_earlier_ones_intact",
}
