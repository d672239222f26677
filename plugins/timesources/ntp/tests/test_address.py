"""Addresses of NTP servers: what they say, and what is refused."""

from __future__ import annotations

import pytest

from lienthong.errors import InvalidValue
from lienthong_time_ntp.address import Server, ServersAddress


def test_the_least_that_is_said() -> None:
    found = ServersAddress.parse("ntp:a.example,b.example")
    assert found.servers == (Server("a.example", 123), Server("b.example", 123))
    assert found.seconds == 2.0


def test_everything_that_can_be_said() -> None:
    found = ServersAddress.parse(
        "ntp:A.example:1123,192.0.2.1,[2001:db8::1]:124?timeout=0.5&port=9"
    )
    assert [one.name for one in found.servers] == [
        "a.example:1123",
        "192.0.2.1:9",
        "[2001:db8::1]:124",
    ]
    assert found.seconds == 0.5


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "ntp",
        "ntp:",
        "rfc3161:a.example",
        "ntp:a.example,",
        "ntp:,a.example",
        "ntp:a.example,A.EXAMPLE",
        "ntp:a.example,a.example:123",
        "ntp:a b",
        "ntp:a.example/path",
        "ntp:user@a.example",
        "ntp:2001:db8::1",
        "ntp:[2001:db8::1",
        "ntp:a.example:0",
        "ntp:a.example:65536",
        "ntp:a.example:x",
        "ntp:" + ",".join(f"s{n}.example" for n in range(10)),
        "ntp:a.example?port=",
        "ntp:a.example?port=0",
        "ntp:a.example?port=-1",
        "ntp:a.example?port=1&port=2",
        "ntp:a.example?timeout=0",
        "ntp:a.example?timeout=21",
        "ntp:a.example?timeout=nan",
        "ntp:a.example?timeout=soon",
        "ntp:a.example?iburst=1",
    ],
)
def test_other_addresses_are_refused(uri: str) -> None:
    with pytest.raises(InvalidValue):
        ServersAddress.parse(uri)
