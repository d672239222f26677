"""What a signed file holds, and who signs after whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import pytest

from lienthong.errors import KeyUnusable, SignerSignatureMissing
from lienthong.spi import SPI_VERSION, FileSignerCapabilities
from lienthong_conformance.file_signer_cases.given import AGENCY, SIGNER, make_key, make_order

Judge = Callable[[bytes], Sequence[bool]]


class OrderCases:
    """Cases about sound files."""

    plugin: ModuleType
    media_type: str

    @pytest.mark.requirement("FSG-01")
    def test_announces_itself(self) -> None:
        offer = self.plugin.lienthong_file_signer_factory
        assert self.plugin.SPI_VERSION == SPI_VERSION
        assert isinstance(self.plugin.CAPABILITIES, FileSignerCapabilities)
        assert callable(offer(media_type=self.media_type))
        for foreign in ("", "application/x-lienthong-no-such", self.media_type.upper() + ";"):
            assert offer(media_type=foreign) is None

    @pytest.mark.requirement("FSG-02")
    def test_signature_is_intact_and_told(self, sign: Any, document: bytes, judge: Judge) -> None:
        order = make_order()
        content, told = sign(document, order, make_key())
        assert list(judge(content)) == [True]
        assert (told.role, told.level, told.at) == (order.role, order.level, order.at)
        assert told.earlier == ()
        assert told.appearance is None

    @pytest.mark.requirement("FSG-03")
    def test_later_signatures_leave_earlier_ones_intact(
        self, sign: Any, document: bytes, judge: Judge
    ) -> None:
        content: bytes = document
        names: list[str] = []
        for role in (SIGNER, SIGNER, AGENCY, AGENCY):
            content, told = sign(content, make_order(role), make_key(role))
            assert list(told.earlier) == names
            names.append(told.name)
        assert len(set(names)) == len(names)
        assert list(judge(content)) == [True] * 4

    @pytest.mark.requirement("FSG-04")
    def test_agency_waits_for_the_competent_person(self, sign: Any, document: bytes) -> None:
        key = make_key(AGENCY)
        with pytest.raises(SignerSignatureMissing):
            sign(document, make_order(AGENCY), key)
        assert key.signed == []

    @pytest.mark.requirement("FSG-05")
    def test_key_signs_once(self, sign: Any, document: bytes) -> None:
        key = make_key()
        sign(document, make_order(), key)
        assert len(key.signed) == 1

    @pytest.mark.requirement("FSG-06")
    def test_one_certificate_is_not_two_parties(self, sign: Any, document: bytes) -> None:
        content, _ = sign(document, make_order(), make_key())
        key = make_key()
        with pytest.raises(KeyUnusable):
            sign(content, make_order(AGENCY), key)
        assert key.signed == []
