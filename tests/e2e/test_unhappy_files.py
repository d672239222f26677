"""Files that are not what was said of them, and uploads that go astray."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import Any

import pytest

from lienthong.codec.signed import dump_manifest
from lienthong.errors import (
    FileMissing,
    FileUndeclared,
    InvalidValue,
    MissingField,
    NotFound,
    SizeMismatch,
    TooLarge,
)
from lienthong_node.local import LocalAxis
from lienthong_node.uploads import CHUNK_LIMIT
from lienthong_proto.axis.v1 import exchange_pb2, package_pb2
from tests.e2e.conftest import A, B
from tests.e2e.patient import one, patient_axis, refused
from tests.e2e.raw import CONTENT, Answer, Party, entry, messages


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    with patient_axis(tmp_path_factory.mktemp("axis")) as made:
        yield made


class TestFiles:
    def begin(self, party: Party, content: bytes, size: int | None = None) -> Any:
        request = exchange_pb2.BeginUploadRequest(
            sha256=hashlib.sha256(content).digest(), size=len(content) if size is None else size
        )
        answer = party.ask("Exchange/BeginUpload", request)
        [found] = messages(exchange_pb2.BeginUploadResponse, answer)
        return found

    def upload(self, party: Party, key: str, *chunks: bytes, offset: int = 0) -> Answer:
        first, *rest = chunks or (b"",)
        head = exchange_pb2.UploadRequest(upload_id=key, offset=offset, chunk=first)
        return party.ask(
            "Exchange/Upload", head, *(exchange_pb2.UploadRequest(chunk=chunk) for chunk in rest)
        )

    def test_an_oversized_chunk(self, a: Party) -> None:
        content = os.urandom(CHUNK_LIMIT + 1)
        key = self.begin(a, content).upload_id
        answer = self.upload(a, key, content)
        assert (answer.status, answer.code) == ("RESOURCE_EXHAUSTED", TooLarge.code)
        assert self.begin(a, content).offset == 0
        assert self.upload(a, key, content[:-1], content[-1:]).ok
        assert self.begin(a, content).complete

    def test_more_bytes_than_declared(self, a: Party) -> None:
        content = os.urandom(10)
        key = self.begin(a, content).upload_id
        assert self.upload(a, key, content, b"x").code == SizeMismatch.code

    def test_other_bytes_than_declared_are_dropped(self, a: Party) -> None:
        content = os.urandom(10)
        key = self.begin(a, content).upload_id
        assert self.upload(a, key, content[::-1]).code == "exchange.hash_mismatch"
        assert self.begin(a, content).offset == 0

    def test_another_offset(self, a: Party) -> None:
        content = os.urandom(10)
        key = self.begin(a, content).upload_id
        assert self.upload(a, key, content[:4]).ok
        answer = self.upload(a, key, content[5:], offset=5)
        assert answer.code == "exchange.offset_mismatch"
        assert answer.facts["expected"] == "4"
        assert self.begin(a, content).offset == 4

    def test_the_upload_of_somebody_else(self, a: Party, b: Party) -> None:
        """Not found, as any name that nobody was given."""
        content = os.urandom(10)
        key = self.begin(a, content).upload_id
        theirs, nothing = self.upload(b, key, content), self.upload(b, "0-0-0", content)
        assert theirs == nothing
        assert theirs.code == NotFound.code

    def test_nobody_learns_what_another_has_uploaded(self, a: Party, b: Party) -> None:
        content = os.urandom(10)
        assert self.upload(a, self.begin(a, content).upload_id, content).ok
        assert self.begin(a, content).complete
        asked = self.begin(b, content)
        assert (asked.complete, asked.offset) == (False, 0)
        value = b.manifest(A, files=[entry(content)])
        bare = exchange_pb2.Submission(envelope=b.sealed(dump_manifest(value)))
        assert isinstance(one(b.submit(bare)), FileMissing)

    def test_a_file_that_is_too_large_for_the_axis(self, a: Party) -> None:
        request = exchange_pb2.BeginUploadRequest(sha256=bytes(32), size=10 * CHUNK_LIMIT + 1)
        assert a.ask("Exchange/BeginUpload", request).code == TooLarge.code
        owner = hashlib.sha256(A.encode()).hexdigest()[:32]
        forged = f"{owner}-{'00' * 32}-{10 * CHUNK_LIMIT + 1:x}"
        assert self.upload(a, forged, b"x").code == NotFound.code

    def test_an_undeclared_file_beside_the_package(self, a: Party) -> None:
        stranger = b"not in the manifest"
        found = one(a.submit(a.submission(a.manifest(B), CONTENT, stranger)))
        assert isinstance(found, FileUndeclared)
        assert found.facts["sha256"] == hashlib.sha256(stranger).hexdigest()

    def test_a_file_beside_the_package_that_should_have_been_uploaded(self, a: Party) -> None:
        content = os.urandom(CHUNK_LIMIT + 1)
        found = one(a.submit(a.submission(a.manifest(B, content=content), content)))
        assert isinstance(found, TooLarge)

    @pytest.mark.parametrize("change", [{"size": 1}, {"size": 10**6}])
    def test_another_size_in_the_manifest(self, a: Party, change: dict[str, Any]) -> None:
        found = refused(a, files=[entry(**change)])
        assert isinstance(found, SizeMismatch)

    @pytest.mark.parametrize(
        "name",
        [
            "../../etc/passwd",
            "..",
            "/etc/passwd",
            "C:\\boot.ini",
            "a\x00.pdf",
            "a\nb.pdf",
            "\u202efdp.exe",
            "a\u200b.pdf",
            "NUL",
            "com1.pdf",
            "a.pdf ",
            "",
            "ắ" * 86,
        ],
    )
    def test_tricks_with_file_names(self, a: Party, name: str) -> None:
        message = package_pb2.Manifest.FromString(dump_manifest(a.manifest(B)))
        message.files[0].name = name
        found = one(a.submit(a.submission(message.SerializeToString())))
        assert isinstance(found, InvalidValue | MissingField)
        assert found.facts["field"] == "FileEntry.name"

    def test_a_name_in_vietnamese_stays_as_it_is(self, a: Party, b: Party) -> None:
        name = "Quyết định số 52/2019".replace("/", "-") + ".pdf"
        package = a.send(B, files=[entry(name=name)])
        request = exchange_pb2.GetPackageRequest(package_id=package.bytes)
        answer = b.ask("Exchange/GetPackage", request)
        [found] = messages(exchange_pb2.GetPackageResponse, answer)
        manifest = package_pb2.Manifest.FromString(found.envelope.payload)
        assert manifest.files[0].name == name
