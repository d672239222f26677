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

from lienthong.client import Client, FileSource, Profile, RetryPolicy
from lienthong.client.connection import load_credentials
from lienthong.client.files import CHUNK
from lienthong.client.loop import shared_loop
from lienthong.errors import FileMissing, NotFound
from lienthong.model.ids import PackageId
from lienthong_node.local import LocalAxis
from lienthong_proto.axis.v1 import exchange_pb2
from lienthong_proto.axis.v1.exchange_pb2_grpc import ExchangeStub
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B, make_document, package_of
from tests.e2e.forked_axis import ForkedAxis, forked_axis
from tests.e2e.history import read_journal
from tests.e2e.test_lost_response import on_a_bad_line, straight
from tests.tiers import SEED, tier

CUTS: Final = tier(100, 1000)
KILLS: Final = tier(5, 20)
SIZE: Final = 4 * CHUNK + 1234
SLACK: Final = 48 * 1024
"""Bytes: two TLS handshakes, the package itself, headers of messages and records."""

PATIENCE_S: Final = 30.0


def test_an_upload_cut_at_any_byte_sends_at_most_one_chunk_again(
    tmp_path: Path, figure: Figure
) -> None:
    with forked_axis(tmp_path / "axis", NAMES) as axis:
        sent_again, ids = shared_loop().run(cut_uploads(axis, CUTS))
        shared_loop().run(check_contents(axis, ids))
        axis.stop()
        journal, faults = read_journal(axis.data)
    assert faults == []
    assert {entry.id for entry in journal} >= set(map(str, ids))
    assert len(sent_again) == CUTS
    wanted = f"{CUTS} cuts: 0 torn files, at most {CHUNK + SLACK} bytes sent again"
    figure("D-13", wanted=wanted, found=f"0 torn files, at most {max(sent_again)} bytes sent again")
    assert max(sent_again) <= CHUNK + SLACK, f"seed {SEED}"


@pytest.mark.planted("uploads forgotten")
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
    """Kill the node when so many bytes of an upload have reached it."""
    size = 20 * CHUNK
    file = FileSource.of_bytes("ban-do.pdf", chance.randbytes(size))
    async with on_a_bad_line(axis, A) as (client, line):
        start, wanted = line.passed, chance.randrange(CHUNK, size)
        sending = asyncio.create_task(client.send(make_document(), [file], [B]))
        async with asyncio.timeout(PATIENCE_S):
            while line.passed < start + wanted:  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0)
        axis.kill()
        axis.start()
        receipt = await sending
    # The pipe between proxy and node holds some more than what the node has read.
    assert line.passed - start <= size + 2 * CHUNK + SLACK
    return package_of(receipt)


def test_a_part_of_a_file_is_no_file(axis: LocalAxis) -> None:
    content = os.urandom(SIZE)
    upload_a_part(axis, A, content, chunks=3)
    with Client(Profile.load(axis.profile(A)), retry=RetryPolicy(attempts=1)) as client:
        file = FileSource.of_bytes("ban-do.pdf", content)
        package = client.prepare(make_document(), [file], [B])
        with pytest.raises(FileMissing):
            client.submit(package.envelope)
        assert stored(axis, content) is None
        with pytest.raises(NotFound):
            client.get_package(package.package_id)
        client.submit(package)
    assert stored(axis, content) == content


def test_what_one_agency_uploaded_says_nothing_to_another(axis: LocalAxis) -> None:
    content = os.urandom(SIZE)
    assert upload_a_part(axis, A, content, chunks=5).complete
    begun = upload_a_part(axis, B, content, chunks=0)
    assert (begun.offset, begun.complete) == (0, False)
    with Client(Profile.load(axis.profile(B)), retry=RetryPolicy(attempts=1)) as client:
        file = FileSource.of_bytes("ban-do.pdf", content)
        package = client.prepare(make_document(B), [file], [A])
        with pytest.raises(FileMissing):
            client.submit(package.envelope)


def test_abandoned_uploads_are_dropped(tmp_path: Path) -> None:
    with forked_axis(tmp_path / "axis", NAMES, staging_idle_s=1) as axis:
        content = os.urandom(SIZE)
        upload_a_part(axis, A, content, chunks=3)
        assert [path.stat().st_size for path in staged(axis)] == [3 * CHUNK]
        until = time.monotonic() + PATIENCE_S
        while staged(axis):
            assert time.monotonic() < until
            time.sleep(0.1)
        assert upload_a_part(axis, A, content, chunks=0).offset == 0
        assert upload_a_part(axis, A, content, chunks=5).complete
        axis.stop()


def upload_a_part(
    axis: LocalAxis, organ: str, content: bytes, *, chunks: int
) -> exchange_pb2.UploadResponse:
    """Bring so many chunks as any other client would, and say that this is all."""
    profile = Profile.load(axis.profile(organ))
    with grpc.secure_channel(profile.endpoint, load_credentials(profile.transport)) as channel:
        stub = ExchangeStub(channel)
        question = exchange_pb2.BeginUploadRequest(
            sha256=hashlib.sha256(content).digest(), size=len(content)
        )
        begun = stub.BeginUpload(question, timeout=PATIENCE_S)
        pieces = [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)][:chunks]
        requests = [exchange_pb2.UploadRequest(chunk=piece) for piece in pieces or [b""]]
        requests[0].upload_id = begun.upload_id
        requests[0].offset = begun.offset
        return stub.Upload(iter(requests), timeout=PATIENCE_S)


def staged(axis: LocalAxis) -> list[Path]:
    return list((axis.data / "blobs" / "staging").iterdir())


def stored(axis: LocalAxis, content: bytes) -> bytes | None:
    """What the node keeps under the content's hash."""
    name = hashlib.sha256(content).hexdigest()
    path = axis.data / "blobs" / "sha256" / name[:2] / name
    return path.read_bytes() if path.exists() else None
