"""Trust stores as TOML: whom to trust, for what, and where to ask for status.

A store is a folder with ``trust.toml`` beside certificate files. Every key is known, every value
has its type, every fault has its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import Attribute, field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.codec.toml_text import literal, parse_toml, placed
from lienthong.codec.toml_values import (
    Reader,
    exact,
    plain_text,
    read_table,
    table,
    tables,
    text_list,
    whole_number,
    word,
)
from lienthong.errors import (
    CertificateUnfit,
    InputError,
    InvalidValue,
    Malformed,
    MissingField,
    TooLarge,
)
from lienthong.model.checks import a, as_tuple, many, refuse, text, texts, whole
from lienthong.model.file_signature import SignatureKind
from lienthong.model.signing import MAX_CERTIFICATE_BYTES
from lienthong.model.trust import MAX_AUTHORITIES, Trust, TrustedAuthority, TrustPurpose
from lienthong.pki.chain import TrustAnchors

FILE_NAME: Final = "trust.toml"
MAX_FILE_BYTES: Final = 1024 * 1024
"""Of one file of certificates."""

_NAME: Final = re.compile(r"\w[\w.() -]{0,199}")
_ADDRESS: Final = re.compile(r"https?://[!-~]{1,1000}", re.IGNORECASE)
_STRICT: Final = frozenset({TrustPurpose.ORGANISATIONS, TrustPurpose.TIME_STAMPS})
"""Purposes whose paths are judged by ``lienthong.pki.chain``, which accepts no other anchors."""


def _is_file_name(instance: object, attribute: Attribute[str], value: object) -> None:
    if not isinstance(value, str) or _NAME.fullmatch(value) is None:
        expected = "the name of a file beside trust.toml"
        raise refuse(instance, attribute.name, found=value, expected=expected)


def _are_addresses(instance: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    for one in value:
        if _ADDRESS.fullmatch(one) is None:
            expected = "addresses with http:// or https://"
            raise refuse(instance, attribute.name, found=one, expected=expected)


@frozen(kw_only=True)
class TrustEntry:
    """One ``[[authority]]``: a file of certificates with what they are trusted for."""

    file: str = field(validator=_is_file_name)
    label: str = field(validator=text(200, required=True))
    kind: SignatureKind = field(validator=a(SignatureKind, clause="LGDĐT 2023 Đ22"))
    purposes: tuple[TrustPurpose, ...] = field(
        converter=as_tuple, validator=many(TrustPurpose, least=1, most=len(TrustPurpose))
    )
    lists: tuple[str, ...] = field(
        default=(), converter=as_tuple, validator=[texts(1008, most=20), _are_addresses]
    )
    """Addresses of its own revocation lists, beside those that certificates name."""


@frozen(kw_only=True)
class Fetching:
    """``[fetching]``: how status is fetched."""

    private_hosts: tuple[str, ...] = field(
        default=(), converter=as_tuple, validator=texts(253, most=100)
    )
    """Hosts that may be asked although their addresses are not public."""

    every_minutes: int = field(default=30, validator=whole(1, 45))
    """Well below the hour after which a status is too old (``StatusPolicy``)."""
    """How often each place is asked; the status of who signs may be an hour old at most."""


@frozen(kw_only=True)
class TrustFile:
    """What ``trust.toml`` says."""

    authority: tuple[TrustEntry, ...] = field(
        converter=as_tuple, validator=many(TrustEntry, least=1, most=MAX_AUTHORITIES)
    )
    fetching: Fetching = field(factory=Fetching, validator=a(Fetching))


def _words(value: object, key: str) -> tuple[Any, ...]:
    read = word(TrustPurpose)
    items = exact(value, key, list, "a list of words")
    return tuple(read(item, f"{key}[{place}]") for place, item in enumerate(items))


_ENTRY: Final[Mapping[str, Reader]] = {
    "file": plain_text,
    "label": plain_text,
    "kind": word(SignatureKind),
    "purposes": _words,
    "lists": text_list,
}
_FETCHING: Final[Mapping[str, Reader]] = {
    "private_hosts": text_list,
    "every_minutes": whole_number,
}
_REQUIRED: Final = ("file", "label", "kind", "purposes")


def _entry(**given: Any) -> TrustEntry:
    for name in _REQUIRED:
        if name not in given:
            raise MissingField(field=f"TrustEntry.{name}", clause="the form of trust stores")
    return TrustEntry(**given)


_FILE: Final[Mapping[str, Reader]] = {
    "authority": tables(_entry, _ENTRY),
    "fetching": table(Fetching, _FETCHING),
}


def load_trust_file(content: str, file_name: str = FILE_NAME) -> TrustFile:
    """Read a ``trust.toml``.

    Args:
        content: the whole file.
        file_name: how errors call it.

    Raises:
        Malformed: it is no TOML; likewise TooLarge.
        UnknownField: there is a key that does not exist; the nearest existing one is named.
        InputError: a value is missing or wrong; the error names its line.
    """
    data = parse_toml(content, file_name)
    try:
        given = read_table(data, _FILE, "")
        return TrustFile(**{"authority": (), **given})
    except InputError as error:
        raise placed(error, content, file_name) from error


def dump_entry(entry: TrustEntry) -> str:
    """An ``[[authority]]`` as it is written in ``trust.toml``."""
    rows = {
        "file": entry.file,
        "label": entry.label,
        "kind": entry.kind,
        "purposes": entry.purposes,
        "lists": entry.lists,
    }
    lines = (f"{key} = {literal(value)}" for key, value in rows.items() if value != ())
    return "[[authority]]\n" + "\n".join(lines) + "\n"


def build_trust(file: TrustFile, read: Callable[[str], bytes]) -> Trust:
    """Everybody whom a store trusts.

    Args:
        file: its ``trust.toml``.
        read: gives the content of a file beside it.

    Raises:
        InvalidValue: it is not clear whose lists the addresses are, or of which kind an
            authority's signatures are.
        Malformed, TooLarge: a file holds no readable certificate; what *read* raises is passed on.
        CertificateUnfit: one is no authority's.
        AlgorithmUnsupported: one is for organisations or time-stamps, with a key that is not
            accepted there.
    """
    found: dict[bytes, TrustedAuthority] = {}
    for entry in file.authority:
        certificates = load_authorities(read(entry.file), entry.file)
        if entry.lists and len(certificates) > 1:
            expected = "lists with a file of one certificate only"
            raise InvalidValue(field=entry.file, found=len(certificates), expected=expected)
        for certificate in certificates:
            check_authority(certificate, entry.purposes)
            known = found.get(certificate)
            if known is not None and known.kind is not entry.kind:
                expected = f"the kind that it has before, {known.kind.name}"
                raise InvalidValue(field=entry.file, found=entry.kind.name, expected=expected)
            also = known.purposes if known is not None else frozenset[TrustPurpose]()
            found[certificate] = TrustedAuthority(
                certificate=certificate,
                label=known.label if known is not None else entry.label,
                kind=entry.kind,
                purposes=also.union(entry.purposes),
            )
    return Trust(authorities=tuple(found.values()))


def own_lists(file: TrustFile, read: Callable[[str], bytes]) -> tuple[tuple[bytes, str], ...]:
    """Certificates (DER) of authorities, each with an address of a revocation list of its own.

    Args and Raises: as ``build_trust``.
    """
    return tuple(
        (certificate, url)
        for entry in file.authority
        if entry.lists
        for certificate in load_authorities(read(entry.file), entry.file)
        for url in entry.lists
    )


def load_authorities(data: bytes, file_name: str) -> tuple[bytes, ...]:
    """The certificates of a PEM or DER file, as DER, in file order.

    Raises:
        Malformed: there is none, or one cannot be read.
        TooLarge: the file has more than 1 MiB, or a certificate more than 16 KiB.
    """
    if len(data) > MAX_FILE_BYTES:
        limit = f"{MAX_FILE_BYTES} bytes"
        raise TooLarge(what=file_name, found=f"{len(data)} bytes", limit=limit)
    try:
        if b"-----BEGIN" in data:
            parsed = x509.load_pem_x509_certificates(data)
        else:
            parsed = [x509.load_der_x509_certificate(data)]
        found = tuple(one.public_bytes(Encoding.DER) for one in parsed)
    except Exception as error:
        raise Malformed(what=file_name, reason="it holds no readable certificate") from error
    for one in found:
        if len(one) > MAX_CERTIFICATE_BYTES:
            limit = f"{MAX_CERTIFICATE_BYTES} bytes"
            raise TooLarge(what=file_name, found=f"{len(one)} bytes", limit=limit)
    return found


def check_authority(certificate: bytes, purposes: tuple[TrustPurpose, ...]) -> None:
    """Check that a certificate may be trusted as an authority for *purposes*.

    Raises:
        CertificateUnfit: it is no authority's, or too weak for its purposes.
        AlgorithmUnsupported: its key is not accepted for its purposes.
        Malformed: it cannot be read.
    """
    if _STRICT.intersection(purposes):
        TrustAnchors([certificate])
        return
    # Paths to authorities of files are judged by RFC 5280 in full; old roots sign with SHA-1.
    try:
        parsed = x509.load_der_x509_certificate(certificate)
        subject = parsed.subject.rfc4514_string()
        constraints = parsed.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        constraints = None
    except Exception as error:
        raise Malformed(what="a certificate", reason="it is no X.509 certificate") from error
    if constraints is None or not constraints.ca:
        raise CertificateUnfit(subject=subject, reason="it is not an authority's")
