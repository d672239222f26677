"""N-01: who is no party to something cannot tell it from what never existed.

The methods come from the wire contract: a new one without an entry in ``PROBES`` fails here. Every
probe is asked twice, about something that exists between others and about something that never
did; the answers must be the same, identifiers apart. And no answer to a stranger may hold anything
of what it is a stranger to.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import pytest
from attrs import frozen

from lienthong.codec.signed import dump_manifest, dump_statement
from lienthong.errors import NotFound, RoleMissing
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId, PackageId, StatementId
from lienthong.model.organisation import Directory
from lienthong.model.package import Manifest, PackageKind
from lienthong.model.signing import STATEMENT_TYPE
from lienthong.model.words import FileRole
from lienthong.spi.records import JournalRow, PackageRow
from lienthong.spi.storage import ReadView
from lienthong_node.core.commands import Caller
from lienthong_node.local import LocalAxis
from lienthong_node.services import evidence, exchange
from lienthong_node.services.feed import follow
from lienthong_node.services.visibility import concerns, visible_entry
from lienthong_node.stores import Recorded, read_recorded
from lienthong_proto.axis.v1 import (
    directory_pb2,
    evidence_pb2,
    exchange_pb2,
    journal_pb2,
)
from tests.e2e.conftest import NAMES, A, B, C, D, make_document
from tests.e2e.raw import CONTENT, METHODS, Answer, Party, call, entry, new_package_id
from tests.e2e.spoilt import in_process

SECRET_SUBJECT: Final = "Chỉ A và B được biết 7f3a91"
ROUNDS: Final = int(os.environ.get("LIENTHONG_ROUNDS", "30"))
"""Packages that strangers ask for; 130 make more than 10 000 calls."""

Parties = dict[str, Party]


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


def _submission(party: Party, value: Manifest, *files: bytes) -> Sequence[bytes]:
    envelope = party.sealed(dump_manifest(value))
    submission = exchange_pb2.Submission(envelope=envelope, inline_files=files)
    return [exchange_pb2.SubmitRequest(submissions=[submission]).SerializeToString()]


def _about(kind: PackageKind) -> Probe:
    """Recall, update or replace the package of another."""

    def probe(party: Party, thing: Thing) -> Sequence[bytes]:
        files = [entry()] if kind is PackageKind.REPLACE else []
        value = party.manifest(B, kind=kind, target=thing.package, reason="dò", files=files)
        return _submission(party, value, *([CONTENT] if files else []))

    return probe


def _with_file(party: Party, thing: Thing) -> Sequence[bytes]:
    """Name a file that another has uploaded, as if it were one's own."""
    return _submission(party, party.manifest(A, files=[entry(thing.content)]))


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


def _begin(_: Party, thing: Thing) -> Sequence[bytes]:
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

