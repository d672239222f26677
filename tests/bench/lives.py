"""How many full lives a second: submit, receipt, feed, verify, accept, the sender sees 03.

Node, sender and recipient are three processes on this machine; everything is signed, verified and
durable. Prints one JSON object with the figure and, from the same run, limits of the machine.

    python tests/bench/lives.py --documents 2000
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import multiprocessing
import os
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import uvloop
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from lienthong.client import AsyncClient, FileSource, Profile, Sending
from lienthong.model.delivery import DeliveryState
from lienthong.model.document import Document, DocumentSigner
from lienthong.model.ids import DocumentNumber, OrganId
from lienthong.model.journal import DirectoryRecord, PackageRecord
from lienthong.model.kinds import DocumentKind
from lienthong_node.certificates import KeyKind
from lienthong_node.local import LocalAxis

SENDER = "000.00.00.H53"
RECIPIENT = "000.00.13.H53"
AGENCIES = {SENDER: "UBND tỉnh Tây Ninh", RECIPIENT: "Sở Thông tin và Truyền thông"}
WAVE = 64
"""Documents that the recipient accepts at the same time."""

GARBAGE_THRESHOLD = 50_000
"""As in the node: programs that move many documents gain by looking for cycles less often."""


def main() -> None:
    """Run once and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--size", type=int, default=10_000, help="bytes of each document")
    parser.add_argument("--key", choices=[kind.value for kind in KeyKind], default="p256")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        axis = LocalAxis.create(
            Path(folder),
            AGENCIES,
            key=KeyKind(options.key),
            disk_reserve_bytes=0,
            burst=1_000_000,
            requests_per_second=100_000,
        )
        with axis.running():
            result = _measure(axis, options.documents, options.size)
    print(json.dumps({"key": options.key, "bytes": options.size} | result, indent=1))


def _measure(axis: LocalAxis, documents: int, size: int) -> dict[str, Any]:
    limits = {"verify_p256_per_s": _verify_rate(), "fsync_per_s": _sync_rate(axis.folder)}
    context = multiprocessing.get_context("spawn")
    recipient = context.Process(
        target=_run_recipient, args=(str(axis.profile(RECIPIENT)), documents)
    )
    recipient.start()
    before = _cpu(axis.pid)
    seconds, own_cpu = uvloop.run(_send(axis.profile(SENDER), documents, size))
    node_cpu = _cpu(axis.pid) - before
    recipient.join()
    return {
        "documents": documents,
        "lives_per_s": round(documents / seconds, 1),
        "node_cpu_ms_per_life": round(node_cpu / documents * 1000, 2),
        "sender_cpu_ms_per_life": round(own_cpu / documents * 1000, 2),
        "limits": limits,
    }


async def _send(profile: Path, documents: int, size: int) -> tuple[float, float]:
    """Send everything, and follow the own feed until each document was accepted."""
    gc.set_threshold(GARBAGE_THRESHOLD)
    async with AsyncClient(Profile.load(profile)) as client:
        await client.checkpoint()
        sendings = [_sending(number, size) for number in range(documents)]
        started, cpu = time.perf_counter(), time.process_time()
        following = asyncio.create_task(_wait_accepted(client, documents))
        outcomes = await client.send_many(sendings)
        failed = [outcome.error for outcome in outcomes if outcome.error is not None]
        if failed:
            raise failed[0]
        await following
        return time.perf_counter() - started, time.process_time() - cpu


async def _wait_accepted(client: AsyncClient, documents: int) -> None:
    accepted = 0
    async for item in client.feed(follow=True, inline_limit=0):
        body = item.entry.body
        if not isinstance(body, DirectoryRecord):
            accepted += sum(e.to_state is DeliveryState.ACCEPTED for e in body.effects)
        if accepted == documents:
            return


def _sending(number: int, size: int) -> Sending:
    document = Document(
        issuer_code=OrganId(SENDER),
        issuer_name=AGENCIES[SENDER],
        number=DocumentNumber.parse(f"{number + 1:02d}/2026/QĐ-UBND"),
        issued_date=date(2026, 11, 20),
        kind=DocumentKind.QUYET_DINH,
        subject="Văn bản đo hiệu năng",
        signer=DocumentSigner(full_name="Chủ tịch", position="Chủ tịch"),
    )
    content = number.to_bytes(8, "big") + os.urandom(size - 8)
    return Sending(
        document=document,
        files=[FileSource.of_bytes("van-ban.pdf", content)],
        recipients=[RECIPIENT],
    )


def _run_recipient(profile: str, documents: int) -> None:
    uvloop.run(_receive(Path(profile), documents))


async def _receive(profile: Path, documents: int) -> None:
    """Accept every document of the feed, many at a time."""
    gc.set_threshold(GARBAGE_THRESHOLD)
    room = asyncio.Semaphore(WAVE)
    async with AsyncClient(Profile.load(profile)) as client, asyncio.TaskGroup() as group:
        received = 0
        async for item in client.feed(follow=True):
            if not isinstance(item.entry.body, PackageRecord):
                continue
            received += 1
            await room.acquire()
            task = group.create_task(
                client.accept(item.entry.body.package_id, register_number=received)
            )
            task.add_done_callback(lambda _: room.release())
            if received == documents:
                return


def _cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _verify_rate() -> float:
    """P-256 verifications a second on one core."""
    key = ec.generate_private_key(ec.SECP256R1())
    public, message = key.public_key(), b"x" * 1000
    signature = key.sign(message, ec.ECDSA(SHA256()))
    started, count = time.perf_counter(), 2000
    for _ in range(count):
        public.verify(signature, message, ec.ECDSA(SHA256()))
    return round(count / (time.perf_counter() - started))


def _sync_rate(folder: Path) -> float:
    """Durable 4 kB writes a second."""
    started, count = time.perf_counter(), 200
    with (folder / "sync").open("wb") as file:
        for _ in range(count):
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
    return round(count / (time.perf_counter() - started))


if __name__ == "__main__":
    main()
