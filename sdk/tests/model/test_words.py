"""Kinds with their abbreviations, words with their names."""

from __future__ import annotations

import enum
import inspect

import pytest

from lienthong.model import kinds, words
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.incoming import ArrivalSource
from lienthong.model.kinds import DocumentKind, KindGroup
from lienthong.model.package import PackageKind

ABBREVIATIONS = (
    "Nghị quyết NQ · Quyết định QĐ · Chỉ thị CT · Quy chế QC · Quy định QyĐ · Thông cáo TC · "
    "Thông báo TB · Hướng dẫn HD · Chương trình CTr · Kế hoạch KH · Phương án PA · Đề án ĐA · "
    "Dự án DA · Báo cáo BC · Biên bản BB · Tờ trình TTr · Hợp đồng HĐ · Công điện CĐ · "
    "Bản ghi nhớ BGN · Bản thỏa thuận BTT · Giấy ủy quyền GUQ · Giấy mời GM · "
    "Giấy giới thiệu GGT · Giấy nghỉ phép GNP · Phiếu gửi PG · Phiếu chuyển PC · Phiếu báo PB"
)


def test_the_29_administrative_kinds_with_their_abbreviations() -> None:
    listed = dict(item.rsplit(" ", 1) for item in ABBREVIATIONS.split(" · "))
    listed |= {"Công văn": "", "Thư công": ""}
    found = {
        kind.label_vi: kind.abbreviation
        for kind in DocumentKind
        if kind.group is KindGroup.ADMINISTRATIVE
    }
    assert len(found) == 29
    assert found == listed


def test_the_13_legal_kinds_and_the_3_copies() -> None:
    groups = [kind.group for kind in DocumentKind]
    assert groups.count(KindGroup.LEGAL) == 13
    copies = {kind.abbreviation for kind in DocumentKind if kind.group is KindGroup.COPY}
    assert copies == {"SY", "SL", "TrS"}


def test_names_of_kinds_are_unique() -> None:
    assert len({kind.label_vi for kind in DocumentKind}) == len(DocumentKind)


def _enumerations() -> list[type[enum.Enum]]:
    found = [DeliveryState, DeliveryEvent, PackageKind, ArrivalSource, KindGroup]
    for module in (words, kinds):
        found += [
            item
            for _, item in inspect.getmembers(module, inspect.isclass)
            if issubclass(item, enum.Enum) and item is not enum.Enum
        ]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("kind", _enumerations())
def test_a_members_name_is_its_word_and_has_a_vietnamese_name(kind: type[enum.Enum]) -> None:
    for member in kind:
        assert member.name == member.value
        label = member.label_vi  # type: ignore[attr-defined]
        assert label
        assert label == label.strip()


def test_national_codes() -> None:
    codes = {state.name: state.code for state in DeliveryState if state.code}
    assert codes == {
        "ARRIVED": "01",
        "REFUSED": "02",
        "ACCEPTED": "03",
        "FORWARDED": "04",
        "IN_PROGRESS": "05",
        "COMPLETED": "06",
        "TAKE_BACK_PENDING": "13",
        "TAKEN_BACK": "15",
    }
    reported = [event for event in DeliveryEvent if event.reported]
    assert len(reported) == 14
    assert all(event.code for event in reported)
    assert not any(event.code for event in DeliveryEvent if not event.reported)
