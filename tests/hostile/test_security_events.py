"""N-17: every event of the list is in the security log, and nothing privileged happens without."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import grpc
import pytest
from attrs import evolve
from click.testing import CliRunner

from lienthong.codec.signed import dump_manifest
from lienthong.errors import SecurityLogFailed
from lienthong.model.ids import OrganId
from lienthong.model.organisation import OrganCode, Organisation, OrganName
from lienthong_node import wire
from lienthong_node.cli import cli
from lienthong_node.local import LocalAxis
from lienthong_node.security_log import FILE_NAME, Deed, Event, SecurityLog, check_log
from lienthong_proto.axis.v1 import (
    admin_pb2,
    directory_pb2,
    exchange_pb2,
    journal_pb2,
    package_pb2,
)
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B, C
from tests.e2e.raw import Party, call, messages
from tests.e2e.spoilt import in_process
from tests.e2e.test_certificates import WHO_AM_I, Follower, Office
from tests.hostile.metrics import GENEROUS, security_events

NOT_HERE: Final = {
    Event.REPAIRED: "a torn line, node/tests/test_security_log.py",
    Event.RESTORED: "a stopped node, node/tests/test_commands.py",
    Event.STATUS_MISSED: "a publisher that fails, tests/e2e/test_certificate_status.py",
}
"""Events that another test shows."""

PRIVILEGED: Final = {
    Event.DIRECTORY_CHANGED,
    Event.LAW_CHANGED,
    Event.CREDENTIAL_REGISTERED,
    Event.CREDENTIAL_REVOKED,
    Event.BACKUP,
}
PATIENCE_S: Final = 60.0


def rights(axis: LocalAxis, operator: Party) -> None:
    """Bind a certificate, use it, take it back while it is in use; use one that nobody bound."""
    office = Office(axis, operator)
    pair, stranger = office.issue(transport=True), office.issue(transport=True)
    fingerprint = office.register(pair, "transport")
    with Party.opened(axis.profile(A)) as a:
        with pair.channel(a.profile) as channel:
            assert call(channel, WHO_AM_I, [b""]).ok
            follower = Follower(channel)
            _until_followed(channel)
            office.revoke(fingerprint)
            assert follower.cut_within(PATIENCE_S) is not None
            assert not call(channel, WHO_AM_I, [b""]).ok
        with stranger.channel(a.profile) as channel:
            assert not call(channel, WHO_AM_I, [b""]).ok
        assert not a.ask("Admin/GetStatus", b"").ok


def _until_followed(channel: grpc.Channel) -> None:
    """Streams of one connection begin in order: once this is answered, the earlier one is open."""
    assert call(channel, WHO_AM_I, [b""]).ok
    threading.Event().wait(0.3)


def directory_and_backup(operator: Party, organ: str) -> tuple[bool, bool]:
    """Whether a change of the directory and a backup were done."""
    code = OrganId(organ)
    added = Organisation(
        organ_id=code,
        codes=[OrganCode(scheme=code.scheme, value=code)],
        names=[OrganName(value="Sở Y tế")],
    )
    change = admin_pb2.PutOrganisationsRequest(
        organisations=[wire.organisation(added, datetime.now(UTC).date())]
    )
    put = operator.ask("Admin/PutOrganisations", change)
    backup = operator.ask("Admin/Backup", admin_pb2.BackupRequest(name=organ.replace(".", "-")))
    return put.ok, backup.ok


def content(axis: LocalAxis) -> None:
    """A state secret, another's name, another axis, a bad signature; and bit rot."""
    with (
        Party.opened(axis.profile(A)) as a,
        Party.opened(axis.profile(B)) as b,
        Party.opened(axis.profile(C)) as c,
    ):
        marked = package_pb2.Manifest.FromString(dump_manifest(a.manifest(B)))
        marked.document.secrecy = "MAT"
        broken = a.submission(a.manifest(B))
        broken.envelope.signatures[0].value = bytes(64)
        outcomes = a.submit(
            a.submission(marked.SerializeToString()),
            evolve(a, signer=c.signer).submission(a.manifest(B)),
            a.submission(a.manifest(B, audience="khac.example")),
            broken,
        )
        assert not any(isinstance(outcome, journal_pb2.Receipt) for outcome in outcomes), outcomes
        _rotten_file(axis, a)
        assert b.ask("Exchange/Subscribe", exchange_pb2.SubscribeRequest(inline_limit=9_999)).ok


def _rotten_file(axis: LocalAxis, a: Party) -> None:
    """A file of which a byte changes on the disk."""
    data = b"%PDF-1.4 " + bytes(500)
    sha256 = hashlib.sha256(data)
    begin = exchange_pb2.BeginUploadRequest(sha256=sha256.digest(), size=len(data))
    answer = a.ask("Exchange/BeginUpload", begin)
    key = exchange_pb2.BeginUploadResponse.FromString(answer.data[0]).upload_id
    assert a.ask("Exchange/Upload", exchange_pb2.UploadRequest(upload_id=key, chunk=data)).ok
    value = a.manifest(B, content=data)
    item = exchange_pb2.Submission(envelope=a.sealed(dump_manifest(value)))
    [sent] = a.submit(item)
    assert isinstance(sent, journal_pb2.Receipt), sent
    [stored] = [path for path in axis.data.rglob(f"*{sha256.hexdigest()[8:]}*") if path.is_file()]
    stored.chmod(0o600)
    stored.write_bytes(b"X" + data[1:])


