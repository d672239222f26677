"""Manifests: the bytes that a sender signs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lienthong.codec.documents import read_document, write_document
from lienthong.codec.scalars import (
    bound,
    read_instant,
    read_maybe_package_id,
    read_number,
    read_organ,
    read_package_id,
    read_sha256,
    read_word,
    read_word_or,
    words,
    write_instant,
)
from lienthong.codec.strict import parse
from lienthong.errors import MissingField, TooLarge
from lienthong.model.package import (
    MAX_FILES,
    MAX_RECIPIENTS,
    FileEntry,
    Manifest,
    PackageKind,
    Recipient,
)
from lienthong.model.signing import MAX_PAYLOAD_BYTES
from lienthong.model.words import AttachmentKind, FileRole, RecipientRole
from lienthong_proto.axis.v1 import package_pb2

KIND_NUMBERS: Final[Mapping[PackageKind, package_pb2.PackageKind.ValueType]] = {
    kind: package_pb2.PackageKind.Value(f"PACKAGE_KIND_{kind.value}") for kind in PackageKind
}
KINDS: Final[Mapping[int, PackageKind]] = {number: kind for kind, number in KIND_NUMBERS.items()}
_ROLE_NUMBERS: Final[Mapping[RecipientRole, package_pb2.RecipientRole.ValueType]] = {
    role: package_pb2.RecipientRole.Value(f"RECIPIENT_ROLE_{role.value}") for role in RecipientRole
}
_ROLES: Final[Mapping[int, RecipientRole]] = {
    number: role for role, number in _ROLE_NUMBERS.items()
}
_FILE_ROLES: Final = words(FileRole)
_ATTACHMENT_KINDS: Final = words(AttachmentKind)


def dump_manifest(value: Manifest) -> bytes:
    """The bytes to sign; made once, by the sender.

    Raises:
        TooLarge: they exceed 1 MiB.
    """
    message = package_pb2.Manifest(
        package_id=value.package_id.value,
        kind=KIND_NUMBERS[value.kind],
        audience=value.audience,
        sender=value.sender.value,
        recipients=[
            package_pb2.Recipient(
                organ_id=item.organ_id.value,
                organ_name=item.organ_name,
                role=_ROLE_NUMBERS[item.role],
            )
            for item in value.recipients
        ],
        document=write_document(value.document),
        files=[_write_file(item) for item in value.files],
        created_at=write_instant(value.created_at),
        target_package_id=b"" if value.target is None else value.target.value,
        reason=value.reason,
    )
    data = message.SerializeToString(deterministic=True)
    if len(data) > MAX_PAYLOAD_BYTES:
        limit = f"{MAX_PAYLOAD_BYTES} bytes"
        raise TooLarge(what="manifest", found=f"{len(data)} bytes", limit=limit)
    return data


def load_manifest(data: bytes) -> Manifest:
    """The manifest of signed bytes.

    Raises:
        Malformed: the bytes are no manifest.
        UnknownField: they hold a field that this version does not know.
        TooLarge: they, or a list in them, exceed their limit.
        StateSecret: the document is marked as a state secret.
        InputError: a field is missing or breaks its definition.
    """
    message = parse(package_pb2.Manifest, data, what="manifest", limit=MAX_PAYLOAD_BYTES)
    bound(message.recipients, most=MAX_RECIPIENTS, field="Manifest.recipients")
    bound(message.files, most=MAX_FILES, field="Manifest.files")
    for name in ("document", "created_at"):
        if not message.HasField(name):
            raise MissingField(field=f"Manifest.{name}", clause="QĐ 52/2019 Đ7.2")
    return Manifest(
        package_id=read_package_id(message.package_id, field="Manifest.package_id"),
        kind=read_number(KINDS, message.kind, field="Manifest.kind"),
        audience=message.audience,
        sender=read_organ(message.sender, field="Manifest.sender"),
        recipients=tuple([_read_recipient(item) for item in message.recipients]),
        document=read_document(message.document),
        files=tuple([_read_file(item) for item in message.files]),
        created_at=read_instant(message.created_at, field="Manifest.created_at"),
        target=read_maybe_package_id(message.target_package_id),
        reason=message.reason,
    )


def _read_recipient(message: package_pb2.Recipient) -> Recipient:
    return Recipient(
        organ_id=read_organ(message.organ_id, field="Recipient.organ_id"),
        organ_name=message.organ_name,
        role=read_number(_ROLES, message.role, field="Recipient.role"),
    )


def _write_file(value: FileEntry) -> package_pb2.File:
    return package_pb2.File(
        name=value.name,
        media_type=value.media_type,
        size=value.size,
        sha256=value.sha256.value,
        role=value.role.value,
        attachment_kind=value.attachment_kind.value,
        page_amount=value.page_amount,
    )


def _read_file(message: package_pb2.File) -> FileEntry:
    return FileEntry(
        name=message.name,
        media_type=message.media_type,
        size=message.size,
        sha256=read_sha256(message.sha256, field="FileEntry.sha256"),
        role=read_word(_FILE_ROLES, message.role, field="FileEntry.role"),
        attachment_kind=read_word_or(
            _ATTACHMENT_KINDS,
            message.attachment_kind,
            AttachmentKind.NORMAL,
            field="FileEntry.attachment_kind",
        ),
        page_amount=message.page_amount,
    )
