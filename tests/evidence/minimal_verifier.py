"""A second verifier of receipts: this file, Python's standard library and `cryptography`.

It shares no code with the SDK, so that neither can hide a fault of the other, and says in one place
what a receipt is, byte by byte. ``docs/explanation/evidence.md`` is the same in words.

    python minimal_verifier.py AXIS_KEY ANCHORS.pem RECEIPT [ENVELOPE]
    python minimal_verifier.py AXIS_KEY ANCHORS.pem --batch

The first form says what the receipt proves, or why it does not, and ends with 0 or 1. The second
answers lines of JSON ``{"receipt": base64, "envelope": base64 or null}`` with one line each.
It does not judge a document beyond what ties it to the entry, and knows nothing of revocation.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Refused(Exception):
    """It is not proven; the text says why."""


def require(holds: object, why: str) -> None:
    """Refuse unless *holds*."""
    if not holds:
        raise Refused(why)


def _try(action: Callable[[], Any], why: str) -> Any:
    """What *action* returns; refuse whatever goes wrong in it."""
    try:
        return action()
    except Exception:  # noqa: BLE001 - parsers of foreign bytes raise anything
        raise Refused(why) from None


# --- Protocol Buffers: a message is a sequence of (number, wire type, value) --------------------

VARINT, BYTES = 0, 2

# The messages, their fields numbered from 1; a star says that a field repeats. Another field is
# refused: nobody could say what a signature over it means.
SCHEMA = """
Timestamp: seconds int, nanos int
Effect: package_id bytes, recipient text, from_state text, to_state text
PackageRecord: package_id bytes, kind int, sender text, recipients text*, payload_sha256 bytes,
 envelope_sha256 bytes, target_package_id bytes, effects Effect*
StatementRecord: statement_id bytes, package_id bytes, recipient text, reporter text, event int,
 payload_sha256 bytes, envelope_sha256 bytes, effects Effect*
DirectoryRecord: version int, subject text, organ_id text, change_sha256 bytes
JournalEntry: index int, nonce bytes, recorded_at Timestamp, axis text, package PackageRecord,
 statement StatementRecord, directory DirectoryRecord
