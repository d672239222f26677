"""``sign``: put a legal signature into a file (NĐ 30/2020 PL I)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import click

from lienthong.cli.base import command, session
from lienthong.cli.commands.keys import read_limited
from lienthong.cli.commands.options import CONTENT, DATE, EXISTING, PLACE
from lienthong.cli.commands.stores import chosen_store, read_store
from lienthong.cli.output import facts
from lienthong.cli.texts import Words
from lienthong.codec.json import to_data
from lienthong.errors import InvalidValue
from lienthong.model.file_signature import SignatureRole
from lienthong.model.ids import DocumentNumber
from lienthong.model.time import format_vietnam
from lienthong.model.trust import NO_EVIDENCE, NOBODY, TrustPurpose
from lienthong.model.words import CopyForm
from lienthong.spi.file_signer import MAX_IMAGE_BYTES, Box, SignatureLevel, SigningOrder

if TYPE_CHECKING:
    from lienthong.plugins import PluginHost
    from lienthong.spi import SignedFile, Signer, TimeStamper

_PDF: Final = "application/pdf"
_MILLIMETRE: Final = 72_000 / 25.4
"""In millipoints."""

_ROLES: Final = {
    "signer": SignatureRole.SIGNER,
    "agency": SignatureRole.AGENCY,
    "attachment": SignatureRole.ATTACHMENT_AGENCY,
    "copy": SignatureRole.COPY_AGENCY,
}
_FORMS: Final = {
    "sao-y": CopyForm.SAO_Y,
    "sao-luc": CopyForm.SAO_LUC,
    "trich-sao": CopyForm.TRICH_SAO,
}
_CLAUSES: Final = {
    SignatureRole.SIGNER: "NĐ 30/2020 PL I II.7d",
    SignatureRole.AGENCY: "NĐ 30/2020 PL I II.8a",
}
_SUFFIXES: Final = {SignatureRole.AGENCY: ".sealed.pdf"}


class _BoxType(click.ParamType[Box]):
    """Left, bottom, width and height in millimetres."""

    name = "box"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Box:
        if isinstance(value, Box):
            return value
        try:
            left, bottom, width, height = (_millipoints(float(one)) for one in value.split(","))
            return Box(left=left, bottom=bottom, width=width, height=height)
        except (ValueError, OverflowError, InvalidValue):
            self.fail("expected LEFT,BOTTOM,WIDTH,HEIGHT in millimetres", param, ctx)


_WHO: Final = (
    click.option(
        "--as",
        "role",
        type=click.Choice(list(_ROLES)),
        required=True,
        help="In whose role: the competent person, or the agency with its seal, on an attachment"
        " in a file of its own, or on a copy.",
    ),
    click.option("--key", metavar="URI", required=True, help="The key: softkey:…, pkcs11:…, csc:…"),
)
_SHOWN: Final = (
    click.option(
        "--image",
        type=EXISTING,
        metavar="PNG",
        help="Signature (blue) or seal (red), on a transparent background.",
    ),
    click.option(
        "--hidden",
        is_flag=True,
        help="Show nothing. NĐ 30/2020 PL I wants an image: recipients may note a defect of form.",
    ),
    click.option(
        "--page", type=click.IntRange(1), help="Where the image goes; the last one by default."
    ),
    click.option(
        "--box",
        type=_BoxType(),
        metavar="L,B,W,H",
        help="Left, bottom, width, height in mm from the lower left corner; by default the right"
        " column, and for a seal a third of the signature on its left.",
    ),
    click.option(
        "--width", type=click.FloatRange(5, 100), metavar="MM", help="True width of the seal."
    ),
    click.option("--font", type=EXISTING, metavar="TTF", help="For what is written."),
)
_SAID: Final = (
    click.option(
        "--number",
        metavar="NUMBER",
        help="Shown on an attachment; an agency writes it into the field lienthong-NUMBER.",
    ),
    click.option(
        "--date", "issued_on", type=DATE, help="An agency writes it into the field lienthong-DATE."
    ),
    click.option("--agency", metavar="NAME", default="", help="Of a copy: who copied."),
    click.option("--copy-form", type=click.Choice(list(_FORMS)), help="Of a copy."),
)
_PROVEN: Final = (
    click.option("--timestamp", metavar="URI", help="The time-stamp authority: rfc3161:…"),
    click.option(
        "--level",
        type=click.Choice([level.value for level in SignatureLevel]),
        help="PAdES level; B-T with a time-stamp authority, otherwise B-B.",
    ),
    click.option(
        "--trust",
        "store",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        help="Trust store: whom the signer's signature must lead to, and which certificates were"
        " revoked; that of the profile by default. B-LT and B-LTA need the status of all.",
    ),
)
_WRITTEN: Final = (
    click.option(
        "--output", type=PLACE, metavar="FILE", help="FILE.signed.pdf, or .sealed.pdf, by default."
    ),
    click.option("--force", is_flag=True, help="Replace the output if it exists."),
)


@command(
    "sign",
    example="""\
