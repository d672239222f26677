"""File signers are found by media type, asked for levels, and called behind the shield."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest

from lienthong.errors import NotSupported, PluginFailed, PluginNotFound, SignerSignatureMissing
from lienthong.model.file_signature import SignatureRole
from lienthong.plugins import describe
from lienthong.spi import SignatureLevel, SigningOrder
from lienthong.testing.signer import MemorySigner

TYPE = "application/x-acme"
GROUP = "lienthong.file_signers"
PLUGIN = """
from lienthong.errors import SignerSignatureMissing
from lienthong.spi import *

SPI_VERSION = 1
CAPABILITIES = FileSignerCapabilities(levels=[SignatureLevel.B_B, SignatureLevel.B_T])

class Pen(FileSigner):
    def __init__(self, media_type):
        self.media_type = media_type
    def sign(self, source, target, order, signer, stamper=None):
        if order.role.name == "AGENCY":
            raise SignerSignatureMissing(reason="nobody has signed")
        if order.role.name == "COPY_AGENCY":
            raise ZeroDivisionError("the pen broke")
        if order.role.name == "ATTACHMENT_AGENCY":
            return "signed"
        target.write(source.read() + signer.sign(b"it"))
        return SignedFile(name=self.media_type, role=order.role, level=order.level, at=order.at)
    def close(self):
        pass

@hookimpl
def lienthong_file_signer_factory(media_type):
    return Pen
"""


def order(role: SignatureRole) -> SigningOrder:
    from lienthong.model.ids import DocumentNumber
    from lienthong.model.words import CopyForm

    number = DocumentNumber("52", "QĐ-UBND")
    return SigningOrder(
        role=role,
        at=datetime(2026, 11, 22, 8, tzinfo=UTC),
        number=number,
        agency="UBND tỉnh",
        copy_form=CopyForm.SAO_Y,
    )


def sign(host: Any, role: SignatureRole) -> Any:
    target = io.BytesIO()
    pen = host.open_file_signer("Application/X-Acme; version=1")
    return pen.sign(io.BytesIO(b"file"), target, order(role), MemorySigner.checkpoint())


def test_is_found_by_media_type(shelf: Any, make_host: Any) -> None:
    shelf.put(PLUGIN, group=GROUP, name=TYPE)
    signed = sign(make_host(), SignatureRole.SIGNER)
    assert signed.name == TYPE
    assert signed.earlier == ()


def test_unknown_media_type_is_refused(shelf: Any, make_host: Any) -> None:
    shelf.put(PLUGIN, group=GROUP, name=TYPE)
    with pytest.raises(PluginNotFound, match="file signer"):
        make_host().open_file_signer("application/x-other")


def test_level_that_is_not_declared_is_refused(shelf: Any, make_host: Any) -> None:
    shelf.put(PLUGIN, group=GROUP, name=TYPE)
    host = make_host()
    host.open_file_signer(TYPE, level=SignatureLevel.B_T).close()
    with pytest.raises(NotSupported, match="B-LT"):
        host.open_file_signer(TYPE, level=SignatureLevel.B_LT)


def test_its_own_errors_pass_and_others_are_named(shelf: Any, make_host: Any) -> None:
    shelf.put(PLUGIN, group=GROUP, name=TYPE)
    host = make_host()
    with pytest.raises(SignerSignatureMissing):
        sign(host, SignatureRole.AGENCY)
    with pytest.raises(PluginFailed, match="the pen broke"):
        sign(host, SignatureRole.COPY_AGENCY)
    with pytest.raises(PluginFailed, match="SignedFile"):
        sign(host, SignatureRole.ATTACHMENT_AGENCY)


def test_capabilities_are_listed(shelf: Any, make_host: Any) -> None:
    shelf.put(PLUGIN, group=GROUP, name=TYPE)
    [row] = [one for one in describe(make_host()) if one["name"] == TYPE]
    assert row["kind"] == "file_signer"
    assert row["capabilities"] == {"levels": ("B-B", "B-T")}
