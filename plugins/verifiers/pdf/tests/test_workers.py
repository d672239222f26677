"""S-06: what a hostile file does in a worker stays there, and costs one document."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from lienthong.errors import Closed, Malformed, TooLarge
from lienthong.model.file_signature import SignatureRole
from lienthong.spi import FileReport, Outcome
from lienthong_verifier_pdf import verifier as verifying
from lienthong_verifier_pdf.fields import field_name
from lienthong_verifier_pdf.frames import read_frames, write_frames
from lienthong_verifier_pdf.media import PDF
from lienthong_verifier_pdf.pool import PoolLimits, WorkerLost, WorkerPool
from lienthong_verifier_pdf.priority import LOWEST, give_way
from lienthong_verifier_pdf.verifier import FileSignatureVerifier
from plugins.verifiers.pdf.tests.bombs import HOSTILE
from plugins.verifiers.pdf.tests.signed import Office, person, plain_pdf

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
TAKEN_OVER = (sys.executable, str(Path(__file__).with_name("taken_over.py")))
LIMITS = PoolLimits(workers=1, call_seconds=120, document_seconds=60)
OFFICE = Office.at(NOW)


@pytest.fixture(scope="module")
def verifier() -> Iterator[FileSignatureVerifier]:
    made = FileSignatureVerifier(OFFICE.trust, LIMITS)
    yield made
    made.close()


@pytest.fixture(scope="module")
def signed() -> bytes:
    name = field_name(SignatureRole.SIGNER, 1)
    return OFFICE.sign(plain_pdf(), person(OFFICE.pki, "An"), name)


def look(verifier: FileSignatureVerifier, data: bytes) -> FileReport:
    return verifier.verify(io.BytesIO(data), PDF, NOW, OFFICE.evidence())


def taken_over(**limits: Any) -> WorkerPool:
    return WorkerPool(lambda: [b"hello"], evolve(LIMITS, **limits), TAKEN_OVER)


@pytest.mark.parametrize(
    "deed",
    [
        b"connect",
        b"fork",
        b"execute",
        b"write",
        b"create",
        b"files",
        b"read",
        b"read_by_a_link",
    ],
)
def test_worker_reaches_nothing_outside(deed: bytes) -> None:
    pool = taken_over()
    refused = pool.ask([b"", deed], list)[0].decode()
    assert refused in {"Forbidden", "OSError", "PermissionError", "BlockingIOError"}
    pool.close()


def test_memory_is_bounded() -> None:
    pool = taken_over()
    assert pool.ask([b"", b"hoard"], list) == [b"MemoryError"]
    pool.close()


@pytest.mark.slow
def test_cpu_time_is_bounded() -> None:
    pool = taken_over()
    with pytest.raises(WorkerLost, match="exit status -24"):  # SIGXCPU
        pool.ask([b"", b"spin"], list)
    pool.close()


def test_waiting_is_bounded() -> None:
    pool = taken_over(document_seconds=0.5)
    with pytest.raises(WorkerLost, match="too long"):
        pool.ask([b"", b"sleep"], list)
    pool.close()


def test_waiting_for_a_worker_is_bounded() -> None:
    pool = taken_over(workers=0, call_seconds=0.1)
    with pytest.raises(WorkerLost, match="busy"):
        pool.ask([b"", b"sleep"], list)
    pool.close()


@pytest.mark.parametrize("deed", [b"die", b"garble", b"flood"])
def test_failing_worker_costs_its_document_only(deed: bytes, signed: bytes) -> None:
    broken = FileSignatureVerifier(OFFICE.trust, LIMITS, TAKEN_OVER)
    report = look(broken, deed)
    assert [(one.name, one.outcome) for one in report.checks] == [
        ("validator", Outcome.INDETERMINATE)
    ]
    assert look(broken, deed) == report
    broken.close()


def test_fresh_worker_takes_the_place_of_a_lost_one() -> None:
    pool = taken_over()
    with pytest.raises(WorkerLost):
        pool.ask([b"", b"die"], list)
    assert pool.ask([b"", b"connect"], list) == [b"Forbidden"]
    pool.close()


def test_worker_is_replaced_after_its_documents(signed: bytes) -> None:
    made = FileSignatureVerifier(OFFICE.trust, evolve(LIMITS, documents=2))
    outcomes = {look(made, signed).outcome for _ in range(5)}
    assert outcomes == {Outcome.PASSED}
    made.close()


def test_worker_that_cannot_start_is_told(signed: bytes) -> None:
    for command in ((sys.executable, "-c", "pass"), ("/no/such/program",)):
        broken = FileSignatureVerifier(OFFICE.trust, LIMITS, command)
        assert [one.name for one in look(broken, signed).checks] == ["validator"]
        broken.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_is_a_report_and_the_next_one_is_judged(
    verifier: FileSignatureVerifier, signed: bytes, name: str
) -> None:
    assert look(verifier, HOSTILE[name]).outcome is not Outcome.PASSED
    assert look(verifier, signed).outcome is Outcome.PASSED


def test_too_large_file_is_refused_before_it_is_read(
    verifier: FileSignatureVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "MAX_FILE_BYTES", 10)
    with pytest.raises(TooLarge):
        look(verifier, b"01234567890")


def test_closing_ends_all_processes(signed: bytes) -> None:
    made = FileSignatureVerifier(OFFICE.trust, evolve(LIMITS, workers=2))
    with ThreadPoolExecutor(4) as threads:
        assert {one.outcome for one in threads.map(lambda _: look(made, signed), range(4))} == {
            Outcome.PASSED
        }
    before = _children()
    made.close()
    assert len(_children()) == len(before) - 2
    with pytest.raises(Closed):
        look(made, signed)


def test_closing_twice_at_once_ends() -> None:
    """Neither waits for a place that the other one holds."""
    pool = WorkerPool(lambda: [b"hello"], PoolLimits(workers=200), TAKEN_OVER)
    closing = [threading.Thread(target=pool.close, daemon=True) for _ in range(8)]
    for one in closing:
        one.start()
    for one in closing:
        one.join(60)
    assert not any(one.is_alive() for one in closing)


def _children() -> list[str]:
    """Of every thread: the kernel hands those of an ended thread to any other one."""
    threads = Path("/proc/self/task").glob("*/children")
    return [child for one in threads for child in one.read_text("ascii").split()]


ECHO = ("/bin/cat",)
"""A worker that answers every message with itself."""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have the nice value alone")
@pytest.mark.parametrize("beside_a_service", [True, False])
def test_worker_beside_a_service_gives_way(beside_a_service: bool) -> None:
    made, before = FileSignatureVerifier(OFFICE.trust, LIMITS, ECHO), set(_children())
    if beside_a_service:
        made.give_way()
    assert made._pool.ask([b"question"], list) == [b"question"]
    [child] = map(int, set(_children()) - before)
    own = os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)
    expected = (os.SCHED_IDLE, LOWEST) if beside_a_service else own
    assert (os.sched_getscheduler(child), os.getpriority(os.PRIO_PROCESS, child)) == expected
    made.close()


def test_priority_of_a_process_that_has_ended_is_nobody_s() -> None:
    ended = subprocess.Popen(ECHO, stdin=subprocess.DEVNULL)
    ended.wait()
    give_way(ended.pid)


def test_messages_are_bounded() -> None:
    target = io.BytesIO()
    write_frames(target, [b"x" * 100])
    target.seek(0)
    with pytest.raises(Malformed, match="too large"):
        read_frames(target, most=99)