PROBES: Final[Mapping[str, Sequence[Probe] | Public]] = {
    "Exchange/BeginUpload": [_begin],
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
    "Directory/GetOrganisation": Public(DIRECTORY),
    "Directory/ListOrganisations": Public(
        DIRECTORY,
        (directory_pb2.ListOrganisationsRequest(search=SECRET_SUBJECT).SerializeToString(), b""),
    ),
    "Directory/Changes": Public(DIRECTORY),
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
    "Admin/PutOrganisations": Public(OPERATORS),
    "Admin/RegisterCredential": Public(OPERATORS),
    "Admin/RevokeCredential": Public(OPERATORS),
    "Admin/ListCredentials": Public(OPERATORS),
    "Admin/GetStatus": Public(OPERATORS),
    "Admin/Backup": Public(OPERATORS),
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
                _check_silent(name, ask(party, name, [request]), things, b"")
                calls += 1
            continue
        for probe in probes:
            for thing, nothing in zip(things, missing, strict=True):
                there, never = probe(party, thing), probe(party, nothing)
                found, expected = ask(party, name, there), ask(party, name, never)
                told, wanted = _told(name, found, thing), _told(name, expected, nothing)
                assert told == wanted, f"{name} tells {told} instead of {wanted}"
                _check_silent(name, found, things, b"".join(there))
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


def _check_silent(name: str, answer: Answer, things: Sequence[Thing], asked: bytes) -> None:
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


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    """An axis with limits that nobody reaches."""
    made = LocalAxis.create(
        tmp_path_factory.mktemp("axis"),
        NAMES,
        disk_reserve_bytes=0,
        requests_per_second=100_000,
        burst=100_000,
    )
    with made.running():
        yield made


@contextmanager
def opened(axis: LocalAxis) -> Iterator[Parties]:
    with ExitStack() as stack:
        yield {code: stack.enter_context(Party.opened(axis.profile(code))) for code in NAMES}


@pytest.fixture(scope="module")
def parties(axis: LocalAxis) -> Iterator[Parties]:
    with opened(axis) as found:
        yield found


def test_every_method_of_the_contract_has_an_entry() -> None:
    assert set(PROBES) == set(METHODS)


def test_strangers_learn_nothing(parties: Parties) -> None:
    """C and D have a life of their own, so that their answers are not simply empty."""
    parties[C].send(D)
    things = things_between(parties[A], parties[B], ROUNDS)
    missing = things_that_never_were(ROUNDS)
    calls = sum(check_stranger(parties[organ], things, missing) for organ in (C, D))
    print(f"{calls} calls")
    assert calls > 500


def test_parties_do_learn(parties: Parties) -> None:
    """The probes ask rightly: to A and B they bring what strangers do not get."""
    a, b = parties[A], parties[B]
    [thing] = things_between(a, b, 1)
    for party in (a, b):
        for name in (
            "Exchange/Download",
            "Exchange/GetPackage",
            "Exchange/GetHistory",
            "Exchange/Subscribe",
            "Evidence/GetReceipt",
        ):
            probes = PROBES[name]
            assert not isinstance(probes, Public)
            for probe in probes:
                answer = ask(party, name, probe(party, thing))
                assert answer.ok, name
                octets = b"".join(answer.data)
                assert any(mark in octets for mark in thing.marks()), name
    asked = ask(a, "Exchange/BeginUpload", _begin(a, thing))
    assert exchange_pb2.BeginUploadResponse.FromString(asked.data[0]).complete


def test_a_file_of_ones_own_package_opens_no_file_of_others(parties: Parties) -> None:
    c = parties[C]
    own = c.send(D)
    things = [*things_between(parties[A], parties[B], 1), *things_that_never_were(1)]
    found = [
        c.ask(
            "Exchange/Download",
            exchange_pb2.DownloadRequest(package_id=own.bytes, sha256=thing.sha256),
        )
        for thing in things
    ]
    texts = {thing.hidden(answer.text) for thing, answer in zip(things, found, strict=True)}
    assert {answer.status for answer in found} == {"NOT_FOUND"}
    assert len(texts) == 1


def test_a_recipient_sees_nothing_of_the_other_recipients(parties: Parties) -> None:
    """Who else received it stands in the signed manifest; what they did with it does not."""
    package = parties[A].send(B, C)
    arrival = parties[C].statement(DeliveryEvent.ARRIVE, package)
    [receipt] = parties[C].report(arrival)
    assert isinstance(receipt, journal_pb2.Receipt)
    b = parties[B]
    view = b.ask("Exchange/GetPackage", exchange_pb2.GetPackageRequest(package_id=package.bytes))
    deliveries = exchange_pb2.GetPackageResponse.FromString(view.data[0]).deliveries
    assert [delivery.recipient for delivery in deliveries] == [B]
    for name, request in (
        ("Exchange/GetHistory", exchange_pb2.GetHistoryRequest(package_id=package.bytes)),
        ("Exchange/Subscribe", exchange_pb2.SubscribeRequest()),
    ):
        assert arrival.statement_id.bytes not in b"".join(b.ask(name, request).data)
    asked = evidence_pb2.GetReceiptRequest(statement_id=arrival.statement_id.bytes)
    assert b.ask("Evidence/GetReceipt", asked).status == "NOT_FOUND"


def test_operators_read_no_documents(axis: LocalAxis, parties: Parties) -> None:
    things = things_between(parties[A], parties[B], 1)
    with Party.opened(axis.data / "operator") as operator:
        for name, probes in PROBES.items():
            if isinstance(probes, Public):
                if name != "Admin/Backup":
                    _check_silent(name, operator.ask(name, *probes.requests[:1]), things, b"")
                continue
            for probe in probes:
                answer = ask(operator, name, probe(operator, things[0]))
                assert answer.code == RoleMissing.code, name


def test_a_package_id_of_others_is_refused_and_nothing_more_is_said(parties: Parties) -> None:
    """The one thing that shows: an identifier of 74 random bits that was used is not free."""
    [thing] = things_between(parties[A], parties[B], 1)
    value = parties[C].manifest(D, package_id=thing.package)
    answer = ask(parties[C], "Exchange/Submit", _submission(parties[C], value, CONTENT))
    [result] = exchange_pb2.SubmitResponse.FromString(answer.data[0]).results
    assert result.fault.code == "exchange.id_reused"
    assert dict(result.fault.facts) == {"what": f"package id {thing.package}"}


# The checker itself: an axis in this process, in which the filter is switched off.


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parties]:
    """Parties of an axis whose code can be spoilt."""
    folder = tmp_path_factory.mktemp("leaky")
    axis = LocalAxis.create(
        folder, NAMES, disk_reserve_bytes=0, requests_per_second=100_000, burst=100_000
    )
    with in_process(axis), opened(axis) as found:
        yield found


