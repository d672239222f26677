"""A first draft of a year's calendar from the library ``holidays`` (the extra ``calendar``)."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from lienthong.errors import NotInstalled
from lienthong.rules.calendar import DayException, DayStatus
from lienthong.rules.calendar_table import CalendarTable, dump_calendar

LAST_YEAR: Final = 2100
"""Up to which the library knows days off; from the first one of calendars on."""

_HEAD: Final = """\
# Bản nháp từ thư viện holidays {version}: mọi ngày là tạm tính, phải đối chiếu với văn bản công bố.
# A draft from the library holidays {version}: every day is provisional until somebody checks it.
#
# Known gaps of the library / những chỗ thư viện còn thiếu hoặc chưa chắc:
# - Days swapped at short notice are missing, as 02/01/2026 with 10/01/2026 (12729/VPCP-KGVX).
#   Thiếu ngày hoán đổi công bố muộn.
# - 24/11 is taken for a day off from 2026 on; the amendment of BLLĐ 2019 Đ112.1 was not seen.
#   Coi 24/11 là ngày nghỉ từ năm 2026 dù chưa thấy luật sửa đổi.
# - Tết and 02/09 are estimates until the yearly plan is published (BLLĐ 2019 Đ112.3), and so are
#   the names of the days around Tết.
#   Tết và 02/9 là ước tính khi chưa có thông báo hằng năm; tên các ngày quanh Tết là gần đúng.
#
# After checking: correct each basis and status. base = "vietnam" continues the shipped calendar.
# Sau khi đối chiếu: sửa basis và status; thêm base = "vietnam" để nối tiếp lịch có sẵn.

"""


def prefilled(year: int) -> str:
    """The TOML of a calendar of one year to be checked.

    Raises:
        NotInstalled: the library is not there.
    """
    try:
        library: Any = importlib.import_module("holidays")
    except ModuleNotFoundError as error:
        what = "calendar prefill"
        raise NotInstalled(what=what, package="holidays", extra="calendar") from error
    known = library.country_holidays("VN", years=year, language="vi")
    table = CalendarTable(
        name=f"vietnam-{year}",
        first_year=year,
        last_year=year,
        official_until=date(year - 1, 12, 31),
        exceptions=tuple(_exceptions(known, year, f"holidays {library.__version__}")),
    )
    return _HEAD.format(version=library.__version__) + dump_calendar(table)


def _exceptions(known: Any, year: int, basis: str) -> Iterator[DayException]:
    for day, name in known.items():
        if day.year == year:
            yield _draft(day, name, basis, is_working=False)
    for day in known.weekend_workdays:
        if day.year == year:
            yield _draft(day, "Làm bù", basis, is_working=True)


def _draft(day: date, name: str, basis: str, *, is_working: bool) -> DayException:
    return DayException(
        day=day, is_working=is_working, name=name, basis=basis, status=DayStatus.PROVISIONAL
    )
