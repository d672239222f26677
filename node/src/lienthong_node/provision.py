"""Making a data folder, and profiles for those who are to use the axis."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, cast

from attrs import fields, frozen
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from lienthong.data import DEFAULT_CALENDAR, DEFAULT_RULE_SET
from lienthong.errors import ConfigInvalid, InvalidValue
from lienthong.evidence.note import VerifierKey
from lienthong.model.time import vietnam_date
from lienthong.plugins import PluginHost
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.rules.calendar_table import CalendarTable
from lienthong.rules.ruleset import RuleSet
from lienthong_node.admin_port import AdminPort
from lienthong_node.certificates import (
    Authority,
    KeyKind,
    PrivateKey,
    certificate_der,
    new_key,
    write_certificate,
    write_private,
)
from lienthong_node.core.credentials import Role, Use
from lienthong_node.core.law import Value
from lienthong_node.opening import utc_now
from lienthong_node.settings import FILE_NAME, UNSPECIFIED, Settings, dump_settings

PROFILE_FILE: Final = "profile.toml"
DEFAULT_DAYS: Final = 365


@frozen(kw_only=True)
class Holder:
    """Who gets a profile."""

    organ: str
    name: str
    role: Role = Role.AGENCY


def first_law(
    rule_set: str = DEFAULT_RULE_SET, calendar: str = DEFAULT_CALENDAR
) -> tuple[RuleSet, CalendarTable]:
    """The rule set and the calendar with which an axis begins, by names or files.

    Raises:
        RuleSetUnknown, CalendarUnknown: there is none of that name.
        InputError: a file is wrong, or a calendar that was named has ended.
    """
    with PluginHost() as host:
        rules, table = find_rule_set(rule_set, host), find_calendar(calendar)
    if _has_ended(table) and calendar != DEFAULT_CALENDAR:
        found, expected = f"{table.last_year}", f"{_this_year()} or later"
        raise InvalidValue(field="calendar.last_year", found=found, expected=expected)
    return rules, table


def enter_law(admin: AdminPort, law: Sequence[Value]) -> tuple[CalendarTable, ...]:
    """Let the whole axis have these rule sets and calendars, unless it has others of the name.

    Returns:
        Calendars that have ended, and so were left out: no deadline of now can be computed by them.
    """
    ended = tuple(one for one in law if isinstance(one, CalendarTable) and _has_ended(one))
    for value in law:
        if value not in ended:
            admin.put_law(value, expected_version=0)
    return ended


def _has_ended(table: CalendarTable) -> bool:
    return table.last_year < _this_year()


def _this_year() -> int:
    return vietnam_date(utc_now()).year


def create_folder(folder: Path, settings: Settings, hosts: list[str]) -> None:
    """Write settings, authority, server certificate and checkpoint key of a new node.

    A checkpoint key that the settings name elsewhere, as on a token, has to be there already.

    Args:
        folder: must be empty or absent.
        settings: what ``node.toml`` is to say.
        hosts: names and addresses under which the node is reached.

    Raises:
        ConfigInvalid: the folder holds something already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ConfigInvalid(
            file=folder, key="data folder", found="not empty", expected="an empty or new folder"
        )
    keys = folder / "keys"
    keys.mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)
    now = utc_now()
    authority = Authority.create(settings.axis, now)
    write_private(keys / "authority.key", authority.key)
    write_certificate(keys / "authority.pem", authority.certificate)
    for name in (settings.client_authorities, settings.signing_anchors):
        write_certificate(folder / name, authority.certificate)
    server_key = new_key(KeyKind.P256)
    write_private(folder / settings.server_key, server_key)
    write_certificate(
        folder / settings.server_certificate, authority.issue_server(server_key, hosts, now)
    )
    if settings.checkpoint_key == fields(Settings).checkpoint_key.default:
        write_private(keys / "checkpoint.key", new_key(KeyKind.ED25519))
    (folder / FILE_NAME).write_text(dump_settings(settings), "utf-8")


def server_names(settings: Settings, hosts: Sequence[str]) -> list[str]:
    """Names of the server certificate: those given, of the addresses, and the machine's own."""
    addresses = (settings.listen, settings.advertise)
    parts = [address.rpartition(":")[0] for address in addresses if address]
    named = [part.strip("[]") for part in parts if part not in UNSPECIFIED]
    return list(dict.fromkeys([*hosts, *named, "localhost", "127.0.0.1"]))


