"""D-21: the judge of histories finds what is wrong, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lienthong.errors import Malformed
from lienthong_node.history import (
    Event,
    Finding,
    Operation,
    Outcome,
    Promise,
    dump_event,
    judge,
    load_event,
    read_events,
)
from node.tests.history_cases import STORY, A, Story
from node.tests.history_stories import BAD, GOOD

WANTED = 50
HASH = "0" * 64


@pytest.mark.parametrize("story", BAD, ids=lambda story: story.name)
def test_bad_history_is_found(story: Story) -> None:
    found = judge(story.events, story.journal)
    fitting = [f for f in found if f.promise.name == story.promise and story.text in f.text]
    assert fitting, [str(finding) for finding in found]


@pytest.mark.parametrize("story", GOOD, ids=lambda story: story.name)
def test_good_history_passes(story: Story) -> None:
    assert judge(story.events, story.journal) == []


def test_there_are_enough_of_both() -> None:
    assert len(BAD) >= WANTED
    assert len(GOOD) >= WANTED
    assert max(Counter(story.name for story in (*BAD, *GOOD)).values()) == 1
    assert {story.promise for story in BAD} == {promise.name for promise in Promise}


def test_findings_name_the_line_that_shows_it() -> None:
    found = judge([*STORY[:2], STORY[0], STORY[1], *STORY[1:2]])
    assert found == []
    broken = [*STORY[:6], STORY[3]]
    assert [(f.promise, f.line) for f in judge(broken)] == [(Promise.I3, 7)]


def test_finding_reads_as_one_line() -> None:
    finding = Finding(promise=Promise.I1, text="p is lost", line=4)
    assert str(finding) == "I1: line 4: p is lost"
    assert str(Finding(promise=Promise.I6, text="a gap")) == "I6: a gap"


@pytest.mark.parametrize("event", STORY)
def test_line_round_trip(event: Event) -> None:
    line = dump_event(event)
    assert line.endswith("}\n")
    assert load_event(line, 1) == event


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("", "line 7"),
        ("[]", "object"),
        ("{", "line 7"),
        ('{"op":"send","op":"send"}', "a key stands twice"),
        ('{"type":"ok"}', "Event.op is missing"),
        ('{"op":"send","type":"ok"}', "Event.by is missing"),
        ('{"op":"nonsense","type":"ok"}', "Event.op is 'nonsense'"),
        ('{"op":"head","type":"fail"}', "Event.type is fail"),
        ('{"op":"send","type":"invoke","by":"A"}', "Event.id is missing"),
        ('{"op":"send","type":"fail","by":"A","id":"p"}', "Event.code is missing"),
        ('{"op":"send","type":"invoke","by":"A","id":"p","index":"1"}', "Event.index is '1'"),
        ('{"op":"send","type":"invoke","by":"A","id":"p","index":-1}', "Event.index is -1"),
        ('{"op":"send","type":"invoke","by":"A","id":"p","index":true}', "Event.index is True"),
        ('{"op":"send","type":"invoke","by":"A","id":"p","payload":"x"}', "Event.payload is 'x'"),
        ('{"op":"send","type":"invoke","by":"A","id":"p","to":"B"}', "Event.to is 'B'"),
        ('{"op":"send","type":"invoke","by":"A","id":"p","colour":1}', "unknown field colour"),
    ],
)
def test_malformed_line_is_named_with_its_field(line: str, field: str) -> None:
    with pytest.raises(Malformed) as caught:
        load_event(line, 7)
    assert "line 7 of the history" in str(caught.value)
    assert field in str(caught.value)


class TestReading:
    def test_line_that_is_still_being_written_is_left_out(self, tmp_path: Path) -> None:
        path = write(tmp_path, lambda text: text + '{"op":"se')
        assert read_events(path) == list(STORY)

    def test_last_line_needs_no_end(self, tmp_path: Path) -> None:
        assert read_events(write(tmp_path, str.rstrip)) == list(STORY)

    def test_newest_events_only(self, tmp_path: Path) -> None:
        path = write(tmp_path, str)
        newest = len(dump_event(STORY[-1])) + 5
        assert read_events(path, newest_bytes=newest) == [STORY[-1]]
        assert read_events(path, newest_bytes=10**6) == list(STORY)

    def test_wrong_line_is_counted_from_one(self, tmp_path: Path) -> None:
        path = write(tmp_path, lambda text: "{}\n" + text)
        with pytest.raises(Malformed, match="line 1 of the history"):
            read_events(path)

    def test_bytes_that_are_no_text(self, tmp_path: Path) -> None:
        path = tmp_path / "history.jsonl"
        path.write_bytes(b"\xff\n")
        with pytest.raises(Malformed, match="not UTF-8"):
            read_events(path)


def write(folder: Path, change: Callable[[str], str]) -> Path:
    path = folder / "history.jsonl"
    path.write_text(change("".join(map(dump_event, STORY))), "utf-8")
    return path


@pytest.mark.planted("judge believes acknowledgements")
def test_a_judge_that_does_not_look_for_losses_would_be_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lienthong_node.history.judge_journal._entry", _believe)
    missed = [s.name for s in BAD if not hits(s)]
    assert "the newest entry is lost" in missed


def _believe(*_: Any, **__: Any) -> tuple[Finding, ...]:
    return ()


def hits(story: Story) -> bool:
    return any(story.text in finding.text for finding in judge(story.events, story.journal))


def test_only_combinations_that_exist_can_be_made() -> None:
    with pytest.raises(Exception, match=r"Event\.type"):
        Event(op=Operation.END, type=Outcome.FAIL, by=A)
    assert Event(op=Operation.HEAD, type=Outcome.OK, by=A, size=0, root=HASH).size == 0
