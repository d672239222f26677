"""Whatever a valid document or report says, it can be projected, counted and kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

import pytest
from attrs import evolve
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lienthong.codec.json import dump, load
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import PackageId
from lienthong.model.journal import Effect, PackageRecord, StatementRecord
from lienthong.model.package import Manifest, PackageKind
from lienthong.model.report import Statement
from lienthong.model.time import FIRST_YEAR
from lienthong.model.words import Urgency
from lienthong.reports.counting import count_delivery, count_document, next_turn
from lienthong.reports.facts import DeliveryFacts, DocumentFacts
from lienthong.reports.projection import Changes, project_package, project_statement
from lienthong.testing.strategies import manifests, statements
from sdk.tests.reports.book import NOW, Book, terms, with_receiving
from sdk.tests.reports.cast import FINANCE, UBND, sample_document, sample_manifest
from sdk.tests.reports.generated import EMPTY

STRICT: Final = terms(with_receiving(settle_working_days=3))
RECORDED: Final = st.datetimes(
    datetime(1901, 1, 1),  # noqa: DTZ001 - the zone is given beside it
    datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
LAST_DAY: Final = sample_manifest(
    PackageId.new(NOW, b"0123456789"),
    UBND,
    [FINANCE],
    sample_document(UBND, 1, due_date=date.max, reply_requested=True),
    created_at=NOW,
)
QUIET: Final = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)


def begun(manifest: Manifest, at: datetime) -> Changes:
    recipients = [recipient.organ_id for recipient in manifest.recipients]
    record = PackageRecord(
        package_id=manifest.package_id,
        kind=manifest.kind,
        sender=manifest.sender,
        recipients=recipients,
        payload_sha256=EMPTY,
        envelope_sha256=EMPTY,
        target=manifest.target,
        effects=[
            Effect(package_id=manifest.package_id, recipient=organ, to_state=DeliveryState.SENT)
            for organ in recipients
        ],
    )
    return project_package(record, manifest, at, Book(), STRICT)


def check(changes: Changes) -> None:
    """It counts, and it is the same after it was written and read."""
    for delivery in changes.deliveries:
        assert list(count_delivery(delivery, NOW))
        next_turn(delivery, NOW)
        assert load(DeliveryFacts, dump(delivery)) == delivery
    for document in changes.documents:
        assert list(count_document(document))
        assert load(DocumentFacts, dump(document)) == document


def signed(at: datetime, urgency: Urgency = Urgency.HOA_TOC) -> Manifest:
    document = evolve(LAST_DAY.document, signed_at=at, urgency=urgency)
    return evolve(LAST_DAY, document=document)


@pytest.mark.planted("old document stops all reports")
@pytest.mark.parametrize("urgency", Urgency)
@pytest.mark.parametrize("hours", [-12, 0, 7, 14])
def test_whenever_it_was_signed_it_can_be_counted(hours: int, urgency: Urgency) -> None:
    """The first instants that the model takes, and none of them is refused here."""
    zone = timezone(timedelta(hours=hours))
    for at in (
        datetime(FIRST_YEAR, 1, 1, tzinfo=zone),
        datetime(FIRST_YEAR + 1, 1, 1, tzinfo=zone),
    ):
        check(begun(signed(at, urgency), NOW))


@QUIET
@example(LAST_DAY, NOW)
@example(signed(datetime(FIRST_YEAR, 6, 1, tzinfo=UTC)), NOW)
@given(manifests((PackageKind.NEW, PackageKind.REPLACE)), RECORDED)
def test_any_package_can_be_counted(manifest: Manifest, at: datetime) -> None:
    check(begun(manifest, at))


@QUIET
@given(statements(), RECORDED, st.sampled_from(DeliveryState))
def test_any_report_can_be_counted(
    statement: Statement, at: datetime, state: DeliveryState
) -> None:
    book = Book()
    book.keep(begun(LAST_DAY, NOW))
    record = StatementRecord(
        statement_id=statement.statement_id,
        package_id=LAST_DAY.package_id,
        recipient=FINANCE,
        reporter=FINANCE,
        event=statement.event,
        payload_sha256=EMPTY,
        envelope_sha256=EMPTY,
        effects=[
            Effect(
                package_id=LAST_DAY.package_id,
                recipient=FINANCE,
                from_state=DeliveryState.SENT,
                to_state=state,
            )
        ],
    )
    check(project_statement(record, statement, at, book, STRICT))
