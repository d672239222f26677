"""Strict JSON: exact types, nothing unknown, nothing twice, every fault with its path."""

from __future__ import annotations

import contextlib
import json as plain
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

from lienthong.codec import json
from lienthong.errors import (
    InvalidValue,
    LienthongError,
    Malformed,
    MissingField,
    NaiveTime,
    StateSecret,
    TooLarge,
    UnknownField,
)
from lienthong.model.ids import OrganId
from lienthong.model.journal import JournalEntry
from lienthong.model.organisation import Organisation, OrganName
from lienthong.model.package import Manifest
from lienthong.model.report import Statement
from lienthong.model.signing import Envelope
from lienthong.model.words import Urgency
from lienthong.testing.strategies import entries, envelopes, manifests, statements
from lienthong.testing.values import a_document, a_manifest


@frozen(kw_only=True)
class Sample:
    """Every kind of field that directory rows and settings have."""

    whole: int = 0
    real: float = 0.0
    truth: bool = False
    text: str = ""
    raw: bytes = b""
    day: date | None = None
    at: datetime | None = None
    key: UUID | None = None
    word: Urgency = Urgency.THUONG
    organ: OrganId | None = None
    names: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()
    pair: tuple[int, str] = (0, "")
    inner: Sample | None = None
    table: dict[str, int] = field(factory=dict)


@pytest.mark.parametrize(
    ("kind", "strategy"),
    [
        (Manifest, manifests()),
        (Statement, statements()),
        (JournalEntry, entries()),
        (Envelope, envelopes()),
    ],
)
def test_round_trips(kind: type[Any], strategy: st.SearchStrategy[Any]) -> None:
    @given(strategy)
    def check(value: Any) -> None:
        data = json.dump(value)
        assert json.load(kind, data) == value
        assert json.load(kind, data.decode()) == value
        assert json.dump(json.load(kind, data)) == data

    check()


def test_all_kinds_of_fields() -> None:
    value = Sample(
        whole=-5,
        real=1.5,
        truth=True,
        text="Ủy ban",
        raw=b"\xff\0",
        day=date(2026, 1, 5),
        at=datetime(2026, 1, 5, 1, 2, 3, 4, tzinfo=UTC),
        key=UUID(int=5),
        word=Urgency.KHAN,
        organ=OrganId("H53"),
        names=("a", "b"),
        roles=frozenset({"x"}),
        pair=(1, "y"),
        inner=Sample(),
        table={"k": 1},
    )
    data = json.dump(value)
    assert json.load(Sample, data) == value
    found = plain.loads(data)
    assert found["raw"] == "/wA="
    assert found["at"] == "2026-01-05T01:02:03.000004+00:00"
    assert found["organ"] == "H53"
    assert found["word"] == "KHAN"
    assert "Ủy ban" in data.decode()


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("whole", "5"),
        ("whole", 5.0),
        ("whole", True),
        ("whole", None),
        ("real", 1),
        ("real", "1.5"),
        ("truth", "false"),
        ("truth", 0),
        ("truth", None),
        ("text", None),
        ("text", 5),
        ("text", ["a"]),
        ("raw", "not base64"),
        ("raw", "/wB="),
        ("raw", "/w"),
        ("raw", "/w==\n"),
        ("raw", 5),
        ("day", "2026-1-5"),
        ("day", "2026-01-05T00:00:00"),
        ("day", 20260105),
        ("at", "yesterday"),
        ("at", 0),
        ("key", "5"),
        ("key", 5),
        ("word", "khan"),
        ("word", 1),
        ("word", None),
        ("word", ["KHAN"]),
        ("organ", "H 53"),
        ("organ", 53),
        ("names", "ab"),
        ("names", {"a": 1}),
        ("names", [1]),
        ("names", None),
        ("roles", "x"),
        ("roles", [None]),
        ("pair", [1]),
        ("pair", [1, "y", 2]),
        ("pair", ["1", "y"]),
        ("inner", "x"),
        ("inner", []),
        ("table", []),
        ("table", {"k": "1"}),
    ],
)
def test_types_are_exact(name: str, wrong: object) -> None:
    with pytest.raises(InvalidValue) as caught:
        json.load(Sample, plain.dumps({name: wrong}))
    assert str(caught.value.facts["field"]).startswith(f"Sample.{name}")


def test_naive_instants_are_refused() -> None:
    with pytest.raises(NaiveTime) as caught:
        json.load(Sample, '{"at": "2026-01-05T08:00:00"}')
    assert caught.value.facts["field"] == "Sample.at"


def test_unknown_keys_are_refused_with_their_path() -> None:
    with pytest.raises(UnknownField) as caught:
        json.load(Sample, '{"inner": {"inner": {"unknown": 1}}}')
    assert caught.value.facts == {"what": "Sample.inner.inner", "field": "unknown"}


def test_missing_keys_are_named_with_their_path() -> None:
    with pytest.raises(MissingField) as caught:
        json.load(Organisation, '{"organ_id": "H53", "names": [{"valid_to": null}]}')
    assert caught.value.facts["field"] == "Organisation.names[0].value"


def test_faults_of_the_model_are_named_with_their_path() -> None:
    data = json.to_data(a_manifest())
    data["document"]["subject"] = "x" * 501
    with pytest.raises(InvalidValue) as caught:
        json.from_data(Manifest, data)
    assert caught.value.facts["field"] == "Manifest.document.subject"
    assert caught.value.facts["clause"] == "QĐ 52/2019 Đ7.2e"


def test_secrecy_marks_are_refused() -> None:
    data = json.to_data(a_manifest())
    data["document"]["extra"] = {"độ mật": "Mật"}
    with pytest.raises(StateSecret):
        json.from_data(Manifest, data)


def test_extra_is_an_object_of_texts() -> None:
    document = a_document(extra={"b": "2", "a": "1"})
    data = json.to_data(document)
    assert data["extra"] == {"a": "1", "b": "2"}
    assert json.from_data(type(document), data) == document
    wrongs: list[object] = [[], "ab", {"a": 1}, None]
    for wrong in wrongs:
        with pytest.raises(InvalidValue):
            json.from_data(type(document), data | {"extra": wrong})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1,]",
        "NaN",
        "Infinity",
        '{"whole": NaN}',
        '{"whole": 1, "whole": 1}',
        '{"inner": {"text": "a", "text": "b"}}',
        "[" * 100_000,
        "1" * 5000,
        b"\xff",
        b"\xff\xfe{\0}\0",
        "\ufeff{}",
    ],
)
def test_what_is_no_json_is_malformed(text: str | bytes) -> None:
    with pytest.raises(Malformed) as caught:
        json.load(Sample, text)
    assert caught.value.facts["what"] == "Sample"
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("text", ["[]", "5", "null", '"text"', "true"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="Sample is .* expected an object"):
        json.load(Sample, text)


def test_half_of_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(InvalidValue, match="Unicode text"):
        json.load(Sample, '{"text": "\\ud800"}')


def test_too_much_text_is_refused() -> None:
    with pytest.raises(TooLarge):
        json.load(Sample, " " * (json.MAX_JSON_BYTES + 1))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_any_data_is_read_or_refused(data: object) -> None:
    for kind in (Organisation, OrganName, Sample, Manifest):
        with contextlib.suppress(LienthongError):
            json.from_data(kind, data)
