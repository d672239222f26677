"""Files that are to be sent: where their bytes are, what the manifest says about them."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import stat
from collections.abc import AsyncGenerator, Callable, Iterable
from pathlib import Path, PurePath
from typing import BinaryIO, Final, Self, TypeAlias

from attrs import field, frozen

from lienthong.errors import HashMismatch, InvalidValue, SizeMismatch
from lienthong.model.ids import Sha256
from lienthong.model.package import FileEntry
from lienthong.model.words import AttachmentKind, FileRole

CHUNK: Final = 256 * 1024
"""Bytes of one message of an upload or download."""

_READ_AHEAD: Final = 4
_HASH_BLOCK: Final = 1024 * 1024
_NOT_REGULAR: Final = "not a regular file"
_DEFAULT_TYPE: Final = "application/octet-stream"
_MEDIA_TYPES: Final = {
    ".pdf": "application/pdf",
    ".p7s": "application/pkcs7-signature",
    ".p7m": "application/pkcs7-mime",
    ".xml": "application/xml",
    ".json": "application/json",
    ".zip": "application/zip",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".rtf": "application/rtf",
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".dwg": "image/vnd.dwg",
}
"""Own table, so that the same file has the same type on every machine."""


@frozen(kw_only=True)
class Progress:
    """How far one file has come."""

    name: str
    done: int
    """Bytes."""

    total: int


ProgressCallback: TypeAlias = Callable[[Progress], None]
"""Called on the event loop after each chunk; it must return at once."""


@frozen(kw_only=True)
class FileSource:
    """One file to be sent."""

    name: str
    """Shown to the recipient; a path's last part."""

    content: Path | bytes = field(repr=False)
    """Where the bytes are, or the bytes."""

    media_type: str = _DEFAULT_TYPE
    role: FileRole | None = None
    """None: the first file of a document is the main one, the others are attachments."""

    attachment_kind: AttachmentKind = AttachmentKind.NORMAL
    page_amount: int = 0

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Self:
        """A file on disk under its own name, its media type by its suffix."""
        place = Path(path)
        return cls(name=place.name, content=place, media_type=media_type_of(place.name))

    @classmethod
    def of_bytes(cls, name: str, data: bytes) -> Self:
        """Bytes in memory under a name, their media type by its suffix."""
        return cls(name=name, content=bytes(data), media_type=media_type_of(name))


AnyFile: TypeAlias = str | os.PathLike[str] | FileSource


@frozen(kw_only=True)
class PreparedFile:
    """A file that was hashed, with its line in the manifest."""

    entry: FileEntry
    content: Path | bytes = field(repr=False)

    async def chunks(self, offset: int) -> AsyncGenerator[bytes, None]:
        """The bytes from *offset* on, in pieces of 256 KiB.

        Raises:
            InvalidValue: the file is gone or cannot be read.
        """
        if isinstance(self.content, bytes):
            for start in range(offset, len(self.content), CHUNK):
                yield self.content[start : start + CHUNK]
            return
        with _opened(self.content) as stream:
            stream.seek(offset)
            # One hop to a thread for several chunks: a hop costs as much as reading a chunk.
            while pieces := await asyncio.to_thread(_read_pieces, stream):
                for piece in pieces:
                    yield piece

    async def check_unchanged(self) -> None:
        """Hash the file again.

        Raises:
            SizeMismatch: it is longer or shorter than when it was hashed first.
            HashMismatch: it has other bytes.
        """
        if isinstance(self.content, bytes):
            return
        found, size = await asyncio.to_thread(_hash, self.content)
        if size != self.entry.size:
            raise SizeMismatch(what=self.entry.name, found=size, expected=self.entry.size)
        if found != self.entry.sha256:
            raise HashMismatch(what=self.entry.name, found=found, expected=self.entry.sha256)


async def prepare(files: Iterable[AnyFile], *, with_main: bool) -> tuple[PreparedFile, ...]:
    """Hash files and give them their roles.

    Args:
        files: paths or sources.
        with_main: whether the first one is the main file when none is named as such.

    Raises:
        InvalidValue: *files* is a single one, a file cannot be read, or a name or another field is
            not allowed.
    """
    if isinstance(files, str | bytes | os.PathLike | FileSource):
        # A text is a sequence too: its letters would be taken for the names of files.
        raise InvalidValue(field="files", found=repr(files)[:80], expected="a list of files")
    sources = [one if isinstance(one, FileSource) else FileSource.of(one) for one in files]
    named = any(one.role is FileRole.MAIN for one in sources)
    first = FileRole.MAIN if with_main and not named else FileRole.ATTACHMENT
    return tuple(
        [
            await _prepare(one, FileRole.ATTACHMENT if number else first)
            for number, one in enumerate(sources)
        ]
    )


async def _prepare(source: FileSource, role: FileRole) -> PreparedFile:
    """Hash a file; it has this role unless it was given one."""
    content, sha256, size = await _load(source.content)
    entry = FileEntry(
        name=source.name,
        media_type=source.media_type,
        size=size,
        sha256=sha256,
        role=source.role or role,
        attachment_kind=source.attachment_kind,
        page_amount=source.page_amount,
    )
    return PreparedFile(entry=entry, content=content)


async def _load(content: Path | bytes) -> tuple[Path | bytes, Sha256, int]:
    """Content, hash and size; a small file is read once, so that it cannot change any more."""
    if isinstance(content, Path):
        if _regular_size(content) > CHUNK:
            sha256, size = await asyncio.to_thread(_hash, content)
            return content, sha256, size
        with _opened(content) as stream:
            content = stream.read()
    if len(content) <= _HASH_BLOCK:
        return content, Sha256.of(content), len(content)
    return content, await asyncio.to_thread(Sha256.of, content), len(content)


def media_type_of(name: str) -> str:
    """Media type by the suffix of a name."""
    return _MEDIA_TYPES.get(PurePath(name).suffix.lower(), _DEFAULT_TYPE)


def _hash(path: Path) -> tuple[Sha256, int]:
    """SHA-256 and size of a file, in one pass and flat memory."""
    digest, size = hashlib.sha256(), 0
    with _opened(path) as stream:
        while block := stream.read(_HASH_BLOCK):
            digest.update(block)
            size += len(block)
    return Sha256(digest.digest()), size


def _read_pieces(stream: BinaryIO) -> list[bytes]:
    pieces = (stream.read(CHUNK) for _ in range(_READ_AHEAD))
    return [piece for piece in pieces if piece]


def _opened(path: Path) -> BinaryIO:
    try:
        return os.fdopen(_descriptor(path), "rb")
    except OSError as error:
        raise _unreadable(path, error) from error


def _descriptor(path: Path) -> int:
    """Open a regular file; a pipe or device that took its place is not waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    opened = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise OSError(errno.EINVAL, _NOT_REGULAR)
    return opened


def _regular_size(path: Path) -> int:
    """Size in bytes of what must be a regular file: devices and pipes may never end."""
    try:
        found = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    if not stat.S_ISREG(found.st_mode):
        raise _unreadable(path, OSError(errno.EINVAL, _NOT_REGULAR))
    return found.st_size


def _unreadable(path: Path, error: OSError) -> InvalidValue:
    found = error.strerror or type(error).__name__
    return InvalidValue(field=f"the file {path}", found=found, expected="a readable file")
