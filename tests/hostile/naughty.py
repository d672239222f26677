"""File names that somebody might send to do harm, or by mistake (S-14)."""

from __future__ import annotations

import random
import unicodedata
from typing import Final, Literal

DEVICES: Final = ("CON", "PRN", "AUX", "NUL", "COM1", "COM9", "LPT1", "LPT9", "CONIN$", "CONOUT$")
CONTROLS: Final = tuple(chr(code) for code in (*range(0x20), 0x7F, 0x80, 0x85, 0x9B, 0x9F))
BIDI: Final = tuple("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
HIDDEN: Final = tuple(
    "\u00ad\u034f\u115f\u17b4\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\u206a\u206f"
    "\ufe00\ufe0f\ufeff\ufff9\ufffb\U000e0001\U000e0041\U000e007f"
)
SURROGATES: Final = ("\ud800", "\udbff", "\udc00", "\udcff", "\udfff")
SEPARATORS: Final = ("/", "\\", ":", "\u2044", "\u2215", "\u29f8", "\uff0f", "\uff3c", "\uff1a")
SIGNS: Final = ("*", "?", '"', "<", ">", "|", "%00", "%2e%2e%2f", "$(id)", "`id`", ";id", "&&id")
PATHS: Final = (
    "../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "/dev/null",
    "~/.ssh/authorized_keys",
    "./a.pdf",
    "a/../../b.pdf",
    "C:\\boot.ini",
    "C:a.pdf",
    "c:/a.pdf",
    "\\\\server\\share\\a.pdf",
    "//server/share/a.pdf",
    "\\\\?\\C:\\a.pdf",
    "\\\\.\\PhysicalDrive0",
    "file:///etc/passwd",
    "a.pdf:hidden.exe",
    "a.pdf::$DATA",
    "a.pdf:Zone.Identifier",
    "..",
    ".",
    "...",
    "....//....//etc/passwd",
    "..%2f..%2fetc",
    "%2e%2e/%2e%2e/a",
    "..\u2215..\u2215a",
    "a\x00.pdf",
    "a.pdf\x00.exe",
)
ODD: Final = (
    "",
    " ",
    "a.pdf ",
    "a.pdf.",
    "a.pdf. . .",
    " a.pdf",
    "\u00a0a.pdf",
    "a.pdf\u3000",
    ".htaccess",
    ".a.pdf",
    "-rf",
    "--help",
    "@file",
    "=cmd|' /C calc'!A0",
    "a'; DROP TABLE package;--.pdf",
    "{{7*7}}.pdf",
    "${jndi:ldap:x}.pdf",
    "[bold]a[/bold].pdf",
    "a" * 255,
    "a" * 256,
    "á" * 127,
    "á" * 128,
    "x" * 4096,
    "công văn " * 500,
    "\U0001f4c4.pdf",
    "tài liệu.pdf",
    "a\u0300\u0301\u0302\u0303" * 20,
    "Z\u0351\u036b\u0343\u036a.pdf",
    "\ufdfa.pdf",
    "ﬁle.pdf",
    "file\u202efdp.exe",
    "tờ trình số 5 (bản 2).pdf",
)
FORMS: Final[tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...]] = ("NFC", "NFD", "NFKC", "NFKD")
PLAIN: Final = ("công văn", "Tờ trình số 12", "báo cáo-2026_v2", "quyết định (bản 3)", "a", "Đ")


def fixed() -> list[str]:
    """Names of every class, at the beginning, in the middle and at the end."""
    found = [*PATHS, *ODD]
    for sign in (*CONTROLS, *BIDI, *HIDDEN, *SURROGATES, *SEPARATORS, *SIGNS):
        found += [f"{sign}a.pdf", f"a{sign}b.pdf", f"a.pdf{sign}"]
    for device in DEVICES:
        found += [device, device.lower(), f"{device}.pdf", f"{device} .pdf", f"{device}.tar.gz"]
    return list(dict.fromkeys(found))


def generated(count: int, seed: int) -> list[str]:
    """Names put together from pieces of all classes."""
    chance = random.Random(seed)
    odd = (*PATHS, *BIDI, *HIDDEN, *SEPARATORS, *SIGNS, *DEVICES, ".", " ")
    pieces = (*odd, *PLAIN * (len(odd) // len(PLAIN)))
    found = []
    for _ in range(count):
        name = "".join(chance.choice(pieces) for _ in range(chance.randint(1, 4)))
        found.append(
            unicodedata.normalize(chance.choice(FORMS), name)
            + chance.choice((".pdf", "", ".exe", "."))
        )
    return found


def lookalikes(name: str) -> list[str]:
    """Other names that people or file systems take for this one."""
    cyrillic = str.maketrans("aceopxyi", "асеорхуі")
    wide = "".join(chr(ord(s) + 0xFEE0) if "a" <= s <= "z" else s for s in name)
    found = [
        unicodedata.normalize("NFD", name),
        unicodedata.normalize("NFC", name),
        name.upper(),
        name.swapcase(),
        name.translate(cyrillic),
        wide,
    ]
    return [other for other in dict.fromkeys(found) if other != name]
