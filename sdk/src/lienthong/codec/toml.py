"""``document.toml``: the data of a document as a clerk or a script writes it for the command line.

Every fault is reported with the file, the key and, where it can be told, the line. A secrecy mark
under any of its usual names is refused before anything else is read (QĐ 52/2019 Đ1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any, Final, TypeVar, cast

import attrs

from lienthong.codec.toml_template import TEMPLATE
from lienthong.codec.toml_text import key_literal, literal, parse_toml, placed
from lienthong.codec.toml_values import (
    Reader,
    calendar_day,
    flag,
    instant,
    located,
    parsed,
    plain_text,
    read_table,
    table,
    tables,
    text_list,
    text_pairs,
    whole_number,
    word,
)
from lienthong.errors import InputError, MissingField, StateSecret
from lienthong.model.checks import shown
from lienthong.model.document import Document, DocumentReference, DocumentSigner, Relation
from lienthong.model.ids import DocumentCode, DocumentNumber, OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.model.secrecy import names_secrecy, refuse_state_secret
from lienthong.model.words import (
    Authority,
    Circulation,
    CopyForm,
    IssueForm,
    Origin,
    PaperBasis,
    RelationKind,
    SteeringType,
    Urgency,
)

T = TypeVar("T")

_REFERENCE: Final[Mapping[str, Reader]] = {
    "organ_id": parsed(OrganId),
    "number": parsed(DocumentNumber.parse),
    "issued_date": calendar_day,
    "document_code": parsed(DocumentCode.parse),
}
_SIGNER: Final[Mapping[str, Reader]] = {
    "full_name": plain_text,
    "position": plain_text,
    "authority": word(Authority),
    "delegation_id": plain_text,
}


def _signer(*, full_name: str = "", position: str = "", **rest: Any) -> DocumentSigner:
    return DocumentSigner(full_name=full_name, position=position, **rest)


def _reference(
    *,
    organ_id: Any = None,
    number: Any = None,
    issued_date: Any = None,
    **rest: Any,
) -> DocumentReference:
    return DocumentReference(organ_id=organ_id, number=number, issued_date=issued_date, **rest)


def _relation(*, kind: Any = None, **rest: Any) -> Relation:
    if kind is None:
        raise MissingField(field="Relation.kind", clause="NĐ 30/2020 Đ18.3-4")
    return Relation(kind=kind, document=_reference(**rest))


_DOCUMENT: Final[Mapping[str, Reader]] = {
    "issuer_code": parsed(OrganId),
    "issuer_name": plain_text,
    "number": parsed(DocumentNumber.parse),
    "issued_date": calendar_day,
    "kind": word(DocumentKind),
    "subject": plain_text,
    "signer": table(_signer, _SIGNER),
    "document_code": parsed(DocumentCode.parse),
    "place": plain_text,
    "language": plain_text,
    "page_amount": whole_number,
    "description": plain_text,
    "urgency": word(Urgency),
    "urgent_at": instant,
    "circulation": word(Circulation),
    "field": plain_text,
    "keywords": text_list,
    "origin": word(Origin),
    "copy_form": word(CopyForm),
    "steering_type": word(SteeringType),
    "to_places": text_list,
    "issued_amount": whole_number,
    "reply_requested": flag,
    "due_date": calendar_day,
    "response_for": tables(_reference, _REFERENCE),
    "relations": tables(_relation, {"kind": word(RelationKind), **_REFERENCE}),
    "issue_form": word(IssueForm),
    "paper_basis": word(PaperBasis),
    "signed_at": instant,
    "issued_at": instant,
    "extra": text_pairs,
}
_REQUIRED: Final = ("issuer_code", "number", "issued_date", "kind", "signer")
_STAND_INS: Final[Mapping[str, Any]] = {
    "issuer_code": OrganId("H53"),
    "issuer_name": "-",
    "number": DocumentNumber.parse("01/VB"),
    "issued_date": date.min,
    "kind": DocumentKind.CONG_VAN,
    "subject": "-",
    "signer": DocumentSigner(full_name="-", position="-"),
}
"""Let the rest of a document be judged together while what must be given is missing or wrong."""

_NAMELESS: Final = Document.__new__(Document)
"""Tells validators whose field they judge."""

_TABLES: Final = ("signer", "extra", "response_for", "relations")


def load_document(
    text: str,
    file_name: str = "document.toml",
    *,
    issuer_code: OrganId | None = None,
    issuer_name: str = "",
) -> Document:
    """The document that a TOML text describes.

    Args:
        text: the whole file.
        file_name: how errors call it.
        issuer_code: taken where the file names no issuer: the caller's own organisation.
        issuer_name: taken where the file does not give the name.

    Raises:
        Malformed: it is no TOML.
        TooLarge: it is longer than 1 MiB.
        UnknownField: there is a key that does not exist; the nearest existing one is named.
        StateSecret: there is a secrecy mark.
        InputError: a value is missing or breaks its definition.
    """
    data = parse_toml(text, file_name)
    given = {**dict.fromkeys(_REQUIRED), "subject": "", "issuer_name": issuer_name}
    given["issuer_code"] = issuer_code
    try:
        rest = _without_secrecy(data)
        return _build({**given, **read_table(rest, _DOCUMENT, "")})
    except InputError as error:
        raise placed(error, text, file_name) from error


@attrs.frozen(kw_only=True)
class Examined:
    """A document's data as they stand, with all that is missing or wrong."""

    document: Document | None
    """Others stand in for what is missing or wrong; None where the rest contradicts itself."""

    faults: tuple[InputError, ...]
    given: frozenset[str]
    """Keys that the text gives, and that are right by themselves."""


