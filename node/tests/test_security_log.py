"""The security log: its chain, what breaks it, and what does not happen without it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from lienthong.errors import (
    CredentialUnknown,
    DataCorrupt,
    InvalidValue,
    NotFound,
    SecurityLogFailed,
    SignatureInvalid,
    StateSecret,
)
from lienthong.testing.clock import FixedClock
from lienthong_node.security_log import (
    GENESIS,
    MAX_SHOWN,
    REPEATS,
    Deed,
    Event,
    SecurityLog,
    check_log,
    refusal_of,
)
from node.tests.support import NOW, A

HOSTILE = 'x"}\r\n{"event": "forged"}\x1b[31m\u202e\u2028'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "security.log"


def deed(what: str = "7f3a") -> Deed:
    return Deed(event=Event.CREDENTIAL_REVOKED, who=A, what=what)


def filled(path: Path, lines: int = 4) -> SecurityLog:
    log = SecurityLog(path, FixedClock(NOW))
    for number in range(lines):
        log.note(deed(str(number)), "done")
    return log


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_line_says_who_what_when_and_with_what_outcome(path: Path) -> None:
    filled(path, 1)
    assert lines(path) == [
        {
            "at": NOW.isoformat(timespec="microseconds"),
            "event": "credential.revoked",
            "who": A,
            "certificate": "",
            "what": "0",
            "outcome": "done",
            "before": GENESIS,
        }
    ]
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_chain_goes_on_after_a_restart(path: Path) -> None:
    filled(path)
    filled(path)
    found = check_log(path)
    assert found.lines == 8
    assert check_log(path, known=found.newest) == found


def test_an_empty_log_is_sound(path: Path) -> None:
    SecurityLog(path, FixedClock(NOW))
    assert check_log(path).newest == GENESIS


def _line_changed(data: bytes) -> bytes:
    return data.replace(b'"what": "1"', b'"what": "9"')


def _line_taken_out(data: bytes) -> bytes:
    kept = data.splitlines(keepends=True)
    return b"".join(kept[:1] + kept[2:])


def _first_taken_out(data: bytes) -> bytes:
    return data.partition(b"\n")[2]


def _lines_swapped(data: bytes) -> bytes:
    kept = data.splitlines(keepends=True)
    return b"".join([kept[0], kept[2], kept[1], kept[3]])


def _line_put_in(data: bytes) -> bytes:
    kept = data.splitlines(keepends=True)
    return b"".join([*kept[:2], kept[1], *kept[2:]])


def _garbage_put_in(data: bytes) -> bytes:
    return data.replace(b"\n", b"\nxyz\n", 1)


def _end_torn(data: bytes) -> bytes:
    return data[:-1]


@pytest.mark.parametrize(
    "change",
    [
        _line_changed,
        _line_taken_out,
        _first_taken_out,
        _lines_swapped,
        _line_put_in,
        _garbage_put_in,
        _end_torn,
    ],
)
def test_a_changed_chain_is_found(path: Path, change: Callable[[bytes], bytes]) -> None:
    filled(path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DataCorrupt, match="security log"):
        check_log(path)


def test_a_cut_end_shows_when_the_newest_hash_is_known(path: Path) -> None:
    filled(path)
    known = check_log(path).newest
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert check_log(path).lines == 3
    with pytest.raises(DataCorrupt, match="no line has the hash"):
        check_log(path, known=known)


def test_a_missing_log_is_told(path: Path) -> None:
    with pytest.raises(DataCorrupt, match="No such file"):
        check_log(path)


def test_a_line_that_a_crash_has_torn_is_taken_off_and_told(path: Path) -> None:
    filled(path)
    with path.open("ab") as out:
        out.write(b'{"at": "2026')
    filled(path, 1)
    assert [line["event"] for line in lines(path)][-2:] == ["log.repaired", "credential.revoked"]
    assert check_log(path).lines == 6


def test_nothing_in_a_value_forges_a_line_or_steers_a_terminal(path: Path) -> None:
    log = SecurityLog(path, FixedClock(NOW))
    log.note(Deed(event=Event.BACKUP, who=HOSTILE, certificate=HOSTILE, what=HOSTILE), HOSTILE)
    [found] = lines(path)
    assert found["who"] == HOSTILE
    assert path.read_bytes().isascii()
    assert path.read_bytes().count(b"\n") == 1
    log.note(deed("x" * 10_000), "done")
    assert max(map(len, path.read_bytes().splitlines())) < 2_000
    assert check_log(path).lines == 2


class TestPrivileged:
    def test_beginning_and_outcome_are_written(self, path: Path) -> None:
        log = filled(path, 0)
        with log.privileged(deed()):
            assert [line["outcome"] for line in lines(path)] == ["begun"]
        with pytest.raises(InvalidValue), log.privileged(deed()):
            raise InvalidValue(field="a", found="b", expected="c")
        with pytest.raises(RuntimeError), log.privileged(deed()):
            raise RuntimeError
        outcomes = [line["outcome"] for line in lines(path)]
        assert outcomes == ["begun", "done", "begun", InvalidValue.code, "begun", "unknown"]

    @pytest.mark.parametrize("obstacle", ["full", "gone", "shorter", "replaced", "folder"])
    def test_without_the_log_nothing_is_done(
        self, path: Path, caplog: pytest.LogCaptureFixture, obstacle: str
    ) -> None:
        log = filled(path)
        if obstacle == "shorter":
            path.write_bytes(path.read_bytes()[:-10])
        else:
            path.unlink()
        if obstacle == "full":
            path.symlink_to("/dev/full")
        elif obstacle == "replaced":
            path.write_bytes(b"another\n")
        elif obstacle == "folder":
            path.mkdir()
        done = []
        with pytest.raises(SecurityLogFailed), log.privileged(deed()):
            done.append(True)
        assert not done
        with caplog.at_level(logging.ERROR):
            log.note(deed(), "done")
        assert "security log cannot be written" in caplog.text

    def test_a_log_that_cannot_be_opened_keeps_the_node_down(self, path: Path) -> None:
        path.mkdir()
        with pytest.raises(SecurityLogFailed):
            SecurityLog(path, FixedClock(NOW))


class TestRefusals:
    def test_only_those_of_the_list_are_written(self, path: Path) -> None:
        log = filled(path, 0)
        log.refused(NotFound(what="x"), who=A, certificate="", what="GetPackage")
        assert lines(path) == []
        log.refused(StateSecret(field="x", found="y"), who=A, certificate="7f", what="Submission")
        [found] = lines(path)
        assert (found["event"], found["outcome"]) == ("state_secret.refused", StateSecret.code)
        assert (found["who"], found["certificate"]) == (A, "7f")

    def test_repetitions_are_counted_and_told(self, path: Path) -> None:
        clock = FixedClock(NOW)
        log = SecurityLog(path, clock)
        error = CredentialUnknown(fingerprint="7f")
        for _ in range(1000):
            log.refused(error, who="-", certificate="7f", what="GetStatus")
        log.tell_repeats()
        assert len(lines(path)) == 1
        clock.advance(REPEATS + timedelta(seconds=1))
        log.tell_repeats()
        assert lines(path)[-1]["outcome"] == f"{error.code} repeated 999 times"
        log.refused(error, who="-", certificate="7f", what="GetStatus")
        log.refused(error, who="-", certificate="8e", what="GetStatus")
        log.refused(error, who="-", certificate="8e", what="GetStatus")
        log.close()
        assert lines(path)[-1]["outcome"] == f"{error.code} repeated 1 times"
        assert len(lines(path)) == 5

    def test_a_sender_s_made_up_certificates_do_not_fill_the_disk(self, path: Path) -> None:
        log = SecurityLog(path, FixedClock(NOW))
        for number in range(1000):
            error = SignatureInvalid(what="the manifest", subject="CN=?")
            log.refused(error, who=A, certificate=f"{number:x}", what="Submission")
        log.close()
        assert len(lines(path)) == MAX_SHOWN + 1
        assert [line["certificate"] for line in lines(path)[:2]] == ["0", "1"]
        assert lines(path)[-1]["outcome"] == f"{error.code} repeated {1000 - MAX_SHOWN} times"

    def test_every_refusal_has_its_event(self) -> None:
        assert refusal_of(CredentialUnknown(fingerprint="-")) is Event.CREDENTIAL_REFUSED
        assert refusal_of(DataCorrupt(what="x")) is Event.DATA_DAMAGED
        assert refusal_of(NotFound(what="x")) is None
