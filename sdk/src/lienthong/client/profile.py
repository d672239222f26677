"""A profile: the folder that says which axis to talk to, as whom and with which keys."""

from __future__ import annotations

import os
import re
import stat
import tomllib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self
from urllib.parse import unquote

from attrs import field, frozen

from lienthong.errors import ConfigInvalid, LienthongError
from lienthong.evidence.note import VerifierKey
from lienthong.model.ids import OrganId
from lienthong.pki.certificate import load_pem_chain
from lienthong.plugins.addresses import anchored

FILE_NAME: Final = "profile.toml"
MAX_SIZE: Final = 64 * 1024
"""Bytes; a larger file is not a profile."""

MAX_PORT: Final = 65_535

_TOP: Final = frozenset(
    {
        "endpoint",
        "server_name",
        "axis",
        "organ",
        "checkpoint_key",
        "anchors",
        "transport",
        "signing",
        "trust",
        "reports",
    }
)
_TRANSPORT: Final = frozenset({"certificate", "key", "ca"})
_SIGNING: Final = frozenset({"key"})
_ENDPOINT: Final = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):[0-9]{1,5}\Z")
_SECRET_BITS: Final = stat.S_IRWXG | stat.S_IRWXO


class KeyFileWarning(UserWarning):
    """A private key can be read by other users of the machine."""


@frozen(kw_only=True)
class TransportFiles:
    """PEM files of the TLS connection."""

    certificate: Path
    """The client's certificate, with its chain."""

    key: Path
    """Its private key, not encrypted."""

    ca: Path
    """Authorities that may have issued the axis's certificate."""


@frozen(kw_only=True)
class Profile:
    """Which axis, as which organisation, with which keys."""

    endpoint: str
    """``host:port``."""

    axis: str
    """Name of the axis: the audience of what is signed, the origin of checkpoints."""

    organ: OrganId
    checkpoint_key: VerifierKey
    anchors: Path
    """PEM file of the authorities that may have issued signing certificates."""

    transport: TransportFiles
    signing_key: str
    """URI of the signing key, for the signer plugin of its scheme."""

    server_name: str | None = field(default=None)
    """Name in the axis's certificate where it is not the host of ``endpoint``."""

    trust: Path | None = field(default=None)
    """Trust store by which the signatures in received files are judged; None to leave that out."""

    reports: Path = field(default=Path("reports"))
    """Folder in which the reports on them are kept (QĐ 52/2019 Đ8.1a)."""

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Self:
        """Read ``profile.toml`` in *folder*; relative paths start there.

        A private key that other users can read gives a ``KeyFileWarning``.

        Raises:
            ConfigInvalid: naming file, key, what was found and what is expected.
        """
        base = Path(folder)
        table = _Table(base / FILE_NAME, _parse(base / FILE_NAME), "")
        table.only(_TOP)
        transport, signing = table.section("transport"), table.section("signing")
        transport.only(_TRANSPORT)
        signing.only(_SIGNING)
        return cls(
            endpoint=_endpoint(table),
            server_name=table.text("server_name") if table.has("server_name") else None,
            axis=table.text("axis"),
            organ=_organ(table),
            checkpoint_key=_checkpoint_key(table),
            anchors=table.file("anchors", base),
            transport=TransportFiles(
                certificate=transport.file("certificate", base),
                key=_private(transport.file("key", base)),
                ca=_authorities(transport, base),
            ),
            signing_key=_resolved(signing.text("key"), base),
            trust=table.folder("trust", base) if table.has("trust") else None,
            reports=base / (table.text("reports") if table.has("reports") else "reports"),
        )


@frozen
class _Table:
    """A TOML table whose complaints name file and key."""

    path: Path
    values: Mapping[str, object]
    prefix: str

    def wrong(self, key: str, found: object, expected: str) -> ConfigInvalid:
        return ConfigInvalid(
            file=str(self.path), key=self.prefix + key, found=found, expected=expected
        )

    def only(self, known: frozenset[str]) -> None:
        for key in self.values:
            if key not in known:
                raise self.wrong(key, "unknown", f"one of {', '.join(sorted(known))}")

    def has(self, key: str) -> bool:
        return key in self.values

    def section(self, key: str) -> _Table:
        value = self.values.get(key)
        if not isinstance(value, dict):
            raise self.wrong(key, "missing" if value is None else repr(value), f"a table [{key}]")
        return _Table(self.path, value, f"{key}.")

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or not value:
            raise self.wrong(key, "missing" if value is None else repr(value), "a text")
        return value

    def matching(self, key: str, pattern: re.Pattern[str], expected: str) -> str:
        value = self.text(key)
        if not pattern.match(value):
            raise self.wrong(key, repr(value), expected)
        return value

    def file(self, key: str, base: Path) -> Path:
        path = base / self.text(key)
        if not path.is_file():
            raise self.wrong(key, repr(str(path)), "the path of an existing file")
        return path

    def folder(self, key: str, base: Path) -> Path:
        path = base / self.text(key)
        if not path.is_dir():
            raise self.wrong(key, repr(str(path)), "the path of an existing folder")
        return path


def _parse(path: Path) -> dict[str, object]:
    try:
        data = path.read_bytes()
    except OSError as error:
        found = error.strerror or type(error).__name__
        raise ConfigInvalid(
            file=str(path), key="the file", found=found, expected="a readable profile"
        ) from error
    if len(data) > MAX_SIZE:
        raise ConfigInvalid(
            file=str(path), key="the size", found=len(data), expected=f"at most {MAX_SIZE} bytes"
        )
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalid(
            file=str(path), key="the text", found=str(error), expected="TOML in UTF-8"
        ) from error


def _endpoint(table: _Table) -> str:
    value = table.matching("endpoint", _ENDPOINT, '"host:port"')
    port = int(value.rpartition(":")[2])
    if not 1 <= port <= MAX_PORT:
        raise table.wrong("endpoint", f"port {port}", f"a port from 1 to {MAX_PORT}")
    return value


def _authorities(table: _Table, base: Path) -> Path:
    """The authorities of the axis's certificate, readable: gRPC would only say "no connection"."""
    path = table.file("ca", base)
    try:
        load_pem_chain(path.read_bytes())
    except (OSError, LienthongError) as error:
        raise table.wrong("ca", repr(str(path)), "a PEM file with certificates") from error
    return path


def _organ(table: _Table) -> OrganId:
    value = table.text("organ")
    try:
        return OrganId(value)
    except LienthongError as error:
        raise table.wrong("organ", repr(value), "the code of an organisation") from error


def _checkpoint_key(table: _Table) -> VerifierKey:
    value, axis = table.text("checkpoint_key"), table.text("axis")
    try:
        key = VerifierKey.parse(value)
    except LienthongError as error:
        expected = '"<axis>+<8 hex digits>+<base64>"'
        raise table.wrong("checkpoint_key", repr(value), expected) from error
    if key.name != axis:
        raise table.wrong("checkpoint_key", f"of {key.name}", f"the key of {axis}")
    return key


def _private(path: Path) -> Path:
    if os.name == "posix" and path.stat().st_mode & _SECRET_BITS:
        warnings.warn(
            f"other users can read the private key {path}; run: chmod 600 {path}",
            KeyFileWarning,
            stacklevel=4,
        )
    return path


def _resolved(uri: str, base: Path) -> str:
    """The address of the signing key; relative paths in it start in the profile's folder."""
    scheme, _, rest = uri.partition(":")
    key = base / unquote(rest.partition("?")[0])
    if scheme == "softkey" and key.is_file():
        _private(key)
    return anchored(uri, base)
