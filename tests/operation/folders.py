"""Data folders as a killed node leaves them, and what a node would deliver from such a folder.

A folder is looked at as ``serve`` does: what refuses to start refuses; then every entry, file,
checkpoint and tile is read as the services read them. Whatever comes out must be what was stored.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from attrs import field, frozen

from lienthong.client import Client, FileSource, Profile
from lienthong.client.files import CHUNK
from lienthong.codec.signed import load_entry
from lienthong.errors import DataCorrupt, LienthongError
from lienthong.model.journal import PackageRecord
from lienthong.spi.records import FileRow
from lienthong.spi.storage import BlobStore, ReadView
from lienthong_node import wire
from lienthong_node.audit import audit, check_head_file
from lienthong_node.contents import pieces, small_content
from lienthong_node.opening import Opened, open_folder
from lienthong_node.stores import read_recorded
from lienthong_proto.axis.v1 import exchange_pb2
from tests.e2e.conftest import NAMES, A, B, C, make_document
from tests.e2e.forked_axis import ForkedAxis, forked_axis
from tests.e2e.raw import Party

SMALL: Final = 1_200
LARGE: Final = 5 * CHUNK + 77
MANY: Final = 270
"""Small packages, so that a tile of 256 entries is full."""

LOG: Final = Path("records/node.db-wal")
DATABASE: Final = Path("records/node.db")
HEAD: Final = Path("head")
LOCK: Final = Path("records/node.db.lock")
SHARED: Final = Path("records/node.db-shm")

SIGNED: Final = frozenset({"size", "entry", "file"})
"""The other kinds are tables made from the journal, which the audit compares with it."""

Key: TypeAlias = tuple[str, object]
Delivered: TypeAlias = dict[Key, object]
"""What a node answers, by kind and key; a damage that it names instead is a ``DataCorrupt``."""


def fill(axis: ForkedAxis, *, packages: int = MANY) -> None:
    """Small and large files, reports, a full tile; the newest only in the log of the database."""
    with Party.opened(axis.profile(A)) as a:
        for start in range(0, packages, 200):
            amount = min(200, packages - start)
            a.submit(*(a.submission(a.manifest(B, C)) for _ in range(amount)))
    _send(axis, LARGE, SMALL)
    axis.stop()
    axis.start()
    _send(axis, LARGE, SMALL, SMALL)


def _send(axis: ForkedAxis, *sizes: int) -> None:
    """One document for each size, accepted by its recipient."""
    with Client(Profile.load(axis.profile(A))) as a, Client(Profile.load(axis.profile(B))) as b:
        for number, size in enumerate(sizes, start=1):
            file = FileSource.of_bytes("ban-do.pdf", os.urandom(size))
            package = a.prepare(make_document(), [file], [B])
            a.submit(package)
            b.accept(package.package_id, register_number=number)


@contextmanager
def killed_axis(folder: Path, *, packages: int = MANY) -> Iterator[ForkedAxis]:
    """An axis with some history whose node was killed."""
    with forked_axis(folder, NAMES) as axis:
        fill(axis, packages=packages)
        axis.kill()
        yield axis


def copy_of(data: Path, target: Path) -> Path:
    """A fresh copy of a data folder."""
    shutil.rmtree(target, ignore_errors=True)
    return Path(shutil.copytree(data, target))


def blob_files(data: Path) -> list[Path]:
    """Files in the blob store, relative to the folder."""
    return sorted(path.relative_to(data) for path in data.glob("blobs/sha256/*/*"))


@frozen(kw_only=True)
class Questions:
    """What is asked for: everything that a sound folder has."""

    entries: int
    files: frozenset[FileRow]
    packages: frozenset[bytes]


@frozen(kw_only=True)
class Look:
    """What a node did with a folder."""

    refused: LienthongError | None = None
    """Why it did not start."""

    delivered: Delivered = field(factory=dict)

    @property
    def damaged(self) -> list[Key]:
        """What it named as damaged when it was asked for it."""
        return [key for key, value in self.delivered.items() if isinstance(value, DataCorrupt)]

    def other(self, truth: Look) -> list[Key]:
        """What was delivered other than it was stored."""
        named = set(self.damaged)
        return [
            key
            for key, value in self.delivered.items()
            if key not in named and value != truth.delivered[key]
        ]

    def wrong(self, truth: Look) -> list[Key]:
        """Signed bytes and files among those: a recipient or a court would rely on them."""
        return [key for key in self.other(truth) if key[0] in SIGNED]


def questions(data: Path) -> Questions:
    """What a sound folder can be asked."""
    packages: dict[bytes, tuple[FileRow, ...]] = {}
    with closing(open_folder(data)) as opened, opened.store.read() as view:
        entries = view.head().size
        for row in view.journal(0, entries):
            if isinstance(load_entry(row.entry).body, PackageRecord):
                package = view.package(row.subject_id)
                assert package is not None
                packages[row.subject_id] = package.files
    files = frozenset(file for some in packages.values() for file in some)
    return Questions(entries=entries, files=files, packages=frozenset(packages))


def look(data: Path, asked: Questions) -> Look:
    """Open a folder as ``serve`` does, and ask for everything."""
    try:
        opened = open_folder(data)
    except LienthongError as error:
        return Look(refused=error)
    with closing(opened):
        try:
            opened.committer()
            return Look(delivered=_deliver(opened, asked))
        except LienthongError as error:
            return Look(refused=error)


def audited(data: Path) -> DataCorrupt | None:
    """What ``lienthong-node audit verify`` names, if anything."""
    try:
        with closing(open_folder(data)) as opened:
            for _ in audit(opened.store, opened.checkpoint_key, opened.blobs):
                pass
            check_head_file(opened.store, opened.checkpoint_key, data)
    except DataCorrupt as error:
        return error
    return None


def _deliver(opened: Opened, asked: Questions) -> Delivered:
    found: Delivered = {}
    with opened.store.read() as view:

        def ask(kind: str, key: object, read: Callable[[], object]) -> None:
            try:
                found[kind, key] = read()
            except DataCorrupt as error:
                found[kind, key] = error

        ask("size", "", lambda: view.head().size)
        for index in range(asked.entries):
            ask("entry", index, partial(_item, view, index))
        for file in asked.files:
            ask("file", file.sha256, partial(_content, view, opened.blobs, file))
        for package_id in asked.packages:
            ask("package", package_id, partial(view.package, package_id))
            ask("deliveries", package_id, partial(view.deliveries, package_id))
        for code in NAMES:
            ask("feed", code, partial(_feed, view, code))
        ask("tile", 0, lambda: view.tile(0, 0))
        ask("organisations", "", lambda: view.organisations(0, 1000))
        ask("credentials", "", view.credentials)
    return found


def _item(view: ReadView, index: int) -> bytes:
    """What the services say about an entry: its item of the feed, with the checkpoint."""
    recorded = read_recorded(view, index)
    page = exchange_pb2.SubscribeResponse()
    item = wire.add_item(page.items, recorded.row, recorded.checkpoint.note)
    return item.SerializeToString(deterministic=True)


def _content(view: ReadView, blobs: BlobStore, file: FileRow) -> bytes:
    """A file as a download gives it."""
    small = small_content(view, file.sha256)
    return small if small is not None else b"".join(pieces(blobs, file.sha256, 0, file.size))


def _feed(view: ReadView, code: str) -> tuple[int, ...]:
    return tuple(row.index for row in view.feed(code, 0, 10_000))
