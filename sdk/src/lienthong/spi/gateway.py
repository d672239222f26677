"""The contract of gateways: links between the axis and systems that speak something else.

A gateway is an ordinary client of the axis, with a credential of its own. Its URI names where its
configuration is; the host only starts it, looks at it and stops it.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from datetime import datetime
from typing import Final

from attrs import field, frozen, validators

from lienthong.model.checks import a, text, whole
from lienthong.model.time import aware

MAX_DETAIL: Final = 2000
MAX_WAITING: Final = 10**12


class GatewayState(enum.Enum):
    """What a gateway is doing."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    DEGRADED = "DEGRADED"
    """It runs, but one side does not answer; it keeps trying."""

    FAILED = "FAILED"
    """It has given up; an operator has to act."""


@frozen(kw_only=True)
class GatewayStatus:
    """How a gateway is doing."""

    state: GatewayState = field(validator=a(GatewayState))
    detail: str = field(default="", validator=text(MAX_DETAIL))
    """One sentence for the operator; empty while all is well."""

    waiting: int = field(default=0, validator=whole(0, MAX_WAITING))
    """Messages taken from one side and not yet confirmed by the other."""

    last_activity: datetime | None = field(default=None, validator=validators.optional(aware))
    """When a message last went through, aware."""


class Gateway(ABC):
    """A running link to another system.

    ``start``, ``stop`` and ``status`` may be called from any thread, one call at a time.
    """

    @abstractmethod
    def start(self) -> None:
        """Begin to work on threads of its own and return at once.

        Raises:
            ConfigInvalid: its configuration is wrong.
        """

    @abstractmethod
    def stop(self, *, grace: float) -> None:
        """Finish what was begun within *grace* seconds, then let go of everything.

        What was not finished is taken up again by the next start; nothing is lost or sent twice.
        Stopping a stopped gateway does nothing.
        """

    @abstractmethod
    def status(self) -> GatewayStatus:
        """How it is doing, from memory: never waits for the other side."""
