"""How the scripted axis misbehaves, and how it says no."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import grpc
from attrs import define, field

from lienthong.errors import (
    LienthongError,
)
from lienthong.model.journal import (
    InterconnectionRecord,
)
from lienthong_proto.axis.v1 import (
    error_pb2,
)


@define(eq=False)
class Faults:
    """What goes wrong next; each is used up once unless it is a function."""

    lost_answers: int = 0
    """Messages of Submit and Report that are recorded but whose stream breaks before the answer."""

    refusals: deque[LienthongError] = field(factory=deque)
    """Answers to the next items, instead of recording them."""

    twice: bool = False
    """Every answer is sent twice."""

    upload_cuts: deque[int] = field(factory=deque)
    """Offsets at which an upload breaks."""

    upload_refusals: deque[LienthongError] = field(factory=deque)
    """Answers to the next uploads that have come to their end."""

    download_cuts: deque[int] = field(factory=deque)
    feed_cuts: deque[int] = field(factory=deque)
    """Numbers of items after which the feed breaks."""

    change_receipt: Callable[[Any], None] | None = None
    change_item: Callable[[Any], None] | None = None
    change_chunk: Callable[[bytes], bytes] | None = None
    unary: deque[LienthongError | grpc.StatusCode] = field(factory=deque)
    """Failures of the next unary calls."""

    tells_checkpoints: bool = True
    """ProveConsistency shows what was signed at the newer size."""

    proof: Sequence[bytes] | None = None
    """What ProveConsistency always gives."""

    stamp_text: str = ""
    """What GetStamp says that was time-stamped, in place of what was."""

    silent: bool = False
    """Streams read and never answer."""

    clock_ahead: timedelta | None = timedelta()
    """By how much the axis's clock is ahead; None when it does not say what it shows."""

    change_check: Callable[[InterconnectionRecord], InterconnectionRecord] | None = None
    stage: str = ""
    """How the deadline of every delivery stands; empty for none."""

    due: str = "TAKEN"
    """Of which kind it is."""

    denied: bool = False
    """The caller has no role that may read a feed, receipts or deliveries."""


def fault_of(error: LienthongError) -> error_pb2.Fault:
    fault = error_pb2.Fault(
        code=error.code,
        facts={name: str(value) for name, value in error.facts.items()},
        message_en=str(error),
        retryable=error.retryable,
    )
    if "retry_after" in error.facts:
        fault.retry_after.nanos = int(float(str(error.facts["retry_after"])) * 1e9)
    return fault


async def abort(context: Any, error: LienthongError | grpc.StatusCode) -> Any:
    if isinstance(error, grpc.StatusCode):
        await context.abort(error, "scripted")
    assert isinstance(error, LienthongError)
    status = error_pb2.RpcStatus(message=str(error))
    detail = status.details.add(type_url="type.googleapis.com/google.rpc.ErrorInfo")
    detail.value = error_pb2.ErrorInfo(
        reason=error.code,
        domain="lienthong",
        metadata={name: str(value) for name, value in error.facts.items()},
    ).SerializeToString()
    trailer = (("grpc-status-details-bin", status.SerializeToString()),)
    await context.abort(grpc.StatusCode[error.status], str(error), trailer)
