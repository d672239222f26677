"""Sound time sources keep the contract, with and without time-stamps."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from lienthong_conformance import TimeSourceContract

sys.path.insert(0, str(Path(__file__).parent))
reference = importlib.import_module("broken_times")
sys.path.pop(0)


class MemoryTimeContract(TimeSourceContract):
    @pytest.fixture
    def uri(self) -> str:
        return "memory:clock"

    @pytest.fixture
    def unreachable_uris(self) -> Sequence[str]:
        return ["memory:absent"]

    @pytest.fixture
    def misled_uris(self) -> Sequence[str]:
        return ["memory:misled"]

    @pytest.fixture
    def anchors(self) -> Sequence[bytes]:
        return [reference.PKI.root.certificate]


class TestStamping(MemoryTimeContract):
    plugin = reference.MemoryTimes()


class TestPlain(MemoryTimeContract):
    plugin = reference.PlainTimes()