def examine_document(
    text: str,
    file_name: str = "document.toml",
    *,
    issuer_code: OrganId | None = None,
    issuer_name: str = "",
) -> Examined:
    """What a TOML text says, and everything that is missing or wrong in it.

    Args: as ``load_document``, which takes what has no faults.

    Raises:
        Malformed, TooLarge, StateSecret: as ``load_document``; there is nothing to go on from.
    """
    rest = _without_secrecy(parse_toml(text, file_name))
    values = {"issuer_code": issuer_code, "issuer_name": issuer_name, "subject": ""}
    found: dict[str, InputError] = {}
    for key, value in rest.items():
        try:
            values |= read_table({key: value}, _DOCUMENT, "")
        except InputError as error:
            found[key] = error
    for attribute in attrs.fields(Document):
        if attribute.name not in found and attribute.name in {*values, *_STAND_INS}:
            _note(found, attribute.name, partial(_check, attribute, values.get(attribute.name)))
    # What remains is about several keys; others stand in for those that are wrong by themselves.
    good = {key: value for key, value in values.items() if key not in found}
    document = _note(found, "", partial(_build, {**_STAND_INS, **good}))
    return Examined(
        document=document,
        faults=tuple(placed(error, text, file_name) for error in found.values()),
        given=frozenset(rest) & good.keys(),
    )


def dump_document(document: Document) -> str:
    """A TOML text that ``load_document`` reads as the same document."""
    values = {
        attribute.name: getattr(document, attribute.name)
        for attribute in attrs.fields(Document)
        if getattr(document, attribute.name) != attribute.default
    }
    lines = [f"{key} = {literal(value)}" for key, value in values.items() if key not in _TABLES]
    lines += _table_lines("[signer]", _plain(document.signer))
    if document.extra:
        lines += _table_lines("[extra]", dict(document.extra))
    for reference in document.response_for:
        lines += _table_lines("[[response_for]]", _plain(reference))
    for relation in document.relations:
        rows = {"kind": relation.kind, **_plain(relation.document)}
        lines += _table_lines("[[relations]]", rows)
    return "\n".join([*lines, ""])


def document_template() -> str:
    """A commented example of ``document.toml`` that loads as it stands."""
    return TEMPLATE


def _without_secrecy(data: Mapping[str, object]) -> dict[str, object]:
    """Everything but marks that say "not secret"; any other mark is refused first."""
    rest = {}
    for key, value in data.items():
        if not names_secrecy(key):
            rest[key] = value
        elif isinstance(value, str):
            refuse_state_secret(value, field=key)
        elif value is not False:
            raise StateSecret(field=key, found=shown(value), clause="QĐ 52/2019 Đ1.2")
    return rest


def _note(found: dict[str, InputError], key: str, check: Callable[[], T]) -> T | None:
    try:
        return check()
    except InputError as error:
        found[key] = error
        return None


def _check(attribute: attrs.Attribute[Any], value: object) -> None:
    """Judge the value of one key by itself."""
    if attribute.converter is not None and value is not None:
        value = cast("Callable[[object], object]", attribute.converter)(value)
    try:
        if attribute.validator is not None:
            attribute.validator(_NAMELESS, attribute, value)
    except InputError as error:
        raise located(error, "") from error


def _build(given: dict[str, Any]) -> Document:
    try:
        return Document(**given)
    except InputError as error:
        raise located(error, "") from error


def _table_lines(header: str, rows: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield header
    for key, value in rows.items():
        yield f"{key_literal(key)} = {literal(value)}"


def _plain(value: Any) -> dict[str, Any]:
    """The attributes of a value that hold something."""
    rows = attrs.asdict(value, recurse=False)
    return {key: item for key, item in rows.items() if item is not None and item != ""}
