"""Which accepted packages wait for a judgement, kept in a folder.

A file for each delivery: its name says which one, its content only when to look again. So a damaged
file loses nothing, and processes may share the folder.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from attrs import evolve, field, frozen

from lienthong.client.synced import unusable, write_synced
from lienthong.codec.json import dump, load
from lienthong.errors import LienthongError
from lienthong.model.checks import a
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.time import as_utc, aware

log = logging.getLogger(__name__)

SHORTEST_PAUSE: Final = timedelta(minutes=5)
LONGEST_PAUSE: Final = timedelta(days=1)

_NOTE: Final = ".json"
_BETWEEN: Final = "_"
"""Stands neither in identifiers of packages nor in codes of organisations."""


@frozen(kw_only=True)
class _Times:
    """The content of a file."""

    since: datetime = field(converter=as_utc, validator=aware)
    next_at: datetime = field(converter=as_utc, validator=aware)


@frozen(kw_only=True)
class Waiting:
    """A delivery whose judgement had to wait when it was accepted."""

    package_id: PackageId = field(validator=a(PackageId))
    recipient: OrganId = field(validator=a(OrganId))
    since: datetime = field(converter=as_utc, validator=aware)
    next_at: datetime = field(converter=as_utc, validator=aware)
    """When it is to be judged anew."""

    def is_due(self, now: datetime) -> bool:
        """Whether its pause is over; one that a clock which was wrong has made counts as over."""
        return not now < self.next_at <= now + LONGEST_PAUSE

    def after(self, now: datetime) -> Waiting:
        """As it waits on after a look: for as long again as it has waited, within bounds."""
        pause = min(max(now - self.since, SHORTEST_PAUSE), LONGEST_PAUSE)
        return evolve(self, next_at=now + pause)


class WaitingFolder:
    """The folder; what is noted stays until it is forgotten, through crashes too."""

    def __init__(self, path: Path) -> None:
        """Use a folder, which is made when something is noted."""
        self.path = path

    def begin(self, package_id: PackageId, recipient: OrganId, now: datetime) -> None:
        """Note a delivery that is accepted now.

        Raises:
            InvalidValue: the folder cannot be written to.
        """
        first = Waiting(package_id=package_id, recipient=recipient, since=now, next_at=now)
        self.put(first.after(now))

    def put(self, waiting: Waiting) -> None:
        """Keep a note, durably, in place of what was noted of the delivery.

        Raises:
            InvalidValue: the folder cannot be written to.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(self.path, error) from error
        times = _Times(since=waiting.since, next_at=waiting.next_at)
        write_synced(self._place(waiting.package_id, waiting.recipient), dump(times))

    def forget(self, package_id: PackageId, recipient: OrganId) -> None:
        """Drop what was noted of a delivery, if anything was.

        Raises:
            InvalidValue: the folder cannot be written to.
        """
        path = self._place(package_id, recipient)
        try:
            path.unlink(missing_ok=True)
        except NotADirectoryError:
            return
        except OSError as error:
            raise unusable(path, error) from error

    def all(self, now: datetime) -> tuple[Waiting, ...]:
        """What waits, longest first; that of which a note is damaged is due *now*.

        Raises:
            InvalidValue: the folder cannot be read.
        """
        try:
            paths = [path for path in self.path.iterdir() if path.suffix == _NOTE]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise unusable(self.path, error) from error
        found = (_read(path, now) for path in paths)
        return tuple(sorted(filter(None, found), key=lambda one: (one.since, one.package_id.bytes)))

    def _place(self, package_id: PackageId, recipient: OrganId) -> Path:
        return self.path / f"{package_id}{_BETWEEN}{recipient}{_NOTE}"


def _read(path: Path, now: datetime) -> Waiting | None:
    """A note; None where it was dropped meanwhile, or is no note by its name."""
    package, _, recipient = path.stem.partition(_BETWEEN)
    try:
        package_id, organ = PackageId.parse(package), OrganId(recipient)
    except LienthongError:
        log.warning("not a note of what waits for a judgement, and left alone: %s", path)
        return None
    try:
        times = load(_Times, path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, LienthongError) as error:
        log.warning("a damaged note of what waits; it is judged now: %s: %s", path, error)
        times = _Times(since=now, next_at=now)
    return Waiting(package_id=package_id, recipient=organ, since=times.since, next_at=times.next_at)
