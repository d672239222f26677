"""What a caller may see: what names it as a party; of anything else not even that it exists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from attrs import define, evolve, field

from lienthong.codec.signed import dump_entry
from lienthong.errors import DataCorrupt, NotFound
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId, PackageId, Sha256
from lienthong.model.journal import JournalBody, JournalEntry, PackageRecord
from lienthong.model.organisation import Directory
from lienthong.model.package import Manifest, PackageKind
from lienthong.spi.records import JournalRow
from lienthong.spi.storage import ReadView
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.core.commands import Command
from lienthong_node.core.registry import directory_with
from lienthong_node.services.visibility import (
    concerns,
    is_own,
    sees_as_sender,
    visible_deliveries,
    visible_entry,
    visible_history,
    visible_list,
    visible_package,
)
from lienthong_node.stores import Recorded
from node.tests import said
from node.tests.committing import ask, filled, make, started
from node.tests.support import (
    AXIS,
    BODY,
    CLOSED,
    DIRECTORY,
    HEIR,
    NOBODY,
    NOW,
    OFFICE,
    TODAY,
    A,
    B,
    C,
    D,
    caller,
    manifest,
    organisation,
    package_id,
    recall,
    report,
    statement,
    submit,
)


@define(eq=False)
class Axis:
    """A store with packages, and the entries that came of them."""

    store: MemoryRecordStore = field(factory=filled)
    entries: list[int] = field(factory=list)

    def do(self, *commands: Command) -> None:
        with started(make(self.store)) as committer:
            for outcome in ask(committer, *commands):
                assert isinstance(outcome, Recorded), outcome
                self.entries.append(outcome.row.index)

    def send(self, *recipients: str, **fields: Any) -> Manifest:
        value = manifest(*recipients, **fields)
        self.do(submit(value))
        return value

    def arrive(self, package: PackageId, recipient: str) -> None:
        self.do(report(statement(DeliveryEvent.ARRIVE, package, recipient=recipient)))


@pytest.fixture
def axis() -> Axis:
    return Axis()


@pytest.fixture
def view(axis: Axis, sent: Manifest) -> Iterator[ReadView]:
    with axis.store.read() as opened:
        yield opened


@pytest.fixture
def sent(axis: Axis) -> Manifest:
    """A package of A to B, C and a body that an office serves, which arrived at B and C."""
    axis.send(D)
    axis.entries.clear()
    found = axis.send(B, C, BODY)
    axis.arrive(found.package_id, B)
    axis.arrive(found.package_id, C)
    return found


def row(sender: str, *recipients: str, told: tuple[str, ...] = ()) -> JournalRow:
    """The entry of a package, with those who represented its sender and recipients then."""
    body = PackageRecord(
        package_id=package_id(),
        kind=PackageKind.NEW,
        sender=OrganId(sender),
        recipients=[OrganId(organ) for organ in recipients],
        payload_sha256=Sha256(bytes(32)),
        envelope_sha256=Sha256(bytes(32)),
    )
    entry = JournalEntry(index=0, nonce=bytes(32), recorded_at=NOW, axis=AXIS, body=body)
    return JournalRow(
        index=0,
        entry=dump_entry(entry),
        leaf_hash=b"",
        proof=(),
        checkpoint_size=1,
        recorded_us=0,
        subject_id=b"",
        package_id=b"",
        envelope=b"",
        parties=(sender, *recipients, *told),
    )


class TestOwn:
    @pytest.mark.parametrize(
        ("body", "own"),
        [
            (said.package(OFFICE, A), True),
            (said.package(OFFICE, A, kind=PackageKind.RECALL), True),
            (said.acceptance(OFFICE, recipient=BODY), True),
            (said.package(A, OFFICE), False),
            (said.package(BODY, A), False),
            (said.acceptance(A), False),
            (said.package(OFFICE, A, BODY), False),
            (said.package(OFFICE, BODY, kind=PackageKind.RECALL), False),
        ],
        ids=lambda value: type(value).__name__ if not isinstance(value, bool) else "",
    )
    def test_what_it_said_itself_and_need_not_act_on(self, body: JournalBody, own: bool) -> None:
        assert is_own(said.row(0, body), OFFICE, DIRECTORY, TODAY) is own

    def test_what_its_predecessor_is_to_get_is_shown(self) -> None:
        body = said.package(HEIR, CLOSED)
        assert not is_own(said.row(0, body), HEIR, DIRECTORY, TODAY)

    def test_what_the_axis_says_of_it_is_shown(self) -> None:
        for body in said.BY_THE_AXIS:
            assert not is_own(said.row(0, body), A, DIRECTORY, TODAY)

    @pytest.mark.parametrize(
        "entry",
        [
            b"\xff",
            said.unchecked(A, "no code"),
            said.unchecked(A, NOBODY),
        ],
        ids=["no entry", "no code", "nobody's code"],
    )
    def test_what_cannot_be_read_is_shown(self, entry: bytes) -> None:
        """Its reader keeps it as evidence."""
        damaged = evolve(said.row(0, said.package(A, B)), entry=entry)
        assert not is_own(damaged, A, DIRECTORY, TODAY)


class TestConcerns:
    @pytest.mark.parametrize("organ", [A, B])
    def test_parties_are_concerned(self, organ: str) -> None:
        assert concerns(row(A, B), caller(organ), DIRECTORY, TODAY)

    def test_todays_office_of_a_party_is_concerned(self) -> None:
        assert concerns(row(A, BODY), caller(OFFICE), DIRECTORY, TODAY)

    @pytest.mark.parametrize(("parties", "organ"), [((A, B), C), ((B, C), A), ((A, OFFICE), BODY)])
    def test_nobody_else_is(self, parties: tuple[str, ...], organ: str) -> None:
        """Above all not the body that an office serves, in what is the office's own."""
        assert not concerns(row(*parties), caller(organ), DIRECTORY, TODAY)

    def test_the_successor_of_a_party_is_from_its_last_day_on(self) -> None:
        ended = evolve(DIRECTORY.resolve(OrganId(B)), valid_to=TODAY, successors=[OrganId(D)])
        directory = directory_with(DIRECTORY, [ended])
        assert concerns(row(A, B), caller(D), directory, TODAY)
        assert concerns(row(A, B), caller(B), directory, TODAY)
        assert not concerns(row(A, B), caller(D), directory, TODAY - timedelta(days=1))
        assert not concerns(row(A, D), caller(B), directory, TODAY)


