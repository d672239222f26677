"""The one place that decides what a caller may see: entries that name it as a party.

What does not exist and what does not concern the caller are answered alike, in the same words.
"""

from __future__ import annotations

from collections.abc import Sequence

from lienthong.errors import NotFound
from lienthong.model.ids import PackageId
from lienthong.model.organisation import Directory
from lienthong.spi.records import DeliveryRow, JournalRow, PackageRow
from lienthong.spi.storage import ReadView
from lienthong_node.core.checks import may_act
from lienthong_node.core.commands import Caller
from lienthong_node.stores import Recorded, read_recorded


def visible_package(
    view: ReadView, package_id: bytes, caller: Caller
) -> tuple[PackageRow, JournalRow]:
    """A package that the caller is a party to.

    Raises:
        NotFound: there is none, or it does not concern the caller.
    """
    package = view.package(package_id)
    if package is not None:
        rows = view.journal(package.index, 1)
        if rows and caller.organ in rows[0].parties:
            return package, rows[0]
    raise NotFound(what=f"package {PackageId(package_id)}")


def visible_deliveries(
    view: ReadView, package: PackageRow, caller: Caller, directory: Directory
) -> list[DeliveryRow]:
    """For the sender's side all deliveries of the package, otherwise the caller's own."""
    deliveries = view.deliveries(package.package_id)
    if may_act(caller, package.sender, directory):
        return list(deliveries)
    return [row for row in deliveries if may_act(caller, row.recipient, directory)]


def visible_history(view: ReadView, package_id: bytes, caller: Caller) -> Sequence[JournalRow]:
    """Entries about a package, and about what recalls, updates or replaces it, oldest first.

    Raises:
        NotFound: there are none that concern the caller.
    """
    package, _ = visible_package(view, package_id, caller)
    about = [package_id, *(row.package_id for row in view.followers(package.package_id))]
    rows = {row.index: row for one in about for row in view.journal_of(one)}
    return [rows[index] for index in sorted(rows) if caller.organ in rows[index].parties]


def visible_entry(view: ReadView, index: int, caller: Caller) -> Recorded:
    """A journal entry that concerns the caller.

    Raises:
        NotFound: there is none.
    """
    rows = view.journal(index, 1)
    if not rows or caller.organ not in rows[0].parties:
        raise NotFound(what=f"receipt {index}")
    return read_recorded(view, index)
