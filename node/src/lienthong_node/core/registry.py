"""Changes of the directory: organisations and credentials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from lienthong.codec.json import dump, load
from lienthong.errors import CodeTaken, DirectoryChanged, InvalidValue, OrganisationUnknown
from lienthong.model.ids import OrganId, Sha256
from lienthong.model.journal import DirectoryRecord
from lienthong.model.organisation import Directory, Organisation
from lienthong.spi.records import CredentialRow, OrganisationRow
from lienthong_node.core.commands import PutCredential, PutOrganisations
from lienthong_node.core.credentials import Credential
from lienthong_node.core.decision import Accepted, Moment
from lienthong_node.core.facts import RegistryFacts
from lienthong_node.core.law_change import check_named

_LINE: Final = b"\n"


def decide_organisations(
    command: PutOrganisations, facts: RegistryFacts, moment: Moment
) -> Accepted:
    """Enter or change organisations; all or nothing.

    Raises:
        CodeTaken: a code belongs to another organisation.
        DirectoryChanged: an organisation has changed since the directory was read.
        OrganisationUnknown: a parent, successor or served body of any time is not in the directory.
        InvalidValue: a kept rule set names an organisation by what becomes its second code.
    """
    _check_version(command.expected_version, facts.directory)
    organisations = [
        attrs.evolve(organisation, version=moment.directory_version + position)
        for position, organisation in enumerate(command.organisations, start=1)
    ]
    directory = directory_with(facts.directory, organisations)
    for organisation in organisations:
        _check_codes(organisation, directory)
        for other in references(organisation):
            directory.resolve(other)
    check_named(facts.law, facts.directory, directory)
    rows = tuple(
        OrganisationRow(organ_id=str(o.organ_id), version=o.version, body=dump(o))
        for o in organisations
    )
    return Accepted(
        body=_record("organisation", organisations[0].organ_id, moment, [r.body for r in rows]),
        subject_id=rows[0].organ_id.encode(),
        envelope=_LINE.join(row.body for row in rows),
        parties=tuple(dict.fromkeys(row.organ_id for row in rows)),
        organisations=rows,
    )


def newest_version(directory: Directory) -> int:
    """The newest version of any of its organisations; 0 when there are none."""
    return max((organisation.version for organisation in directory.organisations), default=0)


def _check_version(expected: int | None, directory: Directory) -> None:
    found = newest_version(directory) if expected is not None else None
    if found != expected:
        raise DirectoryChanged(found=found, expected=expected)


def directory_with(directory: Directory, changed: Iterable[Organisation]) -> Directory:
    """The directory after some of its organisations changed or came in.

    Raises:
        CodeTaken: two organisations would answer to one code.
    """
    new = {organisation.organ_id: organisation for organisation in changed}
    if not new:
        return directory
    known = {organisation.organ_id: organisation for organisation in directory.organisations}
    return Directory(tuple((known | new).values()))


def decide_credential(command: PutCredential, facts: RegistryFacts, moment: Moment) -> Accepted:
    """Bind a certificate to an organisation, or end its use.

    A certificate is never bound twice, and what was revoked stays so.

    Raises:
        OrganisationUnknown: the directory does not know the organisation.
        InvalidValue: the certificate is bound already.
    """
    organisation = facts.directory.resolve(OrganId(command.credential.organ_id))
    organ_id = str(organisation.organ_id)
    credential = attrs.evolve(command.credential, organ_id=organ_id)
    _check_binding(credential, facts.credentials.by_fingerprint.get(credential.fingerprint))
    version = moment.directory_version + 1
    body = dump(credential)
    return Accepted(
        body=_record("credential", organisation.organ_id, moment, [body]),
        subject_id=organ_id.encode(),
        envelope=body,
        parties=(organ_id,),
        credential=CredentialRow(
            fingerprint=bytes.fromhex(credential.fingerprint),
            organ_id=organ_id,
            version=version,
            body=body,
        ),
    )


def load_organisation(row: OrganisationRow) -> Organisation:
    return load(Organisation, row.body)


def load_credential(row: CredentialRow) -> Credential:
    return load(Credential, row.body)


def _check_codes(organisation: Organisation, directory: Directory) -> None:
    for value in (organisation.organ_id, *(code.value for code in organisation.codes)):
        try:
            holder = directory.resolve(value)
        except OrganisationUnknown:
            continue
        if holder.organ_id != organisation.organ_id:
            raise CodeTaken(organ=value, holder=holder.organ_id)


def references(organisation: Organisation) -> tuple[OrganId, ...]:
    """The organisations that an organisation names; all must be in the directory."""
    parent = (organisation.parent,) if organisation.parent else ()
    links = (*organisation.former_parents, *organisation.acting_for)
    dated = tuple(link.organ_id for link in links)
    return (*parent, *organisation.successors, *organisation.contact_point_of, *dated)


def _check_binding(credential: Credential, known: Credential | None) -> None:
    if known is None:
        return
    ended = attrs.evolve(
        known,
        revoked_at=credential.revoked_at,
        revocation_reason=credential.revocation_reason,
    )
    if known.revoked_at is not None or credential.revoked_at is None or credential != ended:
        revoked = ", revoked" if known.revoked_at else ""
        raise InvalidValue(
            field="certificate",
            found=f"bound to {known.organ_id} for {known.use.value}{revoked}",
            expected="one that is not registered",
        )


def _record(
    subject: str, organ_id: OrganId, moment: Moment, bodies: Sequence[bytes]
) -> DirectoryRecord:
    return DirectoryRecord(
        version=moment.directory_version + len(bodies),
        subject=subject,
        organ_id=organ_id,
        change_sha256=Sha256.of(_LINE.join(bodies)),
    )
