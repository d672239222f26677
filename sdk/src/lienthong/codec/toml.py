"""``document.toml``: the data of a document as a clerk or a script writes it for the command line.

Every fault is reported with the file, the key and, where it can be told, the line. A secrecy mark
under any of its usual names is refused before anything else is read (QĐ 52/2019 Đ1.2).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

import attrs

from lienthong.codec.toml_template import TEMPLATE
from lienthong.codec.toml_values import (
    Reader,
    calendar_day,
    flag,
    instant,
    line_of,
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
from lienthong.errors import (
    InputError,
    Malformed,
    MissingField,
    StateSecret,
    TooLarge,
    UnknownField,
)
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

MAX_TOML_BYTES: Final = 1024 * 1024

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
    data = _parse(text, file_name)
    given = {**dict.fromkeys(_REQUIRED), "subject": "", "issuer_name": issuer_name}
    given["issuer_code"] = issuer_code
    try:
        rest = _without_secrecy(data)
        return _build({**given, **read_table(rest, _DOCUMENT, "")})
    except InputError as error:
        raise _placed(error, text, file_name) from error


def dump_document(document: Document) -> str:
    """A TOML text that ``load_document`` reads as the same document."""
    values = {
        attribute.name: getattr(document, attribute.name)
        for attribute in attrs.fields(Document)
        if getattr(document, attribute.name) != attribute.default
    }
    lines = [f"{key} = {_literal(value)}" for key, value in values.items() if key not in _TABLES]
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


def _parse(text: str, file_name: str) -> dict[str, Any]:
    if len(text) > MAX_TOML_BYTES:
        limit = f"{MAX_TOML_BYTES} characters"
        raise TooLarge(what=file_name, found=f"{len(text)} characters", limit=limit)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(what=file_name, reason=str(error)[:200]) from error


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


def _build(given: dict[str, Any]) -> Document:
    try:
        return Document(**given)
    except InputError as error:
        raise located(error, "") from error


def _placed(error: InputError, text: str, file_name: str) -> InputError:
    """The same error, naming file, key and line."""
    key = str(error.facts.get("key", error.facts.get("field", "")))
    line = line_of(text, key)
    place = file_name if line is None else f"{file_name} line {line}"
    facts = {**error.facts, "key": key, "line": line, "file": file_name}
    if isinstance(error, UnknownField):
        return UnknownField(**{**facts, "what": place})
    return type(error)(**{**facts, "field": f"{place}: {key}"})


def _table_lines(header: str, rows: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield header
    for key, value in rows.items():
        yield f"{_key(key)} = {_literal(value)}"


def _plain(value: Any) -> dict[str, Any]:
    """The attributes of a value that hold something."""
    rows = attrs.asdict(value, recurse=False)
    return {key: item for key, item in rows.items() if item is not None and item != ""}


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else _quoted(key)


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, tuple):
        return f"[{', '.join(_literal(item) for item in value)}]"
    return _quoted(value.name if isinstance(value, Enum) else str(value))


def _quoted(text: str) -> str:
    # JSON's escapes are those of TOML; DEL, which only TOML escapes, is refused by the model.
    return json.dumps(text, ensure_ascii=False)
