"""Histories: what clients saw, recorded line by line and judged afterwards.

``Recorder`` writes one while clients or a test load work; ``judge`` compares it with itself and,
where there is one, with the journal of the node. ``lienthong-node check-history`` does so offline.
"""

from lienthong_node.history.events import (
    Event,
    Operation,
    Outcome,
    dump_event,
    load_event,
    read_events,
)
from lienthong_node.history.findings import Finding, Promise
from lienthong_node.history.journal import Entry, Journal, read_bundle, read_journal
from lienthong_node.history.judge import judge
from lienthong_node.history.recorder import Recorder, receipt_digest

__all__ = [
    "Entry",
    "Event",
    "Finding",
    "Journal",
    "Operation",
    "Outcome",
    "Promise",
    "Recorder",
    "dump_event",
    "judge",
    "load_event",
    "read_bundle",
    "read_events",
    "read_journal",
    "receipt_digest",
]
