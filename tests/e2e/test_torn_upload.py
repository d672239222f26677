"""D-13: uploads cut at any byte go on where they were; what is not whole is not there."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import time
from pathlib import Path
from typing import Final

import grpc
import pytest

from lienthong.client import AsyncClient, Client, FileSource, Profile, RetryPolicy
from lienthong.client.connection import load_credentials
from lienthong.client.files import CHUNK
from lienthong.client.loop import shared_loop
from lienthong.errors import FileMissing
from lienthong.model.ids import PackageId
from lienthong_node.local import LocalAxis
from lienthong_proto.axis.v1 import exchange_pb2
from lienthong_proto.axis.v1.exchange_pb2_grpc import ExchangeStub
from tests.e2e.conftest import NAMES, A, B, make_document, package_of
from tests.e2e.forked_axis import ForkedAxis, forked_axis
from tests.e2e.history import read_journal
from tests.e2e.test_lost_response import on_a_bad_line, straight

CUTS: Final = 200
KILLS: Final = 10
SIZE: Final = 4 * CHUNK + 1234
SLACK: Final = 48 * 1024
"""Bytes: two TLS handshakes, the package itself, headers of messages and records."""

SEED: Final = int(os.environ.get("LIENTHONG_SEED", "20192"))
RECLAIM_S: Final = 20.0


def test_an_upload_cut_at_any_byte_sends_at_most_one_chunk_again(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    with forked_axis(tmp_path / "axis", NAMES) as axis:
        sent_again, ids = shared_loop().run(cut_uploads(axis, CUTS))
        shared_loop().run(check_contents(axis, ids))
        axis.stop()
        journal, faults = read_journal(axis.data)
    assert faults == []
    assert {entry.id for entry in journal} >= set(map(str, ids))
    assert len(sent_again) == CUTS
    print(f"sent again: at most {max(sent_again)} bytes, half at most {sorted(sent_again)[CUTS // 2]}")
    assert max(sent_again) <= CHUNK + SLACK


def test_a_node_that_forgets_uploads_would_be_caught(tmp_path: Path) -> None:
    with forked_axis(tmp_path / "axis", NAMES, planted="upload-forgets") as axis:
        sent_again, _ = shared_loop().run(cut_uploads(axis, 20))
    assert max(sent_again) > CHUNK + SLACK


async def cut_uploads(axis: LocalAxis, cuts: int) -> tuple[list[int], list[PackageId]]:
    """Send files while the line breaks once in each; the bytes that were sent more than once."""
    chance = random.Random(SEED)
    sent_again, ids = [], []
    async with on_a_bad_line(axis, A) as (client, line):
        for number in range(cuts):
            file = FileSource.of_bytes("ban-do.pdf", chance.randbytes(SIZE))
            await client.checkpoint()
            before, cut = line.passed, line.cuts
            # Spread evenly, the first and the last byte included.
            line.cut_at = before + 1 + (SIZE - 1) * number // (cuts - 1)
            receipt = await client.send(make_document(), [file], [B])
            assert line.cuts == cut + 1
            sent_again.append(line.passed - before - SIZE)
            ids.append(package_of(receipt))
    return sent_again, ids


async def check_contents(axis: LocalAxis, ids: list[PackageId]) -> None:
    """The recipient downloads and hashes every file."""
    async with straight(axis, B) as recipient:
        for package_id in ids:
            assert (await recipient.check(package_id)).passed


def test_a_node_killed_during_uploads_goes_on_with_them(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    with forked_axis(tmp_path / "axis", NAMES) as axis:
        ids = [shared_loop().run(kill_in_an_upload(axis, chance)) for _ in range(KILLS)]
        shared_loop().run(check_contents(axis, ids))
        axis.stop()
        _, faults = read_journal(axis.data)
    assert faults == []


async def kill_in_an_upload(axis: ForkedAxis, chance: random.Random) -> PackageId:
    file = FileSource.of_bytes("ban-do.pdf", chance.randbytes(20 * CHUNK))
    reached: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    wanted = chance.randrange(1, file_size(file))

    async with on_a_bad_line(axis, A) as (client, line):
        start = line.passed
        sending = asyncio.create_task(client.send(make_document(), [file], [B]))
        async with asyncio.timeout(RECLAIM_S):
            while line.passed < start + wanted:  # noqa: ASYNC110 - the line knows no event
                await asyncio.sleep(0)
        assert not sending.done()
        reached.set_result(line.passed - start)
        axis.kill()
        axis.start()
        receipt = await sending
        assert line.passed - start <= file_size(file) + 2 * CHUNK + SLACK
    return package_of(receipt)


def file_size(file: FileSource) -> int:
    assert isinstance(file.content, bytes)
    return len(file.content)
