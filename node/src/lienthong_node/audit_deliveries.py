"""Deliveries played again by the node's own rules, compared with what entries and tables say."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import Factory, define, evolve

from lienthong.errors import DataCorrupt, LienthongError
from lienthong.flow.machine import Actor
from lienthong.model.deadline import DeadlineKind, DeadlineStage
from lienthong.model.journal import (
    DeadlineRecord,
    Effect,
    PackageRecord,
    StatementRecord,
    VerificationRecord,
)
from lienthong.model.package import Manifest, PackageKind
from lienthong.model.report import Statement
from lienthong.model.time import to_us
from lienthong.spi.records import DeliveryRow, PackageRow, StatementRow
from lienthong.spi.storage import ReadView
from lienthong_node.audit_journal import Read
from lienthong_node.core.deadlines import counting_kinds, is_sound, open_kinds, sides_told
from lienthong_node.core.decision import Moment
from lienthong_node.core.deliveries import effect
from lienthong_node.core.report import delivery_changes
from lienthong_node.core.submit import at_target, new_deliveries

PAGE = 500
_KINDS = frozenset(kind.value for kind in DeadlineKind)
_OVERDUE = DeadlineStage.OVERDUE.value


@define
class DeliveryReplay:
    """The deliveries of the entries taken so far, without what only their package decides."""

    _rows: dict[tuple[bytes, str], DeliveryRow] = Factory(dict)
    _reported: dict[tuple[bytes, str, str], bytes] = Factory(dict)
    """Content of the last report of each event."""

    _told: dict[tuple[bytes, str, str], tuple[str, int]] = Factory(dict)
    """Stage and instant of each open deadline that was told, the newest."""

    _verified: dict[tuple[bytes, str], str] = Factory(dict)
    """What the axis last said that a delivery is worth."""

    def package(self, read: Read, body: PackageRecord, manifest: Manifest) -> None:
        """Take the entry of a package.

        Raises:
            DataCorrupt: its effects are not those of the machine.
        """
        moment, recipients = _moment(read), tuple(map(str, body.recipients))
        created = new_deliveries(manifest, str(body.sender), recipients, moment)
        _check_effects(read, body.effects, tuple(effect(None, row) for row in created))
        if manifest.target is not None:
            for recipient in recipients:
                self._at_target(read, manifest, (manifest.target.bytes, recipient), moment)
        for row in created:
            self._keep(row)

    def report(
        self,
        read: Read,
        body: StatementRecord,
        package: PackageRow,
        statement: Statement,
        row: StatementRow,
    ) -> None:
        """Take the entry of a report.

        Raises:
            DataCorrupt: its effects are not those of the machine, or there is no such delivery.
        """
        delivery = self._rows.get((package.package_id, row.recipient))
        if delivery is None:
            raise DataCorrupt(what=f"{read.name}: there is no such delivery")
        replaced = None
        if package.kind == PackageKind.REPLACE.value:
            replaced = self._rows.get((package.target_package_id, row.recipient))
        reported = (package.package_id, row.recipient, row.event)
        before = self._reported.get(reported)
        try:
            changed, rows = delivery_changes(
                statement,
                actor=Actor.RECIPIENT if str(body.reporter) == row.recipient else Actor.SENDER,
                package=package,
                delivery=delivery,
                same_content=None if before is None else before == row.content_sha256,
                replaced=replaced,
                moment=_moment(read),
            )
        except LienthongError as error:
            raise DataCorrupt(what=f"{read.name}: {error}") from error
        self._reported[reported] = row.content_sha256
        _check_effects(read, body.effects, tuple(effect(*change) for change in changed))
        for after in rows:
            self._keep(after)

    def deadline(self, read: Read, body: DeadlineRecord) -> None:
        """Take the entry that tells a deadline.

        Raises:
            DataCorrupt: there is nothing to be done by then, it was told before, or too early.
        """
        package_id, recipient = body.package_id.bytes, str(body.recipient)
        delivery = self._rows.get((package_id, recipient))
        if delivery is None or body.kind.value not in counting_kinds(delivery):
            raise DataCorrupt(what=f"{read.name}: nothing is to be done by then")
        sides = (recipient, delivery.sender)[: sides_told(body.kind, body.stage)]
        told = read.row.parties[: len(sides)]
        if told != sides or read.row.package_id != package_id:
            raise DataCorrupt(what=f"{read.name}: its parties are not whose business it is")
        due_us, late = to_us(body.due_at), body.stage is DeadlineStage.OVERDUE
        if late != (due_us < read.row.recorded_us):
            raise DataCorrupt(what=f"{read.name}: its stage is not that of its instant")
        key = package_id, recipient, body.kind.value
        if self._told.get(key) in {(body.stage.value, due_us), (_OVERDUE, due_us)}:
            raise DataCorrupt(what=f"{read.name}: it was told before")
        self._told[key] = body.stage.value, due_us

    def verification(self, read: Read, body: VerificationRecord) -> None:
        """Take the entry that tells what the axis found in the files.

        Raises:
            DataCorrupt: there is no such delivery, or others are told than its two sides.
        """
        place = package_id, recipient = body.package_id.bytes, str(body.recipient)
        delivery = self._rows.get(place)
        if delivery is None:
            raise DataCorrupt(what=f"{read.name}: there is no such delivery")
        sides = (recipient, delivery.sender)
        if read.row.parties[: len(sides)] != sides or read.row.package_id != package_id:
            raise DataCorrupt(what=f"{read.name}: its parties are not whose business it is")
        self._verified[place] = body.value.value

    def finish(self, view: ReadView) -> None:
        """Check that the table holds just these deliveries, and the stages that were told.

        By when something is to be done is not computed again: that followed from the law when it
        was computed, which is not in the entries.

        Raises:
            DataCorrupt: naming a delivery.
        """
        missing = dict(self._rows)
        for found in _deliveries(view):
            name = f"the delivery of {found.package_id.hex()} to {found.recipient}"
            made = missing.pop((found.package_id, found.recipient), None)
            if made is None:
                raise DataCorrupt(what=f"{name} is in no entry")
            if (found.state, found.updated_index) != (made.state, made.updated_index):
                was = f"{found.state} since entry {found.updated_index}"
                says = f"{made.state} since {made.updated_index}"
                raise DataCorrupt(what=f"{name} is {was}, the journal says {says}")
            if _bare(found) != made:
                raise DataCorrupt(what=f"{name} is not what entry {made.updated_index} made it")
            self._check_deadlines(found, name)
            self._check_worth(found, name)
        for package_id, recipient in missing:
            raise DataCorrupt(what=f"the delivery of {package_id.hex()} to {recipient} is missing")

    def _at_target(
        self, read: Read, manifest: Manifest, place: tuple[bytes, str], moment: Moment
    ) -> None:
        """What a recall, update or replacement does at once is not in its entry."""
        delivery = self._rows.get(place)
        if delivery is None:
            return
        try:
            after = at_target(manifest, delivery, moment)
        except LienthongError as error:
            raise DataCorrupt(what=f"{read.name}: {error}") from error
        if after is not None:
            self._keep(after)

    def _check_deadlines(self, row: DeliveryRow, name: str) -> None:
        if not is_sound(row):
            raise DataCorrupt(what=f"{name} has deadlines that its state does not have")
        for one in row.deadlines:
            stage, due_us = self._told.get((row.package_id, row.recipient, one.kind), ("", 0))
            if one.stage == _OVERDUE or (stage and due_us == one.due_us):
                agrees = (one.stage, one.due_us) == (stage, due_us)
            else:
                agrees = one.stage in {"", stage}
            if not agrees:
                raise DataCorrupt(what=f"{name}: what was told of {one.kind} is not in the journal")

    def _check_worth(self, row: DeliveryRow, name: str) -> None:
        """What is said to rest on the axis's own look was told; which law judged it, is not."""
        value = row.legal_value
        if value is not None and value.by_axis:
            told = self._verified.get((row.package_id, row.recipient))
            if told != value.value:
                raise DataCorrupt(what=f"{name}: what the axis found in it is not in the journal")

    def _keep(self, row: DeliveryRow) -> None:
        self._rows[row.package_id, row.recipient] = _bare(row)
        for kind in _KINDS - open_kinds(row):
            self._told.pop((row.package_id, row.recipient, kind), None)


