"""The priority of workers beside a service: theirs is what nobody else wants of the processors."""

from __future__ import annotations

import os
import sys
from typing import Final

LOWEST: Final = 19
"""The nice value."""


def give_way(process: int) -> None:
    """Let a process run only where no other one wants to; there is no way back.

    On Linux that is the policy SCHED_IDLE too. Where the system refuses, or the process has ended,
    it stays as it was: verdicts do not depend on it.

    Args:
        process: its number.
    """
    try:
        os.setpriority(os.PRIO_PROCESS, process, LOWEST)
        if sys.platform == "linux":
            os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0))
    except OSError:
        return
