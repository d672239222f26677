"""Number and date: written into fields that whoever made the document has laid out for them.

NĐ 30/2020 Đ15, Đ17: number and date come after the signature and before the agency's. Filling in a
field of a form is what a signature permits to happen later.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from lienthong.errors import FormFieldMissing, InvalidValue
from lienthong.fonts import find_font
from lienthong.model.file_signature import SignatureRole
from lienthong.spi import SigningOrder
from lienthong_verifier_pdf.drawing import drawn_entry
from lienthong_verifier_pdf.fields import DATE, NUMBER
from lienthong_verifier_pdf.objects import entry, form_fields, numbers


def fill_in(writer: IncrementalPdfFileWriter, order: SigningOrder) -> None:
    """Write number and date, as far as an agency's order names them.

    Raises:
        FormFieldMissing: the file lacks the field.
        InvalidValue: something else is written in it.
        FontMissing: there is no font for it.
    """
    if order.role is not SignatureRole.AGENCY or not (order.number or order.issued_on):
        return
    font = find_font(order.font).regular
    if order.number is not None:
        _fill(writer, NUMBER, str(order.number), font, slanted=False)
    if order.issued_on is not None:
        _fill(writer, DATE, written_date(order.issued_on), font, slanted=True)


def written_date(day: date) -> str:
    """``ngày 02 tháng 01 năm 2026``: two digits below 10, months 1 and 2 too (PL I II.4b)."""
    month = f"{day.month:02}" if day.month <= 2 else f"{day.month}"  # noqa: PLR2004 - PL I II.4b
    return f"ngày {day.day:02} tháng {month} năm {day.year}"


def _fill(
    writer: IncrementalPdfFileWriter, name: str, text: str, font: Path, *, slanted: bool
) -> None:
    found = next((one for one in form_fields(writer) if entry(one, "/T") == name), None)
    corners = [] if found is None else numbers(entry(found, "/Rect"))
    if found is None or entry(found, "/FT") != "/Tx" or len(corners) != 4:  # noqa: PLR2004
        raise FormFieldMissing(field=name, text=text)
    written = str(entry(found, "/V") or "").strip()
    if written not in ("", text):
        raise InvalidValue(field=name, found=repr(written[:60]), expected="an empty field")
    left, lower, right, upper = corners
    shown = drawn_entry(text, font, (abs(right - left), abs(upper - lower)), slanted=slanted)
    found[pdf_name("/V")] = pdf_string(text)
    found[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): shown.put_into(writer)})
    writer.update_container(found)
