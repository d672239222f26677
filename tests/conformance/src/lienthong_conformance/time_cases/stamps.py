"""Time-stamps that anybody can verify; for plugins that declare ``stamps``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import pytest

from lienthong.errors import LienthongError
from lienthong.pki.chain import TrustAnchors
from lienthong.pki.timestamp import verify_token
from lienthong.spi import TimeSource, TimeStamper

DIGESTS = {
    "SHA-256": hashlib.sha256(b"checkpoint").digest(),
    "SHA-384": hashlib.sha384(b"checkpoint").digest(),
    "SHA-512": hashlib.sha512(b"checkpoint").digest(),
}
DIGEST = DIGESTS["SHA-256"]
OTHER = hashlib.sha256(b"another").digest()


class StampCases:
    """Cases about time-stamps."""

    plugin: ModuleType

    @pytest.mark.requirement("TIM-20")
    @pytest.mark.parametrize("algorithm", DIGESTS)
    def test_token_verifies_over_the_digest(
        self, stamper: TimeStamper, trusted: TrustAnchors, algorithm: str
    ) -> None:
        digest = DIGESTS[algorithm]
        token = stamper.stamp(digest, algorithm)
        assert type(token) is bytes
        assert verify_token(token, digest, trusted, algorithm=algorithm).imprint == digest

    @pytest.mark.requirement("TIM-21")
    def test_token_verifies_over_no_other_digest(
        self, stamper: TimeStamper, trusted: TrustAnchors
    ) -> None:
        token = stamper.stamp(DIGEST)
        with pytest.raises(LienthongError):
            verify_token(token, OTHER, trusted)

    @pytest.mark.requirement("TIM-22")
    def test_every_token_is_a_fresh_one(self, stamper: TimeStamper, trusted: TrustAnchors) -> None:
        tokens = [stamper.stamp(DIGEST) for _ in range(3)]
        nonces = {verify_token(token, DIGEST, trusted).nonce for token in tokens}
        assert None not in nonces
        assert len(nonces) == len(set(tokens)) == 3

    @pytest.mark.requirement("TIM-23")
    @pytest.mark.parametrize(
        ("digest", "algorithm"),
        [(DIGEST[:20], "SHA-1"), (DIGEST[:31], "SHA-256"), (DIGEST, "SHA-512"), (DIGEST, "")],
    )
    def test_what_is_no_accepted_digest_is_refused(
        self, stamper: TimeStamper, digest: bytes, algorithm: str
    ) -> None:
        with pytest.raises(LienthongError):
            stamper.stamp(digest, algorithm)
        assert stamper.stamp(DIGEST)

    @pytest.mark.requirement("TIM-24")
    def test_a_bad_token_is_never_handed_on(
        self,
        stamper: TimeStamper,
        open_source: Callable[[str], TimeSource],
        misled_uris: Sequence[str],
    ) -> None:
        assert misled_uris
        for uri in misled_uris:
            misled = open_source(uri)
            assert isinstance(misled, TimeStamper)
            with pytest.raises(LienthongError):
                misled.stamp(DIGEST)

    @pytest.mark.requirement("TIM-25")
    def test_many_threads_stamp_at_once(self, stamper: TimeStamper, trusted: TrustAnchors) -> None:
        digests = [hashlib.sha256(bytes([number])).digest() for number in range(24)]
        with ThreadPoolExecutor(8) as threads:
            tokens = list(threads.map(stamper.stamp, digests))
        for digest, token in zip(digests, tokens, strict=True):
            verify_token(token, digest, trusted)

    @pytest.mark.requirement("TIM-26")
    def test_closed_stamper_refuses(self, stamper: TimeStamper) -> None:
        stamper.close()
        with pytest.raises(LienthongError):
            stamper.stamp(DIGEST)
