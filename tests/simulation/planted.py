"""Defects that are put into the product on purpose; the simulation must find each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from weakref import WeakKeyDictionary

import pytest
from attrs import evolve, frozen

from lienthong.evidence.merkle import append, inclusion_proof
from lienthong.evidence.tiles import node_reader
from lienthong.spi.records import DeliveryRow, JournalRow, PackageRow
from lienthong.spi.storage import ReadView
from lienthong.testing.blobs import MemoryBlobStore
from lienthong.testing.store import MemoryReadView, MemoryWriteTransaction
from lienthong_node import committer, deciding, stores
from lienthong_node.core import deadlines, journal, report, submit, telling
from lienthong_node.core.decision import Repeated
from lienthong_node.deadline_watch import DeadlineWatch
from lienthong_node.services import feed, visibility
from lienthong_node.stores import Recorded, hash_reader
from tests.simulation import keys
from tests.simulation.schedule import ROLLING_BACK, UPLOADING, USUAL, WAITING
from tests.simulation.world import Faults

Plant = Callable[[pytest.MonkeyPatch], None]


@frozen(kw_only=True)
class Planted:
    """One defect, and the invariants that it breaks first in some schedule."""

    plant: Plant = lambda _: None
    faults: Faults = Faults()
    more: Mapping[str, float] = USUAL
    """Weights of the steps that it needs."""

    breaks: frozenset[str]


def _acknowledge_before_commit(patch: pytest.MonkeyPatch) -> None:
    inner = committer._recorded

    def early(tx: ReadView, work: Any, sealed: Any) -> Mapping[int, committer.Outcome]:
        recorded = inner(tx, work, sealed)
        for ticket, index in work.entries:
            ticket.settle(recorded[index])
        return recorded

    patch.setattr(committer, "_recorded", early)


def _no_dedup(patch: pytest.MonkeyPatch) -> None:
    inner = stores.submit_facts

    def forgetful(*args: Any) -> Any:
        return evolve(inner(*args), existing=None)

    def overwrite(self: MemoryWriteTransaction, row: PackageRow) -> None:
        self._records.packages[row.package_id] = row

    patch.setattr(deciding, "submit_facts", forgetful)
    patch.setattr(MemoryWriteTransaction, "add_package", overwrite)


def _dedup_without_sender(patch: pytest.MonkeyPatch) -> None:
    inner = submit.decide_submit

    def decide(command: Any, facts: Any, *rest: Any) -> Any:
        if facts.existing is not None:
            return Repeated(index=facts.existing.index)
        return inner(command, facts, *rest)

    patch.setattr(deciding, "decide_submit", decide)


def _resume_off_by_one(patch: pytest.MonkeyPatch) -> None:
    inner = feed._page

    def page(node: Any, request: Any, organ: str, cursor: int, view: ReadView) -> Any:
        return inner(node, request, organ, cursor + 1 if cursor else 0, view)

    patch.setattr(feed, "_page", page)


def _order_by_timestamp(patch: pytest.MonkeyPatch) -> None:
    inner = MemoryReadView.feed

    def shown(self: MemoryReadView, organ: str, start: int, limit: int) -> Sequence[JournalRow]:
        # Identifiers are UUIDv7: they begin with the time at which the client made them.
        return sorted(inner(self, organ, start, limit), key=lambda row: row.subject_id[:6])

    patch.setattr(MemoryReadView, "feed", shown)


def _new_receipts(patch: pytest.MonkeyPatch) -> None:
    def read(view: ReadView, index: int) -> Recorded:
        (row,), newest = view.journal(index, 1), view.checkpoint()
        assert newest is not None
        nodes = node_reader(newest.size, hash_reader(view))
        proof = tuple(inclusion_proof(index, newest.size, nodes))
        again = evolve(row, proof=proof, checkpoint_size=newest.size)
        return Recorded(row=again, checkpoint=newest)

    patch.setattr(committer, "read_recorded", read)


def _leaves_out_of_order(patch: pytest.MonkeyPatch) -> None:
    def shuffled(frontier: Sequence[bytes], size: int, leaves: Sequence[bytes]) -> Any:
        return append(frontier, size, list(reversed(leaves)))

    patch.setattr(journal, "append", shuffled)


def _organ_from_message(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(submit, "acting_organ", lambda organ, *_: str(organ))


def _revocation_judged_too_early(patch: pytest.MonkeyPatch) -> None:
    """Whether a key may sign is looked up when the message comes in, not when it is recorded."""
    patch.setattr(submit, "check_signer", lambda *_: None)
    patch.setattr(report, "check_signer", lambda *_: None)


def _visible_to_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(visibility, "concerns", lambda *_: True)


def _feeds_of_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(submit, "with_representatives", lambda *_: keys.CODES)


def _time_goes_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(committer, "from_us", lambda _: datetime.min.replace(tzinfo=UTC))


def _retention_takes_files(patch: pytest.MonkeyPatch) -> None:
    inner = MemoryBlobStore.drop_staging

    def drop(self: MemoryBlobStore, *, idle_seconds: float) -> int:
        self.medium.contents.clear()
        return inner(self, idle_seconds=idle_seconds)

    patch.setattr(MemoryBlobStore, "drop_staging", drop)


def _used_files_stay_unused(patch: pytest.MonkeyPatch) -> None:
    inner = MemoryWriteTransaction.add_possession

    def add(
        self: MemoryWriteTransaction,
        organ_id: str,
        sha256: bytes,
        size: int,
        unused_since_us: int | None = None,
    ) -> None:
        if self.possession(organ_id, sha256) is None or unused_since_us is not None:
            inner(self, organ_id, sha256, size, unused_since_us)

    patch.setattr(MemoryWriteTransaction, "add_possession", add)


def _told_twice(patch: pytest.MonkeyPatch) -> None:
    """Nobody notes what was told, only that there is nothing to look at."""
    patch.setattr(telling, "with_told", lambda row, _: evolve(row, look_us=deadlines.FAR_US))


def _forgotten_after_restart(patch: pytest.MonkeyPatch) -> None:
    """The worker begins with what is yet to come, as if nothing had happened before."""
    inner = DeadlineWatch._pages
    begun: WeakKeyDictionary[DeadlineWatch, int] = WeakKeyDictionary()

    def pages(self: DeadlineWatch, before_us: int, size: int) -> Iterator[Sequence[DeliveryRow]]:
        since = begun.setdefault(self, before_us) if before_us < deadlines.FAR_US else 0
        for rows in inner(self, before_us, size):
            yield [row for row in rows if row.look_us >= since]

    patch.setattr(DeadlineWatch, "_pages", pages)


def _passed_one_moves(patch: pytest.MonkeyPatch) -> None:
    """A change of the calendar is for all deadlines, whenever they were."""
    patch.setattr(deadlines, "is_over", lambda *_: False)


PLANTED: Final[Mapping[str, Planted]] = {
    "ack before commit": Planted(
        plant=_acknowledge_before_commit, breaks=frozenset({"I1", "I2", "I5"})
    ),
    "commit without fsync": Planted(
        faults=Faults(disk_syncs=False), breaks=frozenset({"I1", "I2", "I6"})
    ),
    "no dedup": Planted(plant=_no_dedup, breaks=frozenset({"I3", "I5"})),
    "dedup key without sender": Planted(
        plant=_dedup_without_sender, breaks=frozenset({"I5", "I8"})
    ),
    "order by timestamp": Planted(plant=_order_by_timestamp, breaks=frozenset({"I1", "I4"})),
    "stream resume off by one": Planted(plant=_resume_off_by_one, breaks=frozenset({"I1"})),
    "receipt regenerated": Planted(plant=_new_receipts, breaks=frozenset({"I5"})),
    "log leaf order race": Planted(plant=_leaves_out_of_order, breaks=frozenset({"I4", "I5"})),
    "consistency proof not checked": Planted(
        faults=Faults(rolls_back=True, client_checks_consistency=False),
        more=ROLLING_BACK,
        breaks=frozenset({"I6"}),
    ),
    "org id from message": Planted(plant=_organ_from_message, breaks=frozenset({"I8"})),
    "revocation not judged at recording": Planted(
        plant=_revocation_judged_too_early,
        more={"revoke": 3},
        breaks=frozenset({"I8"}),
    ),
    "body visible to a non-party": Planted(plant=_visible_to_all, breaks=frozenset({"I8"})),
    "feed of everything": Planted(plant=_feeds_of_all, breaks=frozenset({"I8"})),
    "clock going backward accepted": Planted(plant=_time_goes_back, breaks=frozenset({"I12"})),
    "GC ignoring undelivered files": Planted(
        plant=_retention_takes_files, more=UPLOADING, breaks=frozenset({"I1"})
    ),
    "files of packages stay noted as unused": Planted(
        plant=_used_files_stay_unused, more=UPLOADING, breaks=frozenset({"I1"})
    ),
    "deadline told twice": Planted(
        plant=_told_twice, more=WAITING, breaks=frozenset({"AUDIT", "DUE"})
    ),
    "deadlines forgotten after a restart": Planted(
        plant=_forgotten_after_restart, more=WAITING, breaks=frozenset({"DUE"})
    ),
    "passed deadline moved": Planted(
        plant=_passed_one_moves, more=WAITING, breaks=frozenset({"AUDIT", "DUE"})
    ),
}
