"""S-16: whatever bytes come, the answer is one of the typed ones and the node stays well."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest
from attrs import define, field
from google.protobuf.message import Message

from lienthong.codec.signed import (
    dump_statement,
    load_entry,
    load_envelope,
    load_manifest,
    load_receipt,
    load_statement,
)
from lienthong.errors import LienthongError
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import PackageId
from lienthong_node import interceptor, wire
from lienthong_node.local import LocalAxis
from lienthong_proto.axis.v1 import (
    admin_pb2,
    directory_pb2,
    evidence_pb2,
    exchange_pb2,
    journal_pb2,
    package_pb2,
)
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B
from tests.e2e.patient import status
from tests.e2e.raw import CONTENT, METHODS, Answer, Party, call, request_class
from tests.e2e.spoilt import in_process
from tests.hostile.calls import Calls, called_directly
from tests.hostile.conftest import Parties
from tests.hostile.metrics import GENEROUS, log_of, resident_bytes
from tests.hostile.mutants import Mutants, counted, tag
from tests.tiers import SEED, tier

EACH: Final = tier(commit=2_000, nightly=100_000)
ON_THE_WIRE: Final = tier(commit=60, nightly=10_000)
LIMIT_BYTES: Final = 64 * 1024 * 1024
"""By how much the node's memory may grow."""

