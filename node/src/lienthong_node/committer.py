"""Group commit: many commands, one transaction, one checkpoint, one sync.

One thread takes the waiting commands of all organisations in turn, lets the core decide on each in
order, seals the accepted ones into the journal and answers only after everything is durable.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import TypeAlias

from attrs import define, field, frozen

from lienthong.errors import (
    CheckpointInvalid,
    Draining,
    Internal,
    LienthongError,
    LimitReached,
    StoreFailed,
)
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.evidence.note import VerifierKey
from lienthong.model.time import from_us, to_us
from lienthong.spi.records import Head, JournalRow
from lienthong.spi.signer import Signer
from lienthong.spi.storage import ReadView, RecordStore, WriteTransaction
from lienthong_node.checkpoint_key import PROBE
from lienthong_node.core.commands import Command
from lienthong_node.core.decision import Accepted, Amended, Moment
from lienthong_node.core.journal import Sealed, seal
from lienthong_node.core.policy import Policy
from lienthong_node.deciding import decide
from lienthong_node.heads import HeadFile
from lienthong_node.stores import (
    Recorded,
    Registry,
    hash_reader,
    load_registry,
    read_recorded,
    registry_after,
    write_rows,
    write_sealed,
)

MAX_BATCH = 256
MAX_BATCH_BYTES = 16 * 1024 * 1024
MAX_WAITING = 2048
"""Commands that one organisation may have waiting; more are answered with LimitReached."""

PROBE_S = 1.0
"""Seconds after a failure until the store is tried again, when nothing waits."""

log = logging.getLogger(__name__)


Outcome: TypeAlias = Recorded | LienthongError


@define(eq=False)
class _Group:
    """Commands that were handed over together and are answered together."""

    outcomes: list[Outcome | None]
    open: int
    answer: Future[list[Outcome]] = field(factory=Future)


@define(eq=False)
class _Ticket:
    """One command of a group."""

    command: Command
    group: _Group
    position: int

    def settle(self, outcome: Outcome) -> None:
        """Answer the command, once; the group is answered with its last command."""
        group = self.group
        if group.outcomes[self.position] is not None:
            return
        group.outcomes[self.position] = outcome
        group.open -= 1
        if group.open == 0 and group.answer.set_running_or_notify_cancel():
            group.answer.set_result([found for found in group.outcomes if found is not None])


@define(eq=False, kw_only=True)
class _Work:
    """One batch while it is decided."""

    head: Head
    registry: Registry
    accepted: list[Accepted] = field(factory=list)
    entries: list[tuple[_Ticket, int]] = field(factory=list)
    """Tickets answered with the entry of this index."""

    errors: list[tuple[_Ticket, LienthongError]] = field(factory=list)


@frozen(kw_only=True)
class Batch:
    """What one commit made durable, for those who wait for news."""

    rows: tuple[JournalRow, ...]
    registry: Registry


class Committer:
    """Decides and commits; thread-safe."""

    def __init__(  # noqa: PLR0913 - each part is named by the caller
        self,
        store: RecordStore,
        *,
        policy: Policy,
        signer: Signer,
        clock: Callable[[], datetime],
        heads: HeadFile | None = None,
        reserve_reached: Callable[[], bool] = lambda: False,
        check_stamped: Callable[[datetime], None] = lambda _: None,
        random: Callable[[int], bytes] = secrets.token_bytes,
        on_batch: Callable[[Batch], None] = lambda _: None,
    ) -> None:
        """Prepare; nothing is committed before ``start``.

        Args:
            store: where records go.
            policy: what the axis accepts.
            signer: the checkpoint key.
            clock: current instant, aware; raises ``TimeDisputed`` while it may not be believed.
            heads: where the newest head is kept outside the store, before receipts are given.
            reserve_reached: whether the disk reserve is used up, so that packages are refused.
            check_stamped: raises why packages are refused while time-stamps are missing.
            random: source of nonces.
            on_batch: called on the committer's thread after each durable batch.
        """
        self._store = store
        self._policy = policy
        self._signer = signer
        self._key = VerifierKey.of_signer(policy.axis, signer)
        self._clock = clock
        self._heads = heads
        self._reserve_reached = reserve_reached
        self._check_stamped = check_stamped
        self._random = random
        self._on_batch = on_batch
        self._waiting: OrderedDict[str, deque[_Ticket]] = OrderedDict()
        self._changed = threading.Condition()
        self._stopping = False
        self.failing = ""
        """Why the last batch could not be committed; empty when it was."""
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        with store.read() as view:
            self.registry = load_registry(view, Registry())

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Commit what is waiting, refuse what comes later, and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()

    def submit(self, commands: Sequence[Command]) -> Future[list[Outcome]]:
        """Queue commands of one caller in order.

        The future gives an outcome for each, in order, after all of them are durable or refused;
        it never raises.
        """
        group = _Group([None] * len(commands), len(commands))
        if not commands:
            group.answer.set_result([])
        with self._changed:
            for position, command in enumerate(commands):
                self._enqueue(_Ticket(command, group, position))
            self._changed.notify_all()
        return group.answer

    def _enqueue(self, ticket: _Ticket) -> None:
        queue = self._waiting.setdefault(ticket.command.caller.organ, deque())
        if self._stopping:
            ticket.settle(Draining())
        elif len(queue) >= MAX_WAITING:
            ticket.settle(LimitReached(limit="waiting commands", retry_after=1))
        else:
            queue.append(ticket)

    def work_once(self) -> bool:
        """Commit what is waiting, as one batch, on the caller's thread.

        For a committer that was not started: whoever drives it decides when, and in which order.

        Returns:
            Whether anything was waiting.
        """
        with self._changed:
            tickets = self._next_batch()
        self._work_on(tickets)
        return bool(tickets)

    def _run(self) -> None:
        while (tickets := self._take()) is not None:
            if tickets:
                self._work_on(tickets)
            else:
                self._probe()

    def _probe(self) -> None:
        """After a failure, whether commits work again: nobody may come while health says no."""
        try:
            if self._heads is not None:
                self._heads.catch_up()
            with self._store.write() as tx:
                tx.set_head(tx.head())
            self._clock()
            self._signer.sign(PROBE)
            self.failing = ""
        except Exception as error:  # noqa: BLE001 - as for a batch
            self.failing = str(error) or type(error).__name__

    def _work_on(self, tickets: Sequence[_Ticket]) -> None:
        if not tickets:
            return
        try:
            self._commit(tickets)
            self.failing = ""
        except Exception as error:  # noqa: BLE001 - a failing batch must not end the thread
            self.failing = str(error) or type(error).__name__
            _fail(tickets, error)

    def _take(self) -> list[_Ticket] | None:
        """The next batch; empty when it is time to probe after a failure, None when stopped."""
        with self._changed:
            while not any(self._waiting.values()):
                if self._stopping:
                    return None
                if not self._changed.wait(PROBE_S if self.failing else None):
                    return []
            return self._next_batch()

    def _next_batch(self) -> list[_Ticket]:
        """What is waiting, one command of each organisation in turn."""
        batch: list[_Ticket] = []
        size = 0
        while self._waiting and len(batch) < MAX_BATCH and size < MAX_BATCH_BYTES:
            organ, queue = self._waiting.popitem(last=False)
            if queue:
                batch.append(queue.popleft())
                size += batch[-1].command.weight
                self._waiting[organ] = queue
        return batch

    def _commit(self, tickets: Sequence[_Ticket]) -> None:
        if self._heads is not None:
            self._heads.catch_up()
        with self._store.write() as tx:
            work = _Work(head=tx.head(), registry=load_registry(tx, self.registry))
            clock = self._clock().astimezone(UTC)
            # Journal time never goes back, whatever the clock does.
            now = max(clock, from_us(work.head.recorded_us))
            for ticket in tickets:
                self._decide(tx, ticket, work, now, clock)
            sealed = self._seal(tx, work, now) if work.accepted else None
            recorded = _recorded(tx, work, sealed)
        self.registry = work.registry
        if sealed is not None and self._heads is not None:
            self._heads.keep(sealed.checkpoint.note)
        for ticket, index in work.entries:
            ticket.settle(recorded[index])
        for ticket, error in work.errors:
            ticket.settle(error)
        if sealed is not None:
            self._announce(Batch(rows=sealed.rows, registry=work.registry))

    def _announce(self, batch: Batch) -> None:
        """Tell who waits for news; the batch stands whatever becomes of that."""
        try:
            self._on_batch(batch)
        except Exception:
            log.exception("announcing a batch failed")

    def _decide(
        self, tx: WriteTransaction, ticket: _Ticket, work: _Work, now: datetime, clock: datetime
    ) -> None:
        """Decide on one command and write its rows; an error concerns this command only."""
        moment = Moment(
            index=work.head.size + len(work.accepted),
            now=now,
            now_us=to_us(now),
            clock=clock,
            directory_version=work.registry.version,
        )
        try:
            decision = decide(
                tx,
                ticket.command,
                work.registry,
                moment,
                self._policy,
                self._reserve_reached,
                self._check_stamped,
            )
            known = work.registry
            after = registry_after(known, decision) if isinstance(decision, Accepted) else known
        except LienthongError as error:
            work.errors.append((ticket, error))
            return
        except Exception as error:  # noqa: BLE001 - a defect in a rule concerns its command only
            work.errors.append((ticket, _internal(error)))
            return
        if not isinstance(decision, Accepted):
            if isinstance(decision, Amended):
                tx.put_deliveries((decision.delivery,))
            work.entries.append((ticket, decision.index))
            return
        write_rows(tx, decision)
        work.accepted.append(decision)
        work.entries.append((ticket, moment.index))
        work.registry = after

    def _seal(self, tx: WriteTransaction, work: _Work, now: datetime) -> Sealed:
        sealed = seal(
            work.head,
            work.accepted,
            now=now,
            now_us=to_us(now),
            axis=self._policy.axis,
            signer=self._signer,
            random=self._random,
            read_hashes=hash_reader(tx),
        )
        self._check_signed(sealed.checkpoint.note)
        write_sealed(tx, sealed)
        return sealed

    def _check_signed(self, note: str) -> None:
        """What a signer returns is believed no more than what a stranger sends."""
        try:
            open_checkpoint(note, self._key, require_exact=True)
        except CheckpointInvalid as error:
            reason = "the signer of checkpoints gave a signature that does not fit its key"
            raise StoreFailed(reason=reason) from error


def _recorded(tx: ReadView, work: _Work, sealed: Sealed | None) -> dict[int, Outcome]:
    """The entries that answers are made of, by index; a damaged one is its own command's error."""
    recorded: dict[int, Outcome] = {}
    if sealed is not None:
        for row in sealed.rows:
            recorded[row.index] = Recorded(row=row, checkpoint=sealed.checkpoint)
    for _, index in work.entries:
        if index not in recorded:
            try:
                recorded[index] = read_recorded(tx, index)
            except LienthongError as error:
                recorded[index] = error
    return recorded


def _fail(tickets: Sequence[_Ticket], error: Exception) -> None:
    failure = error if isinstance(error, LienthongError) else _internal(error)
    for ticket in tickets:
        ticket.settle(failure)


def _internal(error: Exception) -> Internal:
    reference = secrets.token_hex(6)
    log.error("internal error %s", reference, exc_info=error)
    return Internal(reference=reference)
