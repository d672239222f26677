"""What lies on disk of a plugin's distribution, file by file, as its RECORD says (PEP 376)."""

from __future__ import annotations

import csv
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path, PurePosixPath
from typing import Final

from attrs import field, frozen

from lienthong.errors import PluginNotAllowed
from lienthong.plugins.discovery import Offer, normal_name

OF_INSTALLER: Final = frozenset(
    {
        "INSTALLER",
        "RECORD",
        "REQUESTED",
        "direct_url.json",
        "provenance_url.json",
        "uv_build.json",
        "uv_cache.json",
    }
)
"""Files of the dist-info folder that the installer writes: they differ between machines."""

CACHE: Final = "__pycache__"


@frozen(kw_only=True)
class InstalledFile:
    """One recorded file, as it is on disk."""

    name: str
    """Relative to the folder of installed distributions, with forward slashes."""

    path: Path
    sha256: str


@frozen(kw_only=True)
class Installed:
    """A distribution of which every file is as its RECORD says, and no file is unrecorded."""

    distribution: str
    """Name in canonical spelling."""

    version: str
    files: tuple[InstalledFile, ...] = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 over names and contents; the same on every machine, for the same wheel."""
        total = sha256()
        for file in sorted(self.files, key=lambda file: file.name):
            total.update(f"{file.name}\0{file.sha256}\n".encode("utf-8", "surrogateescape"))
        return total.hexdigest()

    @property
    def modules(self) -> Mapping[str, InstalledFile]:
        """Its Python sources by the names under which they are imported."""
        return {_module(file.name): file for file in self.files if file.name.endswith(".py")}


def take_stock(offer: Offer) -> Installed:
    """Read every file of an offer's distribution; nothing is imported.

    Left aside is what the installer itself makes: its notes, byte code, and programs outside the
    folder of installed distributions.

    Raises:
        PluginNotAllowed: RECORD is missing or malformed, a file is not as it says, or a file lies
            in a package that it does not name.
    """
    found = offer.entry_point.dist
    if found is None:
        raise not_allowed(offer, "no distribution announces it")
    try:
        rows = _rows(offer, found.read_text("RECORD") or "")
        root = Path(str(found.locate_file("")))
        files = tuple(_read(offer, root, name, *claim) for name, claim in rows.items())
        _refuse_strangers(offer, root, rows)
    except (OSError, ValueError, csv.Error) as error:
        raise not_allowed(offer, f"its files cannot be read: {error}") from error
    return Installed(
        distribution=normal_name(offer.distribution), version=offer.version, files=files
    )


def not_allowed(offer: Offer, reason: str) -> PluginNotAllowed:
    """The error that says which plugin is refused, and why."""
    return PluginNotAllowed(
        kind=offer.kind.value,
        plugin=offer.name,
        distribution=offer.distribution,
        version=offer.version,
        reason=reason,
    )


def _rows(offer: Offer, record: str) -> dict[str, tuple[str, str]]:
    """Hash and size of every file that counts, by its name."""
    if not record:
        raise not_allowed(offer, "it has no RECORD of its files")
    found: dict[str, tuple[str, str]] = {}
    for row in csv.reader(record.splitlines()):
        match row:
            case [name, claimed, size] if name not in found:
                if _counts(PurePosixPath(name)):
                    found[name] = claimed, size
            case _:
                raise not_allowed(offer, f"its RECORD has a malformed or repeated row: {row}")
    return found


def _counts(path: PurePosixPath) -> bool:
    if path.is_absolute() or ".." in path.parts:
        return False
    if path.parent.name == CACHE and path.suffix == ".pyc":
        return False
    return not (path.parent.suffix == ".dist-info" and path.name in OF_INSTALLER)


def _read(offer: Offer, root: Path, name: str, claimed: str, size: str) -> InstalledFile:
    content = (root / name).read_bytes()
    digest = sha256(content)
    encoded = urlsafe_b64encode(digest.digest()).rstrip(b"=")
    if not compare_digest(claimed.encode(), b"sha256=" + encoded) or size != str(len(content)):
        raise not_allowed(offer, f"{name} is not as its RECORD says")
    return InstalledFile(name=name, path=root / name, sha256=digest.hexdigest())


def _refuse_strangers(offer: Offer, root: Path, names: Collection[str]) -> None:
    """Refuse files in the distribution's own folders that its RECORD does not name."""
    for folder in sorted(_own_folders(names)):
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if (path.is_dir() and not path.is_symlink()) or name in names:
                continue
            if _counts(PurePosixPath(name)):
                raise not_allowed(offer, f"{name} is not in its RECORD")


def _own_folders(names: Collection[str]) -> Iterator[str]:
    """Topmost regular packages, and the folder with the metadata; others may be shared."""
    for name in names:
        path = PurePosixPath(name)
        if path.name == "__init__.py" and f"{path.parent.parent}/__init__.py" not in names:
            yield str(path.parent)
        if path.name == "METADATA":
            yield str(path.parent)


def _module(name: str) -> str:
    parts = PurePosixPath(name).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
