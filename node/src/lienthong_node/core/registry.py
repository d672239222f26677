"""Changes of the directory: organisations and credentials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from lienthong.codec import json
from lienthong.errors import CodeTaken, OrganisationUnknown
from lienthong.model.ids import OrganId, Sha256
from lienthong.model.journal import DirectoryRecord
from lienthong.model.organisation import Directory, Organisation
from lienthong.spi.records import CredentialRow, OrganisationRow
from lienthong_node.core.commands import PutCredential, PutOrganisations
from lienthong_node.core.credentials import Credential
from lienthong_node.core.decision import Accepted, Moment
from lienthong_node.core.facts import RegistryFacts


def decide_organisations(
    command: PutOrganisations, facts: RegistryFacts, moment: Moment
) -> Accepted:
    """Enter or change organisations; all or nothing.

    Raises:
        CodeTaken: a code belongs to another organisation.
        OrganisationUnknown: a parent, successor or served body is not in the directory.
    """
    organisations = [
        attrs.evolve(organisation, version=moment.directory_version + position)
        for position, organisation in enumerate(command.organisations, start=1)
    ]
    directory = directory_with(facts.directory, organisations)
    for organisation in organisations:
        _check_codes(organisation, directory)
        _check_references(organisation, directory)
    rows = tuple(
        OrganisationRow(organ_id=str(o.organ_id), version=o.version, body=json.dump(o))
        for o in organisations
    )
    return Accepted(
        body=_record("organisation", organisations[0].organ_id, moment, [r.body for r in rows]),
        subject_id=rows[0].organ_id.encode(),
        parties=tuple(dict.fromkeys(row.organ_id for row in rows)),
        organisations=rows,
    )


def directory_with(directory: Directory, changed: Iterable[Organisation]) -> Directory:
    """The directory after some of its organisations changed or came in.

    Raises:
        CodeTaken: two organisations would answer to one code.
    """
    organisations = {o.organ_id: o for o in directory.organisations}
    organisations |= {o.organ_id: o for o in changed}
    return Directory(tuple(organisations.values()))


def decide_credential(command: PutCredential, facts: RegistryFacts, moment: Moment) -> Accepted:
    """Bind a certificate to an organisation, or end its use.

    Raises:
        OrganisationUnknown: the directory does not know the organisation.
    """
    organisation = facts.directory.resolve(OrganId(command.credential.organ_id))
    organ_id = str(organisation.organ_id)
    credential = attrs.evolve(command.credential, organ_id=organ_id)
    version = moment.directory_version + 1
    body = json.dump(credential)
    return Accepted(
        body=_record("credential", organisation.organ_id, moment, [body]),
        subject_id=organ_id.encode(),
        parties=(organ_id,),
        credential=CredentialRow(
            fingerprint=bytes.fromhex(credential.fingerprint),
            organ_id=organ_id,
            version=version,
            body=body,
        ),
    )


def load_organisation(row: OrganisationRow) -> Organisation:
    return json.load(Organisation, row.body)


def load_credential(row: CredentialRow) -> Credential:
    return json.load(Credential, row.body)


def _check_codes(organisation: Organisation, directory: Directory) -> None:
    for value in (organisation.organ_id, *(code.value for code in organisation.codes)):
        try:
            holder = directory.resolve(value)
        except OrganisationUnknown:
            continue
        if holder.organ_id != organisation.organ_id:
            raise CodeTaken(organ=value, holder=holder.organ_id)


def _check_references(organisation: Organisation, directory: Directory) -> None:
    parent = (organisation.parent,) if organisation.parent else ()
    for other in (*parent, *organisation.successors, *organisation.contact_point_of):
        directory.resolve(other)


def _record(
    subject: str, organ_id: OrganId, moment: Moment, bodies: Sequence[bytes]
) -> DirectoryRecord:
    return DirectoryRecord(
        version=moment.directory_version + len(bodies),
        subject=subject,
        organ_id=organ_id,
        change_sha256=Sha256.of(b"\n".join(bodies)),
    )
