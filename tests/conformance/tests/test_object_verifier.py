"""A sound file verifier keeps the contract."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from lienthong_conformance import FileVerifierContract, Specimen

sys.path.insert(0, str(Path(__file__).parent))
reference: Any = importlib.import_module("broken_verifiers")
sys.path.pop(0)


class TestObjects(FileVerifierContract):
    plugin = reference.Objects()
    media_type = reference.TYPE

    @pytest.fixture(scope="class")
    @classmethod
    def specimen(cls) -> Specimen:
        return reference.specimen()  # type: ignore[no-any-return]
