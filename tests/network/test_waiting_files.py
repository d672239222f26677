"""Uploads without a package: bounded by organisation and forgotten; those with one never are."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

import pytest

from lienthong.codec.signed import dump_manifest
from lienthong.errors import LimitReached
from lienthong_node import stores
from lienthong_node.local import LocalAxis
from lienthong_proto.axis.v1 import exchange_pb2, journal_pb2
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B
from tests.e2e.raw import Answer, Party, entry
from tests.network.conftest import GENEROUS, ChangeSettings, Inside
from tests.network.vitals import eventually
from tests.tiers import tier

FILES: Final = tier(5, 50)
SIZE: Final = 1_000
SHARE: Final = 2 * FILES * SIZE
SOON_S: Final = 30.0


def begin(party: Party, content: bytes) -> Answer:
    sha256 = hashlib.sha256(content).digest()
    request = exchange_pb2.BeginUploadRequest(sha256=sha256, size=len(content))
    return party.ask("Exchange/BeginUpload", request)


def begun(answer: Answer) -> exchange_pb2.BeginUploadResponse:
    assert answer.ok, answer
    return exchange_pb2.BeginUploadResponse.FromString(answer.data[0])


def upload(party: Party) -> bytes:
    """A new file, whole and without a package."""
    content = os.urandom(SIZE)
    key = begun(begin(party, content)).upload_id
    request = exchange_pb2.UploadRequest(upload_id=key, chunk=content)
    assert party.ask("Exchange/Upload", request).ok
    return content


def send(party: Party, content: bytes) -> bytes:
    """A package that names an uploaded file; returns its id."""
    value = party.manifest(B, files=[entry(content)])
    submission = exchange_pb2.Submission(envelope=party.sealed(dump_manifest(value)))
    [receipt] = party.submit(submission)
    assert isinstance(receipt, journal_pb2.Receipt), receipt
    return value.package_id.bytes


def check_forgetting(axis: LocalAxis, count: int) -> str:
    """What waits in vain goes; what a package names stays and is delivered.

    Raises:
        AssertionError: otherwise.
    """
    with Party.opened(axis.profile(A)) as a, Party.opened(axis.profile(B)) as b:
        named = {send(a, content): content for content in [upload(a) for _ in range(count)]}
        alone = [upload(a) for _ in range(count)]
        blobs = axis.data / "blobs/sha256"
        files = [blobs / (name := hashlib.sha256(one).hexdigest())[:2] / name for one in alone]
        gone = eventually(lambda: not any(file.exists() for file in files), SOON_S)
        assert gone, "files without a package are still there"
        for package, content in named.items():
            request = exchange_pb2.DownloadRequest(
                package_id=package, sha256=hashlib.sha256(content).digest()
            )
            answer = b.ask("Exchange/Download", request)
            assert b"".join(answer.data).endswith(content), "a file of a package was forgotten"
    return f"{len(alone)} of {len(alone)} forgotten, {len(named)} of {len(named)} delivered"


@pytest.fixture
def at_rest(tmp_path: Path) -> LocalAxis:
    """One in which nothing waits from an earlier test."""
    return LocalAxis.create(tmp_path / "axis", NAMES, **GENEROUS)


@pytest.fixture
def short(change_settings: ChangeSettings) -> None:
    """Files wait for a second only, and few of them."""
    change_settings(unused_upload_s=1, staging_bytes_per_organisation=SHARE)


@pytest.mark.usefixtures("short")
def test_what_no_package_names_is_forgotten(
    at_rest: LocalAxis, inside: Inside, figure: Figure
) -> None:
    with inside():
        found = check_forgetting(at_rest, FILES)
    figure("N-13", wanted="0 files of packages forgotten, all others are", found=found)


@pytest.mark.planted("unreferenced upload collected although a package refers to it")
@pytest.mark.usefixtures("short")
def test_a_node_that_forgets_too_much_is_found(
    at_rest: LocalAxis, inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_keep_uploads", lambda *_: None)
    with inside(), pytest.raises(AssertionError, match="was forgotten"):
        check_forgetting(at_rest, 1)


def check_share(axis: LocalAxis) -> None:
    """An organisation's uploads end at its share; another's go on.

    Raises:
        AssertionError: otherwise.
    """
    with Party.opened(axis.profile(A)) as a, Party.opened(axis.profile(B)) as b:
        for _ in range(SHARE // SIZE):
            upload(a)
        answer = begin(a, os.urandom(SIZE))
        assert answer.code == LimitReached.code, "the share has no end"
        assert answer.retry_after is not None
        assert begin(b, os.urandom(SIZE)).ok, "another organisation pays for it"


@pytest.fixture
def small(change_settings: ChangeSettings) -> None:
    change_settings(staging_bytes_per_organisation=SHARE)


@pytest.mark.usefixtures("small")
def test_a_share_ends_for_its_organisation_only(at_rest: LocalAxis, inside: Inside) -> None:
    with inside():
        check_share(at_rest)
