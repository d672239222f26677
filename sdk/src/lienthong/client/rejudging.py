"""Judging anew what was accepted while its judgement had to wait (regulations §13e, row 11)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, TypeAlias

from attrs import evolve, frozen
from cryptography import x509

from lienthong.client.compose import Parts
from lienthong.client.examining import Examined
from lienthong.client.judging import JudgingMethods, value_of
from lienthong.client.reading import PackageView
from lienthong.client.registering import acceptance
from lienthong.client.waiting import Waiting
from lienthong.errors import ConnectionFailed, InvalidValue, LienthongError, NotFound
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.file_signature import LegalValue
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import FeedItem, Receipt
from lienthong.model.report import CheckSummary

log = logging.getLogger(__name__)

LOOK_S: Final = 60.0
"""How often a client that follows the feed looks for what is due."""

_ENDED: Final = frozenset(one for one in DeliveryState if one.final) - {DeliveryState.COMPLETED}
"""What was recalled, replaced or given back is judged no more; what was settled still is."""


@frozen(kw_only=True)
class JudgedAgain:
    """What became of one delivery whose judgement had to wait."""

    package_id: PackageId
    recipient: OrganId
    value: LegalValue | None = None
    """What it is worth by what is known now; None where nobody looked, or could."""

    receipt: Receipt | None = None
    """Of the acceptance that says so now; None where the axis was told nothing."""

    ended: DeliveryState | None = None
    """How the delivery ended meanwhile, where it did: its worth is of no matter any more."""

    error: LienthongError | None = None
    """Why it could not be judged, or the axis not be told."""

    next_at: datetime | None = None
    """When it is judged the next time, UTC; None where it waits no longer."""


JudgedCallback: TypeAlias = Callable[[JudgedAgain], None]


class RejudgingMethods(JudgingMethods):
    """What a recipient makes up for; see ``AsyncClient``."""

    async def judge_again(self, *, everything: bool = False) -> AsyncGenerator[JudgedAgain, None]:
        """Judge anew what was accepted as PENDING_CHECK, and tell the axis what was found.

        Each delivery is verified with the status that the trust store has now. Where that decides
        it, whichever way, the acceptance is repeated as it was made, and the axis takes over what
        was found. Otherwise it waits on, for as long again as it has waited: at least five minutes,
        at most a day. A delivery that fails holds up no other.

        Args:
            everything: also what is not due yet.

        Raises:
            ConfigInvalid: the profile names no trust store.
            InvalidValue: the folder of the reports cannot be read or written to.
            ConnectionFailed: the axis cannot be reached; what is left stays due.
        """
        folder, now = self._examining().waiting, self._clock()
        for waiting in await asyncio.to_thread(folder.all, now):
            if not everything and not waiting.is_due(now):
                continue
            judged = await self._judge_again(waiting)
            if judged.next_at is None:
                await asyncio.to_thread(folder.forget, waiting.package_id, waiting.recipient)
            else:
                await asyncio.to_thread(folder.put, evolve(waiting, next_at=judged.next_at))
            yield judged

    async def _judge_again(self, waiting: Waiting) -> JudgedAgain:
        package_id, later = waiting.package_id, waiting.after(self._clock())
        judged = JudgedAgain(
            package_id=package_id, recipient=waiting.recipient, next_at=later.next_at
        )
        try:
            view = await self.get_package(package_id)
            organ = await self._recipient_of(view, waiting.recipient)
            state = next(one.state for one in view.deliveries if one.recipient == organ)
            if state in _ENDED:
                return evolve(judged, ended=state, next_at=None)
            said = acceptance(await self.history(package_id), package_id, organ)
            if said is None:
                # Whoever noted it was interrupted: nobody is accepted for.
                return judged
            examined = await self._examined(package_id)
            judged = evolve(judged, value=value_of(examined.found))
            if judged.value is LegalValue.PENDING_CHECK:
                # Kept with every look, reports that say nothing new would fill the disk.
                return judged
            return evolve(judged, receipt=await self._accept_again(said, examined), next_at=None)
        except LienthongError as error:
            if isinstance(error, ConnectionFailed):
                # What the axis cannot send holds up nothing else, unless it answers nobody.
                await self.checkpoint()
            return evolve(judged, error=error)

    async def _accept_again(self, item: FeedItem, examined: Examined) -> Receipt:
        """Repeat an acceptance word for word; the axis would take others for a contradiction.

        Raises:
            NotFound: somebody else has signed it, whose words are not to be repeated.
        """
        said, check = item.statement, self._summary(examined.found)
        if said is None or not await self._has_signed(item):
            raise NotFound(what=f"an acceptance by {self.organ} itself in entry {item.entry.index}")
        self._check_worth_accepting(check, said.responsible)
        await self._keep(examined)
        parts = Parts(
            check=check, register=said.register, note=said.note, responsible=said.responsible
        )
        event = DeliveryEvent.ACCEPT
        return await self._report(event, said.package_id, said.recipient, said.reporter, parts)

    async def _has_signed(self, item: FeedItem) -> bool:
        """Whether an item is of the holder of this client's key, maybe by an earlier certificate.

        An axis could tell anything that somebody of its directory has signed.
        """
        if item.envelope is None:
            return False
        own, its = await self._signer.certificate(), item.envelope.signatures[0].chain[0]
        one, other = map(x509.load_der_x509_certificate, (own, its))
        return one.subject == other.subject

    async def _note_waiting(
        self, package_id: PackageId, recipient: OrganId, check: CheckSummary
    ) -> None:
        """Note, before it is accepted, what has to be judged again.

        What no verifier reads is left to people: looking again would tell the same for ever.
        """
        if self._examiner is None or check.signatures is None or not _is_undecided(check):
            return
        folder, now = self._examiner.waiting, self._clock()
        await asyncio.to_thread(folder.begin, package_id, recipient, now)

    async def _forget_waiting(
        self, package_id: PackageId, recipient: OrganId, check: CheckSummary
    ) -> None:
        """Once it is accepted: what was decided waits no longer."""
        if self._examiner is None or _is_undecided(check):
            return
        try:
            await asyncio.to_thread(self._examiner.waiting.forget, package_id, recipient)
        except InvalidValue as error:
            # It is accepted all the same; a note that stays has it judged once more.
            log.warning("what waits no longer is still noted: %s", error)

    @asynccontextmanager
    async def _judging_beside(self, told: JudgedCallback | None) -> AsyncIterator[None]:
        """Judge anew what is due beside something that takes long; with a callback only."""
        if told is None:
            yield
            return
        self._examining()
        task = asyncio.create_task(self._keep_judging(told))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _keep_judging(self, told: JudgedCallback) -> None:
        while True:
            try:
                async for judged in self.judge_again():
                    _tell(told, judged)
            except LienthongError as error:
                log.warning("what waits for a judgement waits on: %s", error)
            except Exception:
                log.exception("what waits for a judgement waits on")
            await asyncio.sleep(LOOK_S)

    async def _recipient_of(self, view: PackageView, organ: OrganId) -> OrganId:
        """The code that a delivery has; its line has the same key whichever code was typed.

        Raises:
            NotFound: the package has no such delivery; also OrganisationUnknown.
        """
        recipients = {one.recipient for one in view.deliveries}
        if organ not in recipients:
            organ = (await self.organisation(organ)).organ_id
        if organ not in recipients:
            raise NotFound(what=f"a delivery of {view.manifest.package_id} to {organ}")
        return organ


def _tell(told: JudgedCallback, judged: JudgedAgain) -> None:
    """It is done already: a callback that fails keeps from nothing."""
    try:
        told(judged)
    except Exception:
        log.exception("what was judged anew could not be told")


def _is_undecided(check: CheckSummary) -> bool:
    return value_of(check.signatures) is LegalValue.PENDING_CHECK
