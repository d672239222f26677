from __future__ import annotations

import asyncio

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata

from lienthong.client.faults import from_fault, from_rpc
from lienthong.client.retry import RetryPolicy, retry_after, retrying
from lienthong.errors import (
    ConnectionFailed,
    DeadlineExceeded,
    LienthongError,
    NotFound,
    RemoteError,
    StoreFailed,
    TooLarge,
    table,
)
from lienthong_proto.axis.v1 import error_pb2


def rpc_error(code: grpc.StatusCode, text: str = "", trailer: bytes | None = None) -> AioRpcError:
    metadata = Metadata(("grpc-status-details-bin", trailer)) if trailer is not None else Metadata()
    return AioRpcError(code, Metadata(), metadata, text)


def status(reason: str, domain: str = "lienthong", delay: float = 0, **facts: str) -> bytes:
    message = error_pb2.RpcStatus(message="text")
    info = error_pb2.ErrorInfo(reason=reason, domain=domain, metadata=facts)
    prefix = "type.googleapis.com/google.rpc."
    message.details.add(type_url=f"{prefix}ErrorInfo", value=info.SerializeToString())
    message.details.add(type_url=f"{prefix}Help", value=b"")
    if delay:
        retry = error_pb2.RetryInfo()
        retry.retry_delay.seconds, retry.retry_delay.nanos = divmod(int(delay * 1e9), 10**9)
        message.details.add(type_url=f"{prefix}RetryInfo", value=retry.SerializeToString())
    return message.SerializeToString()


def translate(error: AioRpcError) -> LienthongError:
    return from_rpc(error, endpoint="axis:8443", call="Submit")


@pytest.mark.parametrize("code", [code for code in table() if not code.startswith("tests.")])
def test_every_code_becomes_its_class_with_its_facts(code: str) -> None:
    kind = table()[code]
    by_trailer = translate(rpc_error(grpc.StatusCode.INTERNAL, trailer=status(code, organ="H53")))
    by_fault = from_fault(error_pb2.Fault(code=code, facts={"organ": "H53"}))
    for error in (by_trailer, by_fault):
        assert type(error) is kind
        assert error.facts == {"organ": "H53"}


def test_unknown_code_is_a_remote_error_as_retryable_as_the_axis_says() -> None:
    final = from_fault(error_pb2.Fault(code="new.code", message_en="what it is"))
    assert isinstance(final, RemoteError)
    assert not final.retryable
    assert str(final) == "the axis answered new.code: what it is"
    passing = translate(rpc_error(grpc.StatusCode.ABORTED, trailer=status("new.code", delay=1.5)))
    assert isinstance(passing, RemoteError)
    assert passing.retryable
    assert retry_after(passing) == 1.5


def test_delay_of_the_axis_is_kept() -> None:
    fault = error_pb2.Fault(code="node.store_failed", retryable=True)
    fault.retry_after.nanos = 250_000_000
    assert retry_after(from_fault(fault)) == 0.25
    assert retry_after(NotFound(retry_after="soon")) is None
    assert retry_after(NotFound()) is None


def test_fact_names_cannot_break_the_error() -> None:
    error = from_fault(error_pb2.Fault(code="exchange.not_found", facts={"self": "x", "what": "y"}))
    assert str(error) == "y was not found"


@pytest.mark.parametrize("trailer", [b"\xff\xff", b"", status("x.y", domain="googleapis.com")])
def test_foreign_details_are_ignored(trailer: bytes) -> None:
    error = translate(rpc_error(grpc.StatusCode.UNAVAILABLE, "gone", trailer))
    assert isinstance(error, ConnectionFailed)


@pytest.mark.parametrize(
    ("code", "text", "expected", "says"),
    [
        (grpc.StatusCode.UNAVAILABLE, "Socket closed", ConnectionFailed, "certificate may not be"),
        (grpc.StatusCode.UNAVAILABLE, "", ConnectionFailed, "cannot be reached"),
        (
            grpc.StatusCode.UNAVAILABLE,
            "Ssl handshake failed: CERTIFICATE_VERIFY_FAILED",
            ConnectionFailed,
            "not of a trusted authority",
        ),
        (grpc.StatusCode.UNAVAILABLE, "DNS resolution failed", ConnectionFailed, "resolved"),
        (grpc.StatusCode.UNAVAILABLE, "Hostname Verification", ConnectionFailed, "server_name"),
        (grpc.StatusCode.CANCELLED, "", ConnectionFailed, "cannot be reached"),
        (grpc.StatusCode.UNKNOWN, "Stream removed", ConnectionFailed, "Stream removed"),
        (grpc.StatusCode.INTERNAL, "Received RST_STREAM", ConnectionFailed, "RST_STREAM"),
        (grpc.StatusCode.UNKNOWN, "oops", RemoteError, "UNKNOWN: oops"),
        (grpc.StatusCode.UNIMPLEMENTED, "no", RemoteError, "UNIMPLEMENTED: no"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "", DeadlineExceeded, "Submit"),
        (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "Received message larger than max (5 vs. 4)",
            TooLarge,
            "a message of Submit",
        ),
    ],
)
def test_status_without_details(
    code: grpc.StatusCode, text: str, expected: type[LienthongError], says: str
) -> None:
    error = translate(rpc_error(code, text))
    assert type(error) is expected
    assert says in str(error)


def test_delays_grow_are_bounded_and_never_undercut_the_axis() -> None:
    steady = RetryPolicy(first_delay=1, factor=2, max_delay=5, jitter=0)
    assert [steady.delay(failures) for failures in (1, 2, 3, 4, 999)] == [1, 2, 4, 5, 5]
    assert steady.delay(1, asked=7.5) == 7.5
    spread = {RetryPolicy(first_delay=1, jitter=0.5).delay(1) for _ in range(50)}
    assert len(spread) > 1
    assert all(0.5 <= delay <= 1 for delay in spread)


@pytest.mark.parametrize(
    ("name", "value"),
    [("attempts", 0), ("first_delay", -1), ("jitter", 1.5), ("timeout", 0), ("factor", 0.5)],
)
def test_impossible_policies_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        RetryPolicy(**{name: value})  # type: ignore[arg-type]


def test_only_what_may_pass_is_tried_again() -> None:
    policy = RetryPolicy(attempts=3, first_delay=0, max_delay=0)
    errors: list[LienthongError] = [StoreFailed(reason="1"), StoreFailed(reason="2")]
    tries = 0

    async def operation() -> str:
        nonlocal tries
        tries += 1
        if errors:
            raise errors.pop(0)
        return "done"

    assert asyncio.run(retrying(policy, operation)) == "done"
    assert tries == 3
    errors.append(NotFound(what="it"))
    with pytest.raises(NotFound):
        asyncio.run(retrying(policy, operation))
    assert tries == 4
