"""Lists and responses that may tell of a certificate, and each way in which one may not."""

from __future__ import annotations

import random
from collections import Counter
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import CRLEntryExtensionOID

from lienthong.model.file_signature import Finding
from lienthong.model.trust import StatusEvidence
from lienthong.pki.revocation import (
    Reason,
    RevocationIndex,
    path_status,
    worst,
)
from lienthong.pki.status import Statement
from lienthong.pki.status_list import RevocationList
from lienthong.testing.pki import Authority, KeyKind, make_key, signing_extensions
from lienthong.testing.status import (
    DAY,
    HOUR,
    Answer,
    Revoked,
    make_list,
    make_responder,
    make_response,
    serial_of,
)
from sdk.tests.pki.statuses import (
    CA,
    EMPTY,
    HOLD,
    KEY_COMPROMISE,
    MARK,
    NOW,
    PKI,
    SERIAL,
    SIGNER,
    answer,
    ask,
    revoked,
    scoped,
)


def _octets(serial: int) -> bytes:
    return serial.to_bytes((serial.bit_length() + 8) // 8, "big")


class TestWhoMayTellByList:
    def check(self, made: bytes, reason: Reason) -> None:
        found = ask(lists=[made])
        assert (found.finding, found.reason) == (Finding.UNKNOWN, reason)

    def test_a_list_of_another_authority_is_not_about_it(self) -> None:
        self.check(make_list(PKI.root, at=NOW), Reason.NO_DATA)

    def test_a_list_in_the_name_of_the_issuer_is_not_the_issuer_s(self) -> None:
        self.check(make_list(CA, at=NOW, key=make_key(KeyKind.P256)), Reason.WRONG_SIGNER)

    def test_an_altered_list_is_not_the_issuer_s(self) -> None:
        made = make_list(CA, revoked(NOW - DAY), at=NOW)
        serial = SERIAL.to_bytes(20, "big").lstrip(b"\0")
        self.check(made.replace(serial, serial[:-1] + b"\x00"), Reason.WRONG_SIGNER)

    def test_an_authority_that_may_not_sign_lists_does_not(self) -> None:
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )
        basic = x509.BasicConstraints(ca=True, path_length=None)
        mute = PKI.root.authority("Mute CA", extensions=[(basic, True), (usage, True)])
        signer = mute.issue("signer", extensions=signing_extensions())
        index = RevocationIndex(StatusEvidence(lists=[make_list(mute, at=NOW)]))
        found = path_status([signer.certificate, mute.certificate], NOW, index)
        assert worst(found).reason is Reason.WRONG_SIGNER

    def test_a_list_with_an_unknown_critical_extension_is_not_used(self) -> None:
        self.check(make_list(CA, at=NOW, extensions=[(MARK, True)]), Reason.NOT_UNDERSTOOD)
        made = make_list(CA, at=NOW, extensions=[(MARK, False)])
        assert ask(lists=[made]).finding is Finding.GOOD

    def test_an_unknown_critical_extension_of_any_entry_spoils_the_list(self) -> None:
        odd = Revoked(at=NOW, extensions=((MARK, True),))
        self.check(make_list(CA, {SERIAL + 1: odd}, at=NOW), Reason.NOT_UNDERSTOOD)

    def test_an_entry_that_names_another_issuer_spoils_the_list(self) -> None:
        issuer = x509.CertificateIssuer([x509.DNSName("other.example")])
        odd = Revoked(at=NOW - DAY, extensions=((issuer, True),))
        assert issuer.oid == CRLEntryExtensionOID.CERTIFICATE_ISSUER
        self.check(make_list(CA, {SERIAL: odd}, at=NOW), Reason.NOT_UNDERSTOOD)

    @pytest.mark.parametrize(
        "scope", ["only_contains_ca_certs", "only_contains_attribute_certs", "full_name"]
    )
    def test_a_list_of_other_certificates_says_nothing(self, scope: str) -> None:
        elsewhere = [x509.UniformResourceIdentifier("http://other.example/list")]
        value: object = elsewhere if scope == "full_name" else True
        self.check(scoped(None, **{scope: value}), Reason.OUT_OF_SCOPE)

    def test_a_list_of_signers_certificates_counts(self) -> None:
        assert ask(lists=[scoped(only_contains_user_certs=True)]).finding is Finding.GOOD

    def test_a_list_for_some_reasons_makes_bad_but_never_good(self) -> None:
        some = frozenset({KEY_COMPROMISE})
        self.check(scoped(only_some_reasons=some), Reason.SOME_REASONS)
        hit = scoped(revoked(NOW - DAY), only_some_reasons=some)
        assert ask(lists=[hit]).finding is Finding.BAD

    def test_a_delta_list_makes_bad_but_never_good(self) -> None:
        delta = (x509.DeltaCRLIndicator(1), True)
        self.check(make_list(CA, at=NOW, extensions=[delta]), Reason.DELTA)
        hit = make_list(CA, revoked(NOW - HOUR), at=NOW, extensions=[delta])
        assert ask(lists=[EMPTY, hit]).finding is Finding.BAD

    def test_an_entry_taken_off_a_list_that_is_no_delta_says_nothing(self) -> None:
        removed = revoked(NOW - DAY, x509.ReasonFlags.remove_from_crl)
        self.check(make_list(CA, removed, at=NOW), Reason.INCONSISTENT)

    @pytest.mark.parametrize("turned", [False, True])
    def test_of_two_entries_with_one_number_the_graver_counts(self, *, turned: bool) -> None:
        held, gone = Revoked(at=NOW - 2 * DAY, reason=HOLD), Revoked(at=NOW - DAY)
        other = SERIAL ^ 1
        entries = {SERIAL: gone, other: held} if turned else {other: held, SERIAL: gone}
        made = make_list(CA, entries, at=NOW).replace(_octets(other), _octets(SERIAL))
        built = RevocationList.load(made)
        assert built.size == 2
        assert built.entries == {SERIAL: (NOW - 2 * DAY, Reason.UNSPECIFIED)}

    @pytest.mark.parametrize("octets", [b"<html>not here</html>", b"\x30\x80", EMPTY[:-1]])
    def test_what_cannot_be_read_says_nothing(self, octets: bytes) -> None:
        self.check(octets, Reason.UNREADABLE)
        found = ask(responses=[octets])
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.UNREADABLE)

    def test_an_unreadable_list_does_not_hide_a_good_one(self) -> None:
        assert ask(lists=[b"<html>", EMPTY]).finding is Finding.GOOD
        assert ask(lists=[b"<html>", make_list(CA, revoked(NOW), at=NOW)]).finding is Finding.BAD


