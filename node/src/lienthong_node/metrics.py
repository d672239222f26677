"""Figures for Prometheus; one registry a node, nothing global."""

from __future__ import annotations

from threading import Thread
from typing import Self
from wsgiref.simple_server import WSGIServer

from attrs import define
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from lienthong.errors import ConfigInvalid

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

    def call(self, method: str, code: str, seconds: float) -> None:
        self._calls.labels(method, code).inc()
        self._seconds.labels(method).observe(seconds)

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