def _package_without_filter(
    view: ReadView, package_id: bytes, *_: object
) -> tuple[PackageRow, JournalRow]:
    package = view.package(package_id)
    if package is None:
        raise NotFound(what=f"package {PackageId(package_id)}")
    return package, view.journal(package.index, 1)[0]


def _package_denied(
    view: ReadView, package_id: bytes, caller: Caller, directory: Directory
) -> tuple[PackageRow, JournalRow]:
    """Says "not yours" instead of "not there"."""
    package, row = _package_without_filter(view, package_id)
    if not concerns(row, caller, directory):
        raise RoleMissing(method="GetPackage", roles="party")
    return package, row


def _entry_without_filter(
    view: ReadView, index: int | None, _: Caller, __: Directory, asked: str
) -> Recorded:
    if index is None or not view.journal(index, 1):
        raise NotFound(what=f"receipt of {asked}")
    return read_recorded(view, index)


def _entry_with_its_index(
    view: ReadView, index: int | None, caller: Caller, directory: Directory, asked: str
) -> Recorded:
    """Says where the entry of others stands."""
    told = asked if index is None else f"entry {index}"
    return visible_entry(view, index, caller, directory, told)


LEAKS: Final[Mapping[str, tuple[Any, str, Any]]] = {
    "the filter of packages is off": (exchange, "visible_package", _package_without_filter),
    "strangers are denied instead": (exchange, "visible_package", _package_denied),
    "the filter of receipts is off": (evidence, "visible_entry", _entry_without_filter),
    "history without filter": (
        exchange,
        "visible_history",
        lambda view, package_id, *_: view.journal_of(package_id),
    ),
    "refusals tell the index": (evidence, "visible_entry", _entry_with_its_index),
    "everybody reads B's feed": (
        exchange,
        "follow",
        lambda node, request, *_: follow(node, request, B),
    ),
}


def test_the_axis_in_this_process_is_tight(leaky: Parties) -> None:
    """Otherwise the tests below would prove nothing."""
    things = things_between(leaky[A], leaky[B], 1)
    assert check_stranger(leaky[C], things, things_that_never_were(1))


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_noticed(leaky: Parties, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    things = things_between(leaky[A], leaky[B], 1)
    module, attribute, spoilt = LEAKS[name]
    monkeypatch.setattr(module, attribute, spoilt)
    with pytest.raises(AssertionError, match="tells|shows"):
        check_stranger(leaky[C], things, things_that_never_were(1))


def test_an_own_file_is_not_taken_for_an_attachment_of_others(parties: Parties) -> None:
    """Possession counts by organisation, also for the second of two files."""
    [thing] = things_between(parties[A], parties[B], 1)
    files = [entry(), entry(thing.content, "phu-luc.pdf", role=FileRole.ATTACHMENT)]
    value = parties[C].manifest(D, files=files)
    answer = ask(parties[C], "Exchange/Submit", _submission(parties[C], value, CONTENT))
    [result] = exchange_pb2.SubmitResponse.FromString(answer.data[0]).results
    assert result.fault.code == "exchange.file_missing"
