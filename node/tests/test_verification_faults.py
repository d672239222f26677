"""What the axis could not decide, or not verify, waits; nothing is lost, nothing is told twice."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve

from lienthong.client.filereports import Examination, ReportFolder, digest_of
from lienthong.errors import DataCorrupt, Draining
from lienthong.model.file_signature import Finding
from lienthong.model.ids import PackageId, Sha256
from lienthong.spi.records import DeliveryRow
from lienthong_node.committer import Outcome
from lienthong_node.core import rulings
from lienthong_node.verification.worklist import GIVEN_UP, GIVEN_UP_TRIES, Waiting, Worklist
from node.tests.due import E
from node.tests.verifying import (
    INFORMATION,
    ORIGINAL,
    PENDING,
    REFUSE,
    WANTING,
    VerifyingAxis,
    checked,
    read_as,
    verifying,
)

QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)


@pytest.fixture
def axis(tmp_path: Path) -> Iterator[VerifyingAxis]:
    """Everybody wants that the axis verifies."""
    with verifying(tmp_path, WANTING) as axis:
        yield axis


def catches_up(axis: VerifyingAxis) -> None:
    """What came while nobody verified is verified after the next start, and told once."""
    packages = [axis.post() for _ in range(3)]
    axis.work.step(axis.clock())
    axis.start()
    axis.verify()
    assert {axis.worth(one) for one in packages} == {ORIGINAL}
    axis.start()
    assert axis.verify() == 0
    assert len(axis.verified()) == 3


def holds_up_nothing(axis: VerifyingAxis) -> PackageId:
    """A package over which the verifier falls waits, and the next one is verified."""
    bad, good = axis.post(words="crash"), axis.post()
    axis.verify()
    assert (axis.worth(bad), axis.worth(good)) == (None, ORIGINAL)
    assert (axis.work.standing.failed, axis.work.standing.waiting) == (1, 1)
    return bad


def recipient_stands(axis: VerifyingAxis) -> None:
    """What the recipient has found stays, whatever the axis finds afterwards."""
    package = axis.post(words="signer")
    axis.say(E.ACCEPT, package, check=checked(signer=Finding.GOOD))
    axis.verify()
    assert axis.worth(package) == ORIGINAL
    assert axis.verified() == []


def keeps_what_it_tells(axis: VerifyingAxis) -> None:
    """No report that an entry names is missing, though the folder cannot be written to at first."""
    package = axis.post()
    axis.reports.path.write_text("not a folder")
    axis.verify()
    assert axis.worth(package) is None
    axis.reports.path.unlink()
    axis.clock.advance(QUARTER)
    axis.verify()
    assert axis.worth(package) == ORIGINAL
    [(told, _)] = axis.verified()
    [kept] = axis.reports.all(package)
    assert digest_of(kept) == told.found.report


class TestWaiting:
    def test_told_only_when_the_worth_changes(self, axis: VerifyingAxis) -> None:
        package = axis.post(words="signer agency unknown")
        axis.verify()
        assert axis.sought == 1
        for pause in (1, 2, 4, 8, 16, 32, 64, 96, 96):
            axis.clock.advance(QUARTER * pause - timedelta(seconds=1))
            assert axis.verify() == 0
            axis.clock.advance(timedelta(seconds=1))
            assert axis.verify() == 1
        assert [told.value.value for told, _ in axis.verified()] == [PENDING]
        assert len(axis.reports.all(package)) == 1
        read_as(unknown="")
        axis.clock.advance(DAY)
        axis.verify()
        assert axis.worth(package) == ORIGINAL
        assert [told.value.value for told, _ in axis.verified()] == [PENDING, ORIGINAL]
        assert axis.work.standing.waiting == 0

    def test_newer_status_is_not_waited_for(self, axis: VerifyingAxis) -> None:
        package = axis.post(words="signer agency unknown")
        axis.verify()
        assert axis.verify() == 0
        read_as(unknown="revoked")
        axis.refresh(b"a newer list")
        assert axis.verify() == 1
        assert axis.worth(package) == REFUSE

    def test_the_same_status_again_is_no_news(self, axis: VerifyingAxis) -> None:
        axis.post(words="signer agency unknown")
        axis.refresh(b"a list")
        axis.verify()
        axis.refresh(b"a list")
        assert axis.verify() == 0

    def test_it_is_given_up_at_last(self, axis: VerifyingAxis) -> None:
        package, begun = axis.post(words="signer agency unknown"), axis.clock()
        tries = axis.verify()
        while axis.work.standing.waiting:
            axis.clock.advance(DAY)
            tries += axis.verify()
        assert tries > GIVEN_UP_TRIES
        assert axis.clock() - begun > GIVEN_UP
        assert axis.worth(package) == PENDING

    def test_what_a_node_that_was_down_has_let_wait_is_not_given_up(
        self, axis: VerifyingAxis
    ) -> None:
        """Nor what nobody could look at before: first looks seldom decide."""
        package = axis.post(words="signer agency unknown")
        axis.verify()
        axis.lacking = "trust_folder is not set in node.toml"
        other = axis.post(words="signer agency unknown")
        axis.verify()
        axis.clock.advance(400 * DAY)
        axis.lacking = ""
        assert axis.verify() == 2
        assert axis.worth(other) == PENDING
        read_as(unknown="")
        axis.clock.advance(DAY)
        axis.verify()
        assert (axis.worth(package), axis.worth(other)) == (ORIGINAL, ORIGINAL)

    def test_a_clock_that_was_wrong_puts_nothing_off(self, axis: VerifyingAxis) -> None:
        axis.post(words="signer agency unknown")
        today = axis.clock()
        axis.clock.advance(400 * DAY)
        assert axis.verify() == 1
        axis.clock.set(today)
        assert axis.verify() == 1
        assert axis.verify() == 0

    def test_acceptance_meanwhile_ends_it(self, axis: VerifyingAxis) -> None:
        package = axis.post(words="signer agency unknown")
        axis.verify()
        axis.say(E.ACCEPT, package, check=checked(agency=Finding.GOOD))
        axis.clock.advance(QUARTER)
        assert axis.verify() == 1
        assert axis.work.standing.waiting == 0
        assert len(axis.verified()) == 1


class TestFailing:
    def test_a_verifier_that_falls_over_holds_up_nothing_else(
        self, axis: VerifyingAxis, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING):
            bad = holds_up_nothing(axis)
        assert str(bad) in caplog.text
        read_as(crash="")
        axis.clock.advance(QUARTER)
        axis.verify()
        assert axis.worth(bad) == INFORMATION

    def test_a_file_that_is_damaged_on_our_disk_is_no_verdict(self, axis: VerifyingAxis) -> None:
        content = b"signer agency" + b" " * 3_000_000
        entry = axis.stock(content)
        package = axis.post_files(((entry, b""),))
        digest = entry.sha256.bytes
        axis.blobs.medium.contents[digest] = content.replace(b"agency", b"nobody")
        axis.verify()
        assert axis.worth(package) is None
        assert digest.hex() in axis.work.standing.failing
        assert (axis.work.standing.failed, axis.work.standing.waiting) == (1, 1)

    def test_the_committer_cannot_take_it_now(self, axis: VerifyingAxis) -> None:
        package = axis.post()
        axis.work.answered = _draining
        axis.verify()
        assert axis.worth(package) is None
        assert axis.work.standing.waiting == 1
        axis.start()
        axis.verify()
        assert axis.worth(package) == ORIGINAL
        assert len(axis.verified()) == 1

    def test_nothing_is_read_while_nothing_can_be_committed(self, axis: VerifyingAxis) -> None:
        """Else each look would leave a report that nobody is told of."""
        package = axis.post()
        axis.committer.failing = "the medium is full"
        assert axis.verify() == 0
        assert axis.work.standing.failing == "the medium is full"
        assert axis.reports.all(package) == ()
        axis.committer.failing = ""
        assert axis.verify() == 1
        assert axis.worth(package) == ORIGINAL

    def test_a_list_that_cannot_be_written_forgets_nothing(self, axis: VerifyingAxis) -> None:
        axis.post()
        axis.verify()
        package = axis.post()
        axis.work.worklist._db.execute("PRAGMA query_only = ON")
        assert axis.verify() == 0
        assert "readonly" in axis.work.standing.failing
        axis.work.worklist._db.execute("PRAGMA query_only = OFF")
        other = axis.post()
        axis.verify()
        assert (axis.worth(package), axis.worth(other)) == (ORIGINAL, ORIGINAL)

    def test_a_list_that_fails_is_told_and_does_not_end_it(
        self, axis: VerifyingAxis, caplog: pytest.LogCaptureFixture
    ) -> None:
        package = axis.post()
        axis.work.worklist.close()
        with caplog.at_level(logging.WARNING):
            assert axis.verify() == 0
            assert axis.verify() == 0
        assert len(caplog.records) == 1
        assert "closed database" in axis.work.standing.failing
        axis.start()
        axis.verify()
        assert axis.worth(package) == ORIGINAL
        assert axis.work.standing.failing == ""

    def test_a_damaged_entry_holds_up_nothing(self, axis: VerifyingAxis) -> None:
        bad, good = axis.post(), axis.post()
        journal = axis.store.medium.records.journal
        [index] = [row.index for row in journal.values() if row.package_id == bad.bytes]
        journal[index] = evolve(journal[index], entry=b"damaged", envelope=b"damaged")
        axis.verify()
        assert axis.worth(bad) is None
        assert axis.worth(good) == ORIGINAL

    def test_reports_that_cannot_be_kept_are_not_told(self, axis: VerifyingAxis) -> None:
        keeps_what_it_tells(axis)

    def test_a_node_that_cannot_verify_says_so_and_waits(
        self, axis: VerifyingAxis, caplog: pytest.LogCaptureFixture
    ) -> None:
        axis.lacking = "trust_folder is not set in node.toml"
        package = axis.post()
        with caplog.at_level(logging.WARNING):
            assert axis.verify() == 0
            axis.verify()
        assert len(caplog.records) == 1
        assert axis.work.standing.failing == axis.lacking
        assert axis.work.standing.waiting == 1
        assert axis.worth(package) is None
        axis.lacking = ""
        axis.verify()
        assert axis.worth(package) == ORIGINAL
        assert axis.work.standing.failing == ""


def _draining(_: object) -> list[Outcome]:
    return [Draining()]


def _no_list(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 100)


def _list_of_others(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE place (somewhere TEXT)")


class TestRestarts:
    def test_a_node_that_was_down_catches_up(self, axis: VerifyingAxis) -> None:
        catches_up(axis)

    def test_between_told_and_noted(
        self, axis: VerifyingAxis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        package = axis.post()
        with monkeypatch.context() as patch:
            patch.setattr(Worklist, "drop", _crash)
            with pytest.raises(SystemExit):
                axis.verify()
        axis.start()
        axis.verify()
        assert axis.worth(package) == ORIGINAL
        assert len(axis.verified()) == 1

    @pytest.mark.parametrize("damage", [Path.touch, _no_list, _list_of_others])
    def test_a_list_that_was_lost_is_made_anew(
        self, axis: VerifyingAxis, damage: Callable[[Path], None]
    ) -> None:
        done, waiting = axis.post(), axis.post(words="signer agency unknown")
        axis.verify()
        axis.work.close()
        path = axis.folder / "worklist.db"
        path.unlink()
        damage(path)
        read_as(unknown="")
        axis.start()
        axis.verify()
        assert axis.worth(done) == ORIGINAL
        assert axis.worth(waiting) == ORIGINAL
        assert len(axis.verified()) == 3
        assert axis.work.standing.verified == 1

    def test_an_older_journal_that_was_restored_is_read_anew(self, axis: VerifyingAxis) -> None:
        axis.post()
        axis.verify()
        axis.work.worklist.take((), 10_000, 0)
        axis.start()
        package = axis.post()
        assert axis.verify() == 1
        assert axis.worth(package) == ORIGINAL

    def test_many_entries_are_read_page_by_page(
        self, axis: VerifyingAxis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lienthong_node.verification.worker._PAGE", 3)
        packages = [axis.post() for _ in range(10)]
        assert axis.verify() == 10
        assert {axis.worth(one) for one in packages} == {ORIGINAL}


def _crash(*_: object) -> None:
    raise SystemExit


class TestPlanted:
    @pytest.mark.planted("what waits to be verified forgotten")
    def test_a_list_in_memory_alone(
        self, axis: VerifyingAxis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        take = Worklist.take

        def forgetful(self: Worklist, packages: list[bytes], place: int, now_us: int) -> None:
            take(self, packages[:1], place, now_us)

        monkeypatch.setattr(Worklist, "take", forgetful)
        with pytest.raises(AssertionError):
            catches_up(axis)

    @pytest.mark.planted("one file stops all verifying")
    def test_a_failure_that_stays_first(
        self, axis: VerifyingAxis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def at_once(self: Worklist, waiting: Waiting, now_us: int) -> bool:
            raise DataCorrupt(what=waiting.package_id.hex())

        monkeypatch.setattr(Worklist, "put_off", at_once)
        with pytest.raises(AssertionError):
            holds_up_nothing(axis)

    @pytest.mark.planted("axis judges over the recipient")
    def test_the_axis_has_the_last_word(
        self, axis: VerifyingAxis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def always(_: DeliveryRow) -> bool:
            return True

        monkeypatch.setattr(rulings, "is_unjudged", always)
        monkeypatch.setattr("lienthong_node.verification.worker.is_unjudged", always)
        with pytest.raises(AssertionError):
            recipient_stands(axis)

    @pytest.mark.planted("axis tells of a report that it has not kept")
    def test_a_report_that_is_not_kept(
        self, axis: VerifyingAxis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def not_kept(_: ReportFolder, examination: Examination) -> Sha256:
            return digest_of(examination)

        monkeypatch.setattr(ReportFolder, "keep", not_kept)
        with pytest.raises(AssertionError):
            keeps_what_it_tells(axis)
