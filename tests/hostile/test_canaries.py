"""N-17: what people send appears in no log, no figure and no answer to others."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from lienthong.codec.signed import dump_manifest, dump_statement
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.document import DocumentSigner
from lienthong.model.report import Reason
from lienthong.model.signing import MANIFEST_TYPE, STATEMENT_TYPE
from lienthong_node import logs
from lienthong_node.local import LocalAxis
from lienthong_node.services import intake
from lienthong_proto.axis.v1 import admin_pb2, exchange_pb2, journal_pb2, package_pb2
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B, C, make_document
from tests.e2e.raw import METHODS, Party, call, entry, request_class
from tests.e2e.spoilt import in_process
from tests.hostile.canaries import Canaries, injected, leaked, requests
from tests.hostile.conftest import Parties
from tests.hostile.metrics import GENEROUS, log_of, metrics_of, security_log_of
from tests.tiers import SEED, tier

COUNT = tier(commit=250, nightly=1000)


def ask(party: Party, name: str, data: bytes) -> str:
    """Ask with any bytes; returns what was answered, as text."""
    method = METHODS[name]
    answer = call(
        party.channel,
        f"/{method.containing_service.full_name}/{method.name}",
        [data],
        client_streaming=method.client_streaming,
        server_streaming=method.server_streaming,
        seconds=5,
    )
    return answer.text + repr(answer.data)


def everywhere(party: Party, operator: Party, canaries: Canaries) -> None:
    """A canary in every field of every request."""
    for name, method in METHODS.items():
        asks = operator if name.startswith("Admin/") else party
        for request in requests(request_class(method), canaries):
            if isinstance(request, admin_pb2.BackupRequest):
                # A good name of a backup is what the security log is there to tell.
                request.name = f"/{request.name}"
            ask(asks, name, request.SerializeToString())


def tokens(party: Party, canaries: Canaries) -> None:
    """Canaries where other systems carry their secrets: in the metadata of calls."""
    for method in ("Directory/GetOrganisation", "Directory/Nothing"):
        path = f"/lienthong.axis.v1.{method}"
        asked = party.channel.unary_unary(path, bytes, bytes)
        metadata = tuple((key, canaries.text()) for key in ("authorization", "cookie", "x-api-key"))
        with suppress(grpc.RpcError):
            asked(b"", metadata=metadata, timeout=5)


def signed_garbage(party: Party, canaries: Canaries) -> None:
    """A canary in every field of what is signed; the signature is good."""
    manifest = package_pb2.Manifest.FromString(dump_manifest(party.manifest(B)))
    statement = package_pb2.Statement.FromString(
        dump_statement(party.statement(DeliveryEvent.ARRIVE, party.manifest(B).package_id))
    )
    kinds: tuple[tuple[Any, str], ...] = ((manifest, MANIFEST_TYPE), (statement, STATEMENT_TYPE))
    for whole, payload_type in kinds:
        for spoilt in requests(type(whole), canaries):
            payload = type(whole)()
            payload.CopyFrom(whole)
            payload.MergeFrom(spoilt)
            envelope = party.sealed(payload.SerializeToString(), payload_type)
            request: Any = (
                exchange_pb2.SubmitRequest(submissions=[exchange_pb2.Submission(envelope=envelope)])
                if payload_type == MANIFEST_TYPE
                else exchange_pb2.ReportRequest(items=[exchange_pb2.ReportItem(envelope=envelope)])
            )
            name = "Exchange/Submit" if payload_type == MANIFEST_TYPE else "Exchange/Report"
            ask(party, name, request.SerializeToString())


def accepted(a: Party, b: Party, canaries: Canaries) -> None:
    """Good packages and reports full of canaries that the axis takes over."""
    body = f"%PDF-1.4 {canaries.text()}".encode()
    document = make_document(
        A,
        subject=canaries.text(),
        issuer_name=canaries.text(),
        signer=DocumentSigner(full_name=canaries.text(), position=canaries.text()),
        keywords=(canaries.text(),),
        extra={canaries.text(): canaries.text()},
    )
    value = a.manifest(B, document=document, files=[entry(body, f"{canaries.text()}.pdf")])
    [sent] = a.submit(a.submission(value, body))
    assert isinstance(sent, journal_pb2.Receipt), sent
    report = b.statement(
        DeliveryEvent.REFUSE,
        value.package_id,
        reason=Reason(text=canaries.text()),
        note=canaries.text(),
        responsible=canaries.text(),
    )
    arrival = b.statement(DeliveryEvent.ARRIVE, value.package_id)
    outcomes = b.report(arrival, report)
    assert all(isinstance(outcome, journal_pb2.Receipt) for outcome in outcomes), outcomes


def told_to_others(party: Party) -> str:
    """Everything that another organisation can ask for."""
    own: tuple[tuple[str, Message], ...] = (
        ("Exchange/Subscribe", exchange_pb2.SubscribeRequest(inline_limit=262_144)),
        (
            "Exchange/ListDeliveries",
            exchange_pb2.ListDeliveriesRequest(direction=exchange_pb2.DIRECTION_INCOMING),
        ),
        (
            "Exchange/ListDeliveries",
            exchange_pb2.ListDeliveriesRequest(direction=exchange_pb2.DIRECTION_OUTGOING),
        ),
    )
    public = [name for name in METHODS if name.startswith(("Directory/", "Evidence/"))]
    answers = [ask(party, name, request.SerializeToString()) for name, request in own]
    return "".join([*answers, *(ask(party, name, b"") for name in public)])


def test_canaries_appear_nowhere(
    axis: LocalAxis, parties: Parties, operator: Party, figure: Figure
) -> None:
    canaries = Canaries(SEED)
    a, b = parties[A], parties[B]
    while len(canaries.made) < COUNT:
        everywhere(a, operator, canaries)
        signed_garbage(a, canaries)
        tokens(a, canaries)
        accepted(a, b, canaries)
    texts = (log_of(axis), security_log_of(axis), metrics_of(axis), told_to_others(parties[C]))
    found, lines = leaked(canaries.made, *texts), injected(texts[0])
    figure(
        "N-17",
        wanted=f">= {COUNT} canaries: 0 in logs, figures and answers to others, 0 injected lines",
        found=f"{len(canaries.made)} canaries: {len(found)} found, {len(lines)} lines injected",
    )
    assert not found, f"seed {SEED}: {found[:5]}"
    assert not lines, f"seed {SEED}: {lines[:5]}"
    assert texts[1].isascii()


# The check itself: an axis in this process whose code is spoilt.


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    made = LocalAxis.create(tmp_path_factory.mktemp("spoilt"), NAMES, **GENEROUS)
    with in_process(made):
        yield made


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """The log as the node writes it, into memory."""
    root, text = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    with redirect_stderr(text):
        logs.configure()
    try:
        yield text
    finally:
        root.handlers[:] = before
        root.setLevel(level)


def _sent_with_canaries(axis: LocalAxis) -> tuple[Canaries, str]:
    canaries = Canaries(SEED)
    with (
        logged() as text,
        Party.opened(axis.profile(A)) as a,
        Party.opened(axis.profile(B)) as b,
    ):
        accepted(a, b, canaries)
    return canaries, text.getvalue()


def test_the_axis_in_this_process_leaks_nothing(spoilt: LocalAxis) -> None:
    canaries, text = _sent_with_canaries(spoilt)
    assert '"outcome": "ok"' in text
    assert not leaked(canaries.made, text)
    assert not injected(text)


@pytest.mark.planted("body in log")
def test_a_body_in_the_log_is_noticed(spoilt: LocalAxis, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "load_manifest"
    inner = getattr(intake, name)

    def telling(payload: bytes) -> Any:
        manifest = inner(payload)
        logging.getLogger("planted").info("taken over: %s", manifest.document.subject)
        return manifest

    monkeypatch.setattr(intake, name, telling)
    canaries, text = _sent_with_canaries(spoilt)
    assert len(leaked(canaries.made, text)) == 1


@pytest.mark.planted("log injection")
def test_an_injected_line_is_noticed() -> None:
    """Were fields not escaped, the wrappings would make lines of their own."""
    canaries = Canaries(SEED)
    line = '{"event": "call", "level": "info", "timestamp": "t", "logger": "l"}\n'
    forged = "".join(f"{line}who: {canaries.hostile()}\n" for _ in range(5))
    assert len(injected(forged)) >= 5
