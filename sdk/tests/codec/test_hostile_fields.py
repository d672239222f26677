"""Fields that are missing, unknown or out of range in signed bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lienthong.codec.signed import dump_manifest, load_manifest
from lienthong.errors import InvalidValue, LienthongError, MissingField, StateSecret
from lienthong.model.package import PackageKind
from lienthong.testing.values import a_manifest
from lienthong_proto.axis.v1 import package_pb2

WHOLE = a_manifest(kind=PackageKind.REPLACE)


def _changed(change: Callable[[package_pb2.Manifest], object]) -> bytes:
    message = package_pb2.Manifest.FromString(dump_manifest(WHOLE))
    change(message)
    return message.SerializeToString()


REQUIRED = [
    "package_id",
    "kind",
    "audience",
    "sender",
    "recipients",
    "document",
    "created_at",
    "target_package_id",
    "reason",
]
REQUIRED_IN_DOCUMENT = [
    "issuer_code",
    "issuer_name",
    "code_number",
    "code_notation",
    "issued_date",
    "kind",
    "subject",
    "signer",
    "urgency",
    "secrecy",
    "origin",
    "copy_form",
    "issue_form",
]


@pytest.mark.parametrize("name", REQUIRED)
def test_missing_fields_of_a_manifest(name: str) -> None:
    with pytest.raises(MissingField):
        load_manifest(_changed(lambda message: message.ClearField(name)))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", REQUIRED_IN_DOCUMENT)
def test_missing_fields_of_a_document(name: str) -> None:
    def clear(message: package_pb2.Manifest) -> None:
        message.document.ClearField(name)  # type: ignore[arg-type]

    with pytest.raises(MissingField) as caught:
        load_manifest(_changed(clear))
    assert caught.value.facts["clause"]


@pytest.mark.parametrize(
    "name",
    [
        "kind",
        "urgency",
        "circulation",
        "origin",
        "copy_form",
        "steering_type",
        "issue_form",
        "paper_basis",
    ],
)
@pytest.mark.parametrize("word", ["UNSPECIFIED", "quyet_dinh", "NONE ", "0"])
def test_unknown_words(name: str, word: str) -> None:
    with pytest.raises(InvalidValue, match=f"Document.{name}"):
        load_manifest(_changed(lambda message: setattr(message.document, name, word)))


@pytest.mark.parametrize("mark", ["MAT", "TOI_MAT", "TUYET_MAT", "Mật", "none", "None", "X"])
def test_secrecy_marks_are_refused_at_the_door(mark: str) -> None:
    if mark.upper() == "NONE":
        return
    with pytest.raises(StateSecret):
        load_manifest(_changed(lambda message: setattr(message.document, "secrecy", mark)))


@pytest.mark.parametrize("number", [0, 5, 2**31 - 1, -1])
def test_numbers_of_enumerations(number: int) -> None:
    with pytest.raises(LienthongError, match=r"Manifest\.kind"):
        load_manifest(_changed(lambda message: setattr(message, "kind", number)))


@pytest.mark.parametrize(
    ("seconds", "nanos"),
    [(-(2**63), 0), (2**63 - 1, 0), (0, -1), (0, 10**9), (-(10**11), 0), (253_402_300_800, 0)],
)
def test_instants_out_of_range(seconds: int, nanos: int) -> None:
    def change(message: package_pb2.Manifest) -> None:
        message.created_at.seconds = seconds
        message.created_at.nanos = nanos

    with pytest.raises(InvalidValue, match=r"Manifest\.created_at|instant"):
        load_manifest(_changed(change))


def test_instants_finer_than_a_microsecond_are_cut_off() -> None:
    def change(message: package_pb2.Manifest) -> None:
        message.created_at.nanos = 123_456_789

    assert load_manifest(_changed(change)).created_at.microsecond == 123_456


@pytest.mark.parametrize("date", ["20260105", "2026-13-01", "05/01/2026", "2026-01-05T00:00:00"])
def test_dates_in_other_forms(date: str) -> None:
    with pytest.raises(InvalidValue, match=r"Document\.issued_date"):
        load_manifest(_changed(lambda message: setattr(message.document, "issued_date", date)))
