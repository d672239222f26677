"""Wrong, hostile and unlucky requests: a clear answer with a stable code, and nothing is harmed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from attrs import evolve
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.codec.signed import dump_manifest, dump_statement
from lienthong.errors import (
    ClockSkew,
    ClosedRecipient,
    DuplicateRecipient,
    FileMissing,
    FileUndeclared,
    IdReused,
    InvalidMove,
    InvalidValue,
    LienthongError,
    Malformed,
    MissingField,
    NotFound,
    SenderMismatch,
    SignatureInvalid,
    SizeMismatch,
    StateSecret,
    TooLarge,
    UnknownField,
    UnknownRecipient,
    WrongAudience,
)
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId
from lienthong.model.organisation import OrganCode, Organisation, OrganName
from lienthong.model.report import Assignment, CheckSummary, Reason, RegisterEntry
from lienthong.model.signing import MANIFEST_TYPE, STATEMENT_TYPE
from lienthong_node.local import LocalAxis
from lienthong_node.uploads import CHUNK_LIMIT
from lienthong_proto.axis.v1 import admin_pb2, exchange_pb2, journal_pb2, package_pb2
from tests.e2e.conftest import NAMES, A, B, C, make_document
from tests.e2e.raw import (
    CONTENT,
    METHODS,
    Answer,
    Outcome,
    Party,
    call,
    entry,
    messages,
    new_package_id,
    request_class,
)

ALIAS: Final = "H53.13"
CLOSED: Final = "000.00.21.H53"
HEIR: Final = "000.00.22.H53"
NOBODY: Final = "000.00.99.H53"

Parties = dict[str, Party]
Refused = Callable[[Outcome], LienthongError]


def _organisation(code: str, **fields: Any) -> Organisation:
    codes = [code, ALIAS] if code == B else [code]
    values: dict[str, Any] = {
        "organ_id": OrganId(code),
        "codes": [OrganCode(scheme=OrganId(c).scheme, value=OrganId(c)) for c in codes],
        "names": [OrganName(value=NAMES.get(code, code))],
    }
    return Organisation(**(values | fields))


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    """An axis with an organisation that was closed, and with limits that nobody reaches."""
    closed = _organisation(CLOSED, valid_to=date(2025, 7, 1), successors=[OrganId(HEIR)])
    organisations = [*map(_organisation, (A, B, C, HEIR)), closed]
    made = LocalAxis.create(
        tmp_path_factory.mktemp("axis"),
        organisations,
        disk_reserve_bytes=0,
        requests_per_second=100_000,
        burst=100_000,
        max_file_bytes=10 * CHUNK_LIMIT,
    )
    with made.running():
        yield made


@pytest.fixture(scope="module")
def parties(axis: LocalAxis) -> Iterator[Parties]:
    """A, B and C without the SDK's client."""
    with ExitStack() as opened:
        yield {code: opened.enter_context(Party.opened(axis.profile(code))) for code in (A, B, C)}


@pytest.fixture(scope="module")
def operator(axis: LocalAxis) -> Iterator[Party]:
    """The operator of the node."""
    with Party.opened(axis.data / "operator") as party:
        yield party


@pytest.fixture
def a(parties: Parties) -> Party:
    return parties[A]


@pytest.fixture
def b(parties: Parties) -> Party:
    return parties[B]


def one(outcomes: list[Outcome]) -> LienthongError:
    """The only outcome, which must be a refusal."""
    [outcome] = outcomes
    assert isinstance(outcome, LienthongError), outcome
    return outcome


def refused(party: Party, **fields: Any) -> LienthongError:
    """Why a package with these fields is refused."""
    recipients = fields.pop("recipients", (B,))
    return one(party.submit(party.submission(party.manifest(*recipients, **fields))))


def status(operator: Party) -> Any:
    [found] = messages(admin_pb2.GetStatusResponse, operator.ask("Admin/GetStatus", b""))
    return found


