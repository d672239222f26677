"""L-10: thirty years in which certificates end, a digest retires and an authority loses its key."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import pytest

from lienthong.evidence.lifetimes import NEVER, Lifetimes
from lienthong.evidence.renewal import WARNING, Way
from lienthong.spi.verifier import Outcome
from node.tests.stamped import years
from tests.conftest import Figure
from tests.evidence.decades import LAST, STEP, Decades, outcomes
from tests.tiers import SEED, tier

DOCUMENTS: Final = tier(commit=100, nightly=1_000)
FEW: Final = tier(commit=60, nightly=1_000)


@pytest.fixture(scope="module")
def renewed() -> Decades:
    decades = Decades(seed=SEED, documents=DOCUMENTS)
    decades.live()
    return decades


@pytest.fixture(scope="module")
def neglected() -> Decades:
    """Nobody renews anything from the eighth year on."""
    decades = Decades(seed=SEED, documents=FEW, renewing_until=years(8))
    decades.live()
    return decades


def test_every_document_verifies_in_the_thirtieth_year(renewed: Decades, figure: Figure) -> None:
    found = outcomes(renewed, LAST)
    passed = f"{found[Outcome.PASSED]} of {DOCUMENTS}, seed {SEED}"
    figure("L-10", wanted="all verify in year 30; 1 000 nightly", found=passed)
    assert found == {Outcome.PASSED: DOCUMENTS}


def test_skipped_renewal_is_reported_before_and_is_no_proof_afterwards(
    neglected: Decades, figure: Figure
) -> None:
    first, ends_at = next(one for one in neglected.told if one[0] > years(8))
    ahead = ends_at - first
    found = outcomes(neglected, LAST)
    text = f"{ahead.days} days ahead; {found[Outcome.INDETERMINATE]} of {FEW} indeterminate"
    figure("L-10", wanted="skipped: told >= 90 days ahead, then indeterminate", found=text)
    assert timedelta(days=90) <= WARNING - STEP <= ahead <= WARNING
    assert found == {Outcome.INDETERMINATE: FEW}
    assert all("no proof of existence" in one.reason for one in neglected.judged(LAST))


def test_neglected_documents_verify_until_their_time_stamps_end(neglected: Decades) -> None:
    assert outcomes(neglected, years(9))[Outcome.PASSED] == FEW


def test_axis_that_renews_reports_nothing_before_the_digest_retires(renewed: Decades) -> None:
    assert [at for at, _ in renewed.told if at < years(14)] == []


@pytest.mark.planted("skipped renewal counts as one")
def test_time_stamps_that_last_for_ever_would_be_caught(
    neglected: Decades, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(_way: Way, _lifetimes: Lifetimes) -> datetime:
        return NEVER

    monkeypatch.setattr(Way, "ends", ends)
    assert outcomes(neglected, LAST)[Outcome.INDETERMINATE] < FEW
