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
from lienthong_node.core.plan import ContactPoint, Founding, Merge, Move, Plan, Rename, Split
from lienthong_node.core.registry import directory_with
from lienthong_node.core.reorganisation import reorganised
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

    def test_again_it_changes_nothing_after_later_plans_too(self) -> None:
        later = DAY + timedelta(days=9)
        wanted = evolve(
            plan(
                rename=(rename(A, "UBND sau"), rename(NOBODY, "Sở sau")),
                move=(move(BODY, NOBODY, under=D),),
                contact_point=(duty(D, NOBODY, until=later + timedelta(days=90)),),
            ),
            effective=later,
        )
        known = directory_with(DIRECTORY, [organisation(BODY, parent=OrganId(A))])
        earlier = evolve(WHOLE, contact_point=(duty(D, NOBODY, until=later),))
        assert reorganised(earlier, after(wanted, after(earlier, known))) == ()

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
CORRECTED: Final[dict[str, tuple[Plan, Plan]]] = {
    "a founding": (
        plan(found=(NEW,)),
        plan(
            found=(
                evolve(
                    NEW,
                    name="Sở đúng",
                    aliases=(OrganId("H53.99"),),
                    level=2,
                    parent=OrganId(B),
                    in_charge="Giám đốc",
                ),
            )
        ),
    ),
    "a founding below one that comes behind it": (
        plan(found=(NEW,)),
        plan(found=(evolve(NEW, parent=OrganId("H53.9")), evolve(NEW, code=OrganId("H53.9")))),
    ),
    "a new code": (plan(rename=(rename(B, code=NOBODY),)), plan(rename=(rename(B, "x", NOBODY),))),
    "a name": (plan(rename=(rename(B, "Sai"),)), plan(rename=(rename(B, "Đúng"),))),
    "a move": (plan(move=(move(B, under=A),)), plan(move=(move(B, under=C),))),
    "a shorter duty": (
        plan(contact_point=(duty(D, B),)),
        plan(contact_point=(duty(D, B, until=DAY + timedelta(days=9)),)),
    ),
    "a longer duty": (
        plan(contact_point=(duty(D, B, until=DAY + timedelta(days=9)),)),
        plan(contact_point=(duty(D, B),)),
    ),
}


@pytest.mark.parametrize(("wrong", "right"), CORRECTED.values(), ids=CORRECTED)
def test_a_corrected_plan_has_the_effect_of_the_right_one(wrong: Plan, right: Plan) -> None:
    known = directory_with(DIRECTORY, [organisation(B, parent=OrganId(D))])
    corrected = {one.organ_id: one for one in after(right, after(wrong, known)).organisations}
    at_once = {one.organ_id: one for one in after(right, known).organisations}
    assert corrected == at_once
    assert reorganised(right, Directory(tuple(corrected.values()))) == ()


NOT_CORRECTED: Final = {
    "a code is given up": (
        plan(found=(evolve(NEW, aliases=(OrganId("H53.99"),)),)),
        plan(found=(NEW,)),
        "found[0].code",
    ),
    "another heir": (
        plan(merge=(merge(B, into=A),)),
        plan(merge=(merge(B, into=C),)),
        "merge[0].from",
    ),
    "the name of a later day": (
        evolve(plan(rename=(rename(B, "x"),)), effective=DAY + timedelta(days=9)),
        plan(rename=(rename(B, "x"),)),
        "rename[0].name",
    ),
    "the parent of a later day": (
        evolve(plan(move=(move(B, under=C),)), effective=DAY + timedelta(days=9)),
        plan(move=(move(B, under=C),)),
        "move[0].organs",
    ),
    "a duty of another plan": (
        evolve(plan(contact_point=(duty(D, B),)), effective=EVE),
        plan(contact_point=(duty(D, B, until=DAY + timedelta(days=9)),)),
        "contact_point[0].until",
    ),
    "a duty without days": (
        plan(),
        plan(contact_point=(duty(OFFICE, BODY, until=DAY + timedelta(days=9)),)),
        "contact_point[0].until",
    ),
}


@pytest.mark.parametrize(("earlier", "wanted", "key"), NOT_CORRECTED.values(), ids=NOT_CORRECTED)
def test_what_cannot_be_corrected_is_refused(earlier: Plan, wanted: Plan, key: str) -> None:
    known = after(earlier, directory_with(DIRECTORY, [organisation(B, parent=OrganId(D))]))
    with pytest.raises(InvalidValue) as caught:
        reorganised(wanted, known)
    assert caught.value.facts["field"] == key


REFUSED: Final = {
    "the first of all days": (evolve(plan(), effective=date.min), "effective"),
    "the last of all days": (evolve(plan(), effective=date.max), "effective"),
    "two names": (plan(rename=(rename(B, "x"), rename(B_NEW_CODE, "y"))), "rename[1].organ"),
    "a founding and another name": (
        plan(found=(NEW,), rename=(rename(NOBODY, "x"),)),
        "rename[0].organ",
    ),
    "two parents": (
        plan(move=(move(B, under=C), move(B_NEW_CODE, under=D))),
        "move[1].organs",
    ),
    "two ends of a duty": (
        plan(contact_point=(duty(B, C), duty(B, C, until=DAY + timedelta(days=9)))),
        "contact_point[1].bodies",
    ),
    "a founding under itself": (
        plan(found=(evolve(NEW, parent=OrganId(NOBODY)),)),
        "found[0].parent",
    ),
    "each other as parents": (
        plan(move=(move(A, under=B_NEW_CODE), move(B, under=A))),
        "move[0].organs",
    ),
    "too many successors": (
        plan(
            found=tuple(evolve(NEW, code=OrganId(f"H53.{n}")) for n in range(900, 951)),
            split=(split(B, *(f"H53.{n}" for n in range(900, 951))),),
        ),
        "split[0].into",
    ),
    "a name that is too long": (plan(rename=(rename(B, "x" * 201),)), "rename[0].name"),
    "a first name that is too long": (plan(found=(evolve(NEW, name="x" * 201),)), "found[0].name"),
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

    def test_a_circle_of_parents_that_closes_later(self) -> None:
        later = evolve(plan(move=(move(A, under=B),)), effective=DAY + timedelta(days=9))
        known = after(later, directory_with(DIRECTORY, [organisation(A, parent=OrganId(D))]))
        with pytest.raises(InvalidValue, match="does not stand itself"):
            reorganised(plan(move=(move(B, under=A),)), known)

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


def test_a_code_that_begins_later_is_not_written_to_before() -> None:
    made = after(plan(found=(evolve(NEW, aliases=(OrganId("H53.99"),)),)))
    new = found(made, "H53.99")
    assert isinstance(new.codes[0], OrganCode)
    assert new.codes_on(EVE) == ()
    assert new.codes_on(DAY) == (OrganId(NOBODY), OrganId("H53.99"))
