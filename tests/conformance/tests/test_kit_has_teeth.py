"""Deliberately broken plugins are each caught by a named case."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

pytest_plugins = ["pytester"]

HERE = str(Path(__file__).parent)
sys.path.insert(0, HERE)
broken_records = importlib.import_module("broken_records")
broken_blobs = importlib.import_module("broken_blobs")
broken_signers = importlib.import_module("broken_signers")
broken_file_signers = importlib.import_module("broken_file_signers")
broken_verifiers = importlib.import_module("broken_verifiers")
broken_times = importlib.import_module("broken_times")
sys.path.remove(HERE)

RECORDS = """
import itertools, pytest
import broken_records
from lienthong.testing.store import MemoryMedium
from lienthong_conformance import RecordStoreContract

class TestBroken(RecordStoreContract):
    @pytest.fixture
    def new_uri(self):
        numbers = itertools.count()
        return lambda: f"memory:{{next(numbers)}}"

    @pytest.fixture
    def open_uri(self):
        media = {{}}
        return lambda uri: broken_records.{name}(media.setdefault(uri, MemoryMedium()))
"""

BLOBS = """
import itertools, pytest
import broken_blobs
from lienthong.testing.blobs import BlobMedium
from lienthong_conformance import BlobStoreContract

class TestBroken(BlobStoreContract):
    media = {{}}

    @pytest.fixture
    def new_uri(self):
        numbers = itertools.count(len(self.media) + 1_000)
        return lambda: f"memory:{{next(numbers)}}"

    @pytest.fixture
    def open_uri(self):
        return lambda uri: broken_blobs.{name}(self.media.setdefault(uri, BlobMedium()))

    @pytest.fixture
    def damage(self, uri):
        def damage(sha256):
            contents = self.media[uri].contents
            contents[sha256] = b"?" + contents[sha256][1:]

        return damage
"""

SIGNERS = """
import pytest
import broken_signers
from lienthong_conformance import LockedKey, SignerContract

class TestBroken(SignerContract):
    plugin = broken_signers.{name}()

    @pytest.fixture
    def uri(self):
        return "memory:P-256"

    @pytest.fixture
    def locked_key(self):
        return LockedKey(uri="memory:locked", secret=broken_signers.SECRET)

    @pytest.fixture
    def unusable_uris(self):
        return ["memory:absent"]
"""


FILE_SIGNERS = """
import pytest
import broken_file_signers
from lienthong_conformance import FileSignerContract

class TestBroken(FileSignerContract):
    plugin = broken_file_signers.{name}()
    media_type = broken_file_signers.TYPE

    @pytest.fixture
    def document(self):
        return broken_file_signers.DOCUMENT

    @pytest.fixture
    def judge(self):
        return broken_file_signers.judge
"""


VERIFIERS = """
import pytest
import broken_verifiers
from lienthong_conformance import FileVerifierContract

class TestBroken(FileVerifierContract):
    plugin = broken_verifiers.{name}()
    media_type = broken_verifiers.TYPE

    @pytest.fixture(scope="class")
    @classmethod
    def specimen(cls):
        return broken_verifiers.specimen()
"""


TIMES = """
import pytest
import broken_times
from lienthong_conformance import TimeSourceContract

class TestBroken(TimeSourceContract):
    plugin = broken_times.{name}()

    @pytest.fixture
    def uri(self):
        return "memory:clock"

    @pytest.fixture
    def unreachable_uris(self):
        return ["memory:absent"]

    @pytest.fixture
    def misled_uris(self):
        return ["memory:misled"]

    @pytest.fixture
    def anchors(self):
        return [broken_times.PKI.root.certificate]
"""


@pytest.fixture(autouse=True)
def failures_are_not_shrunk() -> Iterator[None]:
    before = settings.get_current_profile_name()
    settings.register_profile("teeth", phases=(Phase.generate,), database=None)
    settings.load_profile("teeth")
    yield
    settings.load_profile(before)


def broken() -> list[object]:
    return [
        pytest.param(template, broken_class.__name__, case, id=f"{broken_class.__name__}")
        for template, module in (
            (RECORDS, broken_records),
            (BLOBS, broken_blobs),
            (SIGNERS, broken_signers),
            (FILE_SIGNERS, broken_file_signers),
            (VERIFIERS, broken_verifiers),
            (TIMES, broken_times),
        )
        for broken_class, case in module.CAUGHT_BY.items()
    ]


@pytest.mark.parametrize(("template", "name", "case"), broken())
def test_broken_plugin_is_caught_by_its_case(
    pytester: pytest.Pytester, template: str, name: str, case: str
) -> None:
    pytester.syspathinsert(HERE)
    file = pytester.makepyfile(template.format(name=name))
    options = ("-q", "--no-header", "-p", "no:asyncio")
    result = pytester.runpytest_inprocess(f"{file}::TestBroken::{case}", *options)
    outcomes = result.parseoutcomes()
    assert outcomes.get("failed", 0) > 0
    assert outcomes.get("errors", 0) == 0


def test_enough_of_them() -> None:
    names = [
        bad.__name__
        for module in (broken_records, broken_blobs, broken_signers, broken_file_signers)
        for bad in module.CAUGHT_BY
    ]
    assert len(names) >= 24
