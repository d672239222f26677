"""Lists and responses that were read already."""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import sha256
from typing import Final

from lienthong.errors import LienthongError
from lienthong.pki.status_list import RevocationList
from lienthong.pki.status_response import StatusResponse

ENTRIES_KEPT: Final = 2_000_000
"""Of all lists together; 100 to 200 bytes each."""

RESPONSES_KEPT: Final = 4096


class StatusCache:
    """Keeps what was read, by its SHA-256; may be shared between threads.

    A list of 20 000 entries takes a fifth of a second to read and microseconds to look up. What
    was not asked for longest makes room; what cannot be read is not kept.
    """

    def __init__(self, entries: int = ENTRIES_KEPT, responses: int = RESPONSES_KEPT) -> None:
        """Make an empty cache.

        Args:
            entries: how many entries of lists are kept, each list counting as one more.
            responses: how many responses are kept.
        """
        self._most, self._held, self._most_responses = entries, 0, responses
        self._lists: OrderedDict[bytes, RevocationList] = OrderedDict()
        self._responses: OrderedDict[bytes, StatusResponse] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._lists) + len(self._responses)

    def list_of(self, der: bytes) -> RevocationList | None:
        """The list, read now or before; None where it cannot be read."""
        key = sha256(der).digest()
        with self._lock:
            known = self._lists.get(key)
            if known is not None:
                self._lists.move_to_end(key)
                return known
        try:
            found = RevocationList.load(der)
        except LienthongError:
            return None
        with self._lock:
            if key not in self._lists:
                self._held += found.size + 1
            self._lists[key] = found
            while self._held > self._most and len(self._lists) > 1:
                _, dropped = self._lists.popitem(last=False)
                self._held -= dropped.size + 1
        return found

    def response_of(self, der: bytes) -> StatusResponse | None:
        """The response, read now or before; None where it cannot be read."""
        key = sha256(der).digest()
        with self._lock:
            known = self._responses.get(key)
            if known is not None:
                self._responses.move_to_end(key)
                return known
        try:
            found = StatusResponse.load(der)
        except LienthongError:
            return None
        with self._lock:
            self._responses[key] = found
            while len(self._responses) > self._most_responses:
                self._responses.popitem(last=False)
        return found
