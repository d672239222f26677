"""What a rule set asks for one document: its lists and times reach the rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from attrs import evolve

from lienthong.errors import InvalidValue, MissingField, NaiveTime
from lienthong.model.deadline import DeadlineKind
from lienthong.model.document import Document, DocumentSigner
from lienthong.model.ids import DocumentNumber, OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.model.time import VIETNAM
from lienthong.model.words import AttachmentKind, IssueForm, Urgency
from lienthong.rules.duties import (
    Due,
    Sent,
    confirming_recall,
    forwarding,
    noticing,
    paper_for,
    receiving_deadlines,
    sending_deadlines,
    taking,
)
from lienthong.rules.moments import Deadline
from lienthong.rules.paper import Override
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.sections.directory import DirectoryRules
from lienthong.rules.sections.exchange import Receiving
from lienthong.rules.sections.flow import Flow
from lienthong.rules.sections.office import Office
from lienthong.rules.sections.paper import Bodies, Paper
from sdk.tests.rules.conftest import make_calendar

CALENDAR = make_calendar()
RULES = RuleSet(name="own", title="Bộ quy tắc thử")
SENDER, OTHER = OrganId("000.00.01.H53"), OrganId("000.00.13.H53")
DOCUMENT = Document(
    issuer_code=SENDER,
    issuer_name="Văn phòng",
    number=DocumentNumber.parse("52/CV-VP"),
    issued_date=date(2026, 11, 13),
    kind=DocumentKind.CONG_VAN,
    subject="Về việc gửi, nhận văn bản điện tử",
    signer=DocumentSigner(full_name="Chánh Văn phòng", position="Chánh Văn phòng"),
)


def local(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=VIETNAM)


def told(due: tuple[Due, ...] | list[Due]) -> dict[str, str]:
    return {one.name: one.moment.at.astimezone(VIETNAM).strftime("%d/%m %H:%M") for one in due}


def form(rules: RuleSet, recipient: OrganId | None = OTHER, **sent: object) -> IssueForm:
    return paper_for(DOCUMENT, recipient, rules, Sent(**sent)).form  # type: ignore[arg-type]


class TestPaper:
    def test_ordinary_recipient_gets_none(self) -> None:
        assert form(RULES) is IssueForm.E_ONLY
        assert form(RULES, None) is IssueForm.E_ONLY

    @pytest.mark.parametrize("organ", [SENDER, OTHER])
    def test_whoever_is_not_ready_gets_paper_only(self, organ: OrganId) -> None:
        rules = evolve(RULES, directory=DirectoryRules(not_ready=(organ,)))
        assert form(rules) is IssueForm.PAPER_ONLY
        assert form(rules, OrganId("H53.7")) is (
            IssueForm.PAPER_ONLY if organ == SENDER else IssueForm.E_ONLY
        )

    def test_bodies_are_those_of_the_rule_set(self) -> None:
        rules = evolve(RULES, paper=Paper(bodies=Bodies(COUNCIL=[OTHER])))
        assert form(rules) is IssueForm.E_ONLY
        decision = paper_for(DOCUMENT, OTHER, rules, Sent(is_submission=True))
        assert (decision.form, decision.reasons[0].number) == (IssueForm.E_AND_PAPER, 4)

    def test_justice_appraises_on_paper(self) -> None:
        rules = evolve(RULES, paper=Paper(bodies=Bodies(JUSTICE=[OTHER])))
        assert form(rules, for_appraisal=True) is IssueForm.E_AND_PAPER
        assert form(RULES, for_appraisal=True) is IssueForm.E_ONLY

    def test_lists_are_those_of_the_rule_set(self) -> None:
        listed = Paper(e_only_kinds=(), parallel_kinds=(DocumentKind.CONG_VAN,))
        assert form(evolve(RULES, paper=listed)) is IssueForm.E_AND_PAPER
        maps = [AttachmentKind.MAP]
        assert form(RULES, attachments=maps) is IssueForm.E_AND_PAPER
        none = evolve(RULES, paper=Paper(paper_attachments=()))
        assert form(none, attachments=maps) is IssueForm.E_ONLY

    def test_a_leader_decides_about_what_is_not_signed(self) -> None:
        with pytest.raises(MissingField):
            form(RULES, signed_by_both=False)
        both = Override(form=IssueForm.E_AND_PAPER, reason="cần bản giấy", decided_by="Chủ tịch")
        assert form(RULES, signed_by_both=False, override=both) is IssueForm.E_AND_PAPER

    def test_the_rule_set_says_whether_a_leader_may_decide_otherwise(self) -> None:
        both = Override(form=IssueForm.E_AND_PAPER, reason="cần bản giấy", decided_by="Chủ tịch")
        assert form(RULES, override=both) is IssueForm.E_AND_PAPER
        strict = evolve(RULES, paper=Paper(override_allowed=False))
        with pytest.raises(InvalidValue, match="override"):
            form(strict, override=both)


class TestSending:
    def test_ordinary_document_has_three_ends(self) -> None:
        found = sending_deadlines(Urgency.THUONG, local("13/11/2026 16:50"), RULES, CALENDAR)
        assert told([*found]) == {
            "sent_same_day": "14/11 00:00",
            "sent": "16/11 11:30",
            "sent_decree_30": "17/11 00:00",
        }

    def test_urgent_one_goes_at_once_at_any_hour(self) -> None:
        found = sending_deadlines(Urgency.HOA_TOC, local("14/11/2026 22:15"), RULES, CALENDAR)
        assert told([*found]) == {"sent": "14/11 22:30"}

    def test_naive_instants_are_refused(self) -> None:
        naive = datetime(2026, 11, 13, 16, 50)  # noqa: DTZ001 - on purpose
        with pytest.raises(NaiveTime):
            sending_deadlines(Urgency.THUONG, naive, RULES, CALENDAR)


class TestReceiving:
    def test_ordinary_document(self) -> None:
        found = receiving_deadlines(DOCUMENT, local("13/11/2026 17:00"), RULES, CALENDAR)
        assert told([*found]) == {
            "received": "16/11 07:30",
            "receipt_notice": "17/11 00:00",
            "refused": "17/11 00:00",
            "forwarded": "17/11 17:00",
        }

    @pytest.mark.parametrize(
        ("duty", "kind"), [(noticing, DeadlineKind.NOTICED), (taking, DeadlineKind.TAKEN)]
    )
    def test_what_the_axis_tells_cites_the_same_clause(
        self, duty: Callable[..., Deadline], kind: DeadlineKind
    ) -> None:
        assert duty(local("13/11/2026 17:00"), RULES, CALENDAR).clause == kind.clause

    def test_days_of_the_rule_set_count(self) -> None:
        own = evolve(RULES, receiving=Receiving(refuse_working_days=1, settle_working_days=3))
        found = told([*receiving_deadlines(DOCUMENT, local("12/02/2026 09:00"), own, CALENDAR)])
        assert (found["refused"], found["settled"]) == ("13/02 17:00", "24/02 17:00")

    def test_a_date_in_the_document_goes_before_the_province_s_days(self) -> None:
        own = evolve(RULES, receiving=Receiving(settle_working_days=3))
        asked = evolve(DOCUMENT, reply_requested=True, due_date=date(2026, 11, 30))
        found = told([*receiving_deadlines(asked, local("13/11/2026 09:00"), own, CALENDAR)])
        assert found["replied"] == "01/12 00:00"
        assert "settled" not in found

    def test_lunch_is_what_the_rule_set_says(self) -> None:
        noon = local("13/11/2026 12:00")
        inside = evolve(RULES, office=Office(lunch_is_outside=False))
        for rules, expected in ((RULES, "13/11 13:00"), (inside, "13/11 12:00")):
            found = told([*receiving_deadlines(DOCUMENT, noon, rules, CALENDAR)])
            assert found["received"] == expected

    def test_urgent_one_is_counted_in_working_or_in_elapsed_time(self) -> None:
        entered = local("14/11/2026 22:16")
        worked = forwarding(Urgency.HOA_TOC, entered, RULES, CALENDAR)
        assert worked.at == local("16/11/2026 07:30") + timedelta(minutes=15)
        elapsed = evolve(RULES, receiving=Receiving(urgent_in_office_hours=False))
        found = forwarding(Urgency.HOA_TOC, entered, elapsed, CALENDAR)
        assert found.at == entered + timedelta(minutes=15)

    def test_what_touches_an_open_day_is_provisional(self) -> None:
        found = receiving_deadlines(DOCUMENT, local("23/11/2026 17:05"), RULES, CALENDAR)
        provisional = {one.name for one in found if one.moment.provisional}
        assert {"received", "forwarded"} <= provisional

    def test_whatever_follows_an_open_day_is_provisional(self) -> None:
        own = evolve(RULES, receiving=Receiving(refuse_working_days=1, settle_working_days=3))
        for rules in (RULES, own):
            found = receiving_deadlines(DOCUMENT, local("23/11/2026 17:05"), rules, CALENDAR)
            assert {one.name for one in found if not one.moment.provisional} == set()
            assert {one.moment.calendar_version for one in found} == {CALENDAR.version}

    def test_urgent_document_without_a_date_is_settled_in_its_time(self) -> None:
        urgent = evolve(DOCUMENT, urgency=Urgency.HOA_TOC)
        entered = local("13/11/2026 16:00")
        found = receiving_deadlines(urgent, entered, RULES, CALENDAR)
        assert told([*found])["settled"] == "16/11 10:30"
        elapsed = evolve(RULES, receiving=Receiving(urgent_in_office_hours=False))
        found = receiving_deadlines(urgent, entered, elapsed, CALENDAR)
        assert told([*found])["settled"] == "13/11 20:00"
        asked = evolve(urgent, reply_requested=True, due_date=date(2026, 11, 30))
        assert "settled" not in told([*receiving_deadlines(asked, entered, RULES, CALENDAR)])

    def test_case_24_a_clerk_on_duty_accepts_before_the_office_opens(self) -> None:
        entered, accepted = local("14/11/2026 22:16"), local("14/11/2026 22:40")
        for at, expected in ((accepted, "14/11 22:55"), (local("16/11/2026 07:40"), "16/11 07:45")):
            found = forwarding(Urgency.HOA_TOC, entered, RULES, CALENDAR, accepted_at=at)
            assert found.at.astimezone(VIETNAM).strftime("%d/%m %H:%M") == expected

    @pytest.mark.planted("acceptance ends working time")
    @pytest.mark.parametrize(
        ("entered", "accepted", "expected"),
        [
            ("11/11/2026 10:50", "11/11/2026 10:51", "11/11 14:20"),
            ("11/11/2026 10:50", "11/11/2026 13:05", "11/11 14:20"),
            ("13/11/2026 16:50", "13/11/2026 16:51", "16/11 09:20"),
            ("11/11/2026 12:00", "11/11/2026 12:05", "11/11 14:05"),
            ("11/11/2026 12:00", "11/11/2026 13:00", "11/11 15:00"),
            ("14/11/2026 22:16", "11/11/2026 09:00", "15/11 00:16"),
        ],
        ids=["morning", "afternoon", "Friday", "lunch", "at receipt", "told before it entered"],
    )
    def test_an_acceptance_in_office_hours_changes_nothing(
        self, entered: str, accepted: str, expected: str
    ) -> None:
        """Only before it counts as received does an acceptance let the time run at any hour."""

        def due(at: datetime) -> str:
            found = forwarding(Urgency.KHAN, local(entered), RULES, CALENDAR, accepted_at=at)
            return found.at.astimezone(VIETNAM).strftime("%d/%m %H:%M")

        assert due(local(accepted)) == expected

    @pytest.mark.parametrize(
        ("days", "expected"), [(0, "17/11 00:00"), (1, "17/11 17:00"), (2, "18/11 17:00")]
    )
    def test_a_recall_counts_from_when_it_is_received(self, days: int, expected: str) -> None:
        rules = evolve(RULES, flow=Flow(recall_confirm_working_days=days))
        for asked in ("13/11/2026 17:30", "14/11/2026 09:00", "16/11/2026 16:59"):
            found = confirming_recall(local(asked), rules, CALENDAR)
            assert found.at.astimezone(VIETNAM).strftime("%d/%m %H:%M") == expected
