"""What strangers ask for, method by method, and how their answers are judged (N-01)."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from lienthong.codec.signed import dump_manifest, dump_statement
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId, PackageId, StatementId
from lienthong.model.package import Manifest, PackageKind
from lienthong.model.signing import STATEMENT_TYPE
from lienthong_proto.axis.v1 import directory_pb2, evidence_pb2, exchange_pb2, journal_pb2
from tests.e2e.conftest import A, B, make_document
from tests.e2e.raw import CONTENT, METHODS, Answer, Party, call, entry, new_package_id

SECRET_SUBJECT: Final = "Chỉ A và B được biết 7f3a91"


@frozen(kw_only=True)
class Thing:
    """Something between A and B, or something that never was."""

    package: PackageId
    statement: StatementId
    index: int
    content: bytes
    upload_id: str

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.content).digest()

    def hidden(self, text: str) -> str:
        """An error text without what the request itself said."""
        for word in (str(self.package), str(self.statement), self.sha256.hex(), self.upload_id):
            text = text.replace(word, "…")
        return re.sub(rf"\b{self.index}\b", "#", text)

    def marks(self) -> tuple[bytes, ...]:
        """What a stranger's answer must not hold."""
        ids = (self.package.bytes, self.statement.bytes, str(self.package).encode())
        return (*ids, self.sha256, self.content, SECRET_SUBJECT.encode())


Probe = Callable[[Party, Thing], Sequence[bytes]]
"""What a stranger sends to find out about a thing."""


@frozen
class Public:
    """A method without anything of a single organisation's in it."""

    why: str
    requests: tuple[bytes, ...] = (b"",)


def _package_request(kind: Any) -> Probe:
    return lambda _, thing: [kind(package_id=thing.package.bytes).SerializeToString()]


def submission_of(party: Party, value: Manifest, *files: bytes) -> Sequence[bytes]:
    envelope = party.sealed(dump_manifest(value))
    submission = exchange_pb2.Submission(envelope=envelope, inline_files=files)
    return [exchange_pb2.SubmitRequest(submissions=[submission]).SerializeToString()]


def _about(kind: PackageKind) -> Probe:
    """Recall, update or replace the package of another."""

    def probe(party: Party, thing: Thing) -> Sequence[bytes]:
        files = [entry()] if kind is PackageKind.REPLACE else []
        value = party.manifest(B, kind=kind, target=thing.package, reason="dò", files=files)
        return submission_of(party, value, *([CONTENT] if files else []))

    return probe


def _with_file(party: Party, thing: Thing) -> Sequence[bytes]:
    """Name a file that another has uploaded, as if it were one's own."""
    return submission_of(party, party.manifest(A, files=[entry(thing.content)]))


def _report(recipient: str | None, *, statement: bool = False) -> Probe:
    """Report about the package of others, in one's own name."""

    def probe(party: Party, thing: Thing) -> Sequence[bytes]:
        fields: dict[str, Any] = {"statement_id": thing.statement} if statement else {}
        organ = OrganId(recipient or party.organ)
        value = party.statement(DeliveryEvent.ARRIVE, thing.package, recipient=organ, **fields)
        item = exchange_pb2.ReportItem(envelope=party.sealed(dump_statement(value), STATEMENT_TYPE))
        return [exchange_pb2.ReportRequest(items=[item]).SerializeToString()]

    return probe


def _receipt(**fields: Callable[[Thing], Any]) -> Probe:
    return lambda _, thing: [
        evidence_pb2.GetReceiptRequest(
            **{name: value(thing) for name, value in fields.items()}
        ).SerializeToString()
    ]


def _upload(_: Party, thing: Thing) -> Sequence[bytes]:
    request = exchange_pb2.UploadRequest(upload_id=thing.upload_id, offset=0, chunk=b"x")
    return [request.SerializeToString()]


def begin_upload(_: Party, thing: Thing) -> Sequence[bytes]:
    request = exchange_pb2.BeginUploadRequest(sha256=thing.sha256, size=len(thing.content))
    return [request.SerializeToString()]


