"""A node's history made by the node's own code: with its key, the same again or another one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from attrs import evolve, frozen

from lienthong.model.delivery import DeliveryEvent
from lienthong.spi.storage import RecordStore
from lienthong.testing.clock import START
from lienthong_node.committer import Committer
from lienthong_node.core.commands import Command, PutCredential, PutOrganisations
from node.tests.disk import OPERATOR, SIGNER
from node.tests.support import (
    NOBODY,
    ORGANISATIONS,
    POLICY,
    A,
    B,
    C,
    D,
    document,
    file,
    manifest,
    organisation,
    recall,
    report,
    signing,
    statement,
    submit,
    update,
)

STEP: Final = timedelta(seconds=7)
"""Between two batches."""

SECONDS: Final = 60.0
COURSES: Final = (
    (),
    (DeliveryEvent.ARRIVE,),
    (DeliveryEvent.ARRIVE, DeliveryEvent.ACCEPT),
    (DeliveryEvent.ARRIVE, DeliveryEvent.ACCEPT, DeliveryEvent.FORWARD),
    (DeliveryEvent.ARRIVE, DeliveryEvent.REFUSE),
)
"""What a recipient reports."""


@frozen(kw_only=True)
class Batch:
    """Commands that are committed together, and when."""

    at: datetime
    commands: tuple[Command, ...]

    @property
    def size(self) -> int:
        return len(self.commands)


def past(dice: Random, packages: int) -> list[Batch]:
    """A history with every kind of entry; batches of one to four, each of another package."""
    lives = [_life(dice, number) for number in range(packages)]
    made: list[Sequence[Command]] = [
        [PutOrganisations(caller=OPERATOR, organisations=ORGANISATIONS)],
        [PutCredential(caller=OPERATOR, credential=signing(organ)) for organ in (A, B, C, D)],
        [PutOrganisations(caller=OPERATOR, organisations=(organisation(NOBODY),))],
    ]
    while lives := [life for life in lives if life]:
        chosen = lives[: dice.randint(1, 4)]
        made.append([life.pop(0) for life in chosen])
    return [
        Batch(at=START + number * STEP, commands=tuple(batch)) for number, batch in enumerate(made)
    ]


def commit(store: RecordStore, batches: Iterable[Batch]) -> list[Exception]:
    """Do what a node does with these commands; equal beginnings give equal trees.

    Returns:
        What was refused.
    """
    now, count, refused = START, 0, list[Exception]()

    def nonce(length: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.sha256(f"nonce {count}".encode()).digest()[:length]

    committer = Committer(store, policy=POLICY, signer=SIGNER, clock=lambda: now, random=nonce)
    committer.start()
    for batch in batches:
        now = batch.at
        outcomes = committer.submit(batch.commands).result(SECONDS)
        refused += [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    committer.stop()
    return refused


def _life(dice: Random, number: int) -> list[Command]:
    """What happens to one package: sent, perhaps accepted or refused, updated, recalled."""
    recipients = dice.sample((B, C, D), dice.randint(1, 3))
    content = b"content %d" % number
    package = manifest(
        *recipients, files=[file(content)], document=document(subject=f"Văn bản {number}")
    )
    found: list[Command] = [submit(package, contents=(content,))]
    refused = False
    for recipient in recipients:
        events = dice.choice(COURSES)
        refused = refused or DeliveryEvent.REFUSE in events
        found += [
            report(statement(event, package.package_id, recipient=recipient)) for event in events
        ]
    if not refused:
        follow = dice.choice((None, recall, update))
        if follow is recall:
            found.append(submit(recall(package.package_id, *recipients)))
        elif follow is update:
            changed = update(package.package_id, *recipients, files=[file(content)])
            found.append(submit(changed, contents=(content,)))
    return found


def another_past(dice: Random, batches: Sequence[Batch]) -> list[Batch]:
    """One thing happened otherwise: whoever has the node's key can sign this, too."""
    made = list(batches)
    at = dice.randrange(3, len(made))
    chosen = made[at]
    number = dice.randrange(chosen.size)
    rest = chosen.commands[:number] + chosen.commands[number + 1 :]
    match dice.choice(("alter", "backdate", "delete", "insert", "swap")):
        case "alter" | "delete" if rest:
            made[at] = evolve(chosen, commands=rest)
        case "insert":
            new = submit(manifest(C, files=[file(b"new")]), contents=(b"new",))
            made[at] = evolve(chosen, commands=(new, *chosen.commands))
        case "swap" if at + 1 < len(made):
            other = made[at + 1]
            made[at] = evolve(chosen, commands=other.commands)
            made[at + 1] = evolve(other, commands=chosen.commands)
        case _:
            made[at] = evolve(chosen, at=chosen.at - timedelta(seconds=3))
    return made
