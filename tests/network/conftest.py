"""Axes for attacks: one as a process of its own, one to be run inside the test with a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final, TypeAlias

import pytest
from attrs import evolve

from lienthong.client import Profile
from lienthong_node import opening, server
from lienthong_node.local import LocalAxis
from lienthong_node.settings import load_settings
from tests.e2e.conftest import NAMES, A
from tests.e2e.forked_axis import ForkedAxis, forked_axis
from tests.e2e.spoilt import in_process

SetOption: TypeAlias = Callable[[str, int | None], None]
ChangeSettings: TypeAlias = Callable[..., None]
Inside: TypeAlias = Callable[[], AbstractContextManager[None]]

GENEROUS: Final[dict[str, Any]] = {
    "disk_reserve_bytes": 0,
    "requests_per_second": 1_000_000,
    "burst": 1_000_000,
    "concurrent_streams": 20_000,
    "max_open_calls": 20_000,
    "max_connections": 15_000,
    "connections_per_organisation": 0,
    "connections_per_address": 0,
}
"""No share but the one that a test is about stands in its way."""


@pytest.fixture(scope="session")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedAxis]:
    """A running axis in a process of its own."""
    with forked_axis(tmp_path_factory.mktemp("axis"), NAMES, **GENEROUS) as made:
        yield made


@pytest.fixture(scope="session")
def at_rest(tmp_path_factory: pytest.TempPathFactory) -> LocalAxis:
    """An axis that does not run; tests run its node inside their own process."""
    return LocalAxis.create(tmp_path_factory.mktemp("at-rest"), NAMES, **GENEROUS)


@pytest.fixture
def inside(at_rest: LocalAxis) -> Inside:
    """Runs the node of ``at_rest`` in this process, so that a fault can be put into it."""
    return lambda: in_process(at_rest)


@pytest.fixture
def attacker(axis: ForkedAxis) -> Profile:
    """Who attacks: an organisation with a good certificate."""
    return Profile.load(axis.profile(A))


@pytest.fixture
def attacker_inside(at_rest: LocalAxis) -> Profile:
    return Profile.load(at_rest.profile(A))


@pytest.fixture
def set_option(monkeypatch: pytest.MonkeyPatch) -> SetOption:
    """Changes an option of the gRPC server, or leaves it out."""

    def change(name: str, value: int | None) -> None:
        kept = [(key, found) for key, found in server.OPTIONS if key != name]
        added = [] if value is None else [(name, value)]
        monkeypatch.setattr(server, "OPTIONS", (*kept, *added))

    return change


@pytest.fixture
def change_settings(monkeypatch: pytest.MonkeyPatch) -> ChangeSettings:
    """Gives the node inside the test other settings than its file says."""

    def change(**settings: Any) -> None:
        monkeypatch.setattr(
            opening, "load_settings", lambda folder: evolve(load_settings(folder), **settings)
        )

    return change