class TestYesterdaysOffice:
    """What an office has heard for a body is no part of what its own successor takes over."""

    def directory(self) -> Directory:
        """C is the office of BODY now; D took over what OFFICE was itself."""
        former = evolve(
            DIRECTORY.resolve(OrganId(OFFICE)),
            valid_to=TODAY,
            successors=[OrganId(D)],
            contact_point_of=(),
        )
        return directory_with(
            DIRECTORY, [former, organisation(C, contact_point_of=[OrganId(BODY)])]
        )

    @pytest.mark.parametrize(
        ("organ", "concerned"), [(OFFICE, True), (C, True), (BODY, True), (D, False)]
    )
    def test_keeps_what_it_was_told_and_leaves_it_to_nobody(
        self, axis: Axis, organ: str, concerned: bool
    ) -> None:
        package = axis.send(BODY).package_id
        axis.arrive(package, BODY)
        with axis.store.read() as view:
            for index in axis.entries:
                [told] = view.journal(index, 1)
                assert told.parties == (A, BODY, OFFICE)
                assert concerns(told, caller(organ), self.directory(), TODAY) is concerned
            asked = (package.bytes, caller(organ), self.directory(), TODAY)
            if concerned:
                assert len(visible_history(view, *asked)) == 2
            else:
                with pytest.raises(NotFound):
                    visible_package(view, *asked)

    def test_an_office_is_succeeded_in_what_is_its_own(self) -> None:
        for parties in ((A, OFFICE), (OFFICE, B)):
            assert concerns(row(*parties), caller(D), self.directory(), TODAY)
        assert not concerns(row(A, B, told=(OFFICE,)), caller(D), self.directory(), TODAY)


