"""Signed notes and checkpoints: one canonical text, signed by the one key that counts."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lienthong.errors import CheckpointInvalid, KeyUnusable, LienthongError
from lienthong.evidence.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from lienthong.evidence.merkle import EMPTY_ROOT, leaf_hash
from lienthong.evidence.note import MAX_SIGNATURES, VerifierKey, open_note, sign_note, split_note
from lienthong.testing.signer import MemorySigner

NAME = "axis.tayninh.example"
SIGNER = MemorySigner.checkpoint(bytes(range(32)))
KEY = VerifierKey.of_signer(NAME, SIGNER)
OTHER = MemorySigner.checkpoint(bytes(32))
TEXT = "axis.tayninh.example\n5\n" + b64encode(leaf_hash(b"x")).decode() + "\n"
NOTE = sign_note(TEXT, NAME, SIGNER)


def line_of(signer: MemorySigner, name: str, text: str = TEXT) -> str:
    return sign_note(text, name, signer).rpartition("\n\n")[2]


def encoded_key(data: bytes) -> str:
    return f"{NAME}+{KEY.key_id.hex()}+{b64encode(data).decode()}"


def test_key_and_note_are_as_the_specification_spells_them() -> None:
    # Written out by hand from C2SP signed-note, sharing nothing with the code under test.
    public = SIGNER.public_key[-32:]
    key_id = sha256(NAME.encode() + b"\n\x01" + public).digest()[:4]
    assert str(KEY) == f"{NAME}+{key_id.hex()}+{b64encode(b'%c' % 1 + public).decode()}"
    text, _, lines = NOTE.partition("\n\n")
    dash, name, value = lines.removesuffix("\n").split(" ")
    assert (text + "\n", dash, name) == (TEXT, "\u2014", NAME)
    assert b64decode(value)[:4] == key_id
    Ed25519PublicKey.from_public_bytes(public).verify(b64decode(value)[4:], TEXT.encode())


def test_a_signed_note_opens() -> None:
    assert open_note(NOTE, KEY) == open_note(NOTE, KEY, require_exact=True) == TEXT


def test_the_verifier_key_survives_its_text() -> None:
    assert VerifierKey.parse(str(KEY)) == KEY


def test_no_byte_of_an_exact_note_can_change() -> None:
    data = NOTE.encode()
    for at in range(len(data)):
        for mask in (0x01, 0x20, 0x80):
            altered = data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]
            with pytest.raises(CheckpointInvalid):
                open_note(altered.decode(errors="surrogateescape"), KEY, require_exact=True)


def test_signatures_of_others_are_ignored_unless_the_note_must_be_exact() -> None:
    note = NOTE + line_of(OTHER, "witness.example")
    assert open_note(note, KEY) == TEXT
    with pytest.raises(CheckpointInvalid, match="expected one"):
        open_note(note, KEY, require_exact=True)


def test_another_key_under_our_name_is_ignored() -> None:
    assert open_note(NOTE + line_of(OTHER, NAME), KEY) == TEXT


def test_a_wrong_second_signature_of_our_key_is_refused() -> None:
    forged = KEY.key_id + bytes(64)
    with pytest.raises(CheckpointInvalid, match="does not fit"):
        open_note(f"{NOTE}\u2014 {NAME} {b64encode(forged).decode()}\n", KEY)


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        TEXT + "\n",
        NOTE[:-1],
        NOTE + "\n",
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("\u2014 ", "- "),
        NOTE.replace("\u2014 ", "\u2014"),
        NOTE.replace("\u2014 ", "\u2014  "),
        NOTE.replace("\n\n", "\n\n\n"),
        NOTE.replace("5\n", "5\r\n"),
        NOTE.replace("5\n", "5\t\n"),
        NOTE.replace(NAME, NAME + "\ud800"),
        f"{TEXT}\n\u2014 {NAME} AAAA\n",
        f"{TEXT}\n\u2014 {NAME} AA AA\n",
        f"{TEXT}\n\u2014 {NAME}\n",
        f"{TEXT}\n\u2014 \n",
        line_of(OTHER, "witness.example"),
    ],
)
def test_malformed_notes_are_refused(note: str) -> None:
    with pytest.raises(CheckpointInvalid):
        open_note(note, KEY)


def test_a_note_without_our_signature_is_refused() -> None:
    with pytest.raises(CheckpointInvalid, match="has not signed"):
        open_note(f"{TEXT}\n{line_of(OTHER, 'witness.example')}", KEY)


def test_too_many_signatures_are_refused() -> None:
    line = line_of(OTHER, "witness.example")
    assert len(split_note(NOTE + line * (MAX_SIGNATURES - 1))[1]) == MAX_SIGNATURES
    with pytest.raises(CheckpointInvalid, match="more than 64"):
        open_note(NOTE + line * MAX_SIGNATURES, KEY)


def test_base64_with_spare_bits_is_refused() -> None:
    # The last digit of a 68-byte signature carries two bits more than it needs.
    head, _, tail = NOTE.rpartition("=")
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    sibling = digits[digits.index(head[-1]) ^ 1]
    altered = head[:-1] + sibling + "=" + tail
    encoded = altered.split(" ")[-1].strip()
    assert b64decode(encoded) == b64decode(NOTE.split(" ")[-1].strip())
    with pytest.raises(CheckpointInvalid, match="canonical"):
        open_note(altered, KEY)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x00"])
def test_names_that_a_note_cannot_hold_are_refused(name: str) -> None:
    with pytest.raises(CheckpointInvalid):
        VerifierKey(name=name, public_key=KEY.public_key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        str(KEY).replace(NAME, "other.example"),
        str(KEY)[:-1],
        str(KEY) + "=",
        str(KEY).replace("+", " "),
        f"{NAME}+{KEY.key_id.hex().upper()}+{str(KEY).rpartition('+')[2]}",
        encoded_key(b"\x02" + KEY.public_key),
        encoded_key(b"\x01" + KEY.public_key[:-1]),
    ],
)
def test_malformed_verifier_keys_are_refused(text: str) -> None:
    with pytest.raises(CheckpointInvalid):
        VerifierKey.parse(text)


def test_only_ed25519_keys_sign_notes() -> None:
    signer = MemorySigner(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(KeyUnusable):
        sign_note(TEXT, NAME, signer)


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "\ud800\n"])
def test_texts_that_a_note_cannot_hold_are_not_signed(text: str) -> None:
    with pytest.raises(CheckpointInvalid):
        sign_note(text, NAME, SIGNER)


# --- Checkpoints -------------------------------------------------------------------------------

CHECKPOINT = Checkpoint(origin=NAME, size=5, root=leaf_hash(b"x"))


def test_a_checkpoint_survives_its_text() -> None:
    assert CHECKPOINT.dump() == TEXT
    assert open_checkpoint(sign_checkpoint(CHECKPOINT, SIGNER), KEY) == CHECKPOINT


@pytest.mark.parametrize(
    "alter",
    [
        lambda text: text.replace("\n5\n", "\n05\n"),
        lambda text: text.replace("\n5\n", "\n+5\n"),
        lambda text: text.replace("\n5\n", "\n5 \n"),
        lambda text: text.replace("\n5\n", "\n-5\n"),
        lambda text: text.replace("\n5\n", "\n\u0665\n"),
        lambda text: text.replace("\n5\n", "\n" + "9" * 19 + "\n"),
        lambda text: text.replace("\n5\n", "\n0\n"),
        lambda text: text.replace("\n5\n", "\n\n"),
        lambda text: text + "extension\n",
        lambda text: "\n" + text,
        lambda text: text[:-2] + "\n",
        lambda text: text.replace("=", ""),
        lambda text: text.replace(NAME, "a b"),
    ],
)
def test_texts_that_are_no_checkpoint_are_refused(alter: Callable[[str], str]) -> None:
    altered = alter(TEXT)
    assert altered != TEXT
    with pytest.raises(CheckpointInvalid):
        Checkpoint.parse(altered)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    other = Checkpoint(origin="other.example", size=5, root=leaf_hash(b"x"))
    note = sign_note(other.dump(), NAME, SIGNER)
    with pytest.raises(CheckpointInvalid, match="it is of other"):
        open_checkpoint(note, KEY)


def test_an_empty_tree_has_one_root() -> None:
    Checkpoint(origin=NAME, size=0, root=EMPTY_ROOT)
    with pytest.raises(CheckpointInvalid):
        Checkpoint(origin=NAME, size=0, root=leaf_hash(b"x"))


# --- A verifier with a planted fault is caught --------------------------------------------------


def unsigned(note: str, key: VerifierKey) -> Checkpoint:
    """Planted: reads the checkpoint without verifying the signature."""
    return Checkpoint.parse(split_note(note)[0])


def is_caught(verify: Callable[[str, VerifierKey], Checkpoint]) -> bool:
    forged = sign_checkpoint(CHECKPOINT, OTHER)
    try:
        verify(forged, KEY)
    except LienthongError:
        return True
    return False


@pytest.mark.parametrize(("verify", "caught"), [(open_checkpoint, True), (unsigned, False)])
def test_a_checkpoint_of_a_foreign_key_is_noticed(
    verify: Callable[[str, VerifierKey], Checkpoint], caught: bool
) -> None:
    assert is_caught(verify) is caught
