"""Errors of a medium in the words of the contract, for plugins that keep data on one."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from lienthong.errors import DiskFull, StoreFailed

NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Error numbers that say that a medium or a quota is full."""


@contextmanager
def reporting(step: str) -> Iterator[None]:
    """Turn errors of the operating system into the contract's.

    Raises:
        DiskFull: the medium or the quota is full.
        StoreFailed: anything else that the operating system refused.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE:
            raise DiskFull from error
        raise failed(step, error) from error


@contextmanager
def syncing(step: str) -> Iterator[None]:
    """Turn errors of a sync into ``StoreFailed``, never ``DiskFull``: what it covered may be lost.

    Raises:
        StoreFailed: the sync failed.
    """
    try:
        yield
    except OSError as error:
        raise failed(step, error) from error


def failed(step: str, error: OSError) -> StoreFailed:
    """The error for a step that the operating system refused."""
    return StoreFailed(reason=f"{step}: {error.strerror or error}")
