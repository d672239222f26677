from __future__ import annotations

from datetime import date, datetime, time

import pytest

from lienthong.model.time import VIETNAM
from lienthong.rules.calendar import (
    DayException,
    DayStatus,
    OfficeHours,
    Session,
    WorkCalendar,
)

MORNING = Session(time(7, 30), time(11, 30))
AFTERNOON = Session(time(13), time(17))
USUAL = OfficeHours(sessions=[MORNING, AFTERNOON])

DAYS_OFF = {
    2025: "01-01 01-27 01-28 01-29 01-30 01-31 04-07 04-30 05-01 05-02 09-01 09-02",
    2026: "01-01 01-02 02-16 02-17 02-18 02-19 02-20 04-27 04-30 05-01 08-31 09-01 09-02",
    2027: "01-01 02-04 02-05 02-08 02-09 02-10 04-16 04-30 05-03 09-02 09-03",
}
SWAPPED = ("2025-04-26", "2026-01-10", "2026-08-22")
UNDECIDED = "2026-11-24"


def make_calendar(*, culture_day: bool | None = None, version: str = "h53-2026") -> WorkCalendar:
    """Tây Ninh's days off; 24 November undecided, or decided to be a day off or not."""
    exceptions = [
        DayException(
            day=date.fromisoformat(f"{year}-{day}"),
            is_working=False,
            name="Ngày nghỉ lễ",
            basis="BLLĐ 2019 Đ112",
            status=DayStatus.PROVISIONAL if year > 2026 else DayStatus.OFFICIAL,
        )
        for year, days in DAYS_OFF.items()
        for day in days.split()
    ]
    exceptions += [
        DayException(
            day=date.fromisoformat(day),
            is_working=True,
            name="Làm bù",
            basis="hoán đổi ngày làm việc",
        )
        for day in SWAPPED
    ]
    exceptions.append(
        DayException(
            day=date.fromisoformat(UNDECIDED),
            is_working=not culture_day if culture_day is not None else False,
            name="Ngày Văn hóa Việt Nam",
            basis="NQ 80-NQ/TW",
            status=DayStatus.OFFICIAL if culture_day is not None else DayStatus.PROVISIONAL,
        )
    )
    return WorkCalendar(
        version=version,
        first_year=2025,
        last_year=2027,
        hours=[USUAL],
        exceptions=exceptions,
        official_until=date(2026, 12, 31),
    )


@pytest.fixture(scope="session")
def calendar() -> WorkCalendar:
    return make_calendar()


def local(text: str) -> datetime:
    """``13/11/2026 16:59`` in Vietnam, with seconds where given."""
    form = "%d/%m/%Y %H:%M:%S" if text.count(":") == 2 else "%d/%m/%Y %H:%M"
    return datetime.strptime(text, form).replace(tzinfo=VIETNAM)


def told(instant: datetime) -> str:
    return instant.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S").removesuffix(":00")