class TestRecipients:
    @pytest.mark.parametrize(
        ("recipients", "error", "facts"),
        [
            ((NOBODY,), UnknownRecipient, {"organ": NOBODY}),
            ((B, NOBODY), UnknownRecipient, {"organ": NOBODY}),
            ((CLOSED,), ClosedRecipient, {"organ": CLOSED, "successors": HEIR}),
            ((B, ALIAS), DuplicateRecipient, {"organ": ALIAS}),
        ],
    )
    def test_refuses(
        self,
        a: Party,
        recipients: tuple[str, ...],
        error: type[LienthongError],
        facts: dict[str, str],
    ) -> None:
        found = refused(a, recipients=recipients)
        assert type(found) is error
        assert facts.items() <= found.facts.items()

    def test_the_same_code_twice_does_not_even_decode(self, a: Party) -> None:
        message = package_pb2.Manifest.FromString(dump_manifest(a.manifest(B)))
        message.recipients.append(message.recipients[0])
        found = one(a.submit(a.submission(message.SerializeToString())))
        assert isinstance(found, DuplicateRecipient)

    def test_one_wrong_package_does_not_refuse_its_neighbours(self, a: Party) -> None:
        good, wrong = a.manifest(B), a.manifest(NOBODY)
        outcomes = a.submit(a.submission(good), a.submission(wrong), a.submission(good))
        first, second, third = outcomes
        assert isinstance(second, UnknownRecipient)
        assert isinstance(first, journal_pb2.Receipt)
        assert first == third


class TestWhoSpeaks:
    def test_nobody_sends_in_the_name_of_another(self, a: Party) -> None:
        found = refused(a, sender=OrganId(C))
        assert isinstance(found, SenderMismatch)
        assert found.facts == {"caller": A, "organ": C}

    def test_nobody_hands_over_what_another_signed(self, parties: Parties) -> None:
        """C has A's signed bytes; neither the package nor its receipt is C's to have."""
        submission = parties[A].submission(parties[A].manifest(B))
        assert isinstance(one(parties[C].submit(submission)), SenderMismatch)
        [receipt] = parties[A].submit(submission)
        assert isinstance(receipt, journal_pb2.Receipt)
        assert isinstance(one(parties[C].submit(submission)), SenderMismatch)

    def test_who_is_not_the_addressee_is_told_that_nothing_is_there(self, parties: Parties) -> None:
        c, package, nothing = parties[C], parties[A].send(B), new_package_id()
        texts = []
        for subject in (package, nothing):
            for recipient in (B, C, NOBODY):
                value = c.statement(DeliveryEvent.ARRIVE, subject, recipient=OrganId(recipient))
                found = one(c.report(value))
                assert isinstance(found, NotFound)
                texts.append(str(found).replace(str(subject), "ID"))
        assert len(set(texts)) == 1

    def test_nobody_reports_in_the_name_of_another(self, parties: Parties) -> None:
        package = parties[A].send(B)
        value = parties[B].statement(DeliveryEvent.ARRIVE, package)
        assert isinstance(one(parties[C].report(value)), SenderMismatch)


def _parts(event: DeliveryEvent) -> dict[str, Any]:
    now = datetime.now(UTC)
    check = CheckSummary(complete=True, intact=True, authentic=True, checked_at=now)
    reason = Reason(text="lý do")
    parts: dict[DeliveryEvent, dict[str, Any]] = {
        DeliveryEvent.ACCEPT: {
            "register": RegisterEntry(number=1, date=now.date()),
            "check": check,
        },
        DeliveryEvent.FORWARD: {"assignments": [Assignment(unit="Phòng")]},
    }
    reasoned = {
        DeliveryEvent.REFUSE,
        DeliveryEvent.REOPEN,
        DeliveryEvent.REQUEST_TAKE_BACK,
        DeliveryEvent.REFUSE_TAKE_BACK,
        DeliveryEvent.REJECT_RECALL,
        DeliveryEvent.REFUSE_UPDATE,
    }
    return parts.get(event, {"reason": reason} if event in reasoned else {})


REPORTED: Final = [event for event in DeliveryEvent if event.reported]


