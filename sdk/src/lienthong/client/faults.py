"""Answers that are errors: from gRPC status, details and item faults to typed errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError

from lienthong.errors import (
    ConnectionFailed,
    DeadlineExceeded,
    LienthongError,
    RemoteError,
    TooLarge,
    table,
)
from lienthong_proto.axis.v1 import error_pb2

DETAILS_KEY: Final = "grpc-status-details-bin"
DOMAIN: Final = "lienthong"

_LOST_SIGNS: Final = (
    "Stream removed",
    "RST_STREAM",
    "GOAWAY",
    "Socket closed",
    "Connection reset",
    # grpc.aio's own words for a write to a stream that just ended.
    "Internal error from Core",
)
_REASONS: Final = (
    ("CERTIFICATE_VERIFY_FAILED", "the axis's certificate is not of a trusted authority"),
    ("certificate signature failure", "the axis's certificate is not of a trusted authority"),
    ("Hostname Verification", "the axis's certificate has another name, see server_name"),
    ("peer name", "the axis's certificate has another name, see server_name"),
    ("Connection refused", "nothing listens there"),
    ("DNS resolution", "the name cannot be resolved"),
    ("Domain name not found", "the name cannot be resolved"),
    ("Timeout", "it does not answer"),
    ("Socket closed", "the axis closed the connection; the certificate may not be accepted"),
    ("handshak", "the TLS handshake failed; the certificate may not be accepted"),
    ("reset", "the axis closed the connection; the certificate may not be accepted"),
    ("Broken pipe", "the axis closed the connection; the certificate may not be accepted"),
)


class _RetryableRemoteError(RemoteError):
    """An unknown error that the axis declared to be retryable."""

    retryable = True


def from_fault(fault: error_pb2.Fault) -> LienthongError:
    """The typed error for one refused item of a stream."""
    facts = dict(fault.facts)
    if fault.HasField("retry_after"):
        facts["retry_after"] = _seconds(fault.retry_after)
    return _build(fault.code, facts, fault.message_en, retryable=fault.retryable)


def from_rpc(error: grpc.aio.AioRpcError, *, endpoint: str, call: str) -> LienthongError:
    """The typed error for a failed call."""
    declared = _declared(error)
    if declared is not None:
        return declared
    code, text = error.code(), error.details() or ""
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return DeadlineExceeded(endpoint=endpoint, call=call, seconds="?")
    if code is grpc.StatusCode.UNAVAILABLE or _is_lost(code, text):
        return ConnectionFailed(endpoint=endpoint, reason=_diagnose(text))
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in text:
        return TooLarge(what=f"a message of {call}", found=text, limit="?")
    return RemoteError(remote_code=code.name, text=text)


def _is_lost(code: grpc.StatusCode, text: str) -> bool:
    """A stream that broke under the call, which gRPC reports in several ways."""
    if code is grpc.StatusCode.CANCELLED:
        return True
    return code in {grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL} and any(
        sign in text for sign in _LOST_SIGNS
    )


def _diagnose(text: str) -> str:
    """GRPC's words with what they mean; a refused client certificate shows as a closed socket."""
    for sign, meaning in _REASONS:
        if sign.lower() in text.lower():
            return f"{meaning} ({text})"
    return text or "it cannot be reached"


def _declared(error: grpc.aio.AioRpcError) -> LienthongError | None:
    """The error that the axis put into the trailer, if it did."""
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            return _from_details(value)
    return None


def _from_details(data: bytes) -> LienthongError | None:
    info, retry = error_pb2.ErrorInfo(), error_pb2.RetryInfo()
    try:
        status = error_pb2.RpcStatus.FromString(data)
        for detail in status.details:
            name = detail.type_url.rpartition(".")[2]
            if name == "ErrorInfo":
                info = error_pb2.ErrorInfo.FromString(detail.value)
            elif name == "RetryInfo":
                retry = error_pb2.RetryInfo.FromString(detail.value)
    except DecodeError:
        return None
    if info.domain != DOMAIN or not info.reason:
        return None
    facts = dict(info.metadata)
    has_delay = retry.HasField("retry_delay")
    if has_delay:
        facts["retry_after"] = _seconds(retry.retry_delay)
    return _build(info.reason, facts, status.message, retryable=has_delay)


def _build(code: str, facts: Mapping[str, str], text: str, *, retryable: bool) -> LienthongError:
    kind = table().get(code)
    if kind is not None:
        return kind(**{name: value for name, value in facts.items() if name != "self"})
    unknown = _RetryableRemoteError if retryable else RemoteError
    return unknown(remote_code=code, text=text, **_delay_of(facts))


def _delay_of(facts: Mapping[str, str]) -> dict[str, str]:
    return {name: facts[name] for name in ("retry_after",) if name in facts}


def _seconds(duration: Duration) -> str:
    return f"{duration.seconds + duration.nanos / 1e9:g}"