def test_every_event_is_written(tmp_path: Path, figure: Figure) -> None:
    axis = LocalAxis.create(tmp_path, NAMES, **GENEROUS)
    with axis.running(), Party.opened(axis.data / "operator") as operator:
        rights(axis, operator)
        assert directory_and_backup(operator, "000.00.31.H53") == (True, True)
        content(axis)
    found = security_events(axis)
    missing = [
        event.value
        for event in Event
        if event not in NOT_HERE and event.value not in {line["event"] for line in found}
    ]
    listed = len(Event) - len(NOT_HERE)
    figure(
        "N-17",
        wanted="100 % of the security events written, each with who, what, when, outcome; chained",
        found=f"{listed - len(missing)} of {listed} events in {len(found)} lines",
    )
    assert not missing
    incomplete = [
        line
        for line in found
        if not (line["at"] and line["who"] and line["outcome"])
        or not (line["what"] or line["event"] == Event.DRAINED.value)
    ]
    assert not incomplete
    assert check_log(axis.data / FILE_NAME).lines == len(found)


def test_the_command_follows_the_chain(tmp_path: Path) -> None:
    axis = LocalAxis.create(tmp_path, NAMES, **GENEROUS)
    run, path = CliRunner(), axis.data / FILE_NAME
    good = run.invoke(cli, ["audit", "log", str(axis.data)])
    assert good.exit_code == 0, good.output
    newest = good.output.split()[-1]
    assert run.invoke(cli, ["audit", "log", str(axis.data), "--known", newest]).exit_code == 0
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"outcome": "done"', b'"outcome": "DONE"', 1))
    bad = run.invoke(cli, ["audit", "log", str(axis.data)])
    assert bad.exit_code != 0
    assert "does not follow the one before" in bad.output
    path.write_bytes(b"".join(data.splitlines(keepends=True)[:-1]))
    cut = run.invoke(cli, ["audit", "log", str(axis.data), "--known", newest])
    assert cut.exit_code != 0


@contextmanager
def unwritable(path: Path) -> Iterator[None]:
    """Meanwhile something else lies where the security log was."""
    aside = path.with_suffix(".aside")
    path.rename(aside)
    path.symlink_to("/dev/full")
    try:
        yield
    finally:
        path.unlink()
        aside.rename(path)


def done_without_the_log(axis: LocalAxis, operator: Party) -> list[str]:
    """Privileged actions that are done although the log cannot be written."""
    office = Office(axis, operator)
    pair = office.issue(transport=True)
    fingerprint = office.register(pair, "transport")
    register = admin_pb2.RegisterCredentialRequest(
        organ_id=A, certificate_der=office.issue(transport=True).der, use="transport"
    )
    revoke = admin_pb2.RevokeCredentialRequest(fingerprint=fingerprint)
    days = 'name = "days"\nbase = "vietnam"\nfirst_year = 2026\nlast_year = 2026\n'
    law = admin_pb2.PutLawRequest(law=directory_pb2.Law(subject="calendar", organ_id=B, text=days))
    with Party.opened(axis.profile(A)) as a:
        before = _state(operator)
        with unwritable(axis.data / FILE_NAME):
            answers = {
                Event.CREDENTIAL_REGISTERED: operator.ask("Admin/RegisterCredential", register),
                Event.CREDENTIAL_REVOKED: operator.ask("Admin/RevokeCredential", revoke),
                Event.LAW_CHANGED: operator.ask("Admin/PutLaw", law),
            }
            put, backup = directory_and_backup(operator, "000.00.32.H53")
            a.send(B)  # traffic goes on
            assert operator.ask("Admin/GetStatus", b"").ok
        done = [event.value for event, answer in answers.items() if answer.ok]
        done += [Event.DIRECTORY_CHANGED.value] * put + [Event.BACKUP.value] * backup
        refused = [answer.code for answer in answers.values() if not answer.ok]
        assert set(refused) <= {SecurityLogFailed.code}
        if not done:
            assert _state(operator) == before
            assert operator.ask("Admin/RevokeCredential", revoke).ok
    return done


def _state(operator: Party) -> tuple[int, int]:
    """How many credentials and organisations there are."""
    listed = admin_pb2.ListCredentialsRequest(include_revoked=True)
    [held] = messages(
        admin_pb2.ListCredentialsResponse, operator.ask("Admin/ListCredentials", listed)
    )
    request = directory_pb2.ChangesRequest(page_size=500)
    [known] = messages(directory_pb2.ChangesResponse, operator.ask("Directory/Changes", request))
    return len(held.credentials), len(known.organisations)


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    """An axis in this process, so that its code can be spoilt."""
    made = LocalAxis.create(tmp_path_factory.mktemp("spoilt"), NAMES, **GENEROUS)
    with in_process(made):
        yield made


def test_nothing_privileged_happens_without_the_log(spoilt: LocalAxis, figure: Figure) -> None:
    with Party.opened(spoilt.data / "operator") as operator:
        done = done_without_the_log(spoilt, operator)
    figure(
        "N-17",
        wanted=f"0 of {len(PRIVILEGED)} privileged actions without the log; traffic goes on",
        found=f"{len(done)} of {len(PRIVILEGED)}",
    )
    assert not done


@pytest.mark.planted("privileged actions without the log")
def test_an_action_without_the_log_is_noticed(
    spoilt: LocalAxis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(self: SecurityLog, deed: Deed) -> None:
        self.note(deed, "begun")

    monkeypatch.setattr(SecurityLog, "begin", careless)
    with Party.opened(spoilt.data / "operator") as operator:
        assert set(done_without_the_log(spoilt, operator)) == {one.value for one in PRIVILEGED}
