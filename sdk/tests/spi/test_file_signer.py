"""Orders to sign files: what NĐ 30/2020 PL I wants of each role."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from lienthong.errors import InvalidValue, MissingField, NaiveTime
from lienthong.model.file_signature import SignatureRole
from lienthong.model.ids import DocumentNumber
from lienthong.model.words import CopyForm
from lienthong.spi import Box, FileSignerCapabilities, SignatureLevel, SigningOrder

SIGNER, AGENCY, ATTACHMENT, COPY = SignatureRole
AT = datetime(2019, 11, 22, 17, 0, 1, tzinfo=UTC)
NUMBER = DocumentNumber("52", "2019/QĐ-UBND")
BOX = Box(left=0, bottom=0, width=1_000, height=1_000)


def order(role: SignatureRole = SIGNER, **more: Any) -> SigningOrder:
    return SigningOrder(role=role, at=more.pop("at", AT), **more)


def test_words_are_those_of_the_decree() -> None:
    assert order().lines == order(AGENCY).lines == ()
    when = "2019-11-23T00:00:01+07:00"
    assert order(ATTACHMENT, number=NUMBER).lines == ("52/2019/QĐ-UBND", when)
    copied = order(COPY, copy_form=CopyForm.TRICH_SAO, agency="UBND tỉnh")
    assert copied.lines == ("TRÍCH SAO", "UBND tỉnh", when)


@pytest.mark.parametrize(
    ("role", "more", "clause"),
    [
        (ATTACHMENT, {}, r"II\.8b"),
        (COPY, {"agency": "UBND tỉnh"}, r"II\.I"),
        (COPY, {"agency": "UBND tỉnh", "copy_form": CopyForm.ORIGINAL}, r"II\.I"),
        (COPY, {"copy_form": CopyForm.SAO_Y}, r"II\.I"),
    ],
)
def test_what_must_show_is_asked_for(
    role: SignatureRole, more: dict[str, Any], clause: str
) -> None:
    with pytest.raises(MissingField, match=clause):
        order(role, **more)


@pytest.mark.parametrize("more", [{"image": b"png"}, {"page": 2}, {"box": BOX}])
def test_marks_have_their_place(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="top right"):
        order(ATTACHMENT, number=NUMBER, **more)


@pytest.mark.parametrize(
    "more",
    [
        {"page": 0},
        {"page": True},
        {"page": "1"},
        {"image": "png"},
        {"image": bytes(5 * 1024 * 1024 + 1)},
        {"image_width": 1.5},
        {"image_width": 0},
        {"box": (1, 2, 3, 4)},
        {"level": "B-T"},
        {"agency": "UBND\ntỉnh"},
        {"agency": "A" * 201},
        {"number": "52/QĐ-UBND"},
        {"issued_on": AT},
    ],
)
def test_wrong_orders_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        order(**more)


def test_instant_has_a_zone() -> None:
    with pytest.raises(NaiveTime):
        order(at=datetime(2019, 11, 22))  # noqa: DTZ001 - naive on purpose


@pytest.mark.parametrize(
    "wrong",
    [{"left": -1}, {"bottom": 14_400_001}, {"width": 0}, {"height": 999}, {"left": 1.0}],
)
def test_wrong_boxes_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        Box(**({"left": 0, "bottom": 0, "width": 1_000, "height": 1_000} | wrong))


def test_levels_say_what_they_need() -> None:
    assert [level.stamped for level in SignatureLevel] == [False, True, True, True]
    assert [level.long_term for level in SignatureLevel] == [False, False, True, True]


@pytest.mark.parametrize("levels", [[], ["B-B"], [None]])
def test_file_signers_declare_known_levels(levels: Any) -> None:
    with pytest.raises(InvalidValue):
        FileSignerCapabilities(levels=levels)
