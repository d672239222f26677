"""Histories of ``load.py``, judged by ``lienthong_node.history`` against a data folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lienthong_node import history
from lienthong_node.history import Entry, Event, Journal, Operation, Outcome, read_events
from lienthong_node.history import receipt_digest as digest

TAIL: Final = 256 * 1024
"""Bytes of the history that are looked at after each restart."""

__all__ = [
    "Entry",
    "Event",
    "acknowledged",
    "digest",
    "judge",
    "newest_events",
    "read_events",
    "read_journal",
]


def newest_events(path: Path) -> list[Event]:
    """The end of the history; reading all of it again and again would take longer and longer."""
    return read_events(path, newest_bytes=TAIL)


def acknowledged(events: Sequence[Event]) -> list[Event]:
    """The acknowledgements of packages."""
    return [one for one in events if one.op is Operation.SEND and one.type is Outcome.OK]


def read_journal(data: Path) -> tuple[list[Entry], list[str]]:
    """The journal of a data folder that no node uses, and what the audit finds wrong."""
    journal = history.read_journal(data)
    return list(journal.entries), list(journal.faults)


def judge(events: Sequence[Event], journal: Sequence[Entry]) -> list[str]:
    """Everything that breaks a promise; empty when all is well."""
    return [str(one) for one in history.judge(events, Journal(entries=tuple(journal)))]
