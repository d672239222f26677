"""Figures for Prometheus; one registry a node, nothing global."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from threading import Thread
from typing import Self
from wsgiref.simple_server import WSGIServer

from attrs import define
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from lienthong.errors import ConfigInvalid
from lienthong.model.deadline import DeadlineKind
from lienthong.model.time import VIETNAM

_CALL_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)
_BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """What the node counts; names begin with ``lienthong_``."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "lienthong_calls_total",
            "Calls by method and outcome.",
            ["method", "code"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "lienthong_call_seconds",
            "Duration of calls.",
            ["method"],
            buckets=_CALL_BUCKETS,
            registry=self.registry,
        )
        self._batch = Histogram(
            "lienthong_commit_batch_entries",
            "Journal entries made durable by one commit.",
            buckets=_BATCH_BUCKETS,
            registry=self.registry,
        )
        self.journal_size = Gauge(
            "lienthong_journal_entries", "Entries in the journal.", registry=self.registry
        )
        self.disk_free = Gauge(
            "lienthong_disk_free_bytes", "Space left for records and files.", registry=self.registry
        )
        self.accepting = Gauge(
            "lienthong_accepting_packages",
            "1 while new packages are accepted.",
            registry=self.registry,
        )
        self.open_calls = Gauge(
            "lienthong_open_calls", "Calls being handled.", registry=self.registry
        )

        self.checks_missed = Counter(
            "lienthong_checks_missed_total",
            "Checks of the interconnection that were missed since the node was started.",
            ["organ"],
            registry=self.registry,
        )
        self.checks_last = Gauge(
            "lienthong_checks_last_timestamp_seconds",
            "When the interconnection was checked last, since 1970.",
            ["organ"],
            registry=self.registry,
        )
        self._add_deadlines()

    def _add_deadlines(self) -> None:
        self._deadlines_told = Counter(
            "lienthong_deadlines_told_total",
            "Deadlines of deliveries that were told to come near or to have passed.",
            ["kind", "stage"],
            registry=self.registry,
        )
        self._deadlines_open = Gauge(
            "lienthong_deadlines_open",
            "Things to be done with deliveries that have a deadline.",
            ["kind"],
            registry=self.registry,
        )
        self._deadlines_overdue = Gauge(
            "lienthong_deadlines_overdue", "Those that are late.", ["kind"], registry=self.registry
        )
        self._calendar_ends = Gauge(
            "lienthong_calendar_ends_timestamp_seconds",
            "When the calendar that ends first ends, since 1970; 0 while none is kept.",
            registry=self.registry,
        )

    def call(self, method: str, code: str, seconds: float) -> None:
        self._calls.labels(method, code).inc()
        self._seconds.labels(method).observe(seconds)

    def deadlines_told(self, told: Mapping[tuple[str, str], int]) -> None:
        """Count what was told, by kind and stage."""
        for (kind, stage), count in told.items():
            self._deadlines_told.labels(kind, stage).inc(count)

    def deadlines_counted(self, opened: Mapping[str, int], overdue: Mapping[str, int]) -> None:
        """Show how many deadlines are open, and how many of them late, by kind."""
        for kind in DeadlineKind:
            self._deadlines_open.labels(kind.value).set(opened.get(kind.value, 0))
            self._deadlines_overdue.labels(kind.value).set(overdue.get(kind.value, 0))

    def calendars_end(self, last: date | None) -> None:
        """Show when the calendar ends that ends first, at midnight after its last day."""
        if last is not None:
            ends = datetime.combine(last + timedelta(days=1), time(), tzinfo=VIETNAM)
            self._calendar_ends.set(ends.timestamp())

    def committed(self, entries: int, journal_size: int) -> None:
        self._batch.observe(entries)
        self.journal_size.set(journal_size)


@define(eq=False)
class MetricsServer:
    """Answers ``/metrics`` from a thread of its own."""

    port: int
    _server: WSGIServer
    _thread: Thread

    @classmethod
    def start(cls, metrics: Metrics, address: str) -> Self | None:
        """Serve at "host:port"; an empty address means no endpoint.

        Raises:
            ConfigInvalid: the address cannot be used.
        """
        if not address:
            return None
        host, _, port = address.rpartition(":")
        try:
            server, thread = start_http_server(int(port), addr=host, registry=metrics.registry)
        except (OSError, ValueError) as error:
            raise ConfigInvalid(
                file="node.toml", key="metrics_listen", found=address, expected="a free host:port"
            ) from error
        return cls(server.server_port, server, thread)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
