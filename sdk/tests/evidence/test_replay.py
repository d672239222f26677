"""Effects in the journal against the delivery machine: each is made anew from what was signed."""

from __future__ import annotations

from datetime import date

import pytest
from attrs import evolve

from lienthong.codec.signed import load_entry
from lienthong.errors import BundleInvalid
from lienthong.evidence.receipt import match_envelope
from lienthong.evidence.replay import Replay
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import Effect, PackageRecord
from lienthong.model.package import PackageKind
from lienthong.model.report import CheckSummary, RegisterEntry
from lienthong.testing.case import RECIPIENT, SENDER, CaseBuilder
from lienthong.testing.pki import TestPKI

E, S = DeliveryEvent, DeliveryState
OTHER = OrganId("G22.99.03")
PKI = TestPKI(CaseBuilder().clock())


@pytest.fixture
def case() -> CaseBuilder:
    return CaseBuilder(pki=PKI)


def play(case: CaseBuilder) -> dict[tuple[PackageId, OrganId], tuple[DeliveryState, bool]]:
    return replayed(case)[0]


def changes(case: CaseBuilder) -> list[list[tuple[OrganId, DeliveryState | None, DeliveryState]]]:
    """What each entry changed."""
    return [
        [(one.recipient, one.from_state, one.to_state) for one in effects]
        for effects in replayed(case)[1]
    ]


def replayed(
    case: CaseBuilder,
) -> tuple[dict[tuple[PackageId, OrganId], tuple[DeliveryState, bool]], list[tuple[Effect, ...]]]:
    entries = [load_entry(item.receipt.entry) for item in case.entries]
    envelopes = [item.envelope for item in case.entries]
    recorded = [match_envelope(*pair) for pair in zip(entries, envelopes, strict=True)]
    replay = Replay(recorded)
    effects = [replay.take(entry.index, one) for entry, one in zip(entries, recorded, strict=True)]
    states = {
        (each.package_id, each.recipient): (each.state, each.complete) for each in replay.deliveries
    }
    return states, effects


def only(case: CaseBuilder) -> tuple[DeliveryState, bool]:
    (found,) = play(case).values()
    return found


def accepted(case: CaseBuilder, recipient: OrganId = RECIPIENT) -> PackageId:
    package = case.send(b"main", recipients=(recipient,))
    case.report(E.ARRIVE, package, S.SENT, S.ARRIVED, recipient=recipient)
    case.report(E.ACCEPT, package, S.ARRIVED, S.ACCEPTED, recipient=recipient)
    return package


# --- Whole lives


def test_a_full_life_ends_completed(case: CaseBuilder) -> None:
    package = accepted(case)
    case.report(E.FORWARD, package, S.ACCEPTED, S.FORWARDED)
    case.report(E.START, package, S.FORWARDED, S.IN_PROGRESS)
    case.report(E.COMPLETE, package, S.IN_PROGRESS, S.COMPLETED)
    case.report(E.REOPEN, package, S.COMPLETED, S.IN_PROGRESS)
    assert only(case) == (S.IN_PROGRESS, True)


def test_a_refusal_ends_it(case: CaseBuilder) -> None:
    package = case.send(b"main")
    case.report(E.ARRIVE, package, S.SENT, S.ARRIVED)
    case.report(E.REFUSE, package, S.ARRIVED, S.REFUSED)
    assert only(case) == (S.REFUSED, True)


def test_a_refused_take_back_goes_back_to_where_it_was(case: CaseBuilder) -> None:
    package = case.send(b"main")
    case.report(E.REQUEST_TAKE_BACK, package, S.SENT, S.TAKE_BACK_PENDING, reporter=SENDER)
    case.report(E.ARRIVE, package, S.TAKE_BACK_PENDING, S.TAKE_BACK_PENDING)
    case.report(E.REFUSE_TAKE_BACK, package, S.TAKE_BACK_PENDING, S.ARRIVED)
    assert only(case) == (S.ARRIVED, True)


