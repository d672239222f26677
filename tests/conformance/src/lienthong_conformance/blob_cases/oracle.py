"""Any sequence of calls gives what a simple store in memory gives."""

from __future__ import annotations

from collections.abc import Callable
from operator import methodcaller

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
)

from lienthong.errors import LienthongError
from lienthong.spi import BlobStore
from lienthong.testing.blobs import BlobMedium, MemoryBlobStore
from lienthong_conformance import machines
from lienthong_conformance.blob_cases.steps import named

CONTENTS = [b"", b"a", b"ab", b"abc" * 900]
KEYS = ("0", "a-1")

contents = st.sampled_from(CONTENTS)
keys = st.sampled_from(KEYS)


class BlobMachine(RuleBasedStateMachine):
    """Does the same to a store and to its oracle, and compares them after every step."""

    def __init__(self, open_store: Callable[[], BlobStore]) -> None:
        super().__init__()
        self._open = open_store
        self._medium = BlobMedium()
        self._real = open_store()
        self._oracle: BlobStore = MemoryBlobStore(self._medium)

    def _same(self, act: Callable[[BlobStore], object]) -> None:
        """Do a step to both: the same answer, or the same class of error."""
        answers = []
        for store in (self._real, self._oracle):
            try:
                answers.append(act(store))
            except LienthongError as error:
                answers.append(type(error))
        assert answers[0] == answers[1]

    @rule(batch=st.lists(contents, max_size=3))
    def put(self, batch: list[bytes]) -> None:
        self._same(lambda store: store.put([named(content) for content in batch]))

    @rule(content=contents, other=contents)
    def put_under_a_wrong_name(self, content: bytes, other: bytes) -> None:
        self._same(lambda store: store.put([named(other), (named(content)[0], other)]))

    @rule(key=keys, chunk=st.sampled_from([b"a", b"ab", b"abc" * 450, b""]))
    def send(self, key: str, chunk: bytes) -> None:
        def act(store: BlobStore) -> int:
            staging = store.stage(key)
            staging.write(chunk)
            staging.suspend()
            return staging.offset

        self._same(act)

    @rule(key=keys, content=contents)
    def publish(self, key: str, content: bytes) -> None:
        sha256, _ = named(content)
        self._same(lambda store: store.stage(key).publish(sha256, len(content)))

    @rule(content=contents)
    def delete(self, content: bytes) -> None:
        self._same(lambda store: store.delete(named(content)[0]))

    @rule()
    def drop_staging(self) -> None:
        self._same(lambda store: store.drop_staging(idle_seconds=0))

    @rule()
    def reopen(self) -> None:
        self._real.close()
        self._oracle.close()
        self._real = self._open()
        self._oracle = MemoryBlobStore(self._medium)

    @invariant()
    def same_answers(self) -> None:
        self._same(lambda store: sorted(store.contents()))
        for sha256, _ in map(named, CONTENTS):
            self._same(methodcaller("size", sha256))
            self._same(methodcaller("read", sha256))
            self._same(methodcaller("read", sha256, 1, 5))

    def teardown(self) -> None:
        self._real.close()


class BlobOracleCases:
    """The case that compares with the oracle."""

    @pytest.mark.requirement("BLB-40")
    def test_any_sequence_of_calls_answers_like_the_oracle(
        self, new_uri: Callable[[], str], open_uri: Callable[[str], BlobStore]
    ) -> None:
        def machine() -> BlobMachine:
            uri = new_uri()
            return BlobMachine(lambda: open_uri(uri))

        machines.run(machine, examples=40, steps=25)
