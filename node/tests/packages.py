"""Having the core accept or refuse a package."""

from __future__ import annotations

import pytest

from lienthong.errors import LienthongError
from lienthong.model.package import Manifest
from lienthong_node.core.decision import Accepted
from node.tests.support import World, submit


def accepted(world: World, value: Manifest, *, by: str | None = None) -> Accepted:
    decision = world.decide(submit(value, by=by))
    assert isinstance(decision, Accepted)
    return decision


def refused(world: World, value: Manifest, *, by: str | None = None) -> LienthongError:
    """The error; nothing may have been kept."""
    before = world.store.medium.records.copy()
    with pytest.raises(LienthongError) as caught:
        world.decide(submit(value, by=by))
    assert world.store.medium.records == before
    return caught.value