def test_an_acceptance_wins_over_a_take_back(case: CaseBuilder) -> None:
    package = case.send(b"main")
    case.report(E.ARRIVE, package, S.SENT, S.ARRIVED)
    case.report(E.REQUEST_TAKE_BACK, package, S.ARRIVED, S.TAKE_BACK_PENDING, reporter=SENDER)
    case.report(E.ACCEPT, package, S.TAKE_BACK_PENDING, S.ACCEPTED)
    case.report(E.REFUSE_TAKE_BACK, package)
    assert only(case) == (S.ACCEPTED, True)


def test_a_recall_is_confirmed(case: CaseBuilder) -> None:
    package = accepted(case)
    case.send(kind=PackageKind.RECALL, target=package)
    case.report(E.CONFIRM_RECALL, package, S.RECALL_PENDING, S.RECALLED)
    assert only(case) == (S.RECALLED, True)


def test_a_recall_before_acceptance_needs_no_answer(case: CaseBuilder) -> None:
    package = case.send(b"main")
    case.send(kind=PackageKind.RECALL, target=package)
    case.report(E.ARRIVE, package)
    case.report(E.CONFIRM_RECALL, package)
    assert only(case) == (S.RECALLED, True)


def test_an_update_is_applied(case: CaseBuilder) -> None:
    package = accepted(case)
    case.send(kind=PackageKind.UPDATE, target=package)
    case.report(E.APPLY_UPDATE, package, S.UPDATE_PENDING, S.ACCEPTED)
    assert only(case) == (S.ACCEPTED, True)


def test_a_replacement_takes_over_when_it_is_accepted(case: CaseBuilder) -> None:
    package = accepted(case)
    new = case.send(b"better", kind=PackageKind.REPLACE, target=package)
    case.report(E.ARRIVE, new, S.SENT, S.ARRIVED)
    case.report(
        E.ACCEPT,
        new,
        S.ARRIVED,
        S.ACCEPTED,
        changes=[(package, RECIPIENT, S.ACCEPTED, S.REPLACED)],
    )
    assert play(case) == {
        (package, RECIPIENT): (S.REPLACED, True),
        (new, RECIPIENT): (S.ACCEPTED, True),
    }


def test_a_replacement_before_acceptance_replaces_at_once(case: CaseBuilder) -> None:
    package = case.send(b"main")
    new = case.send(b"better", kind=PackageKind.REPLACE, target=package)
    assert play(case) == {
        (package, RECIPIENT): (S.REPLACED, True),
        (new, RECIPIENT): (S.SENT, True),
    }


def test_a_recall_waits_for_no_answer_to_an_update(case: CaseBuilder) -> None:
    package = accepted(case)
    case.send(kind=PackageKind.UPDATE, target=package)
    case.send(kind=PackageKind.RECALL, target=package)
    case.report(E.APPLY_UPDATE, package)
    case.report(E.REJECT_RECALL, package, S.RECALL_PENDING, S.ACCEPTED)
    assert only(case) == (S.ACCEPTED, True)
    assert changes(case)[3:5] == [
        [(RECIPIENT, S.ACCEPTED, S.UPDATE_PENDING)],
        [(RECIPIENT, S.UPDATE_PENDING, S.RECALL_PENDING)],
    ]


def test_a_late_report_names_who_leads(case: CaseBuilder) -> None:
    package = accepted(case)
    case.report(E.START, package, S.ACCEPTED, S.IN_PROGRESS)
    case.report(E.FORWARD, package)
    case.report(E.COMPLETE, package, S.IN_PROGRESS, S.COMPLETED)
    assert only(case) == (S.COMPLETED, True)


def test_a_report_may_name_older_codes_than_the_journal(case: CaseBuilder) -> None:
    package = case.send(b"main")
    old = OrganId("000.00.02.G22")
    case.report(E.ARRIVE, package, S.SENT, S.ARRIVED, alias=old)
    case.report(E.ACCEPT, package, S.ARRIVED, S.ACCEPTED, alias=old)
    assert only(case) == (S.ACCEPTED, True)


