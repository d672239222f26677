"""A province: 150 organisations, and what becomes of some of them in July."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from lienthong.model.ids import OrganId
from lienthong.model.organisation import OrganCode, Organisation, OrganName
from lienthong.rules.calendar import DayException
from lienthong.rules.calendar_table import CalendarTable

OPERATOR: Final = OrganId("000.00.01.H53")
"""The office that runs the axis."""

UBND: Final = OrganId("000.00.00.H53")
DEPARTMENTS: Final = tuple(OrganId(f"000.00.{number:02}.H53") for number in range(2, 23))
DISTRICTS: Final = tuple(OrganId(f"000.00.{number:02}.H53") for number in range(31, 40))
COMMUNES: Final = tuple(
    OrganId(f"000.{number:02}.{district.value.split('.')[2]}.H53")
    for district in DISTRICTS
    for number in range(1, 14)
)
"""A commune's code has that of its district inside."""

NEIGHBOURS: Final = (OrganId("000.00.00.H04"),)
ORGANS: Final = (UBND, *DEPARTMENTS, *DISTRICTS, *COMMUNES, *NEIGHBOURS)
"""With the office that operates the axis these are 150."""

MERGED_ON: Final = date(2026, 7, 1)
MERGED_AT: Final = datetime(2026, 6, 30, 17, tzinfo=UTC)
"""Midnight in Vietnam."""

HEIRS: Final = {
    **dict.fromkeys(DISTRICTS, UBND),
    **{source: DEPARTMENTS[2 * at] for at, source in enumerate(DEPARTMENTS[1:10:2])},
    **{source: COMMUNES[3 * at] for at, source in enumerate(COMMUNES[1::3])},
}
"""Who takes over from whom: the districts end, some departments and a third of the communes."""

DAYS_OFF: Final = tuple(
    date.fromisoformat(f"2026-{day}")
    for day in (
        *("01-01", "01-02", "02-16", "02-17", "02-18", "02-19", "02-20", "04-27", "04-30"),
        *("05-01", "08-31", "09-01", "09-02", "11-24"),
    )
)
SWAPPED: Final = (date(2026, 1, 10), date(2026, 8, 22))
"""Saturdays on which people work."""


def calendar() -> CalendarTable:
    """The plan of the year, whatever becomes of the shipped one."""
    return CalendarTable(
        name="year",
        first_year=2025,
        last_year=2027,
        exceptions=[
            DayException(day=day, is_working=day in SWAPPED, name="nghỉ", basis="12729/VPCP-KGVX")
            for day in (*DAYS_OFF, *SWAPPED)
        ],
    )


def name_of(organ: OrganId) -> str:
    return "UBND tỉnh Tây Ninh" if organ == UBND else f"Cơ quan {organ}"


def organisations() -> list[Organisation]:
    """As they are at the beginning of the year."""
    return [
        Organisation(
            organ_id=organ,
            codes=[OrganCode(scheme=organ.scheme, value=organ)],
            names=[OrganName(value=name_of(organ))],
            parent=None if organ == UBND or organ in NEIGHBOURS else UBND,
        )
        for organ in ORGANS
    ]


def plan_text() -> str:
    """The decision of July, as the operator enters it."""
    into: dict[OrganId, list[OrganId]] = {}
    for source, heir in HEIRS.items():
        into.setdefault(heir, []).append(source)
    lines = [
        'title = "Sắp xếp đơn vị hành chính"',
        'basis = "1682/NQ-UBTVQH15"',
        f"effective = {MERGED_ON.isoformat()}",
    ]
    for heir, sources in into.items():
        named = ", ".join(f'"{source}"' for source in sources)
        lines += ["", "[[merge]]", f"from = [{named}]", f'into = "{heir}"']
    return "\n".join([*lines, ""])
