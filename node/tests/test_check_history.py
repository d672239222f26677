"""The recorder writes what the judge reads, and ``check-history`` tells what was found."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner, Result

from lienthong.codec.signed import load_manifest
from lienthong.errors import ConnectionFailed, UnknownRecipient
from lienthong.evidence.bundle import dump_bundle
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.model.journal import FeedItem, JournalEntry
from lienthong.testing.case import RECIPIENT, SENDER, CaseBuilder
from lienthong_node.cli import cli
from lienthong_node.history import (
    Event,
    Operation,
    Outcome,
    Recorder,
    dump_event,
    judge,
    load_event,
    read_bundle,
    read_journal,
    receipt_digest,
)
from node.tests.history_cases import STORY, sent

AXIS = "truc.test"


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_LANG", "en")


def run(*arguments: object) -> Result:
    found = CliRunner().invoke(cli, ["check-history", *(str(one) for one in arguments)])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


def told(*arguments: object, code: int) -> dict[str, Any]:
    """The result of a command, one JSON object."""
    found = run(*arguments, "--json")
    assert found.exit_code == code, found.output
    result: dict[str, Any] = json.loads(found.stdout)
    return result


def write(folder: Path, *events: Event) -> Path:
    path = folder / "history.jsonl"
    path.write_text("".join(map(dump_event, events)), "utf-8")
    return path


class TestRecorder:
    @pytest.fixture
    def case(self) -> CaseBuilder:
        made = CaseBuilder()
        made.send(b"%PDF-1.4")
        return made

    def test_a_package_from_its_sending_to_its_reader(self, case: CaseBuilder) -> None:
        [entry] = case.entries
        text = io.StringIO()
        recorder = Recorder(text)
        manifest = load_manifest(entry.envelope.payload)
        recorder.sending(manifest, entry.envelope, str(SENDER))
        recorder.failed(Operation.SEND, str(SENDER), str(manifest.package_id), lost())
        recorder.sending(manifest, entry.envelope, str(SENDER))
        recorder.recorded(entry.receipt, str(SENDER))
        recorder.reading("app", str(RECIPIENT), 0)
        item = FeedItem(receipt=entry.receipt, entry=entry_of(case), envelope=entry.envelope)
        recorder.read("app", str(RECIPIENT), item)
        recorder.head(open_checkpoint(entry.receipt.checkpoint, case.journal.key), str(SENDER))
        recorder.end()
        events = [load_event(line, 1) for line in text.getvalue().splitlines()]
        kinds = [(event.op.value, event.type.value) for event in events]
        assert kinds == [
            ("send", "invoke"),
            ("send", "unknown"),
            ("send", "invoke"),
            ("send", "ok"),
            ("read", "invoke"),
            ("read", "ok"),
            ("head", "ok"),
            ("end", "ok"),
        ]
        assert events[3].receipt == receipt_digest(entry.receipt)
        assert events[0].payload == events[3].payload == events[5].payload
        assert judge(events) == []

    def test_a_refusal_is_for_good(self) -> None:
        text = io.StringIO()
        Recorder(text).failed(Operation.REPORT, "A", "s", UnknownRecipient(organ="B"))
        assert load_event(text.getvalue(), 1).type is Outcome.FAIL

    def test_a_bundle_shows_its_case(self, case: CaseBuilder) -> None:
        source = io.BytesIO(dump_bundle(case.contents()))
        journal = read_bundle(source, case.journal.key, case.pki.anchors)
        [entry] = journal.entries
        assert (entry.index, journal.whole) == (0, False)
        good = sent(entry.id, 0, payload=entry.payload)
        assert judge([good], journal) == []
        assert judge([evolve(good, id="another")], journal) != []


def lost() -> ConnectionFailed:
    return ConnectionFailed(endpoint="localhost:1", reason="refused")


def entry_of(case: CaseBuilder) -> JournalEntry:
    from lienthong.codec.signed import load_entry

    return load_entry(case.entries[0].receipt.entry)


class TestCommand:
    def test_a_good_history(self, tmp_path: Path) -> None:
        path = write(tmp_path, *STORY)
        found = run(path)
        assert found.exit_code == 0
        assert found.stdout == f"ok: {len(STORY)} events against 0 entries, every promise kept\n"
        result = told(path, code=0)
        assert result == {"ok": True, "events": len(STORY), "entries": 0, "findings": []}

    def test_findings_are_named_and_end_with_one(self, tmp_path: Path) -> None:
        path = write(tmp_path, *STORY[:-1], sent("p", 7))
        found = run(path)
        assert found.exit_code == 1
        assert "I3: line 13: p stands in the journal twice, as 1 and 7" in found.stdout
        assert found.stdout.endswith("findings in 13 events\n")
        result = told(path, code=1)
        assert not result["ok"]
        assert {name: result["findings"][0][name] for name in ("promise", "line")} == {
            "promise": "I3",
            "line": 13,
        }

    def test_many_findings_are_counted(self, tmp_path: Path) -> None:
        path = write(tmp_path, *(sent("p", index) for index in range(80)))
        shown = run(path).stdout
        assert "more" in shown
        assert len(shown.splitlines()) < 60
        assert len(told(path, code=1)["findings"]) > 70

    def test_a_malformed_line_is_named_with_its_field(self, tmp_path: Path) -> None:
        path = write(tmp_path, *STORY)
        path.write_text(path.read_text("utf-8") + '{"op":"send","type":"ok","by":"A"}\n', "utf-8")
        found = run(path, "--json")
        assert (found.exit_code, found.stdout) == (1, "")
        error = json.loads(found.stderr)["error"]
        assert error["code"] == "codec.malformed"
        assert f"line {len(STORY) + 1} of the history" in error["message"]
        assert "Event.id is missing" in error["message"]

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--bundle", "FILE"], "--bundle needs --axis-key and --anchors"),
            (["--bundle", "FILE", "--data", "FOLDER"], "exclude each other"),
            (["--data", "nowhere"], "does not exist"),
        ],
    )
    def test_wrong_usage(self, tmp_path: Path, options: list[str], said: str) -> None:
        path = write(tmp_path, *STORY)
        places = {"FILE": str(path), "FOLDER": str(tmp_path)}
        found = run(path, *(places.get(option, option) for option in options))
        assert found.exit_code == 2
        assert said in found.stderr

    def test_against_a_bundle(self, tmp_path: Path) -> None:
        case = CaseBuilder()
        package = str(case.send(b"%PDF-1.4"))
        (tmp_path / "case.bundle").write_bytes(dump_bundle(case.contents()))
        (tmp_path / "root.pem").write_bytes(case.pki.root.pem)
        options = (
            "--bundle",
            tmp_path / "case.bundle",
            "--anchors",
            tmp_path / "root.pem",
            "--axis-key",
            str(case.journal.key),
        )
        assert told(write(tmp_path, sent(package, 0)), *options, code=0)["entries"] == 1
        broken = told(write(tmp_path, sent("another", 0)), *options, code=1)
        assert broken["findings"][0]["promise"] == "I1"


class TestAgainstAFolder:
    @pytest.fixture
    def data(self, tmp_path: Path) -> Path:
        """A node that knows an organisation and has not served yet."""
        folder = tmp_path / "data"
        made = CliRunner().invoke(cli, ["init", str(folder), "--axis", AXIS])
        assert made.exit_code == 0, made.output
        added = CliRunner().invoke(cli, ["org", "add", str(folder), "000.00.13.H53", "Sở A"])
        assert added.exit_code == 0, added.output
        return folder

    def test_its_heads_are_those_of_its_journal(self, tmp_path: Path, data: Path) -> None:
        entries = read_journal(data).entries
        size, root = len(entries), entries[-1].root
        good = Event(op=Operation.HEAD, type=Outcome.OK, by="A", size=size, root=root)
        path = write(tmp_path, good)
        assert told(path, "--data", data, code=0)["entries"] == size
        path = write(tmp_path, evolve(good, root="0" * 64))
        [finding] = told(path, "--data", data, code=1)["findings"]
        assert finding == {
            "promise": "I6",
            "line": 1,
            "text": f"the journal's first {size} entries were rewritten",
        }

    def test_what_it_does_not_hold_is_lost(self, tmp_path: Path, data: Path) -> None:
        path = write(tmp_path, sent("p", 1))
        [finding] = told(path, "--data", data, code=1)["findings"]
        assert finding["text"] == "p was acknowledged as entry 1 and is lost"

    def test_a_folder_that_is_none(self, tmp_path: Path) -> None:
        found = run(write(tmp_path, *STORY), "--data", tmp_path, "--json")
        assert found.exit_code == 1
        assert json.loads(found.stderr)["error"]["code"] == "config.invalid"
