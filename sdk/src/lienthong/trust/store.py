"""A trust store: a folder with ``trust.toml`` beside files of certificates."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Self

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.errors import ConfigInvalid, InvalidValue
from lienthong.model.trust import Trust
from lienthong.pki.trust import (
    FILE_NAME,
    MAX_FILE_BYTES,
    TrustEntry,
    TrustFile,
    build_trust,
    dump_entry,
    load_authorities,
    load_trust_file,
    own_lists,
)

STATUS_FOLDER: Final = "status"
"""Usual name of the folder with what is known of status, inside the store."""


@frozen(kw_only=True)
class TrustStore:
    """A store as it was when it was read."""

    folder: Path
    file: TrustFile
    trust: Trust
    lists: tuple[tuple[bytes, str], ...] = ()
    """Certificates (DER) of authorities, each with an address of a revocation list of its own."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a store.

        Raises:
            ConfigInvalid: a file is missing or cannot be opened.
            InputError: ``trust.toml`` is wrong, with its line, or a certificate is.
            AlgorithmUnsupported: a key is not accepted for what it is trusted for.
        """

        def read(name: str) -> bytes:
            return _read(folder / name)

        path = folder / FILE_NAME
        file = load_trust_file(_read_text(path), str(path))
        trust = build_trust(file, read)
        return cls(folder=folder, file=file, trust=trust, lists=own_lists(file, read))

    @property
    def status_folder(self) -> Path:
        return self.folder / STATUS_FOLDER


def add_authority(folder: Path, entry: TrustEntry, data: bytes) -> tuple[bytes, ...]:
    """Add a file of certificates to a store; one that is not there yet is made.

    Args:
        folder: of the store.
        entry: how it is to be listed; its file must not exist.
        data: the certificates, PEM or DER.

    Returns:
        The certificates, DER.

    Raises:
        InvalidValue: a file of that name is there.
        ConfigInvalid, InputError: the store is wrong already, or would be.
        CertificateUnfit, AlgorithmUnsupported, Malformed, TooLarge: a certificate is of no use.
    """
    certificates = load_authorities(data, entry.file)
    path, target = folder / FILE_NAME, folder / entry.file
    if target.exists():
        raise _taken(entry)
    before = _read_text(path) if path.exists() else ""
    file = load_trust_file(f"{before}\n{dump_entry(entry)}", str(path))
    build_trust(file, lambda name: data if name == entry.file else _read(folder / name))
    folder.mkdir(parents=True, exist_ok=True)
    pem = b"".join(
        x509.load_der_x509_certificate(one).public_bytes(Encoding.PEM) for one in certificates
    )
    try:
        with target.open("xb") as out:
            out.write(pem)
    except FileExistsError:
        raise _taken(entry) from None
    part = path.with_suffix(".part")
    part.write_text(f"{before.rstrip()}\n\n{dump_entry(entry)}".lstrip(), "utf-8")
    part.replace(path)
    return certificates


def _taken(entry: TrustEntry) -> InvalidValue:
    expected = "a name that is not taken in the store"
    return InvalidValue(field="file", found=entry.file, expected=expected)


def _read_text(path: Path) -> str:
    try:
        return _read(path).decode()
    except UnicodeDecodeError as error:
        raise ConfigInvalid(
            file=path, key="the file", found=error, expected="text as UTF-8"
        ) from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # One more than is allowed, for whoever reads on to refuse.
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigInvalid(
            file=path, key="the file", found=error.strerror, expected="a readable file"
        ) from error
