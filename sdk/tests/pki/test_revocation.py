"""The status of certificates: what is said of which moment, how old it may be, along a path.

Who may say it is in test_status_sources.py; what the suites of others ask in test_pkits.py and
tests/hostile/test_status_vectors.py.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509

from lienthong.errors import NaiveTime
from lienthong.model.file_signature import Finding
from lienthong.model.trust import StatusEvidence
from lienthong.pki.revocation import (
    SIGNING,
    TRANSPORT,
    Reason,
    RevocationIndex,
    StatusCache,
    StatusPolicy,
    path_status,
    worst,
)
from lienthong.pki.status_list import RevocationList
from lienthong.testing.status import (
    DAY,
    HOUR,
    Revoked,
    make_list,
    make_response,
    refusal,
    serial_of,
)
from sdk.tests.pki.statuses import (
    CA,
    EMPTY,
    HOLD,
    KEY_COMPROMISE,
    NOW,
    PKI,
    SERIAL,
    SIGNER,
    answer,
    ask,
    revoked,
)


class TestWhatIsSaid:
    def test_a_current_list_without_the_certificate_makes_it_good(self) -> None:
        found = ask(lists=[EMPTY])
        assert found.finding is Finding.GOOD
        assert (found.reason, found.revoked_at) == (Reason.NONE, None)
        assert (found.as_of, found.next_update) == (NOW - HOUR, NOW - HOUR + DAY)
        assert found.source == sha256(EMPTY).digest()

    def test_a_current_response_makes_it_good(self) -> None:
        assert ask(responses=[make_response(CA, answer())]).finding is Finding.GOOD

    @pytest.mark.parametrize("before", [DAY, timedelta(0)])
    def test_revoked_at_or_before_the_moment_is_bad(self, before: timedelta) -> None:
        for found in (
            ask(lists=[make_list(CA, revoked(NOW - before), at=NOW)]),
            ask(responses=[make_response(CA, answer(Revoked(at=NOW - before)))]),
        ):
            assert found.finding is Finding.BAD
            assert found.revoked_at == NOW - before

    def test_revoked_later_is_good_for_who_can_prove_the_time(self) -> None:
        later = make_list(CA, revoked(NOW + HOUR), at=NOW + 2 * HOUR)
        found = ask(lists=[later])
        assert found.finding is Finding.GOOD
        assert (found.revoked_at, found.reason) == (NOW + HOUR, Reason.KEY_COMPROMISE)
        assert ask(lists=[later], at=NOW + HOUR).finding is Finding.BAD

    def test_a_key_in_other_hands_since_earlier_is_bad_since_then(self) -> None:
        entry = Revoked(at=NOW + HOUR, reason=KEY_COMPROMISE, invalid_since=NOW - HOUR)
        found = ask(lists=[make_list(CA, {SERIAL: entry}, at=NOW + 2 * HOUR)])
        assert (found.finding, found.revoked_at) == (Finding.BAD, NOW - HOUR)

    def test_nothing_at_all_is_unknown(self) -> None:
        found = ask()
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.NO_DATA)
        assert (found.as_of, found.source) == (None, None)

    def test_a_responder_that_does_not_know_it_makes_it_unknown(self) -> None:
        found = ask(responses=[make_response(CA, answer(known=False))])
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.NOT_KNOWN)

    @pytest.mark.parametrize("status", [1, 2, 3, 5, 6])
    def test_a_responder_that_refuses_makes_it_unknown(self, status: int) -> None:
        found = ask(responses=[refusal(status)])
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.NOT_SUCCESSFUL)

    def test_a_moment_needs_its_zone(self) -> None:
        with pytest.raises(NaiveTime):
            ask(at=datetime(2026, 3, 2))  # noqa: DTZ001
        with pytest.raises(NaiveTime):
            path_status([], datetime(2026, 3, 2), RevocationIndex())  # noqa: DTZ001


class TestAge:
    def test_a_list_past_its_next_update_makes_nobody_good(self) -> None:
        at = NOW - HOUR + DAY
        assert ask(lists=[EMPTY], at=at).finding is Finding.GOOD
        found = ask(lists=[EMPTY], at=at + timedelta(seconds=1))
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.STALE)
        assert found.as_of == NOW - HOUR

    @pytest.mark.parametrize(("policy", "limit"), [(SIGNING, HOUR), (TRANSPORT, DAY)])
    def test_a_list_older_than_the_use_allows_makes_nobody_good(
        self, policy: StatusPolicy, limit: timedelta
    ) -> None:
        made = make_list(CA, at=NOW - limit, next_update=NOW + 30 * DAY)
        assert ask(lists=[made], policy=policy).finding is Finding.GOOD
        older = make_list(CA, at=NOW - limit - timedelta(seconds=1), next_update=NOW + 30 * DAY)
        found = ask(lists=[older], policy=policy)
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.STALE)
        assert ask(lists=[older]).finding is Finding.GOOD

    def test_a_list_that_was_just_seen_to_be_the_newest_is_as_fresh(self) -> None:
        made = make_list(CA, at=NOW - 5 * HOUR)
        seen = {sha256(made).digest(): NOW - HOUR / 2}
        assert ask(lists=[made], policy=SIGNING).finding is Finding.UNKNOWN
        found = ask(lists=[made], policy=SIGNING, confirmed=seen)
        assert (found.finding, found.as_of) == (Finding.GOOD, NOW - HOUR / 2)

    def test_having_seen_it_does_not_prolong_a_list(self) -> None:
        made = make_list(CA, at=NOW - 2 * DAY, next_update=NOW - HOUR)
        found = ask(lists=[made], confirmed={sha256(made).digest(): NOW})
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.STALE)

    def test_a_response_without_next_update_counts_for_an_hour(self) -> None:
        made = make_response(CA, answer(next_update=None, this_update=NOW))
        assert ask(responses=[made], at=NOW + HOUR).finding is Finding.GOOD
        late = ask(responses=[made], at=NOW + HOUR + timedelta(seconds=1))
        assert (late.finding, late.reason) == (Finding.UNKNOWN, Reason.STALE)

    def test_revoked_stays_revoked_however_old_the_list_is(self) -> None:
        old = make_list(CA, revoked(NOW - 90 * DAY), at=NOW - 80 * DAY)
        newer = make_list(CA, at=NOW)
        assert ask(lists=[old], policy=SIGNING).finding is Finding.BAD
        assert ask(lists=[newer, old]).finding is Finding.BAD

    def test_only_a_suspension_is_lifted_by_a_newer_list(self) -> None:
        held = make_list(CA, revoked(NOW - 3 * HOUR, HOLD), at=NOW - 2 * HOUR)
        assert ask(lists=[held]).finding is Finding.BAD
        assert ask(lists=[held, EMPTY]).finding is Finding.GOOD
        again = make_list(CA, revoked(NOW - HOUR / 2, HOLD), at=NOW)
        assert ask(lists=[again, EMPTY]).finding is Finding.BAD

    def test_what_is_made_later_tells_of_the_moment(self) -> None:
        later = make_list(CA, at=NOW + 30 * DAY)
        assert ask(lists=[later], policy=SIGNING).finding is Finding.GOOD

    def test_what_is_made_after_the_certificate_has_expired_does_not(self) -> None:
        found = ask(lists=[make_list(CA, at=NOW + 366 * DAY)])
        assert (found.finding, found.reason) == (Finding.UNKNOWN, Reason.TOO_LATE)

    @pytest.mark.parametrize("days", [-1, 1])
    def test_a_clock_that_is_off_by_a_day_makes_nobody_good_by_old_news(self, days: int) -> None:
        made = make_response(CA, answer())
        found = ask(responses=[made], at=NOW + days * DAY)
        # A clock behind asks about the past, of which the response tells; revoked stays revoked.
        assert found.finding is (Finding.UNKNOWN if days > 0 else Finding.GOOD)
        bad = make_response(CA, answer(Revoked(at=NOW - 2 * DAY)))
        assert ask(responses=[bad], at=NOW + days * DAY).finding is Finding.BAD


class TestPaths:
    def test_each_link_has_its_own_answer(self) -> None:
        path = [SIGNER.certificate, CA.certificate, PKI.root.certificate]
        dead = {serial_of(CA.certificate): Revoked(at=NOW - DAY)}
        evidence = StatusEvidence(lists=[EMPTY, make_list(PKI.root, dead, at=NOW)])
        signer, authority = path_status(path, NOW, RevocationIndex(evidence))
        assert (signer.finding, authority.finding) == (Finding.GOOD, Finding.BAD)
        assert worst([signer, authority]) is authority

    def test_a_link_that_nobody_tells_of_decides(self) -> None:
        path = [SIGNER.certificate, CA.certificate, PKI.root.certificate]
        found = path_status(path, NOW, RevocationIndex(StatusEvidence(lists=[EMPTY])))
        assert worst(found).finding is Finding.UNKNOWN

    def test_a_certificate_that_cannot_be_read_is_unknown(self) -> None:
        found = path_status([b"\x30", CA.certificate], NOW, RevocationIndex())
        assert [(one.finding, one.reason) for one in found] == [
            (Finding.UNKNOWN, Reason.UNREADABLE)
        ]

    def test_no_link_is_unknown(self) -> None:
        assert worst(path_status([], NOW, RevocationIndex())).finding is Finding.UNKNOWN

    def test_of_good_links_the_oldest_is_shown(self) -> None:
        path = [SIGNER.certificate, CA.certificate, PKI.root.certificate]
        old = make_list(PKI.root, at=NOW - 20 * HOUR)
        found = path_status(path, NOW, RevocationIndex(StatusEvidence(lists=[EMPTY, old])))
        assert worst(found).as_of == NOW - 20 * HOUR

    def test_everything_that_breaks_inside_is_unknown(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> None:
            raise KeyError("a parser's own kind of error")

        monkeypatch.setattr(RevocationList, "says_of", broken)
        assert ask(lists=[EMPTY]).reason is Reason.UNREADABLE
        monkeypatch.setattr(RevocationIndex, "answers_of_lists", broken)
        assert ask(lists=[EMPTY]).reason is Reason.UNREADABLE


class TestCache:
    def test_a_list_is_read_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        read: list[bytes] = []
        load = RevocationList.load

        def counted(der: bytes) -> RevocationList:
            read.append(der)
            return load(der)

        monkeypatch.setattr(RevocationList, "load", counted)
        cache = StatusCache()
        for _ in range(5):
            RevocationIndex(StatusEvidence(lists=[EMPTY]), cache)
        assert read == [EMPTY]

    def test_the_answers_of_a_link_are_looked_up_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lienthong.pki.revocation.MAX_LINKS", 3)
        index, asked = RevocationIndex(StatusEvidence(lists=[EMPTY])), list[object]()
        says_of = RevocationList.says_of

        def counted(self: RevocationList, *given: x509.Certificate) -> object:
            asked.append(given)
            return says_of(self, *given)

        monkeypatch.setattr(RevocationList, "says_of", counted)
        path = [SIGNER.certificate, CA.certificate]
        for _ in range(5):
            path_status(path, NOW, index)
        assert len(asked) == 1
        for number in range(20):
            path_status([bytes([number]), CA.certificate], NOW, index)
        assert len(index._links) <= 3

    def test_the_signature_of_a_list_is_checked_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        checked: list[object] = []

        def signed(*given: object) -> bool:
            checked.append(given)
            return True

        monkeypatch.setattr("lienthong.pki.status_list._is_signed", signed)
        cache, path = StatusCache(), [SIGNER.certificate, CA.certificate]
        for _ in range(5):
            index = RevocationIndex(StatusEvidence(lists=[EMPTY]), cache)
            assert worst(path_status(path, NOW, index)).finding is Finding.GOOD
        assert len(checked) == 1

    def test_what_was_not_asked_for_longest_makes_room(self) -> None:
        cache = StatusCache(entries=30, responses=2)
        lists = [
            make_list(CA, {n: Revoked(at=NOW) for n in range(1, 11)}, at=NOW - k * HOUR)
            for k in range(4)
        ]
        first = cache.list_of(lists[0])
        cache.list_of(lists[1])
        assert cache.list_of(lists[0]) is first
        cache.list_of(lists[2])
        assert cache.list_of(lists[0]) is not None
        assert len(cache) == 2
        for k in range(4):
            cache.response_of(make_response(CA, answer(this_update=NOW - k * HOUR)))
        assert len(cache) == 4

    def test_threads_share_it(self) -> None:
        cache = StatusCache(entries=50)
        lists = [
            make_list(CA, {n: Revoked(at=NOW) for n in range(1, 20)}, at=NOW - k * HOUR)
            for k in range(6)
        ]

        def look(turn: int) -> Finding:
            made = lists[turn % len(lists)]
            index = RevocationIndex(StatusEvidence(lists=[made]), cache)
            return worst(path_status([SIGNER.certificate, CA.certificate], NOW, index)).finding

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(look, range(200))) == {Finding.GOOD}
        assert len(cache) == 2


def test_every_reason_has_its_words_in_vietnamese() -> None:
    assert all(reason.label_vi for reason in Reason if reason is not Reason.NONE)
    assert {Reason.of(flag).name for flag in x509.ReasonFlags} <= {one.name for one in Reason}
