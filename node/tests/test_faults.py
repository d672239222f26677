"""Errors on the wire: typed, in both languages, and never too long to arrive."""

from __future__ import annotations

import logging
from typing import Any, Final

import grpc
import grpc.aio
import pytest

from lienthong.client.faults import from_fault, from_rpc
from lienthong.errors import (
    HashMismatch,
    Internal,
    InvalidMove,
    LienthongError,
    LimitReached,
    NotFound,
    table,
)
from lienthong_node.faults import (
    MAX_FACT_BYTES,
    as_typed,
    brief,
    fault,
    status_code,
    trailing_metadata,
)

SOFT_LIMIT: Final = 8 * 1024
"""Bytes of metadata from which on gRPC may drop it."""

LONG: Final = "ắ" * 10_000


class Failed(grpc.aio.AioRpcError):
    """What a client sees of an error."""

    def __init__(self, error: LienthongError) -> None:
        trailing = grpc.aio.Metadata(*trailing_metadata(error))
        super().__init__(status_code(error), grpc.aio.Metadata(), trailing, str(error))


def arrived(error: LienthongError) -> LienthongError:
    return from_rpc(Failed(error), endpoint="axis", call="Submit")


@pytest.mark.parametrize("code", table())
def test_every_error_has_a_grpc_status_and_travels(code: str) -> None:
    error = table()[code](what="văn bản\nsố 1", field="x", retry_after=1.5)
    found = arrived(error)
    assert type(found) is type(error)
    assert found.facts["what"] == "văn bản\nsố 1"
    assert status_code(error) is not grpc.StatusCode.OK
    in_stream = from_fault(fault(error))
    assert type(in_stream) is type(error)
    assert in_stream.retryable is error.retryable


@pytest.mark.parametrize("code", table())
def test_no_error_is_too_long_to_arrive(code: str) -> None:
    names = ("what", "field", "found", "expected", "reason", "organ", "file", "event", "state")
    error = brief(table()[code](**dict.fromkeys(names, LONG)))
    [(_, value)] = trailing_metadata(error)
    # One fact in two languages, in the details and in the status line.
    single = brief(table()[code](found=LONG))
    [(_, short)] = trailing_metadata(single)
    assert len(short) < SOFT_LIMIT / 2
    assert len(value) < 2 * SOFT_LIMIT


def test_long_facts_are_cut_at_a_character() -> None:
    found = brief(NotFound(what=LONG)).facts["what"]
    assert str(found).endswith("ắ…")
    assert len(str(found).encode()) <= MAX_FACT_BYTES + len("…".encode())


def test_short_facts_stay_what_they_are() -> None:
    error = LimitReached(limit="calls a second", retry_after=0.25)
    assert brief(error) is error
    assert arrived(error).facts["retry_after"] == "0.25"


@pytest.mark.parametrize("seconds", [0.25, 1, 2.5, "soon"])
def test_says_when_to_come_back(seconds: Any) -> None:
    found = fault(LimitReached(limit="x", retry_after=seconds)).retry_after
    wanted = seconds if isinstance(seconds, int | float) else 1
    assert found.seconds + found.nanos / 1e9 == pytest.approx(wanted)


def test_nothing_to_wait_for_without_retry() -> None:
    assert not fault(HashMismatch(what="x", found="a", expected="b")).HasField("retry_after")


def test_both_languages_are_there() -> None:
    error = InvalidMove(event="ACCEPT", actor="RECIPIENT", state="REFUSED", clause="QĐ 52/2019")
    found = fault(error)
    assert (found.message_en, found.message_vi) == (error.message("en"), error.message("vi"))
    assert found.facts["clause"] == "QĐ 52/2019"


def test_an_unknown_exception_tells_nothing_but_a_reference(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        error = as_typed(KeyError("/srv/data/secret"))
    assert isinstance(error, Internal)
    assert "secret" not in str(arrived(error))
    assert str(error.facts["reference"]) in caplog.text
