from __future__ import annotations

import importlib.util
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from lienthong.cli.app import application
from lienthong.client.loop import shared_loop
from lienthong.testing.pki import TestPKI

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

SENDER, RECIPIENT = "000.00.00.H53", "000.00.13.H53"
DOCUMENT = """\
number = "52/QĐ-UBND"
issued_date = 2026-11-20
kind = "QUYET_DINH"
subject = "Về việc gửi, nhận văn bản điện tử"
[signer]
full_name = "Chánh Văn phòng"
position = "Chủ tịch"
"""
Run = Callable[..., Result]


def load_scripted() -> Any:
    """The module of the scripted axis, which two folders of tests share."""
    name = "lienthong_tests_scripted"
    if name not in sys.modules:
        path = Path(__file__).parents[1] / "client" / "scripted.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def pki() -> TestPKI:
    return TestPKI()


@pytest.fixture
def axis(pki: TestPKI, tmp_path: Path) -> Iterator[ScriptedAxis]:
    made: ScriptedAxis = load_scripted().ScriptedAxis(pki, tmp_path / "profiles")
    loop = shared_loop()
    loop.run(made.start())
    yield made
    loop.run(made.stop())


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """English messages and no profile, whatever the machine says."""
    for name in ("LIENTHONG_PROFILE", "LIENTHONG_LANG", "LC_ALL", "LC_MESSAGES", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def run() -> Run:
    """Runs a command line: ``run("inbox", "--json")``."""

    def invoke(*arguments: str | Path, **options: Any) -> Result:
        return CliRunner().invoke(application, [str(one) for one in arguments], **options)

    return invoke


@pytest.fixture
def as_sender(axis: ScriptedAxis, run: Run) -> Run:
    return lambda *arguments: run("--profile", axis.profile(SENDER), *arguments)


@pytest.fixture
def as_recipient(axis: ScriptedAxis, run: Run) -> Run:
    return lambda *arguments: run("--profile", axis.profile(RECIPIENT), *arguments)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a document's data and two files."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "document.toml").write_text(DOCUMENT)
    (folder / "main.pdf").write_bytes(b"%PDF-1.4 main")
    (folder / "annex.xlsx").write_bytes(b"annex" * 100_000)
    return folder


@pytest.fixture
def sent(as_sender: Run, files: Path) -> str:
    """The id of a package that was sent."""
    arguments = ["send", files / "document.toml", "--file", files / "main.pdf"]
    arguments += ["--attach", files / "annex.xlsx", "--to", RECIPIENT, "--json"]
    result = as_sender(*arguments)
    assert result.exit_code == 0, result.stderr
    package_id: str = json.loads(result.stdout)["package_id"]
    return package_id


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A page that nobody has signed."""
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    made = io.BytesIO()
    drawn = canvas.Canvas(made, pdfVersion=(1, 7), invariant=1)
    drawn.drawString(90, 740, "Page 1")
    drawn.save()
    path = tmp_path / "qd-52.pdf"
    path.write_bytes(made.getvalue())
    return path
