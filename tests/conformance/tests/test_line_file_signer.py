"""A sound file signer keeps the contract."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from lienthong_conformance import FileSignerContract

sys.path.insert(0, str(Path(__file__).parent))
reference: Any = importlib.import_module("broken_file_signers")
sys.path.pop(0)


class TestLineFiles(FileSignerContract):
    plugin = reference.LineFiles()
    media_type = reference.TYPE

    @pytest.fixture
    def document(self) -> bytes:
        return bytes(reference.DOCUMENT)

    @pytest.fixture
    def judge(self) -> Callable[[bytes], Sequence[bool]]:
        return lambda content: list(reference.judge(content))
