"""Signatures that anybody can verify."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.spi import Signer
from lienthong_conformance.signature_oracle import is_canonical, verifies

MESSAGE = "Công văn số 12/UBND-VX ngày 02 tháng 3 năm 2026".encode()


def holds(signer: Signer, message: bytes, signature: bytes) -> bool:
    """Say whether a signature is the signer's over this message."""
    return verifies(signer.algorithm, signer.public_key, message, signature)


class SignatureCases:
    """Cases about what ``sign`` returns."""

    @pytest.mark.requirement("SIG-10")
    @pytest.mark.parametrize("size", [0, 1, 20, 32, 48, 64, 65_537, 3 * 1024 * 1024])
    def test_signature_verifies_over_the_whole_message(self, signer: Signer, size: int) -> None:
        message = (MESSAGE * (size // len(MESSAGE) + 1))[:size]
        signature = signer.sign(message)
        assert type(signature) is bytes
        assert holds(signer, message, signature)
        assert not holds(signer, message + b"\0", signature)

    @pytest.mark.requirement("SIG-11")
    def test_any_bytes_can_be_signed(self, signer: Signer) -> None:
        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.binary(max_size=200))
        def sign(message: bytes) -> None:
            assert holds(signer, message, signer.sign(message))

        sign()

    @pytest.mark.requirement("SIG-12")
    def test_signs_the_message_and_not_its_digest(self, signer: Signer) -> None:
        signature = signer.sign(MESSAGE)
        for name in ("sha256", "sha384", "sha512"):
            digest = hashlib.new(name, MESSAGE).digest()
            assert not holds(signer, digest, signature)
            assert not holds(signer, MESSAGE, signer.sign(digest))
        assert holds(signer, MESSAGE, signature)

    @pytest.mark.requirement("SIG-13")
    def test_altered_message_or_signature_does_not_verify(self, signer: Signer) -> None:
        signature = signer.sign(MESSAGE)
        for at in range(0, len(MESSAGE), 7):
            altered = MESSAGE[:at] + bytes([MESSAGE[at] ^ 1]) + MESSAGE[at + 1 :]
            assert not holds(signer, altered, signature)
        assert not holds(signer, MESSAGE, signature[:-1] + bytes([signature[-1] ^ 1]))
        assert holds(signer, MESSAGE, signature)

    @pytest.mark.requirement("SIG-14")
    def test_signature_has_the_form_of_its_standard(self, signer: Signer) -> None:
        for number in range(12):
            assert is_canonical(signer.public_key, signer.sign(b"%d" % number))

    @pytest.mark.requirement("SIG-15")
    def test_many_threads_sign_at_once(self, signer: Signer) -> None:
        messages = [b"message %d " % number * 50 for number in range(60)]
        with ThreadPoolExecutor(8) as pool:
            signatures = list(pool.map(signer.sign, messages))
        for message, signature in zip(messages, signatures, strict=True):
            assert holds(signer, message, signature)

    @pytest.mark.requirement("SIG-16")
    @pytest.mark.parametrize("message", ["text", None, 5, ["a"]])
    def test_what_is_not_bytes_is_refused(self, signer: Signer, message: Any) -> None:
        with pytest.raises(Exception):  # noqa: B017, PT011 - which one is the plugin's business
            signer.sign(message)
        assert holds(signer, MESSAGE, signer.sign(MESSAGE))
