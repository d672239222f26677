"""By which rules a report is made when nobody names others: those that the axis keeps."""

from __future__ import annotations

from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from lienthong.data import DEFAULT_CALENDAR, DEFAULT_RULE_SET
from lienthong.errors import DataDirectoryInUse, OrganisationUnknown, ReportsBehind
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from lienthong.model.time import vietnam_date
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong_node.core.law import Law, Subject
from lienthong_node.opening import plugin_host, under
from lienthong_node.reports.book import ReportBook
from lienthong_node.reports.terms import Rules, completed, without
from lienthong_node.settings import load_settings
from lienthong_node.stores import Registry, load_registry


def rules_for(
    data: Path,
    counts: Path,
    organ: str,
    rule_set: str | None,
    calendar: str | None,
    now: datetime,
) -> Rules:
    """What decides for a report: the law that the axis keeps, or what is named instead for all.

    While a node has the records in use, that of the counts is meant, which are all there is. Where
    nothing is kept, the rule set and the calendar that are shipped hold.

    Args:
        data: a data folder or a backup.
        counts: the file of reports.
        organ: any code of the organisation.
        rule_set: name or file of a rule set that is to hold for everybody, instead of all kept.
        calendar: likewise.
        now: the report itself is made by the rule set that the organisation has now.

    Raises:
        RuleSetUnknown, CalendarUnknown, InputError: what was named instead cannot be used.
        ReportsBehind: the records are in use, and there are no counts.
        ReportsUnusable: likewise, and they are damaged.
        LienthongError: the records cannot be read.
    """
    with plugin_host(data, load_settings(data)) as host:
        named = find_rule_set(rule_set or DEFAULT_RULE_SET, host)
    table = find_calendar(calendar or DEFAULT_CALENDAR)
    if rule_set is not None and calendar is not None:
        return Rules.for_all(named, table)
    law, directory = _kept(data, counts)
    if rule_set is not None:
        law = without(law, Subject.RULE_SET)
    if calendar is not None:
        law = without(law, Subject.CALENDAR)
    law, code = completed(law, named, table), _canonical(organ, directory)
    return Rules(law=law, rule_set=law.rules(code, directory, vietnam_date(now)) or named)


def _kept(data: Path, counts: Path) -> tuple[Law, Directory]:
    """The law of the records, or of the counts while these are in use."""
    settings = load_settings(data)
    try:
        store = plugin_host(data, settings).open_record_store(under(data, settings.records))
    except DataDirectoryInUse:
        return _counted(counts)
    with closing(store), store.read() as view:
        registry = load_registry(view, Registry())
    return registry.law, registry.directory


def _counted(counts: Path) -> tuple[Law, Directory]:
    """By what counts were made. Raises ReportsBehind or ReportsUnusable."""
    if not counts.is_file():
        raise ReportsBehind(path=counts)
    with closing(ReportBook(counts)) as book:
        return book.law(), book.directory()


def _canonical(organ: str, directory: Directory) -> str:
    """The canonical code; one that nobody has is refused where the report is made."""
    with suppress(OrganisationUnknown):
        return str(directory.resolve(OrganId(organ)).organ_id)
    return str(OrganId(organ))
