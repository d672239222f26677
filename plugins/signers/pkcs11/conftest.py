"""Tokens of SoftHSM2, for the tests and for the contract suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienthong_signer_pkcs11.testing import CONFIGURATION, SoftHSM, soft_hsm_missing


@pytest.fixture
def hsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoftHSM:
    """Tokens in a folder of this test."""
    if reason := soft_hsm_missing():
        pytest.skip(reason)
    made = SoftHSM.create(tmp_path / "hsm")
    monkeypatch.setenv(CONFIGURATION, str(made.configuration))
    return made
