"""D-18: the machine's clock jumps; journal time does not, and nothing expired counts again."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from lienthong.client import Client, FileSource, Profile, RetryPolicy
from lienthong.errors import ClockSkew, CredentialExpired, LienthongError
from lienthong_node.admin_port import administration
from lienthong_node.opening import open_folder
from lienthong_node.provision import Holder, issue_profile
from lienthong_node.settings import load_settings
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B, C, make_document
from tests.e2e.forked_axis import ForkedAxis
from tests.e2e.history import read_journal
from tests.operation.machine import Machine, axis_on_a_machine
from tests.tiers import SEED, tier

DAY_S: Final = 86_400
JUMPS_S: Final = (1, 300, DAY_S, 400 * DAY_S, -1, -300, -DAY_S, -400 * DAY_S)
ROUNDS: Final = tier(2, 32)
JUMPS: Final = 2 * ROUNDS * len(JUMPS_S)
"""Each there and back."""

SHORT_DAYS: Final = 1
"""Validity of the certificate that expires."""

FILE: Final = FileSource.of_bytes("van-ban.pdf", b"%PDF-1.4")
FEW: Final = RetryPolicy(attempts=4, timeout=20)
"""A connection may break when certificates expire under it."""

EXPECTED: Final = frozenset({"sent", ClockSkew.code, CredentialExpired.code})
"""What a client may be told after a jump; anything else is a defect."""


def test_journal_time_never_goes_back(tmp_path: Path, figure: Figure) -> None:
    """The audit checks the time of every entry; I1-I4 hold as always."""
    with on_a_machine(tmp_path) as (axis, machine):
        outcomes = jump_about(axis, machine)
        axis.stop()
        times, (journal, faults) = recorded(axis), read_journal(axis.data)
    back = sum(later < earlier for earlier, later in pairwise(times))
    figure(
        "D-18",
        wanted=f"{JUMPS} jumps: journal time back 0 times, only typed refusals",
        found=f"{dict(outcomes)}, journal time back {back} times",
    )
    assert faults == []
    assert back == 0
    assert set(outcomes) <= EXPECTED, f"seed {SEED}"
    assert outcomes["sent"] == sum(bool(entry.id) for entry in journal) > 0


def test_an_expired_certificate_stays_expired(tmp_path: Path, figure: Figure) -> None:
    with on_a_machine(tmp_path) as (axis, machine):
        found = revived(axis, machine)
    figure(
        "D-18",
        wanted="an expired certificate stays refused after a backward jump and a restart",
        found=f"{sum(one.count(CredentialExpired.code) for one in found[1:])} of 6 calls refused",
    )
    assert found == [("answered", "sent"), *3 * [2 * (CredentialExpired.code,)]]


@pytest.mark.planted("clock backward revives a credential")
def test_judging_by_the_machine_s_clock_would_be_caught(tmp_path: Path) -> None:
    with on_a_machine(tmp_path, planted="believes-the-clock") as (axis, machine):
        found = revived(axis, machine)
    assert [asked for asked, _ in found[2:]] == ["answered", "answered"]


@contextmanager
def on_a_machine(folder: Path, *, planted: str = "") -> Iterator[tuple[ForkedAxis, Machine]]:
    with axis_on_a_machine(folder / "axis", NAMES, planted=planted) as made:
        yield made


def jump_about(axis: ForkedAxis, machine: Machine) -> Counter[str]:
    """Jump at random, and have somebody send each time by a good clock and by the node's."""
    chance, outcomes = random.Random(SEED), Counter[str]()
    jumps = [off for _ in range(ROUNDS) for off in chance.sample(JUMPS_S, len(JUMPS_S))]
    for clock_s in (there_or_back for off in jumps for there_or_back in (off, 0)):
        machine.set(clock_s=clock_s)
        for seen_s in {0, clock_s}:
            outcomes[send(axis.profile(A), seen_s)] += 1
    return outcomes


def send(profile: Path, clock_s: int = 0) -> str:
    """Send by a clock that is off; ``sent`` or an error code."""
    now = clock(clock_s)
    with Client(Profile.load(profile), clock=now, retry=FEW) as client:
        try:
            client.send(make_document(str(client.organ)), [FILE], [B])
        except LienthongError as error:
            return error.code
    return "sent"


def clock(off_s: int) -> Callable[[], datetime]:
    return lambda: datetime.now(UTC) + timedelta(seconds=off_s)


def recorded(axis: ForkedAxis) -> Sequence[int]:
    """The times of all entries, in order."""
    with closing(open_folder(axis.data)) as opened, opened.store.read() as view:
        return [row.recorded_us for row in view.journal(0, view.head().size)]


def revived(axis: ForkedAxis, machine: Machine) -> list[tuple[str, str]]:
    """What the holder of a short certificate gets: today, the day after, and back again.

    Asking rests on the certificate of the connection, sending on that of the signature too. In the
    meantime somebody else sends, so that the journal knows the later time.
    """
    short, later_s = axis.folder / "profiles" / "short", (SHORT_DAYS + 1) * DAY_S
    with administration(axis.data) as admin:
        holder, key = Holder(organ=C, name=NAMES[C]), admin.checkpoint_key
        settings = load_settings(axis.data)
        issue_profile(axis.data, settings, holder, short, admin, key, days=SHORT_DAYS)
    found = [(ask(short), send(short))]
    machine.set(clock_s=later_s)
    found.append((ask(short), send(short, later_s)))
    assert send(axis.profile(A), later_s) == "sent"
    machine.set(clock_s=0)
    found.append((ask(short), send(short)))
    axis.stop()
    axis.start()
    return [*found, (ask(short), send(short))]


def ask(profile: Path) -> str:
    """Ask for a checkpoint; ``answered`` or an error code."""
    with Client(Profile.load(profile), retry=FEW) as client:
        try:
            client.checkpoint()
        except LienthongError as error:
            return error.code
    return "answered"
