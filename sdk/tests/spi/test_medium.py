from __future__ import annotations

import errno

import pytest

from lienthong.errors import DiskFull, StoreFailed
from lienthong.spi.medium import NO_SPACE, reporting, syncing


@pytest.mark.parametrize("number", sorted(NO_SPACE))
def test_a_full_medium_is_told_apart_but_not_when_syncing(number: int) -> None:
    with pytest.raises(DiskFull), reporting("writing"):
        raise OSError(number, "no room")
    with pytest.raises(StoreFailed, match="syncing: no room"), syncing("syncing"):
        raise OSError(number, "no room")


def test_everything_else_names_the_step() -> None:
    for guard in (reporting, syncing):
        with pytest.raises(StoreFailed, match="a step: it hums"), guard("a step"):
            raise OSError(errno.EIO, "it hums")
        with pytest.raises(KeyError), guard("a step"):
            raise KeyError