def test_the_code_that_was_recorded_decides(case: CaseBuilder) -> None:
    package = case.send(b"main")
    case.report(E.ARRIVE, package, S.SENT, S.ARRIVED, reporter=OTHER, alias=RECIPIENT)
    with pytest.raises(BundleInvalid, match="no party"):
        play(case)


def test_a_repeated_report_changes_nothing(case: CaseBuilder) -> None:
    package = accepted(case)
    case.report(E.ARRIVE, package)
    assert only(case) == (S.ACCEPTED, True)


# --- Effects that the machine does not give


@pytest.mark.parametrize(
    ("event", "before", "after"),
    [
        (E.ARRIVE, S.SENT, S.ACCEPTED),
        (E.ACCEPT, S.SENT, S.ARRIVED),
        (E.START, S.SENT, S.IN_PROGRESS),
        (E.CONFIRM_RECALL, S.SENT, S.RECALLED),
        (E.ARRIVE, S.SENT, S.SENT),
    ],
)
def test_wrong_effects_are_refused(
    case: CaseBuilder, event: DeliveryEvent, before: DeliveryState, after: DeliveryState
) -> None:
    case.report(event, case.send(b"main"), before, after)
    with pytest.raises(BundleInvalid, match=r"1\.receipt"):
        play(case)


@pytest.mark.parametrize(("event", "state"), [(E.ACCEPT, S.ACCEPTED), (E.REFUSE, S.REFUSED)])
def test_an_arrival_after_the_answer_has_no_effect(
    case: CaseBuilder, event: DeliveryEvent, state: DeliveryState
) -> None:
    package = case.send(b"main")
    case.report(event, package, S.SENT, state)
    case.report(E.ARRIVE, package)
    assert only(case) == (state, True)


def test_a_missing_effect_is_refused(case: CaseBuilder) -> None:
    case.report(E.ARRIVE, case.send(b"main"))
    with pytest.raises(BundleInvalid, match="no effect of ARRIVE in SENT"):
        play(case)


def test_an_effect_that_a_condition_forbids_is_refused(case: CaseBuilder) -> None:
    package = case.send(b"main")
    case.report(E.ARRIVE, package, S.SENT, S.ARRIVED)
    failed = CheckSummary(
        complete=True, intact=False, authentic=True, checked_at=case.clock(), checker="test"
    )
    register = RegisterEntry(number=1, date=date(2026, 3, 2))
    case.report(E.ACCEPT, package, S.ARRIVED, S.ACCEPTED, check=failed, register=register)
    with pytest.raises(BundleInvalid, match="check report"):
        play(case)


def test_a_reply_that_was_asked_for_has_to_be_there(case: CaseBuilder) -> None:
    document = {"reply_requested": True, "due_date": date(2026, 4, 1)}
    package = case.send(b"main", document=document)
    case.report(E.ARRIVE, package, S.SENT, S.ARRIVED)
    case.report(E.ACCEPT, package, S.ARRIVED, S.ACCEPTED)
    case.report(E.COMPLETE, package, S.ACCEPTED, S.COMPLETED, information_only=True)
    with pytest.raises(BundleInvalid, match="reply"):
        play(case)


def test_the_same_event_with_other_content_is_refused(case: CaseBuilder) -> None:
    package = accepted(case)
    register = RegisterEntry(number=2, date=date(2026, 3, 2))
    case.report(E.ACCEPT, package, register=register)
    with pytest.raises(BundleInvalid, match="ACCEPT"):
        play(case)


@pytest.mark.parametrize("reporter", [SENDER, OTHER])
def test_only_the_recipient_reports_its_state(case: CaseBuilder, reporter: OrganId) -> None:
    case.report(E.ARRIVE, case.send(b"main"), S.SENT, S.ARRIVED, reporter=reporter)
    with pytest.raises(BundleInvalid):
        play(case)


def test_only_the_sender_takes_back(case: CaseBuilder) -> None:
    case.report(E.REQUEST_TAKE_BACK, case.send(b"main"), S.SENT, S.TAKE_BACK_PENDING)
    with pytest.raises(BundleInvalid):
        play(case)


