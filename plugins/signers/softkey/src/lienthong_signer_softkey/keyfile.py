"""Reading key files; every failure says which file, and never what is inside."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from typing import Final, TypeAlias

from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)

from lienthong.errors import KeyUnusable
from lienthong.spi import SecretCallback

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | Ed25519PrivateKey

MAX_FILE_SIZE: Final = 1024 * 1024
MIN_RSA_BITS: Final = 2048
_PEM: Final = b"-----BEGIN "

_log: Final = logging.getLogger("lienthong_signer_softkey")


@frozen(kw_only=True)
class KeyFile:
    """What a key file holds."""

    key: PrivateKey = field(repr=False)
    certificates: tuple[x509.Certificate, ...] = field(repr=False)
    """As found, in no particular order."""


def load_key_file(path: Path, secrets: SecretCallback) -> KeyFile:
    """Read a PEM (PKCS#8) or PKCS#12 file, asking once for its passphrase if it has one.

    Raises:
        KeyUnusable: it cannot be read or opened, or the key is of a kind that is not accepted.
    """
    data = _read(path, private=True)
    if _PEM in data:
        return KeyFile(key=_load_pem(path, data, secrets), certificates=())
    return _load_pkcs12(path, data, secrets)


def load_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """Read the certificates of a PEM file, in file order.

    Raises:
        KeyUnusable: it cannot be read.
    """
    data = _read(path, private=False)
    try:
        return tuple(x509.load_pem_x509_certificates(data))
    except Exception as error:
        raise KeyUnusable(key=path, reason="it holds no readable certificate") from error


def public_key_info(key: PrivateKey) -> bytes:
    """SubjectPublicKeyInfo (DER) of a private key."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _load_pem(path: Path, data: bytes, secrets: SecretCallback) -> PrivateKey:
    try:
        return _accepted(path, load_pem_private_key(data, None))
    except TypeError:
        pass  # it is encrypted
    except ValueError as error:
        raise KeyUnusable(key=path, reason="it holds no readable private key") from error
    passphrase = _ask(path, secrets)
    try:
        key = load_pem_private_key(data, passphrase)
    except Exception as error:
        raise _not_opened(path) from error
    return _accepted(path, key)


def _load_pkcs12(path: Path, data: bytes, secrets: SecretCallback) -> KeyFile:
    try:
        loaded = pkcs12.load_pkcs12(data, None)
    except Exception:  # noqa: BLE001 - a wrong passphrase and a wrong format look the same
        passphrase = _ask(path, secrets)
        try:
            loaded = pkcs12.load_pkcs12(data, passphrase)
        except Exception as error:
            raise _not_opened(path) from error
    own = [loaded.cert] if loaded.cert else []
    return KeyFile(
        key=_accepted(path, loaded.key),
        certificates=tuple(one.certificate for one in (*own, *loaded.additional_certs)),
    )


def _accepted(path: Path, key: object) -> PrivateKey:
    if isinstance(key, Ed25519PrivateKey):
        return key
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= MIN_RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in {"secp256r1", "secp384r1"}:
        return key
    reason = "it holds no RSA (>= 2048 bits), P-256, P-384 or Ed25519 key"
    raise KeyUnusable(key=path, reason=reason)


def _ask(path: Path, secrets: SecretCallback) -> bytes:
    return secrets(f"passphrase of {path}").encode()


def _not_opened(path: Path) -> KeyUnusable:
    return KeyUnusable(key=path, reason="the passphrase does not open it, or it is damaged")


def _read(path: Path, *, private: bool) -> bytes:
    try:
        # Asked before opening: to open a pipe would wait for its writer.
        _check_file(path, path.stat().st_mode, private=private)
        with path.open("rb") as file:
            data = file.read(MAX_FILE_SIZE + 1)
    except OSError as error:
        raise KeyUnusable(key=path, reason=error.strerror or "it cannot be read") from error
    except ValueError as error:
        raise KeyUnusable(key=path, reason="its path holds a null byte") from error
    if len(data) > MAX_FILE_SIZE:
        raise KeyUnusable(key=path, reason="it is larger than 1 MiB")
    return data


def _check_file(path: Path, mode: int, *, private: bool) -> None:
    if not stat.S_ISREG(mode):
        raise KeyUnusable(key=path, reason="it is no regular file")
    if private and os.name == "posix" and mode & 0o077:
        shown = f"{stat.S_IMODE(mode):04o}"
        _log.warning("key file %s has mode %s: others may read it, set 0600", path, shown)
