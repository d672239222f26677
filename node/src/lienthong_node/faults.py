"""Errors on the wire: the gRPC status with stable code, facts, both languages and retry advice."""

from __future__ import annotations

import logging
import secrets
from typing import Final

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from lienthong.errors import LANGUAGES, Internal, LienthongError
from lienthong_proto.axis.v1 import error_pb2

DOMAIN: Final = "lienthong"
DETAILS_KEY: Final = "grpc-status-details-bin"
DEFAULT_RETRY_S: Final = 1.0
MAX_FACT_BYTES: Final = 256
"""Facts may come from the caller, and gRPC drops trailers that grow beyond 8 KiB."""

_TYPE_PREFIX: Final = "type.googleapis.com/google.rpc."

log = logging.getLogger(__name__)


def as_typed(error: Exception) -> LienthongError:
    """The error itself if it is one of ours; otherwise ``Internal`` with a logged reference."""
    if isinstance(error, LienthongError):
        return brief(error)
    reference = secrets.token_hex(6)
    log.error("internal error %s", reference, exc_info=error)
    return Internal(reference=reference)


def brief(error: LienthongError) -> LienthongError:
    """The error with its long facts cut short."""
    facts = {name: _cut(value) for name, value in error.facts.items()}
    return error if facts == error.facts else type(error)(**facts)


def status_code(error: LienthongError) -> grpc.StatusCode:
    return grpc.StatusCode[error.status]


def trailing_metadata(error: LienthongError) -> tuple[tuple[str, bytes], ...]:
    """The trailer that carries the whole error (wire-compatible with google.rpc.Status)."""
    details = [("ErrorInfo", _error_info(error))]
    details += [
        ("LocalizedMessage", _localized(error, language, locale))
        for language, locale in zip(LANGUAGES, ("en-US", "vi-VN"), strict=True)
    ]
    if error.retryable:
        details.append(("RetryInfo", error_pb2.RetryInfo(retry_delay=retry_after(error))))
    status = error_pb2.RpcStatus(
        code=status_code(error).value[0],
        message=str(error),
        details=[
            Any(type_url=_TYPE_PREFIX + name, value=detail.SerializeToString())
            for name, detail in details
        ],
    )
    return ((DETAILS_KEY, status.SerializeToString()),)


def fault(error: LienthongError) -> error_pb2.Fault:
    """The error of one item of a stream that goes on."""
    error = brief(error)
    return error_pb2.Fault(
        code=error.code,
        facts=_facts(error),
        message_en=error.message("en"),
        message_vi=error.message("vi"),
        retryable=error.retryable,
        retry_after=retry_after(error) if error.retryable else None,
    )


def retry_after(error: LienthongError) -> Duration:
    """When a retry makes sense: the fact ``retry_after`` in seconds, or one second."""
    found = error.facts.get("retry_after", DEFAULT_RETRY_S)
    seconds = float(found) if isinstance(found, int | float) else DEFAULT_RETRY_S
    whole = int(seconds)
    return Duration(seconds=whole, nanos=int((seconds - whole) * 1_000_000_000))


def _error_info(error: LienthongError) -> Message:
    return error_pb2.ErrorInfo(reason=error.code, domain=DOMAIN, metadata=_facts(error))


def _localized(error: LienthongError, language: str, locale: str) -> Message:
    text = error.message("vi" if language == "vi" else "en")
    return error_pb2.LocalizedMessage(locale=locale, message=text)


def _facts(error: LienthongError) -> dict[str, str]:
    return {name: str(value) for name, value in error.facts.items()}


def _cut(value: object) -> object:
    octets = str(value).encode("utf-8", "replace")
    if len(octets) <= MAX_FACT_BYTES:
        return value
    return octets[:MAX_FACT_BYTES].decode("utf-8", "ignore") + "…"