class TestWhoMayTellByResponse:
    def check(self, made: bytes, reason: Reason, *certificates: bytes) -> None:
        found = ask(responses=[made], certificates=certificates)
        assert (found.finding, found.reason) == (Finding.UNKNOWN, reason)

    @pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.RSA2048, KeyKind.ED25519])
    def test_the_issuer_answers_with_a_key_of_each_kind(self, kind: KeyKind) -> None:
        issuer = Authority.root("Issuer", now=NOW, kind=kind)
        signer = issuer.issue("signer", extensions=signing_extensions())
        said = Answer(certificate=signer.certificate, this_update=NOW)
        index = RevocationIndex(StatusEvidence(responses=[make_response(issuer, said)]))
        found = path_status([signer.certificate, issuer.certificate], NOW, index)
        assert worst(found).finding is Finding.GOOD

    @pytest.mark.parametrize("digest", [hashes.SHA1(), hashes.SHA256()])  # noqa: S303 - a name
    def test_the_certificate_is_named_by_either_digest(self, digest: hashes.HashAlgorithm) -> None:
        said = Answer(certificate=SIGNER.certificate, this_update=NOW, identified_by=digest)
        assert ask(responses=[make_response(CA, said)]).finding is Finding.GOOD

    def test_a_delegate_of_the_issuer_answers(self) -> None:
        responder = make_responder(CA)
        assert ask(responses=[make_response(CA, answer(), responder=responder)]).finding is (
            Finding.GOOD
        )

    def test_a_delegate_s_certificate_may_be_kept_beside(self) -> None:
        responder = make_responder(CA)
        made = make_response(CA, answer(), responder=responder, enclosed=False)
        assert ask(responses=[made], certificates=[responder.certificate]).finding is Finding.GOOD
        self.check(made, Reason.WRONG_SIGNER)

    def test_who_is_not_certified_to_answer_does_not(self) -> None:
        responder = make_responder(CA, certified=False)
        self.check(make_response(CA, answer(), responder=responder), Reason.WRONG_SIGNER)

    def test_a_delegate_of_another_authority_does_not(self) -> None:
        responder = make_responder(PKI.root)
        self.check(make_response(CA, answer(), responder=responder), Reason.WRONG_SIGNER)

    def test_a_delegate_whose_certificate_has_expired_does_not(self) -> None:
        responder = make_responder(CA, period=(NOW - 9 * DAY, NOW - DAY))
        self.check(make_response(CA, answer(), responder=responder), Reason.WRONG_SIGNER)

    def test_a_delegate_that_is_not_free_of_it_needs_a_status_itself(self) -> None:
        responder = make_responder(CA, no_check=False)
        made = make_response(CA, answer(), responder=responder)
        self.check(made, Reason.WRONG_SIGNER)
        fresh = make_list(CA, at=NOW - HOUR)
        other = {serial_of(responder.certificate): Revoked(at=NOW - DAY)}
        by_response = ask(responses=[made], lists=[scoped(only_contains_user_certs=True)])
        assert by_response.finding is Finding.GOOD
        both = ask(responses=[made], lists=[fresh])
        assert (both.finding, both.source) == (Finding.GOOD, sha256(made).digest())
        assert both.others == {sha256(fresh).digest()}
        only = make_list(CA, other, at=NOW - 9 * DAY, next_update=NOW - 8 * DAY)
        found = ask(responses=[made], lists=[only])
        assert found.finding is Finding.UNKNOWN

    def test_a_delegate_that_was_revoked_may_have_dated_its_answer_back(self) -> None:
        responder = make_responder(CA, no_check=False, period=(NOW - 9 * DAY, NOW + 9 * DAY))
        said = answer(this_update=NOW - 3 * DAY, next_update=NOW + DAY)
        made = make_response(CA, said, responder=responder)
        gone = {serial_of(responder.certificate): Revoked(at=NOW - DAY)}
        lists = [make_list(CA, gone, at=NOW)]
        index = RevocationIndex(StatusEvidence(lists=lists, responses=[made]))
        by_list, by_response = index.answers((SIGNER.certificate, CA.certificate))
        assert isinstance(by_list.says, Statement)
        assert by_response.says is Reason.WRONG_SIGNER

    def test_an_altered_response_is_not_the_issuer_s(self) -> None:
        made = make_response(CA, answer(Revoked(at=NOW - DAY)))
        then = f"{NOW - DAY:%Y%m%d%H%M%S}Z".encode()
        assert made.count(then) == 1
        later = f"{NOW + DAY:%Y%m%d%H%M%S}Z".encode()
        self.check(made.replace(then, later), Reason.WRONG_SIGNER)

    def test_an_answer_about_another_certificate_says_nothing(self) -> None:
        other = PKI.organisation("H53.02")
        said = Answer(certificate=other.certificate, this_update=NOW)
        self.check(make_response(CA, said), Reason.NO_DATA)

    def test_an_answer_about_the_number_of_another_issuer_says_nothing(self) -> None:
        impostor = Authority.root(CA.name, now=NOW)
        self.check(make_response(impostor, answer()), Reason.OUT_OF_SCOPE)

    def test_several_answers_at_once_are_not_used(self) -> None:
        self.check(make_response(CA, answer(), answer()), Reason.NOT_SUCCESSFUL)

    def test_an_unknown_critical_extension_is_not_used(self) -> None:
        made = make_response(CA, answer(), extensions=[(MARK, True)])
        self.check(made, Reason.NOT_UNDERSTOOD)
        nonce = (x509.OCSPNonce(b"n" * 16), False)
        made = make_response(CA, answer(), extensions=[nonce])
        assert ask(responses=[made]).finding is Finding.GOOD

    def test_a_response_made_before_what_it_tells_contradicts_itself(self) -> None:
        self.check(make_response(CA, answer(), produced_at=NOW - DAY), Reason.INCONSISTENT)
        made = make_response(CA, answer(next_update=NOW - HOUR))
        self.check(made, Reason.INCONSISTENT)