def _download(_: Party, thing: Thing) -> Sequence[bytes]:
    request = exchange_pb2.DownloadRequest(package_id=thing.package.bytes, sha256=thing.sha256)
    return [request.SerializeToString()]


def _listing(direction: exchange_pb2.Direction.ValueType) -> Probe:
    """Go on with a list behind a delivery of others."""

    def probe(_: Party, thing: Thing) -> Sequence[bytes]:
        request = exchange_pb2.ListDeliveriesRequest(
            direction=direction,
            page_token=f"{2**40:x}-{thing.package.bytes.hex()}-{B}",
        )
        return [request.SerializeToString()]

    return probe


def _feed(_: Party, thing: Thing) -> Sequence[bytes]:
    return [exchange_pb2.SubscribeRequest(inline_limit=262_144).SerializeToString()]


DIRECTORY: Final = "the directory is for every organisation of the axis"
HASHES: Final = "hashes under a nonce say nothing about what they are of"
OPERATORS: Final = "for operators only; see the test of roles"
OWN: Final = "who writes about itself asks for nothing of others"


PROBES: Final[Mapping[str, Sequence[Probe] | Public]] = {
    "Exchange/BeginUpload": [begin_upload],
    "Exchange/Upload": [_upload],
    "Exchange/Submit": [*map(_about, set(PackageKind) - {PackageKind.NEW}), _with_file],
    "Exchange/Report": [_report(B), _report(None), _report(A), _report(B, statement=True)],
    "Exchange/Subscribe": [_feed],
    "Exchange/Download": [_download],
    "Exchange/GetPackage": [_package_request(exchange_pb2.GetPackageRequest)],
    "Exchange/ListDeliveries": [
        _listing(exchange_pb2.DIRECTION_INCOMING),
        _listing(exchange_pb2.DIRECTION_OUTGOING),
    ],
    "Exchange/GetHistory": [_package_request(exchange_pb2.GetHistoryRequest)],
    "Exchange/RecordCheck": Public(
        OWN,
        (
            exchange_pb2.RecordCheckRequest(
                results=[journal_pb2.CheckResult(name="feed", passed=True)]
            ).SerializeToString(),
        ),
    ),
    "Directory/GetOrganisation": Public(DIRECTORY),
    "Directory/ListOrganisations": Public(
        DIRECTORY,
        (directory_pb2.ListOrganisationsRequest(search=SECRET_SUBJECT).SerializeToString(), b""),
    ),
    "Directory/Changes": Public(DIRECTORY),
    "Directory/GetLaw": Public(DIRECTORY),
    "Directory/Resolve": Public(
        DIRECTORY, (directory_pb2.ResolveRequest(code=B).SerializeToString(),)
    ),
    "Evidence/GetReceipt": [
        _receipt(index=lambda thing: thing.index),
        _receipt(package_id=lambda thing: thing.package.bytes),
        _receipt(statement_id=lambda thing: thing.statement.bytes),
    ],
    "Evidence/GetCheckpoint": Public(HASHES),
    "Evidence/GetTile": Public(HASHES, (evidence_pb2.GetTileRequest(width=5).SerializeToString(),)),
    "Evidence/ProveConsistency": Public(
        HASHES, (evidence_pb2.ProveConsistencyRequest(old_size=1).SerializeToString(),)
    ),
    # Places of entries are told to their parties only; see ``test_timestamps``.
    "Evidence/GetStamp": Public(
        HASHES, (evidence_pb2.GetStampRequest(size=1).SerializeToString(),)
    ),
    "Admin/PutOrganisations": Public(OPERATORS),
    "Admin/RegisterCredential": Public(OPERATORS),
    "Admin/RevokeCredential": Public(OPERATORS),
    "Admin/ListCredentials": Public(OPERATORS),
    "Admin/GetStatus": Public(OPERATORS),
    "Admin/Backup": Public(OPERATORS),
    "Admin/CountDeliveries": Public(OPERATORS),
    "Admin/PutLaw": Public(OPERATORS),
}


