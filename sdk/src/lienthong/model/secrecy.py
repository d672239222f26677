"""State-secret marks are refused wherever they appear (QĐ 52/2019 Đ1.2, Đ6.1a)."""

from __future__ import annotations

from typing import Final
from unicodedata import normalize

from lienthong.errors import StateSecret
from lienthong.model.checks import is_text, shown
from lienthong.model.folding import folded

_KEYS: Final = frozenset(
    {"SECRECY", "DO MAT", "MUC DO MAT", "MAT", "DAU MAT", "SECURITY", "CLASSIFICATION"}
)
_MARKS: Final = frozenset({"mật", "tối mật", "tuyệt mật"})
_AROUND: Final = " \t-–*.:!()[]{}<>\"'"
_BRACKETED: Final = tuple(
    f"{left}{mark}{right}" for mark in sorted(_MARKS) for left, right in ("[]", "()", "{}", "<>")
)
_NOT_SECRET: Final = frozenset({"NONE", "KHONG", "KHONG MAT", "THUONG", "BINH THUONG"})


def refuse_state_secret(mark: str, *, field: str = "secrecy") -> None:
    """Refuse every secrecy mark but "none".

    Spelling, case, Vietnamese marks and separators do not matter, and a word that is not known
    counts as a mark: nothing secret may enter because it was written in a new way.

    Raises:
        StateSecret: the mark says, or may say, that the document is a state secret.
    """
    if not is_text(mark) or not _says_no(mark):
        raise StateSecret(field=field, found=shown(mark), clause="QĐ 52/2019 Đ1.2")


def names_secrecy(key: str) -> bool:
    """Whether a free key, such as one of ``Document.extra``, stands for a secrecy mark."""
    return _plain(key) in _KEYS


def refuse_marked_text(text: str, *, field: str) -> None:
    """Refuse a text that is nothing but a secrecy mark, or begins with one in brackets.

    Vietnamese marks count here: "mắt" is an eye, "mật" is a secret.

    Raises:
        StateSecret: the text is such a mark.
    """
    if text.isascii():
        return  # each mark has a letter that is not
    words = " ".join(normalize("NFC", text).casefold().split())
    if words.strip(_AROUND) in _MARKS or words.startswith(_BRACKETED):
        raise StateSecret(field=field, found=shown(text), clause="QĐ 52/2019 Đ1.2")


def _says_no(mark: str) -> bool:
    return not mark.strip(" -") or _plain(mark) in _NOT_SECRET


def _plain(text: str) -> str:
    letters = "".join(char if char.isalnum() else " " for char in folded(text))
    return " ".join(letters.split()).upper()