@pytest.mark.parametrize("kind", [PackageKind.RECALL, PackageKind.UPDATE, PackageKind.REPLACE])
def test_an_entry_does_not_tell_what_a_package_does_to_its_target(
    case: CaseBuilder, kind: PackageKind
) -> None:
    first = case.send(b"main")
    contents = [b"better"] if kind is PackageKind.REPLACE else []
    change = (first, RECIPIENT, S.SENT, S.RECALLED)
    case.send(*contents, kind=kind, target=first, changes=[change])
    with pytest.raises(BundleInvalid, match="not new deliveries to its recipients"):
        play(case)


@pytest.mark.parametrize("recipients", [(), (OTHER,), (RECIPIENT, OTHER)])
def test_a_document_has_one_delivery_to_each_recipient(
    case: CaseBuilder, recipients: tuple[OrganId, ...]
) -> None:
    package = case.send(b"main")
    item = case.entries.pop()
    entry = load_entry(item.receipt.entry)
    effects = [Effect(package_id=package, recipient=one, to_state=S.SENT) for one in recipients]
    assert isinstance(entry.body, PackageRecord)
    receipt = case.journal.record(evolve(entry.body, effects=effects), item.envelope)
    case.entries.append(evolve(item, receipt=receipt))
    with pytest.raises(BundleInvalid, match="not new deliveries to its recipients"):
        play(case)


def test_an_accepted_replacement_does_not_leave_what_it_replaces(case: CaseBuilder) -> None:
    package = accepted(case)
    new = case.send(b"better", kind=PackageKind.REPLACE, target=package)
    case.report(E.ARRIVE, new, S.SENT, S.ARRIVED)
    case.report(E.ACCEPT, new, S.ARRIVED, S.ACCEPTED)
    with pytest.raises(BundleInvalid, match="leaves what it replaces"):
        play(case)


def test_a_report_does_not_change_deliveries_to_others(case: CaseBuilder) -> None:
    package = case.send(b"main", recipients=(RECIPIENT, OTHER))
    case.report(E.ARRIVE, package, changes=[(package, OTHER, S.SENT, S.ARRIVED)])
    with pytest.raises(BundleInvalid, match="another recipient"):
        play(case)


def test_a_report_does_not_touch_other_packages(case: CaseBuilder) -> None:
    first, second = case.send(b"main"), case.send(b"other")
    change = (second, RECIPIENT, S.SENT, S.REPLACED)
    case.report(E.ARRIVE, first, S.SENT, S.ARRIVED, changes=[change])
    with pytest.raises(BundleInvalid, match="not about"):
        play(case)


def test_a_package_is_recorded_once(case: CaseBuilder) -> None:
    case.send(b"main")
    case.entries.append(case.entries[0])
    with pytest.raises(BundleInvalid, match="before"):
        play(case)


def test_what_is_not_in_the_bundle_cannot_be_acted_on(case: CaseBuilder) -> None:
    package = case.send(b"main")
    case.report(E.ARRIVE, package, S.SENT, S.ARRIVED)
    case.send(kind=PackageKind.RECALL, target=package)
    for kept in (case.entries[1:2], case.entries[2:]):
        part = CaseBuilder(pki=PKI)
        part.entries = list(kept)
        with pytest.raises(BundleInvalid, match="not in the bundle"):
            play(part)


def test_a_delivery_to_nobody_is_refused(case: CaseBuilder) -> None:
    case.report(E.ARRIVE, case.send(b"main"), S.SENT, S.ARRIVED, recipient=OTHER)
    with pytest.raises(BundleInvalid, match="no delivery"):
        play(case)


# --- Entries that the exporter may not see


def partly(case: CaseBuilder, *hidden: int) -> CaseBuilder:
    part = CaseBuilder(pki=PKI)
    part.entries = [item for at, item in enumerate(case.entries) if at not in hidden]
    return part


