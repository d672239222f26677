"""The file with the passphrase or PIN of the node's key."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest

from lienthong.errors import ConfigInvalid
from lienthong_node.opening import PASSPHRASE_FILE, ask_secret


@pytest.mark.parametrize("content", [b"472911\xff", b"4" * 5_000])
def test_a_file_that_holds_no_passphrase_is_refused_without_repeating_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    secret = tmp_path / "passphrase"
    secret.write_bytes(content)
    monkeypatch.setenv(PASSPHRASE_FILE, str(secret))
    with pytest.raises(ConfigInvalid, match=str(secret)) as caught:
        ask_secret("PIN")
    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert "4729" not in shown
    assert "4" * 10 not in shown
    cause = caught.value.__cause__
    assert cause is not None
    assert cause.__context__ is None


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_a_passphrase_that_everybody_may_read_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    mode: int,
) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text("472911")
    secret.chmod(mode)
    monkeypatch.setenv(PASSPHRASE_FILE, str(secret))
    assert ask_secret("PIN") == "472911"
    assert ("everybody here may read it" in caplog.text) is (mode == 0o644)
    assert "472911" not in caplog.text