class TestMoves:
    @pytest.mark.parametrize(
        "event",
        [e for e in REPORTED if e is not DeliveryEvent.ARRIVE],
        ids=lambda event: event.name,
    )
    def test_a_recipient_that_has_just_been_sent_something_may_only_receive_it(
        self, a: Party, b: Party, event: DeliveryEvent
    ) -> None:
        found = one(b.report(b.statement(event, a.send(B), **_parts(event))))
        assert isinstance(found, InvalidMove)
        assert (found.facts["state"], found.facts["actor"]) == ("SENT", "RECIPIENT")
        assert found.facts["clause"]

    @pytest.mark.parametrize(
        "event",
        [e for e in REPORTED if e is not DeliveryEvent.REQUEST_TAKE_BACK],
        ids=lambda event: event.name,
    )
    def test_a_sender_does_not_report_what_the_recipient_does(
        self, a: Party, event: DeliveryEvent
    ) -> None:
        value = a.statement(event, a.send(B), recipient=OrganId(B), **_parts(event))
        found = one(a.report(value))
        assert isinstance(found, InvalidMove)
        assert found.facts["actor"] == "SENDER"
        assert found.facts["clause"]


class TestRepetition:
    def test_the_same_bytes_get_the_same_receipt_byte_by_byte(self, a: Party, b: Party) -> None:
        submission = a.submission(a.manifest(B))
        [first] = a.submit(submission)
        b.send(A)
        [again] = a.submit(submission)
        assert isinstance(first, journal_pb2.Receipt)
        assert isinstance(again, journal_pb2.Receipt)
        assert first.SerializeToString() == again.SerializeToString()

    def test_also_with_another_signature_and_without_the_files(self, a: Party) -> None:
        """ECDSA signs differently each time; what counts is what was signed."""
        value = a.manifest(B)
        [first] = a.submit(a.submission(value))
        again = exchange_pb2.Submission(envelope=a.sealed(dump_manifest(value)))
        assert a.submit(again) == [first]

    def test_other_bytes_are_refused(self, a: Party) -> None:
        value = a.manifest(B)
        a.submit(a.submission(value))
        other = evolve(value, document=make_document(subject="Một nội dung khác"))
        found = one(a.submit(a.submission(other)))
        assert isinstance(found, IdReused)
        assert str(value.package_id) in str(found)

    def test_a_report_too(self, a: Party, b: Party) -> None:
        value = b.statement(DeliveryEvent.ARRIVE, a.send(B))
        [first] = b.report(value)
        assert b.report(value) == [first]
        assert isinstance(one(b.report(evolve(value, note="khác"))), IdReused)


class TestBeforeDeciding:
    @pytest.mark.parametrize("off", [timedelta(hours=1), -timedelta(days=8)])
    def test_a_wrong_clock(self, a: Party, b: Party, off: timedelta) -> None:
        created = datetime.now(UTC) + off
        found = refused(a, created_at=created)
        assert isinstance(found, ClockSkew)
        assert found.facts["field"] == "created_at"
        value = b.statement(DeliveryEvent.ARRIVE, a.send(B), created_at=created)
        assert isinstance(one(b.report(value)), ClockSkew)

    def test_another_axis(self, a: Party, b: Party) -> None:
        found = refused(a, audience="truc.khac.example")
        assert isinstance(found, WrongAudience)
        assert found.facts["expected"] == a.profile.axis
        value = b.statement(DeliveryEvent.ARRIVE, a.send(B), audience="truc.khac.example")
        assert isinstance(one(b.report(value)), WrongAudience)


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


INTEGERS: Final = (0, 1, 255, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1, -1, -(2**63))
TEXTS: Final = (
    "",
    "\x00",
    "../../etc",
    "' OR 1=1 --",
    "000.00.00.h53",
    "ÁO DÀI \U0001f1fb\U0001f1f3",
    "x" * 20_000,
    "\u202e\r\n\x1b[31m",
)
OCTETS: Final = (b"", b"\x00", bytes(16), b"\xff" * 16, bytes(32), b"\xff" * 32, bytes(50_000))