def recalled_at_two(case: CaseBuilder) -> PackageId:
    """Two recipients; the second one's reports are entries 2 and 3."""
    package = case.send(b"main", recipients=(RECIPIENT, OTHER))
    case.report(E.ARRIVE, package, S.SENT, S.ARRIVED)
    case.report(E.ARRIVE, package, S.SENT, S.ARRIVED, recipient=OTHER)
    case.report(E.ACCEPT, package, S.ARRIVED, S.ACCEPTED, recipient=OTHER)
    case.send(kind=PackageKind.RECALL, target=package, recipients=(RECIPIENT, OTHER))
    return package


def test_hidden_reports_leave_a_mark(case: CaseBuilder) -> None:
    package = recalled_at_two(case)
    assert play(case) == {
        (package, RECIPIENT): (S.RECALLED, True),
        (package, OTHER): (S.RECALL_PENDING, True),
    }
    assert changes(case)[-1] == [
        (RECIPIENT, S.ARRIVED, S.RECALLED),
        (OTHER, S.ACCEPTED, S.RECALL_PENDING),
    ]
    part = partly(case, 2, 3)
    assert play(part)[package, RECIPIENT] == (S.RECALLED, True)
    assert not play(part)[package, OTHER][1]
    assert changes(part)[-1] == [(RECIPIENT, S.ARRIVED, S.RECALLED)]


def test_what_a_silent_recipient_did_is_not_claimed(case: CaseBuilder) -> None:
    package = case.send(b"main", recipients=(RECIPIENT, OTHER))
    case.send(kind=PackageKind.RECALL, target=package, recipients=(RECIPIENT, OTHER))
    assert play(case) == {
        (package, RECIPIENT): (S.RECALLED, False),
        (package, OTHER): (S.RECALLED, False),
    }
    assert changes(case)[-1] == []
    case.report(E.CONFIRM_RECALL, package)
    assert play(case)[package, RECIPIENT] == (S.RECALLED, True)
    assert changes(case)[1] == [(RECIPIENT, S.SENT, S.RECALLED)]


def test_a_package_to_one_recipient_shows_who_exports(case: CaseBuilder) -> None:
    package = case.send(b"main", recipients=(RECIPIENT, OTHER))
    case.send(kind=PackageKind.RECALL, target=package, recipients=(OTHER,))
    assert play(case) == {
        (package, RECIPIENT): (S.SENT, True),
        (package, OTHER): (S.RECALLED, True),
    }


def test_hidden_reports_do_not_make_a_package_impossible(case: CaseBuilder) -> None:
    """An update after an update: the answer in between is not in this bundle."""
    package = case.send(b"main", recipients=(RECIPIENT, OTHER))
    both = (RECIPIENT, OTHER)
    case.send(kind=PackageKind.UPDATE, target=package, recipients=both)
    case.report(E.REFUSE_UPDATE, package, S.UPDATE_PENDING, S.SENT)
    case.report(E.REFUSE_UPDATE, package, S.UPDATE_PENDING, S.SENT, recipient=OTHER)
    case.send(kind=PackageKind.UPDATE, target=package, recipients=both)
    assert play(case)[package, OTHER] == (S.UPDATE_PENDING, True)
    part = play(partly(case, 3))
    assert part[package, RECIPIENT] == (S.UPDATE_PENDING, True)
    assert part[package, OTHER] == (S.UPDATE_PENDING, False)


def test_an_impossible_package_changes_nothing_and_leaves_a_mark(case: CaseBuilder) -> None:
    package = case.send(b"main")
    case.report(E.ARRIVE, package, S.SENT, S.ARRIVED)
    case.report(E.REFUSE, package, S.ARRIVED, S.REFUSED)
    case.send(kind=PackageKind.RECALL, target=package)
    assert only(case) == (S.REFUSED, False)
    assert changes(case)[-1] == []


# --- Cases that begin with a replacement


