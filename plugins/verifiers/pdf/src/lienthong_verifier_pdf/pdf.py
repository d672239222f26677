"""The signatures of a PDF file, as bytes and as pyHanko reads them.

Read strictly first. A file that only lenient reading understands is told as not conformant: readers
differ about such files, so it never simply passes. Imported by workers only.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Final

from attrs import frozen
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.diff_analysis.policies import DEFAULT_DIFF_POLICY
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from lienthong.errors import Malformed, TooLarge
from lienthong.model.trust import MAX_EVIDENCE
from lienthong.spi.verifier import MAX_SIGNATURES
from lienthong_verifier_pdf.holes import Hole, read_hole

_WHAT: Final = "a PDF file"
_KINDS: Final = ("/adbe.pkcs7.detached", "/ETSI.CAdES.detached", "/ETSI.RFC3161")
_OBJECT: Final = re.compile(rb"(?<![0-9])([0-9]{1,10})[ \t\r\n\0\f]+([0-9]{1,5})[ \t\r\n\0\f]+obj")


@frozen(kw_only=True, eq=False)
class PdfSignature:
    """One signature or document time-stamp, as it stands in the file."""

    name: str
    embedded: EmbeddedPdfSignature
    hole: Hole

    @property
    def is_time_stamp(self) -> bool:
        return bool(self.embedded.sig_object.get("/SubFilter") == "/ETSI.RFC3161")

    @property
    def claimed(self) -> datetime | None:
        """/M, which lies inside the signed part."""
        written = self.embedded.sig_object.get("/M")
        if written is None:
            return None
        found = generic.parse_pdf_date(written, strict=False)
        return found if found.tzinfo is not None else None

    def digest(self, algorithm: str) -> bytes:
        """Of the signed ranges."""
        return self.embedded.compute_digest(algorithm)


@frozen(kw_only=True, eq=False)
class PdfFile:
    """A file that could be read."""

    data: bytes
    reader: PdfFileReader
    signatures: tuple[PdfSignature, ...]
    """In the order of revisions."""

    oddity: str
    """Why strict reading refuses it; empty when it does not."""

    def store(self) -> tuple[list[bytes], list[bytes], list[bytes]]:
        """Certificates, lists and responses of the document security store (PAdES B-LT)."""
        if "/DSS" not in self.reader.root:
            return [], [], []
        found = self.reader.root["/DSS"]
        return (
            list(_streams(found, "/Certs")),
            list(_streams(found, "/CRLs")),
            list(_streams(found, "/OCSPs")),
        )

    def changes_after(self, signature: PdfSignature, *, closing: bool) -> tuple[str, str]:
        """How far the file was changed after a signature, and why that is too far.

        The second word is empty for changes that the signature permits (DocMDP and FieldMDP of it,
        and no unexplained object). After the last signature of a person or an agency nothing may
        come but validation data and time-stamps.

        Args:
            signature: one of the file.
            closing: nobody may fill in a field after it, not even who signs that in turn.
        """
        embedded: Any = signature.embedded
        embedded.compute_integrity_info(DEFAULT_DIFF_POLICY)
        if embedded.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
            return "", "it does not cover the whole of its revision"
        result = embedded.diff_result
        if not isinstance(result, DiffResult):
            return "", str(result)
        level = result.modification_level
        if not embedded.summarise_integrity_info()["docmdp_ok"]:
            return level.name, f"more than it permits: {level.name}"
        filled = result.changed_form_fields - {one.name for one in self.signatures}
        if closing and filled:
            return level.name, f"fields were filled in: {', '.join(sorted(filled))}"
        last = next((one for one in reversed(self.signatures) if not one.is_time_stamp), None)
        if signature is last and level > ModificationLevel.LTA_UPDATES:
            return level.name, f"{level.name}, and nobody has signed since"
        return level.name, ""

    def is_tail_harmless(self) -> bool:
        """Whether the bytes after the last signature are one update of the DSS and nothing else."""
        last = self.signatures[-1]
        revision = last.embedded.signed_revision
        if self.oddity or self.reader.xrefs.total_revisions != revision + 2:
            return False
        if not _is_one_update(self.data[last.hole.covered :]):
            return False
        old, new = (self.reader.get_historical_resolver(revision + one) for one in (0, 1))
        result = DEFAULT_DIFF_POLICY.apply(old, new, doc_mdp=last.embedded.docmdp_level)
        return result.modification_level <= ModificationLevel.LTA_UPDATES and self._is_of_store(
            new, self.data[last.hole.covered :]
        )

    def _is_of_store(self, update: Any, tail: bytes) -> bool:
        """Whether every object of an update is the catalog, its metadata, or hangs on its DSS.

        And whether each object that a reader would find in those bytes without cross-references is
        one of them: such readers would show another (incremental saving attack).
        """
        xrefs, root = self.reader.xrefs, update.root
        if update.root_ref != self.reader.root_ref or "/DSS" not in root:
            return False
        changed = update.explicit_refs_in_revision()
        store = update.collect_dependencies(root.raw_get("/DSS"))
        stream = xrefs.get_xref_container_info(update.revision).stream_ref
        told = [_reference(root, "/Metadata"), _reference(update.trailer_view, "/Info"), stream]
        if not store & changed or not changed <= {*store, *told, update.root_ref}:
            return False
        listed = {(one.idnum, one.generation) for one in {*changed, stream} if one is not None}
        found = [(int(one[1]), int(one[2])) for one in _OBJECT.finditer(tail)]
        return len(found) == len(listed) and set(found) == listed


def _reference(dictionary: Any, key: str) -> Any:
    found = dictionary.raw_get(key) if key in dictionary else None
    return found.reference if isinstance(found, generic.IndirectObject) else None


def _is_one_update(tail: bytes) -> bool:
    marks = [tail.count(mark) for mark in (b"startxref", b"%%EOF")]
    ends = tail.endswith((b"%%EOF", b"%%EOF\n", b"%%EOF\r\n"))
    return marks == [1, 1] and tail.count(b"trailer") <= 1 and ends


class HoleRefused(Malformed):
    """Reading leniently would not make it better."""


def open_pdf(data: bytes, *, oddity: str = "") -> PdfFile:
    """Read a file and its signatures: strictly, or leniently where strict reading has failed.

    Args:
        data: of the file.
        oddity: why strict reading refuses it; empty to read strictly.

    Raises:
        HoleRefused: the space of a signature holds something else.
        Malformed: it is encrypted, or has a signature of an unknown kind.
        TooLarge: it has more than 100 signatures.
        Exception: the parser's own kinds of errors are many.
    """
    reader = PdfFileReader(io.BytesIO(data), strict=not oddity)
    if reader.encrypted:
        raise Malformed(what=_WHAT, reason="it is encrypted")
    fields = list(islice(enumerate_sig_fields(reader, filled_status=True), MAX_SIGNATURES + 1))
    if len(fields) > MAX_SIGNATURES:
        raise TooLarge(what="signatures", found=f"over {MAX_SIGNATURES}", limit=str(MAX_SIGNATURES))
    if not oddity and reader.xrefs.hybrid_xrefs_present:
        raise Malformed(what=_WHAT, reason="it has hybrid cross-references")
    signatures = [_signature(data, reader, name, one) for name, _, one in fields]
    signatures.sort(key=lambda one: (one.embedded.signed_revision, one.hole.covered))
    return PdfFile(data=data, reader=reader, signatures=tuple(signatures), oddity=oddity)


def _signature(data: bytes, reader: PdfFileReader, name: str, found: Any) -> PdfSignature:
    embedded = EmbeddedPdfSignature(reader, found, name)
    kind = embedded.sig_object.get("/SubFilter")
    if kind not in _KINDS:
        raise Malformed(what=_WHAT, reason=f"a signature of the unknown kind {kind}")
    try:
        hole = read_hole(data, list(embedded.byte_range))
    except Malformed as error:
        raise HoleRefused(**error.facts) from error
    if not embedded.pkcs7_content.startswith(hole.message):
        reason = "the signature that is read is not the one in the space that it leaves"
        raise HoleRefused(what=_WHAT, reason=reason)
    return PdfSignature(name=name, embedded=embedded, hole=hole)


def _streams(store: Any, name: str) -> Iterator[bytes]:
    """The contents of an array of streams; what cannot be read helps nobody."""
    for reference in islice(store.get(name, ()), MAX_EVIDENCE):
        try:
            yield reference.get_object().data
        except Exception:  # noqa: BLE001, S112 - a hostile file is skipped
            continue
