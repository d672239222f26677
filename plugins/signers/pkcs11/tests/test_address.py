"""Addresses of keys: what is read, and what is refused without being repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienthong.errors import InvalidValue
from lienthong.model.signing import SignatureAlgorithm
from lienthong_signer_pkcs11.address import TokenAddress

MODULE = "module-path=/usr/lib/token.so"


def test_everything_that_can_be_named_is_read() -> None:
    address = TokenAddress.parse(
        "pkcs11:token=V%C4%83n%20ph%C3%B2ng;manufacturer=A;serial=01;model=B;slot-id=7;"
        f"object=sign;id=%01%FF;type=private?{MODULE}&algorithm=RSA_PSS_SHA256"
        "&cert=/etc/chain%20of%20ours.pem&final-try=allowed"
    )
    assert address == TokenAddress(
        shown="pkcs11:token=V%C4%83n%20ph%C3%B2ng;manufacturer=A;serial=01;model=B;slot-id=7;"
        "object=sign;id=%01%FF;type=private",
        module=Path("/usr/lib/token.so"),
        token="Văn phòng",
        manufacturer="A",
        serial="01",
        model="B",
        slot=7,
        label="sign",
        key_id=b"\x01\xff",
        algorithm=SignatureAlgorithm.RSA_PSS_SHA256,
        chain=Path("/etc/chain of ours.pem"),
        final_try=True,
    )


def test_what_is_not_named_fits_everything() -> None:
    address = TokenAddress.parse(f"pkcs11:?{MODULE}")
    assert (address.token, address.label, address.key_id, address.slot) == (None,) * 4
    assert not address.final_try


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "pkcs11",
        "pkcs11:",
        "softkey:token=a?module-path=/a.so",
        "pkcs11:token=SECRET",
        "pkcs11:token=SECRET?module-path=relative.so",
        f"pkcs11:token=SECRET;token=b?{MODULE}",
        f"pkcs11:token=?{MODULE}",
        f"pkcs11:token?{MODULE}",
        f"pkcs11:SECRET=a?{MODULE}",
        f"pkcs11:token=a;;object=SECRET?{MODULE}",
        f"pkcs11:token=a;?{MODULE}",
        f"pkcs11:token=SECRET%2?{MODULE}",
        f"pkcs11:token=SECRET%GG?{MODULE}",
        f"pkcs11:token=SECRET%FF?{MODULE}",
        f"pkcs11:token=SECRET%00?{MODULE}",
        f"pkcs11:token=SECRET \n?{MODULE}",
        f"pkcs11:type=public;token=SECRET?{MODULE}",
        f"pkcs11:slot-id=SECRET?{MODULE}",
        f"pkcs11:slot-id=-1?{MODULE}",
        f"pkcs11:token=a?{MODULE}&algorithm=SECRET",
        f"pkcs11:token=a?{MODULE}&final-try=SECRET",
        f"pkcs11:token=a?{MODULE}&{MODULE}",
        f"pkcs11:token=a?{MODULE}&",
        f"pkcs11:token=a?{MODULE}#SECRET=1",
        f"pkcs11:token=a?{MODULE}%00",
        f"pkcs11:token={'a' * 2000}?{MODULE}",
    ],
)
def test_malformed_addresses_are_refused_without_repeating_them(uri: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        TokenAddress.parse(uri)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("name", ["pin-value", "pin-source"])
@pytest.mark.parametrize("form", ["pkcs11:token=a?{0}&{1}", "pkcs11:token=a;{1}?{0}"])
def test_a_pin_in_the_address_is_refused(name: str, form: str) -> None:
    with pytest.raises(InvalidValue, match="no PIN in the address") as caught:
        TokenAddress.parse(form.format(MODULE, f"{name}=472911"))
    assert "472911" not in str(caught.value)
