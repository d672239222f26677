"""Organisations are told 60, 30 and 7 days ahead that a certificate ends, and when it has ended."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any, Final

import pytest
from attrs import define, evolve, field

from lienthong.codec.signed import load_entry
from lienthong.errors import DataCorrupt, NotFound, StoreFailed
from lienthong.model.ids import OrganId, Sha256
from lienthong.model.journal import ExpiryRecord
from lienthong.model.time import vietnam_date
from lienthong.spi.records import JournalRow
from lienthong.testing.clock import FixedClock
from lienthong.testing.store import MemoryRecordStore
from lienthong_node import deciding
from lienthong_node.audit import audit
from lienthong_node.audit_journal import JournalReplay, Read
from lienthong_node.audit_tables import DirectoryReplay
from lienthong_node.certificate_watch import ExpiryWatch
from lienthong_node.committer import Committer, Outcome
from lienthong_node.core import expiring
from lienthong_node.core.commands import (
    AXIS,
    Caller,
    Command,
    PutCredential,
    PutOrganisations,
    TellExpiry,
)
from lienthong_node.core.credentials import Credential, Credentials, Use
from lienthong_node.services.visibility import concerns
from lienthong_node.stores import Recorded, expiry_facts
from node.tests.committing import KEY, OPERATOR, make
from node.tests.support import (
    BODY,
    CLOSED,
    NOW,
    OFFICE,
    ORGANISATIONS,
    A,
    B,
    caller,
    credential,
    signing,
)

DAY: Final = timedelta(days=1)


@define(eq=False)
class Axis:
    """A store with its committer and the watch over ends, by a clock that stands still."""

    store: MemoryRecordStore = field(factory=MemoryRecordStore)
    clock: FixedClock = field(factory=lambda: FixedClock(NOW))
    committer: Committer = field(init=False)
    watch: ExpiryWatch = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.start()
        self.do(PutOrganisations(caller=OPERATOR, organisations=ORGANISATIONS))

    def start(self) -> None:
        """Begin another life on the same store."""
        self.committer = make(self.store, clock=self.clock)
        self.watch = ExpiryWatch(self.committer, answered=self.drive)

    def drive(self, answer: Any) -> list[Outcome]:
        while self.committer.work_once():
            pass
        outcomes: list[Outcome] = answer.result(0)
        return outcomes

    def ask(self, command: Command) -> Outcome:
        [outcome] = self.drive(self.committer.submit([command]))
        return outcome

    def do(self, command: Command) -> Recorded:
        outcome = self.ask(command)
        assert isinstance(outcome, Recorded), outcome
        return outcome

    def bind(
        self, organ: str, days: float, use: Use = Use.SIGNING, *, number: int = 0, **more: Any
    ) -> Credential:
        """A certificate that ends so many days from the beginning on."""
        name = f"{organ} {days} {use.value} {number}".encode()
        made = credential(
            organ,
            fingerprint=hashlib.sha256(name).hexdigest(),
            not_after=NOW + days * DAY,
            use=use,
            roles=(),
            **more,
        )
        self.do(PutCredential(caller=OPERATOR, credential=made))
        return made

    def revoke(self, one: Credential) -> None:
        ended = evolve(one, revoked_at=self.clock(), revocation_reason="mất thiết bị")
        self.do(PutCredential(caller=OPERATOR, credential=ended))

    def after(self, days: float) -> list[tuple[str, int]]:
        """So many days from the beginning on: whom it tells how many days ahead."""
        self.clock.set(NOW + days * DAY)
        before = len(self.told())
        self.watch.step(self.clock())
        return [(str(body.organ_id), body.days_ahead) for _, body in self.told()[before:]]

    def told(self) -> list[tuple[JournalRow, ExpiryRecord]]:
        bodies = ((row, load_entry(row.entry).body) for row in self.rows())
        return [(row, body) for row, body in bodies if isinstance(body, ExpiryRecord)]

    def rows(self) -> list[JournalRow]:
        with self.store.read() as view:
            return list(view.journal(0, 10_000))


@pytest.fixture
def axis() -> Axis:
    return Axis()


def warnings_of(axis: Axis, days: int, *, restarting: bool) -> list[tuple[float, int]]:
    """On which days what is told, looking four times a day until long after the end."""
    found = []
    for quarter in range(4 * (days + 10)):
        if restarting:
            axis.start()
        found += [(quarter / 4, ahead) for _, ahead in axis.after(quarter / 4)]
    return found


@pytest.mark.parametrize("restarting", [False, True])
def test_each_warning_is_told_once_whatever_is_restarted(axis: Axis, restarting: bool) -> None:
    axis.bind(A, 70)
    found = warnings_of(axis, 70, restarting=restarting)
    assert found == [(10, 60), (40, 30), (63, 7), (70.25, 0)]


def test_entry_says_which_certificate_ends_when(axis: Axis) -> None:
    made = axis.bind(A, 20, Use.TRANSPORT)
    axis.after(0)
    [(row, body)] = axis.told()
    assert body == ExpiryRecord(
        organ_id=OrganId(A),
        certificate_sha256=Sha256.parse(made.fingerprint),
        use="transport",
        not_after=made.not_after,
        days_ahead=30,
    )
    assert row.parties == (A,)


@pytest.mark.parametrize(("days", "ahead"), [(50, 60), (25, 30), (3, 7), (-1, 0), (-400, 0)])
def test_of_warnings_that_were_missed_the_newest_alone_is_told(
    axis: Axis, days: int, ahead: int
) -> None:
    axis.bind(A, days, not_before=NOW - 500 * DAY)
    assert axis.after(0) == [(A, ahead)]
    assert axis.after(0.5) == []


def test_renewed_certificate_is_not_told_of(axis: Axis) -> None:
    axis.bind(A, 50)
    axis.bind(A, 400)
    assert [axis.after(day) for day in (0, 30, 45, 51)] == [[], [], [], []]


def test_renewal_after_a_warning_ends_the_warnings(axis: Axis) -> None:
    axis.bind(A, 50)
    assert axis.after(0) == [(A, 60)]
    axis.bind(A, 400)
    assert [axis.after(day) for day in (30, 45, 51)] == [[], [], []]


def test_renewal_that_is_revoked_counts_for_nothing(axis: Axis) -> None:
    axis.bind(A, 50)
    axis.revoke(axis.bind(A, 400))
    assert axis.after(0) == [(A, 60)]


def test_certificate_for_another_use_or_of_another_renews_nothing(axis: Axis) -> None:
    axis.bind(A, 50, Use.SIGNING)
    axis.bind(A, 400, Use.TRANSPORT)
    axis.bind(B, 400, Use.SIGNING)
    assert axis.after(0) == [(A, 60)]


def test_revoked_certificate_is_not_told_of(axis: Axis) -> None:
    axis.revoke(axis.bind(A, 5))
    assert axis.after(0) == []


def test_organisation_that_has_ended_is_not_told(axis: Axis) -> None:
    axis.bind(CLOSED, 5)
    assert axis.after(0) == []


def test_who_represents_it_is_told_too_and_nobody_else(axis: Axis) -> None:
    axis.bind(BODY, 5)
    axis.after(0)
    [(row, _)] = axis.told()
    assert row.parties == (BODY, OFFICE)
    directory, today = axis.committer.registry.directory, vietnam_date(NOW)
    seen = {organ: concerns(row, caller(organ), directory, today) for organ in (BODY, OFFICE, A)}
    assert seen == {BODY: True, OFFICE: True, A: False}


def test_asking_twice_gives_the_first_entry(axis: Axis) -> None:
    command = TellExpiry(caller=AXIS, fingerprint=axis.bind(A, 5).fingerprint)
    first, second = axis.do(command), axis.do(command)
    assert first.row == second.row
    assert len(axis.told()) == 1


@pytest.mark.parametrize("fingerprint", ["ab" * 32, ""])
def test_what_is_no_certificate_is_not_found(axis: Axis, fingerprint: str) -> None:
    asked = axis.ask(TellExpiry(caller=AXIS, fingerprint=fingerprint))
    assert isinstance(asked, NotFound)
    assert axis.told() == []


def test_nothing_is_told_before_its_time_whoever_asks(axis: Axis) -> None:
    made = axis.bind(A, 61)
    stranger = Caller(organ=B, roles=frozenset(), fingerprint=b"")
    asked = axis.ask(TellExpiry(caller=stranger, fingerprint=made.fingerprint))
    assert isinstance(asked, NotFound)
    assert axis.told() == []


@pytest.mark.parametrize("recorded", [False, True])
def test_what_got_no_answer_is_told_once_at_the_next_look(
    axis: Axis, caplog: pytest.LogCaptureFixture, recorded: bool
) -> None:
    axis.bind(A, 5)
    lost: list[Outcome] = [StoreFailed(reason="thử")]

    def fails(answer: Any) -> list[Outcome]:
        if recorded:
            axis.drive(answer)
        else:
            axis.start()
        return lost

    axis.watch = ExpiryWatch(axis.committer, answered=fails)
    axis.after(0)
    assert "not told yet" in caplog.text
    axis.watch = ExpiryWatch(axis.committer, answered=axis.drive)
    axis.after(0.25)
    assert [body.days_ahead for _, body in axis.told()] == [7]


def test_many_are_told_in_shares(axis: Axis) -> None:
    for number in range(150):
        axis.bind(A, 5, number=number)
    shares = []

    def counted(answer: Any) -> list[Outcome]:
        shares.append(len(outcomes := axis.drive(answer)))
        return outcomes

    axis.watch = ExpiryWatch(axis.committer, answered=counted)
    assert axis.after(0) == [(A, 7)] * 150
    assert shares == [64, 64, 22]


def test_one_that_cannot_be_told_holds_up_no_other(axis: Axis) -> None:
    for number in range(65):
        axis.bind(A, 5, number=number)
    answers = []

    def damaged(answer: Any) -> list[Outcome]:
        outcomes = axis.drive(answer)
        answers.append(outcomes)
        return [DataCorrupt(what="an entry"), *outcomes[1:]] if len(answers) == 1 else outcomes

    axis.watch = ExpiryWatch(axis.committer, answered=damaged)
    assert len(axis.after(0)) == 65


def test_credentials_are_found_by_their_organisation() -> None:
    of_a, of_b, other = (credential(A), credential(B), signing(A))
    other = evolve(other, fingerprint="ab" * 32)
    known = Credentials([of_a, of_b, other])
    assert known.of(A) == (of_a, other)
    assert known.of(B) == (of_b,)
    assert known.of(BODY) == ()
    assert known == Credentials([of_a, of_b, other])


def test_audit_finds_nothing_wrong_with_what_was_told(axis: Axis) -> None:
    axis.bind(A, 50)
    for day in (0, 30, 45, 51):
        axis.after(day)
    *_, last = audit(axis.store, KEY)
    assert last.entries == len(axis.rows())


def replayed(axis: Axis) -> tuple[DirectoryReplay, list[Read]]:
    """The directory as the journal has it, and what was told, not yet looked at."""
    journal, directory, told = JournalReplay(KEY), DirectoryReplay(), []
    with axis.store.read() as view:
        for row in axis.rows():
            read = journal.take(view, row)
            if isinstance(read.entry.body, ExpiryRecord):
                told.append(read)
            else:
                directory.take(read, read.entry.body)  # type: ignore[arg-type]
    return directory, told


def forged(read: Read, **changes: Any) -> Read:
    return evolve(read, entry=evolve(read.entry, body=evolve(read.entry.body, **changes)))


TAMPERINGS: Final = {
    "of another certificate": {"certificate_sha256": Sha256.of(b"another")},
    "of another organisation": {"organ_id": OrganId(B)},
    "for another use": {"use": "transport"},
    "with another end": {"not_after": NOW + 49 * DAY},
    "too early": {"days_ahead": 30},
}


@pytest.mark.parametrize("changes", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_audit_names_what_was_told_wrongly(axis: Axis, changes: dict[str, Any]) -> None:
    axis.bind(A, 50)
    axis.after(0)
    directory, [read] = replayed(axis)
    other = forged(read, **changes)
    assert isinstance(other.entry.body, ExpiryRecord)
    with pytest.raises(DataCorrupt, match=read.name):
        directory.expiry(other, other.entry.body)


def test_audit_names_what_was_told_twice_or_to_others(axis: Axis) -> None:
    axis.bind(A, 50)
    axis.after(0)
    directory, [read] = replayed(axis)
    body = read.entry.body
    assert isinstance(body, ExpiryRecord)
    hidden = evolve(read, row=evolve(read.row, parties=(B, A)))
    with pytest.raises(DataCorrupt, match="first party"):
        directory.expiry(hidden, body)
    directory.expiry(read, body)
    with pytest.raises(DataCorrupt, match="not to be told then"):
        directory.expiry(read, body)


@pytest.mark.planted("end of a certificate told twice")
def test_telling_again_after_a_restart_is_found(
    axis: Axis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        deciding, "expiry_facts", lambda *args: evolve(expiry_facts(*args), told=None)
    )
    with pytest.raises(AssertionError):
        test_each_warning_is_told_once_whatever_is_restarted(axis, restarting=True)


@pytest.mark.planted("renewed certificate told as ending")
def test_warning_of_what_was_renewed_is_found(axis: Axis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiring, "_is_renewed", lambda *_: False)
    with pytest.raises(AssertionError):
        test_renewed_certificate_is_not_told_of(axis)
