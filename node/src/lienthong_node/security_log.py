"""The security log: who did or tried what, when, and with what outcome; one JSON object a line.

Each line carries the SHA-256 of the line before it, so that a line cannot be changed, taken out or
put in without a trace; what is cut off at the end shows when the newest hash was kept elsewhere.
Changes of rights are written, durably, before they happen: without the log they do not happen.
Refusals are noted on a best effort, because traffic goes on without the log.
"""

from __future__ import annotations

import enum
import errno
import hashlib
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from attrs import define, evolve, field, frozen

from lienthong.errors import DataCorrupt, LienthongError, SecurityLogFailed
from lienthong.model.organisation import Organisation
from lienthong_node.core.credentials import Credential
from lienthong_node.core.law import Kept

FILE_NAME: Final = "security.log"
GENESIS: Final = "0" * 64
"""Stands in the first line for the hash of the line before it."""

REPEATS: Final = timedelta(seconds=60)
"""The same refusal is counted for so long before it is written again, so that whoever is refused a
thousand times a second does not fill the disk."""

MAX_TEXT: Final = 256
"""Characters of one value."""

MAX_SHOWN: Final = 32
"""Certificates in messages that are written before repetitions of one refusal are only counted.
Nobody but their sender vouches for them: made up anew each time, they could fill the log."""

MAX_COUNTED: Final = 10_000
_TAIL: Final = 64 * 1024
_FLAGS: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
"""A link that somebody put in its place is not followed."""

log = logging.getLogger(__name__)


class Event(enum.Enum):
    """What is written down."""

    STARTED = "node.started"
    DRAINED = "node.drained"
    REPAIRED = "log.repaired"
    """A line that a crash had torn was taken off the end."""

    DIRECTORY_CHANGED = "directory.changed"
    LAW_CHANGED = "law.changed"
    CREDENTIAL_REGISTERED = "credential.registered"
    CREDENTIAL_REVOKED = "credential.revoked"
    BACKUP = "backup.written"
    RESTORED = "records.restored"
    """The operator let the node sign on from these records."""

    STATUS_MISSED = "status.missed"
    """The status of certificates began not to be fetched from a place."""

    CALLS_CUT = "calls.cut"
    """Open calls ended because their credential did."""

    CREDENTIAL_REFUSED = "credential.refused"
    """A connection's certificate."""

    ROLE_REFUSED = "role.refused"
    SIGNATURE_REFUSED = "signature.refused"
    """A signing certificate, or a signature."""

    SENDER_REFUSED = "sender.refused"
    """Somebody spoke for an organisation that it does not act for."""

    REPLAY_REFUSED = "replay.refused"
    """Content for another axis, or too old."""

    SECRET_REFUSED = "state_secret.refused"  # noqa: S105 - the name of an event
    DATA_DAMAGED = "data.damaged"


_REFUSALS: Final = {
    "access.credential_": Event.CREDENTIAL_REFUSED,
    "access.role_missing": Event.ROLE_REFUSED,
    "pki.": Event.SIGNATURE_REFUSED,
    "exchange.sender_mismatch": Event.SENDER_REFUSED,
    "exchange.wrong_audience": Event.REPLAY_REFUSED,
    "exchange.clock_skew": Event.REPLAY_REFUSED,
    "model.state_secret": Event.SECRET_REFUSED,
    "node.data_corrupt": Event.DATA_DAMAGED,
}
"""Events by the beginning of an error's code."""


def refusal_of(error: LienthongError) -> Event | None:
    """The event that an error is; None for what only tells of a mistake."""
    found = (event for prefix, event in _REFUSALS.items() if error.code.startswith(prefix))
    return next(found, None)


@frozen(kw_only=True)
class Deed:
    """What somebody does or tries; identifiers only, never content."""

    event: Event
    who: str
    """Code of the organisation, ``node`` for the node itself, ``-`` for nobody that is known."""

    certificate: str = ""
    """SHA-256 of the certificate that was shown, hex."""

    what: str = ""


def change(organisations: Sequence[Organisation]) -> str:
    """What a change of the directory is about."""
    return f"{len(organisations)}: " + " ".join(str(one.organ_id) for one in organisations)


def entering(kept: Kept) -> str:
    """What a change of the law is about."""
    return f"{kept.subject.value} {kept.value.version} for {kept.organ_id or 'the whole axis'}"


def binding(credential: Credential) -> str:
    """What binding a certificate, or ending that, is about."""
    return f"{credential.use.value} {credential.fingerprint} of {credential.organ_id}"


@define
class _Counted:
    """One refusal, as far as it was not written yet."""

    until: datetime
    times: int = 0
    shown: set[str] = field(factory=set)
    """Certificates in messages that were written."""

    def take(self, shown: str) -> bool:
        """Whether a repetition is to be written; otherwise it is counted."""
        if not shown or shown in self.shown or len(self.shown) >= MAX_SHOWN:
            self.times += 1
            return False
        self.shown.add(shown)
        return True


