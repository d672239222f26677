"""The registers that are printed from the file of reports."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from lienthong.codec.json import dump
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.package import Manifest, PackageKind, Recipient
from lienthong.reports.period import Period
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.reports.book import FILE_NAME, ReportBook
from lienthong_node.reports.following import open_up_to_date
from lienthong_node.reports.making import Kind, Request, make
from lienthong_node.reports.paper import Paper, Table
from node.tests.reports.reporting import ORGANISATIONS, RULES, at, fill
from sdk.tests.reports.cast import FINANCE, JUSTICE, OLD_OFFICE, UBND
from sdk.tests.reports.generated import Entry, generate, package_record

JOURNAL = generate(21, 80)
NOW = at("2026-11-02")
DAY = date(2026, 7, 1)
YEAR = Period.parse("2026")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReportBook]:
    store = MemoryRecordStore()
    fill(store, JOURNAL.entries)
    path = tmp_path_factory.mktemp("data") / FILE_NAME
    made = open_up_to_date(path, store, RULES, NOW, lambda _done, _total: None)
    yield made
    made.close()


def registers(book: ReportBook, organ: OrganId = FINANCE, **fields: Any) -> Paper:
    request = Request(kind=Kind.REGISTERS, organ=str(organ), period=YEAR, **fields)
    return make(request, book, RULES, NOW)


def table(made: Paper, title: str) -> Table:
    [one] = [block for block in made.blocks if block.title == title]
    assert isinstance(one, Table)
    return one


def incoming_registers(made: Paper) -> list[Table]:
    title = "Sổ đăng ký văn bản đến"
    return [
        block for block in made.blocks if isinstance(block, Table) and block.title.startswith(title)
    ]


def test_each_organisation_has_a_register_of_its_own(book: ReportBook) -> None:
    made = registers(book, UBND, with_units=True)
    found = {one.title.rpartition(": ")[2]: one.rows for one in incoming_registers(made)}
    assert len(found) == len(made.blocks) // 3 == 4
    alone = registers(book)
    assert found[f"Sở Tài chính ({FINANCE})"] == table(alone, "Sổ đăng ký văn bản đến").rows
    sent = table(made, f"Sổ đăng ký văn bản đi: Sở Tài chính ({FINANCE})").rows
    assert sent == table(alone, "Sổ đăng ký văn bản đi").rows


def test_registers_hold_each_document_once_in_order(book: ReportBook) -> None:
    made = registers(book)
    incoming = table(made, "Sổ đăng ký văn bản đến").rows
    numbers = [row[1] for row in incoming]
    mine = sorted(
        life.number for life in JOURNAL.lives if life.recipient == FINANCE and life.accepted
    )
    assert numbers == mine
    assert len(table(made, "Sổ theo dõi giải quyết văn bản đến").rows) == len(mine)
    outgoing = table(made, "Sổ đăng ký văn bản đi").rows
    again = sum(str(row[9]).startswith("Gửi lại") for row in outgoing)
    assert len(outgoing) - again == sum(issue.sender == FINANCE for issue in JOURNAL.issues)
    assert again == len(outgoing) - len({row[0] for row in outgoing}) > 0
    assert len(table(made, "Sổ đăng ký văn bản đi").columns) == 10
    assert len(table(made, "Sổ đăng ký văn bản đến").columns) == 10
    assert len(table(made, "Sổ theo dõi giải quyết văn bản đến").columns) == 7


def test_what_a_successor_enters_for_what_has_ended_is_in_its_own_register(
    book: ReportBook, tmp_path: Path
) -> None:
    """The delivery keeps the code that the document was sent to."""
    [old] = [one for one in ORGANISATIONS if one.organ_id == OLD_OFFICE]
    days = sorted(facts.register_date or DAY for facts, _ in book.registered([OLD_OFFICE], YEAR))
    closed, own = days[len(days) // 2], len(list(book.registered([JUSTICE], YEAR)))
    after = sum(day >= closed for day in days)
    assert 0 < after < len(days)
    path = tmp_path / FILE_NAME
    shutil.copy(book.path, path)
    with closing(ReportBook(path)) as later:
        with later.batch():
            later.keep_organisations([(str(OLD_OFFICE), dump(evolve(old, valid_to=closed)))])

        def incoming(organ: OrganId, *, as_was: bool) -> list[Any]:
            made = registers(later, organ, as_was=as_was)
            return [row[1] for one in incoming_registers(made) for row in one.rows]

        assert len(incoming(OLD_OFFICE, as_was=True)) == len(days) - after
        then = incoming(JUSTICE, as_was=True)
        assert (len(then), then) == (own + after, sorted(then))
        assert len(incoming(JUSTICE, as_was=False)) == own + len(days)


def test_what_was_recalled_before_it_was_accepted_is_in_the_register(tmp_path: Path) -> None:
    """Without a number, among those of its day, and with nothing to follow up (D20)."""
    store = MemoryRecordStore()
    arrived = next(
        life
        for life in JOURNAL.lives
        if life.entered and not (life.accepted or life.refused or life.asked_back)
    )
    manifest = next(
        entry.content
        for entry in JOURNAL.entries
        if isinstance(entry.content, Manifest) and entry.record.package_id == arrived.package_id
    )
    recall = evolve(
        manifest,
        package_id=PackageId.new(NOW, b"0123456789"),
        kind=PackageKind.RECALL,
        recipients=[Recipient(organ_id=arrived.recipient)],
        target=arrived.package_id,
        files=[],
        reason="ban hành nhầm",
    )
    fill(store, [*JOURNAL.entries, Entry(NOW, package_record(recall, None), recall)])
    with closing(
        open_up_to_date(tmp_path / FILE_NAME, store, RULES, NOW, lambda _done, _total: None)
    ) as later:
        made = registers(later, arrived.recipient)
    rows = table(made, "Sổ đăng ký văn bản đến").rows
    [place] = [n for n, row in enumerate(rows) if row[9] == "Đã thu hồi trước tiếp nhận"]
    assert rows[place][1] == ""
    assert rows[place][3] == str(manifest.document.number)
    days = [datetime.strptime(str(row[0]), "%d/%m/%Y").astimezone(UTC) for row in rows]
    assert all(day <= days[place] for day in days[:place])
    assert all(day >= days[place] for day in days[place:])
    numbers = [row[1] for row in rows if row[1]]
    assert numbers == sorted(numbers)
    assert len(table(made, "Sổ theo dõi giải quyết văn bản đến").rows) == len(numbers)
