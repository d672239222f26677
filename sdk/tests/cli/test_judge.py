"""``lienthong judge``: what is shown of judgements that had to wait, and the exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import Result
from rich.text import Text

from lienthong.cli.base import Session
from lienthong.cli.commands import judging
from lienthong.cli.failures import ExitCode
from lienthong.cli.texts import Words
from lienthong.client import JudgedAgain
from lienthong.client.loop import shared_loop
from lienthong.model.delivery import DeliveryState
from lienthong.model.file_signature import LegalValue
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import Receipt
from lienthong.plugins import PluginHost, PluginKind
from lienthong.plugins.discovery import discover
from sdk.tests.client.judges import MODULE, RECIPIENT, name_trust_store, scripted_offers

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

Run = Callable[..., Result]


@pytest.fixture
def files(files: Path) -> Path:
    """A document as somebody has signed it whose revocation cannot be learnt."""
    (files / "main.pdf").write_bytes(b"signer agency unknown")
    (files / "annex.xlsx").write_bytes(b"annex")
    return files


@pytest.fixture
def verifier(axis: ScriptedAxis, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The recipient's profile names a trust store; files are read by the scripted verifier."""
    name_trust_store(axis)
    with scripted_offers() as offers:
        signers = [one for one in discover() if one.kind is PluginKind.SIGNER]
        monkeypatch.setattr(
            "lienthong.client.core.PluginHost",
            lambda: PluginHost(offers=lambda: [*signers, *offers]),
        )
        yield


@pytest.fixture
def waiting(verifier: None, as_recipient: Run, sent: str) -> str:
    """A package that was accepted although its revocation could not be learnt."""
    result = as_recipient("accept", sent, "--number", "7", "--responsible", "Chánh Văn phòng")
    assert result.exit_code == 0, result.stderr
    return sent


def learn(word: str) -> None:
    """From now on "unknown" in a file means another word."""
    sys.modules[MODULE].READ_AS["unknown"] = word


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_outcome_and_entry_are_told(waiting: str, as_recipient: Run) -> None:
    learn("known")
    result = as_recipient("judge", "--all", "--json")
    [row] = rows(result)
    assert row["value"] == "ORIGINAL_EQUIVALENT"
    assert (row["package_id"], row["recipient"]) == (waiting, RECIPIENT)
    assert isinstance(row["index"], int)
    assert (row["error"], row["ended"], row["next_at"]) == (None, None, None)
    assert result.exit_code == ExitCode.DONE


@pytest.mark.parametrize(("language", "words"), [("en", "judged again at"), ("vi", "đánh giá lại")])
def test_people_read_when_it_is_judged_the_next_time(
    waiting: str, as_recipient: Run, language: str, words: str
) -> None:
    result = as_recipient("--lang", language, "judge", "--all")
    assert result.exit_code == ExitCode.DONE
    assert waiting in result.stdout
    assert words in result.stdout


@pytest.mark.usefixtures("waiting")
def test_nothing_due_is_said(as_recipient: Run) -> None:
    result = as_recipient("judge")
    assert (result.exit_code, result.stdout) == (ExitCode.DONE, "")
    assert "nothing is due" in result.stderr
    assert as_recipient("judge", "--json").stdout == ""


@pytest.mark.parametrize(
    ("word", "said"), [("revoked", "the axis was told"), ("altered", "needs a passed check")]
)
def test_what_is_to_be_refused_cannot_be_overlooked(
    waiting: str, as_recipient: Run, word: str, said: str
) -> None:
    learn(word)
    result = as_recipient("judge", "--all")
    assert result.exit_code == ExitCode.UNVERIFIED
    assert waiting in result.stdout
    assert said in result.stdout


def test_withdrawn_package_is_told(axis: ScriptedAxis, waiting: str, as_recipient: Run) -> None:
    key = PackageId.parse(waiting), OrganId(RECIPIENT)
    axis.states[key] = DeliveryState.RECALLED
    assert "needs no judgement any more" in as_recipient("judge", "--all").stdout
    assert as_recipient("judge", "--all", "--json").stdout == ""


def test_failure_of_one_gives_its_exit_code(
    axis: ScriptedAxis, waiting: str, as_recipient: Run
) -> None:
    axis.files.clear()
    result = as_recipient("judge", "--all", "--json")
    [row] = rows(result)
    assert row["error"]["code"] == "exchange.not_found"
    assert row["next_at"] is not None
    assert result.exit_code == ExitCode.NOT_FOUND


def test_without_a_trust_store_it_says_what_is_missing(as_recipient: Run) -> None:
    result = as_recipient("judge")
    assert result.exit_code == ExitCode.INPUT
    assert "trust" in result.stderr


@pytest.mark.usefixtures("waiting")
def test_going_on_outlives_an_axis_that_is_down(
    axis: ScriptedAxis, as_recipient: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 1:
            shared_loop().run(axis.stop())
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr("lienthong.cli.commands.judging.time.sleep", sleep)
    monkeypatch.setattr("lienthong.client.retry.RetryPolicy.delay", lambda *_: 0.0)
    result = as_recipient("judge", "--all", "--every", "30")
    assert result.exit_code == ExitCode.INTERRUPTED
    assert pauses == [1800, 1800]
    assert "no connection" in result.stderr


def test_going_on_ends_with_what_time_does_not_mend(as_recipient: Run) -> None:
    result = as_recipient("judge", "--every", "30")
    assert result.exit_code == ExitCode.INPUT
    assert "trust" in result.stderr


@pytest.mark.parametrize(
    ("value", "style"),
    [
        (LegalValue.ORIGINAL_EQUIVALENT, "green"),
        (LegalValue.COPY_EQUIVALENT_TO_BAN_CHINH, "green"),
        (LegalValue.INFORMATION_ONLY, ""),
        (LegalValue.REVIEW, ""),
        (LegalValue.REFUSE, "red"),
    ],
)
def test_only_what_replaces_paper_looks_good(value: LegalValue, style: str) -> None:
    judged = JudgedAgain(
        package_id=PackageId.parse("01981f5e-7c2a-7b1e-8a3d-5e6f7a8b9c0d"),
        recipient=OrganId(RECIPIENT),
        value=value,
        receipt=Receipt(entry=b"e", index=0, checkpoint="axis\n1\nx\n"),
    )
    line = judging._line(Words("en"), judged)
    assert isinstance(line, Text)
    assert line.style == style


@pytest.mark.usefixtures("verifier")
def test_watching_once_leaves_no_time_to_judge(as_recipient: Run) -> None:
    assert as_recipient("watch", "--once", "--judge").exit_code == ExitCode.USAGE


def test_watching_judges_beside_it(
    axis: ScriptedAxis, waiting: str, as_recipient: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    [note] = (axis.profile(RECIPIENT) / "reports" / "waiting").iterdir()
    # What is damaged is due at once.
    note.write_bytes(b"")
    learn("known")
    shown = judging.show_judged

    def end_the_feed(current: Session, judged: JudgedAgain) -> None:
        shown(current, judged)
        axis.faults.denied = True

    monkeypatch.setattr(judging, "show_judged", end_the_feed)
    result = as_recipient("watch", "--judge", "--json")
    assert result.exit_code == ExitCode.NOT_PERMITTED
    [row] = [row for row in rows(result) if row["about"] == "judgement"]
    assert (row["package_id"], row["value"]) == (waiting, "ORIGINAL_EQUIVALENT")
    assert not note.exists()