class TestStrangers:
    """Lists and responses come with documents too, from whoever has sent them."""

    def test_the_entries_of_a_list_that_nobody_signed_are_not_read(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def read(_: object) -> None:
            raise AssertionError("a stranger's entries were read")

        monkeypatch.setattr("lienthong.pki.status_list._entries", read)
        forged = make_list(CA, revoked(NOW), at=NOW, key=make_key(KeyKind.P256))
        assert ask(lists=[forged]).reason is Reason.WRONG_SIGNER

    def test_entries_that_cannot_be_read_are_no_entries(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(_: object) -> None:
            raise KeyError("a parser's own kind of error")

        monkeypatch.setattr("lienthong.pki.status_list._entries", broken)
        found = RevocationList.load(EMPTY)
        issuer = x509.load_der_x509_certificate(CA.certificate)
        assert found.unusable_of(issuer) is Reason.UNREADABLE
        assert ask(lists=[EMPTY]).reason is Reason.UNREADABLE

    @pytest.mark.parametrize("kind", ["list", "response"])
    def test_no_change_of_octets_makes_a_revoked_certificate_good(self, kind: str) -> None:
        """Seed 20260302: each mutant has one to four octets changed, removed or put in."""
        chance = random.Random(20260302)
        gone = Revoked(at=NOW - DAY, reason=KEY_COMPROMISE)
        made = (
            make_list(CA, {SERIAL: gone, SERIAL + 1: gone}, at=NOW)
            if kind == "list"
            else make_response(CA, answer(gone), responder=make_responder(CA))
        )
        found = Counter[Finding]()
        for _ in range(2_000):
            mutant = _mutated(made, chance)
            said = ask(lists=[mutant]) if kind == "list" else ask(responses=[mutant])
            found[said.finding] += 1
        assert found[Finding.GOOD] == 0
        assert found[Finding.UNKNOWN] > 1_500


def _mutated(octets: bytes, chance: random.Random) -> bytes:
    made = bytearray(octets)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(made))
        match chance.randrange(4):
            case 0:
                del made[place]
            case 1:
                made.insert(place, chance.randrange(256))
            case _:
                made[place] = chance.randrange(256)
    return bytes(made)
