"""Journal entries as hypothesis makes them."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from lienthong.model.deadline import DeadlineKind, DeadlineStage
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.file_signature import (
    Certificates,
    Finding,
    LegalValue,
    SignatureKind,
    SignaturesFound,
)
from lienthong.model.journal import (
    CERTIFICATE_USES,
    DIRECTORY_SUBJECTS,
    CheckResult,
    DeadlineRecord,
    DirectoryRecord,
    Effect,
    ExpiryRecord,
    InterconnectionRecord,
    JournalBody,
    JournalEntry,
    PackageRecord,
    Receipt,
    StatementRecord,
    VerificationRecord,
)
from lienthong.model.package import PackageKind
from lienthong.model.words import CopyForm, Origin
from lienthong.testing.basic_strategies import (
    hashes,
    instants,
    organ_ids,
    package_ids,
    statement_ids,
    texts,
)


@cache
def _effects() -> SearchStrategy[list[Effect]]:
    effect = st.builds(
        Effect,
        package_id=package_ids(),
        recipient=organ_ids(),
        from_state=st.none() | st.sampled_from(DeliveryState),
        to_state=st.sampled_from(DeliveryState),
    )
    return st.lists(effect, max_size=3)


@cache
def signatures() -> SearchStrategy[SignaturesFound]:
    """What may be found of legal signatures."""
    findings = st.sampled_from(Finding)
    return st.builds(
        SignaturesFound,
        copy_form=st.sampled_from(CopyForm),
        origin=st.sampled_from(Origin),
        integrity=findings,
        signer=findings,
        agency=findings,
        kind=st.sampled_from(SignatureKind),
        certificates=st.sampled_from(Certificates),
        order=findings,
        unsigned_attachments=st.lists(texts(255).filter(str.strip), max_size=3),
        report=hashes(),
    )


@cache
def _told_by_axis() -> SearchStrategy[JournalBody]:
    """What the axis says of itself, and what it was told about the interconnection."""
    deadline = st.builds(
        DeadlineRecord,
        package_id=package_ids(),
        recipient=organ_ids(),
        kind=st.sampled_from(DeadlineKind),
        stage=st.sampled_from(DeadlineStage),
        due_at=instants(),
        rule_set=texts(100),
        calendar=texts(100),
        provisional=st.booleans(),
    )
    result = st.builds(
        CheckResult, name=texts(50, required=True), passed=st.booleans(), note=texts(200)
    )
    check = st.builds(
        InterconnectionRecord,
        organ_id=organ_ids(),
        results=st.lists(result, min_size=1, max_size=4),
    )
    missed = st.builds(InterconnectionRecord, organ_id=organ_ids(), missed_at=instants())
    verification = st.builds(
        VerificationRecord,
        package_id=package_ids(),
        recipient=organ_ids(),
        found=signatures(),
        value=st.sampled_from(LegalValue),
        rule_set=texts(100),
        checked_at=instants(),
        checker=texts(200, required=True),
    )
    expiry = st.builds(
        ExpiryRecord,
        organ_id=organ_ids(),
        certificate_sha256=hashes(),
        use=st.sampled_from(sorted(CERTIFICATE_USES)),
        not_after=instants(),
        days_ahead=st.integers(0, 366),
    )
    return st.one_of(deadline, check, missed, verification, expiry)


@cache
def journal_bodies() -> SearchStrategy[JournalBody]:
    """What an entry of the journal may record."""
    package = st.builds(
        PackageRecord,
        package_id=package_ids(),
        kind=st.sampled_from(PackageKind),
        sender=organ_ids(),
        recipients=st.lists(organ_ids(), min_size=1, max_size=3),
        payload_sha256=hashes(),
        envelope_sha256=hashes(),
        target=st.none() | package_ids(),
        effects=_effects(),
    )
    statement = st.builds(
        StatementRecord,
        statement_id=statement_ids(),
        package_id=package_ids(),
        recipient=organ_ids(),
        reporter=organ_ids(),
        event=st.sampled_from([event for event in DeliveryEvent if event.reported]),
        payload_sha256=hashes(),
        envelope_sha256=hashes(),
        effects=_effects(),
    )
    directory = st.builds(
        DirectoryRecord,
        version=st.integers(1, 2**63 - 1),
        subject=st.sampled_from(sorted(DIRECTORY_SUBJECTS)),
        organ_id=organ_ids(),
        change_sha256=hashes(),
    )
    return st.one_of(package, statement, directory, _told_by_axis())


@cache
def entries() -> SearchStrategy[JournalEntry]:
    """Entries of the journal."""
    return st.builds(
        JournalEntry,
        index=st.integers(0, 2**63 - 1),
        nonce=st.binary(min_size=32, max_size=32),
        recorded_at=instants(),
        axis=texts(255, required=True),
        body=journal_bodies(),
    )


@cache
def receipts() -> SearchStrategy[Receipt]:
    """Receipts around any bytes."""
    return st.builds(
        Receipt,
        entry=st.binary(min_size=1, max_size=200),
        index=st.integers(0, 2**63 - 1),
        inclusion_proof=st.lists(st.binary(min_size=32, max_size=32), max_size=5),
        checkpoint=texts(1000, required=True, lines=True),
    )
