"""Readers follow feeds while writers commit: nothing skipped, nothing twice."""

from __future__ import annotations

from typing import cast

import pytest

from lienthong.spi.storage import RecordStore
from lienthong.testing.following import Following, check_following
from lienthong.testing.planted import AllotsIndexesEarly
from lienthong_storage_sqlite.store import SQLiteRecordStore


def test_never_skips_under_concurrent_commits(store: SQLiteRecordStore) -> None:
    check_following(store, Following(committers=6, batches=40, readers=3))
    store.check()


def test_catches_indexes_that_are_allotted_before_the_write_lock(store: SQLiteRecordStore) -> None:
    plan = Following()
    bad = AllotsIndexesEarly(store, batch_size=plan.batch_size, pause_seconds=0.005)
    with pytest.raises(AssertionError, match=r"feed of .* skips"):
        check_following(cast("RecordStore", bad), plan)
    store.check()  # the journal itself is whole: only followers were cheated