def _bare(row: DeliveryRow) -> DeliveryRow:
    """What the delivery machine alone decides.

    Texts would fill the memory, and the package has them; what follows from the law is not in the
    entries.
    """
    return evolve(
        row,
        subject="",
        number="",
        urgency="",
        deadlines=(),
        look_us=0,
        paper=None,
        legal_value=None,
    )


def _moment(read: Read) -> Moment:
    now, row = read.entry.recorded_at, read.row
    return Moment(index=row.index, now=now, now_us=row.recorded_us, clock=now, directory_version=0)


def _check_effects(read: Read, found: tuple[Effect, ...], made: tuple[Effect, ...]) -> None:
    if found != made:
        raise DataCorrupt(what=f"{read.name}: its effects are not those of the delivery machine")


def _deliveries(view: ReadView) -> Iterator[DeliveryRow]:
    """All deliveries to organisations of the directory; nobody else can see any."""
    since = 0
    while organisations := view.organisations(since, PAGE):
        for organisation in organisations:
            yield from _incoming(view, organisation.organ_id)
        since = organisations[-1].version


def _incoming(view: ReadView, organ_id: str) -> Iterator[DeliveryRow]:
    before: tuple[int, bytes, str] | None = None
    while rows := view.list_deliveries(
        organ_id, incoming=True, states=(), before=before, limit=PAGE
    ):
        yield from rows
        last = rows[-1]
        before = last.updated_index, last.package_id, last.recipient
