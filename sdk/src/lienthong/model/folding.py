"""Text without case and Vietnamese marks, for searching and comparing what people type."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """Lower case without marks: ``Sở Tài chính`` becomes ``so tai chinh``."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return letters.replace("đ", "d")
