"""What is refused, and that the key is not used for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import pytest

from lienthong.errors import (
    ConnectionFailed,
    KeyUnusable,
    LienthongError,
    MissingField,
    NotSupported,
)
from lienthong.spi import SignatureLevel
from lienthong_conformance.file_signer_cases.given import (
    AGENCY,
    PKI,
    Liar,
    Unreachable,
    make_key,
    make_order,
)

Judge = Callable[[bytes], Sequence[bool]]
STAMPED = [level for level in SignatureLevel if level.stamped]
_POSITIONS = 40


class RefusalCases:
    """Cases about what must not be signed."""

    plugin: ModuleType

    @pytest.mark.requirement("FSG-10")
    @pytest.mark.parametrize("odd", [b"", b"\0", b"no such file", bytes(100_000)])
    def test_what_is_no_file_of_the_type_is_refused(self, sign: Any, odd: bytes) -> None:
        key = make_key()
        with pytest.raises(LienthongError):
            sign(odd, make_order(), key)
        assert key.signed == []

    @pytest.mark.requirement("FSG-11")
    def test_file_whose_signature_is_broken_is_not_signed(
        self, sign: Any, document: bytes, judge: Judge
    ) -> None:
        content, _ = sign(document, make_order(), make_key())
        step = max(1, len(content) // _POSITIONS)
        for at in range(step // 2, len(content), step):
            altered = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
            key = make_key(AGENCY)
            try:
                signed, _ = sign(altered, make_order(AGENCY), key)
            except LienthongError:
                assert key.signed == []
            else:
                assert all(judge(signed)), f"byte {at}"

    @pytest.mark.requirement("FSG-12")
    def test_signature_that_does_not_fit_is_refused(self, sign: Any, document: bytes) -> None:
        identity = PKI.organisation("file signing")
        with pytest.raises(KeyUnusable):
            sign(document, make_order(), Liar(identity.key, identity.chain))

    @pytest.mark.requirement("FSG-13")
    def test_certificate_that_is_not_in_force_is_refused(self, sign: Any, document: bytes) -> None:
        for identity in (PKI.expired(), PKI.not_yet_valid(), PKI.wrong_usage()):
            key = identity.signer()
            with pytest.raises(LienthongError):
                sign(document, make_order(), key)
            assert key.signed == []

    @pytest.mark.requirement("FSG-14")
    @pytest.mark.parametrize("level", STAMPED)
    def test_stamped_level_without_authority_is_refused(
        self, sign: Any, document: bytes, level: SignatureLevel
    ) -> None:
        wanted = MissingField if level in self.plugin.CAPABILITIES.levels else NotSupported
        key = make_key()
        with pytest.raises(wanted):
            sign(document, make_order(level=level), key)
        assert key.signed == []

    @pytest.mark.requirement("FSG-15")
    def test_authority_that_is_down_is_told(self, sign: Any, document: bytes) -> None:
        if SignatureLevel.B_T not in self.plugin.CAPABILITIES.levels:
            pytest.skip("it does not stamp")
        order = make_order(level=SignatureLevel.B_T)
        with pytest.raises(ConnectionFailed):
            sign(document, order, make_key(), Unreachable())
