"""Signed nonsense, broken signatures, and documents that are state secrets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from lienthong.codec.signed import dump_manifest, dump_statement
from lienthong.errors import (
    InvalidValue,
    LienthongError,
    Malformed,
    MissingField,
    SignatureInvalid,
    StateSecret,
    TooLarge,
    UnknownField,
)
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.signing import MANIFEST_TYPE, STATEMENT_TYPE
from lienthong_node.local import LocalAxis
from lienthong_proto.axis.v1 import exchange_pb2, journal_pb2, package_pb2
from tests.e2e.conftest import B
from tests.e2e.patient import one, patient_axis, status
from tests.e2e.raw import Party, messages, new_package_id


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    with patient_axis(tmp_path_factory.mktemp("axis")) as made:
        yield made


def _with_unknown_field(payload: bytes) -> bytes:
    return payload + b"\xfa\x3f\x01x"  # field 1023, one byte


def _with_unknown_field_inside(payload: bytes) -> bytes:
    message = package_pb2.Manifest.FromString(payload)
    message.document.MergeFromString(b"\xfa\x3f\x01x")
    return message.SerializeToString()


class TestEnvelopes:
    @pytest.mark.parametrize(
        ("spoil", "error"),
        [
            pytest.param(lambda _: b"", InvalidValue, id="nothing"),
            pytest.param(lambda _: b"\xff\xff\xff", Malformed, id="no protobuf"),
            pytest.param(lambda payload: payload[:-3], Malformed, id="cut off"),
            pytest.param(lambda payload: payload + payload, LienthongError, id="twice"),
            pytest.param(_with_unknown_field, UnknownField, id="unknown field"),
            pytest.param(_with_unknown_field_inside, UnknownField, id="unknown field inside"),
            pytest.param(lambda _: b"\0" * (1024 * 1024 + 1), InvalidValue, id="too large"),
            pytest.param(lambda _: b"\x0a\x02ab", LienthongError, id="another message"),
        ],
    )
    def test_signed_nonsense(
        self,
        a: Party,
        b: Party,
        spoil: Callable[[bytes], bytes],
        error: type[LienthongError],
    ) -> None:
        found = one(a.submit(a.submission(spoil(dump_manifest(a.manifest(B))))))
        assert isinstance(found, error)
        assert found.code.startswith(("codec.", "model."))
        if spoil is not _with_unknown_field_inside:
            value = b.statement(DeliveryEvent.ARRIVE, a.send(B))
            reported = one(b.report(spoil(dump_statement(value))))
            assert reported.code.startswith(("codec.", "model."))

    def test_a_changed_byte_breaks_the_signature(self, a: Party) -> None:
        submission = a.submission(a.manifest(B))
        payload = submission.envelope.payload.replace(b"52", b"53")
        assert payload != submission.envelope.payload
        submission.envelope.payload = payload
        assert isinstance(one(a.submit(submission)), SignatureInvalid)

    def test_a_changed_signature(self, a: Party) -> None:
        submission = a.submission(a.manifest(B))
        value = bytearray(submission.envelope.signatures[0].value)
        value[-1] ^= 1
        submission.envelope.signatures[0].value = bytes(value)
        assert isinstance(one(a.submit(submission)), SignatureInvalid)

    def test_a_signature_for_another_purpose(self, a: Party, b: Party) -> None:
        """The type is signed with the bytes: a report is never taken for a package."""
        submission = a.submission(a.manifest(B))
        submission.envelope.payload_type = STATEMENT_TYPE
        assert isinstance(one(a.submit(submission)), Malformed)
        value = b.statement(DeliveryEvent.ARRIVE, a.send(B))
        item = exchange_pb2.ReportItem(envelope=b.sealed(dump_statement(value), MANIFEST_TYPE))
        item.envelope.payload_type = STATEMENT_TYPE
        request = exchange_pb2.ReportRequest(items=[item])
        [found] = messages(exchange_pb2.ReportResponse, b.ask("Exchange/Report", request))
        assert found.results[0].fault.code == SignatureInvalid.code

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda envelope: envelope.ClearField("signatures"),
            lambda envelope: envelope.signatures[0].ClearField("chain"),
            lambda envelope: envelope.signatures[0].ClearField("value"),
            lambda envelope: envelope.signatures[0].ClearField("algorithm"),
            lambda envelope: envelope.signatures[0].chain.__setitem__(0, b"junk"),
            lambda envelope: envelope.signatures.extend([envelope.signatures[0]] * 99),
            lambda envelope: envelope.signatures[0].chain.extend([b"x"] * 99),
            lambda envelope: envelope.Clear(),
            lambda envelope: envelope.ClearField("payload_type"),
        ],
        ids=[
            "no signature",
            "no certificate",
            "no value",
            "no algorithm",
            "no certificate but junk",
            "a hundred signatures",
            "a hundred certificates",
            "nothing",
            "no type",
        ],
    )
    def test_incomplete_envelopes(self, a: Party, spoil: Callable[[Any], object]) -> None:
        submission = a.submission(a.manifest(B))
        spoil(submission.envelope)
        found = one(a.submit(submission))
        assert found.code.partition(".")[0] in {"codec", "model", "pki"}

    def test_too_many_items_in_a_message(self, a: Party) -> None:
        request = exchange_pb2.SubmitRequest(submissions=[exchange_pb2.Submission()] * 257)
        answer = a.ask("Exchange/Submit", request)
        assert answer.code == TooLarge.code

    def test_a_message_that_is_too_large_for_the_wire(self, a: Party) -> None:
        request = exchange_pb2.SubmitRequest(
            submissions=[exchange_pb2.Submission(inline_files=[bytes(13 * 1024 * 1024)])]
        )
        answer = a.ask("Exchange/Submit", request)
        assert answer.status == "RESOURCE_EXHAUSTED"


def _marked(word: str) -> Callable[[Any], None]:
    return lambda document: setattr(document, "secrecy", word)


class TestStateSecrets:
    """QĐ 52/2019 Đ1.2: not accepted, and not a byte of it is kept."""

    CANARY: Final = b"%PDF-1.4 noi dung bi mat nha nuoc " + os.urandom(8).hex().encode()

    def everything(self, axis: LocalAxis) -> tuple[list[str], bytes]:
        """Names of all files of the node, and all bytes in them."""
        files = sorted(path for path in axis.data.rglob("*") if path.is_file())
        return [str(path) for path in files], b"".join(path.read_bytes() for path in files)

    @pytest.mark.parametrize(
        "mark",
        [
            pytest.param(_marked(word), id=word)
            for word in ("MAT", "TOI_MAT", "TUYET_MAT", "Mật", "TỐI MẬT", "secret", "?")
        ]
        + [
            pytest.param(lambda document: document.extra.__setitem__("Độ mật", "Mật"), id="extra"),
            pytest.param(lambda document: document.extra.__setitem__("secrecy", "1"), id="a key"),
            pytest.param(lambda document: setattr(document, "paper_basis", "SECRET"), id="basis"),
        ],
    )
    def test_nothing_is_written(
        self, axis: LocalAxis, a: Party, operator: Party, mark: Callable[[Any], object]
    ) -> None:
        value = a.manifest(B, content=self.CANARY)
        message = package_pb2.Manifest.FromString(dump_manifest(value))
        mark(message.document)
        submission = a.submission(message.SerializeToString(), self.CANARY)
        before, size = self.everything(axis)[0], status(operator).journal_size
        found = one(a.submit(submission))
        assert isinstance(found, StateSecret)
        names, content = self.everything(axis)
        assert status(operator).journal_size == size
        assert names == before
        assert self.CANARY not in content
        assert self.CANARY not in axis.log.read_bytes()

    def test_the_search_would_find_it(self, axis: LocalAxis, a: Party) -> None:
        """The same file without a mark is there."""
        content = self.CANARY + b" (khong mat)"
        [receipt] = a.submit(a.submission(a.manifest(B, content=content), content))
        assert isinstance(receipt, journal_pb2.Receipt)
        assert content in self.everything(axis)[1]


def test_a_report_with_everything_wrong_names_what_is_wrong(b: Party) -> None:
    message = package_pb2.Statement.FromString(
        dump_statement(b.statement(DeliveryEvent.ARRIVE, new_package_id()))
    )
    message.event = package_pb2.DELIVERY_EVENT_UNSPECIFIED
    found = one(b.report(message.SerializeToString()))
    assert isinstance(found, InvalidValue | MissingField)
    assert found.facts["field"] == "Statement.event"
