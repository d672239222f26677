"""Threads that run calls which may hang; whoever waits for them can give up.

The threads are daemons: one that hangs for ever keeps neither a caller nor the interpreter's exit
waiting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Final

from attrs import frozen

MAX_IDLE: Final = 2


@frozen
class Returned:
    """A call came back."""

    value: Any


@frozen
class Raised:
    """A call raised."""

    error: BaseException


@frozen
class Asked:
    """A call wants something from whoever waits for it."""

    name: str
    reply: SimpleQueue[Returned | Raised]


class GivenUp(Exception):
    """Nobody waits for this call any more."""


class Job:
    """One call: run by a thread of the crew, waited for by its caller."""

    def __init__(
        self, run: Callable[[Job], Any], *, dispose: Callable[[Any], object] | None = None
    ) -> None:
        self.dispose = dispose
        """Gets rid of a result that comes when nobody waits any more."""
        self._run = run
        self._lock = threading.Lock()
        self._outbox: SimpleQueue[Returned | Raised | Asked] = SimpleQueue()
        self._given_up = False

    def ask(self, name: str) -> str:
        """On the crew's thread: ask the waiting caller.

        Raises:
            GivenUp: it no longer waits.
        """
        question = Asked(name, SimpleQueue())
        with self._lock:
            if self._given_up:
                raise GivenUp
            self._outbox.put(question)
        answer = question.reply.get()
        if isinstance(answer, Raised):
            raise answer.error
        return str(answer.value)

    def wait(self, seconds: float) -> Returned | Raised | Asked | None:
        """On the caller's thread: the next news, or None after *seconds*; then it is given up."""
        try:
            return self._outbox.get(timeout=max(seconds, 0))
        except Empty:
            return None if self.give_up() else self._outbox.get()

    def give_up(self) -> bool:
        """On the caller's thread: wait no longer; False if there is news after all."""
        with self._lock:
            self._given_up = self._outbox.empty()
            return self._given_up

    def execute(self) -> Returned | Raised:
        """On the crew's thread: run the call and keep whatever it raises."""
        try:
            return Returned(self._run(self))
        except BaseException as error:  # noqa: BLE001 - a thread of ours must outlive any plugin
            return Raised(error)

    def deliver(self, outcome: Returned | Raised) -> bool:
        """On the crew's thread: hand the outcome over; False if nobody waits any more."""
        with self._lock:
            if self._given_up:
                return False
            self._outbox.put(outcome)
            return True


class Crew:
    """The threads of one plugin. May be shared by threads."""

    def __init__(self, name: str, *, most_hanging: int) -> None:
        self._name = name
        self._most_hanging = most_hanging
        self._lock = threading.Lock()
        self._idle: list[SimpleQueue[Job | None]] = []
        self._hanging = 0

    @property
    def exhausted(self) -> bool:
        """So many calls hang that no further one is begun."""
        return self._hanging >= self._most_hanging

    def start(self, job: Job) -> None:
        """Begin a call on an idle thread, or on a new one."""
        with self._lock:
            inbox = self._idle.pop() if self._idle else None
        if inbox is None:
            inbox = SimpleQueue()
            threading.Thread(
                target=self._work, args=(inbox,), name=f"plugin-{self._name}", daemon=True
            ).start()
        inbox.put(job)

    def give_up(self) -> None:
        """Note that a call that was begun hangs."""
        with self._lock:
            self._hanging += 1

    def close(self) -> None:
        """Send idle threads home; hanging ones are left alone."""
        with self._lock:
            idle, self._idle = self._idle, []
        for inbox in idle:
            inbox.put(None)

    def _work(self, inbox: SimpleQueue[Job | None]) -> None:
        while (job := inbox.get()) is not None:
            outcome = job.execute()
            # Idle again before the caller knows, so that its next call finds this thread.
            stays = self._rest(inbox)
            if not job.deliver(outcome):
                self._come_back(job, outcome)
            del job, outcome
            if not stays:
                return

    def _come_back(self, job: Job, outcome: Returned | Raised) -> None:
        """A call that was given up has ended after all."""
        with self._lock:
            self._hanging -= 1
        dispose = job.dispose
        if dispose is not None and isinstance(outcome, Returned):
            value = outcome.value
            self.start(Job(lambda _: dispose(value)))

    def _rest(self, inbox: SimpleQueue[Job | None]) -> bool:
        with self._lock:
            if len(self._idle) >= MAX_IDLE:
                return False
            self._idle.append(inbox)
            return True
