from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import grpc
import pytest
from grpc.aio._call import StreamUnaryCall
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.client import Client, FileSource, Progress
from lienthong.errors import (
    ConnectionFailed,
    HashMismatch,
    InvalidValue,
    NotFound,
    SizeMismatch,
    StoreFailed,
    TooLarge,
)
from lienthong.model.document import Document
from lienthong.model.ids import PackageId

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

RECIPIENT = "000.00.13.H53"
CHUNK: Final = 256 * 1024
SIZE: Final = 5 * CHUNK + 1234
CONTENT: Final = os.urandom(SIZE)
SAME_AXIS = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def send(sender: Client, document: Document, content: bytes | Path) -> PackageId:
    source = FileSource(name="lớn.pdf", content=content)
    package = sender.prepare(document, [source], [RECIPIENT])
    sender.submit(package)
    return package.package_id


@SAME_AXIS
@given(cuts=st.lists(st.integers(0, SIZE - 1), max_size=4))
def test_upload_resumes_where_it_was_cut(
    axis: ScriptedAxis, sender: Client, document: Document, tmp_path: Path, cuts: list[int]
) -> None:
    path = tmp_path / "main.pdf"
    path.write_bytes(CONTENT)
    axis.files.clear()
    axis.staged.clear()
    axis.received = 0
    axis.faults.upload_cuts.extend(sorted(cuts))
    send(sender, document, path)
    assert CONTENT in axis.files.values()
    assert axis.received <= SIZE + len(cuts) * CHUNK


@pytest.fixture
def ended_while_told(monkeypatch: pytest.MonkeyPatch) -> list[grpc.StatusCode]:
    """The first upload ends while this side says that it was all; how the axis ended it.

    gRPC raises an error of its own in that moment, unlike for a message.
    """
    done_writing = StreamUnaryCall.done_writing
    ended: list[grpc.StatusCode] = []

    async def tell_end(call: StreamUnaryCall[Any, Any]) -> None:
        await done_writing(call)
        if not ended:
            ended.append(await call.code())
            raise grpc.aio.InternalError('Failed "execute_batch"')

    monkeypatch.setattr(StreamUnaryCall, "done_writing", tell_end)
    return ended


def test_upload_that_fails_while_its_end_is_told_goes_on(
    axis: ScriptedAxis, sender: Client, document: Document, ended_while_told: list[grpc.StatusCode]
) -> None:
    axis.faults.upload_refusals.append(StoreFailed(reason="disk", retry_after=0.01))
    send(sender, document, CONTENT)
    assert ended_while_told == [grpc.StatusCode.UNAVAILABLE]
    assert axis.calls.count("Upload") == 2
    assert CONTENT in axis.files.values()


def test_upload_that_is_refused_while_its_end_is_told_shows_the_refusal(
    axis: ScriptedAxis, sender: Client, document: Document, ended_while_told: list[grpc.StatusCode]
) -> None:
    axis.faults.upload_refusals.append(TooLarge(what="the upload", found=SIZE, limit=1))
    with pytest.raises(TooLarge):
        send(sender, document, CONTENT)
    assert ended_while_told == [grpc.StatusCode[TooLarge.status]]
    assert axis.calls.count("Upload") == 1


