"""Names of files are data: kept verbatim, refused when they could be taken for something else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.errors import InvalidValue, LienthongError, MissingField
from lienthong.testing.values import a_file

REFUSED = [
    ".",
    "..",
    "...",
    "../a.pdf",
    "a/b.pdf",
    "a\\b.pdf",
    "C:a.pdf",
    "a\u2044b.pdf",
    "a\u2215b.pdf",
    "a\uff0fb.pdf",
    "a\uff3cb.pdf",
    "a*.pdf",
    "a?.pdf",
    'a".pdf',
    "a<b>.pdf",
    "a|b.pdf",
    "a\0.pdf",
    "a\n.pdf",
    "a\r.pdf",
    "a\x1b[2J.pdf",
    "a\x7f.pdf",
    "a\x85.pdf",
    "a\u202efdp.exe",
    "a\u202a.pdf",
    "a\u2066b\u2069.pdf",
    "a\u200e.pdf",
    "a\u061c.pdf",
    "a\u200b.pdf",
    "a\u2028.pdf",
    "a\u00ad.pdf",
    "a\u180e.pdf",
    "a\u034f.pdf",
    "a\u3164.pdf",
    "a\ufe0f.pdf",
    "a\u2029.pdf",
    "\ufeffa.pdf",
    "a\U000e0041.pdf",
    "a\ud800.pdf",
    "a.pdf ",
    "a.pdf.",
    " a.pdf",
    " ",
    "a.pdf\u00a0",
    "CON",
    "con.pdf",
    "Nul.tar.gz",
    "aux .pdf",
    "COM1",
    "com\u00b9.pdf",
    "LPT9.pdf",
    "CONIN$",
    "a" * 256,
    "ế" * 86,
]


@pytest.mark.parametrize("name", REFUSED, ids=ascii)
def test_refuses_tricks(name: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        a_file(name=name)
    assert caught.value.facts["field"] == "FileEntry.name"
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "Quyết định 52-2019-QĐ-UBND (bản ký).pdf",
        "Quye\u0302\u0301t đi\u0323nh.pdf",
        ".htaccess",
        "a..pdf",
        "console.pdf",
        "COM10.pdf",
        "a" * 255,
        "ế" * 85,
        "公文.pdf",
        "a;b&c$(d).pdf",
        "~",
        "-rf",
    ],
    ids=ascii,
)
def test_keeps_other_names_verbatim(name: str) -> None:
    assert a_file(name=name).name == name


def test_a_missing_name_is_named() -> None:
    with pytest.raises(MissingField, match=r"FileEntry\.name"):
        a_file(name="")


@pytest.mark.parametrize("name", [None, 5, b"a.pdf"])
def test_refuses_what_is_no_text(name: Any) -> None:
    with pytest.raises(InvalidValue):
        a_file(name=name)


@given(st.text())
def test_any_text_is_kept_verbatim_or_refused(name: str) -> None:
    try:
        kept = a_file(name=name).name
    except LienthongError:
        return
    assert kept == name
    assert len(name.encode()) <= 255
    assert name.strip(" ") == name
