"""A pool of worker processes: one document at a time each, replaced when used up or lost."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from queue import Empty, LifoQueue
from time import monotonic
from typing import BinaryIO, Final, TypeVar, cast

from attrs import define, field, frozen

from lienthong.errors import Closed, LienthongError
from lienthong_verifier_pdf.frames import read_frames, write_frames
from lienthong_verifier_pdf.priority import give_way

T = TypeVar("T")

WORKER: Final = (sys.executable, "-I", "-B", "-m", "lienthong_verifier_pdf.worker")
"""Isolated from the environment of the program, and writing no byte code."""


@frozen(kw_only=True)
class PoolLimits:
    """How workers are used."""

    workers: int = field(factory=lambda: min(2, os.cpu_count() or 1))
    """At once; threads that ask beyond that wait."""

    documents: int = 200
    """Of one worker, until a fresh one takes its place."""

    call_seconds: float = 28.0
    """Of wall time for a call, waiting for a worker and its start included; hosts wait 30."""

    document_seconds: float = 25.0
    """Of that, for the document; its CPU time is bounded by the worker itself."""

    answer_bytes: int = 256 * 1024 * 1024
    """Of one answer: the evidence that it rests on is part of it."""


class WorkerLost(Exception):
    """A worker ended, or was ended, without an answer. Never leaves this package."""


@define(eq=False)
class Worker:
    """One process and its pipes; used by one thread at a time."""

    process: subprocess.Popen[bytes]
    limits: PoolLimits
    served: int = 0

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        greeting: Sequence[bytes],
        limits: PoolLimits,
        seconds: float,
        *,
        gives_way: bool = False,
    ) -> Worker:
        """Start a process and wait until it is ready: it imports a large library.

        Args:
            command: starts it.
            greeting: its first message.
            limits: how it is used.
            seconds: until it has to be ready.
            gives_way: it runs at the lowest priority.

        Raises:
            WorkerLost: it did not get ready.
        """
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={},
            )
        except OSError as error:
            raise WorkerLost(f"it could not be started: {error}") from error
        if gives_way:
            give_way(process.pid)
        worker = cls(process=process, limits=limits)
        worker.ask(greeting, seconds)
        worker.served = 0
        return worker

    def ask(self, pieces: Sequence[bytes], seconds: float) -> list[bytes]:
        """Send a message and wait for the answer.

        Raises:
            WorkerLost: there was none in time; the process is gone then.
        """
        self.served += 1
        watch = threading.Timer(seconds, self.process.kill)
        watch.daemon = True
        begun = monotonic()
        watch.start()
        try:
            write_frames(cast("BinaryIO", self.process.stdin), pieces)
            answer = read_frames(
                cast("BinaryIO", self.process.stdout), most=self.limits.answer_bytes
            )
        except (OSError, ValueError, LienthongError) as error:
            self.end()
            raise WorkerLost(f"{type(error).__name__}, {self._status()}") from error
        except BaseException:
            # Whoever was interrupted may leave half an answer in the pipe.
            self.end()
            raise
        finally:
            watch.cancel()
        if answer is None:
            self.end()
            late = monotonic() - begun >= seconds
            raise WorkerLost("it took too long" if late else self._status())
        return answer

    @property
    def is_lost(self) -> bool:
        return self.process.poll() is not None

    def end(self) -> None:
        """Kill the process; nothing of it stays behind."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue

    def _status(self) -> str:
        return f"exit status {self.process.poll()}"


class WorkerPool:
    """Workers that all got the same greeting; may be shared between threads."""

    def __init__(
        self,
        greeting: Callable[[], Sequence[bytes]],
        limits: PoolLimits,
        command: Sequence[str] = WORKER,
    ) -> None:
        """Make a pool; a process is started when the first document comes.

        Args:
            greeting: first message of every worker.
            limits: how workers are used.
            command: starts one.
        """
        self._command = command
        self._greeting = greeting
        self._limits = limits
        self._idle: LifoQueue[Worker | None] = LifoQueue()
        for _ in range(limits.workers):
            self._idle.put(None)
        self._gives_way = False
        self._closed = False
        self._closing = threading.Lock()

    def give_way(self) -> None:
        """Let workers that are started from now on run at the lowest priority."""
        self._gives_way = True

    def ask(self, pieces: Sequence[bytes], read: Callable[[list[bytes]], T]) -> T:
        """The answer of some worker; one whose answer cannot be read is not asked again.

        Args:
            pieces: the question.
            read: makes the answer of it.

        Raises:
            Closed: the pool is closed.
            WorkerLost: all workers were busy; or one was lost over these pieces, and the next one
                starts afresh.
            Exception: what *read* raises.
        """
        limits = self._limits
        until = monotonic() + limits.call_seconds
        worker = self._place(limits.call_seconds)
        try:
            self._check_open()
            worker = worker or self._started(until - monotonic())
            return read(worker.ask(pieces, min(limits.document_seconds, until - monotonic())))
        except BaseException:
            if worker is not None:
                worker.end()
            raise
        finally:
            self._idle.put(self._kept(worker))

    def close(self) -> None:
        """End all processes, each when it has answered; a second call does nothing."""
        self._closed = True
        # Two that close at once would each wait for a slot that the other one holds.
        with self._closing:
            slots = [self._idle.get() for _ in range(self._limits.workers)]
            for worker in slots:
                if worker is not None:
                    worker.end()
                self._idle.put(None)

    def _started(self, seconds: float) -> Worker:
        greeting, limits = self._greeting(), self._limits
        return Worker.start(self._command, greeting, limits, seconds, gives_way=self._gives_way)

    def _place(self, seconds: float) -> Worker | None:
        """A worker that has nothing to do; None where one may be started."""
        try:
            return self._idle.get(timeout=seconds)
        except Empty:
            raise WorkerLost("all workers were busy for too long") from None

    def _kept(self, worker: Worker | None) -> Worker | None:
        """The worker for its next document; None when a fresh one is to take its place."""
        if worker is None or worker.is_lost:
            return None
        if worker.served < self._limits.documents:
            return worker
        worker.end()
        return None

    def _check_open(self) -> None:
        if self._closed:
            raise Closed(what="the file verifier")
