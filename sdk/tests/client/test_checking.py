"""Checks of the interconnection by a client, against an axis that has something wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from lienthong.client import Client, FileSource
from lienthong.client.inspecting import skew
from lienthong.codec.signed import load_entry
from lienthong.errors import (
    ConnectionFailed,
    CredentialExpired,
    InvalidValue,
    NotFound,
    ProofInvalid,
    ReceiptInvalid,
    RoleMissing,
)
from lienthong.model.document import Document
from lienthong.model.ids import OrganId
from lienthong.model.journal import CheckResult, InterconnectionRecord
from lienthong.testing.journal import MemoryJournal
from lienthong.testing.pki import KeyKind
from sdk.tests.client.conftest import RECIPIENT, SENDER, open_client

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

GOOD = CheckResult(name="feed", passed=True, note="0–7")
BAD = CheckResult(name="clock", passed=False)
FILE = FileSource.of_bytes("a.pdf", b"content")
ALL = ["certificates", "clock", "directory", "journal", "feed", "receipt", "deliveries"]


def outcomes(client: Client, **options: Any) -> dict[str, bool]:
    """What was looked at, and whether it passed."""
    looked = client.check_interconnection(**options)
    return {one.result.name: one.result.passed for one in looked}


def failing(client: Client, **options: Any) -> list[str]:
    return [name for name, passed in outcomes(client, **options).items() if not passed]


class TestRecording:
    def test_an_axis_that_is_down_is_told_and_nothing_recorded(self, axis: ScriptedAxis) -> None:
        with open_client(axis, SENDER) as client:
            client._loop.run(axis.stop())
            with pytest.raises(ConnectionFailed):
                client.check_interconnection()
            with pytest.raises(ConnectionFailed):
                client.record_check([GOOD])
        assert axis.records == []

    @pytest.mark.parametrize("count", [0, 51])
    def test_none_or_too_many_results_do_not_leave(
        self, axis: ScriptedAxis, sender: Client, count: int
    ) -> None:
        with pytest.raises(InvalidValue):
            sender.record_check([GOOD] * count)
        assert "RecordCheck" not in axis.calls

    @pytest.mark.parametrize(
        "change",
        [
            lambda record: evolve(record, results=(GOOD,)),
            lambda record: evolve(
                record, results=(), missed_at=datetime(2026, 11, 16, 1, tzinfo=UTC)
            ),
        ],
        ids=["other results", "missed"],
    )
    def test_a_receipt_for_something_else_is_refused(
        self,
        axis: ScriptedAxis,
        sender: Client,
        change: Callable[[InterconnectionRecord], InterconnectionRecord],
    ) -> None:
        axis.faults.change_check = change
        with pytest.raises(ReceiptInvalid):
            sender.record_check([GOOD, BAD])

    def test_a_lost_answer_is_told_and_not_repeated(
        self, axis: ScriptedAxis, sender: Client
    ) -> None:
        """Repeated it would be two checks where somebody has looked once."""
        axis.faults.lost_answers = 1
        with pytest.raises(ConnectionFailed):
            sender.record_check([GOOD])
        assert axis.calls.count("RecordCheck") == 1

    @pytest.mark.parametrize("is_lost", [True, False])
    def test_a_renewed_certificate_repeats_only_what_was_refused(
        self, axis: ScriptedAxis, sender: Client, is_lost: bool
    ) -> None:
        """A lost answer may be of a check that was recorded."""
        sender.organisation()
        renewed = axis.pki.client(SENDER, KeyKind.P384)
        folder = axis.profile(SENDER)
        (folder / "transport.pem").write_bytes(renewed.chain_pem)
        (folder / "transport.key").write_bytes(renewed.key_pem())
        if is_lost:
            axis.faults.lost_answers = 1
            with pytest.raises(ConnectionFailed):
                sender.record_check([GOOD])
            assert axis.calls.count("RecordCheck") == 1
        else:
            axis.faults.unary.append(CredentialExpired(fingerprint="f", at="now"))
            sender.record_check([GOOD])
        sender.record_check([GOOD])
        assert len(axis.records) == 2

    def test_the_receipt_proves_what_was_found(self, sender: Client) -> None:
        body = load_entry(sender.record_check([GOOD, BAD]).entry).body
        assert body == InterconnectionRecord(organ_id=OrganId(SENDER), results=(GOOD, BAD))

    def test_another_code_of_the_organisation_will_do(
        self, axis: ScriptedAxis, sender: Client
    ) -> None:
        axis.faults.change_check = lambda record: evolve(record, organ_id=OrganId("H53"))
        sender.record_check([GOOD])


class TestLooking:
    def test_everything_is_looked_at(self, axis: ScriptedAxis, sender: Client) -> None:
        axis.tell(InterconnectionRecord(organ_id=OrganId(SENDER), results=(GOOD,)))
        assert outcomes(sender) == dict.fromkeys(ALL, True)

    def test_what_the_role_may_not_ask_for_is_left_out(
        self, axis: ScriptedAxis, sender: Client
    ) -> None:
        sender.record_check([GOOD])
        axis.faults.denied = True
        assert list(outcomes(sender)) == ALL[:4]

    def test_without_an_entry_there_is_no_receipt_to_ask_for(self, axis: ScriptedAxis) -> None:
        axis.tell(InterconnectionRecord(organ_id=OrganId(RECIPIENT), results=(GOOD,)))
        with open_client(axis, SENDER) as client:
            assert "receipt" not in outcomes(client)

    @pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(minutes=-5)])
    def test_a_clock_that_is_off_fails(
        self, axis: ScriptedAxis, sender: Client, ahead: timedelta
    ) -> None:
        sender.record_check([GOOD])
        axis.faults.clock_ahead = ahead
        assert failing(sender) == ["clock"]

    def test_an_axis_that_does_not_tell_the_time_has_no_clock(
        self, axis: ScriptedAxis, sender: Client
    ) -> None:
        sender.record_check([GOOD])
        axis.faults.clock_ahead = None
        assert list(outcomes(sender)) == [name for name in ALL if name != "clock"]

    def test_a_certificate_that_ends_soon_fails(self, axis: ScriptedAxis) -> None:
        axis.tell(InterconnectionRecord(organ_id=OrganId(SENDER), results=(GOOD,)))
        later = axis.pki.now + timedelta(days=360)
        axis.faults.clock_ahead = None
        with Client(
            axis.profile(SENDER),
            signer=axis.pki.organisation(SENDER).signer(),
            clock=lambda: later,
        ) as client:
            assert failing(client) == ["certificates"]

    @pytest.mark.parametrize(("days", "said"), [(300, ""), (306, " (58 d)"), (337, " (27 d)")])
    def test_how_long_certificates_last_is_told_two_months_ahead(
        self, axis: ScriptedAxis, days: int, said: str
    ) -> None:
        later = axis.pki.now + timedelta(days=days)
        signer = axis.pki.organisation(SENDER).signer()
        with Client(axis.profile(SENDER), signer=signer, clock=lambda: later) as client:
            looked = client.check_interconnection()
        [note] = [one.result.note for one in looked if one.result.name == "certificates"]
        ends = note.split(" / ")
        assert len(ends) == 2
        assert all(end[10:] == said for end in ends)

    def test_a_rewritten_journal_fails_against_the_witness(
        self, axis: ScriptedAxis, sender: Client, tmp_path: Path
    ) -> None:
        sender.record_check([GOOD])
        kept = tmp_path / "kept.jsonl"
        assert failing(sender, witness=kept) == []
        axis.records.clear()
        axis.journal = MemoryJournal(signer=axis.journal.signer, clock=lambda: axis.pki.now)
        sender.record_check([BAD])
        assert failing(sender, witness=kept) == ["journal"]
        assert kept.with_name("kept.jsonl.fork.json").exists()

    def test_an_altered_entry_fails(self, axis: ScriptedAxis, sender: Client) -> None:
        sender.record_check([GOOD])

        def alter(item: Any) -> None:
            item.receipt.entry = item.receipt.entry[:-1] + b"!"

        axis.faults.change_item = alter
        assert "feed" in failing(sender)

    def test_a_receipt_that_is_gone_fails_with_its_error(
        self, axis: ScriptedAxis, sender: Client
    ) -> None:
        sender.record_check([GOOD])
        original = axis._unary

        async def lose(name: str, context: Any) -> None:
            if name == "GetReceipt":
                axis.faults.unary.append(NotFound(what="it"))
            await original(name, context)

        axis._unary = lose  # type: ignore[method-assign]
        [found] = [one for one in sender.check_interconnection() if not one.result.passed]
        assert (found.result.name, found.result.note) == ("receipt", NotFound.code)
        assert isinstance(found.error, NotFound)

    def test_the_feed_is_read_from_the_cursor(self, axis: ScriptedAxis, sender: Client) -> None:
        for _ in range(3):
            sender.record_check([GOOD])
        [feed] = [
            one.result for one in sender.check_interconnection(after=2) if one.result.name == "feed"
        ]
        assert feed.note == "2–3 (1)"

    @pytest.mark.parametrize(("after", "note"), [(None, "3–6 (3)"), (0, "0–3 (3+)")])
    def test_the_newest_of_many_are_read_and_what_is_left_is_told(
        self, sender: Client, monkeypatch: pytest.MonkeyPatch, after: int | None, note: str
    ) -> None:
        for _ in range(6):
            sender.record_check([GOOD])
        monkeypatch.setattr("lienthong.client.checking.BACK", 3)
        monkeypatch.setattr("lienthong.client.checking.READ", 2)
        looked = sender.check_interconnection(after=after)
        assert [one.result.note for one in looked if one.result.name == "feed"] == [note]

    @pytest.mark.parametrize(
        ("due", "stage", "note"),
        [
            ("TAKEN", "AT_RISK", "1 / 0"),
            ("TAKEN", "OVERDUE", "1 / 1"),
            ("NOTICED", "OVERDUE", "1 / 0"),
            ("REPLIED", "OVERDUE", "1 / 0"),
        ],
    )
    def test_what_waits_is_counted_and_what_is_late_fails(
        self,
        axis: ScriptedAxis,
        sender: Client,
        recipient: Client,
        document: Document,
        due: str,
        stage: str,
        note: str,
    ) -> None:
        """Whatever else is late (M10)."""
        sender.send(document, [FILE], [RECIPIENT])
        axis.faults.due, axis.faults.stage = due, stage
        looked = {one.result.name: one.result for one in recipient.check_interconnection()}
        assert looked["deliveries"].note == note
        assert looked["deliveries"].passed == (note == "1 / 0")


class TestReadingBack:
    def test_only_checks_of_the_time_are_read(
        self, axis: ScriptedAxis, sender: Client, document: Document
    ) -> None:
        start = axis.pki.now
        try:
            for day in range(6):
                axis.pki.now = start + timedelta(hours=day)
                sender.send(document, [FILE], [RECIPIENT])
                sender.record_check([GOOD])
            found = sender.checks(start + timedelta(hours=2), start + timedelta(hours=4))
        finally:
            axis.pki.now = start
        times = [item.entry.recorded_at - start for item in found]
        assert times == [timedelta(hours=2), timedelta(hours=3)]

    def test_an_altered_check_is_refused(self, axis: ScriptedAxis, sender: Client) -> None:
        sender.record_check([GOOD])

        def alter(item: Any) -> None:
            entry = load_entry(item.receipt.entry)
            other = MemoryJournal(clock=lambda: axis.pki.now).commit([entry.body])[0]
            item.receipt.entry = other.entry

        axis.faults.change_item = alter
        with pytest.raises(ProofInvalid):
            sender.checks(axis.pki.now, axis.pki.now + timedelta(days=1))

    def test_without_the_role_it_is_told(self, axis: ScriptedAxis, sender: Client) -> None:
        sender.record_check([GOOD])
        axis.faults.denied = True
        with pytest.raises(RoleMissing):
            sender.checks(axis.pki.now, axis.pki.now)


def test_clocks_differ_by_what_the_answer_cannot_explain() -> None:
    noon = datetime(2026, 11, 16, 12, tzinfo=UTC)
    second = timedelta(seconds=1)
    assert skew(noon, noon + second, noon + 2 * second) == timedelta()
    assert skew(noon, noon - second, noon + second) == -second
    assert skew(noon, noon + 3 * second, noon + second) == 2 * second
