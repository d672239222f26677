"""Signing PDF files: what comes before the key is used, and what is looked at afterwards.

1. The file is opened; what is not plainly sound is refused (``opening``).
2. Every signature in it is intact (``found``), and the agency comes after the competent person
   (``order``).
3. The certificate may sign; for long-term levels its status is proven (``longterm``).
4. Number and date are written (``filling``), the appearance is drawn and placed.
5. The key signs, the time-stamp authority stamps; what both answer is verified.
6. The result is read again: it begins with the old file, byte for byte, and all signatures, old
   and new, are intact.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import BinaryIO, Final

from attrs import field, frozen
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner, PdfTimeStamper
from pyhanko.stamp import BaseStampStyle

from lienthong.errors import EarlierSignatureBroken, MissingField, SigningClockWrong, TooLarge
from lienthong.model.time import VIETNAM, format_vietnam
from lienthong.spi import FileSigner, SignatureLevel, SignedFile, Signer, SigningOrder, TimeStamper
from lienthong_verifier_pdf.adapters import Authority, Key, digest_of
from lienthong_verifier_pdf.appearing import Shown, show
from lienthong_verifier_pdf.fields import REASONS, field_name, timestamp_name
from lienthong_verifier_pdf.filling import fill_in
from lienthong_verifier_pdf.found import Found, intact_signatures
from lienthong_verifier_pdf.longterm import Proof, prove_signer, prove_stamp, store
from lienthong_verifier_pdf.objects import entry, form_fields
from lienthong_verifier_pdf.opening import open_pdf, parsing
from lienthong_verifier_pdf.order import check_key, check_order
from lienthong_verifier_pdf.trusting import CLOCKS_DIFFER

_BLOCK: Final = 1024 * 1024
_RESERVED: Final = 8 * 1024
"""Bytes of a CMS signature beside its certificates."""

_RESERVED_FOR_TOKEN: Final = 32 * 1024


@frozen(kw_only=True)
class _Work:
    """One signature in the making."""

    order: SigningOrder
    signer: Signer
    writer: IncrementalPdfFileWriter = field(repr=False)
    found: tuple[Found, ...]
    key: Key = field(repr=False)
    authority: Authority | None = field(repr=False)
    name: str
    shown: Shown | None

    @property
    def reserved(self) -> int:
        """Hexadecimal digits that are kept free for the signature."""
        token = _RESERVED_FOR_TOKEN if self.authority else 0
        return 2 * (sum(map(len, self.signer.chain)) + _RESERVED + token)


class PdfFileSigner(FileSigner):
    """Signs PDF files as PAdES wants it (ETSI EN 319 142-1)."""

    def sign(
        self,
        source: BinaryIO,
        target: BinaryIO,
        order: SigningOrder,
        signer: Signer,
        stamper: TimeStamper | None = None,
    ) -> SignedFile:
        # pyHanko runs an event loop of its own; the caller may be inside another one.
        with ThreadPoolExecutor(1, thread_name_prefix="lienthong-sign") as thread:
            return thread.submit(_sign, source, target, order, signer, stamper).result()

    def close(self) -> None:
        """Nothing is held."""


def _sign(
    source: BinaryIO,
    target: BinaryIO,
    order: SigningOrder,
    signer: Signer,
    stamper: TimeStamper | None,
) -> SignedFile:
    if order.level.stamped and stamper is None:
        clause = f"EN 319 142-1 {order.level.value}"
        raise MissingField(field="the time-stamp authority", clause=clause)
    authority = Authority(stamper) if stamper is not None and order.level.stamped else None
    work = _prepare(source, order, signer, authority)
    proofs = [prove_signer(signer.chain, order)] if order.level.long_term else []
    contents = asyncio.run(_put_signature(work, target))
    if authority is not None:
        _check_clock(order, authority)
    if authority is not None and order.level.long_term:
        _put_proofs(work, target, authority, contents, proofs)
    _check_result(source, target, work)
    return SignedFile(
        name=work.name,
        role=order.role,
        level=order.level,
        at=order.at,
        appearance=work.shown.appearance(order) if work.shown else None,
        earlier=[one.name for one in work.found],
    )


def _prepare(
    source: BinaryIO, order: SigningOrder, signer: Signer, authority: Authority | None
) -> _Work:
    writer = open_pdf(source)
    with parsing():
        found = intact_signatures(writer.prev)
        check_order(order, found)
        certificate = check_key(order, signer, found)
        fill_in(writer, order)
        return _Work(
            order=order,
            signer=signer,
            writer=writer,
            found=found,
            key=Key(signer, certificate.public_key),
            authority=authority,
            name=_free_name(writer.prev, partial(field_name, order.role)),
            shown=show(writer.prev, order, found),
        )


async def _put_signature(work: _Work, target: BinaryIO) -> bytes:
    """Write the file with the signature; returns its /Contents."""
    at = work.order.at.astimezone(VIETNAM)
    with parsing():
        session = _pdf_signer(work).init_signing_session(work.writer)
        session.system_time = at
        document = session.prepare_tbs_document(None, bytes_reserved=work.reserved)
        prepared, _ = document.digest_tbs_document(output=target)
    try:
        signed = await document.perform_signature(
            prepared.document_digest, PdfCMSSignedAttributes(signing_time=at)
        )
    except SigningError as error:
        limit = f"{work.reserved // 2} bytes"
        raise TooLarge(
            what="the signature with its time-stamp", found="more", limit=limit
        ) from error
    return bytes(signed.sig_contents)


def _pdf_signer(work: _Work) -> PdfSigner:
    order, shown = work.order, work.shown
    return PdfSigner(
        PdfSignatureMetadata(
            field_name=work.name,
            md_algorithm=digest_of(work.signer.algorithm),
            reason=REASONS[order.role],
            subfilter=SigSeedSubFilter.PADES,
        ),
        signer=work.key,
        timestamper=work.authority,
        stamp_style=shown.style if shown else BaseStampStyle(),
        new_field_spec=SigFieldSpec(
            work.name,
            on_page=shown.place.page.index if shown else 0,
            box=shown.rectangle if shown else None,  # type: ignore[arg-type]
        ),
    )


def _check_clock(order: SigningOrder, authority: Authority) -> None:
    """Nobody finds a signature good that states a time after its own time-stamp."""
    stamped = authority.given[0].at
    if order.at > stamped + CLOCKS_DIFFER:
        raise SigningClockWrong(found=format_vietnam(order.at), stamped=format_vietnam(stamped))


def _put_proofs(
    work: _Work, target: BinaryIO, authority: Authority, contents: bytes, proofs: list[Proof]
) -> None:
    order = work.order
    stamps = [prove_stamp(stamped, order) for stamped in authority.given]
    with parsing():
        store(target, contents, [*proofs, *stamps], order.evidence)
    if order.level is SignatureLevel.B_LTA:
        asyncio.run(_put_timestamp(work, target, authority))


async def _put_timestamp(work: _Work, target: BinaryIO, authority: Authority) -> None:
    """A time-stamp over the whole file, which protects the proofs in it."""
    with parsing():
        writer = IncrementalPdfFileWriter(target, strict=True)
        name = _free_name(writer.prev, timestamp_name)
        await PdfTimeStamper(authority, field_name=name).async_timestamp_pdf(
            writer,
            digest_of(work.signer.algorithm),
            bytes_reserved=2 * _RESERVED_FOR_TOKEN,
            in_place=True,
        )


def _free_name(reader: PdfFileReader, numbered: Callable[[int], str]) -> str:
    """The first name that no field of the form has, signed or not."""
    taken = {str(entry(one, "/T")) for one in form_fields(reader)}
    return next(name for name in map(numbered, count(1)) if name not in taken)


def _check_result(source: BinaryIO, target: BinaryIO, work: _Work) -> None:
    """What was signed before is there byte for byte, and every signature is intact."""
    source.seek(0)
    target.seek(0)
    while block := source.read(_BLOCK):
        if target.read(len(block)) != block:
            raise EarlierSignatureBroken(name=work.name, reason="earlier bytes would change")
    target.seek(0, io.SEEK_SET)
    with parsing():
        names = [one.name for one in intact_signatures(PdfFileReader(target, strict=True))]
    if names[: len(work.found) + 1] != [*(one.name for one in work.found), work.name]:
        raise EarlierSignatureBroken(name=work.name, reason="it is not read back")
