"""``lienthong-node credential``: who may connect and sign."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.errors import ConfigInvalid
from lienthong.model.ids import OrganId
from lienthong.model.time import vietnam_date
from lienthong.pki.expiry import days_left, warning
from lienthong_node.admin_port import administration
from lienthong_node.certificates import KeyKind
from lienthong_node.cli.common import HOST, data_argument, json_option, reporting, show
from lienthong_node.core.credentials import Role, Use
from lienthong_node.opening import utc_now
from lienthong_node.provision import DEFAULT_DAYS, Holder, issue_profile, renew_server
from lienthong_node.settings import load_settings

if TYPE_CHECKING:
    from lienthong_proto.axis.v1 import admin_pb2

ROLES = click.Choice([role.value for role in Role])
ISSUED = (Use.TRANSPORT.value, Use.SIGNING.value)
"""What the certificates of a profile are for, in their order."""


@click.group()
def credential() -> None:
    """Certificates bound to organisations; works while the node runs and while it does not."""


@credential.command()
@data_argument
@click.argument("code")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="New profile folder.")
@click.option("--role", type=ROLES, default=Role.AGENCY.value, show_default=True)
@click.option(
    "--key",
    "kind",
    type=click.Choice([kind.value for kind in KeyKind]),
    default=KeyKind.P256.value,
    show_default=True,
    help="Kind of the signing key; of RSA, rsa3072 for new ones.",
)
@click.option("--days", type=click.IntRange(1, 3650), default=DEFAULT_DAYS, show_default=True)
@json_option
@reporting
def issue(data: Path, code: str, out: Path, role: str, kind: str, days: int, as_json: bool) -> None:
    """Make keys and certificates for the organisation CODE and write its profile folder.

    The folder is what ``lienthong --profile`` and the SDK take. Hand it over safely: it holds
    private keys.

    \b
    Example:
      lienthong-node credential issue /var/lib/truc 000.00.13.H53 --out so-tttt
    """
    settings = load_settings(data)
    with administration(data) as admin:
        organisation = admin.directory().resolve(OrganId(code))
        name = organisation.name_on(vietnam_date(utc_now()))
        holder = Holder(organ=str(organisation.organ_id), name=name, role=Role(role))
        fingerprints = issue_profile(
            data,
            settings,
            holder,
            out,
            admin,
            admin.checkpoint_key,
            kind=KeyKind(kind),
            days=days,
        )
    show(
        {"organ_id": holder.organ, "profile": str(out), "fingerprints": list(fingerprints)},
        f"issued to {holder.organ} {holder.name}: {out}\n"
        + "\n".join(
            f"  {use:<10} {found}" for use, found in zip(ISSUED, fingerprints, strict=True)
        ),
        as_json=as_json,
    )


@credential.command()
@data_argument
@click.argument("code")
@click.argument("certificate", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--use", type=click.Choice([use.value for use in Use]), required=True)
@click.option(
    "--role", "roles", type=ROLES, multiple=True, help="For transport; agency by default; repeat."
)
@json_option
@reporting
def register(
    data: Path, code: str, certificate: Path, use: str, roles: tuple[str, ...], as_json: bool
) -> None:
    """Bind a CERTIFICATE (PEM or DER) of another authority to the organisation CODE.

    Its authority must be in the node's client authorities or signing anchors.

    \b
    Example:
      lienthong-node credential register /var/lib/truc 000.00.13.H53 so-tttt.cer --use signing
    """
    der = _read_certificate(certificate)
    with administration(data) as admin:
        organ = admin.directory().resolve(OrganId(code)).organ_id
        fingerprint = admin.register_credential(
            str(organ), der, Use(use), [Role(role) for role in roles]
        )
    show(
        {"organ_id": str(organ), "fingerprint": fingerprint},
        f"registered {fingerprint} for {organ}",
        as_json=as_json,
    )


@credential.command()
@data_argument
@click.option(
    "--host",
    "hosts",
    type=HOST,
    multiple=True,
    help="Name or address under which clients reach the node; those it has by default; repeat.",
)
@json_option
@reporting
def server(data: Path, hosts: tuple[str, ...], as_json: bool) -> None:
    """Renew the certificate of the server itself; a running node takes it up at once.

    \b
    Example:
      lienthong-node credential server /var/lib/truc --host truc.tayninh.gov.vn
    """
    made = renew_server(data, load_settings(data), hosts)
    until = made.not_valid_after_utc
    show(
        {"not_after": until.isoformat(), "fingerprint": made.fingerprint(SHA256()).hex()},
        f"server certificate renewed until {until:%Y-%m-%d}",
        as_json=as_json,
    )


@credential.command()
@data_argument
@click.argument("fingerprint")
@click.option("--reason", default="", help="Why; kept with the credential.")
@json_option
@reporting
def revoke(data: Path, fingerprint: str, reason: str, as_json: bool) -> None:
    """End the use of the certificate with this FINGERPRINT at once; its open calls are cut.

    \b
    Example:
      lienthong-node credential revoke /var/lib/truc 5f0c… --reason "lost laptop"
    """
    with administration(data) as admin:
        admin.revoke_credential(fingerprint.lower(), reason)
    show({"revoked": fingerprint.lower()}, f"revoked {fingerprint.lower()}", as_json=as_json)


@credential.command(name="list")
@data_argument
@click.argument("code", required=False, default="")
@json_option
@reporting
def list_(data: Path, code: str, as_json: bool) -> None:
    """List credentials, of all organisations or of CODE.

    \b
    Example:
      lienthong-node credential list /var/lib/truc 000.00.13.H53
    """
    with administration(data) as admin:
        organ = admin.directory().resolve(OrganId(code)).organ_id if code else ""
        found = admin.credentials(str(organ))
    now = datetime.now(UTC)
    lines = [
        f"{c.organ_id:<20} {c.use:<10} {','.join(c.roles) or '-':<10} "
        f"until {c.not_after[:10]} {_state(c, now):<16} {c.fingerprint}"
        for c in found
    ]
    lines.append(f"{len(found)} credentials")
    show({"credentials": [_data(c) for c in found]}, "\n".join(lines), as_json=as_json)


def _state(found: admin_pb2.Credential, now: datetime) -> str:
    if found.revoked_at:
        return "revoked"
    ends = datetime.fromisoformat(found.not_after)
    due = warning(ends, now)
    if due is None:
        return "in force"
    return f"ends in {days_left(ends, now)} days" if due else "ended"


def _data(found: admin_pb2.Credential) -> dict[str, Any]:
    return {field.name: _plain(getattr(found, field.name)) for field in found.DESCRIPTOR.fields}


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else list(value)


def _read_certificate(path: Path) -> bytes:
    content = path.read_bytes()
    try:
        if content.lstrip().startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(content).public_bytes(Encoding.DER)
        return x509.load_der_x509_certificate(content).public_bytes(Encoding.DER)
    except ValueError as error:
        raise ConfigInvalid(
            file=path, key="certificate", found=error, expected="an X.509 certificate"
        ) from error