lienthong sign qd-52.pdf --as signer --key 'pkcs11:token=VGCA' --image chu-ky.png
lienthong sign qd-52.signed.pdf --as agency --key softkey:/keys/seal.p12 --image dau.png \\
    --timestamp 'rfc3161:https://tsa.example?anchors=tsa.pem' --trust /etc/lienthong/trust \\
    --number 52/2019/QĐ-UBND --date 2019-11-22
lienthong sign phu-luc.pdf --as attachment --key softkey:/keys/seal.p12 --number 52/2019/QĐ-UBND
lienthong sign scan.pdf --as copy --copy-form sao-y --agency "UBND tỉnh" --key 'pkcs11:token=VT'""",
    parameters=(
        click.argument("file", type=CONTENT),
        *_WHO,
        *_SHOWN,
        *_SAID,
        *_PROVEN,
        *_WRITTEN,
    ),
)
def sign(
    file: Path,
    role: str,
    key: str,
    hidden: bool,
    timestamp: str | None,
    store: Path | None,
    output: Path | None,
    force: bool,
    **given: Any,
) -> None:
    """Put a digital signature into a PDF file.

    FILE is only read. What was signed before stays as it is, byte for byte; a file with a broken
    signature is not signed. The agency signs after the competent person (NĐ 30/2020 Đ32.2d), and
    each separate attachment and copy. Secrets of the key are asked for, never given as options.
    """
    from lienthong.plugins import PluginHost

    current = session()
    target = output or _default_output(file, _ROLES[role])
    _check_free(target, force=force)
    known = chosen_store(store)
    order = _order(role, known, hidden=hidden, stamped=timestamp is not None, **given)
    with PluginHost() as host:
        file_signer = host.open_file_signer(_PDF, level=order.level)
        with (
            _opened(host, key, timestamp) as (signer, stamper),
            file.open("rb") as source,
            _replacing(target, force=force) as written,
        ):
            signed = file_signer.sign(source, written, order, signer, stamper)
    found = {"file": str(file), "output": str(target), **to_data(signed)}
    current.emit(found, lambda: _shown(current.words, target, signed))
    if order.role is SignatureRole.AGENCY and not order.trust.certificates(TrustPurpose.FILES):
        current.warn(current.words("signer_unchecked"))


@contextmanager
def _opened(
    host: PluginHost, key: str, timestamp: str | None
) -> Iterator[tuple[Signer, TimeStamper | None]]:
    """Key and time-stamp authority, closed in the end."""
    stamper = None if timestamp is None else host.open_time_stamper(timestamp)
    try:
        signer = host.open_signer(key, session().ask_secret)
        if host.is_confirmed(key) and not session().as_json:
            click.echo(session().words("confirm_on_device"), err=True)
        try:
            yield signer, stamper
        finally:
            signer.close()
    finally:
        if stamper is not None:
            stamper.close()


def _order(
    role: str, store: Path | None, *, hidden: bool, stamped: bool, **given: Any
) -> SigningOrder:
    """What the options ask for; read before a person is asked for the key's secret."""
    wanted, image = _ROLES[role], given["image"]
    if wanted in _CLAUSES and (image is None) is not hidden:
        raise click.UsageError(session().words("image_missing", clause=_CLAUSES[wanted]))
    trust, evidence = (NOBODY, NO_EVIDENCE) if store is None else read_store(store)
    level = given["level"] or (SignatureLevel.B_T if stamped else SignatureLevel.B_B).value
    number, width, form = given["number"], given["width"], given["copy_form"]
    return SigningOrder(
        role=wanted,
        at=datetime.now(UTC),
        level=SignatureLevel(level),
        image=b"" if image is None else read_limited(image, MAX_IMAGE_BYTES),
        image_width=None if width is None else _millipoints(width),
        page=given["page"],
        box=given["box"],
        number=None if number is None else DocumentNumber.parse(number),
        issued_on=given["issued_on"],
        agency=given["agency"],
        copy_form=None if form is None else _FORMS[form],
        font=given["font"],
        trust=trust,
        evidence=evidence,
    )


def _millipoints(millimetres: float) -> int:
    return round(millimetres * _MILLIMETRE)


def _default_output(file: Path, role: SignatureRole) -> Path:
    stem = file.stem.removesuffix(".signed")
    return file.with_name(stem + _SUFFIXES.get(role, ".signed.pdf"))


def _check_free(target: Path, *, force: bool) -> None:
    if target.exists() and not force:
        expected = "a new file, or --force"
        raise InvalidValue(field="--output", found=f"{target}, which exists", expected=expected)


@contextmanager
def _replacing(target: Path, *, force: bool) -> Iterator[BinaryIO]:
    """A file beside *target* that takes its place when it is whole; otherwise nothing is left."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("x+b") as written:
            yield written
            written.flush()
            os.fsync(written.fileno())
        _check_free(target, force=force)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _shown(words: Words, target: Path, signed: SignedFile) -> Any:
    where = signed.appearance
    return facts(
        [
            (words("file"), target),
            (words("signature"), f"{signed.name} ({signed.level.value})"),
            (words("time"), format_vietnam(signed.at)),
            (words("page"), None if where is None else where.page),
            (words("earlier"), ", ".join(signed.earlier)),
        ]
    )
