"""Figures for Prometheus; one registry a node, nothing global."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from math import nan
from threading import Thread
from typing import Self
from wsgiref.simple_server import WSGIServer

from attrs import define
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from lienthong.errors import ConfigInvalid
from lienthong.model.clocks import Agreement
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
        self.key_in_file = Gauge(
            "lienthong_checkpoint_key_in_file",
            "1 where the key that signs receipts lies in a file, 0 on a token or HSM.",
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
        self._add_stamps()
        self._add_certificates()
        self._add_clock()
        self._add_verification()

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

    def _add_stamps(self) -> None:
        self.stamps_failed = Counter(
            "lienthong_timestamps_failed_total",
            "Times that no authority gave a good time-stamp.",
            registry=self.registry,
        )
        self._stamps_covered = Gauge(
            "lienthong_timestamps_covered_entries",
            "Entries of the journal that a time-stamp covers.",
            registry=self.registry,
        )
        self._stamps_pending = Gauge(
            "lienthong_timestamps_pending_seconds",
            "How long the oldest entry has waited that no time-stamp covers.",
            registry=self.registry,
        )
        self._stamps_end = Gauge(
            "lienthong_timestamps_end_timestamp_seconds",
            "When time-stamps end unless they are renewed, since 1970; 0 while that is not known.",
            registry=self.registry,
        )

    def _add_certificates(self) -> None:
        self._status_oldest = Gauge(
            "lienthong_status_oldest_timestamp_seconds",
            "When the oldest status of certificates was confirmed, since 1970; 0 for none.",
            registry=self.registry,
        )
        self._status_failing = Gauge(
            "lienthong_status_failing_places",
            "Places from which the status of certificates was not fetched at the last try.",
            registry=self.registry,
        )
        self._certificate_ends = Gauge(
            "lienthong_certificate_ends_timestamp_seconds",
            "When the next certificate ends that nothing has replaced, since 1970.",
            ["use"],
            registry=self.registry,
        )
        self._certificates_ending = Gauge(
            "lienthong_certificates_ending",
            "Organisations and authorities whose last certificate ends within so many days.",
            ["within_days"],
            registry=self.registry,
        )

    def _add_clock(self) -> None:
        self._clock_right = Gauge(
            "lienthong_clock_right",
            "1 while the machine's clock is believed; 0 stops signing, and with it new documents.",
            registry=self.registry,
        )
        self._clock_ahead = Gauge(
            "lienthong_clock_ahead_seconds",
            "How far the machine's clock is ahead of most time sources; NaN if they differ.",
            registry=self.registry,
        )
        self._time_sources_wrong = Gauge(
            "lienthong_time_sources_wrong",
            "Time sources that do not agree with most others, or are silent.",
            registry=self.registry,
        )

    def _add_verification(self) -> None:
        self._verified = Counter(
            "lienthong_verifications_told_total",
            "Deliveries whose worth the axis told after it had verified their files.",
            ["value"],
            registry=self.registry,
        )
        self._verifications_failed = Counter(
            "lienthong_verifications_failed_total",
            "Tries to verify a package that ended without an answer.",
            registry=self.registry,
        )
        self._verifications_waiting = Gauge(
            "lienthong_verifications_waiting",
            "Packages that wait to be verified, or to be judged anew.",
            registry=self.registry,
        )
        self._verifying = Gauge(
            "lienthong_verifying",
            "1 while files are verified where a rule set wants it; 0 where they cannot be.",
            registry=self.registry,
        )

    def files_verified(self, told: Mapping[str, int], failed: int) -> None:
        """Count what was told, by worth, and tries that failed."""
        for value, count in told.items():
            self._verified.labels(value).inc(count)
        self._verifications_failed.inc(failed)

    def verification_stands(self, waiting: int, *, working: bool) -> None:
        """Show how verifying files stands."""
        self._verifications_waiting.set(waiting)
        self._verifying.set(1 if working else 0)

    def clock_stands(self, found: Agreement | None, wrong: int, *, right: bool) -> None:
        """Show what the time sources say of the clock."""
        self._clock_right.set(1 if right else 0)
        self._clock_ahead.set(nan if found is None else -found.offset)
        self._time_sources_wrong.set(wrong)

    def status_stands(self, oldest: datetime | None, failing: int) -> None:
        """Show how fresh the status of certificates is."""
        self._status_oldest.set(0 if oldest is None else oldest.timestamp())
        self._status_failing.set(failing)

    def certificate_ends(self, use: str, ends: datetime) -> None:
        """Show when the next certificate for a use ends; whose it is, is told to operators only."""
        self._certificate_ends.labels(use).set(ends.timestamp())

    def certificates_ending(self, ahead: Mapping[int, int]) -> None:
        """Show how many end within 60, 30 and 7 days, and how many have (0)."""
        for days, count in ahead.items():
            self._certificates_ending.labels(str(days)).set(count)

    def stamps_stand(
        self, covered: int, pending_since: datetime | None, ends_at: datetime | None, now: datetime
    ) -> None:
        """Show how the journal's time-stamps stand."""
        pending = timedelta() if pending_since is None else max(now - pending_since, timedelta())
        self._stamps_covered.set(covered)
        self._stamps_pending.set(pending.total_seconds())
        self._stamps_end.set(0 if ends_at is None else ends_at.timestamp())

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
