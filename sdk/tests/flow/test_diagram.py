"""The page of the documentation is what the tables say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lienthong.flow import delivery, diagram, issuing
from lienthong.model.delivery import DeliveryState

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "machines.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == diagram.page(), (
        "run python -m lienthong.flow.diagram > docs/reference/machines.md"
    )


def test_the_module_prints_the_page() -> None:
    command = [sys.executable, "-X", "utf8", "-m", "lienthong.flow.diagram"]
    printed = subprocess.run(command, capture_output=True, check=True)
    assert printed.stdout.decode().replace("\r\n", "\n") == diagram.page()


def test_every_move_has_an_arrow() -> None:
    drawn = diagram.mermaid(delivery.MOVES, DeliveryState)
    for move in delivery.MOVES:
        source = "[*]" if move.source is None else move.source.name
        target = "PREVIOUS" if move.target is None else move.target.name
        arrows = [line for line in drawn.splitlines() if f"{source} --> {target} :" in line]
        assert len(arrows) == 1
        assert f"{move.number} {move.event.name}" in arrows[0]


def test_every_state_has_both_names() -> None:
    page = diagram.page()
    for state in (*DeliveryState, *issuing.IssuingState):
        assert f'state "{state.name}<br/>{state.label_vi}" as {state.name}' in page


def test_every_clause_and_condition_is_printed() -> None:
    page = diagram.page()
    moves: tuple[diagram.AnyMove, ...] = (
        *delivery.MOVES,
        *issuing.MOVES,
        *issuing.MOVES_NUMBER_FIRST,
    )
    for move in moves:
        assert move.clause in page
        for guard in move.guards:
            if guard.name != "SECRECY_NONE":
                assert guard.needs in page
                assert guard.needs_vi in page
