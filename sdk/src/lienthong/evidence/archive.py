"""One canonical ZIP: a list of members has exactly one archive, byte for byte.

Members are stored, not compressed, without dates, comments or data descriptors, each with ZIP64
fields whatever its size (APPNOTE 4.5.3), so that there is one form to check and any ZIP tool can
open it. The reader needs no seeking: it takes members as they pass and compares every header with
the one that the writer would have made.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, TypeAlias
from zlib import crc32

from attrs import frozen

from lienthong.errors import BundleInvalid

CHUNK_SIZE: Final = 256 * 1024
MAX_MEMBERS: Final = 100_000
MAX_NAME_SIZE: Final = 200

Opener: TypeAlias = Callable[[], BinaryIO]
"""Opens a content for reading from its beginning; the caller closes it."""

_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_LOCAL_EXTRA: Final = struct.Struct("<HHQQ")
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_CENTRAL_EXTRA: Final = struct.Struct("<HHQQQ")
_END64: Final = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR: Final = struct.Struct("<4sIQI")
_END: Final = struct.Struct("<4sHHHHIIH")

_LOCAL_MARK: Final = b"PK\x03\x04"
_CENTRAL_MARK: Final = b"PK\x01\x02"
_VERSION: Final = 45
_MADE_BY_UNIX: Final = 3 << 8 | _VERSION
_PERMISSIONS: Final = 0o100644 << 16
_FIRST_OF_1980: Final = 0x21
_ELSEWHERE32: Final = 0xFFFFFFFF
_ELSEWHERE16: Final = 0xFFFF
_ZIP64: Final = 1


@frozen(kw_only=True)
class Member:
    """A member as its headers describe it."""

    name: str
    size: int
    crc: int
    offset: int


class ArchiveWriter:
    """Writes members in the order in which they are added; not shared between threads."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._offset = 0
        self._members: list[Member] = []

    def add(self, name: str, data: bytes) -> None:
        """Add a member from memory."""
        self._begin(name, len(data), crc32(data))
        self._write(data)

    def add_stream(self, name: str, opener: Opener, *, size: int, crc: int) -> None:
        """Add a large member; it is read again in chunks.

        Raises:
            BundleInvalid: the content is not what *size* and *crc* say.
        """
        self._begin(name, size, crc)
        written = found = 0
        with opener() as source:
            for chunk in iter(lambda: source.read(CHUNK_SIZE), b""):
                written, found = written + len(chunk), crc32(chunk, found)
                self._write(chunk)
        if (written, found) != (size, crc):
            raise BundleInvalid(part=name, reason="it changed while it was written")

    def finish(self) -> None:
        """Write the directory at the end; the target stays open."""
        self._target.write(_directory(self._members, self._offset))

    def _begin(self, name: str, size: int, crc: int) -> None:
        member = Member(name=name, size=size, crc=crc, offset=self._offset)
        self._members.append(member)
        self._write(_local_header(member))

    def _write(self, data: bytes) -> None:
        self._target.write(data)
        self._offset += len(data)


@frozen(kw_only=True)
class Passing:
    """A member while it is being read; take its chunks before going on to the next."""

    name: str
    size: int
    chunks: Iterator[bytes]

    def read(self, limit: int) -> bytes:
        """The whole content.

        Raises:
            BundleInvalid: it has more than *limit* bytes.
        """
        if self.size > limit:
            reason = f"it has {self.size} bytes, the limit is {limit}"
            raise BundleInvalid(part=self.name, reason=reason)
        return b"".join(self.chunks)


def read_archive(source: BinaryIO) -> Iterator[Passing]:
    """Give the members one after another, checking that the archive is canonical.

    The check is complete only when the iteration has ended normally.

    Raises:
        BundleInvalid: a byte is not where and what the writer would have put.
    """
    reader = _Reader(source)
    members: list[Member] = []
    mark = reader.take(len(_LOCAL_MARK), "the archive")
    while mark == _LOCAL_MARK:
        offset = reader.offset - len(mark)
        header, name, size, crc = _parse_local(reader, mark, len(members))
        passing = _Checked(reader, name, size)
        yield Passing(name=name, size=size, chunks=iter(passing))
        passing.finish(crc)
        member = Member(name=name, size=size, crc=crc, offset=offset)
        if header != _local_header(member):
            raise BundleInvalid(part=name, reason="its header is not canonical")
        members.append(member)
        mark = reader.take(len(_LOCAL_MARK), "the archive's directory")
    rest = _directory(members, reader.offset - len(mark))
    found = mark + reader.take(len(rest) - len(mark), "the archive's directory")
    if found != rest or reader.has_more():
        raise BundleInvalid(part="the archive's directory", reason="it does not fit the members")


