"""D-09: backups under load are consistent; a restored one signs nothing before it was confirmed."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from operator import add
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from attrs import astuple, define

from lienthong.client import Client, Profile
from lienthong.errors import (
    CursorBeyondJournal,
    JournalRolledBack,
    LienthongError,
    RestoreUnconfirmed,
)
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.model.ids import OrganId
from lienthong_node import heads
from lienthong_node.admin_port import administration
from lienthong_node.audit import audit
from lienthong_node.opening import open_folder
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B
from tests.e2e.forked_axis import ForkedAxis, forked_axis
from tests.e2e.load_process import loaded
from tests.operation.folders import audited, copy_of
from tests.tiers import SEED, tier

AXES: Final = tier(1, 20)
BACKUPS: Final = 5
"""Of each axis: they hold all documents so far, and grow with every one."""

PAUSES_S: Final = (0.05, 0.8)


@define
class Restored:
    """What became of backups."""

    consistent: int = 0
    unconfirmed: int = 0
    """Refused to sign as a new folder, before ``restore``."""

    rolled_back: int = 0
    """Refused to sign in place of newer records."""

    against_outside: int = 0
    """Refused although the head file had gone back too: a checkpoint from outside is newer."""

    def __add__(self, other: Restored) -> Restored:
        return Restored(*map(add, astuple(self), astuple(other)))

    def __str__(self) -> str:
        return (
            f"{self.consistent} consistent; refused: {self.unconfirmed} unconfirmed,"
            f" {self.rolled_back} older than the head, {self.against_outside} than a checkpoint"
        )


@contextmanager
def backed_up(folder: Path, seed: int) -> Iterator[tuple[ForkedAxis, list[Path]]]:
    """A node that was backed up at random moments under load, and has stopped since."""
    chance = random.Random(seed)
    with forked_axis(folder / "axis", NAMES) as axis:
        with loaded(axis, folder, seed=seed) as load:
            backups = []
            for number in range(BACKUPS):
                time.sleep(chance.uniform(*PAUSES_S))
                with administration(axis.data) as admin:
                    [*_, (_, path)] = admin.backup(f"{number:03}")
                assert path is not None
                backups.append(path)
            assert load.finish() == 0, load.errors
        axis.stop()
        yield axis, backups


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ForkedAxis, list[Path]]]:
    with backed_up(tmp_path_factory.mktemp("axis"), SEED) as found:
        yield found


def test_every_backup_is_a_consistent_beginning_of_the_journal(
    served: tuple[ForkedAxis, list[Path]], tmp_path: Path, figure: Figure
) -> None:
    found = restore_all(*served, tmp_path)
    for number in range(1, AXES):
        with TemporaryDirectory(dir=tmp_path) as name, backed_up(Path(name), SEED + number) as more:
            found += restore_all(*more, Path(name))
    count = AXES * BACKUPS
    wanted = f"{count} backups under load: consistent, and none signed on unnoticed"
    figure("D-09", wanted=wanted, found=str(found))
    assert found == Restored(count, count, count, count), f"seed {SEED}"


@pytest.mark.planted("rollback not detected")
def test_signing_on_from_an_old_backup_would_be_caught(
    served: tuple[ForkedAxis, list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "check_continues", lambda *_: None)
    monkeypatch.setattr("lienthong_node.opening.check_continues", lambda *_: None)
    axis, backups = served
    found = restore_all(axis, backups[:1], tmp_path)
    assert (found.rolled_back, found.against_outside) == (0, 0)


def restore_all(axis: ForkedAxis, backups: Sequence[Path], folder: Path) -> Restored:
    """Restore each backup in three ways, and let the node try to sign."""
    found = Restored()
    with closing(open_folder(axis.data)) as opened, opened.store.read() as view:
        newest = view.checkpoint()
        leaves = view.leaf_hashes(0, view.head().size)
    assert newest is not None
    for backup in backups:
        fresh = with_keys(axis.data, copy_of(backup, folder / "fresh"))
        found.consistent += is_beginning(fresh, leaves)
        found.unconfirmed += signing_on(fresh) is RestoreUnconfirmed
        in_place = with_keys(axis.data, copy_of(backup, folder / "in place"))
        shutil.copyfile(axis.data / heads.FILE_NAME, in_place / heads.FILE_NAME)
        found.rolled_back += signing_on(in_place) is JournalRolledBack
        confirm(fresh)
        found.against_outside += signing_on(fresh, newest.note) is JournalRolledBack
        assert signs_on(fresh)
        assert audited(fresh) is None
    return found


def with_keys(data: Path, restored: Path) -> Path:
    """Add what a backup does not hold."""
    shutil.copytree(data / "keys", restored / "keys")
    return restored


def is_beginning(restored: Path, leaves: Sequence[bytes]) -> bool:
    """Whether all of it fits together, and is what the journal began with."""
    with closing(open_folder(restored)) as opened:
        for _ in audit(opened.store, opened.checkpoint_key, opened.blobs):
            pass
        with opened.store.read() as view:
            size = view.head().size
            return list(view.leaf_hashes(0, size)) == list(leaves[:size])


def signing_on(restored: Path, *notes: str) -> type[LienthongError] | None:
    """Why a node does not sign on from these records; None when it would."""
    with closing(open_folder(restored)) as opened:
        try:
            for note in notes:
                opened.check_continues(note)
            opened.committer()
        except LienthongError as error:
            return type(error)
    return None


def confirm(restored: Path) -> None:
    """What ``lienthong-node restore`` does."""
    with closing(open_folder(restored)) as opened, opened.store.read() as view:
        newest = view.checkpoint()
        assert newest is not None
        open_checkpoint(newest.note, opened.checkpoint_key)
    heads.write_head(restored, newest.note)


def signs_on(restored: Path) -> bool:
    """Whether the confirmed node commits."""
    with administration(restored) as admin:
        before = admin.directory().resolve(OrganId(A))
        return admin.put_organisations([before]) > before.version


@pytest.mark.parametrize("follow", [False, True])
def test_a_reader_ahead_of_the_journal_is_told(
    served: tuple[ForkedAxis, list[Path]], *, follow: bool
) -> None:
    """Its cursor is from before a restore; waiting would last for ever."""
    axis, _ = served
    axis.start()
    with Client(Profile.load(axis.profile(B))) as client:
        size = client.checkpoint().size
        assert list(client.feed(size)) == []
        with pytest.raises(CursorBeyondJournal) as caught:
            next(client.feed(size + 1, follow=follow))
    axis.stop()
    assert caught.value.facts == {"cursor": str(size + 1), "size": str(size)}
    assert str(size) in caught.value.next_step("en")