TYPED: Final = frozenset(
    {
        *("OK", "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "NOT_FOUND", "FAILED_PRECONDITION"),
        *("PERMISSION_DENIED", "OUT_OF_RANGE", "ALREADY_EXISTS"),
    }
)
NEVER: Final = frozenset({"node.internal", "plugin.failed"})


def templates(a: Party) -> Mapping[str, Sequence[Message]]:
    """Good requests of every method; what would be costly or final is aimed at nothing."""
    manifest = a.manifest(B)
    arrival = a.statement(DeliveryEvent.ARRIVE, manifest.package_id)
    sha256 = hashlib.sha256(CONTENT).digest()
    item = exchange_pb2.ReportItem(envelope=a.sealed(dump_statement(arrival)))
    package = manifest.package_id.bytes
    organisation = admin_pb2.PutOrganisationsRequest()
    organisation.organisations.add(organ_id="000.00.31.H53").names.add(value="Sở Y tế")
    fingerprint = "0" * 64
    days = directory_pb2.Law(
        subject="calendar",
        organ_id=B,
        name="days",
        text='name = "days"\nbase = "vietnam"\nfirst_year = 2026\nlast_year = 2026\n',
    )
    return {
        "Exchange/BeginUpload": [exchange_pb2.BeginUploadRequest(sha256=sha256, size=9)],
        "Exchange/Upload": [exchange_pb2.UploadRequest(upload_id="x-1", chunk=b"chunk")],
        "Exchange/Submit": [exchange_pb2.SubmitRequest(submissions=[a.submission(manifest)])],
        "Exchange/Report": [exchange_pb2.ReportRequest(items=[item])],
        "Exchange/Subscribe": [exchange_pb2.SubscribeRequest(page_size=2, inline_limit=100)],
        "Exchange/Download": [exchange_pb2.DownloadRequest(package_id=package, sha256=sha256)],
        "Exchange/GetPackage": [exchange_pb2.GetPackageRequest(package_id=package)],
        "Exchange/ListDeliveries": [
            exchange_pb2.ListDeliveriesRequest(
                direction=exchange_pb2.DIRECTION_INCOMING,
                states=["SENT"],
                page_token=f"1f-{package.hex()}-{A}",
            )
        ],
        "Exchange/GetHistory": [exchange_pb2.GetHistoryRequest(package_id=package)],
        "Exchange/RecordCheck": [
            exchange_pb2.RecordCheckRequest(
                results=[journal_pb2.CheckResult(name="feed", passed=True, note="0–7")]
            )
        ],
        "Directory/GetOrganisation": [directory_pb2.GetOrganisationRequest()],
        "Directory/ListOrganisations": [directory_pb2.ListOrganisationsRequest(search="Sở")],
        "Directory/Changes": [directory_pb2.ChangesRequest(since_version=1, page_size=2)],
        "Directory/Resolve": [directory_pb2.ResolveRequest(code=B)],
        "Directory/GetLaw": [directory_pb2.GetLawRequest(organ_ids=[B])],
        "Evidence/GetReceipt": [evidence_pb2.GetReceiptRequest(package_id=package)],
        "Evidence/GetCheckpoint": [evidence_pb2.GetCheckpointRequest()],
        "Evidence/GetTile": [evidence_pb2.GetTileRequest(width=3)],
        "Evidence/ProveConsistency": [evidence_pb2.ProveConsistencyRequest(old_size=1)],
        "Evidence/GetStamp": [evidence_pb2.GetStampRequest(size=1, indexes=[0])],
        "Admin/PutOrganisations": [organisation],
        "Admin/RegisterCredential": [
            admin_pb2.RegisterCredentialRequest(
                organ_id=A, certificate_der=a.signer.chain[0], use="signing"
            )
        ],
        "Admin/RevokeCredential": [admin_pb2.RevokeCredentialRequest(fingerprint=fingerprint)],
        "Admin/ListCredentials": [admin_pb2.ListCredentialsRequest(organ_id=A)],
        "Admin/GetStatus": [admin_pb2.GetStatusRequest()],
        "Admin/Backup": [admin_pb2.BackupRequest(name="../no/name")],
        "Admin/CountDeliveries": [admin_pb2.CountDeliveriesRequest(organ_ids=[A, B])],
        "Admin/PutLaw": [admin_pb2.PutLawRequest(law=days, expected_version=7)],
    }


@define
class Found:
    """What a run has seen."""

    calls: int = 0
    statuses: Counter[str] = field(factory=Counter)
    wrong: list[str] = field(factory=list)

    def add(self, method: str, data: bytes, answer: Answer) -> None:
        self.calls += 1
        self.statuses[answer.status] += 1
        told = f"{method} {data[:200].hex()}: {answer.status} {answer.code} {answer.text[:100]}"
        if answer.status not in TYPED or answer.code in NEVER:
            self.wrong.append(told)
        elif not answer.ok and not answer.code:
            self.wrong.append(f"{told}, without a code")
        elif any(word.encode() in part for word in NEVER for part in answer.data):
            self.wrong.append(f"{told}, in an item")


def mutants(method: str, examples: Mapping[str, Sequence[Message]]) -> Iterator[bytes]:
    """Requests of one method without end; none that waits for news."""
    kind = request_class(METHODS[method])
    made = Mutants(kind.DESCRIPTOR, [each.SerializeToString() for each in examples[method]], SEED)
    while True:
        data = made.one()
        if method == "Exchange/Subscribe":
            data = _at_once(data)
        if method == "Admin/Backup":
            data = _without_effect(data)
        yield data


def _at_once(data: bytes) -> bytes:
    """A request for news that does not wait for any."""
    try:
        request = exchange_pb2.SubscribeRequest.FromString(data)
    except Exception:  # noqa: BLE001 - no message at all: it stays as it is
        return data
    request.follow, request.wait_ms = False, 0
    return request.SerializeToString()


def _without_effect(data: bytes) -> bytes:
    """A backup costs seconds; a name that is refused does not."""
    return data + counted(1, b"../no/name")


async def fuzz(calls: Calls, a: Party, operator: Party, count: int) -> Found:
    """So many requests for every method, side by side, past the network."""
    found, examples = Found(), templates(a)

    async def one(method: str) -> None:
        described = METHODS[method]
        path = f"/{described.containing_service.full_name}/{described.name}"
        profile = (operator if method.startswith("Admin/") else a).profile
        for _, data in zip(range(count), mutants(method, examples), strict=False):
            found.add(method, data, await calls.ask(profile, path, data))
            await asyncio.sleep(0)  # many answers come without a wait: the others have a turn

    await asyncio.gather(*map(one, METHODS))
    return found


def run_fuzz(axis: LocalAxis, count: int) -> Found:
    async def run() -> Found:
        async with called_directly(axis) as calls:
            with (
                Party.opened(axis.profile(A)) as a,
                Party.opened(axis.data / "operator") as operator,
            ):
                return await fuzz(calls, a, operator, count)

    return asyncio.run(run())


@pytest.fixture
def own(tmp_path: Any) -> LocalAxis:
    return LocalAxis.create(tmp_path, NAMES, **GENEROUS)


def test_mutated_requests_get_typed_answers(
    own: LocalAxis, figure: Figure, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        found = run_fuzz(own, EACH)
    figure(
        "S-16",
        wanted=f"{EACH} mutants for each of {len(METHODS)} methods: 0 untyped, 0 internal",
        found=f"{found.calls} calls: {len(found.wrong)} wrong; "
        + ", ".join(f"{name} {count}" for name, count in found.statuses.most_common()),
    )
    assert not found.wrong, f"seed {SEED}: {found.wrong[:5]}"
    assert "internal error" not in caplog.text
    assert found.calls == EACH * len(METHODS)
    assert len(found.statuses) >= 4


@pytest.mark.planted("untyped exception")
def test_an_untyped_exception_is_noticed(own: LocalAxis, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(value: bytes, name: str) -> bytes:
        del name
        return PackageId(value).bytes if len(value) == 16 else bytes([value[0]])

    monkeypatch.setattr(wire, "check_id", careless)
    found = run_fuzz(own, 30)
    assert {told.split(" ", 1)[0] for told in found.wrong} >= {"Exchange/GetPackage"}


def test_mutated_requests_over_the_wire(
    axis: LocalAxis, parties: Parties, operator: Party, figure: Figure
) -> None:
    """The same with gRPC between: what it does itself has no code, but never a wrong status."""
    a, found = parties[A], Found()
    examples, before = templates(a), log_of(axis).count("internal error")
    with ThreadPoolExecutor(4) as pool:

        def one(method: str) -> None:
            described = METHODS[method]
            party = operator if method.startswith("Admin/") else a
            path = f"/{described.containing_service.full_name}/{described.name}"
            for _, data in zip(range(ON_THE_WIRE), mutants(method, examples), strict=False):
                answer = call(
                    party.channel,
                    path,
                    [data],
                    client_streaming=described.client_streaming,
                    server_streaming=described.server_streaming,
                )
                found.add(method, data, answer)

        list(pool.map(one, METHODS))
    figure(
        "S-16",
        wanted="over the wire: 0 UNKNOWN, 0 INTERNAL, every refusal with a code",
        found=f"{found.calls} calls, {len(found.wrong)} wrong",
    )
    assert not found.wrong, f"seed {SEED}: {found.wrong[:5]}"
    assert log_of(axis).count("internal error") == before
    assert status(operator).accepting
    a.send(B)


LARGE: Final[Mapping[str, tuple[str, Callable[[], bytes]]]] = {
    "1 000 000 packages": ("Exchange/Submit", lambda: counted(1, b"") * 1_000_000),
    "1 000 000 reports": ("Exchange/Report", lambda: counted(1, b"") * 1_000_000),
    "1 000 000 files": (
        "Exchange/Submit",
        lambda: counted(1, counted(3, b"") * 1_000_000),
    ),
    "1 000 000 signatures": (
        "Exchange/Submit",
        lambda: counted(1, counted(2, counted(3, b"") * 1_000_000)),
    ),
    "1 000 000 states": ("Exchange/ListDeliveries", lambda: counted(2, b"") * 1_000_000),
    "1 000 000 unknown fields": ("Exchange/GetPackage", lambda: counted(99, b"") * 1_000_000),
    "groups 1 000 000 deep": ("Exchange/GetPackage", lambda: tag(99, 3) * 1_000_000),
    "3 MiB of one text": ("Directory/Resolve", lambda: counted(1, b"a" * 3 * 1024 * 1024)),
    "more than a message may have": (
        "Exchange/Submit",
        lambda: counted(1, bytes(5 * 1024 * 1024)),
    ),
}


def test_large_requests_are_refused_in_flat_memory(
    axis: LocalAxis, parties: Parties, operator: Party, figure: Figure
) -> None:
    a = parties[A]
    a.send(B)
    before, refused = resident_bytes(axis.pid), []
    for _ in range(2):
        for name, (method, make) in LARGE.items():
            answer = a.ask(method, make())
            refused.append(name)
            assert answer.status in {"INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "NOT_FOUND"}, (
                name,
                answer,
            )
    grown = resident_bytes(axis.pid) - before
    figure(
        "S-16",
        wanted="a million repeated fields, depth 100+: refused, memory grows <= 64 MiB",
        found=f"{len(refused)} refused, memory grew {grown / 2**20:.0f} MiB",
    )
    assert grown <= LIMIT_BYTES
    assert status(operator).accepting


@pytest.mark.planted("refused requests stay in memory")
@pytest.mark.parametrize("what", ["_reading", "_alone"])
def test_refused_requests_that_stay_are_noticed(
    own: LocalAxis, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Without what breaks gRPC's circles; the collector of garbage comes by too rarely."""
    method = "Exchange/Submit" if what == "_reading" else "Exchange/ListDeliveries"
    monkeypatch.setattr(interceptor, what, lambda same: same)
    gc.collect()
    gc.disable()
    try:
        with in_process(own), Party.opened(own.profile(A)) as a:
            data = LARGE["1 000 000 states"][1]() if what == "_alone" else counted(1, b"") * 10**6
            a.ask(method, data)
            sizes = [resident_bytes(os.getpid())]
            # More than the limit within six; before, what earlier tests have freed is used up.
            while sizes[-1] - min(sizes[-7:]) <= LIMIT_BYTES:
                assert len(sizes) <= 60, "refusals that stay have not been noticed"
                assert not a.ask(method, data).ok
                sizes.append(resident_bytes(os.getpid()))
    finally:
        gc.enable()


DECODERS: Final[Mapping[str, tuple[Callable[[bytes], object], type[Message]]]] = {
    "manifest": (load_manifest, package_pb2.Manifest),
    "statement": (load_statement, package_pb2.Statement),
    "envelope": (load_envelope, package_pb2.Envelope),
    "entry": (load_entry, journal_pb2.JournalEntry),
    "receipt": (load_receipt, journal_pb2.Receipt),
}


def examples_of(a: Party) -> Mapping[str, Sequence[bytes]]:
    """Bytes that the decoders read."""
    manifest = a.manifest(B)
    submission = a.submission(manifest)
    [receipt] = a.submit(submission)
    assert isinstance(receipt, journal_pb2.Receipt)
    arrival = a.statement(DeliveryEvent.ARRIVE, manifest.package_id)
    return {
        "manifest": [submission.envelope.payload],
        "statement": [dump_statement(arrival)],
        "envelope": [submission.envelope.SerializeToString()],
        "entry": [receipt.entry],
        "receipt": [receipt.SerializeToString()],
    }


def untyped(
    name: str, examples: Sequence[bytes], decode: Callable[[bytes], object], count: int
) -> list[str]:
    """What a decoder raises beside errors of ours."""
    made, wrong = Mutants(DECODERS[name][1].DESCRIPTOR, examples, SEED), []
    for _ in range(count):
        data = made.one()
        try:
            decode(data)
        except LienthongError:
            continue
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            wrong.append(f"{name} {data[:200].hex()}: {error!r}")
    return wrong


def test_decoders_of_signed_bytes_raise_nothing_else(parties: Parties, figure: Figure) -> None:
    examples, wrong = examples_of(parties[A]), []
    for name, (decode, _) in DECODERS.items():
        for data in examples[name]:
            decode(data)
        wrong += untyped(name, examples[name], decode, EACH)
    figure(
        "S-16",
        wanted=f"{EACH} mutants for each of {len(DECODERS)} decoders: 0 untyped exceptions",
        found=f"{EACH * len(DECODERS)} mutants: {len(wrong)} untyped",
    )
    assert not wrong, f"seed {SEED}: {wrong[:5]}"


@pytest.mark.planted("untyped exception in a decoder")
def test_an_untyped_exception_of_a_decoder_is_noticed(parties: Parties) -> None:
    def careless(data: bytes) -> object:
        return package_pb2.Manifest.FromString(data).recipients[0]

    assert untyped("manifest", examples_of(parties[A])["manifest"], careless, 50)
