"""The strict reader and the plain writer of DER: each refusal has a twin that is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.errors import Malformed
from lienthong.pki import der


@pytest.fixture(scope="module")
def core() -> Any:
    """Another writer of DER."""
    return pytest.importorskip("asn1crypto.core", reason="asn1crypto is not installed")


def reader(text: str) -> der.Reader:
    return der.Reader(bytes.fromhex(text), what="a test")


def refused(text: str, read: Callable[[der.Reader], object]) -> str:
    with pytest.raises(Malformed) as caught:
        read(reader(text))
    assert caught.value.facts["what"] == "a test"
    return str(caught.value.facts["reason"])


# --- Tags and lengths --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is cut off"),
        ("04", "it is cut off"),
        ("0402ff", "it is cut off"),
        ("0481", "it is cut off"),
        ("0480ff0000", "an indefinite length"),
        ("048101ff", "a padded length"),
        ("04820080" + "00" * 128, "a padded length"),
        ("0485000000000000", "a length beyond 4 GiB"),
        ("04ff", "a length beyond 4 GiB"),
        ("1f2000", "a tag above 30"),
        ("bf2000", "a tag above 30"),
    ],
)
def test_every_other_way_to_write_it_is_refused(text: str, reason: str) -> None:
    assert refused(text, der.Reader.read_any) == reason


def test_another_element_than_expected_is_refused() -> None:
    assert refused("0400", lambda r: r.read(der.INTEGER)) == "tag 04 where tag 02 is expected"
    assert refused("", lambda r: r.read(der.INTEGER)) == "nothing where tag 02 is expected"


def test_elements_are_read_one_after_another() -> None:
    found = reader("020101 0402aabb 3000")
    assert found.tag == der.INTEGER
    assert found.integer() == 1
    assert found.optional(der.INTEGER) is None
    assert found.octets() == b"\xaa\xbb"
    assert found.optional(der.SEQUENCE) == der.Element(der.SEQUENCE, b"", b"\x30\x00")
    found.end()


def test_what_is_left_over_is_refused() -> None:
    assert refused("0500", der.Reader.end) == "2 bytes too many"


def test_a_set_is_read_in_its_order_only() -> None:
    members = reader("3106 020101 020102").set_of(der.SET)
    assert [one.content for one in members] == [b"\1", b"\2"]
    assert (
        refused("3106 020102 020101", lambda r: r.set_of(der.SET)) == "a set that is not in order"
    )
    assert (
        refused("3106 020101 020101", lambda r: r.set_of(der.SET)) == "a set that is not in order"
    )


# --- Values ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["0200", "02020000", "0202007f", "0202ffff", "0202ff80"])
def test_padded_integers_are_refused(text: str) -> None:
    assert "integer" in refused(text, der.Reader.integer)


@given(st.integers(min_value=-(2**200), max_value=2**200))
def test_integers_are_written_as_others_write_them(core: Any, value: int) -> None:
    encoded = der.integer(value)
    assert encoded == core.Integer(value).dump()
    assert der.Reader(encoded, what="").integer() == value


@pytest.mark.parametrize("text", ["010101", "0100", "01020000"])
def test_other_booleans_are_refused(text: str) -> None:
    assert "boolean" in refused(text, der.Reader.boolean)


@pytest.mark.parametrize("value", [True, False])
def test_booleans_come_back(value: bool) -> None:
    assert der.Reader(der.boolean(value=value), what="").boolean() is value


@pytest.mark.parametrize("text", ["0600", "06022a80", "0603808001", "06028001", "0604 2a 80 01 01"])
def test_padded_or_cut_identifiers_are_refused(text: str) -> None:
    assert "object identifier" in refused(text, der.Reader.oid)


@given(
    st.tuples(st.integers(0, 1), st.integers(0, 39)) | st.tuples(st.just(2), st.integers(0, 2**40)),
    st.lists(st.integers(0, 2**70), max_size=6),
)
def test_identifiers_are_written_as_others_write_them(
    core: Any, first: tuple[int, int], more: list[int]
) -> None:
    dotted = ".".join(map(str, [*first, *more]))
    encoded = der.oid(dotted)
    assert encoded == core.ObjectIdentifier(dotted).dump()
    assert der.Reader(encoded, what="").oid() == dotted


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("030100", set()),
        ("03020780", {0}),
        ("03020640", {1}),
        ("0303000001", {15}),
        ("03020001", {7}),
    ],
)
def test_named_bits_are_read(text: str, bits: set[int]) -> None:
    assert reader(text).bits() == bits


@pytest.mark.parametrize(
    "text", ["0300", "030101", "030208ff", "03020700", "03020781", "0303008000", "03020000"]
)
def test_padded_bits_are_refused(text: str) -> None:
    assert "bit string" in refused(text, der.Reader.bits)


@pytest.mark.parametrize(
    ("tag", "read"),
    [
        (der.INTEGER, der.Reader.integer),
        (der.OBJECT_IDENTIFIER, der.Reader.oid),
        (der.BIT_STRING, der.Reader.bits),
    ],
)
def test_numbers_and_names_without_end_are_refused(
    tag: int, read: Callable[[der.Reader], object]
) -> None:
    """Shown or taken apart, each would cost seconds, or an error that is none of ours."""
    longest = (b"\0" if tag == der.BIT_STRING else b"\x7f") + b"\x7f" * 127
    read(der.Reader(der.element(tag, longest), what=""))
    assert "at most 128" in refused(der.element(tag, longest + b"\x7f").hex(), read)


def time_of(text: str) -> datetime:
    return der.Reader(der.element(der.GENERALIZED_TIME, text.encode()), what="").time()


def test_times_are_read_to_the_microsecond() -> None:
    assert time_of("20260302013000Z") == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    assert time_of("20260302013000.05Z").microsecond == 50_000
    assert time_of("20260302013000.123456789Z").microsecond == 123_456


@pytest.mark.parametrize(
    "text",
    [
        "2026030201300Z",
        "20260302013000",
        "20260302013000.Z",
        "20260302013000.10Z",
        "20260302013000.0Z",
        "20260302013000+0700",
        "20260302013000.1234567891Z",
        "20260230013000Z",
        "20260302243000Z",
        "20260302013060Z",
        "00000302013000Z",
        "２0260302013000Z",
    ],
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(Malformed):
        time_of(text)


@given(
    st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9000, 1, 1)),  # noqa: DTZ001
    st.integers(-12, 12),
)
def test_times_come_back(naive: datetime, hours: int) -> None:
    instant = naive.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert der.Reader(der.time(instant), what="").time() == instant


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535, 65_536])
def test_lengths_are_written_as_others_write_them(core: Any, size: int) -> None:
    encoded = der.octets(bytes(size))
    assert encoded == core.OctetString(bytes(size)).dump()
    assert der.Reader(encoded, what="").octets() == bytes(size)


@given(st.binary(max_size=80))
def test_nothing_but_malformed_is_raised(data: bytes) -> None:
    """Whatever comes, and whatever is read, is read or refused."""
    reads = (
        der.Reader.elements,
        der.Reader.integer,
        der.Reader.boolean,
        der.Reader.bits,
        der.Reader.oid,
        der.Reader.time,
        lambda r: r.set_of(der.SET),
    )
    for read in reads:
        try:
            read(der.Reader(data, what="a test"))
        except Malformed:
            continue
