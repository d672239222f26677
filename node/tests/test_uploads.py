"""Uploads: resumable, bound to their owner, bounded in number and size."""

from __future__ import annotations

import hashlib

import pytest
from attrs import define, field

from lienthong.errors import HashMismatch, NotFound, OffsetMismatch, SizeMismatch, TooLarge
from lienthong.testing.blobs import MemoryBlobStore
from lienthong_node import uploads as module
from lienthong_node.uploads import CHUNK_LIMIT, Uploads
from node.tests.support import A, B

MAX_BYTES = 10 * CHUNK_LIMIT
CONTENT = b"0123456789"
SHA256 = hashlib.sha256(CONTENT).digest()


@define
class Bench:
    """Uploads on a store in memory, with a clock of their own."""

    now: float = 0.0
    blobs: MemoryBlobStore = field(factory=MemoryBlobStore)
    uploads: Uploads = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.uploads = Uploads(self.blobs, max_bytes=MAX_BYTES, monotonic=lambda: self.now)

    def begin(self, organ: str = A, content: bytes = CONTENT) -> str:
        key = self.uploads.key(organ, hashlib.sha256(content).digest(), len(content))
        self.uploads.begin(key)
        return key


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_file_is_published_when_its_last_byte_is_there(bench: Bench) -> None:
    key = bench.begin()
    ticket = bench.uploads.resume(A, key, 0)
    assert bench.uploads.write(ticket, CONTENT[:4]) == 4
    assert not bench.uploads.finish(ticket)
    assert bench.blobs.size(SHA256) is None
    bench.uploads.write(ticket, CONTENT[4:])
    assert bench.uploads.finish(ticket)
    assert bench.blobs.read(SHA256) == CONTENT


@pytest.mark.parametrize("cut", range(len(CONTENT) + 1))
def test_goes_on_at_any_byte(bench: Bench, cut: int) -> None:
    key = bench.begin()
    bench.uploads.write(bench.uploads.resume(A, key, 0), CONTENT[:cut])
    bench.uploads.suspend(key)
    assert bench.uploads.begin(key) == cut
    ticket = bench.uploads.resume(A, key, cut)
    bench.uploads.write(ticket, CONTENT[cut:])
    assert bench.uploads.finish(ticket)


@pytest.mark.parametrize("offset", [3, 5, 2**63])
def test_refuses_to_go_on_elsewhere(bench: Bench, offset: int) -> None:
    key = bench.begin()
    bench.uploads.write(bench.uploads.resume(A, key, 0), CONTENT[:4])
    with pytest.raises(OffsetMismatch) as caught:
        bench.uploads.resume(A, key, offset)
    assert caught.value.facts == {"found": offset, "expected": 4}


def test_who_resumes_cuts_off_who_wrote_before(bench: Bench) -> None:
    key = bench.begin()
    old = bench.uploads.resume(A, key, 0)
    new = bench.uploads.resume(A, key, 0)
    with pytest.raises(OffsetMismatch):
        bench.uploads.write(old, CONTENT)
    bench.uploads.write(new, CONTENT)
    with pytest.raises(OffsetMismatch):
        bench.uploads.finish(old)
    assert bench.uploads.finish(new)


def test_an_old_writer_stays_cut_off_after_a_suspension(bench: Bench) -> None:
    key = bench.begin()
    old = bench.uploads.resume(A, key, 0)
    bench.uploads.suspend(key)
    bench.uploads.resume(A, key, 0)
    with pytest.raises(OffsetMismatch):
        bench.uploads.write(old, CONTENT)


def test_a_chunk_has_a_limit(bench: Bench) -> None:
    content = bytes(CHUNK_LIMIT + 1)
    ticket = bench.uploads.resume(A, bench.begin(content=content), 0)
    with pytest.raises(TooLarge):
        bench.uploads.write(ticket, content)
    assert bench.uploads.write(ticket, content[:-1]) == CHUNK_LIMIT


def test_never_takes_more_than_was_declared(bench: Bench) -> None:
    ticket = bench.uploads.resume(A, bench.begin(), 0)
    with pytest.raises(SizeMismatch):
        bench.uploads.write(ticket, CONTENT + b"x")


def test_other_bytes_are_dropped(bench: Bench) -> None:
    key = bench.begin()
    ticket = bench.uploads.resume(A, key, 0)
    bench.uploads.write(ticket, CONTENT[::-1])
    with pytest.raises(HashMismatch):
        bench.uploads.finish(ticket)
    assert bench.uploads.begin(key) == 0


def test_an_empty_file_can_be_uploaded(bench: Bench) -> None:
    ticket = bench.uploads.resume(A, bench.begin(content=b""), 0)
    assert bench.uploads.finish(ticket)


OWN = hashlib.sha256(A.encode()).hexdigest()[:32]


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(Uploads.key(B, SHA256, len(CONTENT)), id="of another organisation"),
        pytest.param(Uploads.key(A, SHA256, MAX_BYTES + 1), id="larger than a file may be"),
        pytest.param(f"{OWN}-{SHA256.hex()}--5", id="negative"),
        pytest.param(f"{OWN}-{SHA256.hex()}-0a", id="not canonical"),
        pytest.param(f"{OWN}-{SHA256.hex().upper()}-a", id="upper case"),
        pytest.param(f"{OWN}-{SHA256.hex()[:-2]}-a", id="a short hash"),
        pytest.param(f"{OWN}--a", id="no hash"),
        pytest.param(f"{OWN}-{SHA256.hex()}-\u0661", id="a digit of another script"),
        pytest.param("../../etc/passwd", id="a path"),
        pytest.param("", id="empty"),
        pytest.param("\x00" * 500, id="junk"),
    ],
)
def test_an_upload_that_was_not_begun_is_not_found(bench: Bench, key: str) -> None:
    """Nothing may be staged under a name that the caller made up."""
    with pytest.raises(NotFound):
        bench.uploads.resume(A, key, 0)
    assert not bench.blobs.medium.uploads


def test_two_organisations_upload_the_same_file_apart(bench: Bench) -> None:
    mine, theirs = bench.begin(A), bench.begin(B)
    assert mine != theirs
    bench.uploads.write(bench.uploads.resume(A, mine, 0), CONTENT)
    assert bench.uploads.begin(theirs) == 0


class TestOpenOnes:
    def test_idle_ones_can_be_suspended_and_keep_their_bytes(self, bench: Bench) -> None:
        key = bench.begin()
        ticket = bench.uploads.resume(A, key, 0)
        bench.now = 59
        bench.uploads.write(ticket, CONTENT[:4])
        bench.now = 118
        assert bench.uploads.idle(60) == []
        bench.now = 120
        assert bench.uploads.idle(60) == [key]
        bench.uploads.suspend(key)
        assert bench.uploads.begin(key) == 4

    def test_an_organisation_has_so_many_open_and_no_more(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "MAX_OPEN", 3)
        theirs = bench.begin(B)
        keys = []
        for number in range(5):
            bench.now += 1
            keys.append(bench.begin(content=b"%d" % number))
        assert bench.uploads.surplus(keys[-1]) == keys[:2]
        assert bench.uploads.surplus(theirs) == []

    def test_suspending_what_is_not_open_is_no_error(self, bench: Bench) -> None:
        bench.uploads.suspend(Uploads.key(A, SHA256, 1))

    def test_closing_suspends_all(self, bench: Bench) -> None:
        key = bench.begin()
        bench.uploads.write(bench.uploads.resume(A, key, 0), CONTENT[:4])
        bench.uploads.close()
        assert not bench.blobs.medium.uploads[key].is_open
        assert bench.uploads.begin(key) == 4
