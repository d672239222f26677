"""A pool of read-only connections."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import apsw

from lienthong_storage_sqlite.connect import open_reader

_IDLE: Final = 8


class Readers:
    """Lends read-only connections; may be shared between threads.

    Any number can be lent at once; only a few idle ones are kept.
    """

    def __init__(self, database: str, vfs: str | None) -> None:
        self._database = database
        self._vfs = vfs
        self._lock = threading.Lock()
        self._idle: list[apsw.Connection] = []
        self._generation = 0

    @contextmanager
    def lend(self) -> Iterator[apsw.Connection]:
        """Lend a connection that nobody else uses.

        Raises:
            apsw.Error: none can be opened.
        """
        with self._lock:
            generation = self._generation
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = open_reader(self._database, self._vfs)
        try:
            yield connection
        except apsw.Error:
            connection.close(force=True)
            raise
        except BaseException:
            self._take_back(connection, generation)
            raise
        self._take_back(connection, generation)

    def _take_back(self, connection: apsw.Connection, generation: int) -> None:
        with self._lock:
            if generation == self._generation and len(self._idle) < _IDLE:
                self._idle.append(connection)
                return
        connection.close(force=True)

    def retire(self) -> None:
        """Close the idle connections now and the lent ones when they come back."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._generation += 1
        for connection in idle:
            connection.close(force=True)
