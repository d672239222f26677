"""Addresses of time-stamp authorities: what they say, and what is refused."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from lienthong.errors import InvalidValue
from lienthong_time_rfc3161.address import AuthorityAddress, SourceAddress

FIRST = "https://tsa.example/tsr"


def next_of(address: str) -> str:
    return f"next={quote(address, safe='')}"


def test_the_least_that_is_said() -> None:
    found = SourceAddress.parse(f"rfc3161:{FIRST}?anchors=/etc/tsa.pem")
    assert found.authorities == (
        AuthorityAddress(url=FIRST, anchors=Path("/etc/tsa.pem"), policy=None, ca=None),
    )
    assert (found.hash_name, found.seconds) == ("SHA-256", 8.0)


def test_everything_that_can_be_said() -> None:
    second = f"http://tsa2.example:8080?anchors={quote('/etc/b&c.pem', safe='')}&policy=1.2.4"
    found = SourceAddress.parse(
        f"rfc3161:{quote('https://tsa.example/tsr?client=7', safe=':/')}"
        f"?anchors=/etc/a.pem&policy=1.2.3&ca=/etc/ca.pem&hash=SHA-512&timeout=4.5&{next_of(second)}"
    )
    assert found.authorities == (
        AuthorityAddress(
            url="https://tsa.example/tsr?client=7",
            anchors=Path("/etc/a.pem"),
            policy="1.2.3",
            ca=Path("/etc/ca.pem"),
        ),
        AuthorityAddress(
            url="http://tsa2.example:8080",
            anchors=Path("/etc/b&c.pem"),
            policy="1.2.4",
            ca=Path("/etc/ca.pem"),
        ),
    )
    assert (found.hash_name, found.seconds) == ("SHA-512", 4.5)


def test_the_next_one_has_the_files_of_the_one_before_and_its_own_policy() -> None:
    third = next_of("https://c.example")
    second = next_of(f"https://b.example?anchors=/b.pem&{third}")
    found = SourceAddress.parse(f"rfc3161:{FIRST}?anchors=/a.pem&policy=1.2.3&{second}")
    assert [one.anchors for one in found.authorities] == [
        Path("/a.pem"),
        Path("/b.pem"),
        Path("/b.pem"),
    ]
    assert [one.policy for one in found.authorities] == ["1.2.3", None, None]


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "rfc3161",
        "rfc3161:",
        f"ntp:{FIRST}?anchors=/a.pem",
        f"rfc3161:{FIRST}",
        f"rfc3161:{FIRST}?anchors=",
        f"rfc3161:{FIRST}?anchors=/a.pem&anchors=/b.pem",
        f"rfc3161:{FIRST}?anchors=%00",
        f"rfc3161:{FIRST}?anchors=/a.pem&trust=/b.pem",
        f"rfc3161:{FIRST}?anchors=/a.pem&policy=new",
        f"rfc3161:{FIRST}?anchors=/a.pem&policy=1",
        f"rfc3161:{FIRST}?anchors=/a.pem&policy=1.02",
        f"rfc3161:{FIRST}?anchors=/a.pem&hash=SHA-1",
        f"rfc3161:{FIRST}?anchors=/a.pem&timeout=0",
        f"rfc3161:{FIRST}?anchors=/a.pem&timeout=-1",
        f"rfc3161:{FIRST}?anchors=/a.pem&timeout=nan",
        f"rfc3161:{FIRST}?anchors=/a.pem&timeout=inf",
        f"rfc3161:{FIRST}?anchors=/a.pem&timeout=soon",
        f"rfc3161:{FIRST}?anchors=/a.pem&timeout=26",
        "rfc3161:ftp://tsa.example?anchors=/a.pem",
        "rfc3161:https://?anchors=/a.pem",
        "rfc3161:https://tsa.example:0?anchors=/a.pem",
        "rfc3161:https://tsa.example:99999?anchors=/a.pem",
        "rfc3161:https://user:secret@tsa.example?anchors=/a.pem",
        "rfc3161:https://tsa.example/%23part?anchors=/a.pem",
        "rfc3161:https://tsa.example/%0d%0aX-Forged:1?anchors=/a.pem",
        "rfc3161:https://tsa.example/a%20b?anchors=/a.pem",
        "rfc3161:https://[::1?anchors=/a.pem",
        f"rfc3161:https://tsa.example/{'a' * 200}?anchors=/a.pem",
        f"rfc3161:{FIRST}?anchors=/a.pem&next=ftp%3A%2F%2Fb.example",
        f"rfc3161:{FIRST}?anchors=/a.pem&{next_of('https://b.example?timeout=3')}",
        f"rfc3161:{FIRST}?anchors=/a.pem&timeout=20&{next_of('https://b.example')}",
    ],
)
def test_other_addresses_are_refused(uri: str) -> None:
    with pytest.raises(InvalidValue):
        SourceAddress.parse(uri)


def test_more_than_three_authorities_are_refused() -> None:
    address = "https://e.example"
    for name in "dcb":
        address = f"https://{name}.example?{next_of(address)}"
    with pytest.raises(InvalidValue, match="4 authorities"):
        SourceAddress.parse(f"rfc3161:{FIRST}?anchors=/a.pem&timeout=1&{next_of(address)}")