Receipt: entry bytes, index int, inclusion_proof bytes*, checkpoint text
Signature: algorithm int, value bytes, chain bytes*
Envelope: payload bytes, payload_type text, signatures Signature*
"""
EMPTY = {"int": 0, "bytes": b"", "text": ""}


def parse_schema(text: str) -> dict[str, dict[int, tuple[str, str, bool]]]:
    """Name, kind and whether it repeats of each field, by message and number."""
    found = {}
    for line in text.replace("\n ", " ").strip().splitlines():
        name, _, rest = line.partition(": ")
        parts = [field.split() for field in rest.split(", ")]
        lines = [(field, kind.rstrip("*"), kind.endswith("*")) for field, kind in parts]
        found[name] = dict(enumerate(lines, start=1))
    return found


MESSAGES = parse_schema(SCHEMA)
# Of manifests and statements only what an entry repeats; the rest is the reader's business.
MANIFEST_HEAD = {1: "package_id", 2: "kind", 3: "audience", 5: "recipients", 9: "target_package_id"}
STATEMENT_HEAD = {1: "statement_id", 2: "audience", 3: "package_id", 6: "event"}


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        require(at < len(data), "a number is cut off")
        octet = data[at]
        at += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            require(value < 2**64, "a number has more than 64 bits")
            return value, at
    raise Refused("a number is too long")


def fields(data: bytes) -> list[tuple[int, int, Any]]:
    """Number, wire type and value of every field."""
    found: list[tuple[int, int, Any]] = []
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        require(1 <= number < 2**29, "a field has an impossible number")
        if kind == VARINT:
            value, at = varint(data, at)
            found.append((number, kind, value))
            continue
        require(kind == BYTES, "a field has a wire type that is not used")
        size, at = varint(data, at)
        require(at + size <= len(data), "a field is cut off")
        found.append((number, kind, data[at : at + size]))
        at += size
    return found


def read(data: bytes, what: str) -> dict[str, Any]:
    """A message by its definition; what was not sent is empty."""
    definition = MESSAGES[what]
    made: dict[str, Any] = {
        name: [] if repeated else EMPTY.get(kind) for name, kind, repeated in definition.values()
    }
    seen: set[str] = set()
    for number, wire_type, value in fields(data):
        require(number in definition, f"{what} has an unknown field {number}")
        name, kind, repeated = definition[number]
        require((wire_type == VARINT) == (kind == "int"), f"{what}.{name} has another wire type")
        item = read(value, kind) if kind in MESSAGES else value
        if kind == "text":
            item = _try(value.decode, f"{what}.{name} is not UTF-8")
        if repeated:
            made[name].append(item)
            continue
        require(name not in seen, f"{what}.{name} stands twice")
        seen.add(name)
        made[name] = item
    return made


# --- The axis's key and its signed checkpoints (C2SP signed-note and tlog-checkpoint) -----------
Key: TypeAlias = tuple[str, bytes, Ed25519PublicKey]


def canonical_base64(text: str) -> bytes:
    """Base64 written in the one way that has no spare bits."""
    decode = partial(base64.b64decode, text.encode(), validate=True)
    data: bytes = _try(decode, "a text is not base64")
    require(base64.b64encode(data).decode() == text, "a text is not canonical base64")
    return data


def axis_key(text: str) -> Key:
    """Name, identifier and key of ``<name>+<8 hex digits>+<base64 of 0x01 and the key>``."""
    name, digits, encoded = text.split("+", 2)
    data = canonical_base64(encoded)
    identifier = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    require(data[0] == 1 and len(data) == 33, "the axis's key is no Ed25519 key")
    require(identifier.hex() == digits, "the axis's key does not fit its identifier")
    return name, identifier, Ed25519PublicKey.from_public_bytes(data[1:])


def read_checkpoint(note: str, key: Key) -> tuple[int, bytes]:
    """Size and root that the axis has signed.

    Three lines (origin, size, root in base64), an empty line, and signature lines: an em dash, a
    name, and base64 of four bytes that tell the key and of the signature over the three lines.
    """
    body, found, tail = note.rpartition("\n\n")
    require(found and tail.endswith("\n"), "the checkpoint has no signatures")
    text = body + "\n"
    require(all(sign >= " " or sign == "\n" for sign in text), "it has a control character")
    own = []
    for line in tail[:-1].split("\n"):
        name, space, encoded = line.removeprefix("\u2014 ").partition(" ")
        require(line.startswith("\u2014 ") and space, "a signature line is malformed")
        require(name and not any(s == "+" or s.isspace() or s < " " for s in name), "a bad name")
        data = canonical_base64(encoded)
        require(len(data) > 4, "a signature is too short")
        if name == key[0] and data[:4] == key[1]:
            own.append(data[4:])
    require(own, "the axis has not signed the checkpoint")
    for signature in own:
        _try(partial(key[2].verify, signature, text.encode()), "the axis's signature does not fit")
    lines = text.split("\n")
    require(len(lines) == 4, "the checkpoint has not three lines")
    origin, size, root = lines[0], lines[1], canonical_base64(lines[2])
    require(origin == key[0], "the checkpoint is of another axis")
    plain = re.fullmatch("0|[1-9][0-9]{0,18}", size, re.ASCII)
    require(plain and int(size) < 2**63, "its size is no plain number")
    require(len(root) == 32, "its root has not 32 bytes")
    return int(size), root


# --- The Merkle tree (RFC 6962 2.1) -------------------------------------------------------------
def check_inclusion(entry: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> None:
    """The entry is leaf *index* of the tree of *size*: the proof leads from it to the root."""
    require(index < size, "the tree has no such leaf")
    require(all(len(value) == 32 for value in proof), "a hash has not 32 bytes")
    found, last, rest = hashlib.sha256(b"\x00" + entry).digest(), size - 1, list(proof)
    while last > 0:
        # A node without a sibling on its right goes up as it is; there is no hash for it.
        if index % 2 or index < last:
            require(rest, "the proof is too short")
            sibling = rest.pop(0)
            pair = sibling + found if index % 2 else found + sibling
            found = hashlib.sha256(b"\x01" + pair).digest()
        index, last = index // 2, last // 2
    require(not rest, "the proof is too long")
    require(found == root, "the proof leads to another root")


# --- The envelope: DSSE over X.509 --------------------------------------------------------------

MANIFEST_TYPE = "application/vnd.lienthong.manifest.v1+protobuf"
STATEMENT_TYPE = "application/vnd.lienthong.statement.v1+protobuf"
RSA = ("RSA_PKCS1_SHA256", "RSA_PKCS1_SHA384", "RSA_PSS_SHA256", "RSA_PSS_SHA384")
ALGORITHMS = dict(enumerate((*RSA, "ECDSA_P256_SHA256", "ECDSA_P384_SHA384", "ED25519"), start=1))


def envelope_digest(envelope: dict[str, Any]) -> bytes:
    """SHA-256 over parts and counts, so that it does not depend on how protobuf is written."""

    def part(data: bytes) -> bytes:
        return len(data).to_bytes(8, "big") + data

    pieces = [part(envelope["payload_type"].encode()), part(envelope["payload"])]
    pieces.append(len(envelope["signatures"]).to_bytes(8, "big"))
    for signature in envelope["signatures"]:
        require(signature["algorithm"] in ALGORITHMS, "an unknown algorithm")
        pieces += [part(ALGORITHMS[signature["algorithm"]].encode()), part(signature["value"])]
        pieces.append(len(signature["chain"]).to_bytes(8, "big"))
        pieces += map(part, signature["chain"])
    return hashlib.sha256(b"".join(pieces)).digest()


def check_signatures(envelope: dict[str, Any], anchors: list[Any], at: datetime) -> list[str]:
    """Every signature fits, by a chain to an anchor that was in force; returns the signers."""
    kind, payload = envelope["payload_type"].encode(), envelope["payload"]
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    require(envelope["signatures"], "the envelope has no signature")
    signers = []
    for signature in envelope["signatures"]:
        leaf = check_chain(signature["chain"], anchors, at)
        name = ALGORITHMS[signature["algorithm"]]
        check = _verifier(name, leaf.public_key(), signature["value"], message)
        _try(check, "the sender's signature does not fit")
        signers.append(leaf.subject.rfc4514_string())
    return signers


def _verifier(name: str, key: Any, value: bytes, message: bytes) -> Any:
    digest: Any = hashes.SHA384() if name.endswith("384") else hashes.SHA256()
    if name in RSA:
        require(isinstance(key, rsa.RSAPublicKey), "the key makes no RSA signatures")
        pss = padding.PSS(padding.MGF1(digest), salt_length=digest.digest_size)
        scheme = pss if "PSS" in name else padding.PKCS1v15()
        return lambda: key.verify(value, message, scheme, digest)
    if name == "ED25519":
        require(isinstance(key, Ed25519PublicKey), "the key makes no Ed25519 signatures")
        return lambda: key.verify(value, message)
    curve = "secp256r1" if "P256" in name else "secp384r1"
    fits = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == curve
    require(fits, f"the key makes no {name} signatures")
    return lambda: key.verify(value, message, ec.ECDSA(digest))


def check_chain(chain: list[bytes], anchors: list[Any], at: datetime) -> Any:
    """RFC 5280 6.1 as far as agencies' certificates need it; returns the signer's."""
    require(1 <= len(chain) <= 5 and len(set(chain)) == len(chain), "the chain is no chain")
    why = "a certificate cannot be read"
    path = [_try(partial(x509.load_der_x509_certificate, data), why) for data in chain]
    if path[-1] not in anchors:
        path += [anchor for anchor in anchors if _is_issued(path[-1], anchor)][:1]
    require(path[-1] in anchors, "no trust anchor has issued the chain")
    for below, above in pairwise(path):
        require(_is_issued(below, above), "a certificate was not issued by the next one")
    for depth, certificate in enumerate(path):
        start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        require(start <= at <= end, "a certificate was not in force")
        _check_use(certificate, depth)
    return path[0]


def _is_issued(certificate: Any, issuer: Any) -> bool:
    with suppress(Exception):
        certificate.verify_directly_issued_by(issuer)
        return True
    return False


def _check_use(certificate: Any, depth: int) -> None:
    """Depth 0 signs documents, all above it sign certificates."""
    key: Any = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        require(2048 <= key.key_size <= 8192, "an RSA key is too weak")
    found: list[Any] = list(_try(lambda: certificate.extensions, "its extensions are malformed"))
    known = (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage)
    understood = all(isinstance(each.value, known) for each in found if each.critical)
    require(understood, "a certificate is restricted in a way that is not understood")
    values: dict[Any, Any] = {type(each.value): each.value for each in found}
    constraints, usage = values.get(x509.BasicConstraints), values.get(x509.KeyUsage)
    if depth == 0:
        require(constraints is None or not constraints.ca, "the signer is an authority")
        allowed = usage is not None and (usage.digital_signature or usage.content_commitment)
        require(allowed, "the signer's key is not for signing")
        return
    require(constraints is not None and constraints.ca, "an issuer is no authority")
    require(usage is None or usage.key_cert_sign, "an issuer may not sign certificates")
    length = constraints.path_length if constraints else None
    require(length is None or depth <= length + 1, "too many authorities below one")


# --- The receipt --------------------------------------------------------------------------------
def verify(data: bytes, recorded: bytes | None, key: Key, anchors: list[Any]) -> dict[str, Any]:
    """What a receipt proves.

    1. The axis has signed the checkpoint.
    2. The entry is in the tree of the checkpoint, at the receipt's index.
    3. The entry says the same index and axis.
    4. The envelope is the one whose hashes the entry holds, and says what the entry says.
    5. The envelope's signatures fit, by certificates in force when the axis recorded it.
    """
    receipt = read(data, "Receipt")
    size, root = read_checkpoint(receipt["checkpoint"], key)
    check_inclusion(receipt["entry"], receipt["index"], size, receipt["inclusion_proof"], root)
    entry = read(receipt["entry"], "JournalEntry")
    require(entry["index"] == receipt["index"], "the entry has another index")
    require(entry["axis"] == key[0], "the entry is of another axis")
    require(len(entry["nonce"]) == 32, "the entry's nonce has not 32 bytes")
    require(entry["recorded_at"], "the entry has no time")
    seconds, nanos = entry["recorded_at"].values()
    require(seconds < 2**37 and nanos < 10**9, "the entry's time is no time")
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0, seconds, nanos // 1000)
    bodies = [name for name in ("package", "statement", "directory") if entry[name] is not None]
    require(len(bodies) == 1, "the entry has not one content")
    proven = {"index": entry["index"], "recorded_at": at.isoformat(), "what": bodies[0]}
    if recorded is not None:
        envelope = read(recorded, "Envelope")
        check_recorded(entry, bodies[0], envelope)
        proven["signers"] = check_signatures(envelope, anchors, at)
    return proven


def check_recorded(entry: dict[str, Any], what: str, envelope: dict[str, Any]) -> None:
    """The entry records this envelope, and nothing else than what it holds."""
    require(what != "directory", "the entry is about the directory")
    body, payload = entry[what], envelope["payload"]
    hashed = hashlib.sha256(payload).digest() == body["payload_sha256"]
    require(hashed and envelope_digest(envelope) == body["envelope_sha256"], "another envelope")
    expected = MANIFEST_TYPE if what == "package" else STATEMENT_TYPE
    require(envelope["payload_type"] == expected, "the envelope holds something else")
    names = MANIFEST_HEAD if what == "package" else STATEMENT_HEAD
    said: dict[str, list[Any]] = {name: [] for name in names.values()}
    for number, _, value in fields(payload):
        if number in names:
            said[names[number]].append(value)
    require(said["audience"] == [entry["axis"].encode()], "it was meant for another axis")
    if what == "package":
        require(len(said["recipients"]) == len(body["recipients"]), "other recipients")
    for name in set(names.values()) - {"audience", "recipients"}:
        empty = b"" if isinstance(body[name], bytes) else 0
        require((said[name] or [empty]) == [body[name]], f"another {name}")


def main(arguments: list[str]) -> int:
    """Verify what the command line names."""
    key = axis_key(arguments[0])
    anchors = x509.load_pem_x509_certificates(Path(arguments[1]).read_bytes())
    if arguments[2] == "--batch":
        for line in sys.stdin:
            case = json.loads(line)
            envelope = case["envelope"] and base64.b64decode(case["envelope"])
            print(json.dumps(verdict(base64.b64decode(case["receipt"]), envelope, key, anchors)))
        return 0
    contents = [Path(name).read_bytes() for name in arguments[2:4]]
    found = verdict(contents[0], contents[1] if len(contents) > 1 else None, key, anchors)
    print(json.dumps(found, indent=1))
    return 0 if found["ok"] else 1


def verdict(receipt: bytes, envelope: bytes | None, key: Any, anchors: list[Any]) -> dict[str, Any]:
    """What is proven, or why nothing is."""
    try:
        return {"ok": True, **verify(receipt, envelope, key, anchors)}
    except Refused as error:
        return {"ok": False, "why": str(error)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
