"""Whatever a valid document or report says, it can be projected, counted and kept."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from attrs import evolve
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lienthong.codec.json import dump, load
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import PackageId
from lienthong.model.journal import Effect, PackageRecord, StatementRecord
from lienthong.model.package import Manifest, PackageKind
from lienthong.model.report import Statement
from lienthong.reports.counting import count_delivery, count_document, next_turn
from lienthong.reports.facts import DeliveryFacts, DocumentFacts
from lienthong.reports.projection import Changes, project_package, project_statement
from lienthong.testing.strategies import manifests, statements
from sdk.tests.reports.book import NOW, TERMS, Book
from sdk.tests.reports.cast import FINANCE, UBND, sample_document, sample_manifest
from sdk.tests.reports.generated import EMPTY

STRICT: Final = evolve(TERMS, settle_within=3, recall_within=1)
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


@QUIET
@example(LAST_DAY, NOW)
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
