"""D-07 over the wire: damage stops those whom it concerns, at that place, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Final

import apsw
import pytest

from lienthong.client import Client, FileSource, Profile
from lienthong.errors import DataCorrupt
from lienthong.model.journal import Receipt
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B, C, make_document, package_of
from tests.e2e.forked_axis import ForkedAxis, forked_axis
from tests.operation.folders import DATABASE, LARGE, SMALL

AMOUNT: Final = 6
TOUCHED: Final = 3
"""Number of the damaged document among those to B."""


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedAxis]:
    with forked_axis(tmp_path_factory.mktemp("axis"), NAMES) as made:
        yield made


@pytest.fixture
def sent(axis: ForkedAxis) -> list[tuple[Receipt, bytes]]:
    """Documents to B, one to C between them."""
    with Client(Profile.load(axis.profile(A))) as client:
        contents = [bytes([number]) * (SMALL, LARGE)[number % 2] for number in range(AMOUNT)]
        files = [FileSource.of_bytes("van-ban.pdf", content) for content in contents]
        receipts = [client.send(make_document(), [file], [B]) for file in files]
        client.send(make_document(), files[:1], [C])
    axis.stop()
    return list(zip(receipts, contents, strict=True))


def test_a_damaged_file_is_refused_alone(
    axis: ForkedAxis, sent: list[tuple[Receipt, bytes]], tmp_path: Path, figure: Figure
) -> None:
    """The node itself finds it, also in pieces; nobody gets a whole wrong file."""
    [path] = (axis.data / "blobs").rglob(sha256(sent[TOUCHED][1]).hexdigest())
    spoil(path, at=LARGE // 2)
    axis.start()
    named: list[tuple[int, bool]] = []
    good = 0
    with Client(Profile.load(axis.profile(B))) as client:
        for number, (receipt, content) in enumerate(sent):
            target = tmp_path / str(number)
            try:
                client.download(package_of(receipt), None, target)
            except DataCorrupt as error:
                named.append((number, path.name in str(error)))
            else:
                good += target.read_bytes() == content
    figure(
        "D-07", wanted="1 damaged of 6 files refused", found=f"{len(named)} refused, {good} as sent"
    )
    assert named == [(TOUCHED, True)]
    assert not (tmp_path / str(TOUCHED)).exists()
    assert good == AMOUNT - 1


def test_a_damaged_entry_ends_its_own_feeds_and_nothing_is_skipped(
    axis: ForkedAxis, sent: list[tuple[Receipt, bytes]], figure: Figure
) -> None:
    first, touched = sent[0][0].index, sent[TOUCHED][0].index
    with closing(apsw.Connection(str(axis.data / DATABASE))) as connection:
        connection.execute("DROP TRIGGER journal_no_update")
        statement = "UPDATE journal SET envelope = zeroblob(9) WHERE idx = ?"
        connection.execute(statement, (touched,))
    axis.start()
    seen: list[int] = []
    with Client(Profile.load(axis.profile(B))) as b, Client(Profile.load(axis.profile(C))) as c:
        with pytest.raises(DataCorrupt, match=f"journal entry {touched}"):
            seen.extend(item.entry.index for item in b.feed(first))
        after = [item.entry.index for item in b.feed(touched + 1)]
        others = [item.entry.index for item in c.feed(first)]
        good = [b.check(package_of(receipt)).passed for receipt, _ in sent[TOUCHED + 1 :]]
    figure(
        "D-07",
        wanted="a damaged entry ends the feeds that show it, at its place",
        found=f"{len(seen)} before it and {len(after)} after it shown, others all",
    )
    assert seen == [receipt.index for receipt, _ in sent[:TOUCHED]]
    assert after == [receipt.index for receipt, _ in sent[TOUCHED + 1 :]]
    assert len(others) == 1
    assert all(good)


def spoil(path: Path, *, at: int) -> None:
    """Flip a bit."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
