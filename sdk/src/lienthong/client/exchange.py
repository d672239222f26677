"""Handing packages and reports over: what goes into a message, and repeating what may pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from lienthong.client.connection import Connection
from lienthong.client.files import PreparedFile, ProgressCallback
from lienthong.client.pipeline import A, I, Pipeline, Q
from lienthong.client.retry import RetryPolicy, pause
from lienthong.client.upload import upload
from lienthong.errors import DeadlineExceeded, LienthongError
from lienthong_proto.axis.v1 import exchange_pb2, journal_pb2

INLINE_LIMIT: Final = 256 * 1024
"""Bytes of the largest file that may travel inside a message."""

INLINE_TOTAL: Final = 1024 * 1024
"""Bytes of all files inside one message, so that it stays below the axis's limit."""

Submissions: TypeAlias = Pipeline[
    exchange_pb2.Submission, exchange_pb2.SubmitRequest, exchange_pb2.SubmitResponse
]
Reports: TypeAlias = Pipeline[
    exchange_pb2.ReportItem, exchange_pb2.ReportRequest, exchange_pb2.ReportResponse
]


def open_submissions(connection: Connection) -> Submissions:
    """The pipeline of the Submit stream."""
    return Pipeline(
        "Submit",
        connection,
        method=lambda stubs: stubs.exchange.Submit,
        pack=lambda items: exchange_pb2.SubmitRequest(submissions=items),
    )


def open_reports(connection: Connection) -> Reports:
    """The pipeline of the Report stream."""
    return Pipeline(
        "Report",
        connection,
        method=lambda stubs: stubs.exchange.Report,
        pack=lambda items: exchange_pb2.ReportRequest(items=items),
    )


async def hand_over(
    pipeline: Pipeline[I, Q, A], item: I, policy: RetryPolicy
) -> journal_pb2.Receipt:
    """Hand an item over, and again while what keeps it from being taken may pass.

    The same bytes are sent each time, so that the axis knows what it already has.

    Raises:
        LienthongError: why it was refused.
    """
    failures = 0
    while True:
        try:
            outcome = await pipeline.exchange(item)
        except DeadlineExceeded as error:
            outcome = error
        if not isinstance(outcome, LienthongError):
            return outcome
        failures += 1
        await pause(policy, failures, outcome)


async def bring_files(
    connection: Connection,
    files: Iterable[PreparedFile],
    inline_limit: int,
    progress: ProgressCallback | None,
) -> list[bytes]:
    """Upload what is too large to travel inside the message; return what does travel in it.

    Raises:
        HashMismatch: a file changed while it was sent.
        LienthongError: the axis refused a file, or cannot be reached.
    """
    inline: list[bytes] = []
    room = INLINE_TOTAL
    distinct = {file.entry.sha256: file for file in files}
    for file in distinct.values():
        size, content = file.entry.size, file.content
        if isinstance(content, bytes) and size <= min(inline_limit, INLINE_LIMIT, room):
            inline.append(content)
            room -= size
        else:
            await upload(connection, file, progress)
    return inline