def test_cuts_without_progress_are_given_up(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    axis.faults.upload_cuts.extend([CHUNK] * 9)
    with pytest.raises(ConnectionFailed):
        send(sender, document, CONTENT)
    assert axis.calls.count("Upload") == 5


def test_what_the_axis_has_is_not_sent_again(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    send(sender, document, CONTENT)
    axis.received = 0
    send(sender, document, CONTENT)
    assert axis.received == 0


def test_small_files_travel_in_the_message(
    axis: ScriptedAxis, sender: Client, document: Document, tmp_path: Path
) -> None:
    path = tmp_path / "one-byte.pdf"
    path.write_bytes(b"a")
    sender.send(document, [path, FileSource.of_bytes("b.pdf", b"b" * CHUNK)], [RECIPIENT])
    assert "BeginUpload" not in axis.calls
    axis.files.clear()
    sender.send(document, [path], [RECIPIENT], inline_limit=-1)
    sender.send(document, [FileSource.of_bytes("c.pdf", b"c")], [RECIPIENT], inline_limit=0)
    assert axis.calls.count("Upload") == 2


def test_many_small_files_are_uploaded_when_the_message_is_full(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    files = [FileSource.of_bytes(f"{n}.pdf", bytes([n]) * CHUNK) for n in range(6)]
    sender.send(document, files, [RECIPIENT])
    assert axis.calls.count("Upload") == 2


def test_file_that_changed_is_not_sent(
    axis: ScriptedAxis, sender: Client, document: Document, tmp_path: Path
) -> None:
    path = tmp_path / "main.pdf"
    path.write_bytes(CONTENT)
    package = sender.prepare(document, [path], [RECIPIENT])
    path.write_bytes(CONTENT[:-1] + b"?")
    axis.faults.unary.append(HashMismatch(what="the upload"))
    with pytest.raises(HashMismatch, match="main.pdf"):
        sender.submit(package)
    path.write_bytes(CONTENT[:-1])
    axis.faults.unary.append(SizeMismatch(what="the upload"))
    with pytest.raises(SizeMismatch, match="main.pdf"):
        sender.submit(package)


def test_damaged_staging_is_sent_once_more(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    axis.faults.unary.append(HashMismatch(what="the upload", found="1", expected="2"))
    send(sender, document, CONTENT)
    axis.files.clear()
    axis.faults.unary.extend([HashMismatch(what="the upload")] * 2)
    with pytest.raises(HashMismatch):
        send(sender, document, CONTENT)


def test_progress_of_an_upload(
    axis: ScriptedAxis, sender: Client, document: Document, tmp_path: Path
) -> None:
    seen: list[Progress] = []
    path = tmp_path / "main.pdf"
    path.write_bytes(CONTENT)
    axis.faults.upload_cuts.append(CHUNK)
    sender.send(document, [path], [RECIPIENT], progress=seen.append)
    assert seen[-1] == Progress(name="main.pdf", done=SIZE, total=SIZE)


@SAME_AXIS
@given(cuts=st.lists(st.integers(1, SIZE - 1), max_size=4))
def test_download_resumes_where_it_was_cut(
    axis: ScriptedAxis,
    sender: Client,
    recipient: Client,
    document: Document,
    tmp_path: Path,
    cuts: list[int],
) -> None:
    package_id = send(sender, document, CONTENT)
    axis.faults.download_cuts.extend(sorted(cuts))
    target = tmp_path / "got.pdf"
    entry = recipient.download(package_id, "lớn.pdf", target)
    assert target.read_bytes() == CONTENT
    assert entry.size == SIZE
    assert not list(tmp_path.glob(".*.part"))
    axis.faults.download_cuts.clear()


def test_interrupted_download_is_continued(
    axis: ScriptedAxis, sender: Client, recipient: Client, document: Document, tmp_path: Path
) -> None:
    package_id = send(sender, document, CONTENT)
    target = tmp_path / "got.pdf"
    digest = recipient.get_package(package_id).manifest.files[0].sha256
    part = tmp_path / f".got.pdf.{digest.hex[:16]}.part"
    part.write_bytes(CONTENT[: 3 * CHUNK])
    recipient.download(package_id, digest, target)
    assert f"Download {3 * CHUNK}" in axis.calls
    assert target.read_bytes() == CONTENT
    part.write_bytes(b"damaged" + CONTENT[7:CHUNK])
    recipient.download(package_id, None, target)
    assert axis.calls[-1] == "Download 0"
    assert target.read_bytes() == CONTENT
    part.write_bytes(CONTENT + b"more than there is")
    recipient.download(package_id, None, target)
    assert target.read_bytes() == CONTENT


def test_false_bytes_never_become_the_file(
    axis: ScriptedAxis, sender: Client, recipient: Client, document: Document, tmp_path: Path
) -> None:
    package_id = send(sender, document, CONTENT)
    axis.faults.change_chunk = lambda chunk: b"?" + chunk[1:]
    with pytest.raises(HashMismatch, match="lớn.pdf"):
        recipient.download(package_id, None, tmp_path / "got.pdf")
    axis.faults.change_chunk = lambda chunk: chunk + b"?"
    with pytest.raises(SizeMismatch):
        recipient.download(package_id, None, io.BytesIO())
    assert [path.name for path in tmp_path.iterdir()] == ["profiles"]


def test_download_into_an_open_file_with_progress(
    axis: ScriptedAxis, sender: Client, recipient: Client, document: Document
) -> None:
    package_id = send(sender, document, CONTENT)
    axis.faults.download_cuts.append(CHUNK + 5)
    out, seen = io.BytesIO(), list[Progress]()
    recipient.download(package_id, None, out, progress=seen.append)
    assert out.getvalue() == CONTENT
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    assert seen[-1].done == SIZE


def test_unknown_file_and_unwritable_place(
    axis: ScriptedAxis, sender: Client, recipient: Client, document: Document, tmp_path: Path
) -> None:
    package_id = send(sender, document, CONTENT)
    with pytest.raises(NotFound, match="other.pdf"):
        recipient.download(package_id, "other.pdf", tmp_path / "got.pdf")
    with pytest.raises(InvalidValue, match="No such file"):
        recipient.download(package_id, None, tmp_path / "missing" / "got.pdf")


@pytest.mark.parametrize("files", ["a.pdf", Path("a.pdf"), b"a.pdf", FileSource.of("a.pdf")])
def test_a_single_file_is_no_list_of_files(sender: Client, document: Document, files: Any) -> None:
    with pytest.raises(InvalidValue, match="a list of files"):
        sender.prepare(document, files, [RECIPIENT])


def test_what_is_no_regular_file_is_refused_at_once(
    sender: Client, document: Document, tmp_path: Path
) -> None:
    """A pipe would keep the reader waiting, a device never ends."""
    pipe = tmp_path / "pipe.pdf"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        with pytest.raises(InvalidValue, match="a readable file") as caught:
            sender.prepare(document, [path], [RECIPIENT])
        assert caught.value.facts["found"] == "not a regular file"


def test_a_file_that_becomes_a_pipe_is_not_waited_for(
    sender: Client, document: Document, tmp_path: Path
) -> None:
    path = tmp_path / "large.pdf"
    path.write_bytes(CONTENT)
    package = sender.prepare(document, [path], [RECIPIENT])
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(InvalidValue, match="not a regular file"):
        sender.submit(package)


def test_a_name_of_255_bytes_can_be_written(
    sender: Client, recipient: Client, document: Document, tmp_path: Path
) -> None:
    """The partial file beside it has a name of its own, which must fit as well."""
    name = "ấ" * 83 + "ab.pdf"
    assert len(name.encode()) == 255
    package = sender.prepare(document, [FileSource.of_bytes(name, b"content")], [RECIPIENT])
    sender.submit(package)
    recipient.download(package.package_id, name, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [name]
