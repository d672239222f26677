"""What a plan makes of the directory; a plan that contradicts itself or the directory is refused.

Errors name the key of the plan, such as ``merge[0].from``. Carrying a plan out again changes
nothing, also when later plans have come in between. Carrying it out again after it was corrected
either corrects what it had entered, or is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Final

from attrs import define, evolve, field

from lienthong.codec.toml_values import located
from lienthong.errors import InputError, InvalidValue
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory, OrganCode, Organisation, OrganLink, OrganName
from lienthong_node.core.plan import ContactPoint, Founding, Move, Plan, Rename
from lienthong_node.core.registry import directory_with

_FIRST_DAY: Final = date(1945, 9, 2)
_LAST_DAY: Final = date(2999, 12, 31)


def reorganised(plan: Plan, known: Directory) -> tuple[Organisation, ...]:
    """The organisations that a plan enters or changes, as they are afterwards.

    Args:
        plan: what was decided.
        known: the directory as it is.

    Raises:
        InvalidValue: the plan names a code that nobody has or somebody else has, an organisation
            that does not exist on the day, both as source and as target, or twice; it contradicts
            what was entered for its day or a later one; its day is out of all bounds.
        CodeTaken: two new organisations claim one code.
    """
    if not _FIRST_DAY <= plan.effective <= _LAST_DAY:
        expected = f"a day from {_FIRST_DAY} to {_LAST_DAY}"
        raise InvalidValue(field="effective", found=plan.effective, expected=expected)
    work = _Work(plan, known)
    for key, founding in _foundings(plan, known):
        work.found(key, founding)
    for place, merge in enumerate(plan.merge):
        for source in merge.sources:
            work.end(f"merge[{place}]", source, (merge.into,))
    for place, split in enumerate(plan.split):
        work.end(f"split[{place}]", split.source, split.into)
    for place, renaming in enumerate(plan.rename):
        if renaming.code is None:
            work.rename(f"rename[{place}]", renaming)
        else:
            work.end(f"rename[{place}]", renaming.organ, (renaming.code,), "organ", "code")
    for place, move in enumerate(plan.move):
        work.move(f"move[{place}]", move)
    for place, duty in enumerate(plan.contact_point):
        work.serve(f"contact_point[{place}]", duty)
    return work.finish()


def _foundings(plan: Plan, known: Directory) -> Iterator[tuple[str, Founding]]:
    """The organisations that begin, with the keys that name them."""
    for place, founding in enumerate(plan.found):
        yield f"found[{place}].code", founding
    for place, renaming in enumerate(plan.rename):
        if renaming.code is not None and renaming.organ in known:
            like = known.resolve(renaming.code if renaming.code in known else renaming.organ)
            yield (
                f"rename[{place}].code",
                Founding(
                    code=renaming.code,
                    name=renaming.name or like.name_on(plan.effective),
                    level=like.level,
                    parent=like.parent_on(plan.effective),
                    in_charge=like.in_charge,
                ),
            )


@define
class _Work:
    """The directory while a plan is carried out."""

    plan: Plan
    known: Directory
    changed: dict[OrganId, Organisation] = field(factory=dict, init=False)
    """By canonical code."""

    codes: dict[OrganId, OrganId] = field(factory=dict, init=False)
    """The canonical codes of what begins, by all its codes."""

    ended: dict[OrganId, str] = field(factory=dict, init=False)
    """The keys of what ends, by canonical code."""

    said: dict[tuple[str, OrganId, OrganId | None], str] = field(factory=dict, init=False)
    """The keys that say a name, a parent or a duty, by what they say it of."""

    def found(self, key: str, founding: Founding) -> None:
        """Enter an organisation that begins on the day, or correct it."""
        day = self.plan.effective
        for code in (founding.code, *founding.aliases):
            holder = self._find(code)
            if holder is not None and (
                holder.organ_id != founding.code
                or holder.valid_from != day
                or founding.code in self.changed
            ):
                raise _refused(key, code, f"a code that nobody has had, not that of {_of(holder)}")
        table = key.rpartition(".")[0]
        try:
            with _at("Founding.name"):
                name = OrganName(value=founding.name, valid_from=day)
            organisation = _founded(founding, name, day)
        except InputError as error:
            raise located(error, table) from error
        if founding.code in self.known:
            organisation = self._corrected(table, organisation)
        self._keep(organisation)
        self._say("name", f"{table}.name", founding.code)
        if founding.parent is not None and table.startswith("found"):
            self._say("parent", f"{table}.parent", founding.code)

    def _corrected(self, table: str, wanted: Organisation) -> Organisation:
        """What was founded before, with what this plan says of it; what it leaves out stays."""
        day, known = self.plan.effective, self.known.resolve(wanted.organ_id)
        held = {one.value: one for one in known.codes}
        for code in held.keys() - set(wanted.all_codes()):
            if held[code].valid_from == day:
                expected = f"also {code}: a code that was entered is not taken back"
                raise _refused(f"{table}.code", wanted.organ_id, expected)
        with _at(table):
            known = evolve(
                known,
                codes=(*known.codes, *(one for one in wanted.codes if one.value not in held)),
                level=wanted.level or known.level,
                in_charge=wanted.in_charge or known.in_charge,
            )
        known = self._named(f"{table}.name", known, wanted.names[0].value)
        if wanted.parent is None:
            return known
        above = self._find(wanted.parent)
        under = above.organ_id if above is not None else wanted.parent
        return self._moved(f"{table}.parent", known, under)

    def end(
        self,
        key: str,
        source: OrganId,
        heirs: tuple[OrganId, ...],
        source_key: str = "from",
        heirs_key: str = "into",
    ) -> None:
        """End an organisation on the day, and name who takes it over."""
        day = self.plan.effective
        organisation = self._resolve(f"{key}.{source_key}", source)
        taking_over = tuple(self._resolve(f"{key}.{heirs_key}", heir).organ_id for heir in heirs)
        if organisation.organ_id in self.ended:
            elsewhere = self.ended[organisation.organ_id]
            expected = f"an organisation that does not end by {elsewhere} too"
            raise _refused(f"{key}.{source_key}", source, expected)
        if len(set(taking_over)) != len(taking_over):
            raise _refused(f"{key}.{heirs_key}", heirs[-1], "each successor once")
        if not organisation.open_on(day - timedelta(days=1)):
            expected = f"an organisation that exists on the day before {day}"
            raise _refused(f"{key}.{source_key}", source, expected)
        before = organisation.valid_to, organisation.successors
        if organisation.valid_to is not None and before != (day, taking_over):
            into = ", ".join(map(str, organisation.successors)) or "-"
            expected = f"an organisation that does not end on {before[0]} already, into {into}"
            raise _refused(f"{key}.{source_key}", source, expected)
        self.ended[organisation.organ_id] = f"{key}.{source_key}"
        with _at(f"{key}.{heirs_key}"):
            self._keep(evolve(organisation, valid_to=day, successors=taking_over))

    def rename(self, key: str, renaming: Rename) -> None:
        """Let an organisation have another name from the day on."""
        organisation = self._resolve(f"{key}.organ", renaming.organ)
        self._say("name", f"{key}.organ", organisation.organ_id)
        self._keep(self._named(f"{key}.name", organisation, renaming.name))

    def _named(self, key: str, organisation: Organisation, name: str) -> Organisation:
        """The organisation with this name from the day on; one that begins then is corrected."""
        day, last = self.plan.effective, organisation.names[-1]
        if organisation.name_on(day) == name:
            return organisation
        if last.valid_from is not None and last.valid_from > day:
            expected = f"an organisation that has no other name since {last.valid_from}"
            raise _refused(key, organisation.organ_id, expected)
        with _at(key):
            new = OrganName(value=name, valid_from=day)
            earlier = () if last.valid_from == day else (evolve(last, valid_to=day),)
            return evolve(organisation, names=(*organisation.names[:-1], *earlier, new))

    def move(self, key: str, move: Move) -> None:
        """Bring organisations under another one from the day on."""
        for code in move.organs:
            organisation = self._resolve(f"{key}.organs", code)
            self._say("parent", f"{key}.organs", organisation.organ_id)
            under = self._resolve(f"{key}.under", move.under).organ_id
            self._keep(self._moved(f"{key}.organs", organisation, under))

    def _moved(self, key: str, organisation: Organisation, under: OrganId) -> Organisation:
        """The organisation under another one; a move on the same day is corrected."""
        day, former = self.plan.effective, organisation.former_parents
        since = former[-1].valid_to if former else organisation.valid_from
        parent, above = organisation.parent, organisation.parent_on(day)
        if above is not None and self._resolve(key, above).organ_id == under:
            return organisation
        if since is not None and since > day:
            expected = f"an organisation that has not moved on {since}"
            raise _refused(key, organisation.organ_id, expected)
        if parent is not None and since != day:
            former = (*former, OrganLink(organ_id=parent, valid_from=since, valid_to=day))
        with _at(key):
            return evolve(organisation, parent=under, former_parents=former)

    def serve(self, key: str, duty: ContactPoint) -> None:
        """Let an office send and receive for bodies from the day on."""
        day = self.plan.effective
        if duty.until is not None and duty.until <= day:
            raise InvalidValue(field=f"{key}.until", found=duty.until, expected=f"after {day}")
        office = self._resolve(f"{key}.office", duty.office)
        links = {(link.organ_id, link.valid_from): link for link in office.acting_for}
        lasting = _served_until(office, day)
        for code in duty.bodies:
            body = self._resolve(f"{key}.bodies", code).organ_id
            if body == office.organ_id:
                raise _refused(f"{key}.bodies", code, "a body other than the office itself")
            self._say("duty", f"{key}.bodies", body, office.organ_id)
            link = OrganLink(organ_id=body, valid_from=day, valid_to=duty.until)
            if links.get((body, day)) == link:
                continue
            last = lasting.get(body, date.min)
            if duty.until is not None and duty.until < last:
                expected = f"{last}: {office.organ_id} serves {body} until then already"
                if last == date.max:
                    expected = f"no end: {office.organ_id} serves {body} without one already"
                raise InvalidValue(field=f"{key}.until", found=duty.until, expected=expected)
            if lasting.get(body) != date.max:
                links[body, day] = link
        with _at(f"{key}.bodies"):
            self._keep(evolve(office, acting_for=tuple(links.values())))

    def finish(self) -> tuple[Organisation, ...]:
        """Check what only the whole plan shows.

        Raises:
            InvalidValue: a part of the plan needs an organisation that another part ends, or an
                organisation would take itself over.
        """
        after = directory_with(self.known, self.changed.values())
        for key, code in _lasting(self.plan):
            found = self._resolve(key, code)
            if not found.open_on(self.plan.effective):
                period = f"its time from {found.valid_from or '-'} to {found.valid_to or '-'}"
                because = self.ended.get(found.organ_id, period)
                expected = f"an organisation that exists on {self.plan.effective}, see {because}"
                raise _refused(key, code, expected)
        for source, key in self.ended.items():
            _check_circle(key, after.resolve(source), after)
        for (what, organ, _), key in self.said.items():
            if what == "parent":
                _check_above(key, after.resolve(organ), after, self.plan.effective)
        return tuple(
            organisation
            for organ_id, organisation in self.changed.items()
            if organ_id not in self.known or self.known.resolve(organ_id) != organisation
        )

    def _keep(self, organisation: Organisation) -> None:
        self.changed[organisation.organ_id] = organisation
        if organisation.organ_id not in self.known:
            self.codes |= dict.fromkeys(organisation.all_codes(), organisation.organ_id)

    def _say(self, what: str, key: str, organ: OrganId, by: OrganId | None = None) -> None:
        """Note what a key says; nothing is said twice in one plan."""
        if (what, organ, by) in self.said:
            elsewhere = self.said[what, organ, by]
            raise _refused(key, organ, f"an organisation of which {elsewhere} does not say it too")
        self.said[what, organ, by] = key

    def _find(self, code: OrganId) -> Organisation | None:
        if code in self.known:
            found = self.known.resolve(code)
            return self.changed.get(found.organ_id, found)
        return self.changed[self.codes[code]] if code in self.codes else None

    def _resolve(self, key: str, code: OrganId) -> Organisation:
        found = self._find(code)
        if found is None:
            raise _refused(key, code, "an organisation of the directory or of [[found]]")
        return found


def _served_until(office: Organisation, day: date) -> Mapping[OrganId, date]:
    """Until when an office serves bodies by what did not begin on the day."""
    found = dict.fromkeys(office.contact_point_of, date.max)
    for link in office.acting_for:
        if link.valid_from != day:
            last = found.get(link.organ_id, date.min)
            found[link.organ_id] = max(last, link.valid_to or date.max)
    return found


def _founded(founding: Founding, name: OrganName, day: date) -> Organisation:
    codes = (founding.code, *founding.aliases)
    return Organisation(
        organ_id=founding.code,
        codes=[OrganCode(scheme=code.scheme, value=code, valid_from=day) for code in codes],
        names=[name],
        level=founding.level,
        parent=founding.parent,
        in_charge=founding.in_charge,
        valid_from=day,
    )


def _lasting(plan: Plan) -> Iterator[tuple[str, OrganId]]:
    """The organisations that must exist on the day, with the keys that name them."""
    for place, founding in enumerate(plan.found):
        if founding.parent is not None:
            yield f"found[{place}].parent", founding.parent
    for place, merge in enumerate(plan.merge):
        yield f"merge[{place}].into", merge.into
    for place, split in enumerate(plan.split):
        yield from ((f"split[{place}].into", heir) for heir in split.into)
    for place, renaming in enumerate(plan.rename):
        if renaming.code is None:
            yield f"rename[{place}].organ", renaming.organ
    for place, move in enumerate(plan.move):
        yield from ((f"move[{place}].organs", organ) for organ in move.organs)
        yield f"move[{place}].under", move.under
    for place, duty in enumerate(plan.contact_point):
        yield f"contact_point[{place}].office", duty.office
        yield from ((f"contact_point[{place}].bodies", body) for body in duty.bodies)


def _check_circle(key: str, source: Organisation, directory: Directory) -> None:
    """Nobody takes itself over, whenever its successors end."""
    waiting, seen = list(source.successors), set[OrganId]()
    while waiting:
        heir = directory.resolve(waiting.pop()).organ_id
        if heir == source.organ_id:
            raise _refused(key, source.organ_id, "successors that do not end into it again")
        if heir not in seen:
            seen.add(heir)
            waiting.extend(directory.resolve(heir).successors)


def _check_above(key: str, organisation: Organisation, directory: Directory, day: date) -> None:
    """Nobody stands above itself, neither on the day nor after all that is known of."""
    for on in (day, date.max):
        above, seen = organisation.parent_on(on), set[OrganId]()
        while above is not None and above not in seen:
            seen.add(above)
            found = directory.resolve(above)
            if found.organ_id == organisation.organ_id:
                expected = "an organisation above which it does not stand itself"
                raise _refused(key, organisation.organ_id, expected)
            above = found.parent_on(on)


@contextmanager
def _at(key: str) -> Iterator[None]:
    """Name a key of the plan as what is wrong."""
    try:
        yield
    except InputError as error:
        raise type(error)(**{**error.facts, "field": key}) from error


def _of(organisation: Organisation) -> str:
    return f"{organisation.organ_id} {organisation.names[-1].value}"


def _refused(key: str, code: OrganId, expected: str) -> InvalidValue:
    return InvalidValue(field=key, found=str(code), expected=expected)