class _Reader:
    """Counts what it reads and refuses an early end."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.offset = 0

    def take(self, count: int, part: str) -> bytes:
        pieces, missing = [], count
        while missing:
            piece = self._source.read(min(missing, CHUNK_SIZE))
            if not piece:
                raise BundleInvalid(part=part, reason="the file ends early")
            pieces.append(piece)
            missing -= len(piece)
        self.offset += count
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def has_more(self) -> bool:
        return bool(self._source.read(1))


class _Checked:
    """The chunks of one member, with their checksum."""

    def __init__(self, reader: _Reader, name: str, size: int) -> None:
        self._reader = reader
        self._name = name
        self._left = size
        self._crc = 0

    def __iter__(self) -> Iterator[bytes]:
        while self._left:
            chunk = self._reader.take(min(self._left, CHUNK_SIZE), self._name)
            self._left -= len(chunk)
            self._crc = crc32(chunk, self._crc)
            yield chunk

    def finish(self, crc: int) -> None:
        for _ in self:
            pass
        if self._crc != crc:
            raise BundleInvalid(part=self._name, reason="its content or checksum was altered")


def _parse_local(reader: _Reader, mark: bytes, number: int) -> tuple[bytes, str, int, int]:
    """The whole header, and the name, size and checksum that it tells."""
    part = f"the header of member {number + 1}"
    if number >= MAX_MEMBERS:
        raise BundleInvalid(part=part, reason=f"there are more than {MAX_MEMBERS} members")
    fixed = mark + reader.take(_LOCAL.size - len(mark), part)
    *_, crc, _, _, name_size, extra_size = _LOCAL.unpack(fixed)
    if not 0 < name_size <= MAX_NAME_SIZE or extra_size != _LOCAL_EXTRA.size:
        raise BundleInvalid(part=part, reason="it is not canonical")
    name = reader.take(name_size, part)
    extra = reader.take(extra_size, part)
    if not name.isascii() or not name.decode("ascii").isprintable():
        raise BundleInvalid(part=part, reason="its name is not plain")
    size: int = _LOCAL_EXTRA.unpack(extra)[2]
    return fixed + name + extra, name.decode("ascii"), size, crc


def _local_header(member: Member) -> bytes:
    name = member.name.encode("ascii")
    fixed = _LOCAL.pack(
        _LOCAL_MARK,
        _VERSION,
        0,
        0,
        0,
        _FIRST_OF_1980,
        member.crc,
        _ELSEWHERE32,
        _ELSEWHERE32,
        len(name),
        _LOCAL_EXTRA.size,
    )
    return fixed + name + _LOCAL_EXTRA.pack(_ZIP64, 16, member.size, member.size)


def _central_header(member: Member) -> bytes:
    name = member.name.encode("ascii")
    fixed = _CENTRAL.pack(
        _CENTRAL_MARK,
        _MADE_BY_UNIX,
        _VERSION,
        0,
        0,
        0,
        _FIRST_OF_1980,
        member.crc,
        _ELSEWHERE32,
        _ELSEWHERE32,
        len(name),
        _CENTRAL_EXTRA.size,
        0,
        0,
        0,
        _PERMISSIONS,
        _ELSEWHERE32,
    )
    extra = _CENTRAL_EXTRA.pack(_ZIP64, 24, member.size, member.size, member.offset)
    return fixed + name + extra


def _directory(members: list[Member], offset: int) -> bytes:
    """Everything after the last member."""
    central = b"".join(map(_central_header, members))
    count, size = len(members), len(central)
    end64 = _END64.pack(
        b"PK\x06\x06", 44, _MADE_BY_UNIX, _VERSION, 0, 0, count, count, size, offset
    )
    locator = _LOCATOR.pack(b"PK\x06\x07", 0, offset + size, 1)
    end = _END.pack(b"PK\x05\x06", 0, 0, _ELSEWHERE16, _ELSEWHERE16, _ELSEWHERE32, _ELSEWHERE32, 0)
    return central + end64 + locator + end
