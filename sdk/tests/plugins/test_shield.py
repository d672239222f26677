"""Objects of plugins behind their guard: stores, their transactions, uploads and iterators."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any

import pytest

from lienthong.errors import DiskFull, HashMismatch, PluginFailed
from lienthong.plugins.guard import Guard
from lienthong.plugins.shield import CONTRACTS, shielded
from lienthong.spi.records import CheckpointRow, Head
from lienthong.spi.storage import BlobStore, ReadView, RecordStore, Staging, WriteTransaction

GUARD = Guard(plugin="toy", distribution="acme-toys", version="4.2")
NAMED = "plugin toy of acme-toys 4.2 failed at"


def partial(contract: type, **members: object) -> Any:
    """An object of a contract of which only some members are there."""
    made = type(f"Partial{contract.__name__}", (contract,), members)
    made.__abstractmethods__ = frozenset()  # type: ignore[attr-defined]
    return made()


class Transaction:
    """What a store does around a block."""

    def __init__(self, view: object) -> None:
        self.view = view
        self.left_with: BaseException | None = None

    def store(self) -> RecordStore:
        @contextmanager
        def write(_: object) -> Iterator[object]:
            try:
                yield self.view
            except BaseException as error:
                self.left_with = error
                raise

        toy: RecordStore = partial(RecordStore, write=write, read=write)
        return shielded(RecordStore, toy, GUARD)


def test_calls_and_answers_pass_through_a_transaction() -> None:
    rows: list[object] = []
    view = partial(
        WriteTransaction,
        head=lambda _: Head(size=7),
        add_checkpoint=lambda _, row: rows.append(row),
        tile_roots=lambda _, level, start, limit: [b"r" * 32][:limit],
        possession=lambda _, organ_id, sha256: None,
    )
    row = CheckpointRow(size=7, note="n")
    with Transaction(view).store().write() as transaction:
        assert isinstance(transaction, WriteTransaction)
        assert transaction.head().size == 7
        transaction.add_checkpoint(row)
        assert transaction.tile_roots(1, start=0, limit=1) == [b"r" * 32]
        assert transaction.possession("A", b"") is None
    assert rows == [row]


@pytest.mark.parametrize(
    ("call", "answer", "expected"),
    [
        ("head", None, "Head"),
        ("tile_roots", "text", "Sequence"),
        ("tile_roots", [b"r", "r"], "Sequence"),
        ("possession", "7", "int | None"),
        ("possession", True, "int | None"),
        ("checkpoint", Head(), "CheckpointRow | None"),
    ],
)
def test_answers_of_a_wrong_type_are_refused(call: str, answer: object, expected: str) -> None:
    view = partial(ReadView, **{call: lambda *_: answer})
    arguments = {"head": (), "tile_roots": (0, 0, 9), "possession": ("A", b""), "checkpoint": (1,)}
    with Transaction(view).store().read() as reading, pytest.raises(PluginFailed) as e:
        getattr(reading, call)(*arguments[call])
    assert f"{NAMED} {call}: it answered {type(answer).__name__}" in str(e.value)
    assert expected in str(e.value)


def test_foreign_error_inside_a_transaction_is_named_and_rolls_back() -> None:
    def head(_: object) -> Head:
        raise KeyError("head")

    transaction = Transaction(partial(ReadView, head=head))
    failing = pytest.raises(PluginFailed, match=f"{NAMED} head: KeyError")
    with failing, transaction.store().read() as view:
        view.head()
    assert isinstance(transaction.left_with, PluginFailed)


@pytest.mark.parametrize("error", [ValueError("ours"), DiskFull(), KeyboardInterrupt()])
def test_error_of_the_block_is_not_taken_for_the_plugins(error: BaseException) -> None:
    transaction = Transaction(partial(ReadView))
    with pytest.raises(type(error)) as e, transaction.store().read():
        raise error
    assert e.value is error
    assert transaction.left_with is error


class Spoilt(AbstractContextManager[object]):
    """A transaction that answers its end in its own way."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def __enter__(self) -> object:
        return partial(ReadView)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> Any:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def spoilt_store(answer: object) -> RecordStore:
    toy: RecordStore = partial(RecordStore, read=lambda _: Spoilt(answer))
    return shielded(RecordStore, toy, GUARD)


