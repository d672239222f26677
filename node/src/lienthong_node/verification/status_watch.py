"""Whether a trust folder has come to say something else of certificates."""

from __future__ import annotations

import hashlib
from pathlib import Path

from attrs import define, field

from lienthong.pki.trust import FILE_NAME
from lienthong.trust import StatusFolder
from lienthong.trust.store import STATUS_FOLDER


@define(eq=False)
class StatusWatch:
    """Remembers what the folder said last; asking is cheap while nothing is written to it."""

    folder: Path
    _state: tuple[int, int] | None = field(default=None, init=False)
    _said: bytes = field(default=b"", init=False)

    def changed(self) -> bool:
        """Whether authorities, lists or responses are others than at the last look.

        At the first look they are. That nothing newer was fetched, or that something is to be
        fetched, is no change.
        """
        status = StatusFolder(self.folder / STATUS_FOLDER)
        try:
            changed_at = (self.folder / FILE_NAME).stat().st_mtime_ns
            state = changed_at, status.state()
        except OSError:
            return False
        if state == self._state:
            return False
        self._state, before = state, self._said
        said = hashlib.sha256(changed_at.to_bytes(8))
        for one in status.all():
            said.update(hashlib.sha256(one.content).digest() if one.content else b"")
        self._said = said.digest()
        return self._said != before
