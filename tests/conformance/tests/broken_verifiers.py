"""File verifiers of a format of one JSON object: a sound one, and ones that are each wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any, BinaryIO

from lienthong.errors import Closed, LienthongError, NotSupported
from lienthong.model.file_signature import (
    FileSignature,
    Finding,
    SignatureCheck,
    SignatureKind,
    SignatureRole,
)
from lienthong.model.ids import Sha256
from lienthong.model.time import check_aware
from lienthong.model.trust import (
    NO_EVIDENCE,
    StatusEvidence,
    Trust,
    TrustedAuthority,
    TrustPurpose,
)
from lienthong.pki.algorithms import verify
from lienthong.pki.certificate import Certificate
from lienthong.pki.chain import Purpose, TrustAnchors, validate_chain
from lienthong.pki.revocation import RevocationIndex, path_status, worst
from lienthong.spi import (
    FileCheck,
    FileReport,
    FileVerifier,
    FileVerifierCapabilities,
    FileVerifierFactory,
    Outcome,
)
from lienthong.testing.pki import TestPKI
from lienthong.testing.status import Revoked, make_list, serial_of
from lienthong_conformance import Specimen

TYPE = "application/x-signed-object"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
PKI = TestPKI(NOW)
KEY = PKI.organisation("signer").signer()
OUTCOMES = {
    Finding.GOOD: Outcome.PASSED,
    Finding.UNKNOWN: Outcome.INDETERMINATE,
    Finding.BAD: Outcome.FAILED,
}


def lists(revoked: dict[int, Revoked]) -> StatusEvidence:
    authorities = (PKI.root, PKI.intermediate)
    made = [make_list(one, revoked, at=NOW - timedelta(minutes=5)) for one in authorities]
    return StatusEvidence(lists=made)


def specimen() -> Specimen:
    content = "Be it resolved."
    signed = {
        "content": content,
        "chain": [one.hex() for one in KEY.chain],
        "value": KEY.sign(content.encode()).hex(),
    }
    authority = TrustedAuthority(
        certificate=PKI.root.certificate,
        label="Test Root",
        kind=SignatureKind.CHUYEN_DUNG,
        purposes=[TrustPurpose.FILES],
    )
    before = Revoked(at=NOW - timedelta(days=1))
    return Specimen(
        signed=json.dumps(signed).encode(),
        unsigned=json.dumps({"content": content}).encode(),
        trust=Trust(authorities=[authority]),
        at=NOW,
        evidence=lists({}),
        revoked=lists({serial_of(KEY.chain[0]): before}),
    )


class ObjectVerifier(FileVerifier):
    """The sound reference, whose methods others override."""

    def __init__(self, trust: Trust) -> None:
        self.trust = trust
        self.closed = False

    def verify(
        self,
        stream: BinaryIO,
        media_type: str,
        at: datetime,
        evidence: StatusEvidence = NO_EVIDENCE,
        *,
        content: BinaryIO | None = None,
    ) -> FileReport:
        del content
        self.check_open()
        check_aware(at, field="at")
        if media_type != TYPE:
            raise NotSupported(plugin="objects", capability=media_type)
        data = stream.read()
        checks, signatures, used = self.judge(data, at, evidence)
        return FileReport(
            media_type=media_type,
            at=at,
            sha256=self.hash_of(data),
            verifier="objects 1",
            checks=checks,
            signatures=signatures,
            evidence=used,
        )

    def check_open(self) -> None:
        if self.closed:
            raise Closed(what="the verifier")

    def hash_of(self, data: bytes) -> Sha256:
        return Sha256.of(data)

    def judge(self, data: bytes, at: datetime, evidence: StatusEvidence) -> Any:
        try:
            said = self.read(data)
        except (ValueError, RecursionError):
            return [failed("file.structure")], [], NO_EVIDENCE
        if not isinstance(said, dict) or "value" not in said:
            return [undecided("file.signatures")], [], NO_EVIDENCE
        try:
            chain = [bytes.fromhex(one) for one in said["chain"]]
            leaf = Certificate.load(chain[0])
            message = said["content"].encode()
            verify(KEY.algorithm, leaf.public_key, message, bytes.fromhex(said["value"]))
        except (LienthongError, ValueError, KeyError, TypeError, AttributeError):
            return [failed("signature.integrity")], [], NO_EVIDENCE
        try:
            anchors = TrustAnchors(self.trust.certificates(TrustPurpose.FILES))
            path = validate_chain(chain, anchors, self.moment(at), Purpose.SIGNING).path
        except LienthongError:
            return [undecided("certificate.path")], [], NO_EVIDENCE
        finding = self.revocation(path, at, evidence)
        check = FileCheck(name="status", outcome=OUTCOMES[finding], reason="as it is")
        return [check], [self.signature(leaf, finding, at)], self.used(evidence)

    def read(self, data: bytes) -> Any:
        return json.loads(data)

    def moment(self, at: datetime) -> datetime:
        return at

    def revocation(self, path: Any, at: datetime, evidence: StatusEvidence) -> Finding:
        return worst(path_status(path, at, RevocationIndex(evidence))).finding

    def used(self, evidence: StatusEvidence) -> StatusEvidence:
        return evidence

    def kind(self) -> SignatureKind:
        return self.trust.authorities[0].kind

    def signature(self, leaf: Certificate, finding: Finding, at: datetime) -> FileSignature:
        good = Finding.GOOD
        return FileSignature(
            role=SignatureRole.SIGNER,
            kind=self.kind(),
            subject=leaf.subject,
            issuer=leaf.parsed.issuer.rfc4514_string(),
            serial=f"{leaf.parsed.serial_number:x}",
            not_before=leaf.not_before,
            not_after=leaf.not_after,
            signed_at=NOW,
            check=SignatureCheck(
                integrity=good,
                chain=good,
                revocation=finding,
                time=good,
                order=good,
                checked_at=at,
            ),
        )

    def close(self) -> None:
        self.closed = True


def failed(name: str) -> FileCheck:
    return FileCheck(name=name, outcome=Outcome.FAILED, reason="it is not")


def undecided(name: str) -> FileCheck:
    return FileCheck(name=name, outcome=Outcome.INDETERMINATE, reason="nobody knows")


class Objects(ModuleType):
    """What an entry point would name."""

    SPI_VERSION = 1
    CAPABILITIES = FileVerifierCapabilities(revocation=True)
    made: type[ObjectVerifier] = ObjectVerifier

    def __init__(self) -> None:
        super().__init__("objects")

    def lienthong_file_verifier_factory(self, media_type: str) -> FileVerifierFactory | None:
        return self.made if media_type == TYPE else None


class OffersEverything(Objects):
    def lienthong_file_verifier_factory(self, media_type: str) -> FileVerifierFactory | None:
        del media_type
        return self.made


class AsksNoRevocation(Objects):
    class made(ObjectVerifier):
        def revocation(self, path: Any, at: datetime, evidence: StatusEvidence) -> Finding:
            return Finding.GOOD


class TakesUnknownForGood(Objects):
    class made(ObjectVerifier):
        def revocation(self, path: Any, at: datetime, evidence: StatusEvidence) -> Finding:
            found = super().revocation(path, at, evidence)
            return Finding.GOOD if found is Finding.UNKNOWN else found


class ForgetsItsEvidence(Objects):
    class made(ObjectVerifier):
        def used(self, evidence: StatusEvidence) -> StatusEvidence:
            return NO_EVIDENCE


class JudgesForNow(Objects):
    class made(ObjectVerifier):
        def moment(self, at: datetime) -> datetime:
            return NOW

        def revocation(self, path: Any, at: datetime, evidence: StatusEvidence) -> Finding:
            return super().revocation(path, NOW, evidence)


class ReadsTheBeginningOnly(Objects):
    class made(ObjectVerifier):
        def read(self, data: bytes) -> Any:
            found, _ = json.JSONDecoder().raw_decode(data.decode())
            return found


class LeaksItsParsersErrors(Objects):
    class made(ObjectVerifier):
        def judge(self, data: bytes, at: datetime, evidence: StatusEvidence) -> Any:
            self.read(data)["content"]
            return super().judge(data, at, evidence)


class PassesUnsigned(Objects):
    class made(ObjectVerifier):
        def judge(self, data: bytes, at: datetime, evidence: StatusEvidence) -> Any:
            checks, signatures, used = super().judge(data, at, evidence)
            if checks[0].name == "file.signatures":
                checks = [FileCheck(name="file.structure", outcome=Outcome.PASSED)]
            return checks, signatures, used


class SaysOneKindForAll(Objects):
    class made(ObjectVerifier):
        def kind(self) -> SignatureKind:
            return SignatureKind.CONG_VU


class HashesNothing(Objects):
    class made(ObjectVerifier):
        def hash_of(self, data: bytes) -> Sha256:
            return Sha256.of(b"")


class TrustsWhoeverIsThere(Objects):
    class made(ObjectVerifier):
        def __init__(self, trust: Trust) -> None:
            super().__init__(trust if trust.authorities else specimen().trust)


class VerifiesAfterClosing(Objects):
    class made(ObjectVerifier):
        def close(self) -> None:
            pass


class ClosesTheStream(Objects):
    class made(ObjectVerifier):
        def verify(self, stream: BinaryIO, *args: Any, **rest: Any) -> FileReport:
            with stream:
                return super().verify(stream, *args, **rest)


class VerifiesAnyType(Objects):
    class made(ObjectVerifier):
        def verify(self, stream: BinaryIO, media_type: str, *args: Any, **rest: Any) -> FileReport:
            del media_type
            return super().verify(stream, TYPE, *args, **rest)


CAUGHT_BY: dict[type[Objects], str] = {
    OffersEverything: "test_announces_itself",
    AsksNoRevocation: "test_certificate_revoked_before_it_signed_fails",
    TakesUnknownForGood: "test_missing_status_is_not_taken_for_good",
    ForgetsItsEvidence: "test_evidence_of_a_report_repeats_it",
    JudgesForNow: "test_another_moment_is_another_verdict",
    ReadsTheBeginningOnly: "test_file_that_was_cut_or_extended_does_not_pass",
    LeaksItsParsersErrors: "test_anything_at_all_is_a_report",
    PassesUnsigned: "test_unsigned_file_is_a_report_that_does_not_pass",
    SaysOneKindForAll: "test_signature_is_of_the_kind_that_its_authority_makes",
    HashesNothing: "test_report_says_what_it_is_about",
    TrustsWhoeverIsThere: "test_without_trust_nothing_passes",
    VerifiesAfterClosing: "test_closed_verifier_refuses",
    ClosesTheStream: "test_streams_stay_open",
    VerifiesAnyType: "test_undeclared_media_type_is_refused",
}
