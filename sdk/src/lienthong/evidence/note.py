"""Signed notes (C2SP signed-note) with Ed25519 keys: text that the axis's key vouches for."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256
from hmac import compare_digest
from typing import Final, Self

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lienthong.errors import CheckpointInvalid, KeyUnusable
from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi.signer import Signer

ED25519: Final = 0x01
MAX_SIGNATURES: Final = 64
MAX_NOTE_SIZE: Final = 1024 * 1024
"""Bytes; larger than 64 post-quantum witness signatures."""

_KEY_SIZE: Final = 32
_SIGNATURE_SIZE: Final = 64
_ID_SIZE: Final = 4
_SPKI_PREFIX: Final = bytes.fromhex("302a300506032b6570032100")
"""What precedes the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410 4)."""

_DASH: Final = "\u2014 "


@frozen(kw_only=True)
class VerifierKey:
    """The public half of a checkpoint key, as agencies keep it."""

    name: str
    public_key: bytes = field(repr=False)
    """Ed25519, 32 bytes (RFC 8032 5.1.5)."""

    _loaded: Ed25519PublicKey = field(init=False, repr=False, eq=False)

    @_loaded.default
    def _load(self) -> Ed25519PublicKey:
        check_name(self.name)
        try:
            return Ed25519PublicKey.from_public_bytes(self.public_key)
        except (ValueError, TypeError) as error:
            raise CheckpointInvalid(reason="the verifier key is no Ed25519 key") from error

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``<name>+<key id, 8 hex digits>+<base64 of 0x01 and the key>``.

        Raises:
            CheckpointInvalid: it is not of that form, or its parts do not fit together.
        """
        name, _, rest = text.partition("+")
        digits, _, encoded = rest.partition("+")
        data = decode_base64(encoded, "the verifier key")
        if len(data) != 1 + _KEY_SIZE or data[0] != ED25519:
            raise CheckpointInvalid(reason="the verifier key is no Ed25519 key")
        key = cls(name=name, public_key=data[1:])
        if not compare_digest(digits.encode(), key.key_id.hex().encode()):
            raise CheckpointInvalid(reason="the verifier key's id does not fit its name and key")
        return key

    @classmethod
    def of_signer(cls, name: str, signer: Signer) -> Self:
        """The verifier key that belongs to a signer.

        Raises:
            KeyUnusable: the signer does not hold an Ed25519 key.
        """
        info = signer.public_key
        expected = len(_SPKI_PREFIX) + _KEY_SIZE
        if signer.algorithm is not SignatureAlgorithm.ED25519 or len(info) != expected:
            raise KeyUnusable(key=name, reason="checkpoints need an Ed25519 key")
        return cls(name=name, public_key=info[len(_SPKI_PREFIX) :])

    @property
    def key_id(self) -> bytes:
        """4 bytes that, with the name, tell which key signed."""
        encoded = bytes([ED25519]) + self.public_key
        return sha256(self.name.encode() + b"\n" + encoded).digest()[:_ID_SIZE]

    def verify(self, message: bytes, signature: bytes) -> None:
        """Check one Ed25519 signature.

        Raises:
            CheckpointInvalid: it does not fit.
        """
        try:
            self._loaded.verify(signature, message)
        except InvalidSignature:
            raise CheckpointInvalid(reason=f"the signature of {self.name} does not fit") from None

    def __str__(self) -> str:
        encoded = b64encode(bytes([ED25519]) + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


@frozen(kw_only=True)
class NoteSignature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    value: bytes = field(repr=False)


def sign_note(text: str, name: str, signer: Signer) -> str:
    """Sign *text* (ending in a newline) under the key name *name*.

    Raises:
        CheckpointInvalid: the text or the name cannot be in a note.
        KeyUnusable: the signer does not hold an Ed25519 key.
    """
    key = VerifierKey.of_signer(name, signer)
    _check_text(text)
    value = key.key_id + signer.sign(text.encode())
    return f"{text}\n{_DASH}{name} {b64encode(value).decode()}\n"


def open_note(note: str, key: VerifierKey, *, require_exact: bool = False) -> str:
    """Return the text of a note that *key* has signed.

    Signatures of other keys are ignored, as the specification demands (rotation, witnesses); every
    one that claims to be of *key* must fit.

    Args:
        note: the whole note.
        key: who must have signed it.
        require_exact: refuse any other signature line, so that no byte of the note is unchecked.

    Raises:
        CheckpointInvalid: it is malformed or not signed by *key*.
    """
    text, signatures = split_note(note)
    key_id, message = key.key_id, text.encode()
    own = [line for line in signatures if line.name == key.name and line.key_id == key_id]
    if not own:
        raise CheckpointInvalid(reason=f"{key.name} has not signed it")
    if require_exact and len(signatures) != 1:
        raise CheckpointInvalid(reason=f"it holds {len(signatures)} signatures, expected one")
    for line in own:
        key.verify(message, line.value)
    return text


def split_note(note: str) -> tuple[str, tuple[NoteSignature, ...]]:
    """Text and signature lines of a note, **without verifying anything**.

    Raises:
        CheckpointInvalid: it is malformed.
    """
    if len(note) > MAX_NOTE_SIZE:
        raise CheckpointInvalid(reason=f"it is longer than {MAX_NOTE_SIZE} characters")
    body, separator, tail = note.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise CheckpointInvalid(reason="it has no signatures")
    text = body + "\n"
    _check_text(text)
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise CheckpointInvalid(reason=f"it has more than {MAX_SIGNATURES} signatures")
    return text, tuple(_parse_lines(lines))


def check_name(name: str) -> None:
    """Check that *name* can be the name of a note key.

    Raises:
        CheckpointInvalid: it is empty, or has a space, a plus or a control character.
    """
    if not name or any(sign == "+" or sign.isspace() or sign < " " for sign in name):
        raise CheckpointInvalid(reason="a key name is empty or holds a space or a plus")
    _encode(name)


def decode_base64(text: str, what: str) -> bytes:
    """Decode base64 that is written in the one canonical way.

    Raises:
        CheckpointInvalid: it is not.
    """
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise CheckpointInvalid(reason=f"{what} is not base64") from None
    # Spare bits in the last digit would let one value be written in several ways.
    if b64encode(data).decode() != text:
        raise CheckpointInvalid(reason=f"{what} is not canonical base64")
    return data


def _parse_lines(lines: list[str]) -> Iterator[NoteSignature]:
    for line in lines:
        name, separator, encoded = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not separator:
            raise CheckpointInvalid(reason="a signature line is malformed")
        check_name(name)
        data = decode_base64(encoded, "a signature")
        if len(data) <= _ID_SIZE:
            raise CheckpointInvalid(reason="a signature is too short")
        yield NoteSignature(name=name, key_id=data[:_ID_SIZE], value=data[_ID_SIZE:])


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(sign < " " and sign != "\n" for sign in text):
        raise CheckpointInvalid(reason="the text has a control character or no final newline")
    _encode(text)


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise CheckpointInvalid(reason="it is not valid UTF-8") from None
