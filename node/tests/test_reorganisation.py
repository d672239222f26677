"""What a plan makes of the directory, and the plans that contradict themselves or it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import pytest
from attrs import evolve

from lienthong.errors import InvalidValue
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory, OrganCode, Organisation, OrganLink
from lienthong_node.core import reorganisation
from lienthong_node.core.credentials import Credentials
from lienthong_node.core.plan import ContactPoint, Founding, Merge, Move, Plan, Rename, Split
from lienthong_node.core.registry import directory_with
from lienthong_node.core.reorganisation import reorganised
from lienthong_node.core.routing import Route, left_to_do, routes
from node.tests.support import (
    B_NEW_CODE,
    BODY,
    CLOSED,
    DIRECTORY,
    HEIR,
    NOBODY,
    OFFICE,
    A,
    B,
    C,
    D,
    organisation,
    signing,
    signing_credentials,
)

DAY: Final = date(2026, 7, 1)
EVE: Final = DAY - timedelta(days=1)
NEW: Final = Founding(code=OrganId(NOBODY), name="Sở mới", parent=OrganId(A))


def plan(**parts: Any) -> Plan:
    return Plan(title="Sắp xếp", basis="QĐ 1/2026/QĐ-UBND", effective=DAY, **parts)


def merge(*sources: str, into: str) -> Merge:
    return Merge(sources=tuple(map(OrganId, sources)), into=OrganId(into))


def split(source: str, *into: str) -> Split:
    return Split(source=OrganId(source), into=tuple(map(OrganId, into)))


def move(*organs: str, under: str) -> Move:
    return Move(organs=tuple(map(OrganId, organs)), under=OrganId(under))


def duty(office: str, *bodies: str, until: date | None = None) -> ContactPoint:
    return ContactPoint(office=OrganId(office), bodies=tuple(map(OrganId, bodies)), until=until)


def rename(organ: str, name: str = "", code: str | None = None) -> Rename:
    return Rename(organ=OrganId(organ), name=name, code=OrganId(code) if code else None)


def after(wanted: Plan, known: Directory = DIRECTORY) -> Directory:
    return directory_with(known, reorganised(wanted, known))


def found(directory: Directory, code: str) -> Organisation:
    return directory.resolve(OrganId(code))


class TestCarriedOut:
    def test_a_merger_into_a_new_organisation(self) -> None:
        made = after(plan(found=(NEW,), merge=(merge(B_NEW_CODE, C, into=NOBODY),)))
        for code in (B, C):
            assert found(made, code).valid_to == DAY
            assert found(made, code).successors == (OrganId(NOBODY),)
        new = found(made, NOBODY)
        assert (new.valid_from, new.name_on(DAY), new.parent) == (DAY, "Sở mới", OrganId(A))
        assert not new.open_on(EVE)
        assert [one.organ_id for one in made.current(OrganId(B), EVE)] == [OrganId(B)]
        assert [one.organ_id for one in made.current(OrganId(B), DAY)] == [OrganId(NOBODY)]

    def test_a_split(self) -> None:
        made = after(plan(found=(NEW,), split=(split(B, NOBODY, C),)))
        assert found(made, B).successors == (OrganId(NOBODY), OrganId(C))
        assert made.successor_of(OrganId(B), DAY).organ_id == OrganId(B)

    def test_another_name(self) -> None:
        renamed = found(after(plan(rename=(rename(B, "Sở Khoa học và Công nghệ"),))), B)
        assert renamed.name_on(EVE) == f"Cơ quan {B}"
        assert renamed.name_on(DAY) == "Sở Khoa học và Công nghệ"
        assert renamed.open_on(DAY)

    def test_another_code_is_another_organisation(self) -> None:
        known = directory_with(
            DIRECTORY, [organisation(C, parent=OrganId(A), level=2, in_charge="Giám đốc")]
        )
        made = after(plan(rename=(rename(C, code=NOBODY),)), known)
        assert found(made, C).successors == (OrganId(NOBODY),)
        new = found(made, NOBODY)
        assert (new.name_on(DAY), new.parent, new.level, new.in_charge) == (
            f"Cơ quan {C}",
            OrganId(A),
            2,
            "Giám đốc",
        )

    def test_a_move_keeps_where_it_was(self) -> None:
        known = directory_with(DIRECTORY, [organisation(C, parent=OrganId(A))])
        moved = found(after(plan(move=(move(C, D, under=B_NEW_CODE),)), known), C)
        assert (moved.parent_on(EVE), moved.parent_on(DAY)) == (OrganId(A), OrganId(B))
        again = evolve(plan(move=(move(C, under=HEIR),)), effective=DAY + timedelta(days=9))
        twice = found(after(again, directory_with(known, [moved])), C)
        days = (EVE, DAY, DAY + timedelta(days=9))
        assert [twice.parent_on(day) for day in days] == list(map(OrganId, (A, B, HEIR)))

    def test_a_contact_point_for_some_time(self) -> None:
        until = DAY + timedelta(days=30)
        made = after(plan(contact_point=(duty(D, B_NEW_CODE, until=until),)))
        assert found(made, D).acting_for == (
            OrganLink(organ_id=OrganId(B), valid_from=DAY, valid_to=until),
        )
        days = (EVE, DAY, until)
        served = [made.contact_points_of(OrganId(B), day) for day in days]
        assert served == [(), (OrganId(D),), ()]

    def test_again_it_changes_nothing(self) -> None:
        assert reorganised(WHOLE, after(WHOLE)) == ()

    @pytest.mark.parametrize("day", [date(2020, 1, 1), EVE])
    def test_before_its_day_everything_is_as_before(self, day: date) -> None:
        known = directory_with(DIRECTORY, [organisation(BODY, parent=OrganId(A))])
        made = after(WHOLE, known)
        for before in known.organisations:
            one, organ = made.resolve(before.organ_id), before.organ_id
            assert one.open_on(day) is before.open_on(day)
            assert one.name_on(day) == before.name_on(day)
            assert one.parent_on(day) == before.parent_on(day)
            assert one.codes_on(day) == before.codes_on(day)
            assert made.representatives_of(organ, day) == known.representatives_of(organ, day)
            assert made.represented_by(organ, day) == known.represented_by(organ, day)
            assert made.successor_of(organ, day).organ_id == known.successor_of(organ, day).organ_id


WHOLE: Final = plan(
    found=(NEW,),
    merge=(merge(B, into=NOBODY),),
    split=(split(HEIR, NOBODY, A),),
    rename=(rename(A, "UBND mới"), rename(C, code="000.00.98.H53")),
    move=(move(BODY, under=NOBODY),),
    contact_point=(duty(D, NOBODY), duty(OFFICE, BODY)),
)
REFUSED: Final = {
    "an unknown source": (plan(merge=(merge(NOBODY, into=A),)), "merge[0].from"),
    "an unknown target": (plan(merge=(merge(B, into=NOBODY),)), "merge[0].into"),
    "an unknown parent": (plan(found=(evolve(NEW, parent=OrganId("H99")),)), "found[0].parent"),
    "an unknown body": (plan(contact_point=(duty(A, NOBODY),)), "contact_point[0].bodies"),
    "an unknown organisation to rename": (plan(rename=(rename(NOBODY, "x"),)), "rename[0].organ"),
    "itself": (plan(merge=(merge(B, into=B_NEW_CODE),)), "merge[0].into"),
    "a target that ends": (plan(merge=(merge(A, into=B), merge(B, into=C))), "merge[0].into"),
    "each other": (plan(merge=(merge(A, into=B), merge(B, into=A))), "merge[0].into"),
    "a target that has ended": (plan(merge=(merge(B, into=CLOSED),)), "merge[0].into"),
    "a source twice": (plan(merge=(merge(B, C, B_NEW_CODE, into=A),)), "merge[0].from"),
    "a source merged and split": (
        plan(merge=(merge(B, into=A),), split=(split(B, A, C),)),
        "split[0].from",
    ),
    "a successor twice": (plan(split=(split(B, A, A),)), "split[0].into"),
    "a source that has ended before": (plan(merge=(merge(CLOSED, into=A),)), "merge[0].from"),
    "a source that begins by the plan": (
        plan(found=(NEW,), merge=(merge(NOBODY, into=A),)),
        "merge[0].from",
    ),
    "a code that is known": (plan(found=(evolve(NEW, code=OrganId(B)),)), "found[0].code"),
    "another's alias": (
        plan(found=(evolve(NEW, aliases=(OrganId(B_NEW_CODE),)),)),
        "found[0].code",
    ),
    "a code twice": (plan(found=(NEW, NEW)), "found[1].code"),
    "a new code that is another's": (plan(rename=(rename(B, code=C),)), "rename[0].code"),
    "a renamed one that ends": (
        plan(merge=(merge(B, into=A),), rename=(rename(B, "x"),)),
        "rename[0].organ",
    ),
    "a moved one that ends": (
        plan(merge=(merge(B, into=A),), move=(move(B, under=C),)),
        "move[0].organs",
    ),
    "a move under itself": (plan(move=(move(B, under=B),)), "move[0].organs"),
    "a move under what ends": (
        plan(merge=(merge(B, into=A),), move=(move(C, under=B),)),
        "move[0].under",
    ),
    "an office that ends": (
        plan(merge=(merge(B, into=A),), contact_point=(duty(B, C),)),
        "contact_point[0].office",
    ),
    "an office that serves itself": (
        plan(contact_point=(duty(B, B),)),
        "contact_point[0].bodies",
    ),
    "a duty that ends before it begins": (
        plan(contact_point=(duty(B, C, until=DAY),)),
        "contact_point[0].until",
    ),
}


class TestContradictions:
    @pytest.mark.parametrize(("wanted", "key"), REFUSED.values(), ids=REFUSED)
    def test_are_refused_by_key(self, wanted: Plan, key: str) -> None:
        with pytest.raises(InvalidValue) as caught:
            reorganised(wanted, DIRECTORY)
        assert caught.value.facts["field"] == key

    def test_an_end_on_another_day(self) -> None:
        later = evolve(found(DIRECTORY, B), valid_to=DAY + timedelta(days=1))
        with pytest.raises(InvalidValue, match="does not end on 2026-07-02 already"):
            reorganised(plan(merge=(merge(B, into=A),)), directory_with(DIRECTORY, [later]))

    def test_an_end_in_another_organisation(self) -> None:
        known = after(plan(merge=(merge(B, into=C),)))
        with pytest.raises(InvalidValue, match="already"):
            reorganised(plan(merge=(merge(B, into=A),)), known)

    def test_a_circle_that_closes_later(self) -> None:
        later = evolve(
            found(DIRECTORY, A), valid_to=DAY + timedelta(days=9), successors=[OrganId(B)]
        )
        with pytest.raises(InvalidValue, match="end into it again"):
            reorganised(plan(merge=(merge(B, into=A),)), directory_with(DIRECTORY, [later]))

    @pytest.mark.parametrize("what", ["name", "parent"])
    def test_a_change_behind_one_that_is_known(self, what: str) -> None:
        late = evolve(
            plan(rename=(rename(B, "Sở II"),), move=(move(B, under=C),)),
            effective=DAY + timedelta(days=9),
        )
        known = directory_with(DIRECTORY, [organisation(B, parent=OrganId(A))])
        known = after(late, known)
        parts: dict[str, Any] = {
            "name": {"rename": (rename(B, "Sở I"),)},
            "parent": {"move": (move(B, under=D),)},
        }
        with pytest.raises(InvalidValue, match=r"2026-07-10"):
            reorganised(plan(**parts[what]), known)

    def test_these_tests_notice_a_plan_that_is_not_checked(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reorganisation, "_lasting", lambda _: ())
        wanted, key = REFUSED["each other"]
        with pytest.raises((pytest.fail.Exception, AssertionError)):
            self.test_are_refused_by_key(wanted, key)


class TestRoutes:
    def seen(
        self, wanted: Plan, credentials: Credentials, known: Directory = DIRECTORY, grace: int = 0
    ) -> tuple[dict[str, Route], tuple[str, ...]]:
        changed = reorganised(wanted, known)
        made = directory_with(known, changed)
        found = routes(changed, known, made, credentials, day=DAY, grace=timedelta(days=grace))
        todo = left_to_do(found, known, made, credentials, day=DAY, today=EVE)
        return {str(one.organ_id): one for one in found}, todo

    def test_of_a_merger(self) -> None:
        wanted = plan(
            found=(NEW,), merge=(merge(B, into=NOBODY),), contact_point=(duty(OFFICE, NOBODY),)
        )
        ended = signing(B)
        seen, todo = self.seen(wanted, Credentials([ended, signing(C), signing(OFFICE)]), grace=30)
        assert list(seen) == [NOBODY, B, OFFICE]
        assert seen[NOBODY].begins
        assert [link.organ_id for link in seen[OFFICE].serves] == [OrganId(NOBODY)]
        assert seen[B] == Route(
            organ_id=OrganId(B),
            name=f"Cơ quan {B}",
            begins=False,
            ends=True,
            successors=(OrganId(NOBODY),),
            forwarded_until=date(2026, 7, 31),
            parent=None,
            contact_points=(OrganId(OFFICE),),
            serves=(),
            lapsed=(ended.fingerprint,),
        )
        assert [line.split()[0] for line in todo] == ["revoke"]

    def test_without_grace_or_with_several_successors_nothing_is_forwarded(self) -> None:
        assert (
            self.seen(plan(merge=(merge(B, into=A),)), Credentials())[0][B].forwarded_until is None
        )
        seen, todo = self.seen(plan(split=(split(B, A, C),)), signing_credentials(), grace=30)
        assert seen[B].forwarded_until is None
        assert any("tell senders to choose" in line for line in todo)

    def test_what_is_left_to_do(self) -> None:
        known = directory_with(DIRECTORY, [organisation(C, parent=OrganId(B))])
        wanted = plan(found=(NEW,), merge=(merge(B, OFFICE, into=NOBODY),))
        _, todo = self.seen(wanted, Credentials(), known)
        assert todo == (
            f"issue certificates to {NOBODY}: it has none, nor has a contact point of it",
            f"move {C}: {B} above it has ended",
            f"name a contact point of {BODY}: {OFFICE} has ended",
        )

    def test_a_late_plan_says_what_it_does_not_change(self) -> None:
        known = DIRECTORY
        changed = reorganised(plan(merge=(merge(B, into=A),)), known)
        made, credentials = directory_with(known, changed), signing_credentials()
        found = routes(changed, known, made, credentials, day=DAY, grace=timedelta())
        todo = left_to_do(found, known, made, credentials, day=DAY, today=DAY + timedelta(days=5))
        assert todo[-1].startswith("what was recorded from 2026-07-01 to 2026-07-06 stays")


def test_a_code_that_begins_later_is_not_written_to_before() -> None:
    made = after(plan(found=(evolve(NEW, aliases=(OrganId("H53.99"),)),)))
    new = found(made, "H53.99")
    assert isinstance(new.codes[0], OrganCode)
    assert new.codes_on(EVE) == ()
    assert new.codes_on(DAY) == (OrganId(NOBODY), OrganId("H53.99"))