def renew_server(folder: Path, settings: Settings, hosts: Sequence[str]) -> x509.Certificate:
    """Issue the server's certificate anew, for the key that it has; a running node takes it up.

    Args:
        folder: the data folder.
        settings: where key and certificate are.
        hosts: names and addresses under which the node is reached; none keeps those that it has.

    Raises:
        ConfigInvalid: the key, certificate or authority cannot be read.
    """
    authority = Authority.load(folder / "keys/authority.key", folder / "keys/authority.pem")
    place = folder / settings.server_certificate
    key_file = folder / settings.server_key
    try:
        key = load_pem_private_key(key_file.read_bytes(), None)
        present = x509.load_pem_x509_certificate(place.read_bytes())
        names = server_names(settings, hosts or _names(present))
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound) as error:
        raise ConfigInvalid(
            file=place, key="certificate", found=error, expected="made by 'lienthong-node init'"
        ) from error
    made = authority.issue_server(cast("PrivateKey", key), names, utc_now())
    part = place.with_name(place.name + ".part")
    write_certificate(part, made)
    part.replace(place)
    return made


def _names(certificate: x509.Certificate) -> list[str]:
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return [str(name.value) for name in extension.value]


def issue_profile(
    folder: Path,
    settings: Settings,
    holder: Holder,
    target: Path,
    admin: AdminPort,
    checkpoint_key: VerifierKey,
    *,
    kind: KeyKind = KeyKind.P256,
    days: int = DEFAULT_DAYS,
) -> tuple[str, ...]:
    """Make keys and certificates for an organisation, register them and write a profile folder.

    Returns:
        Fingerprints of the certificates.

    Raises:
        ConfigInvalid: the target exists or the authority cannot be read.
        LienthongError: the node refuses the credential.
    """
    if target.exists():
        raise ConfigInvalid(
            file=target, key="profile folder", found="there already", expected="a new folder"
        )
    authority = Authority.load(folder / "keys/authority.key", folder / "keys/authority.pem")
    part = target.with_name(target.name + ".part")
    part.mkdir(parents=True, mode=0o700)
    try:
        fingerprints = _write_keys(part, authority, holder, admin, kind, days)
        shutil.copyfile(folder / "keys/authority.pem", part / "ca.pem")
        shutil.copyfile(folder / settings.signing_anchors, part / "anchors.pem")
        text = _profile(settings, holder, checkpoint_key)
        (part / PROFILE_FILE).write_text(text, "utf-8")
        part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return fingerprints


def _write_keys(
    part: Path, authority: Authority, holder: Holder, admin: AdminPort, kind: KeyKind, days: int
) -> tuple[str, ...]:
    now: datetime = utc_now()
    uses = (("transport", Use.TRANSPORT, KeyKind.P256), ("signing", Use.SIGNING, kind))
    fingerprints = []
    for name, use, key_kind in uses:
        key = new_key(key_kind)
        certificate = authority.issue_organisation(
            key, holder.organ, holder.name, now, days, transport=use is Use.TRANSPORT
        )
        write_private(part / f"{name}.key", key)
        write_certificate(part / f"{name}.pem", certificate)
        roles = (holder.role,) if use is Use.TRANSPORT else ()
        fingerprints.append(
            admin.register_credential(holder.organ, certificate_der(certificate), use, roles)
        )
    return tuple(fingerprints)


def _profile(settings: Settings, holder: Holder, checkpoint_key: VerifierKey) -> str:
    lines = [
        f"# {holder.name} ({holder.role.value})",
        f'endpoint = "{settings.profile_endpoint}"',
        f'axis = "{settings.axis}"',
        f'organ = "{holder.organ}"',
        f'checkpoint_key = "{checkpoint_key}"',
        'anchors = "anchors.pem"',
        "",
        "[transport]",
        'certificate = "transport.pem"',
        'key = "transport.key"',
        'ca = "ca.pem"',
        "",
        "[signing]",
        'key = "softkey:signing.key?cert=signing.pem"',
    ]
    return "\n".join(lines) + "\n"
