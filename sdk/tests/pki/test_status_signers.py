"""Lists that another key than the issuer's certificate has signed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import pytest
from cryptography import x509

from lienthong.model.file_signature import Finding
from lienthong.model.trust import StatusEvidence
from lienthong.pki import revocation
from lienthong.pki.revocation import Reason, Revocation, RevocationIndex, path_status
from lienthong.testing.pki import Authority, Identity, KeyKind, make_key, signing_extensions
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
from sdk.tests.pki.list_signers import (
    CA_IS_GOOD,
    PATH,
    ROOT,
    again,
    ask,
    by,
    list_keys,
    second_key,
)
from sdk.tests.pki.statuses import CA, NOW, revoked


class TestAnotherKeyOfTheIssuer:
    def test_a_key_for_lists_alone_counts(self) -> None:
        key = second_key()
        found = ask([by(key)], [key.certificate])
        assert (found.finding, found.reason) == (Finding.GOOD, Reason.NONE)
        assert found.others == {
            sha256(key.certificate).digest(),
            sha256(CA_IS_GOOD).digest(),
        }
        assert ask([by(key, revoked(NOW - DAY))], [key.certificate]).finding is Finding.BAD

    def test_a_key_that_the_issuer_has_certified_itself_counts(self) -> None:
        key, before = second_key(CA), make_list(CA, at=NOW - HOUR)
        later = by(key, revoked(NOW - DAY))
        assert ask([later, before], [key.certificate]).finding is Finding.BAD

    def test_after_a_change_of_key_the_lists_of_the_new_one_count_for_the_old(self) -> None:
        """RFC 4210 4.4: "old with new" lies in the path between the two."""
        renewed = ROOT.authority(CA.name)
        old = renewed.authority(CA.name)
        holder = old.issue("signer", extensions=signing_extensions())
        path = (holder.certificate, old.certificate, renewed.certificate, ROOT.certificate)
        found = ask([make_list(renewed, at=NOW)], path=path)
        assert found.finding is Finding.GOOD
        bad = {serial_of(holder.certificate): Revoked(at=NOW - DAY)}
        assert ask([make_list(renewed, bad, at=NOW)], path=path).finding is Finding.BAD


def _of_a_stranger() -> tuple[Identity, list[bytes]]:
    strangers = Authority.root(ROOT.name, now=NOW)
    return second_key(strangers), [make_list(strangers, at=NOW)]


def _of_another_authority() -> tuple[Identity, list[bytes]]:
    """Trusted as ours is, by the same root; it has no say about those of ours."""
    other = ROOT.authority("Other CA")
    return second_key(other), [make_list(other, at=NOW)]


def _without_permission() -> tuple[Identity, list[bytes]]:
    return second_key(extensions=list_keys(crl_sign=False)), []


def _without_usage() -> tuple[Identity, list[bytes]]:
    basic = x509.BasicConstraints(ca=False, path_length=None)
    return second_key(extensions=[(basic, True)]), []


def _of_another_name() -> tuple[Identity, list[bytes]]:
    return second_key(name="Lists of others"), []


def _with_restrictions() -> tuple[Identity, list[bytes]]:
    mark = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    return second_key(extensions=[*list_keys(), (mark, True)]), []


STRANGERS: Final = [
    _of_a_stranger,
    _of_another_authority,
    _without_permission,
    _without_usage,
    _of_another_name,
    _with_restrictions,
]


def believed(make: Callable[[], tuple[Identity, list[bytes]]]) -> bool:
    key, lists = make()
    return ask([by(key), *lists], [key.certificate]).finding is not Finding.UNKNOWN


class TestStrangers:
    @pytest.mark.parametrize("make", STRANGERS)
    def test_whom_the_path_does_not_vouch_for_tells_nothing(
        self, make: Callable[[], tuple[Identity, list[bytes]]]
    ) -> None:
        assert not believed(make)
        key, lists = make()
        hit = by(key, revoked(NOW - DAY))
        found = ask([hit, *lists], [key.certificate])
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.WRONG_SIGNER)

    @pytest.mark.planted("list of a stranger who bears the issuer's name")
    def test_a_stranger_s_list_that_is_believed_is_noticed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lienthong.pki.status_signers._is_issued", lambda *_: True)
        assert believed(_of_a_stranger)

    def test_a_stranger_s_list_does_not_hide_the_issuer_s(self) -> None:
        key, lists = _of_a_stranger()
        own = make_list(CA, at=NOW - HOUR)
        assert ask([by(key), *lists, own], [key.certificate]).finding is Finding.GOOD
        hit = make_list(CA, revoked(NOW - DAY), at=NOW - HOUR)
        assert ask([by(key), *lists, hit], [key.certificate]).finding is Finding.BAD


def vouched_for(key: Identity, *others: bytes, made: datetime = NOW) -> Reason:
    """Why a list of this key does not make its certificate good; ``NONE`` where it does."""
    evidence = StatusEvidence(lists=[by(key, at=made), *others], certificates=[key.certificate])
    return path_status(PATH, NOW, RevocationIndex(evidence))[0].reason


def check_revoked_signer() -> None:
    key = second_key()
    gone = make_list(ROOT, {serial_of(key.certificate): Revoked(at=NOW - DAY)}, at=NOW)
    assert vouched_for(key, gone) is Reason.SIGNER_UNKNOWN


class TestTheSignerItself:
    def test_it_is_asked_for_its_own_status(self) -> None:
        key = second_key()
        assert vouched_for(key, CA_IS_GOOD) is Reason.NONE
        assert vouched_for(key) is Reason.SIGNER_UNKNOWN
        stale = make_list(ROOT, at=NOW - 9 * DAY)
        assert vouched_for(key, stale) is Reason.SIGNER_UNKNOWN

    def test_a_revoked_one_tells_nothing(self) -> None:
        check_revoked_signer()

    @pytest.mark.planted("signers of lists not asked for their own status")
    def test_a_signer_that_is_not_asked_for_its_status_is_noticed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lienthong.pki.revocation._vouch", lambda *_: frozenset())
        with pytest.raises(AssertionError):
            check_revoked_signer()

    def test_a_list_that_it_dated_back_does_not_outlive_its_revocation(self) -> None:
        key = second_key(period=(NOW - 30 * DAY, NOW + 30 * DAY))
        gone = make_list(ROOT, {serial_of(key.certificate): Revoked(at=NOW - HOUR)}, at=NOW)
        dated_back = make_list(CA, at=NOW - 2 * DAY, next_update=NOW + 30 * DAY, key=key.key)
        evidence = StatusEvidence(lists=[dated_back, gone], certificates=[key.certificate])
        found = path_status(PATH, NOW, RevocationIndex(evidence))[0]
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.SIGNER_UNKNOWN)

    def test_a_list_that_it_dates_back_before_its_revocation_counts_no_more(self) -> None:
        key = second_key(period=(NOW - 30 * DAY, NOW + 30 * DAY))
        gone = make_list(ROOT, {serial_of(key.certificate): Revoked(at=NOW - HOUR)}, at=NOW)
        dated_back = by(key, at=NOW - 2 * DAY)
        evidence = StatusEvidence(lists=[dated_back, gone], certificates=[key.certificate])
        found = path_status(PATH, NOW - 2 * DAY, RevocationIndex(evidence))[0]
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.SIGNER_UNKNOWN)

    def test_an_older_certificate_of_its_key_does_not_hide_the_one_in_force(self) -> None:
        key = second_key()
        over = again(key, (NOW - 9 * DAY, NOW - DAY))
        for known in ([over, key.certificate], [key.certificate, over]):
            assert ask([by(key)], known).finding is Finding.GOOD
            assert ask([by(key, revoked(NOW - DAY))], known).finding is Finding.BAD
        assert ask([by(key)], [over]).reason is Reason.SIGNER_UNKNOWN

    @pytest.mark.parametrize(
        "period", [(NOW - 9 * DAY, NOW - HOUR), (NOW + HOUR, NOW + DAY)], ids=["over", "ahead"]
    )
    def test_one_that_is_not_in_force_tells_nothing(
        self, period: tuple[datetime, datetime]
    ) -> None:
        key = second_key(period=period)
        assert vouched_for(key, CA_IS_GOOD) is Reason.SIGNER_UNKNOWN

    def test_one_that_came_later_tells_of_before(self) -> None:
        key = second_key(period=(NOW + DAY, NOW + 30 * DAY))
        later = make_list(ROOT, at=NOW + 2 * DAY)
        assert vouched_for(key, later, made=NOW + 2 * DAY) is Reason.NONE

    def test_its_own_list_does_not_speak_for_it(self) -> None:
        key = second_key(CA)
        assert vouched_for(key, CA_IS_GOOD) is Reason.SIGNER_UNKNOWN

    def test_two_do_not_speak_for_each_other(self) -> None:
        one, two = second_key(CA), second_key(CA)
        evidence = StatusEvidence(
            lists=[by(one), by(two), CA_IS_GOOD], certificates=[one.certificate, two.certificate]
        )
        found = path_status(PATH, NOW, RevocationIndex(evidence))[0]
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.SIGNER_UNKNOWN)


class TestWork:
    """Who may certify keys for lists may certify many, and have each speak for the others."""

    @pytest.fixture
    def judged(self, monkeypatch: pytest.MonkeyPatch) -> list[None]:
        """As many as sources were judged."""
        counted, judge = list[None](), revocation._judge

        def count(*given: Any) -> Revocation:
            counted.append(None)
            return judge(*given)

        monkeypatch.setattr(revocation, "_judge", count)
        return counted

    def test_many_that_speak_for_each_other_cost_no_power_of_their_number(
        self, judged: list[None]
    ) -> None:
        keys = [second_key(CA) for _ in range(6)]
        found = ask([by(key) for key in keys], [key.certificate for key in keys])
        assert found.reason is Reason.SIGNER_UNKNOWN
        assert len(judged) <= sum(6**depth for depth in range(1, revocation.MAX_SIGNERS + 2))
        assert revocation.MAX_SIGNERS == 2

    def test_one_and_a_responder_that_speak_for_each_other_settle_nothing(
        self, judged: list[None]
    ) -> None:
        key, responder = second_key(CA), make_responder(CA, no_check=False)
        said = Answer(certificate=key.certificate, this_update=NOW - HOUR, next_update=NOW + DAY)
        evidence = StatusEvidence(
            lists=[by(key), CA_IS_GOOD],
            certificates=[key.certificate],
            responses=[make_response(CA, said, responder=responder)],
        )
        found = path_status(PATH, NOW, RevocationIndex(evidence))[0]
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.SIGNER_UNKNOWN)
        assert len(judged) < 10


def test_a_list_of_a_key_that_nobody_knows_is_nobody_s() -> None:
    stray = make_list(CA, at=NOW, key=make_key(KeyKind.P256))
    assert ask([stray]).reason is Reason.WRONG_SIGNER
