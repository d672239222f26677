"""A consistent copy of a node's records and files, made while it runs.

Records are copied first; every file and report that they name was durable before, so that copying
those afterwards misses none.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from lienthong.client.synced import write_synced
from lienthong.errors import ConfigInvalid
from lienthong.plugins import PluginHost
from lienthong.spi.storage import BlobStore, RecordStore
from lienthong_node.opening import under
from lienthong_node.settings import ALLOW_LIST, FILE_NAME, dump_settings, load_settings
from lienthong_node.verification.places import report_files

PIECE: Final = 1024 * 1024
SMALL: Final = 256 * 1024
RECORDS: Final = Path("records/node.db")
BLOBS: Final = Path("blobs")


@frozen(kw_only=True)
class Progress:
    """How far a backup is."""

    files: int
    bytes: int
    journal_size: int


def write_backup(
    folder: Path, store: RecordStore, blobs: BlobStore, host: PluginHost, target: Path
) -> Iterator[Progress]:
    """Copy the records, files, reports and settings of a data folder into *target*.

    Keys are not copied: they are kept apart from data (see the how-to on backups).

    Yields:
        Progress after each file.

    Raises:
        ConfigInvalid: the target exists.
        DataCorrupt: a stored file does not have its hash; the backup is not finished.
    """
    if target.exists():
        raise ConfigInvalid(
            file=target, key="backup", found="there already", expected="a new folder"
        )
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        done = yield from _write(folder, store, blobs, host, part)
        part.rename(target)
    except BaseException:
        # A medium that is full must not stay so; nor does a caller who went away want the rest.
        shutil.rmtree(part, ignore_errors=True)
        raise
    yield done


def _write(
    folder: Path, store: RecordStore, blobs: BlobStore, host: PluginHost, part: Path
) -> Generator[Progress, None, Progress]:
    (part / RECORDS.parent).mkdir(parents=True, mode=0o700)
    store.backup(part / RECORDS)
    _write_settings(folder, part)
    with store.read() as view:
        size = view.head().size
    copy = host.open_blob_store(under(part, f"fs:{BLOBS}"))
    done = Progress(files=0, bytes=0, journal_size=size)
    try:
        for sha256 in blobs.contents():
            copied = _copy(blobs, copy, sha256)
            done = Progress(files=done.files + 1, bytes=done.bytes + copied, journal_size=size)
            yield done
    finally:
        copy.close()
    for path in report_files(folder):
        (part / path).parent.mkdir(parents=True, exist_ok=True)
        data = (folder / path).read_bytes()
        write_synced(part / path, data)
        done = Progress(files=done.files + 1, bytes=done.bytes + len(data), journal_size=size)
        yield done
    return done


def _write_settings(folder: Path, part: Path) -> None:
    """The settings as they are, but with the places where the backup keeps what they name."""
    settings = load_settings(folder)
    placed = evolve(settings, records=f"sqlite:{RECORDS}", blobs=f"fs:{BLOBS}")
    if settings.plugin_allow_list:
        shutil.copyfile(folder / settings.plugin_allow_list, part / ALLOW_LIST)
        placed = evolve(placed, plugin_allow_list=ALLOW_LIST)
    if placed == settings:
        shutil.copyfile(folder / FILE_NAME, part / FILE_NAME)
    else:
        (part / FILE_NAME).write_text(dump_settings(placed), "utf-8")


def _copy(source: BlobStore, target: BlobStore, sha256: bytes) -> int:
    size = source.size(sha256)
    if size is None:
        return 0
    if size <= SMALL:
        target.put([(sha256, source.read(sha256))])
        return size
    staging = target.stage(sha256.hex())
    for offset in range(0, size, PIECE):
        staging.write(source.read(sha256, offset, PIECE))
    staging.publish(sha256, size)
    return size
