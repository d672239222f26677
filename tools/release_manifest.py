"""Sign what is released, and verify it: wheels, pins and the bill of materials, file by file.

``python tools/release_manifest.py sign FOLDER --name NAME --key softkey:release.key`` writes
``MANIFEST`` into the folder: a signed note (C2SP signed-note, Ed25519) with one line a file, its
SHA-256, size and name. ``verify FOLDER --key KEY|FILE`` refuses a folder in which a file was
altered, is missing or is not on the list, and a manifest that the key has not signed.

The key is the release's own: neither a checkpoint key nor one of TLS.
"""

from __future__ import annotations

import argparse
import getpass
import re
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Final

from lienthong.errors import LienthongError
from lienthong.evidence.note import VerifierKey, open_note, sign_note
from lienthong.plugins import PluginHost
from lienthong.spi.signer import Signer

MANIFEST: Final = "MANIFEST"
HEAD: Final = "lienthong release manifest v1"
LINE: Final = re.compile(r"([0-9a-f]{64}) ([0-9]+) ([A-Za-z0-9][A-Za-z0-9._+-]*)")


class ReleaseInvalid(Exception):
    """The folder does not hold what was released."""


def describe(folder: Path) -> str:
    """The text to sign: every file of a folder without folders of its own.

    Raises:
        ReleaseInvalid: it is empty, or holds what cannot be listed.
    """
    rows = [HEAD]
    for path in _files(folder):
        content = path.read_bytes()
        rows.append(f"{sha256(content).hexdigest()} {len(content)} {path.name}")
        if not LINE.fullmatch(rows[-1]):
            raise ReleaseInvalid(f"{path.name!r} cannot be listed: letters, digits and ._+- only")
    if len(rows) == 1:
        raise ReleaseInvalid(f"{folder} holds nothing to release")
    return "\n".join(rows) + "\n"


def sign(folder: Path, name: str, signer: Signer) -> str:
    """The signed manifest of a folder."""
    return sign_note(describe(folder), name, signer)


def verify(folder: Path, manifest: str, key: VerifierKey) -> list[str]:
    """Verify a folder against its manifest; returns the names of its files.

    Raises:
        CheckpointInvalid: the key has not signed the manifest.
        ReleaseInvalid: the manifest is none of this form, or a file is not as it says.
    """
    text = open_note(manifest, key, require_exact=True)
    head, *rows = text.rstrip("\n").split("\n")
    if head != HEAD:
        raise ReleaseInvalid(f"the signed text is no {HEAD}")
    listed: dict[str, tuple[str, str]] = {}
    for row in rows:
        match = LINE.fullmatch(row)
        if match is None or match[3] in listed:
            raise ReleaseInvalid(f"the manifest has a malformed or repeated line: {row}")
        listed[match[3]] = match[1], match[2]
    present = {path.name: path for path in _files(folder)}
    for name in sorted(listed.keys() | present.keys()):
        if name not in listed:
            raise ReleaseInvalid(f"{name} is not on the manifest")
        if name not in present:
            raise ReleaseInvalid(f"{name} is missing")
        content = present[name].read_bytes()
        if (sha256(content).hexdigest(), str(len(content))) != listed[name]:
            raise ReleaseInvalid(f"{name} is not the file that was signed")
    return sorted(listed)


def _files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.name != MANIFEST)
    for path in found:
        if path.is_symlink() or not path.is_file():
            raise ReleaseInvalid(f"{path.name} is no regular file")
    return found


def _key(text: str) -> VerifierKey:
    path = Path(text)
    return VerifierKey.parse(path.read_text("utf-8").strip() if path.is_file() else text)


def _sign(chosen: argparse.Namespace) -> None:
    with PluginHost() as host, closing(host.open_signer(chosen.key, getpass.getpass)) as signer:
        note = sign(chosen.folder, chosen.name, signer)
        key = VerifierKey.of_signer(chosen.name, signer)
    (chosen.folder / MANIFEST).write_text(note, "utf-8")
    print(f"signed {chosen.folder / MANIFEST}\nverifier key (publish it): {key}")


def _verify(chosen: argparse.Namespace) -> None:
    manifest = (chosen.folder / MANIFEST).read_text("utf-8")
    names = verify(chosen.folder, manifest, _key(chosen.key))
    print(f"ok: {len(names)} files are those that {_key(chosen.key).name} has signed")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, job in (("sign", _sign), ("verify", _verify)):
        command = commands.add_parser(name)
        command.add_argument("folder", type=Path)
        command.add_argument("--key", required=True)
        command.set_defaults(job=job)
        if name == "sign":
            command.add_argument(
                "--name", required=True, help="name of the key, e.g. of the office"
            )
    chosen = parser.parse_args(arguments)
    try:
        chosen.job(chosen)
    except (ReleaseInvalid, LienthongError, OSError, UnicodeDecodeError) as error:
        sys.exit(f"refused: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
