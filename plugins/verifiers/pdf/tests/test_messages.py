"""CMS signatures, with their content inside or beside."""

from __future__ import annotations

from datetime import datetime

import pytest
from asn1crypto import cms

from lienthong.model.ids import Sha256
from lienthong.spi import Outcome
from lienthong_verifier_pdf.media import DETACHED, ENCLOSED
from plugins.verifiers.pdf.tests.judged import (
    AN,
    GOOD,
    HOUR,
    NOW,
    OFFICE,
    SEAL,
    checked,
    look,
    told,
)


def test_detached_signature_needs_its_content() -> None:
    data = OFFICE.sign_cms(b"content", AN)
    good = look(data, media_type=DETACHED, content=b"content")
    missing = look(data, media_type=DETACHED)
    other = look(data, media_type=DETACHED, content=b"another")
    outcomes = [one.outcome for one in (good, missing, other)]
    assert outcomes == [Outcome.PASSED, Outcome.INDETERMINATE, Outcome.FAILED]
    contents = [one.content_sha256 for one in (good, missing, other)]
    assert contents == [Sha256.of(b"content"), None, Sha256.of(b"another")]


def test_enclosed_content_is_what_was_signed() -> None:
    data = OFFICE.sign_cms(b"content", AN, detached=False, stamped=NOW)
    assert look(data, media_type=ENCLOSED).outcome is Outcome.PASSED
    altered = data.replace(b"content", b"c0ntent")
    assert look(altered, media_type=ENCLOSED).outcome is Outcome.FAILED
    beside = look(data, media_type=ENCLOSED, content=b"another")
    assert told(beside, "file.content") == [Outcome.FAILED]


def beside_each_other(*messages: bytes) -> bytes:
    """One message with the signers of several."""
    parsed = [cms.ContentInfo.load(one) for one in messages]
    whole = parsed[0]["content"]
    for other in parsed[1:]:
        for name in ("signer_infos", "certificates"):
            for one in other["content"][name]:
                whole[name].append(one)
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": whole}).dump())


@pytest.mark.parametrize(
    ("person_at", "agency_at", "outcome"),
    [
        (NOW - 2 * HOUR, NOW - HOUR, Outcome.PASSED),
        (NOW - HOUR, NOW - 2 * HOUR, Outcome.FAILED),
        (None, NOW - HOUR, Outcome.INDETERMINATE),
        (None, None, Outcome.INDETERMINATE),
    ],
)
def test_only_time_stamps_tell_the_order_of_signers_beside_each_other(
    person_at: datetime | None, agency_at: datetime | None, outcome: Outcome
) -> None:
    when = NOW - 3 * HOUR
    message = beside_each_other(
        OFFICE.sign_cms(b"content", AN, when=when, stamped=person_at),
        OFFICE.sign_cms(b"content", SEAL, when=when, stamped=agency_at),
    )
    report = look(message, media_type=DETACHED, content=b"content")
    assert [checked(report, one).integrity for one in (0, 1)] == [GOOD, GOOD]
    assert told(report, "signature.order") == [outcome]
