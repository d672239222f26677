"""The wire without the SDK's client: requests that no honest client makes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import grpc
from attrs import define, field, frozen
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from lienthong.client import Profile
from lienthong.client.connection import load_credentials
from lienthong.client.faults import from_fault
from lienthong.codec.signed import dump_manifest, dump_statement
from lienthong.errors import LienthongError
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId, PackageId, Sha256, StatementId
from lienthong.model.package import FileEntry, Manifest, Recipient
from lienthong.model.report import Statement
from lienthong.model.signing import MANIFEST_TYPE, STATEMENT_TYPE
from lienthong.pki.dsse import pre_authentication_encoding
from lienthong.plugins import PluginHost
from lienthong.spi.signer import Signer
from lienthong_node.access import SERVICES
from lienthong_proto.axis.v1 import error_pb2, exchange_pb2, journal_pb2, package_pb2
from tests.e2e.conftest import B, make_document

SECONDS: Final = 20.0
CONTENT: Final = b"%PDF-1.4\n% a file of the tests\n%%EOF\n"

METHODS: Final[Mapping[str, MethodDescriptor]] = {
    f"{service.name}/{method.name}": method
    for file in SERVICES
    for service in file.services_by_name.values()
    for method in service.methods
}
"""Every method of the contract, by its short name."""


@frozen(kw_only=True)
class Answer:
    """What came back."""

    status: str
    """Name of the gRPC status."""

    text: str = ""
    code: str = ""
    """The stable error code, when there was one."""

    facts: Mapping[str, str] = field(factory=dict)
    retry_after: float | None = None
    data: tuple[bytes, ...] = ()

    @property
    def ok(self) -> bool:
        return self.status == "OK"


@define(eq=False)
class Party:
    """Somebody with a certificate and, for organisations, a signing key."""

    profile: Profile
    channel: grpc.Channel
    signer: Signer

    @classmethod
    @contextmanager
    def opened(cls, folder: Path) -> Iterator[Self]:
        """Speak as the holder of a profile folder."""
        profile = Profile.load(folder)
        credentials = load_credentials(profile.transport)
        with (
            PluginHost() as host,
            grpc.secure_channel(profile.endpoint, credentials) as channel,
        ):
            signer = host.open_signer(profile.signing_key)
            try:
                yield cls(profile, channel, signer)
            finally:
                signer.close()

    @property
    def organ(self) -> str:
        return str(self.profile.organ)

    def ask(self, name: str, *requests: Message | bytes) -> Answer:
        """Call a method of the contract by its short name, with messages or with any bytes."""
        method = METHODS[name]
        path = f"/{method.containing_service.full_name}/{method.name}"
        data = [r.SerializeToString() if isinstance(r, Message) else r for r in requests]
        return call(
            self.channel,
            path,
            data,
            client_streaming=method.client_streaming,
            server_streaming=method.server_streaming,
        )

    def sealed(self, payload: bytes, payload_type: str = MANIFEST_TYPE) -> package_pb2.Envelope:
        """Sign any bytes, also those that no envelope may hold."""
        value = self.signer.sign(pre_authentication_encoding(payload_type, payload))
        algorithm = package_pb2.SignatureAlgorithm.Value(
            f"SIGNATURE_ALGORITHM_{self.signer.algorithm.value}"
        )
        signature = package_pb2.Signature(algorithm=algorithm, value=value, chain=self.signer.chain)
        return package_pb2.Envelope(
            payload=payload, payload_type=payload_type, signatures=[signature]
        )

    def manifest(self, *recipients: str, content: bytes = CONTENT, **fields: Any) -> Manifest:
        """A valid manifest of this party, to B without recipients; any field can be given."""
        values: dict[str, Any] = {
            "package_id": new_package_id(),
            "audience": self.profile.axis,
            "sender": self.profile.organ,
            "recipients": [Recipient(organ_id=OrganId(code)) for code in recipients or (B,)],
            "document": make_document(self.organ),
            "files": [entry(content)],
            "created_at": datetime.now(UTC),
        }
        return Manifest(**(values | fields))

    def statement(self, event: DeliveryEvent, package: PackageId, **fields: Any) -> Statement:
        """A valid report of this party as the recipient; any field can be given."""
        values: dict[str, Any] = {
            "statement_id": StatementId.new(datetime.now(UTC), os.urandom(10)),
            "audience": self.profile.axis,
            "package_id": package,
            "recipient": self.profile.organ,
            "reporter": self.profile.organ,
            "event": event,
            "created_at": datetime.now(UTC),
        }
        return Statement(**(values | fields))

    def submission(
        self, value: Manifest | bytes, *files: bytes, tag: int = 0
    ) -> exchange_pb2.Submission:
        """A signed package with the contents of its small files."""
        payload = value if isinstance(value, bytes) else dump_manifest(value)
        return exchange_pb2.Submission(
            tag=tag, envelope=self.sealed(payload), inline_files=files or (CONTENT,)
        )

    def submit(self, *submissions: exchange_pb2.Submission) -> list[Outcome]:
        """Hand packages over in one message."""
        request = exchange_pb2.SubmitRequest(submissions=submissions)
        return self._outcomes("Exchange/Submit", request, exchange_pb2.SubmitResponse)

    def report(self, *values: Statement | bytes) -> list[Outcome]:
        """Hand reports over in one message."""
        payloads = [v if isinstance(v, bytes) else dump_statement(v) for v in values]
        items = [
            exchange_pb2.ReportItem(envelope=self.sealed(payload, STATEMENT_TYPE))
            for payload in payloads
        ]
        request = exchange_pb2.ReportRequest(items=items)
        return self._outcomes("Exchange/Report", request, exchange_pb2.ReportResponse)

    def send(self, *recipients: str, **fields: Any) -> PackageId:
        """Have a package accepted."""
        value = self.manifest(*recipients, **fields)
        [outcome] = self.submit(self.submission(value))
        assert isinstance(outcome, journal_pb2.Receipt), outcome
        return value.package_id

    def _outcomes(self, name: str, request: Message, response: Any) -> list[Outcome]:
        answer = self.ask(name, request)
        assert answer.ok, answer
        results = [result for data in answer.data for result in response.FromString(data).results]
        return [
            from_fault(result.fault) if result.HasField("fault") else result.receipt
            for result in results
        ]


Outcome = journal_pb2.Receipt | LienthongError


def new_package_id() -> PackageId:
    return PackageId.new(datetime.now(UTC), os.urandom(10))


def entry(content: bytes = CONTENT, name: str = "quyet-dinh.pdf", **fields: Any) -> FileEntry:
    """A manifest's line of a file."""
    values: dict[str, Any] = {
        "name": name,
        "media_type": "application/pdf",
        "size": len(content),
        "sha256": Sha256.of(content),
    }
    return FileEntry(**(values | fields))