def test_who_received_only_the_replacement_can_prove_it(case: CaseBuilder) -> None:
    package = case.send(b"main")
    recipients = (RECIPIENT, OTHER)
    new = case.send(b"new", kind=PackageKind.REPLACE, target=package, recipients=recipients)
    case.report(E.ARRIVE, new, S.SENT, S.ARRIVED, recipient=OTHER)
    case.report(E.ACCEPT, new, S.ARRIVED, S.ACCEPTED, recipient=OTHER)
    assert play(partly(case, 0)) == {
        (new, RECIPIENT): (S.SENT, True),
        (new, OTHER): (S.ACCEPTED, True),
    }


def test_a_replaced_delivery_that_is_not_in_the_bundle_is_incomplete(case: CaseBuilder) -> None:
    package = accepted(case)
    new = case.send(b"new", kind=PackageKind.REPLACE, target=package)
    case.report(E.ARRIVE, new, S.SENT, S.ARRIVED)
    replaced = (package, RECIPIENT, S.ACCEPTED, S.REPLACED)
    case.report(E.ACCEPT, new, S.ARRIVED, S.ACCEPTED, changes=[replaced])
    assert play(partly(case, 0, 1, 2)) == {
        (new, RECIPIENT): (S.ACCEPTED, True),
        (package, RECIPIENT): (S.REPLACED, False),
    }


def test_single_moves_are_checked_also_where_the_target_is_missing(case: CaseBuilder) -> None:
    package = accepted(case)
    new = case.send(b"new", kind=PackageKind.REPLACE, target=package)
    case.report(E.ARRIVE, new, S.SENT, S.ARRIVED)
    wrong = (package, RECIPIENT, S.ACCEPTED, S.RECALLED)
    case.report(E.ACCEPT, new, S.ARRIVED, S.ACCEPTED, changes=[wrong])
    with pytest.raises(BundleInvalid, match="REPLACE does not lead"):
        play(partly(case, 0, 1, 2))


def test_a_replacement_does_not_come_before_what_it_replaces(case: CaseBuilder) -> None:
    package = case.send(b"main")
    case.send(b"new", kind=PackageKind.REPLACE, target=package)
    case.entries.reverse()
    with pytest.raises(BundleInvalid, match="what replaces it was recorded before"):
        play(case)


# --- Single moves after a gap


def test_a_mark_is_never_taken_away(case: CaseBuilder) -> None:
    package = recalled_at_two(case)
    case.report(E.REJECT_RECALL, package, S.RECALL_PENDING, S.ACCEPTED, recipient=OTHER)
    case.report(E.FORWARD, package, S.ACCEPTED, S.FORWARDED, recipient=OTHER)
    assert play(partly(case, 2, 3))[package, OTHER] == (S.FORWARDED, False)


def test_crossing_reports_are_known_also_after_a_gap(case: CaseBuilder) -> None:
    package = recalled_at_two(case)
    case.report(E.FORWARD, package, S.RECALL_PENDING, S.RECALL_PENDING, recipient=OTHER)
    assert play(partly(case, 2, 3))[package, OTHER] == (S.RECALL_PENDING, False)


@pytest.mark.parametrize(
    ("event", "before", "after"),
    [
        (E.COMPLETE, S.ACCEPTED, S.IN_PROGRESS),
        (E.ARRIVE, S.COMPLETED, S.ARRIVED),
        (E.REFUSE, S.RECALL_PENDING, S.RECALL_PENDING),
        (E.REOPEN, S.TAKE_BACK_PENDING, S.TAKE_BACK_PENDING),
        (E.CONFIRM_RECALL, S.RECALL_PENDING, S.COMPLETED),
        (E.REJECT_RECALL, S.RECALL_PENDING, S.RECALLED),
        (E.REJECT_RECALL, S.RECALL_PENDING, S.UPDATE_PENDING),
        (E.REFUSE_TAKE_BACK, S.TAKE_BACK_PENDING, S.ACCEPTED),
    ],
)
def test_single_moves_are_checked_also_after_a_gap(
    case: CaseBuilder, event: DeliveryEvent, before: DeliveryState, after: DeliveryState
) -> None:
    package = recalled_at_two(case)
    case.report(event, package, before, after, recipient=OTHER)
    with pytest.raises(BundleInvalid):
        play(partly(case, 2, 3))
