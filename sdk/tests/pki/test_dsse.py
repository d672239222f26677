from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lienthong.pki.dsse import pre_authentication_encoding


def test_the_encoding_is_that_of_the_protocol() -> None:
    encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_lengths_count_bytes() -> None:
    assert pre_authentication_encoding("văn", b"") == b"DSSEv1 4 v\xc4\x83n 0 "


@given(st.text(max_size=20), st.binary(max_size=20), st.text(max_size=20), st.binary(max_size=20))
def test_different_contents_never_have_the_same_encoding(
    one_type: str, one: bytes, other_type: str, other: bytes
) -> None:
    same = pre_authentication_encoding(one_type, one) == pre_authentication_encoding(
        other_type, other
    )
    assert same is ((one_type, one) == (other_type, other))
