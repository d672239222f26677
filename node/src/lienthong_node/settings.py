"""Settings of a node, read from ``node.toml`` in its data folder."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from attrs import field, frozen
from attrs.validators import deep_iterable, ge, in_, instance_of, le, min_len, not_, optional

from lienthong.errors import ConfigInvalid
from lienthong.pki.cms import DIGESTS

FILE_NAME = "node.toml"
ALLOW_LIST = "plugins.toml"
"""Usual name of the allow list of plugins."""

UNSPECIFIED = frozenset({"0.0.0.0", "[::]"})  # noqa: S104 - compared with, not bound to
"""Hosts of addresses that mean every address of the machine."""

_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")
_LAST_PORT = 65535


def _count(default: int, *, least: int = 1, most: int = 2**40) -> int:
    checks: list[Any] = [instance_of(int), not_(instance_of(bool)), ge(least), le(most)]
    made: int = field(default=default, validator=checks)
    return made


def _choice(*, least: int, most: int = 2**50) -> int | None:
    """A number for which the node has a rule when it is not set."""
    checks: list[Any] = [instance_of(int), not_(instance_of(bool)), ge(least), le(most)]
    made: int | None = field(default=None, validator=optional(checks))
    return made


def _text(default: Any = attrs.NOTHING) -> str:
    checks: list[Any] = [instance_of(str), min_len(1)]
    made: str = field(default=default, validator=checks)
    return made


def _word(default: str, *words: str) -> str:
    made: str = field(default=default, validator=[instance_of(str), in_(words)])
    return made


def _addresses(default: tuple[str, ...]) -> tuple[str, ...]:
    each: Any = deep_iterable(instance_of(str), instance_of((list, tuple)))
    made: tuple[str, ...] = field(default=default, converter=tuple, validator=each)
    return made


def _is_address(_instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    found = _ADDRESS.fullmatch(value)
    if value and (found is None or int(found[2]) > _LAST_PORT):
        raise ValueError(f"{attribute.name!r} must be host:port")


def _address(default: str, *, optional: bool = False) -> str:
    checks: list[Any] = [instance_of(str), *([] if optional else [min_len(1)]), _is_address]
    made: str = field(default=default, validator=checks)
    return made


@frozen(kw_only=True)
class Settings:
    """Everything that an operator may set; paths are relative to the data folder.

    Defaults follow the security defaults of the documentation; sizes are bytes, times seconds.
    """

    axis: str = _text()
    """Name of the axis: audience of packages and origin of checkpoints. Never changes."""

    listen: str = _address("127.0.0.1:8443")
    """Address and port of the gRPC server."""

    advertise: str = _address("", optional=True)
    """Address that profiles of new credentials name; empty for ``listen``."""

    metrics_listen: str = _address("127.0.0.1:9464", optional=True)
    """Address of the Prometheus endpoint; empty for none."""

    records: str = _text("sqlite:records/node.db")
    """Address of the record store."""

    blobs: str = _text("fs:blobs")
    """Address of the store of large files."""

    checkpoint_key: str = _text("softkey:keys/checkpoint.key")
    """Key that signs checkpoints; of its own, never the TLS key. In production on a token or HSM:
    ``pkcs11:token=...;object=...?module-path=...``."""

    server_certificate: str = _text("keys/server.pem")
    """Certificate of the server, PEM; read again when the file changes."""

    server_key: str = _text("keys/server.key")
    """Its private key, PEM; read again likewise."""

    client_authorities: str = _text("keys/client-authorities.pem")
    """Authorities of client certificates, PEM; read again when the file changes."""

    signing_anchors: str = _text("keys/signing-anchors.pem")
    """Trust anchors of envelope signatures, PEM; read again when the file changes."""

    trust_folder: str = field(default="", validator=instance_of(str))
    """Folder of a trust store: certificates that lead to its authorities need a fresh status, which
    the node fetches; time-stamp authorities that are known as revoked count no more. Empty for
    none."""

    time_sources: tuple[str, ...] = _addresses(())
    """Addresses of time sources, better three than one, that the machine's clock is compared with;
    while most of them do not find it right to a second, nothing is signed. None: it is believed."""

    timestamp_sources: tuple[str, ...] = _addresses(())
    """Addresses of time-stamp authorities, which take turns; none: the journal is not stamped."""

    timestamp_anchors: str = _text("keys/timestamp-anchors.pem")
    """Trust anchors of time-stamp authorities, PEM; keep those of earlier years in it."""

    timestamp_interval_s: int = _count(60)
    """How often the newest checkpoint is time-stamped."""

    timestamp_outage_s: int = _count(4 * 3600)
    """New packages are refused when an entry has waited longer than that for a time-stamp."""

    timestamp_algorithm: str = _word("SHA-512", *DIGESTS)
    """Digest that is time-stamped: SHA-256, SHA-384 or SHA-512."""

    algorithm_ends: str = field(default="", validator=instance_of(str))
    """File of the days until which algorithms and authorities are relied upon; empty for the one
    that comes with the SDK."""

    plugin_allow_list: str = field(default="", validator=instance_of(str))
    """File with the only plugins to load, by digest; empty for all that are installed."""

    max_files: int = _count(20)
    """Files of one package."""

    max_file_bytes: int = _count(5 * 1024**3)
    """Size of one file."""

    max_package_bytes: int = _count(10 * 1024**3)
    """Size of all files of one package."""

    max_recipients: int = _count(500)
    """Recipients of one package."""

    max_clock_ahead_s: int = _count(300)
    """How far a creation time may lie in the future (QĐ 52/2019 Đ10.3)."""

    max_age_s: int = _count(7 * 86400)
    """How old signed content may be when it is first handed over."""

    requests_per_second: int = _count(200)
    """Calls of one organisation, averaged; streams count once."""

    burst: int = _count(1000)
    """Calls that may come at once after a pause."""

    concurrent_streams: int = _count(64)
    """Open calls of one organisation."""

    documents_per_second: int = _count(2_000)
    """Packages and reports of one organisation, averaged over ten seconds."""

    max_open_calls: int = _count(4_000)
    """Open calls of all organisations."""

    max_connections: int = _count(4_000)
    """Connections of all, also those that are still in their handshake; further ones are closed at
    once. The operating system must let the process have more open files than that."""

    connections_per_organisation: int = _count(20, least=0)
    """Connections of one organisation; further ones are cut. 0 for no limit."""

    connections_per_address: int = _count(50, least=0)
    """Connections from one address that have not said by a call who they are; older ones are cut.
    0 for no limit, as behind a load balancer, which then has to set one."""

    disk_reserve_bytes: int | None = _choice(least=0)
    """New packages are refused below this; deliveries and reports go on. Without it: 5 % of the
    volume that holds the data folder, at least 256 MiB."""

    staging_idle_s: int = _count(24 * 3600)
    """Unfinished uploads that nobody touched for so long are dropped."""

    unused_upload_s: int = _count(3 * 86400)
    """Uploaded files that no package has named for so long are forgotten."""

    staging_bytes_per_organisation: int = _count(20 * 1024**3)
    """Size of the files of one organisation that no package names yet, unfinished uploads
    included."""

    unfinished_uploads: int = _count(1_000)
    """Uploads that one organisation may have begun and not finished."""

    drain_s: int = _count(30)
    """How long open calls may go on when the node stops."""

    reflection: bool = field(default=False, validator=instance_of(bool))
    """Whether gRPC reflection answers; off in production."""

    @property
    def profile_endpoint(self) -> str:
        return self.advertise or self.listen

    @property
    def local_endpoint(self) -> str:
        """Where this machine reaches the node, whatever the network knows of its name."""
        host, _, port = self.listen.rpartition(":")
        return f"localhost:{port}" if host in UNSPECIFIED else self.listen


def load_settings(folder: Path) -> Settings:
    """Read the settings of a data folder.

    Raises:
        ConfigInvalid: naming file, key, found and expected.
    """
    path = folder / FILE_NAME
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigInvalid(
            file=path, key="the file", found="missing", expected="made by 'lienthong-node init'"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalid(file=path, key="the file", found=error, expected="TOML") from error
    return parse_settings(data, path)


def parse_settings(data: Mapping[str, object], path: Path) -> Settings:
    """Structure settings strictly: unknown keys and wrong types are errors."""
    known = {attribute.name: attribute for attribute in attrs.fields(Settings)}
    for key in data:
        if key not in known:
            raise ConfigInvalid(
                file=path, key=key, found="unknown", expected="one of " + ", ".join(sorted(known))
            )
    if "axis" not in data:
        raise ConfigInvalid(file=path, key="axis", found="missing", expected="the axis's name")
    for key, value in data.items():
        attribute = known[key]
        try:
            if attribute.validator is not None:
                attribute.validator(None, attribute, value)
        except (TypeError, ValueError) as error:
            like = "" if attribute.default is None else f" like {attribute.default!r}"
            expected = f"a value{like}: {error.args[0]}"
            raise ConfigInvalid(file=path, key=key, found=value, expected=expected) from error
    return Settings(**data)  # type: ignore[arg-type]  # every value was validated above


def dump_settings(settings: Settings) -> str:
    """A ``node.toml`` with what differs from the defaults."""
    lines = ["# Settings of the axis node; see docs/reference/settings.md for all keys."]
    for attribute in attrs.fields(Settings):
        value = getattr(settings, attribute.name)
        if value != attribute.default:
            # What JSON writes for a text, a number or a truth value is TOML as well.
            lines.append(f"{attribute.name} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
