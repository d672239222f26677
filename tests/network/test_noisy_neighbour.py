"""N-13: an organisation far above its share is refused, politely; the others get theirs, evenly."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, Final

import pytest
from attrs import define, field

from lienthong.errors import LimitReached
from lienthong_node import limits
from lienthong_node.local import LocalAxis
from lienthong_proto.axis.v1 import exchange_pb2
from tests.conftest import Figure
from tests.e2e.conftest import A, B, C, D
from tests.e2e.raw import Answer, Party
from tests.network.conftest import ChangeSettings, Inside
from tests.tiers import tier

OTHERS: Final = (B, C, D)
ROUNDS: Final = tier(25, 250)
"""Of a call and a document by each of the others."""

CALLS: Final = 50
DOCUMENTS: Final = 4
"""Each organisation's a second."""

TIMES: Final = 10
"""How far above its share the noisy one goes."""

JAIN: Final = 0.95


def jain(amounts: Sequence[float]) -> float:
    """1 when all have the same, 1/n when one has everything."""
    squares = len(amounts) * sum(amount**2 for amount in amounts)
    return sum(amounts) ** 2 / squares if squares else 0.0


@define(eq=False)
class Outcome:
    """What happened to everybody."""

    done: Counter[str] = field(factory=Counter)
    """Rounds of each of the others until the first of them was through."""

    refused: list[Any] = field(factory=list)
    """What the others were refused."""

    offered: int = 0
    taken: int = 0
    hints: list[float | None] = field(factory=list)
    """When the noisy one was told to come back."""

    def check(self) -> float:
        """The noisy one was refused with a hint, the others never, and they had the same.

        Raises:
            AssertionError: otherwise.
        """
        assert not self.refused, f"others were refused: {self.refused[:2]}"
        fairness = jain([self.done[organ] for organ in OTHERS])
        assert fairness >= JAIN, self.done
        assert self.offered >= TIMES * self.taken, f"{self.taken} of {self.offered} were taken"
        assert all(hint is not None and hint > 0 for hint in self.hints)
        return fairness


def play(axis: LocalAxis) -> Outcome:
    """Let A flood while the others work; ends when the first of them is through."""
    outcome, through = Outcome(), threading.Event()
    with ExitStack() as stack:
        parties = {
            code: stack.enter_context(Party.opened(axis.profile(code))) for code in (A, *OTHERS)
        }
        work: list[Callable[[], None]] = [
            lambda: _call(parties[A], outcome, through),
            lambda: _submit(parties[A], outcome, through),
        ]
        work += [
            lambda party=parties[code]: _honest(party, outcome, through)  # type: ignore[misc]
            for code in OTHERS
        ]
        threads = [threading.Thread(target=one) for one in work]
        for thread in threads:
            thread.start()
            stack.callback(thread.join)
    return outcome


def _honest(party: Party, outcome: Outcome, through: threading.Event) -> None:
    """One call and one document, then a pause, as often as its share allows with ease."""
    while not through.wait(2.0 / CALLS) and outcome.done[party.organ] < ROUNDS:
        answer = party.ask("Directory/GetOrganisation", b"")
        receiver = next(code for code in OTHERS if code != party.organ)
        submission = party.submission(party.manifest(receiver))
        sent = party.ask("Exchange/Submit", exchange_pb2.SubmitRequest(submissions=[submission]))
        if not (answer.ok and sent.ok and all(map(_taken, sent.data))):
            outcome.refused.append((answer, sent))
        outcome.done[party.organ] += 1
    through.set()


def _taken(data: bytes) -> bool:
    """Whether everything of an answer was accepted."""
    results = exchange_pb2.SubmitResponse.FromString(data).results
    return not any(result.HasField("fault") for result in results)


def _call(party: Party, outcome: Outcome, through: threading.Event) -> None:
    while not through.is_set():
        answer = party.ask("Directory/GetOrganisation", b"")
        _count(outcome, answer)


def _count(outcome: Outcome, answer: Answer) -> None:
    if not answer.ok:
        assert (answer.status, answer.code) == ("RESOURCE_EXHAUSTED", LimitReached.code)
        outcome.hints.append(answer.retry_after)


def _submit(party: Party, outcome: Outcome, through: threading.Event) -> None:
    """The same document again and again: what counts is how many come."""
    submission = party.submission(party.manifest(B))
    request = exchange_pb2.SubmitRequest(submissions=[submission] * 100)
    while not through.is_set():
        answer = party.ask("Exchange/Submit", request)
        if not answer.ok:
            _count(outcome, answer)
            continue
        for data in answer.data:
            for result in exchange_pb2.SubmitResponse.FromString(data).results:
                outcome.offered += 1
                if result.HasField("fault"):
                    assert result.fault.code == LimitReached.code
                    after = result.fault.retry_after
                    outcome.hints.append(after.seconds + after.nanos / 1e9)
                else:
                    outcome.taken += 1


@pytest.fixture
def shares(change_settings: ChangeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ones."""
    change_settings(
        requests_per_second=CALLS * 4, burst=CALLS * 4, documents_per_second=DOCUMENTS * 10
    )
    monkeypatch.setattr(limits, "PAUSE_S", 1)


@pytest.mark.usefixtures("shares")
def test_a_flood_of_one_takes_nothing_from_the_others(
    at_rest: LocalAxis, inside: Inside, figure: Figure
) -> None:
    with inside():
        outcome = play(at_rest)
    fairness = jain([outcome.done[organ] for organ in OTHERS])
    figure(
        "N-13",
        wanted=f"Jain >= {JAIN} among the others, all refusals with a retry hint",
        found=f"Jain {fairness:.3f}; {outcome.offered} documents offered, {outcome.taken} taken, "
        f"{len(outcome.hints)} refusals, {len(outcome.refused)} of others",
    )
    outcome.check()


@pytest.mark.planted("limit not applied per organisation")
@pytest.mark.usefixtures("shares")
def test_a_node_in_which_all_share_one_limit_is_found(
    at_rest: LocalAxis, inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = limits.Limits._share
    monkeypatch.setattr(limits.Limits, "_share", lambda self, organ: share(self, "all"))
    with inside():
        outcome = play(at_rest)
    with pytest.raises(AssertionError, match="others were refused"):
        outcome.check()
