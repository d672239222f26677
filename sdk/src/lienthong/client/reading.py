"""The client's questions: packages, deliveries, history, directory, evidence."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from datetime import date
from typing import Final

from attrs import frozen

from lienthong.client.compose import AnyOrgan, AnyPackageId, as_organ, as_package_id
from lienthong.client.core import ClientCore
from lienthong.client.wire import (
    Account,
    Direction,
    Resolution,
    account_from_message,
    deliveries_from_messages,
    law_from_messages,
    organisation_from_message,
    organisations_from_messages,
    receipt_request,
    resolution_from_message,
)
from lienthong.codec.stamps import stamp_proof_from_message
from lienthong.errors import ReceiptInvalid
from lienthong.evidence.checkpoint import Checkpoint
from lienthong.evidence.merkle import verify_consistency
from lienthong.evidence.parts import ConsistencyProof
from lienthong.model.delivery import Delivery, DeliveryState
from lienthong.model.ids import PackageId, StatementId
from lienthong.model.journal import FeedItem, JournalEntry, Receipt
from lienthong.model.organisation import Directory, Organisation
from lienthong.model.package import Manifest
from lienthong.model.signing import Envelope
from lienthong.model.stamps import StampProof
from lienthong.model.time import vietnam_date
from lienthong.rules.law import Held
from lienthong_proto.axis.v1 import directory_pb2, evidence_pb2, exchange_pb2

PAGE: Final = 200


@frozen(kw_only=True)
class PackageView:
    """A package that was checked, with the deliveries that concern the caller."""

    manifest: Manifest
    envelope: Envelope
    receipt: Receipt
    entry: JournalEntry
    deliveries: tuple[Delivery, ...]
    """For the sender all, for a recipient its own."""


class ReadingMethods(ClientCore):
    """Questions that change nothing; see ``AsyncClient``."""

    async def get_package(self, package_id: AnyPackageId) -> PackageView:
        """One package that this organisation sent or received, signature and receipt checked.

        Raises:
            NotFound: there is none, or it concerns others.
            ReceiptInvalid: the receipt is for something else; also CheckpointInvalid, ProofInvalid.
            SignatureInvalid: the sender's signature; also ChainUntrusted, CertificateExpired,
                CertificateUnfit.
        """
        wanted = as_package_id(package_id)
        answer = await self._connection.ask(
            lambda stubs: stubs.exchange.GetPackage,
            exchange_pb2.GetPackageRequest(package_id=wanted.bytes),
        )
        item = self._verifier.item(
            exchange_pb2.FeedItem(receipt=answer.receipt, envelope=answer.envelope)
        )
        if item.manifest is None or item.envelope is None or item.manifest.package_id != wanted:
            raise ReceiptInvalid(reason=f"the axis answered with something else than {wanted}")
        self._learn(item)
        return PackageView(
            manifest=item.manifest,
            envelope=item.envelope,
            receipt=item.receipt,
            entry=item.entry,
            deliveries=deliveries_from_messages(answer.deliveries),
        )

    async def history(self, package_id: AnyPackageId) -> tuple[FeedItem, ...]:
        """All that the journal says about a package and that concerns this organisation.

        Oldest first; every item is checked like those of the feed, and the errors are the same.

        Raises:
            NotFound: there is no such package, or it concerns others.
        """
        request = exchange_pb2.GetHistoryRequest(package_id=as_package_id(package_id).bytes)
        items: list[FeedItem] = []
        while True:
            answer = await self._connection.ask(lambda stubs: stubs.exchange.GetHistory, request)
            items += [self._verifier.item(message) for message in answer.items]
            if not answer.next_index:
                break
            if answer.next_index <= request.from_index:
                raise ReceiptInvalid(reason=f"the history goes back to entry {answer.next_index}")
            request.from_index = answer.next_index
        for item in items:
            self._learn(item)
        return tuple(items)

    async def list_deliveries(
        self,
        direction: Direction = Direction.INCOMING,
        states: Iterable[DeliveryState] = (),
        *,
        page_size: int = PAGE,
    ) -> AsyncGenerator[Delivery, None]:
        """Deliveries to or from this organisation, the newest change first.

        An office also sees those of the bodies that it sends and receives for (QĐ 52/2019 Đ6.3), a
        successor those of what ended into it.

        They are what the axis says; for what is proven, ask for the package or its history.

        Args:
            direction: incoming or outgoing.
            states: only those in one of these states; empty for all.
            page_size: deliveries a question, at most 500.
        """
        request = exchange_pb2.ListDeliveriesRequest(
            direction=direction.number,
            states=[state.value for state in states],
            page_size=page_size,
        )
        while True:
            answer = await self._connection.ask(
                lambda stubs: stubs.exchange.ListDeliveries, request
            )
            for delivery in deliveries_from_messages(answer.deliveries):
                yield delivery
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    async def receipt(self, subject: int | PackageId | StatementId) -> Receipt:
        """The receipt of a journal entry, of a package or of a report; checked.

        Raises:
            NotFound: there is none, or it concerns others.
            ReceiptInvalid: it does not hold; also CheckpointInvalid, ProofInvalid.
        """
        answer = await self._connection.ask(
            lambda stubs: stubs.evidence.GetReceipt, receipt_request(subject)
        )
        return self._verifier.receipt(answer.receipt).receipt

    async def organisation(self, code: AnyOrgan | None = None) -> Organisation:
        """An organisation by any of its codes, old ones included; this one's own by default.

        Raises:
            OrganisationUnknown: no organisation has the code.
        """
        answer = await self._get_organisation(code)
        return organisation_from_message(answer.organisation)

    async def account(self) -> Account:
        """This organisation with the limits that the axis grants it."""
        return account_from_message(await self._get_organisation(None))

    async def organisations(
        self, search: str = "", *, include_closed: bool = False
    ) -> tuple[Organisation, ...]:
        """Organisations whose name or code contains *search*; case and marks do not matter."""
        request = directory_pb2.ListOrganisationsRequest(
            search=search, include_closed=include_closed, page_size=PAGE
        )
        found: list[Organisation] = []
        while True:
            answer = await self._connection.ask(
                lambda stubs: stubs.directory.ListOrganisations, request
            )
            found += organisations_from_messages(answer.organisations)
            if not answer.next_page_token:
                return tuple(found)
            request.page_token = answer.next_page_token

    async def resolve(self, code: AnyOrgan) -> Resolution:
        """What a code, current or former, leads to today.

        Raises:
            OrganisationUnknown: no organisation has or had it.
        """
        answer = await self._connection.ask(
            lambda stubs: stubs.directory.Resolve,
            directory_pb2.ResolveRequest(code=str(as_organ(code))),
        )
        return resolution_from_message(answer)

    async def law(self, code: AnyOrgan | None = None, on: date | None = None) -> Held:
        """The rule set and the calendar that the axis keeps for an organisation.

        Args:
            code: any of its codes; this organisation itself by default.
            on: the day in Vietnam; today by default.

        Raises:
            OrganisationUnknown: no organisation has the code.
            InputError: what the axis keeps cannot be read by this release.
        """
        day = on or vietnam_date(self._clock())
        line = {(found := await self.organisation(code)).organ_id: found}
        while (above := found.parent_on(day)) is not None and above not in line:
            found = await self.organisation(above)
            if found.organ_id in line:
                break
            line[found.organ_id] = found
        answer = await self._connection.ask(
            lambda stubs: stubs.directory.GetLaw,
            directory_pb2.GetLawRequest(organ_ids=list(map(str, line))),
        )
        law = law_from_messages(answer.laws)
        return law.held(str(next(iter(line))), Directory(tuple(line.values())), day)

    async def checkpoint(self) -> Checkpoint:
        """The newest signed state of the axis's journal.

        Raises:
            CheckpointInvalid: the axis's key has not signed it.
        """
        return self._verifier.checkpoint(await self._checkpoint_note())

    async def consistency(self, old_size: int, new_size: int = 0) -> ConsistencyProof:
        """A proof that the journal only grew between two sizes (RFC 6962 2.1.2).

        Args:
            old_size: of the older tree.
            new_size: of the newer tree; 0 for that of the newest checkpoint.
        """
        size = new_size or (await self.checkpoint()).size
        answer = await self._connection.ask(
            lambda stubs: stubs.evidence.ProveConsistency,
            evidence_pb2.ProveConsistencyRequest(old_size=old_size, new_size=size),
        )
        return ConsistencyProof(old_size=old_size, new_size=size, hashes=tuple(answer.proof))

    async def time_stamp(self, size: int, indexes: Iterable[int] = ()) -> StampProof:
        """The first time-stamp that covers so many entries of the journal, and what renews it.

        What it proves is judged offline: see ``lienthong.evidence.stamp_findings``.

        Args:
            size: how many entries must be covered, as of a receipt's checkpoint.
            indexes: entries of one's own whose places in renewals are wanted; at most 500.

        Raises:
            NotFound: none covers them yet, or the axis asks for none.
        """
        answer = await self._connection.ask(
            lambda stubs: stubs.evidence.GetStamp,
            evidence_pb2.GetStampRequest(size=size, indexes=indexes),
        )
        return stamp_proof_from_message(answer.proof)

    async def check_growth(self, seen: Checkpoint) -> Checkpoint:
        """Check that the journal still begins with what was seen earlier; return its newest state.

        Keep the checkpoint and give it next time: an axis that rewrites its history is found out.

        Raises:
            ProofInvalid: the journal was rewritten.
            CheckpointInvalid: the axis's key has not signed its newest checkpoint.
        """
        newest = await self.checkpoint()
        if seen.size == 0:
            return newest
        hashes: tuple[bytes, ...] = ()
        if seen.size < newest.size:
            hashes = (await self.consistency(seen.size, newest.size)).hashes
        verify_consistency(seen.size, newest.size, hashes, seen.root, newest.root)
        return newest

    async def _checkpoint_note(self) -> str:
        answer = await self._connection.ask(
            lambda stubs: stubs.evidence.GetCheckpoint, evidence_pb2.GetCheckpointRequest()
        )
        return answer.checkpoint

    async def _get_organisation(
        self, code: AnyOrgan | None
    ) -> directory_pb2.GetOrganisationResponse:
        return await self._connection.ask(
            lambda stubs: stubs.directory.GetOrganisation,
            directory_pb2.GetOrganisationRequest(code="" if code is None else str(as_organ(code))),
        )