def garbage(field: Any, depth: int = 2) -> Iterator[Any]:
    """Values of a field that nobody should send."""
    if field.message_type is not None:
        kind = GetMessageClass(field.message_type)
        yield kind()
        if depth and not field.message_type.GetOptions().map_entry:
            for inner in field.message_type.fields:
                yield from with_garbage(kind, inner, depth - 1)
    elif field.enum_type is not None:
        yield from (0, 1, 2, 77, -1)
    elif field.type == FieldDescriptor.TYPE_STRING:
        yield from TEXTS
    elif field.type == FieldDescriptor.TYPE_BYTES:
        yield from OCTETS
    elif field.type == FieldDescriptor.TYPE_BOOL:
        yield from (False, True)
    else:
        yield from INTEGERS


def with_garbage(kind: type[Message], field: Any, depth: int = 2) -> Iterator[Message]:
    """Messages with one field spoilt in every way."""
    for value in garbage(field, depth):
        message = kind()
        try:
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                continue
            if field.is_repeated:
                getattr(message, field.name).extend([value, value])
            elif field.message_type is not None:
                getattr(message, field.name).CopyFrom(value)
            else:
                setattr(message, field.name, value)
        except (ValueError, OverflowError):
            continue  # the field cannot hold it, so that it cannot be sent either
        yield message


def sensible(answer: Answer, what: str) -> None:
    """A refusal has a code of ours; nothing is unknown or internal."""
    assert answer.status not in {"UNKNOWN", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}, (what, answer)
    if not answer.ok and answer.status != "DEADLINE_EXCEEDED":
        assert answer.code, (what, answer)
        assert answer.code != "plugin.failed", (what, answer)


@pytest.mark.parametrize("name", METHODS)
def test_garbage_in_any_field_gets_a_clear_answer(a: Party, operator: Party, name: str) -> None:
    method = METHODS[name]
    party = operator if name.startswith("Admin/") else a
    kind, count = request_class(method), 0
    for field in kind.DESCRIPTOR.fields:
        for message in with_garbage(kind, field):
            follow = name == "Exchange/Subscribe"
            answer = call(
                party.channel,
                f"/{method.containing_service.full_name}/{method.name}",
                [message.SerializeToString()],
                client_streaming=method.client_streaming,
                server_streaming=method.server_streaming,
                seconds=0.5 if follow else 20.0,
            )
            sensible(answer, f"{name} {field.name} {str(message)[:200]}")
            count += 1
    assert count or not kind.DESCRIPTOR.fields


@pytest.mark.parametrize("name", METHODS)
def test_a_request_that_is_no_protobuf_is_malformed(a: Party, operator: Party, name: str) -> None:
    party = operator if name.startswith("Admin/") else a
    for octets in (b"\xff\xff\xff", b"\x0a\xff", b"\x00", b"\x0b" * 200):
        answer = party.ask(name, octets)
        assert (answer.status, answer.code) == ("INVALID_ARGUMENT", Malformed.code), octets


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=300), st.sampled_from(sorted(set(METHODS) - {"Exchange/Subscribe"})))
def test_any_bytes_get_a_clear_answer(a: Party, operator: Party, octets: bytes, name: str) -> None:
    party = operator if name.startswith("Admin/") else a
    sensible(party.ask(name, octets), f"{name} {octets!r}")


def test_methods_that_nobody_declared_do_not_exist(a: Party) -> None:
    for path in (
        "/lienthong.axis.v1.Exchange/Nothing",
        "/lienthong.axis.v2.Exchange/Submit",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        "/grpc.channelz.v1.Channelz/GetServers",
    ):
        assert call(a.channel, path, [b""]).status == "UNIMPLEMENTED"


def test_a_report_with_everything_wrong_names_what_is_wrong(b: Party) -> None:
    message = package_pb2.Statement.FromString(
        dump_statement(b.statement(DeliveryEvent.ARRIVE, new_package_id()))
    )
    message.event = package_pb2.DELIVERY_EVENT_UNSPECIFIED
    found = one(b.report(message.SerializeToString()))
    assert isinstance(found, InvalidValue | MissingField)
    assert found.facts["field"] == "Statement.event"


def test_the_node_is_still_well(axis: LocalAxis, a: Party, operator: Party) -> None:
    """After all of the above it works, and it has logged no error of its own."""
    a.send(B)
    assert status(operator).accepting
    log = axis.log.read_text("utf-8")
    assert "internal error" not in log
    assert '"level": "error"' not in log