class TestPackages:
    @pytest.mark.parametrize("organ", [A, B, C, OFFICE, BODY])
    def test_parties_see_it_with_its_entry(
        self, axis: Axis, view: ReadView, sent: Manifest, organ: str
    ) -> None:
        package, entry = visible_package(
            view, sent.package_id.bytes, caller(organ), DIRECTORY, TODAY
        )
        assert (package.package_id, package.sender) == (sent.package_id.bytes, A)
        assert (package.index, entry.index) == (axis.entries[0], axis.entries[0])
        assert entry.package_id == sent.package_id.bytes

    def test_others_are_told_what_they_are_told_of_what_is_not_there(
        self, view: ReadView, sent: Manifest
    ) -> None:
        absent = manifest(B).package_id
        with pytest.raises(NotFound) as hidden:
            visible_package(view, sent.package_id.bytes, caller(D), DIRECTORY, TODAY)
        with pytest.raises(NotFound) as missing:
            visible_package(view, absent.bytes, caller(A), DIRECTORY, TODAY)
        assert hidden.value.facts == {"what": f"package {sent.package_id}"}
        assert missing.value.facts == {"what": f"package {absent}"}


class TestDeliveries:
    @pytest.mark.parametrize(
        ("organ", "as_sender"), [(A, True), (D, True), (OFFICE, False), (BODY, False)]
    )
    def test_who_sees_one_as_its_sender(self, axis: Axis, organ: str, as_sender: bool) -> None:
        """Also who has taken over from the sender; not the office of the recipient."""
        ended = evolve(DIRECTORY.resolve(OrganId(A)), valid_to=TODAY, successors=[OrganId(D)])
        directory = directory_with(DIRECTORY, [ended])
        package = axis.send(BODY).package_id
        with axis.store.read() as view:
            row = view.delivery(package.bytes, BODY)
        assert row is not None
        assert sees_as_sender(row, caller(organ), directory, TODAY) is as_sender

    @pytest.mark.parametrize(
        ("organ", "seen"),
        [(A, [B, C, BODY]), (B, [B]), (C, [C]), (BODY, [BODY]), (OFFICE, [BODY]), (D, [])],
    )
    def test_recipients_see_their_own(
        self, view: ReadView, sent: Manifest, organ: str, seen: list[str]
    ) -> None:
        package, _ = visible_package(view, sent.package_id.bytes, caller(A), DIRECTORY, TODAY)
        found = visible_deliveries(view, package, caller(organ), DIRECTORY, TODAY)
        assert [one.recipient for one in found] == sorted(seen)

    def test_the_office_of_the_sender_sees_all(self, axis: Axis) -> None:
        own = axis.send(B, C, sender=OrganId(BODY))
        with axis.store.read() as view:
            package, _ = visible_package(
                view, own.package_id.bytes, caller(OFFICE), DIRECTORY, TODAY
            )
            found = visible_deliveries(view, package, caller(OFFICE), DIRECTORY, TODAY)
        assert [one.recipient for one in found] == sorted([B, C])


class TestHistory:
    def test_parties_see_their_entries_oldest_first(
        self, axis: Axis, view: ReadView, sent: Manifest
    ) -> None:
        package, at_b, at_c = axis.entries
        for organ, seen in ((A, [package, at_b, at_c]), (B, [package, at_b]), (C, [package, at_c])):
            rows = visible_history(view, sent.package_id.bytes, caller(organ), DIRECTORY, TODAY)
            assert [one.index for one in rows] == seen

    def test_what_recalls_it_belongs_to_it(self, axis: Axis, sent: Manifest) -> None:
        axis.do(submit(recall(sent.package_id, B)))
        with axis.store.read() as view:
            for organ, seen in ((A, axis.entries), (C, [axis.entries[0], axis.entries[2]])):
                rows = visible_history(view, sent.package_id.bytes, caller(organ), DIRECTORY, TODAY)
                assert [one.index for one in rows] == seen

    def test_others_learn_nothing(self, view: ReadView, sent: Manifest) -> None:
        with pytest.raises(NotFound):
            visible_history(view, sent.package_id.bytes, caller(D), DIRECTORY, TODAY)


