"""An axis in this process, on a real socket with TLS, that misbehaves as a test says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

import grpc
from attrs import evolve

from lienthong.codec.signed import (
    envelope_from_message,
    envelope_to_message,
    load_manifest,
    load_statement,
    receipt_to_message,
)
from lienthong.codec.stamps import stamp_proof_to_message
from lienthong.errors import (
    InvalidValue,
    LienthongError,
    NotFound,
    OrganisationUnknown,
    RoleMissing,
)
from lienthong.model.ids import OrganId, PackageId, StatementId
from lienthong.model.journal import (
    CheckResult,
    InterconnectionRecord,
    Receipt,
)
from lienthong.model.package import Manifest
from lienthong.model.signing import MANIFEST_TYPE, Envelope
from lienthong.model.stamps import Stamp, StampProof
from lienthong.testing.pki import TestPKI
from lienthong.testing.tsa import TestTSA
from lienthong_proto.axis.v1 import (
    directory_pb2,
    directory_pb2_grpc,
    evidence_pb2,
    evidence_pb2_grpc,
    exchange_pb2,
    exchange_pb2_grpc,
    package_pb2,
)
from sdk.tests.client.scripted_faults import Faults, abort, fault_of
from sdk.tests.client.scripted_records import AXIS, Record, ScriptedRecords

CHUNK = 256 * 1024


class ScriptedAxis(
    ScriptedRecords,
    exchange_pb2_grpc.ExchangeServicer,
    directory_pb2_grpc.DirectoryServicer,
    evidence_pb2_grpc.EvidenceServicer,
):
    """Keeps everything in memory and checks little: it is there to test the client."""

    def __init__(self, pki: TestPKI, folder: Path) -> None:
        super().__init__(pki)
        self.pki = pki
        self.folder = folder
        self.faults = Faults()
        self.tsa: TestTSA | None = None
        """Stamps every checkpoint; without it none is."""

        self.staged: dict[str, bytearray] = {}
        self.seen: list[list[bytes]] = []
        """Payloads of every message of Submit and Report."""

        self.received = 0
        """Bytes of all chunks of uploads."""

        self.history_page = 0
        """Entries of an answer; 0 for all."""

        self.history_next = 0
        """What GetHistory always names as the place to go on."""

        self.calls: list[str] = []
        self.port = 0
        self._server: grpc.aio.Server | None = None

    async def start(self) -> None:
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        exchange_pb2_grpc.add_ExchangeServicer_to_server(self, self._server)
        directory_pb2_grpc.add_DirectoryServicer_to_server(self, self._server)
        evidence_pb2_grpc.add_EvidenceServicer_to_server(self, self._server)
        identity = self.pki.server()
        credentials = grpc.ssl_server_credentials(
            [(identity.key_pem(), identity.chain_pem)], self.pki.root.pem, require_client_auth=True
        )
        self.port = self._server.add_secure_port(f"127.0.0.1:{self.port}", credentials)
        await self._server.start()

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop(None)
            self._server = None

    def profile(self, organ: str, *, server_name: str = "localhost") -> Path:
        """A profile folder of an organisation, made at the first call."""
        folder = self.folder / organ
        if folder.exists():
            return folder
        transport, signing = self.pki.client(organ), self.pki.organisation(organ)
        folder.mkdir(parents=True)
        for name, content in (
            ("transport.key", transport.key_pem()),
            ("signing.key", signing.key_pem()),
        ):
            (folder / name).touch(mode=0o600)
            (folder / name).write_bytes(content)
        (folder / "transport.pem").write_bytes(transport.chain_pem)
        (folder / "signing.pem").write_bytes(signing.chain_pem)
        (folder / "ca.pem").write_bytes(self.pki.root.pem)
        (folder / "anchors.pem").write_bytes(self.pki.root.pem)
        (folder / "profile.toml").write_text(
            f'endpoint = "127.0.0.1:{self.port}"\nserver_name = "{server_name}"\n'
            f'axis = "{AXIS}"\norgan = "{organ}"\ncheckpoint_key = "{self.journal.key}"\n'
            'anchors = "anchors.pem"\n[transport]\ncertificate = "transport.pem"\n'
            'key = "transport.key"\nca = "ca.pem"\n'
            '[signing]\nkey = "softkey:signing.key?cert=signing.pem"\n'
        )
        return folder

    # Exchange

    async def BeginUpload(self, request: Any, context: Any) -> Any:
        await self._unary("BeginUpload", context)
        if request.sha256 in self.files:
            return exchange_pb2.BeginUploadResponse(offset=request.size, complete=True)
        key = f"{request.sha256.hex()}-{request.size}"
        return exchange_pb2.BeginUploadResponse(
            upload_id=key, offset=len(self.staged.setdefault(key, bytearray()))
        )

    async def Upload(self, requests: AsyncIterator[Any], context: Any) -> Any:
        self.calls.append("Upload")
        staged, key = bytearray(), ""
        async for request in requests:
            if request.upload_id:
                key, staged = request.upload_id, self.staged[request.upload_id]
                assert request.offset == len(staged)
            assert len(request.chunk) <= CHUNK
            self.received += len(request.chunk)
            cuts = self.faults.upload_cuts
            if cuts and len(staged) + len(request.chunk) > cuts[0]:
                staged += request.chunk[: cuts.popleft() - len(staged)]
                await context.abort(grpc.StatusCode.UNAVAILABLE, "cut")
            staged += request.chunk
        if self.faults.upload_refusals:
            await abort(context, self.faults.upload_refusals.popleft())
        digest, size = key.split("-")
        complete = len(staged) == int(size)
        if complete:
            self.files[bytes.fromhex(digest)] = bytes(self.staged.pop(key))
        return exchange_pb2.UploadResponse(offset=len(staged), complete=complete)

    async def Submit(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        self.calls.append("Submit")
        async for request in requests:
            for item in request.submissions:
                self.files |= {sha256(content).digest(): content for content in item.inline_files}
            results = self._take_over(request.submissions, exchange_pb2.SubmitResult)
            async for answer in self._answers(
                exchange_pb2.SubmitResponse(results=results), context
            ):
                yield answer

    async def Report(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        self.calls.append("Report")
        async for request in requests:
            results = self._take_over(request.items, exchange_pb2.ReportResult)
            async for answer in self._answers(
                exchange_pb2.ReportResponse(results=results), context
            ):
                yield answer

    async def Subscribe(self, request: Any, context: Any) -> AsyncIterator[Any]:
        self.calls.append(f"Subscribe {request.from_index}")
        await self._check_role(context)
        organ = _organ(context)
        page: list[Any] = []
        for record in self._visible(organ, request.from_index):
            if request.others_only and record.said_by == organ:
                continue
            page.append(self._item(record, request.inline_limit))
            cut = bool(self.faults.feed_cuts) and len(page) == self.faults.feed_cuts[0]
            if cut or len(page) == (request.page_size or 100):
                yield exchange_pb2.SubscribeResponse(
                    items=page, next_index=page[-1].receipt.index + 1
                )
                page = []
            if cut:
                self.faults.feed_cuts.popleft()
                await context.abort(grpc.StatusCode.UNAVAILABLE, "cut")
        yield exchange_pb2.SubscribeResponse(items=page, next_index=len(self.journal))

    async def Download(self, request: Any, context: Any) -> AsyncIterator[Any]:
        self.calls.append(f"Download {request.offset}")
        if request.sha256 not in self.files:
            await abort(context, NotFound(what="the file"))
        content = self.files[request.sha256]
        for at in range(request.offset, len(content), CHUNK):
            cuts = self.faults.download_cuts
            if cuts and at + CHUNK > cuts[0]:
                yield exchange_pb2.DownloadResponse(chunk=content[at : cuts.popleft()])
                await context.abort(grpc.StatusCode.UNAVAILABLE, "cut")
            chunk = content[at : at + CHUNK]
            change = self.faults.change_chunk
            yield exchange_pb2.DownloadResponse(chunk=change(chunk) if change else chunk)

    async def GetPackage(self, request: Any, context: Any) -> Any:
        await self._unary("GetPackage", context)
        found = self.packages.get(PackageId(request.package_id))
        if found is None or _organ(context) not in found[1].parties:
            return await abort(context, NotFound(what="package"))
        manifest, record = found
        item = self._item(record, 0)
        return exchange_pb2.GetPackageResponse(
            envelope=item.envelope,
            receipt=item.receipt,
            deliveries=self._deliveries(manifest, _organ(context)),
        )

    async def ListDeliveries(self, request: Any, context: Any) -> Any:
        await self._unary("ListDeliveries", context)
        await self._check_role(context)
        organ = _organ(context)
        incoming = request.direction == exchange_pb2.DIRECTION_INCOMING
        found = [
            delivery
            for manifest, _ in self.packages.values()
            for delivery in self._deliveries(manifest, organ)
            if (delivery.recipient == organ) == incoming
            and (not request.states or delivery.state in request.states)
        ]
        start = int(request.page_token or 0)
        end = start + request.page_size
        token = str(end) if end < len(found) else ""
        return exchange_pb2.ListDeliveriesResponse(
            deliveries=found[start:end], next_page_token=token
        )

    async def GetHistory(self, request: Any, context: Any) -> Any:
        await self._unary("GetHistory", context)
        wanted = PackageId(request.package_id)
        known = self.packages.items()
        about = {wanted} | {one for one, (manifest, _) in known if manifest.target == wanted}
        items = [
            self._item(record, 0)
            for record in self._visible(_organ(context), 0)
            if about & {*_about(record.envelope)} and record.receipt.index >= request.from_index
        ]
        if not items:
            return await abort(context, NotFound(what="package"))
        page = items[: self.history_page or len(items)]
        more = items[len(page) :]
        next_index = self.history_next or (more[0].receipt.index if more else 0)
        return exchange_pb2.GetHistoryResponse(items=page, next_index=next_index)

    async def RecordCheck(self, request: Any, context: Any) -> Any:
        await self._unary("RecordCheck", context)
        results = [
            CheckResult(name=one.name, passed=one.passed, note=one.note) for one in request.results
        ]
        record = InterconnectionRecord(organ_id=OrganId(_organ(context)), results=tuple(results))
        receipt = self.tell(
            self.faults.change_check(record) if self.faults.change_check else record
        )
        if self.faults.lost_answers:
            self.faults.lost_answers -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "lost")
        return exchange_pb2.RecordCheckResponse(receipt=self._receipt(receipt))

    # Directory and Evidence

    async def GetOrganisation(self, request: Any, context: Any) -> Any:
        await self._unary("GetOrganisation", context)
        code = request.code or _organ(context)
        if code.startswith("X"):
            return await abort(context, OrganisationUnknown(organ=code))
        ahead = self.faults.clock_ahead
        return directory_pb2.GetOrganisationResponse(
            organisation=_organisation(code),
            limits=directory_pb2.Limits(max_files=20),
            axis=AXIS,
            checkpoint_key=str(self.journal.key),
            now=None if ahead is None else _timestamp(self.pki, ahead),
        )

    async def ListOrganisations(self, request: Any, context: Any) -> Any:
        await self._unary("ListOrganisations", context)
        codes = ["000.00.11.H53", "000.00.13.H53"]
        start = int(request.page_token or 0)
        return directory_pb2.ListOrganisationsResponse(
            organisations=[_organisation(codes[start])],
            next_page_token="" if start else "1",
        )

    async def Resolve(self, request: Any, context: Any) -> Any:
        await self._unary("Resolve", context)
        found = _organisation(request.code)
        return directory_pb2.ResolveResponse(organisation=found, current=[found], can_receive=True)

    async def GetCheckpoint(self, request: Any, context: Any) -> Any:
        await self._unary("GetCheckpoint", context)
        return evidence_pb2.GetCheckpointResponse(
            checkpoint=self.journal.checkpoint, verifier_key=str(self.journal.key)
        )

    async def GetReceipt(self, request: Any, context: Any) -> Any:
        await self._unary("GetReceipt", context)
        await self._check_role(context)
        if request.WhichOneof("subject") == "index":
            receipt = self.records[request.index].receipt
        elif request.package_id:
            receipt = self.packages[PackageId(request.package_id)][1].receipt
        else:
            receipt = self.statements[StatementId(request.statement_id)]
        return evidence_pb2.GetReceiptResponse(receipt=self._receipt(receipt))

    async def ProveConsistency(self, request: Any, context: Any) -> Any:
        await self._unary("ProveConsistency", context)
        size = request.new_size or len(self.journal)
        if size > len(self.journal):
            await abort(context, InvalidValue(field="old_size", found=size, expected="less"))
        proof = self.journal.prove(request.old_size, size)
        note = self.journal.checkpoints.get(size, "") if self.faults.tells_checkpoints else ""
        return evidence_pb2.ProveConsistencyResponse(
            proof=self.faults.proof if self.faults.proof is not None else proof, checkpoint=note
        )

    async def GetStamp(self, request: Any, context: Any) -> Any:
        await self._unary("GetStamp", context)
        if self.tsa is None:
            await abort(context, NotFound(what="time-stamp"))
            return None
        size = min(size for size in self.journal.checkpoints if size >= request.size)
        text = self.journal.checkpoints[size]
        token = self.tsa.issue(sha512(text.encode()).digest(), algorithm="SHA-512")
        stamp = Stamp(text=self.faults.stamp_text or text, algorithm="SHA-512", token=token)
        message = stamp_proof_to_message(StampProof(stamp=stamp))
        return evidence_pb2.GetStampResponse(proof=message)

    async def GetTile(self, request: Any, context: Any) -> Any:
        await self._unary("GetTile", context)
        hashes = self.journal.leaf_hashes(0, request.width) if request.level == 0 else ()
        return evidence_pb2.GetTileResponse(hashes=b"".join(hashes))

    # Inside

    async def _unary(self, name: str, context: Any) -> None:
        self.calls.append(name)
        if self.faults.unary:
            await abort(context, self.faults.unary.popleft())

    async def _check_role(self, context: Any) -> None:
        if self.faults.denied:
            await abort(context, RoleMissing(method="it", roles="agency"))

    async def _answers(self, response: Any, context: Any) -> AsyncIterator[Any]:
        if self.faults.silent:
            return
        if self.faults.lost_answers:
            self.faults.lost_answers -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "lost")
        yield response
        if self.faults.twice:
            yield response

    def _take_over(self, items: Iterable[Any], result: Any) -> list[Any]:
        items = list(items)
        self.seen.append([item.envelope.payload for item in items])
        results = []
        for item in items:
            try:
                if self.faults.refusals:
                    raise self.faults.refusals.popleft()
                receipt = self._record(envelope_from_message(item.envelope))
                results.append(result(tag=item.tag, receipt=self._receipt(receipt)))
            except LienthongError as error:
                results.append(result(tag=item.tag, fault=fault_of(error)))
        return results

    def _receipt(self, receipt: Receipt) -> Any:
        message = receipt_to_message(evolve(receipt))
        if self.faults.change_receipt:
            self.faults.change_receipt(message)
        return message

    def _item(self, record: Record, inline_limit: int) -> Any:
        contents = []
        envelope = record.envelope
        if envelope is not None and envelope.payload_type == MANIFEST_TYPE and inline_limit:
            files = load_manifest(envelope.payload).files
            contents = [self.files[f.sha256.bytes] for f in files if f.size <= inline_limit]
        item = exchange_pb2.FeedItem(
            receipt=receipt_to_message(record.receipt),
            envelope=None if envelope is None else envelope_to_message(envelope),
            inline_files=contents,
        )
        if self.faults.change_item:
            self.faults.change_item(item)
        return item

    def _deadlines(self) -> list[Any]:
        stage, due_at = self.faults.stage, _timestamp(self.pki)
        if not stage:
            return []
        return [exchange_pb2.Deadline(kind=self.faults.due, due_at=due_at, stage=stage)]

    def _deliveries(self, manifest: Manifest, organ: str) -> list[Any]:
        return [
            exchange_pb2.Delivery(
                package_id=manifest.package_id.bytes,
                sender=str(manifest.sender),
                recipient=str(one.organ_id),
                state=self.states[manifest.package_id, one.organ_id].value,
                kind=package_pb2.PACKAGE_KIND_NEW,
                subject=manifest.document.subject,
                number=str(manifest.document.number),
                urgency="THUONG",
                sent_at=_timestamp(self.pki),
                updated_at=_timestamp(self.pki),
                deadlines=self._deadlines(),
            )
            for one in manifest.recipients
            if organ in {str(manifest.sender), str(one.organ_id)}
            and (manifest.package_id, one.organ_id) in self.states
        ]


def _organ(context: Any) -> str:
    name: bytes = context.auth_context()["x509_common_name"][0]
    return name.decode()


def _about(envelope: Envelope | None) -> tuple[PackageId | None, ...]:
    if envelope is None:
        return ()
    if envelope.payload_type == MANIFEST_TYPE:
        manifest = load_manifest(envelope.payload)
        return manifest.package_id, manifest.target
    return (load_statement(envelope.payload).package_id,)


def _organisation(code: str) -> Any:
    return directory_pb2.Organisation(organ_id=code, name=f"Cơ quan {code}", level=2)


def _timestamp(pki: TestPKI, ahead: timedelta = timedelta()) -> Any:
    from google.protobuf.timestamp_pb2 import Timestamp

    return Timestamp(seconds=int((pki.now + ahead).timestamp()))
