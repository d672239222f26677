"""What a reorganisation means in practice: routes from its day on, and what is left to do."""

from __future__ import annotations

from datetime import date, timedelta

from attrs import evolve

from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from lienthong_node.core.credentials import Credentials
from lienthong_node.core.plan import Plan
from lienthong_node.core.registry import directory_with
from lienthong_node.core.reorganisation import reorganised
from lienthong_node.core.routing import Route, left_to_do, routes
from node.tests.support import (
    BODY,
    DIRECTORY,
    NOBODY,
    NOW,
    OFFICE,
    A,
    B,
    C,
    D,
    grace_of,
    organisation,
    signing,
    signing_credentials,
)
from node.tests.test_reorganisation import DAY, EVE, NEW, duty, merge, plan, split


class TestRoutes:
    def seen(
        self, wanted: Plan, credentials: Credentials, known: Directory = DIRECTORY, grace: int = 0
    ) -> tuple[dict[str, Route], tuple[str, ...]]:
        changed = reorganised(wanted, known)
        made = directory_with(known, changed)
        found = routes(changed, known, made, credentials, day=DAY, law=grace_of(grace))
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

    def test_expired_certificates_sign_nothing_anyway(self) -> None:
        wanted = plan(found=(NEW,), merge=(merge(B, into=NOBODY),))
        certificates = Credentials(
            evolve(signing(organ), not_before=NOW - timedelta(days=9), not_after=NOW)
            for organ in (B, NOBODY)
        )
        seen, todo = self.seen(wanted, certificates)
        assert seen[B].lapsed == ()
        assert [line.split(":")[0] for line in todo] == [f"issue certificates to {NOBODY}"]

    def test_the_offices_of_a_successor_take_over_from_those_of_what_ended(self) -> None:
        wanted = plan(merge=(merge(BODY, into=C),), contact_point=(duty(D, C),))
        seen, _ = self.seen(wanted, signing_credentials())
        assert seen[BODY].contact_points == (OrganId(D),)

    def test_a_late_plan_says_what_it_does_not_change(self) -> None:
        known = DIRECTORY
        changed = reorganised(plan(merge=(merge(B, into=A),)), known)
        made, credentials = directory_with(known, changed), signing_credentials()
        found = routes(changed, known, made, credentials, day=DAY, law=grace_of(0))
        todo = left_to_do(found, known, made, credentials, day=DAY, today=DAY + timedelta(days=5))
        assert todo[-1].startswith("what was recorded from 2026-07-01 to 2026-07-06 stays")
