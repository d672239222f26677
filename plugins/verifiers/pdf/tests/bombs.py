"""Small files that cost much to read, or never end."""

from __future__ import annotations

import zlib

from plugins.verifiers.pdf.tests.signed import assembled, plain_pdf


def deflated(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def with_catalog(extra: bytes, **others: bytes) -> bytes:
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R " + extra + b" >>",
        2: b"<< /Type /Pages /Kids [] /Count 0 >>",
    }
    return assembled(objects | {int(name[1:]): text for name, text in others.items()})


BOMB = deflated(300 * 1024 * 1024)
HOSTILE = {
    "deep arrays": with_catalog(b"/AcroForm " + nested(20_000)),
    "fields in a ring": with_catalog(
        b"/AcroForm << /Fields [3 0 R] >>", o3=b"<< /T (a) /Kids [3 0 R] >>"
    ),
    "reference to itself": with_catalog(b"/AcroForm 3 0 R", o3=b"3 0 R"),
    "deflate bomb": with_catalog(
        b"/AcroForm 3 0 R",
        o3=b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(BOMB), BOMB),
    ),
    "previous table in a ring": plain_pdf().replace(b"/Root 1 0 R >>", b"/Root 1 0 R /Prev 9 >>"),
    "a million fields": with_catalog(
        b"/AcroForm << /Fields [%s] >>" % (b"3 0 R " * 100_000), o3=b"<< /FT /Sig /T (a) >>"
    ),
    "huge numbers": plain_pdf().replace(b"/Count 1", b"/Count " + b"9" * 5000),
    "nothing": b"",
    "zeros": bytes(1_000_000),
}
