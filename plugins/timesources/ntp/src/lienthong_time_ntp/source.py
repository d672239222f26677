"""The time on which most of several NTP servers agree."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from lienthong.errors import Closed, ConnectionFailed, DeadlineExceeded, TimeDisputed
from lienthong.model.clocks import Agreement, ClockSample, agree
from lienthong.spi import TimeReading, TimeSource
from lienthong.spi.time import MAX_SOURCE
from lienthong_time_ntp.address import Server, ServersAddress
from lienthong_time_ntp.exchange import Outcome, ask_all
from lienthong_time_ntp.packet import Rejected, SentAway

QUIET_SECONDS: Final = 3600.0
"""For how long a server that sent the client away is left alone, if the others are enough."""

_log: Final = logging.getLogger(__name__)


def open_source(uri: str) -> TimeSource:
    """Open the servers at *uri* (see ``address``); nobody is asked yet.

    Raises:
        InvalidValue: the URI cannot be read.
    """
    return NTPSource(ServersAddress.parse(uri))


class NTPSource(TimeSource):
    """Asks all servers at once, and believes the majority; may be shared between threads.

    Args:
        address: the servers.
        clock: seconds of a clock that only goes forward; the machine's own time is not used.
    """

    def __init__(
        self, address: ServersAddress, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._address = address
        self._clock = clock
        self._lock = threading.Lock()
        self._quiet_until: dict[Server, float] = {}
        self._agreeing: frozenset[str] = frozenset()
        self._closed = False

    def now(self) -> TimeReading:
        """The median of the servers that agree; a server that does not is named.

        Raises:
            TimeDisputed: no majority of all servers agrees; the error names each.
            DeadlineExceeded: none answered.
            ConnectionFailed: none gave an answer that says the time.
        """
        if self._closed:
            raise Closed(what="the time source")
        outcomes = self._outcomes()
        samples = [one for one in outcomes.values() if isinstance(one, ClockSample)]
        found = agree(samples, asked=len(self._address.servers))
        if found is None:
            raise self._failure(outcomes, samples)
        source = _described(found, outcomes)
        self._tell(found, source)
        return TimeReading(
            instant=datetime.fromtimestamp(self._clock() + found.offset, UTC),
            uncertainty=found.distance,
            source=source,
        )

    def close(self) -> None:
        self._closed = True

    def _outcomes(self) -> Mapping[Server, Outcome]:
        """What each server says; one that sent us away is not asked while the others are enough."""
        servers = self._address.servers
        with self._lock:
            now = self._clock()
            wanted = [one for one in servers if self._quiet_until.get(one, now) <= now]
        if 2 * len(wanted) <= len(servers):
            # Who sees one question can send us away in every server's name; not for an hour.
            wanted = list(servers)
        found = ask_all(wanted, seconds=self._address.seconds, clock=self._clock)
        with self._lock:
            for server, outcome in found.items():
                if isinstance(outcome, SentAway):
                    self._quiet_until[server] = self._clock() + QUIET_SECONDS
        return {server: found.get(server, SentAway("sent away")) for server in servers}

    def _tell(self, found: Agreement, source: str) -> None:
        """Alarm in the log when other servers agree than the last time."""
        agreeing = frozenset(one.name for one in found.agreeing)
        with self._lock:
            before, self._agreeing = self._agreeing, agreeing
        if agreeing != before:
            level = logging.INFO if len(agreeing) == len(self._address.servers) else logging.WARNING
            _log.log(level, "NTP servers that agree: %s", source)

    def _failure(
        self, outcomes: Mapping[Server, Outcome], samples: list[ClockSample]
    ) -> TimeDisputed | ConnectionFailed | DeadlineExceeded:
        now = self._clock()
        said = "; ".join(f"{server.name}: {_words(one, now)}" for server, one in outcomes.items())
        names = ", ".join(server.name for server in outcomes)
        if samples:
            return TimeDisputed(
                reason=f"no majority of {len(outcomes)} NTP servers agrees ({said})"
            )
        if all(str(one) == "no answer" for one in outcomes.values()):
            seconds = self._address.seconds
            return DeadlineExceeded(endpoint=names, call="NTP", seconds=seconds)
        return ConnectionFailed(endpoint=names, reason=said)


def _words(outcome: Outcome, now: float) -> str:
    if isinstance(outcome, ClockSample):
        at = datetime.fromtimestamp(now + outcome.offset, UTC)
        return f"{at.isoformat(timespec='milliseconds')} ± {outcome.distance:.3f} s"
    return str(outcome)


def _described(found: Agreement, outcomes: Mapping[Server, Outcome]) -> str:
    """Who agrees, who does not, and who said nothing."""
    parts = [", ".join(one.name for one in found.agreeing)]
    parts += [f"not {one.name} ({one.offset - found.offset:+.3f} s)" for one in found.others]
    parts += [
        f"not {server.name} ({one})"
        for server, one in outcomes.items()
        if isinstance(one, Rejected)
    ]
    text = "; ".join(parts)
    return text if len(text) <= MAX_SOURCE else text[: MAX_SOURCE - 1] + "…"
