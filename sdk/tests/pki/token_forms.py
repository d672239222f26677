"""Time-stamp tokens that prove nothing, each wrong in one way (L-06)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lienthong.errors import Malformed
from lienthong.testing.tsa import POLICY
from sdk.tests.pki.token_content import SAYS
from sdk.tests.pki.token_form import DIGEST, NONCE, NOTHING, NOW, PKI, TSA, Form, always
from sdk.tests.pki.token_signatures import SIGNED
from sdk.tests.pki.token_signers import BY
from sdk.tests.pki.token_tricks import (
    bytes_inside,
    cut,
    endless,
    followed,
    high_tag,
    in_pieces,
    long_winded,
    padded,
    swollen,
    unsorted,
)


def _ber() -> list[Form]:
    """Every trick at a place where the signature would let it through."""
    tricks: list[tuple[str, Callable[[bytes], bytes], tuple[str, ...]]] = [
        ("indefinite length", endless, ("token", "info", "digests", "signer", "info.imprint")),
        ("padded length", long_winded, ("token", "info", "signer.signature", "info.digest")),
        ("constructed string", in_pieces, ("info.digest", "signer.signature", "info.time")),
        ("padded integer", padded, ("version", "info.version", "signer.version", "info.serial")),
        ("high tag", high_tag, ("token", "info", "version", "info.accuracy")),
        ("bytes behind", followed, ("token", "info")),
        ("bytes inside", bytes_inside, ("token", "info", "signer", "info.imprint", "content")),
        ("cut", cut, ("token", "info", "signer.signature")),
        ("swollen number", swollen, ("version", "info.version", "signer.version", "info.nonce")),
        ("swollen name", swollen, ("data_type", "content_type", "info.policy")),
    ]
    return [
        Form(name=f"{name} of {part}", error=Malformed, faults={part: trick})
        for name, trick, parts in tricks
        for part in parts
    ]


BER: Final = (
    *_ber(),
    Form(name="signed attributes unsorted", error=Malformed, faults={"attributes": unsorted}),
    Form(name="empty", error=Malformed, faults={"token": NOTHING}),
    Form(
        name="boolean that is neither", error=Malformed, faults={"info.ordering": always(b"\1\1\1")}
    ),
    Form(name="boolean default", error=Malformed, faults={"info.ordering": always(b"\1\1\0")}),
    Form(
        name="length of 5 octets", error=Malformed, faults={"token": always(b"\x30\x85" + bytes(9))}
    ),
)


ALL: Final = (*BER, *SAYS, *SIGNED, *BY)

__all__ = ["ALL", "DIGEST", "NONCE", "NOW", "PKI", "POLICY", "TSA", "Form"]
