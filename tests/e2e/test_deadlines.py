"""What is late reaches those whose business it is, without anybody asking for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import define

from lienthong.client import Client, Direction, Profile
from lienthong.model.deadline import DeadlineKind, DeadlineStage
from lienthong.model.delivery import Delivery
from lienthong.model.ids import PackageId
from lienthong.model.journal import DeadlineRecord, FeedItem
from lienthong.model.report import Assignment
from lienthong.model.time import vietnam_date
from lienthong.model.words import IssueForm
from tests.e2e.conftest import A, B, C, MakeDocument, make_document, package_of
from tests.e2e.forked_axis import forked_axis
from tests.e2e.test_office import organisation

SECONDS = 60.0
"""After that, nobody tells anything."""


def told(client: Client, package: PackageId) -> list[FeedItem]:
    """What the feed says about deadlines of a package."""
    found = []
    for item in client.feed():
        body = item.entry.body
        if isinstance(body, DeadlineRecord) and body.package_id == package:
            found.append(item)
    return found


@pytest.fixture
def late(clients: dict[str, Client], document: MakeDocument, pdf: Path) -> PackageId:
    """A document of A to B and C whose answers were due before it came, and was told to be late."""
    day = document().issued_date - timedelta(days=1)
    written = document(issued_date=day, due_date=day, reply_requested=True)
    package = package_of(clients[A].send(written, [pdf], [B, C]))
    until = time.monotonic() + SECONDS
    while len(told(clients[A], package)) < 2:
        assert time.monotonic() < until
        time.sleep(0.2)
    return package


def test_feeds_and_lists_tell_what_is_late(clients: dict[str, Client], late: PackageId) -> None:
    [item] = told(clients[B], late)
    body = item.entry.body
    assert isinstance(body, DeadlineRecord)
    assert (str(body.recipient), body.kind, body.stage) == (
        B,
        DeadlineKind.REPLIED,
        DeadlineStage.OVERDUE,
    )
    assert item.envelope is None
    both = [one.entry.body for one in told(clients[A], late)]
    assert {str(one.recipient) for one in both if isinstance(one, DeadlineRecord)} == {B, C}
    assert item.entry in [one.entry for one in clients[B].history(late)]
    received = [one for one in clients[B].list_deliveries(Direction.INCOMING) if one.is_overdue]
    [found] = [one for one in received if one.package_id == late]
    unanswered = {DeadlineKind.NOTICED, DeadlineKind.TAKEN, DeadlineKind.REPLIED}
    assert {one.kind for one in found.deadlines} == unanswered
    assert found.paper is not None
    assert found.paper.value is IssueForm.E_ONLY


OFFICE = C
"""The contact point of B."""


@define(eq=False)
class Course:
    """A document of A that B has accepted, at a node with an office that serves B."""

    clients: dict[str, Client]
    package: PackageId

    def seen(self, organ: str, direction: Direction) -> tuple[set[str], set[str]]:
        """The kinds of open deadlines of the delivery, in a list and with its package."""
        client = self.clients[organ]
        package = client.get_package(self.package)
        [listed] = client.list_deliveries(direction)
        [single] = package.deliveries
        return names(listed), names(single)

    def told(self, organ: str) -> set[str]:
        bodies = (item.entry.body for item in told(self.clients[organ], self.package))
        return {body.kind.value for body in bodies if isinstance(body, DeadlineRecord)}

    def remembered(self, organ: str) -> set[str]:
        bodies = (item.entry.body for item in self.clients[organ].history(self.package))
        return {body.kind.value for body in bodies if isinstance(body, DeadlineRecord)}


def names(delivery: Delivery) -> set[str]:
    return {one.kind.value for one in delivery.deadlines}


@contextmanager
def course(folder: Path, planted: str = "") -> Iterator[Course]:
    agencies = [organisation(A), organisation(B), organisation(OFFICE, B)]
    file = folder / "cong-van.pdf"
    file.write_bytes(b"%PDF-1.7 content")
    with forked_axis(folder / "axis", agencies, planted=planted) as axis, ExitStack() as stack:
        clients = {
            code: stack.enter_context(Client(Profile.load(axis.profile(code))))
            for code in (A, B, OFFICE)
        }
        package = package_of(clients[A].send(make_document(), [file], [B]))
        clients[B].accept(package, register_number=1)
        yield Course(clients, package)


def lists_tell_the_sender_what_it_waits_for(made: Course) -> None:
    assert made.seen(B, Direction.INCOMING)[0] == {"FORWARDED"}
    assert made.seen(OFFICE, Direction.INCOMING)[0] == {"FORWARDED"}
    assert made.seen(A, Direction.OUTGOING)[0] == set()


def packages_tell_the_sender_what_it_waits_for(made: Course) -> None:
    assert made.seen(B, Direction.INCOMING)[1] == {"FORWARDED"}
    assert made.seen(OFFICE, Direction.INCOMING)[1] == {"FORWARDED"}
    assert made.seen(A, Direction.OUTGOING)[1] == set()


def feeds_tell_the_sender_what_it_waits_for(made: Course) -> None:
    """The leader of B has named a day that has passed: that is B's own affair."""
    day = vietnam_date(datetime.now(UTC)) - timedelta(days=1)
    lead = Assignment(unit="Phòng CNTT", due_date=day)
    made.clients[B].forward(made.package, assignments=[lead])
    until = time.monotonic() + SECONDS
    while not made.told(B):
        assert time.monotonic() < until
        time.sleep(0.2)
    for organ, kinds in ((B, {"SETTLED"}), (OFFICE, {"SETTLED"}), (A, set[str]())):
        assert made.told(organ) == kinds
        assert made.remembered(organ) == kinds


def test_a_sender_is_told_what_it_waits_for_and_nothing_else(tmp_path: Path) -> None:
    with course(tmp_path) as made:
        lists_tell_the_sender_what_it_waits_for(made)
        packages_tell_the_sender_what_it_waits_for(made)
        feeds_tell_the_sender_what_it_waits_for(made)


@pytest.mark.planted("sender told too much")
@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("senders-see-all-in-lists", lists_tell_the_sender_what_it_waits_for),
        ("senders-see-all-of-a-package", packages_tell_the_sender_what_it_waits_for),
        ("senders-are-told-all", feeds_tell_the_sender_what_it_waits_for),
    ],
)
def test_a_sender_that_is_told_more_is_noticed(
    tmp_path: Path, fault: str, check: Callable[[Course], None]
) -> None:
    with course(tmp_path, fault) as made, pytest.raises(AssertionError):
        check(made)
