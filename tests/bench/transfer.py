"""A large file up and down, against the raw stream; and what it costs in memory."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from lienthong.client import Client, Profile
from tests.bench.limits import Limits
from tests.bench.processes import MIB, Memory
from tests.bench.rows import Row
from tests.bench.samples import RECIPIENT, SENDER, make_axis, make_document, make_sending

GROWTH_MIB: Final = 64
"""Budget of DESIGN §11: above idle, whatever the size of the file."""


def rows(folder: Path, limits: Limits, mebibytes: int) -> list[Row]:
    """Rates without the client's hashing before the upload; growth of node and client."""
    axis = make_axis(folder)
    file = _file(folder / "ban-do.dwg", mebibytes)
    with (
        axis.running(),
        Client(Profile.load(axis.profile(SENDER))) as sender,
        Client(Profile.load(axis.profile(RECIPIENT))) as recipient,
    ):
        small = make_sending(0, 10_000)
        sender.send(small.document, small.files, [RECIPIENT])
        prepared = sender.prepare(make_document(1), [file], [RECIPIENT])
        node, client = Memory(axis.pid), Memory(os.getpid())
        started = time.perf_counter()
        sender.submit(prepared)
        up = mebibytes / (time.perf_counter() - started)
        started = time.perf_counter()
        recipient.download(prepared.package_id, None, folder / "received")
        down = mebibytes / (time.perf_counter() - started)
        grown, own = node.growth_mib, client.growth_mib
    size = f"{mebibytes} MiB"
    raw, budget = "raw gRPC stream", "budget of DESIGN §11"
    return [
        Row(
            name=f"upload, {size}, until durable",
            value=up,
            unit="MiB/s",
            limit=limits.upload_mib,
            limited_by=raw,
        ),
        Row(
            name=f"download, {size}, verified",
            value=down,
            unit="MiB/s",
            limit=limits.download_mib,
            limited_by=raw,
        ),
        Row(
            name=f"memory of the node, {size}",
            value=grown,
            unit="MiB above idle",
            limit=GROWTH_MIB,
            limited_by=budget,
        ),
        Row(
            name=f"memory of the client, {size}",
            value=own,
            unit="MiB above idle",
            limit=GROWTH_MIB,
            limited_by=budget,
        ),
    ]


def _file(path: Path, mebibytes: int) -> Path:
    """A file without repetitions."""
    with path.open("wb") as out:
        for _ in range(mebibytes):
            out.write(os.urandom(MIB))
    return path