class SecurityLog:
    """Writes the log of one data folder; may be shared by threads."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        """Go on behind the last whole line.

        Raises:
            SecurityLogFailed: it cannot be read or written.
        """
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._counted: dict[tuple[Deed, str], _Counted] = {}
        try:
            torn = self._take_up()
        except OSError as error:
            raise SecurityLogFailed(reason=error.strerror) from error
        if torn:
            self.note(Deed(event=Event.REPAIRED, who="node", what=f"{torn} bytes"), "done")

    def note(self, deed: Deed, outcome: str) -> None:
        """Write a line; a log that cannot be written is told to the ordinary one. Never raises."""
        try:
            self._write(deed, outcome)
        except OSError as error:
            log.error("the security log cannot be written: %s", error.strerror)  # noqa: TRY400

    def refused(self, error: LienthongError, *, who: str, certificate: str, what: str) -> None:
        """Note a refusal if it is one for this log; repetitions are counted. Never raises."""
        event = refusal_of(error)
        if event is None:
            return
        deed = Deed(event=event, who=who, certificate=certificate, what=what)
        # Only TLS has checked who gave out a certificate; one in a message is not what is refused.
        shown = "" if event is Event.CREDENTIAL_REFUSED else certificate
        refused = evolve(deed, certificate="") if shown else deed
        now, key = self._clock(), (refused, error.code)
        with self._lock:
            counted = self._counted.get(key)
            is_new = counted is None or now >= counted.until
            if counted is not None and not is_new and not counted.take(shown):
                return
            full = len(self._counted) >= MAX_COUNTED
        if is_new:
            self.tell_repeats(everything=full)
            with self._lock:
                self._counted[key] = _Counted(until=now + REPEATS, shown={shown})
        self.note(deed, error.code)

    def tell_repeats(self, *, everything: bool = False) -> None:
        """Write how often refusals were repeated, once their time is over. Never raises."""
        now = self._clock()
        with self._lock:
            over = {
                key: counted
                for key, counted in self._counted.items()
                if everything or now >= counted.until
            }
            for key in over:
                del self._counted[key]
        for (deed, outcome), counted in over.items():
            if counted.times:
                self.note(deed, f"{outcome} repeated {counted.times} times")

    @contextmanager
    def privileged(self, deed: Deed) -> Iterator[None]:
        """Do a deed that must not happen unseen: it is durable here before the block begins.

        Raises:
            SecurityLogFailed: it cannot be written, and the block does not run.
        """
        self.begin(deed)
        with self.ending(deed):
            yield

    def begin(self, deed: Deed) -> None:
        """Write durably that a deed begins. Raises as ``privileged``."""
        try:
            self._write(deed, "begun", durable=True)
        except OSError as error:
            raise SecurityLogFailed(reason=error.strerror) from error

    @contextmanager
    def ending(self, deed: Deed) -> Iterator[None]:
        """Note how a deed ends that has begun: done, refused, or unknown where it was cut off."""
        outcome = "unknown"
        try:
            yield
            outcome = "done"
        except LienthongError as error:
            outcome = error.code
            raise
        finally:
            self.note(deed, outcome)

    def close(self) -> None:
        """Write what was only counted."""
        self.tell_repeats(everything=True)

    def _take_up(self) -> int:
        """Find the end of the chain; returns how many bytes of a torn line were cut off."""
        with os.fdopen(os.open(self._path, _FLAGS, 0o600), "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            tail = file.read()
            whole = tail[: tail.rfind(b"\n") + 1]
            torn = len(tail) - len(whole)
            if torn:
                file.truncate(size - torn)
        self._size = size - torn
        self._before = _hash(whole.splitlines()[-1]) if whole else GENESIS
        return torn

    def _write(self, deed: Deed, outcome: str, *, durable: bool = False) -> None:
        with self._lock:
            line = self._line(deed, outcome)
            descriptor = os.open(self._path, _FLAGS, 0o600)
            try:
                if os.fstat(descriptor).st_size != self._size:
                    raise OSError(errno.EIO, "somebody else has changed it")
                if os.write(descriptor, line + b"\n") != len(line) + 1:
                    os.ftruncate(descriptor, self._size)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                if durable:
                    os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
            self._size += len(line) + 1
            self._before = _hash(line)

    def _line(self, deed: Deed, outcome: str) -> bytes:
        """ASCII: whatever could forge a line or turn letters round is escaped."""
        values = {
            "at": self._clock().astimezone(UTC).isoformat(timespec="microseconds"),
            "event": deed.event.value,
            "who": deed.who[:MAX_TEXT],
            "certificate": deed.certificate[:MAX_TEXT],
            "what": deed.what[:MAX_TEXT],
            "outcome": outcome[:MAX_TEXT],
            "before": self._before,
        }
        return json.dumps(values).encode("ascii")


@frozen(kw_only=True)
class CheckedLog:
    """A log whose chain holds."""

    lines: int
    newest: str
    """Hash of the last line: kept elsewhere, it shows later whether the end was cut off."""


def check_log(path: Path, *, known: str = "") -> CheckedLog:
    """Follow the chain of a security log from its first line to its last.

    Args:
        path: the log.
        known: the newest hash of an earlier check, which must still be in the chain.

    Raises:
        DataCorrupt: it cannot be read, a line is not what was written, or *known* is missing.
    """
    before, count, met = GENESIS, 0, known in {"", GENESIS}
    try:
        with path.open("rb") as file:
            for count, line in enumerate(file, 1):
                _check_line(line, before, count)
                before = _hash(line.rstrip(b"\n"))
                met = met or before == known
    except OSError as error:
        raise DataCorrupt(what=f"the security log: {error.strerror}") from error
    if not met:
        raise DataCorrupt(what=f"the security log: no line has the hash {known[:MAX_TEXT]}")
    return CheckedLog(lines=count, newest=before)


def _check_line(line: bytes, before: str, number: int) -> None:
    try:
        values = json.loads(line)
    except ValueError as error:
        raise DataCorrupt(what=f"line {number} of the security log is no JSON") from error
    if not line.endswith(b"\n") or not isinstance(values, dict):
        raise DataCorrupt(what=f"line {number} of the security log is not whole")
    if values.get("before") != before:
        raise DataCorrupt(what=f"line {number} of the security log does not follow the one before")


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