class TestLists:
    def listed(self, axis: Axis, organ: str, **fields: Any) -> list[tuple[str, int]]:
        values: dict[str, Any] = {"incoming": True, "states": (), "before": None, "limit": 9}
        with axis.store.read() as view:
            rows = visible_list(view, caller(organ), DIRECTORY, TODAY, **(values | fields))
        return [(row.recipient, row.updated_index) for row in rows]

    def test_newest_first_also_where_an_office_has_those_of_others(
        self, axis: Axis, sent: Manifest
    ) -> None:
        first = axis.entries[0]
        axis.send(OFFICE)
        axis.send(BODY)
        wanted = [(BODY, axis.entries[-1]), (OFFICE, axis.entries[-2]), (BODY, first)]
        assert self.listed(axis, OFFICE) == wanted
        assert self.listed(axis, OFFICE, limit=2) == wanted[:2]
        assert self.listed(axis, BODY) == [wanted[0], wanted[2]]

    def test_what_happened_last_comes_first(self, axis: Axis, sent: Manifest) -> None:
        axis.send(OFFICE)
        axis.arrive(sent.package_id, BODY)
        wanted = [(BODY, axis.entries[-1]), (OFFICE, axis.entries[-2])]
        assert self.listed(axis, OFFICE) == wanted

    @pytest.mark.parametrize(("incoming", "organ"), [(True, D), (False, B)])
    def test_a_store_that_gives_too_much_is_not_believed(
        self,
        axis: Axis,
        sent: Manifest,
        monkeypatch: pytest.MonkeyPatch,
        incoming: bool,
        organ: str,
    ) -> None:
        with axis.store.read() as view:
            everything = view.deliveries(sent.package_id.bytes)
            monkeypatch.setattr(type(view), "list_deliveries", lambda *_, **__: everything)
        assert self.listed(axis, organ, incoming=incoming) == []

    def test_one_entry_s_deliveries_by_recipient(self, axis: Axis) -> None:
        axis.send(BODY, OFFICE, B)
        [index] = axis.entries
        assert self.listed(axis, OFFICE) == [(BODY, index), (OFFICE, index)]
        assert self.listed(axis, A, incoming=False) == [(BODY, index), (B, index), (OFFICE, index)]

    def test_only_the_states_and_the_page_that_were_asked_for(
        self, axis: Axis, sent: Manifest
    ) -> None:
        at_b = (B, axis.entries[1])
        assert self.listed(axis, B, states=("ARRIVED",)) == [at_b]
        assert self.listed(axis, B, states=("SENT",)) == []
        before = (axis.entries[1], sent.package_id.bytes, B)
        assert self.listed(axis, B, before=before) == []
        assert self.listed(axis, D) == [(D, axis.entries[0] - 1)]


class TestEntries:
    def test_parties_see_an_entry_with_its_checkpoint(
        self, axis: Axis, view: ReadView, sent: Manifest
    ) -> None:
        found = visible_entry(view, axis.entries[1], caller(B), DIRECTORY, TODAY, "mine")
        assert found.row.index == axis.entries[1]
        assert found.checkpoint.size == found.row.checkpoint_size

    @pytest.mark.parametrize("organ", [C, D])
    def test_others_are_told_only_what_they_asked(
        self, axis: Axis, view: ReadView, sent: Manifest, organ: str
    ) -> None:
        with pytest.raises(NotFound) as hidden:
            visible_entry(view, axis.entries[1], caller(organ), DIRECTORY, TODAY, "entry 2")
        assert hidden.value.facts == {"what": "receipt of entry 2"}

    @pytest.mark.parametrize("index", [None, 10**6])
    def test_what_is_not_there_is_not_found(
        self, view: ReadView, sent: Manifest, index: int | None
    ) -> None:
        with pytest.raises(NotFound) as missing:
            visible_entry(view, index, caller(A), DIRECTORY, TODAY, "x")
        assert missing.value.facts == {"what": "receipt of x"}

    def test_a_lost_checkpoint_is_damage_not_absence(
        self, axis: Axis, view: ReadView, sent: Manifest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(type(view), "checkpoint", lambda *_: None)
        with pytest.raises(DataCorrupt):
            visible_entry(view, axis.entries[0], caller(A), DIRECTORY, TODAY, "x")
