"""What is known of certificates' status, kept in a folder: one file for each thing fetched.

A file is written whole or not at all, so that readers need no lock and a lost machine loses no
more than the newest fetch. Who fetches holds the lock of the folder, of which there is one among
all processes.
"""

from __future__ import annotations

import enum
import errno
import json
import os
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final, Self

from attrs import asdict, field, frozen

from lienthong.errors import InputError
from lienthong.model.checks import a, octets, text, whole
from lienthong.model.signing import MAX_CERTIFICATE_BYTES
from lienthong.model.time import EPOCH, maybe_aware
from lienthong.model.trust import (
    MAX_EVIDENCE,
    MAX_LIST_BYTES,
    MAX_RESPONSE_BYTES,
    StatusEvidence,
)

MAX_KEPT: Final = 10_000
"""Files of one folder."""

MAX_KEPT_BYTES: Final = 256 * 1024**2
"""Of all files of one folder together; who validates has them in memory."""

_SUFFIX: Final = ".status"
MAX_REASON: Final = 1000
_HEAD_BYTES: Final = 256 * 1024
_MOST_FAILURES: Final = 1_000_000


class Kind(enum.Enum):
    """What is fetched from a place."""

    LIST = "LIST"
    """A revocation list."""

    RESPONSE = "RESPONSE"
    """An OCSP response about one certificate."""

    ISSUER = "ISSUER"
    """The certificate of an issuer."""

    @property
    def limit(self) -> int:
        """The most bytes that are fetched."""
        return _LIMITS[self]


_LIMITS: Final = {
    Kind.LIST: MAX_LIST_BYTES,
    Kind.RESPONSE: MAX_RESPONSE_BYTES,
    Kind.ISSUER: MAX_CERTIFICATE_BYTES,
}


_OCTETS: Final = octets(0, MAX_LIST_BYTES)


@frozen(kw_only=True)
class Kept:
    """One thing that is fetched from one place, with what became of it; instants are UTC."""

    kind: Kind = field(validator=a(Kind))
    url: str = field(validator=text(2000, required=True))
    certificate: bytes = field(repr=False, validator=_OCTETS)
    """Whose status or issuer it is, DER; with a list, one of those that named the place."""

    issuer: bytes = field(default=b"", repr=False, validator=_OCTETS)
    """Who has to have signed it, DER; empty with ``ISSUER``."""

    content: bytes = field(default=b"", repr=False, validator=_OCTETS)
    """The newest that was verified; empty while there is none."""

    confirmed_at: datetime | None = field(default=None, validator=maybe_aware)
    """When the place was last seen to have nothing newer."""

    failures: int = field(default=0, validator=whole(0, _MOST_FAILURES))
    """In a row, up to now."""

    reason: str = field(default="", validator=text(MAX_REASON))
    """Of the newest failure; empty after a success."""

    next_at: datetime | None = field(default=None, validator=maybe_aware)
    """When it is to be fetched again; None for at once."""

    @property
    def key(self) -> str:
        """Name of its file: of the kind, the place and, with one certificate's, whose it is."""
        one = self.certificate if self.kind is not Kind.LIST else self.issuer
        parts = (self.kind.name.encode(), self.url.encode(), sha256(one).digest())
        return sha256(b"\0".join(parts)).hexdigest()

    def is_due(self, now: datetime) -> bool:
        return self.next_at is None or self.next_at <= now

    def dump(self) -> bytes:
        """As it is written: a line of JSON, then the content."""
        rows = asdict(self)
        content = rows.pop("content")
        head = {name: _plain(value) for name, value in rows.items()}
        head["sha256"] = sha256(content).hexdigest()
        return json.dumps(head).encode() + b"\n" + bytes(content)

    @classmethod
    def load(cls, data: bytes) -> Self:
        """Read what ``dump`` has written.

        Raises:
            InputError, ValueError, TypeError, KeyError: it was not.
        """
        head, separator, content = data.partition(b"\n")
        if not separator or len(head) > _HEAD_BYTES:
            raise ValueError("no head")
        rows = json.loads(head)
        if rows.pop("sha256") != sha256(content).hexdigest():
            raise ValueError("damaged content")
        instants = {name: _instant(rows.pop(name)) for name in ("confirmed_at", "next_at")}
        octets = {name: b64decode(rows.pop(name)) for name in ("certificate", "issuer")}
        return cls(**{**rows, **instants, **octets, "kind": Kind[rows["kind"]], "content": content})


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    return value.name if isinstance(value, Kind) else value