def ask(party: Party, name: str, data: Sequence[bytes]) -> Answer:
    method = METHODS[name]
    return call(
        party.channel,
        f"/{method.containing_service.full_name}/{method.name}",
        data,
        client_streaming=method.client_streaming,
        server_streaming=method.server_streaming,
    )


def check_stranger(party: Party, things: Sequence[Thing], missing: Sequence[Thing]) -> int:
    """Ask everything about everything as a stranger; returns the number of calls.

    Raises:
        AssertionError: an answer tells something.
    """
    calls = 0
    for name, probes in PROBES.items():
        if isinstance(probes, Public):
            for request in probes.requests:
                check_silent(name, ask(party, name, [request]), things, b"")
                calls += 1
            continue
        for probe in probes:
            for thing, nothing in zip(things, missing, strict=True):
                there, never = probe(party, thing), probe(party, nothing)
                found, expected = ask(party, name, there), ask(party, name, never)
                told, wanted = _told(name, found, thing), _told(name, expected, nothing)
                assert told == wanted, f"{name} tells {told} instead of {wanted}"
                check_silent(name, found, things, b"".join(there))
                calls += 2
    return calls


def _told(name: str, answer: Answer, thing: Thing) -> object:
    """An answer without identifiers of the question, receipts of one's own, and keys."""
    if not answer.ok:
        facts = {key: thing.hidden(value) for key, value in answer.facts.items()}
        return answer.status, answer.code, thing.hidden(answer.text), facts
    if name in {"Exchange/Submit", "Exchange/Report"}:
        return _told_by_results(answer, thing)
    if name == "Exchange/BeginUpload":
        begun = exchange_pb2.BeginUploadResponse.FromString(answer.data[0])
        return begun.offset, begun.complete
    return answer.data


def _told_by_results(answer: Answer, thing: Thing) -> object:
    # Both responses have the same shape.
    results = exchange_pb2.SubmitResponse.FromString(b"".join(answer.data)).results
    return [
        (result.fault.code, thing.hidden(result.fault.message_en), result.fault.retryable)
        for result in results
    ]


def check_silent(name: str, answer: Answer, things: Sequence[Thing], asked: bytes) -> None:
    """Nothing of the things is in the answer but what the question itself said."""
    octets = b"".join(answer.data) + answer.text.encode()
    for thing in things:
        said = asked + (str(thing.package).encode() if thing.package.bytes in asked else b"")
        for mark in thing.marks():
            assert mark in said or mark not in octets, f"{name} shows {mark[:40]!r}"


def things_between(a: Party, b: Party, count: int) -> list[Thing]:
    """Packages of A to B, uploaded and reported as arrived."""
    made = []
    for _ in range(count):
        content = b"only for A and B " + os.urandom(24)
        sha256 = hashlib.sha256(content).digest()
        begin = exchange_pb2.BeginUploadRequest(sha256=sha256, size=len(content))
        answer = a.ask("Exchange/BeginUpload", begin)
        key = exchange_pb2.BeginUploadResponse.FromString(answer.data[0]).upload_id
        chunk = exchange_pb2.UploadRequest(upload_id=key, chunk=content)
        assert a.ask("Exchange/Upload", chunk).ok
        value = a.manifest(
            B, files=[entry(content)], document=make_document(A, subject=SECRET_SUBJECT)
        )
        [sent] = a.submit(a.submission(value, content))
        arrival = b.statement(DeliveryEvent.ARRIVE, value.package_id)
        [arrived] = b.report(arrival)
        assert isinstance(sent, journal_pb2.Receipt)
        assert isinstance(arrived, journal_pb2.Receipt)
        made.append(
            Thing(
                package=value.package_id,
                statement=arrival.statement_id,
                index=sent.index,
                content=content,
                upload_id=key,
            )
        )
    return made


def things_that_never_were(count: int) -> list[Thing]:
    return [
        Thing(
            package=new_package_id(),
            statement=StatementId(new_package_id().bytes),
            index=10**9 + number,
            content=b"nobody has ever " + os.urandom(25),
            upload_id=f"{os.urandom(16).hex()}-{os.urandom(32).hex()}-29",
        )
        for number in range(count)
    ]
