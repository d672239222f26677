"""S-10: whatever bytes come, parsers of certificates, lists, tokens and files err in our terms."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from lienthong.testing.status import make_list
from plugins.verifiers.pdf.tests.signed import Office, person, plain_pdf
from tests.conftest import Figure
from tests.tiers import SEED, tier

SECONDS: Final = int(os.environ.get("LIENTHONG_FUZZ_S") or tier(commit=2, nightly=60))
"""Of each target, beside what it takes to start; CI asks for a minute."""

TARGETS: Final = Path(__file__).parent / "fuzz" / "targets.py"
NOW: Final = datetime(2026, 11, 22, 8, tzinfo=UTC)
_RUNS: Final = re.compile(r"Done ([0-9]+) runs")


@pytest.fixture(scope="module")
def examples() -> dict[str, bytes]:
    """A sound input of each target, from which it begins."""
    office = Office.at(NOW)
    signer = person(office.pki, "An")
    token = office.tsa.issue(bytes(32), gen_time=NOW)
    return {
        "cms-detached": office.sign_cms(b"content", signer),
        "cms-enclosed": office.sign_cms(b"content", signer, detached=False, stamped=NOW),
        "crl": make_list(office.pki.root, at=NOW),
        "ocsp": b"",
        "pdf": office.sign(plain_pdf(), signer, "lienthong-SIGNER-1"),
        "report": b"{}",
        "tsp-reply": b"",
        "tsp-token": token,
        "x509": signer.certificate,
    }


NAMES: Final = (
    "cms-detached",
    "cms-enclosed",
    "crl",
    "ocsp",
    "pdf",
    "report",
    "tsp-reply",
    "tsp-token",
    "x509",
)


def fuzz(name: str, example: bytes, folder: Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("atheris", reason="atheris is for Linux and a few versions of Python")
    (folder / "example").write_bytes(example)
    command = [sys.executable, str(TARGETS), name, str(SECONDS), str(SEED), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_only_typed_errors_come_out(
    name: str, examples: dict[str, bytes], tmp_path: Path, figure: Figure
) -> None:
    done = fuzz(name, examples[name], tmp_path)
    runs = _RUNS.search(done.stderr)
    found = f"{name}: {runs[1] if runs else 0} runs in {SECONDS} s, exit {done.returncode}"
    figure("S-10", wanted="0 crashes, 0 untyped errors", found=found)
    assert done.returncode == 0, done.stderr[-3000:]
    assert runs is not None


@pytest.mark.slow
@pytest.mark.planted("untyped error of a parser")
def test_an_untyped_error_is_noticed(tmp_path: Path) -> None:
    done = fuzz("careless", b"another", tmp_path)
    assert done.returncode != 0
    assert "KeyError" in done.stdout + done.stderr
