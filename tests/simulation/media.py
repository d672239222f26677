"""What the simulated node's records lie on, prepared with organisations and their certificates."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol

from lienthong.spi.storage import ReadView, RecordStore, WriteTransaction
from lienthong.testing.clock import START
from lienthong.testing.store import MemoryRecords, MemoryRecordStore
from lienthong_node.committer import Committer
from lienthong_node.core.commands import PutCredential, PutLaw, PutOrganisations
from lienthong_node.stores import Recorded
from lienthong_storage_sqlite.store import SQLiteRecordStore
from tests.simulation import keys
from tests.simulation.disk import Crash, SimDisk
from tests.simulation.lateness import PLAIN, RULES

KEPT: Final = 30
"""Old copies of the records, one a commit."""


class Medium(Protocol):
    """Outlives the node."""

    plan: str
    """What happens at the next commit; see ``disk.PLANS``."""

    def prepare(self, *, syncs: bool) -> None:
        """Make ready; the planted fault is to answer without a sync."""

    def open(self) -> RecordStore:
        """The store, as a restart finds it."""

    def crash(self, store: RecordStore, chance: random.Random) -> None:
        """The node that used the store is no more."""

    def roll_back(self, store: RecordStore, chance: random.Random) -> None:
        """Somebody ends the node and puts an old copy in place."""

    def close(self) -> None:
        """Remove everything."""


class MemoryDisk(SimDisk):
    """The simulated medium."""

    def prepare(self, *, syncs: bool) -> None:
        self.syncs = syncs
        self.records = _prepared().copy()

    def crash(self, store: RecordStore, chance: random.Random) -> None:
        self.chance = chance
        self.forget()

    def roll_back(self, store: RecordStore, chance: random.Random) -> None:
        self.unsynced = []
        self.records = chance.choice([*self.copies[-KEPT:], self.records])

    def close(self) -> None:
        """Nothing lies anywhere else."""


class SQLiteDisk:
    """The product's own store in a folder; crashes come before and after its commits.

    What the operating system does with unsynced writes is not simulated here: the records' own
    power-cut tests do that.
    """

    def __init__(self) -> None:
        self.plan = ""
        self._folder = TemporaryDirectory(prefix="simulation-")
        self._open: RecordStore | None = None

    def prepare(self, *, syncs: bool) -> None:
        store = self.open()
        register(store)

    def open(self) -> RecordStore:
        self.close_store()
        path = Path(self._folder.name) / "node.db"
        self._open = _Crashing(SQLiteRecordStore(path), self)
        return self._open

    def crash(self, store: RecordStore, chance: random.Random) -> None:
        self.close_store()

    def roll_back(self, store: RecordStore, chance: random.Random) -> None:
        self.close_store()

    def close_store(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def close(self) -> None:
        self.close_store()
        self._folder.cleanup()


class _Crashing(RecordStore):
    """A store whose process ends before or after a commit."""

    def __init__(self, inner: RecordStore, disk: SQLiteDisk) -> None:
        self._inner = inner
        self._disk = disk

    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        with self._inner.write() as transaction:
            yield transaction
            if self._disk.plan in {"crash before", "crash while writing"}:
                self._disk.plan = ""
                raise Crash
        plan, self._disk.plan = self._disk.plan, ""
        if plan.startswith("crash"):
            raise Crash

    @contextmanager
    def read(self) -> Iterator[ReadView]:
        with self._inner.read() as view:
            yield view

    def backup(self, target: Path) -> None:
        self._inner.backup(target)

    def check(self) -> None:
        self._inner.check()

    def free_bytes(self) -> int:
        return self._inner.free_bytes()

    def close(self) -> None:
        self._inner.close()


@cache
def _prepared() -> MemoryRecords:
    store = MemoryRecordStore()
    register(store)
    return store.medium.records


def register(store: RecordStore) -> None:
    """Enter the organisations and their certificates, by the committer itself."""
    committer = Committer(
        store,
        policy=keys.POLICY,
        signer=keys.CHECKPOINT,
        clock=lambda: START,
        random=random.Random("register").randbytes,
    )
    answer = committer.submit(
        [
            PutOrganisations(caller=keys.OPERATOR, organisations=keys.organisations()),
            *(
                PutCredential(caller=keys.OPERATOR, credential=credential)
                for code in keys.CODES
                for credential in keys.credentials(code, START)
            ),
            PutLaw(caller=keys.OPERATOR, value=RULES),
            PutLaw(caller=keys.OPERATOR, value=PLAIN),
        ]
    )
    while committer.work_once():
        pass
    assert all(isinstance(outcome, Recorded) for outcome in answer.result(0))
