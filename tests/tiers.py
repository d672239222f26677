"""How long a test runs: a short tier at every commit, a long one every night.

``LIENTHONG_TIER=nightly`` (the environment ``tox -e nightly``) chooses the long tier. The seed of a
run is printed with its figures; ``LIENTHONG_SEED`` repeats it.
"""

from __future__ import annotations

import os
from typing import Final, TypeVar

T = TypeVar("T")

NIGHTLY: Final = os.environ.get("LIENTHONG_TIER", "") == "nightly"
SEED: Final = int(os.environ.get("LIENTHONG_SEED", "20260101"))


def tier(commit: T, nightly: T) -> T:
    """The amount for the tier that runs."""
    return nightly if NIGHTLY else commit
