"""D-21: the judge that operators run over their histories, against all that its own tests know."""

from __future__ import annotations

from lienthong_node.history import judge
from node.tests.history_cases import Story
from node.tests.history_stories import BAD, GOOD
from tests.conftest import Figure

WANTED = 50


def _is_found(story: Story) -> bool:
    return any(
        finding.promise.name == story.promise and story.text in finding.text
        for finding in judge(story.events, story.journal)
    )


def test_bad_histories_are_flagged_and_good_ones_pass(figure: Figure) -> None:
    missed = [story.name for story in BAD if not _is_found(story)]
    accused = [story.name for story in GOOD if judge(story.events, story.journal)]
    flagged, passed = len(BAD) - len(missed), len(GOOD) - len(accused)
    figure(
        "D-21",
        wanted=f"{len(BAD)} bad histories flagged, {len(GOOD)} good passed (>= {WANTED} each)",
        found=f"{flagged} flagged, {passed} passed",
    )
    assert missed == []
    assert accused == []
    assert min(len(BAD), len(GOOD)) >= WANTED
