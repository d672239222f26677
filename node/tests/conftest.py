"""Stores of a node after some work."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from lienthong.testing.clock import FixedClock
from lienthong_node.committer import Committer
from lienthong_storage_fs.store import FSBlobStore
from lienthong_storage_sqlite.store import SQLiteRecordStore
from node.tests.disk import LARGE, SIGNER, Disk, life
from node.tests.support import POLICY, A


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node's files after some work: three batches, more than a tile of entries."""
    folder = tmp_path_factory.mktemp("sound")
    with (
        closing(SQLiteRecordStore(folder / "node.db")) as store,
        closing(FSBlobStore(folder / "blobs")) as blobs,
    ):
        staging = blobs.stage("a" * 8)
        staging.write(LARGE)
        staging.publish(hashlib.sha256(LARGE).digest(), len(LARGE))
        with store.write() as tx:
            tx.add_possession(A, hashlib.sha256(LARGE).digest(), len(LARGE))
        committer = Committer(store, policy=POLICY, signer=SIGNER, clock=FixedClock())
        committer.start()
        for batch in life():
            outcomes = committer.submit(batch).result(60)
            assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        committer.stop()
    return folder


@pytest.fixture
def disk(sound: Path, tmp_path: Path) -> Iterator[Disk]:
    """A copy to tamper with; the triggers that guard the journal are gone."""
    folder = tmp_path / "copy"
    shutil.copytree(sound, folder)
    with closing(apsw.Connection(str(folder / "node.db"))) as connection:
        yield Disk.unguarded(folder, connection)
