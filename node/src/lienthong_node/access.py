"""Who may call what: one rule for every method; a method without a rule keeps the node down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from google.protobuf.descriptor import FileDescriptor

from lienthong.errors import RoleMissing
from lienthong_node.core.commands import Caller
from lienthong_node.core.credentials import Role
from lienthong_proto.axis.v1 import admin_pb2, directory_pb2, evidence_pb2, exchange_pb2

HEALTH_CHECK: Final = "/grpc.health.v1.Health/Check"

_PARTIES: Final = frozenset({Role.AGENCY, Role.GATEWAY, Role.PEER_AXIS})
_ALL: Final = frozenset(Role)
_OPERATORS: Final = frozenset({Role.OPERATOR})

SERVICES: Final[tuple[FileDescriptor, ...]] = (
    exchange_pb2.DESCRIPTOR,
    directory_pb2.DESCRIPTOR,
    evidence_pb2.DESCRIPTOR,
    admin_pb2.DESCRIPTOR,
)

RULES: Final[Mapping[str, frozenset[Role]]] = MappingProxyType(
    {
        "/lienthong.axis.v1.Exchange/BeginUpload": _PARTIES,
        "/lienthong.axis.v1.Exchange/Upload": _PARTIES,
        "/lienthong.axis.v1.Exchange/Submit": _PARTIES,
        "/lienthong.axis.v1.Exchange/Report": _PARTIES,
        "/lienthong.axis.v1.Exchange/Subscribe": _PARTIES,
        "/lienthong.axis.v1.Exchange/Download": _PARTIES,
        "/lienthong.axis.v1.Exchange/GetPackage": _PARTIES,
        "/lienthong.axis.v1.Exchange/ListDeliveries": _PARTIES,
        "/lienthong.axis.v1.Exchange/GetHistory": _PARTIES,
        "/lienthong.axis.v1.Exchange/RecordCheck": _ALL,
        "/lienthong.axis.v1.Directory/GetOrganisation": _ALL,
        "/lienthong.axis.v1.Directory/ListOrganisations": _ALL,
        "/lienthong.axis.v1.Directory/Changes": _ALL,
        "/lienthong.axis.v1.Directory/Resolve": _ALL,
        "/lienthong.axis.v1.Directory/GetLaw": _ALL,
        "/lienthong.axis.v1.Evidence/GetReceipt": _PARTIES,
        "/lienthong.axis.v1.Evidence/GetCheckpoint": _ALL,
        "/lienthong.axis.v1.Evidence/GetTile": _ALL,
        "/lienthong.axis.v1.Evidence/ProveConsistency": _ALL,
        "/lienthong.axis.v1.Evidence/GetStamp": _ALL,
        "/lienthong.axis.v1.Admin/PutOrganisations": _OPERATORS,
        "/lienthong.axis.v1.Admin/RegisterCredential": _OPERATORS,
        "/lienthong.axis.v1.Admin/RevokeCredential": _OPERATORS,
        "/lienthong.axis.v1.Admin/ListCredentials": _OPERATORS,
        "/lienthong.axis.v1.Admin/GetStatus": _OPERATORS,
        "/lienthong.axis.v1.Admin/Backup": _OPERATORS,
        "/lienthong.axis.v1.Admin/CountDeliveries": _OPERATORS,
        "/lienthong.axis.v1.Admin/PutLaw": _OPERATORS,
        HEALTH_CHECK: _ALL,
        "/grpc.health.v1.Health/Watch": _ALL,
    }
)
"""Roles that may call a method. Which objects a caller may see is decided by the parties of the
journal entry, in ``services.visibility``."""

REFLECTION_RULES: Final[Mapping[str, frozenset[Role]]] = MappingProxyType(
    {
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": _ALL,
    }
)


def methods(files: Iterable[FileDescriptor] = SERVICES) -> tuple[str, ...]:
    """Every method that the wire contract declares."""
    return tuple(
        f"/{service.full_name}/{method.name}"
        for file in files
        for service in file.services_by_name.values()
        for method in service.methods
    )


def check_complete(rules: Mapping[str, frozenset[Role]] = RULES) -> None:
    """Refuse to start while a method has no rule.

    Raises:
        RuntimeError: naming the methods.
    """
    missing = [method for method in methods() if method not in rules]
    if missing:
        raise RuntimeError(f"methods without an access rule: {', '.join(missing)}")


def check_role(method: str, caller: Caller, rules: Mapping[str, frozenset[Role]]) -> None:
    """Check that the caller's credential carries a role that the method needs.

    Raises:
        RoleMissing: it does not, or the method has no rule.
    """
    allowed = {role.value for role in rules.get(method, frozenset())}
    if not allowed & caller.roles:
        raise RoleMissing(method=method, roles=", ".join(sorted(allowed)) or "-")
