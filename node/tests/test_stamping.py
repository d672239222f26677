"""The worker that has the journal time-stamped: what it accepts, and what it makes of failures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from attrs import define, evolve, field

from lienthong.errors import (
    ConnectionFailed,
    DataCorrupt,
    Draining,
    LienthongError,
    NotFound,
    PluginFailed,
    StoreFailed,
)
from lienthong.evidence.lifetimes import Lifetimes
from lienthong.evidence.renewal import Held
from lienthong.evidence.stamp_findings import StampJudge
from lienthong.evidence.stamps import CHECKPOINT, RENEWAL, Statement
from lienthong.spi.verifier import Outcome
from lienthong.testing.clock import START
from lienthong.testing.pki import TestPKI
from lienthong.testing.tsa import TestTSA
from lienthong_node.stamp_check import check_stamps
from lienthong_node.stores import Recorded
from node.tests.committing import KEY
from node.tests.stamped import StampedAxis, Stamper, years

MINUTE: Final = timedelta(minutes=1)


@pytest.fixture
def axis() -> StampedAxis:
    return StampedAxis()


@define(eq=False)
class Odd(Stamper):
    """Answers with what a test makes of an honest answer."""

    answer: Callable[[Stamper, bytes], Any] = field(kw_only=True)

    def stamp(self, digest: bytes, algorithm: str = "SHA-256") -> bytes:
        made: bytes = self.answer(self, digest)
        return made


def _fails(_: Stamper, __: bytes) -> bytes:
    raise PluginFailed(plugin="odd", distribution="odd", version="1", call="stamp", reason="no")


ODD: Final[dict[str, Callable[[Stamper, bytes], Any]]] = {
    "nothing": lambda _, __: b"",
    "noise": lambda _, __: b"\x30\x82\xff\xff" * 9,
    "other digest": lambda it, digest: it.tsa().issue(digest[::-1], algorithm="SHA-512"),
    "other algorithm": lambda it, digest: it.tsa().issue(digest[:32]),
    "stranger": lambda _, digest: TestTSA(TestPKI(START)).issue(digest, algorithm="SHA-512"),
    "yesterday": lambda it, digest: it.tsa().issue(
        digest, algorithm="SHA-512", gen_time=START - timedelta(hours=1)
    ),
    "tomorrow": lambda it, digest: it.tsa().issue(
        digest, algorithm="SHA-512", gen_time=START + timedelta(days=1)
    ),
    "failure": _fails,
}


@pytest.mark.parametrize("name", ODD)
def test_what_does_not_verify_is_not_kept_and_the_next_authority_is_asked(name: str) -> None:
    axis = StampedAxis()
    odd = Odd("odd", axis.clock, answer=ODD[name])
    axis.stampers = [odd, *axis.stampers]
    axis.start_again()
    row = axis.stamping.step()
    assert row is not None
    axis.stampers = [odd]
    axis.start_again()
    axis.send()
    axis.clock.advance(MINUTE)
    with pytest.raises(LienthongError):
        axis.stamping.step()
    assert axis.stamping.guard.failing
    with axis.store.read() as view:
        assert list(view.stamps(0, 9)) == [row]


def test_nothing_new_is_not_stamped_again(axis: StampedAxis) -> None:
    assert axis.stamping.step() is not None
    axis.clock.advance(10 * MINUTE)
    assert axis.stamping.step() is None
    assert sum(one.asked for one in axis.stampers) == 1


def test_authorities_take_turns(axis: StampedAxis) -> None:
    for _ in range(4):
        axis.send()
        assert axis.stamping.step() is not None
        axis.clock.advance(MINUTE)
    assert [one.asked for one in axis.stampers] == [2, 2]


def test_stamp_that_cannot_be_stored_is_asked_for_again(axis: StampedAxis) -> None:
    axis.store.fail_next(StoreFailed(reason="the sync failed"))
    with pytest.raises(StoreFailed):
        axis.stamping.step()
    axis.clock.advance(timedelta(seconds=10))
    assert axis.stamping.step() is not None
    assert axis.stamping.guard.failing == ""


def test_proof_is_of_the_first_stamp_that_covers_an_entry(axis: StampedAxis) -> None:
    _, outcome = axis.send()
    assert isinstance(outcome, Recorded)
    first = axis.stamping.step()
    axis.send()
    axis.clock.advance(MINUTE)
    axis.stamping.step()
    assert first is not None
    proof = axis.proofs.proof(outcome.checkpoint.size, [], axis.clock())
    assert proof.stamp.token == first.token


def test_nothing_covers_what_was_not_stamped(axis: StampedAxis) -> None:
    with pytest.raises(NotFound):
        axis.proofs.proof(1, [], axis.clock())


def test_place_of_an_entry_beyond_the_size_is_refused(axis: StampedAxis) -> None:
    axis.stamping.step()
    with pytest.raises(LienthongError, match="indexes"):
        axis.proofs.proof(1, [1], axis.clock())


def test_other_stamp_is_given_when_the_first_ones_authority_lost_its_key(
    axis: StampedAxis,
) -> None:
    _, outcome = axis.send()
    assert isinstance(outcome, Recorded)
    for _ in range(2):
        axis.stamping.step()
        axis.send()
        axis.clock.advance(MINUTE)
    lost = [hashlib.sha256(root).hexdigest() for root in axis.stampers[0].roots()]
    lifetimes = Lifetimes(authorities=dict.fromkeys(lost, axis.clock()))
    proofs = evolve(axis.proofs, rules=evolve(axis.rules, lifetimes=lifetimes))
    later = axis.clock() + MINUTE
    with axis.store.read() as view:
        rows = view.stamps(0, 9)
    size = outcome.checkpoint.size
    assert proofs.proof(size, [], axis.clock()).stamp.token == rows[0].token
    assert proofs.proof(size, [], later).stamp.token == rows[1].token


def test_renewal_is_due_a_year_ahead_and_made_by_each_authority(axis: StampedAxis) -> None:
    axis.stamping.step()
    axis.clock.set(years(3.9))
    assert axis.stamping.renew() == []
    axis.clock.set(years(4.1))
    rows = axis.stamping.renew()
    assert [row.kind for row in rows] == [RENEWAL, RENEWAL]
    assert [Statement.parse(row.text).stamps.size for row in rows] == [1, 2]
    axis.clock.advance(timedelta(hours=2))
    assert axis.stamping.renew() == []
    # What was stamped last has ended long ago, and lives on by the renewals.
    axis.clock.set(years(5.2))
    assert axis.stamping.renew() == []
    assert axis.stamping.ends_at is not None
    assert axis.stamping.ends_at > years(7)


def test_renewal_goes_on_while_one_authority_is_down(axis: StampedAxis) -> None:
    axis.stamping.step()
    axis.stampers[0].is_down = True
    assert len(axis.stamping.renew(wanted=True)) == 1
    axis.set_down(down=True)
    with pytest.raises(ConnectionFailed):
        axis.stamping.renew(wanted=True)


@pytest.mark.parametrize("ended", ["authority", "algorithm"])
def test_stamp_that_proves_nothing_any_more_is_not_kept(axis: StampedAxis, ended: str) -> None:
    day = START - timedelta(days=1)
    roots = [hashlib.sha256(root).hexdigest() for root in axis.stampers[0].roots()]
    axis.lifetimes = (
        Lifetimes(authorities=dict.fromkeys(roots, day))
        if ended == "authority"
        else Lifetimes(algorithms={"SHA-512": day})
    )
    axis.stampers = axis.stampers[:1]
    axis.start_again()
    with pytest.raises(LienthongError, match="ended"):
        axis.stamping.step()
    assert axis.stamping.guard.failing


def test_end_of_a_key_that_became_known_later_calls_for_a_renewal(axis: StampedAxis) -> None:
    axis.stamping.step()
    assert axis.stamping.renew() == []
    axis.clock.advance(timedelta(hours=2))
    axis.lifetimes = Lifetimes(algorithms={"Ed25519": START + timedelta(days=200)})
    axis.start_again()
    assert len(axis.stamping.renew()) == 2
    assert axis.stamping.ends_at == axis.lifetimes.of(["Ed25519"])


def test_clock_that_was_set_back_puts_nothing_off(axis: StampedAxis) -> None:
    axis.clock.advance(timedelta(days=1))
    axis.set_down(down=True)
    with pytest.raises(ConnectionFailed):
        axis.stamping.step()
    axis.clock.set(START)
    axis.set_down(down=False)
    assert axis.stamping.step() is not None


def retiring(axis: StampedAxis) -> StampedAxis:
    """The digest of the journal retires within a year."""
    axis.lifetimes = Lifetimes(algorithms={"SHA-256": START + timedelta(days=300)})
    axis.start_again()
    return axis


def test_entries_are_covered_before_their_digest_retires(axis: StampedAxis) -> None:
    _, outcome = retiring(axis).send(b"a file")
    assert isinstance(outcome, Recorded)
    axis.stamping.step()
    row = axis.stamping.renew()[-1]
    assert Statement.parse(row.text).entries is not None
    proof = axis.proofs.proof(outcome.checkpoint.size, [outcome.row.index], axis.clock())
    [place] = proof.renewals[-1].entries
    assert place.index == outcome.row.index
    assert len(place.files) == 1


def test_new_entries_are_stamped_while_all_files_are_read(axis: StampedAxis) -> None:
    retiring(axis).send(b"a file")
    axis.stamping.step()
    axis.clock.advance(MINUTE)
    axis.send()
    rows = axis.stamping.renew()
    assert [Statement.parse(row.text).stamps.size for row in rows] == [2, 3]
    with axis.store.read() as view:
        assert [row.kind for row in view.stamps(0, 9)] == [CHECKPOINT, CHECKPOINT, *[RENEWAL] * 2]
    check_stamps(axis.store, axis.blobs, KEY, axis.rules, axis.clock())


def test_node_that_is_being_stopped_reads_no_more_files(axis: StampedAxis) -> None:
    retiring(axis).send(b"a file")
    axis.stamping.step()
    axis.stamping.stopping = lambda: True
    with pytest.raises(Draining):
        axis.stamping.renew()


def test_while_a_file_is_damaged_only_time_stamps_are_renewed(
    axis: StampedAxis, caplog: pytest.LogCaptureFixture
) -> None:
    _, outcome = retiring(axis).send(b"a file")
    assert isinstance(outcome, Recorded)
    axis.stamping.step()
    contents = axis.medium.records.contents
    contents[next(iter(contents))] = b"another file"
    rows = axis.stamping.renew()
    assert [Statement.parse(row.text).entries for row in rows] == [None, None]
    assert "entries are not covered" in caplog.text
    # That the digest of the journal ends is told as before.
    assert axis.stamping.ends_at == axis.lifetimes.of(["SHA-256"])


def test_newest_that_proves_nothing_any_more_is_given_anew(axis: StampedAxis) -> None:
    """As when its authority is no longer among the anchors; renewals do not stop for it."""
    axis.stamping.step()
    axis.stamping.renew(wanted=True)
    stamps = axis.medium.records.stamps
    stamps[1] = evolve(stamps[1], token=b"no token")
    for _ in range(2):
        axis.clock.advance(timedelta(hours=1))
        assert axis.stamping.renew() == []
    with axis.store.read() as view:
        given = [row.number for row in view.stamps(0, 9, CHECKPOINT)]
    assert given == [1, 4]


def test_check_verifies_every_stamp_and_says_when_they_end(axis: StampedAxis) -> None:
    for _ in range(3):
        axis.send()
        axis.stamping.step()
        axis.clock.advance(MINUTE)
    axis.stamping.renew(wanted=True)
    found = check_stamps(axis.store, axis.blobs, KEY, axis.rules, axis.clock())
    assert (found.count, found.renewals) == (5, 2)
    assert years(4.9) < found.ends_at < years(5.1)


def test_check_tells_what_had_ended_before_it_was_renewed(axis: StampedAxis) -> None:
    axis.stamping.step()
    axis.clock.set(years(5.5))
    axis.send()
    axis.stamping.step()
    axis.stamping.renew(wanted=True)
    found = check_stamps(axis.store, axis.blobs, KEY, axis.rules, axis.clock())
    assert (found.count, found.lost) == (4, 1)
    assert found.ends_at > axis.clock()


@pytest.mark.parametrize("number", [1, 2, 4])
@pytest.mark.parametrize("change", ["token", "text", "gone"])
def test_check_finds_what_was_changed(axis: StampedAxis, number: int, change: str) -> None:
    for _ in range(3):
        axis.send()
        axis.stamping.step()
        axis.clock.advance(MINUTE)
    axis.stamping.renew(wanted=True)
    stamps = axis.medium.records.stamps
    other = stamps[3 if number != 3 else 1]
    if change == "gone":
        del stamps[number]
    else:
        stamps[number] = evolve(stamps[number], **{change: getattr(other, change)})
    with pytest.raises(LienthongError):
        check_stamps(axis.store, axis.blobs, KEY, axis.rules, axis.clock())


def test_check_finds_entries_that_a_renewal_does_not_cover(axis: StampedAxis) -> None:
    retiring(axis).send(b"a file")
    axis.stamping.step()
    axis.stamping.renew()
    check_stamps(axis.store, axis.blobs, KEY, axis.rules, axis.clock())
    journal = axis.medium.records.journal
    journal[0] = evolve(journal[0], envelope=journal[0].envelope + b"\n")
    with pytest.raises(DataCorrupt, match="differ"):
        check_stamps(axis.store, axis.blobs, KEY, axis.rules, axis.clock())


def test_offline_judge_takes_what_the_axis_gives(axis: StampedAxis) -> None:
    axis.stamping.step()
    with axis.store.read() as view:
        [row] = view.journal(0, 1)
    held = Held(index=0, entry=row.entry, recorded=row.envelope)
    proof = axis.proofs.proof(1, [0], axis.clock())
    found = StampJudge(anchors=axis.anchors, at=axis.clock()).judge(proof, held)
    assert found.outcome is Outcome.PASSED
    assert proof.stamp.text.startswith("axis.test\n")
    with axis.store.read() as view:
        assert [one.kind for one in view.stamps(0, 9)] == [CHECKPOINT]


def test_times_are_instants_of_the_token(axis: StampedAxis) -> None:
    row = axis.stamping.step()
    assert row is not None
    assert datetime.fromtimestamp(row.stamped_us / 1e6, START.tzinfo) == START