def _instant(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


class StatusFolder:
    """The folder; may be shared between threads and processes."""

    def __init__(self, path: Path) -> None:
        """Use a folder, which is made when something is kept."""
        self.path = path

    def state(self) -> int:
        """A number that changes when something is kept or dropped."""
        try:
            return self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def all(self) -> list[Kept]:
        """Everything that is kept; a file that was damaged counts as none."""
        found = (_load(path) for path in sorted(self.path.glob(f"*{_SUFFIX}")))
        return [one for one in found if one is not None]

    def evidence(self) -> StatusEvidence:
        """Everything that is kept, for whoever judges without knowing beforehand whom.

        Where that is more than evidence may hold, what was confirmed longest ago is left out.
        """
        kept = [one for one in self.all() if one.content]
        kept.sort(key=lambda one: one.confirmed_at or EPOCH, reverse=True)
        parts = {
            kind: [one.content for one in kept if one.kind is kind][:MAX_EVIDENCE] for kind in Kind
        }
        return StatusEvidence(
            certificates=parts[Kind.ISSUER], lists=parts[Kind.LIST], responses=parts[Kind.RESPONSE]
        )

    def get(self, key: str) -> Kept | None:
        """What is kept under a key, or None."""
        return _load(self.path / f"{key}{_SUFFIX}")

    def knows(self, key: str) -> bool:
        """Whether something is kept under a key; its content is not read."""
        try:
            with (self.path / f"{key}{_SUFFIX}").open("rb") as file:
                return "sha256" in json.loads(file.readline(_HEAD_BYTES))
        except (OSError, ValueError, RecursionError):
            return False

    def add(self, places: Sequence[Kept]) -> int:
        """Keep what is not known under its key yet; returns how many that is.

        Raises:
            OSError: the folder cannot be written to.
        """
        new = {one.key: one for one in places if not self.knows(one.key)}
        for one in new.values():
            self.put(one)
        return len(new)

    def put(self, kept: Kept) -> None:
        """Keep something, in place of what was kept under its key.

        Raises:
            OSError: the folder cannot be written to; what was there stays.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        target = self.path / f"{kept.key}{_SUFFIX}"
        if not target.exists() and len(list(self.path.glob(f"*{_SUFFIX}"))) >= MAX_KEPT:
            self.trim()
        with NamedTemporaryFile(dir=self.path, suffix=".part", delete=False) as out:
            part = Path(out.name)
            try:
                out.write(kept.dump())
                out.flush()
                os.fsync(out.fileno())
                part.replace(target)
            except BaseException:
                part.unlink(missing_ok=True)
                raise

    def drop(self, key: str) -> None:
        """Forget what is kept under a key."""
        (self.path / f"{key}{_SUFFIX}").unlink(missing_ok=True)

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """The turn of fetching: whether nobody else, here or in another process, has it.

        The lock is SQLite's because every system has it, and it ends with the process.

        Raises:
            OSError: the folder cannot be written to.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            path = self.path / "lock.db"
            try:
                lock = stack.enter_context(closing(sqlite3.connect(path, timeout=0)))
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY:
                    raise OSError(errno.EIO, str(error), str(path)) from error
                mine = False
            else:
                mine = True
            yield mine

    def mend(self) -> None:
        """Drop files that were damaged, for what they held to be fetched like something new."""
        for path in self.path.glob(f"*{_SUFFIX}"):
            if _load(path) is None:
                path.unlink(missing_ok=True)

    def trim(self) -> None:
        """Drop what was fetched longest ago beyond the most files and bytes, lists last."""
        files: list[tuple[bool, int, int, Path]] = []
        for path in self.path.glob(f"*{_SUFFIX}"):
            # Another process may drop it meanwhile.
            with suppress(FileNotFoundError):
                state = path.stat()
                files.append((_is_list(path), state.st_mtime_ns, state.st_size, path))
        count, total = len(files), sum(size for _, _, size, _ in files)
        for _, _, size, path in sorted(files):
            if count < MAX_KEPT and total <= MAX_KEPT_BYTES:
                return
            path.unlink(missing_ok=True)
            count, total = count - 1, total - size


def _is_list(path: Path) -> bool:
    with path.open("rb") as file:
        return Kind.LIST.name.encode() in file.read(len(b'{"kind": "LIST"'))


def _load(path: Path) -> Kept | None:
    try:
        with path.open("rb") as file:
            return Kept.load(file.read(MAX_LIST_BYTES + _HEAD_BYTES))
    except (OSError, InputError, ValueError, TypeError, KeyError, RecursionError):
        return None
