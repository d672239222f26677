"""Seals: where the registers of an organisation end, and who goes on; inside a transaction."""

from __future__ import annotations

from datetime import date

from attrs import frozen

from lienthong.errors import RegisterBookUnusable
from lienthong.model.ids import OrganId
from lienthong.registers.file import BookFile
from lienthong.registers.numbering import Place


@frozen(kw_only=True)
class Part:
    """A stretch of an organisation's registers between two seals."""

    index: int
    sealed_on: date | None
    """From this day on it gives no numbers out."""

    successor: str


class Seals:
    """The seals that a book's file holds."""

    def __init__(self, file: BookFile) -> None:
        self._file = file

    def add(self, organ: OrganId, day: date, successor: str, *, continues: bool) -> None:
        """Close the registers of an organisation from a day on."""
        values = (str(organ), day.isoformat(), successor, continues)
        self._file.write("INSERT INTO seal VALUES (?, ?, ?, ?)", values)

    def remove(self, organ: OrganId, day: date) -> None:
        """Take the seal of that day back."""
        sql = "DELETE FROM seal WHERE organ = ? AND sealed_on = ?"
        self._file.write(sql, (str(organ), day.isoformat()))

    def of(self, organ: OrganId) -> list[tuple[date, str]]:
        """First day and successor (empty for none) of each seal, oldest first."""
        sql = "SELECT sealed_on, successor FROM seal WHERE organ = ? ORDER BY sealed_on"
        rows = self._file.rows(sql, (str(organ),))
        return [(stored_day(self._file, day), str(successor)) for day, successor in rows]

    def part(self, organ: OrganId, day: date) -> Part:
        """Which part of an organisation's registers a day belongs to.

        An organisation that succeeds itself begins a new part with every seal.
        """
        seals = self.of(organ)
        before = [seal for seal in seals if seal[0] <= day]
        sealed_on: date | None
        if before and before[-1][1] != str(organ):
            sealed_on, successor = before[-1]
        else:
            sealed_on, successor = next(iter(seals[len(before) :]), (None, ""))
        return Part(index=len(before), sealed_on=sealed_on, successor=successor or "-")

    def holder(self, organ: OrganId, day: date) -> OrganId:
        """Who enters what arrives for an organisation: itself, or whoever took it over."""
        seen: set[OrganId] = set()
        while organ not in seen:
            seen.add(organ)
            part = self.part(organ, day)
            if part.sealed_on is None or day < part.sealed_on or part.successor == "-":
                break
            organ = OrganId(part.successor)
        return organ

    def heirs(self, organ: OrganId) -> list[OrganId]:
        """The organisation, and all that took over from it one after the other."""
        found = [organ]
        for one in found:
            heirs = (OrganId(heir) for _, heir in self.of(one) if heir)
            found += [heir for heir in heirs if heir not in found]
        return found

    def begins_anew(self, place: Place, day: date) -> bool:
        """Whether a seal says that the organisation took over, or went on, up to that day."""
        sql = "SELECT 1 FROM seal WHERE successor = ? AND sealed_on <= ? LIMIT 1"
        return bool(self._file.rows(sql, (str(place.organ), day.isoformat())))

    def first(self, place: Place, day: date) -> int:
        """One more than the last number of those whose series a new one continues."""
        sql = """
            SELECT max(line.number) FROM seal JOIN line ON line.organ = seal.organ
            WHERE seal.successor = ? AND seal.continues AND line.day < seal.sealed_on
            AND seal.sealed_on BETWEEN ? AND ? AND register = ? AND year = ? AND series = ?
        """
        since = date(place.year, 1, 1).isoformat()
        of = (place.register.value, place.year, place.series)
        ((last,),) = self._file.rows(sql, (str(place.organ), since, day.isoformat(), *of))
        return (last or 0) + 1


def stored_day(file: BookFile, text: object) -> date:
    """A day as the file has it.

    Raises:
        RegisterBookUnusable: it is none.
    """
    try:
        return date.fromisoformat(str(text))
    except ValueError as error:
        raise RegisterBookUnusable(path=file.path, reason=f"day {text}") from error
