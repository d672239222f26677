"""Addresses of remote keys: what is read, and what is refused without being repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienthong.errors import InvalidValue
from lienthong.model.signing import SignatureAlgorithm
from lienthong_signer_csc.address import ServiceAddress


def test_everything_that_can_be_named_is_read() -> None:
    address = ServiceAddress.parse(
        "csc:https://ky.example.vn:8443/csc/v2?credential=s%E1%BB%91%201&algorithm=RSA_PSS_SHA256"
        "&ca=/etc/ca%20file.pem&client=van-phong"
    )
    assert address == ServiceAddress(
        host="ky.example.vn",
        port=8443,
        path="/csc/v2",
        credential="số 1",
        algorithm=SignatureAlgorithm.RSA_PSS_SHA256,
        ca=Path("/etc/ca file.pem"),
        client="van-phong",
    )
    assert address.service == "ky.example.vn:8443"


def test_little_is_needed() -> None:
    address = ServiceAddress.parse("csc:https://[::1]/")
    assert (address.host, address.port, address.path) == ("::1", 443, "")
    assert address.shown == "csc:https://[::1]?credential=(the only)"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "csc",
        "csc:",
        "softkey:https://a/csc/v2",
        "csc:http://a/csc/v2",
        "csc:https:///csc/v2",
        "csc:https://user:SECRET@a/csc/v2",
        "csc:https://a/csc/v2/../SECRET%2F",
        "csc:https://a:0/csc/v2",
        "csc:https://a:65536/csc/v2",
        "csc:https://a/csc v2",
        "csc:https://a/csc\r\nHost: b",
        "csc:https://a/csc/v2#SECRET",
        "csc:https://a/csc/v2?pin=SECRET",
        "csc:https://a/csc/v2?token=SECRET",
        "csc:https://a/csc/v2?credential=",
        "csc:https://a/csc/v2?credential",
        "csc:https://a/csc/v2?credential=SECRET&credential=b",
        "csc:https://a/csc/v2?credential=SECRET%0A",
        "csc:https://a/csc/v2?credential=SECRET%2",
        "csc:https://a/csc/v2?algorithm=SECRET",
        "csc:https://a/csc/v2?&",
        f"csc:https://a/csc/v2?credential={'a' * 2000}",
    ],
)
def test_malformed_addresses_are_refused_without_repeating_them(uri: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        ServiceAddress.parse(uri)
    assert "SECRET" not in str(caught.value)
