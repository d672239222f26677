"""``sign`` with a key of a signing service, whose owner confirms on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import Result

from lienthong.cli.base import Session
from lienthong.testing.pki import TestPKI

if TYPE_CHECKING:
    from lienthong_signer_csc.testing import RemoteService

remote = pytest.importorskip("lienthong_signer_csc.testing")
pytest.importorskip("lienthong_verifier_pdf")
canvas = pytest.importorskip("reportlab.pdfgen.canvas")

Run = Callable[..., Result]


@pytest.fixture
def service(
    pki: TestPKI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RemoteService]:
    """Somebody at a terminal gives the access token."""
    files = pki.server().write(tmp_path / "server")
    identity = pki.organisation("H53.01")
    with remote.RemoteService(
        identity.key,
        identity.chain,
        server=(files.chain, files.key),
        authorities=pki.write(tmp_path),
    ) as running:
        monkeypatch.setattr(Session, "ask_secret", lambda _, name: running.secrets(name))
        yield running


def sign(run: Run, document: Path, service: RemoteService, *more: str) -> Result:
    return run(*more, "sign", document, "--as", "signer", "--key", service.uri, "--hidden")


def test_owner_is_told_to_look_at_the_phone_and_asked_once(
    run: Run, document: Path, service: RemoteService
) -> None:
    service.phone = remote.Phone(None, None, True)
    result = sign(run, document, service)
    assert result.exit_code == 0, result.stderr
    assert "on your phone" in result.stderr
    assert document.with_name("qd-52.signed.pdf").exists()
    methods = [method for method, _ in service.calls]
    assert methods.count("credentials/authorize") == methods.count("signatures/signHash") == 1


def test_refusal_on_the_phone_leaves_no_file(
    run: Run, document: Path, service: RemoteService
) -> None:
    service.phone = remote.Phone(False)
    result = sign(run, document, service, "--json")
    assert result.exit_code != 0
    assert "access_denied" in result.stderr
    assert "on your phone" not in result.stderr
    assert list(document.parent.glob("qd-52*")) == [document]
