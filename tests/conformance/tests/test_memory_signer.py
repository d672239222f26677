"""A sound signer keeps the contract, whatever its algorithm."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from lienthong_conformance import LockedKey, SignerContract

sys.path.insert(0, str(Path(__file__).parent))
reference = importlib.import_module("broken_signers")
sys.path.pop(0)


@pytest.mark.parametrize("kind", ["P-256", "P-384", "RSA-2048", "Ed25519"])
class TestMemorySigner(SignerContract):
    plugin = reference.MemoryKeys()

    @pytest.fixture
    def uri(self, kind: str) -> str:
        return f"memory:{kind}"

    @pytest.fixture
    def locked_key(self, kind: str) -> LockedKey:
        return LockedKey(uri="memory:locked", secret=reference.SECRET)

    @pytest.fixture
    def unusable_uris(self, kind: str) -> Sequence[str]:
        return ["memory:absent"]