def test_store_cannot_hide_an_error_of_the_block() -> None:
    with pytest.raises(ValueError, match="ours"), spoilt_store(answer=True).read():
        raise ValueError("ours")


def test_error_at_the_end_of_a_transaction_is_named() -> None:
    failing = pytest.raises(PluginFailed, match=r"failed at read \(end\): OSError: torn")
    with failing, spoilt_store(OSError("torn")).read():
        pass


def test_error_of_the_contract_at_the_end_passes() -> None:
    with pytest.raises(DiskFull), spoilt_store(DiskFull()).read():
        pass


def test_transaction_of_a_wrong_type_is_refused() -> None:
    store = shielded(RecordStore, partial(RecordStore, read=lambda _: 7, write=spoilt_store), GUARD)
    with pytest.raises(PluginFailed, match="read: it answered int"):
        store.read()
    with pytest.raises(PluginFailed, match="write: it answered"):
        store.write()


def test_beginning_of_a_wrong_type_is_refused_and_ended() -> None:
    transaction = Transaction(partial(ReadView))
    expected = r"write \(begin\): it answered .*WriteTransaction"
    with pytest.raises(PluginFailed, match=expected), transaction.store().write():
        pass
    assert isinstance(transaction.left_with, PluginFailed)


def test_uploads_are_shielded_in_turn() -> None:
    def publish(_: object, sha256: bytes, size: int) -> None:
        raise HashMismatch(file="f", found="a", expected="b")

    def write(_: object, chunk: bytes) -> None:
        raise MemoryError

    upload = partial(Staging, offset=12, write=write, publish=publish)
    blobs = shielded(BlobStore, partial(BlobStore, stage=lambda _, key: upload), GUARD)
    staging = blobs.stage("a")
    assert staging.offset == 12
    with pytest.raises(PluginFailed, match=f"{NAMED} write: MemoryError"):
        staging.write(b"")
    with pytest.raises(HashMismatch):
        staging.publish(b"", 0)


def test_attribute_of_a_wrong_type_is_refused() -> None:
    upload = partial(Staging, offset="12")
    blobs = shielded(BlobStore, partial(BlobStore, stage=lambda _, key: upload), GUARD)
    with pytest.raises(PluginFailed, match="offset: it answered str, expected int"):
        _ = blobs.stage("a").offset


def test_errors_while_iterating_are_named() -> None:
    def contents(_: object) -> Iterator[bytes]:
        yield b"one"
        raise OSError("folder vanished")

    blobs = shielded(BlobStore, partial(BlobStore, contents=contents), GUARD)
    found = blobs.contents()
    assert next(found) == b"one"
    with pytest.raises(PluginFailed, match="failed at contents: OSError: folder vanished"):
        next(found)


def test_iteration_ends_as_usual() -> None:
    blobs = shielded(BlobStore, partial(BlobStore, contents=lambda _: iter([b"a", b"b"])), GUARD)
    assert list(blobs.contents()) == [b"a", b"b"]


def test_answer_where_none_is_promised_is_dropped() -> None:
    blobs = shielded(BlobStore, partial(BlobStore, delete=lambda _, sha256: "gone"), GUARD)
    assert blobs.delete(b"") is None


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_contract_has_a_complete_shield(contract: type) -> None:
    shield: Any = shielded(contract, object(), GUARD)
    assert isinstance(shield, contract)
    for name in contract.__dict__:
        if not name.startswith("_"):
            assert name in type(shield).__dict__


def test_keyword_arguments_arrive() -> None:
    given: dict[str, object] = {}

    def drop_staging(_: object, **arguments: object) -> int:
        given.update(arguments)
        return 3

    blobs = shielded(BlobStore, partial(BlobStore, drop_staging=drop_staging), GUARD)
    assert blobs.drop_staging(idle_seconds=1.5) == 3
    assert given == {"idle_seconds": 1.5}
