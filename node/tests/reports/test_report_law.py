"""Reports judge each delivery as the node does: by the law of who must act, on the day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lienthong.codec.signed import load_entry, load_envelope, load_manifest, load_statement
from lienthong.model.deadline import DeadlineKind
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import PackageRecord, StatementRecord
from lienthong.model.organisation import Directory
from lienthong.model.time import from_us
from lienthong.model.words import Urgency
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.reports.facts import DeliveryFacts
from lienthong.reports.period import Period
from lienthong.reports.projection import project_package, project_statement
from lienthong.rules.law import Kept, Law
from lienthong.rules.ruleset import RuleSet
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.core import deadlines
from lienthong_node.core.commands import PutLaw
from lienthong_node.reports.book import FILE_NAME, ReportBook
from lienthong_node.reports.following import open_up_to_date
from lienthong_node.reports.making import Kind, Request, make
from lienthong_node.reports.terms import Rules, completed, dump_law, load_law, without
from lienthong_node.stores import Registry, load_registry
from node.tests.committing import OPERATOR
from node.tests.due import PROVINCE, VIETNAM_DAYS, Axis, E, lawful
from node.tests.reports.reporting import RULES, fill
from node.tests.support import B, recall, submit, update
from sdk.tests.reports.book import Book
from sdk.tests.reports.cast import FINANCE, JUSTICE, UBND
from sdk.tests.reports.generated import Generated, generate

NOW: Final = datetime.fromisoformat("2026-11-02T10:00:00+07:00")
YEAR: Final = Period.parse("2026")
JOURNAL: Final = generate(43, 60)
STARTS: Final = datetime.fromisoformat("2026-03-02T00:00:00+07:00")
OWN: Final = evolve(
    PROVINCE,
    name="own",
    receiving=evolve(
        PROVINCE.receiving,
        escalate_after=timedelta(hours=1),
        settle_working_days=1,
        urgent_in_office_hours=False,
    ),
    flow=evolve(PROVINCE.flow, recall_confirm_working_days=0),
)
FIELDS: Final = {
    DeadlineKind.NOTICED: "notice_by",
    DeadlineKind.TAKEN: "take_by",
    DeadlineKind.FORWARDED: "forward_by",
    DeadlineKind.SETTLED: "due_at",
    DeadlineKind.REPLIED: "reply_by",
    DeadlineKind.RECALL_CONFIRMED: "recall_by",
}


def projected(axis: Axis, package: PackageId) -> DeliveryFacts:
    """What reports make of the journal of an axis."""
    with axis.store.read() as view:
        registry, rows = load_registry(view, Registry()), view.journal(0, 10_000)
    terms = Rules(law=registry.law, rule_set=PROVINCE).terms(registry.directory)
    book = Book()
    for row in rows:
        entry = load_entry(row.entry)
        body, at = entry.body, entry.recorded_at
        if isinstance(body, PackageRecord):
            manifest = load_manifest(load_envelope(row.envelope).payload)
            book.keep(project_package(body, manifest, at, book, terms))
        elif isinstance(body, StatementRecord):
            statement = load_statement(load_envelope(row.envelope).payload)
            book.keep(project_statement(body, statement, at, book, terms))
    return book.deliveries[package, OrganId(B)]


def check(axis: Axis, package: PackageId) -> None:
    facts, row = projected(axis, package), axis.row(package)
    is_open = facts.noticed_at is None and facts.withdrawn_at is None
    assert ("NOTICED" in {one.kind for one in row.deadlines}) == is_open
    for one in row.deadlines:
        found = getattr(facts, FIELDS[DeadlineKind(one.kind)])
        assert (one.kind, found) == (one.kind, from_us(one.due_us))


MINUTES: Final = st.integers(1, 4 * 24 * 60)
LATER: Final = st.integers(0, 300)


@settings(deadline=None, max_examples=12)
@example("KHAN", [10 * 60 + 50, 1, 60, 60], 0, None, False)
@example("HOA_TOC", [12 * 24 * 60 + 22 * 60 + 16, 14, 60, 60], 0, None, False)
@example("HOA_TOC", [12 * 24 * 60 + 22 * 60 + 16, 14, 60, 60], 0, None, True)
@given(
    st.sampled_from([urgency.name for urgency in Urgency]),
    st.lists(MINUTES, min_size=4, max_size=4),
    LATER,
    st.none() | st.dates(date(2026, 3, 3), date(2026, 4, 3)),
    st.booleans(),
)
def test_deadlines_of_reports_are_those_of_the_node(
    urgency: str, waits: list[int], late: int, due: date | None, own: bool
) -> None:
    """Whatever happens when, and however late a report is told."""
    axis = Axis()
    axis.enter(PROVINCE, VIETNAM_DAYS)
    if own:
        axis.do(PutLaw(caller=OPERATOR, organ_id=B, value=OWN))
    at = STARTS
    axis.clock.set(at)
    package = axis.send(urgency=Urgency[urgency], due_date=due, reply_requested=due is not None)
    check(axis, package)
    for event, wait in zip((E.ARRIVE, E.ACCEPT, E.FORWARD), waits, strict=False):
        at += timedelta(minutes=wait)
        axis.clock.set(at + timedelta(minutes=late))
        signed: dict[str, Any] = {"created_at": at}
        axis.say(event, package, **signed)
        check(axis, package)
        at += timedelta(minutes=late)
    axis.clock.set(at + timedelta(minutes=waits[-1]))
    axis.do(submit(recall(package, created_at=axis.clock())))
    assert axis.row(package).state == "RECALL_PENDING"
    check(axis, package)


@pytest.mark.parametrize("answer", [E.APPLY_UPDATE, E.REFUSE_UPDATE])
@pytest.mark.parametrize("follows", [E.ARRIVE, E.ACCEPT, E.REFUSE])
def test_an_answer_to_an_update_is_a_notice_for_both(
    answer: DeliveryEvent, follows: DeliveryEvent
) -> None:
    live_through(answer, follows)


@pytest.mark.planted("answer to an update is no notice")
def test_an_answer_that_is_no_notice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "BY_RECIPIENT", frozenset({E.ARRIVE, E.ACCEPT}))
    with pytest.raises(AssertionError):
        live_through(E.APPLY_UPDATE, E.ARRIVE)


def live_through(*events: DeliveryEvent) -> None:
    """Reports on the days after an update that found the delivery in SENT."""
    axis = lawful()
    package = axis.send()
    axis.do(submit(update(package, created_at=axis.clock())))
    check(axis, package)
    for days, event in enumerate(events, start=1):
        axis.clock.set(STARTS + timedelta(days=days, hours=9))
        axis.say(event, package)
        check(axis, package)


def made_by(rules: Rules, journal: Generated, path: Path) -> ReportBook:
    store = MemoryRecordStore()
    fill(store, journal.entries)
    return open_up_to_date(path, store, rules, NOW, lambda _done, _total: None)


def by_law(*given: Kept) -> Rules:
    """The law of some, and of the rest that of the shipped rule set."""
    known = Law().after(given)
    rest = completed(known, find_rule_set("tay-ninh-2019"), find_calendar("vietnam"))
    return Rules(law=rest, rule_set=RULES.rule_set)


def kept(organ: str, value: RuleSet, version: int = 1) -> Kept:
    return Kept(organ_id=organ, value=value, version=version)


def take_by(book: ReportBook, organ: OrganId, before: date = date.max) -> set[datetime | None]:
    """By when the deliveries of an organisation are to be taken."""
    found = set()
    for life in JOURNAL.lives:
        if life.recipient == organ and life.recorded.date() < before:
            facts = book.delivery(life.package_id, organ)
            assert facts is not None
            found.add(facts.take_by)
    return found


@pytest.mark.planted("units judged by the law of their province")
def test_each_unit_is_judged_by_its_own_law(tmp_path: Path) -> None:
    """Whoever the report is for."""
    mixed = made_by(by_law(kept(str(FINANCE), OWN)), JOURNAL, tmp_path / "mixed.db")
    strict = made_by(by_law(kept("", OWN)), JOURNAL, tmp_path / "strict.db")
    loose = made_by(by_law(), JOURNAL, tmp_path / "loose.db")
    assert take_by(mixed, FINANCE) == take_by(strict, FINANCE) != take_by(loose, FINANCE)
    assert take_by(mixed, JUSTICE) == take_by(loose, JUSTICE) != take_by(strict, JUSTICE)
    for book in (mixed, strict, loose):
        book.close()


def test_a_report_says_whose_law_it_judges_by(tmp_path: Path) -> None:
    rules = by_law(kept(str(FINANCE), OWN))
    book = made_by(rules, JOURNAL, tmp_path / FILE_NAME)

    def source(organ: OrganId, *, with_units: bool) -> str:
        request = Request(kind=Kind.YEAR, organ=str(organ), period=YEAR, with_units=with_units)
        return dict(make(request, book, rules, NOW).source)["Bộ quy tắc"]

    assert source(FINANCE, with_units=False) == OWN.version
    assert source(UBND, with_units=False) == RULES.rule_set.version
    assert source(UBND, with_units=True) == f"{RULES.rule_set.version}, {OWN.version}"
    book.close()


def test_each_day_is_judged_by_what_was_in_force(tmp_path: Path) -> None:
    """A new rule set says nothing of what came before it."""
    day = date(2026, 7, 1)
    changed = made_by(by_law(kept("", evolve(OWN, valid_from=day))), JOURNAL, tmp_path / "new.db")
    loose = made_by(by_law(), JOURNAL, tmp_path / "loose.db")
    assert take_by(changed, FINANCE, day) == take_by(loose, FINANCE, day)
    assert take_by(changed, FINANCE) != take_by(loose, FINANCE)
    changed.close()
    loose.close()


def test_any_change_of_the_law_has_another_version() -> None:
    changes = (
        by_law(),
        by_law(kept("", OWN)),
        by_law(kept(str(FINANCE), OWN)),
        by_law(kept(str(FINANCE), OWN, version=2)),
        by_law(kept(str(FINANCE), evolve(OWN, valid_from=date(2026, 7, 1)))),
    )
    versions = [rules.version for rules in changes]
    assert len(set(versions)) == len(versions)
    for rules in changes:
        again = load_law(dump_law(rules.law))
        assert Rules(law=again, rule_set=PROVINCE).version == rules.version


def test_what_is_named_instead_holds_for_everybody() -> None:
    known = by_law(kept(str(FINANCE), OWN)).law
    for subject in {one.subject for one in known.kept.values()}:
        rest = completed(without(known, subject), PROVINCE, find_calendar("vietnam"))
        found = rest.rules(str(FINANCE), Directory(()), NOW.date())
        assert found is not None
        assert found.name == ("own" if subject.value == "calendar" else PROVINCE.name)
