from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Folder with the public vectors; tests that need it are skipped without."""
    shared = Path(os.environ.get("LIENTHONG_SHARED", ROOT.parent / "shared"))
    folder = shared / "data" / "vectors"
    if not folder.is_dir():
        pytest.skip("the shared vectors are not here")
    return folder
