"""What a plan makes of the directory; a plan that contradicts itself or the directory is refused.

Errors name the key of the plan, such as ``merge[0].from``. Carrying a plan out again changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from attrs import define, evolve, field

from lienthong.codec.toml_values import located
from lienthong.errors import InputError, InvalidValue
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory, OrganCode, Organisation, OrganLink, OrganName
from lienthong_node.core.plan import ContactPoint, Founding, Move, Plan, Rename
from lienthong_node.core.registry import directory_with


def reorganised(plan: Plan, known: Directory) -> tuple[Organisation, ...]:
    """The organisations that a plan enters or changes, as they are afterwards.

    Args:
        plan: what was decided.
        known: the directory as it is.

    Raises:
        InvalidValue: the plan names a code that nobody has or somebody else has, an organisation
            that does not exist on the day, both as source and as target, or twice.
        CodeTaken: two new organisations claim one code.
    """
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
            work.rename(f"rename[{place}].organ", renaming)
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
            old = known.resolve(renaming.organ)
            yield (
                f"rename[{place}].code",
                Founding(
                    code=renaming.code,
                    name=renaming.name or old.name_on(plan.effective),
                    level=old.level,
                    parent=old.parent_on(plan.effective),
                    in_charge=old.in_charge,
                ),
            )


@define
class _Work:
    """The directory while a plan is carried out."""

    plan: Plan
    known: Directory
    changed: dict[OrganId, Organisation] = field(factory=dict, init=False)
    """By canonical code."""

    ended: dict[OrganId, str] = field(factory=dict, init=False)
    """The keys of what ends, by canonical code."""

    def found(self, key: str, founding: Founding) -> None:
        """Enter an organisation that begins on the day."""
        day = self.plan.effective
        for code in (founding.code, *founding.aliases):
            holder = self._find(code)
            if holder is not None and (
                holder.organ_id != founding.code
                or holder.valid_from != day
                or founding.code in self.changed
            ):
                raise _refused(key, code, f"a code that nobody has had, not that of {_of(holder)}")
        if founding.code in self.known:
            return
        try:
            self._keep(_founded(founding, day))
        except InputError as error:
            raise located(error, key.rpartition(".")[0]) from error

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
            expected = f"an organisation that does not end on {organisation.valid_to} already"
            raise _refused(f"{key}.{source_key}", source, expected)
        self.ended[organisation.organ_id] = f"{key}.{source_key}"
        self._keep(evolve(organisation, valid_to=day, successors=taking_over))

    def rename(self, key: str, renaming: Rename) -> None:
        """Let an organisation have another name from the day on."""
        day = self.plan.effective
        organisation = self._resolve(key, renaming.organ)
        last = organisation.names[-1]
        if last.value == renaming.name:
            return
        if last.valid_from is not None and last.valid_from >= day:
            expected = f"an organisation that has no other name since {last.valid_from}"
            raise _refused(key, renaming.organ, expected)
        names = (
            *organisation.names[:-1],
            evolve(last, valid_to=day),
            OrganName(value=renaming.name, valid_from=day),
        )
        self._keep(evolve(organisation, names=names))

    def move(self, key: str, move: Move) -> None:
        """Bring organisations under another one from the day on."""
        day, under = self.plan.effective, self._resolve(f"{key}.under", move.under).organ_id
        for code in move.organs:
            organisation = self._resolve(f"{key}.organs", code)
            if organisation.organ_id == under:
                raise _refused(f"{key}.organs", code, "an organisation other than the one above it")
            former = organisation.former_parents
            since = former[-1].valid_to if former else None
            if organisation.parent == under:
                continue
            if since is not None and since >= day:
                expected = f"an organisation that has not moved on {since}"
                raise _refused(f"{key}.organs", code, expected)
            if organisation.parent is not None:
                left = OrganLink(organ_id=organisation.parent, valid_from=since, valid_to=day)
                former = (*former, left)
            self._keep(evolve(organisation, parent=under, former_parents=former))

    def serve(self, key: str, duty: ContactPoint) -> None:
        """Let an office send and receive for bodies from the day on."""
        if duty.until is not None and duty.until <= self.plan.effective:
            raise InvalidValue(
                field=f"{key}.until", found=duty.until, expected=f"after {self.plan.effective}"
            )
        office = self._resolve(f"{key}.office", duty.office)
        links = list(office.acting_for)
        for code in duty.bodies:
            body = self._resolve(f"{key}.bodies", code).organ_id
            if body == office.organ_id:
                raise _refused(f"{key}.bodies", code, "a body other than the office itself")
            start = self.plan.effective
            link = OrganLink(organ_id=body, valid_from=start, valid_to=duty.until)
            if link not in links and body not in office.contact_point_of:
                links.append(link)
        self._keep(evolve(office, acting_for=links))

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
        return tuple(
            organisation
            for organ_id, organisation in self.changed.items()
            if organ_id not in self.known or self.known.resolve(organ_id) != organisation
        )

    def _keep(self, organisation: Organisation) -> None:
        self.changed[organisation.organ_id] = organisation

    def _find(self, code: OrganId) -> Organisation | None:
        if code in self.known:
            found = self.known.resolve(code)
            return self.changed.get(found.organ_id, found)
        founded = (one for one in self.changed.values() if code in one.all_codes())
        return next(founded, None)

    def _resolve(self, key: str, code: OrganId) -> Organisation:
        found = self._find(code)
        if found is None:
            raise _refused(key, code, "an organisation of the directory or of [[found]]")
        return found


def _founded(founding: Founding, day: date) -> Organisation:
    codes = (founding.code, *founding.aliases)
    return Organisation(
        organ_id=founding.code,
        codes=[OrganCode(scheme=code.scheme, value=code, valid_from=day) for code in codes],
        names=[OrganName(value=founding.name, valid_from=day)],
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


def _of(organisation: Organisation) -> str:
    return f"{organisation.organ_id} {organisation.names[-1].value}"


def _refused(key: str, code: OrganId, expected: str) -> InvalidValue:
    return InvalidValue(field=key, found=str(code), expected=expected)
