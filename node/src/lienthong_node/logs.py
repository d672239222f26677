"""Structured logs: one JSON object a line on stderr, never a body, key or secret."""

from __future__ import annotations

import logging
import sys

import structlog

_SHARED: tuple[structlog.typing.Processor, ...] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


class _Fields:
    """Moves the ``fields`` of a standard log record into the event."""

    def __call__(
        self, _logger: object, _name: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        record = event.get("_record")
        event.update(getattr(record, "fields", {}))
        event["logger"] = getattr(record, "name", "-")
        return event


def configure(level: str = "INFO") -> None:
    """Send all logging of the process through one JSON formatter.

    Control characters are escaped by JSON, so that no field can forge a line.
    """
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            _Fields(),
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