def request_class(method: MethodDescriptor) -> type[Message]:
    """The message that a method takes."""
    return GetMessageClass(method.input_type)


def call(
    channel: grpc.Channel,
    path: str,
    data: Sequence[bytes],
    *,
    client_streaming: bool = False,
    server_streaming: bool = False,
    seconds: float = SECONDS,
) -> Answer:
    """Call any method with any bytes."""
    kind = (
        f"{'stream' if client_streaming else 'unary'}_{'stream' if server_streaming else 'unary'}"
    )
    method = getattr(channel, kind)(
        path, request_serializer=lambda octets: octets, response_deserializer=lambda octets: octets
    )
    argument: Any = iter(data) if client_streaming else data[0]
    try:
        found = method(argument, timeout=seconds)
        answered = tuple(found) if server_streaming else (found,)
    except grpc.RpcError as error:
        return _refused(error)
    return Answer(status="OK", data=answered)


def _refused(error: Any) -> Answer:
    details: dict[str, bytes] = {}
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = error_pb2.RpcStatus.FromString(value)
            details = {
                detail.type_url.rpartition(".")[2]: detail.value for detail in status.details
            }
    info = error_pb2.ErrorInfo.FromString(details.get("ErrorInfo", b""))
    retry = details.get("RetryInfo")
    delay = error_pb2.RetryInfo.FromString(retry).retry_delay if retry is not None else None
    return Answer(
        status=error.code().name,
        text=error.details() or "",
        code=info.reason,
        facts=dict(info.metadata),
        retry_after=delay.seconds + delay.nanos / 1e9 if delay is not None else None,
    )


def messages(kind: type[Any], answer: Answer) -> Iterable[Any]:
    """The messages of an answer."""
    assert answer.ok, answer
    return [kind.FromString(data) for data in answer.data]
