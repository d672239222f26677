"""Names: what is read here, and by whom."""

from __future__ import annotations

from typing import Final

PDF: Final = "application/pdf"
DETACHED: Final = "application/pkcs7-signature"
"""CMS signature with its content beside it (.p7s)."""

ENCLOSED: Final = "application/pkcs7-mime"
"""CMS signature with its content inside (.p7m)."""

MEDIA_TYPES: Final = frozenset({PDF, DETACHED, ENCLOSED})
VERIFIER: Final = "lienthong-verifier-pdf 0.1.0"
