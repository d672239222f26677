"""Between the core and the record store: read facts, write decisions, load the registry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from attrs import field, frozen

from lienthong.codec.signed import load_entry
from lienthong.errors import DataCorrupt, OrganisationUnknown
from lienthong.evidence.tiles import HashReader
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory, Organisation
from lienthong.model.package import PackageKind
from lienthong.model.time import from_us, vietnam_date
from lienthong.spi.records import CheckpointRow, DeliveryRow, JournalRow, PackageRow, StatementRow
from lienthong.spi.storage import ReadView, WriteTransaction
from lienthong_node.core.checks import holder
from lienthong_node.core.commands import (
    RecomputeDeadlines,
    ReportStatus,
    SubmitPackage,
    TellDeadline,
    TellExpiry,
    TellVerified,
)
from lienthong_node.core.credentials import Credentials
from lienthong_node.core.decision import Accepted
from lienthong_node.core.facts import (
    DeadlineFacts,
    ExpiryFacts,
    RegistryFacts,
    ReportFacts,
    SubmitFacts,
    VerificationFacts,
)
from lienthong_node.core.journal import Sealed
from lienthong_node.core.law import Law, load_law
from lienthong_node.core.registry import directory_with, load_credential, load_organisation
from lienthong_node.core.rulings import Rulings

PAGE = 1000


@frozen(kw_only=True)
class Registry:
    """The directory, the credentials and the law as of one directory version."""

    version: int = 0
    directory: Directory = Directory(())
    credentials: Credentials = Credentials(())
    law: Law = Law()
    _rulings: dict[datetime, Rulings] = field(init=False, eq=False, repr=False, factory=dict)

    def rulings(self, now: datetime) -> Rulings:
        """What the law says at an instant; the commands of one batch are given the same."""
        found = self._rulings.get(now)
        if found is None:
            self._rulings.clear()
            found = Rulings(law=self.law, directory=self.directory, now=now)
            self._rulings[now] = found
        return found


@frozen(kw_only=True)
class Recorded:
    """A durable entry: what its receipt is made of."""

    row: JournalRow
    checkpoint: CheckpointRow


def load_registry(view: ReadView, known: Registry) -> Registry:
    """The registry of this view; *known* itself when nothing changed since."""
    version = view.head().directory_version
    if version == known.version:
        return known
    changed: list[Organisation] = []
    since = known.version
    while rows := view.organisations(since, PAGE):
        changed.extend(map(load_organisation, rows))
        since = rows[-1].version
    credentials = dict(known.credentials.by_fingerprint)
    for row in view.credentials(known.version):
        credential = load_credential(row)
        credentials[credential.fingerprint] = credential
    return Registry(
        version=version,
        directory=directory_with(known.directory, changed),
        credentials=Credentials(credentials.values()),
        law=known.law.after(map(load_law, view.laws(known.version))),
    )


def registry_after(registry: Registry, decision: Accepted) -> Registry:
    """The registry after an accepted command."""
    if not decision.directory_changes:
        return registry
    organisations = {o.organ_id: o for o in map(load_organisation, decision.organisations)}
    credentials = dict(registry.credentials.by_fingerprint)
    if decision.credential is not None:
        added = load_credential(decision.credential)
        credentials[added.fingerprint] = added
    return Registry(
        version=registry.version + decision.directory_changes,
        directory=directory_with(registry.directory, organisations.values()),
        credentials=Credentials(credentials.values()),
        law=decision.law_after or registry.law,
    )


def read_recorded(view: ReadView, index: int) -> Recorded:
    """A stored entry with the checkpoint of its batch.

    Raises:
        DataCorrupt: the store does not have what it has acknowledged.
    """
    rows = view.journal(index, 1)
    if not rows:
        raise DataCorrupt(what=f"journal entry {index}")
    return Recorded(row=rows[0], checkpoint=checkpoint_of(view, rows[0]))


def checkpoint_of(view: ReadView, row: JournalRow) -> CheckpointRow:
    """The checkpoint of an entry's batch.

    Raises:
        DataCorrupt: it is missing.
    """
    checkpoint = view.checkpoint(row.checkpoint_size)
    if checkpoint is None:
        raise DataCorrupt(what=f"the checkpoint of size {row.checkpoint_size}")
    return checkpoint


def registry_facts(registry: Registry) -> RegistryFacts:
    return RegistryFacts(
        directory=registry.directory, credentials=registry.credentials, law=registry.law
    )


def submit_facts(
    view: ReadView, command: SubmitPackage, registry: Registry, now: datetime
) -> SubmitFacts:
    """What is known about a package, at an instant."""
    manifest, directory = command.manifest, registry.directory
    target = manifest.target.bytes if manifest.target else b""
    owners = {command.caller.organ, _canonical(directory, manifest.sender)}
    existing = view.package(manifest.package_id.bytes)
    return SubmitFacts(
        directory=directory,
        credentials=registry.credentials,
        existing=existing,
        existing_on=_recorded_on(view, existing),
        possessions=_possessions(view, owners, command),
        target=view.package(target) if target else None,
        target_deliveries={row.recipient: row for row in view.deliveries(target)} if target else {},
        rulings=registry.rulings(now),
    )


def report_facts(
    view: ReadView, command: ReportStatus, registry: Registry, now: datetime
) -> ReportFacts:
    """What is known about a report, at an instant."""
    statement, directory = command.statement, registry.directory
    package_id = statement.package_id.bytes
    recipient, delivery = _delivery(view, package_id, statement.recipient, directory, now)
    existing = view.statement(statement.statement_id.bytes)
    package = view.package(package_id)
    replaced = None
    if package is not None and package.kind == PackageKind.REPLACE.value:
        replaced = view.delivery(package.target_package_id, recipient)
    return ReportFacts(
        directory=directory,
        credentials=registry.credentials,
        existing=existing,
        existing_on=_recorded_on(view, existing),
        package=package,
        delivery=delivery,
        earlier=tuple(view.statements(package_id, recipient)) if delivery else (),
        replaced=replaced,
        rulings=registry.rulings(now),
    )


def deadline_facts(
    view: ReadView, command: TellDeadline | RecomputeDeadlines, registry: Registry
) -> DeadlineFacts:
    return DeadlineFacts(
        directory=registry.directory,
        law=registry.law,
        delivery=view.delivery(command.package_id, command.recipient),
    )


def verification_facts(
    view: ReadView, command: TellVerified, registry: Registry, now: datetime
) -> VerificationFacts:
    return VerificationFacts(
        directory=registry.directory,
        delivery=view.delivery(command.package_id, command.recipient),
        rulings=registry.rulings(now),
    )


def expiry_facts(view: ReadView, command: TellExpiry, registry: Registry) -> ExpiryFacts:
    rows = view.journal_of(bytes.fromhex(command.fingerprint))
    return ExpiryFacts(
        directory=registry.directory,
        credentials=registry.credentials,
        told=load_entry(rows[-1].entry) if rows else None,
    )


def running(view: ReadView, organ_id: str, *, incoming: bool) -> int:
    """How many deliveries to or from an organisation have not ended."""
    states = [state.value for state in DeliveryState if not state.final]
    count, before = 0, None
    while rows := view.list_deliveries(
        organ_id, incoming=incoming, states=states, before=before, limit=PAGE
    ):
        count += len(rows)
        before = rows[-1].updated_index, rows[-1].package_id, rows[-1].recipient
    return count


def write_rows(tx: WriteTransaction, decision: Accepted) -> None:
    """Write what one accepted command changes, so that later ones of the batch see it."""
    if decision.package is not None:
        tx.add_package(decision.package)
        _keep_uploads(tx, decision.package, decision.contents)
    if decision.contents:
        tx.add_contents(decision.contents)
    if decision.deliveries:
        tx.put_deliveries(decision.deliveries)
    if decision.statement is not None:
        tx.add_statement(decision.statement)
    for row in decision.organisations:
        tx.put_organisation(row)
    if decision.credential is not None:
        tx.put_credential(decision.credential)
    if decision.law is not None:
        tx.put_law(decision.law)


def _keep_uploads(
    tx: WriteTransaction, package: PackageRow, contents: Sequence[tuple[bytes, bytes]]
) -> None:
    """From now on a package names the files: they are the sender's, and are never forgotten."""
    came_along = {sha256 for sha256, _ in contents}
    for file in package.files:
        if file.sha256 not in came_along:
            tx.add_possession(package.sender, file.sha256, file.size)


def write_sealed(tx: WriteTransaction, sealed: Sealed) -> None:
    """Write the journal part of a batch."""
    tx.add_journal(sealed.rows)
    tx.add_checkpoint(sealed.checkpoint)
    if sealed.tiles:
        tx.add_tiles(sealed.tiles)
    tx.set_head(sealed.head)


def hash_reader(view: ReadView) -> HashReader:
    """Reads tile hashes: leaf hashes at level 0, roots of full tiles above."""

    def read(level: int, start: int, count: int) -> Sequence[bytes]:
        if level == 0:
            return view.leaf_hashes(start, count)
        return view.tile_roots(level - 1, start, count)

    return read


def _canonical(directory: Directory, organ: OrganId) -> str:
    try:
        return str(directory.resolve(organ).organ_id)
    except OrganisationUnknown:
        return str(organ)


def _delivery(
    view: ReadView, package_id: bytes, organ: OrganId, directory: Directory, now: datetime
) -> tuple[str, DeliveryRow | None]:
    """Canonical code of who has the delivery to an organisation, and it; see ``checks.holder``."""
    canonical = _canonical(directory, organ)
    delivery = view.delivery(package_id, canonical)
    if organ not in directory or delivery is not None:
        return canonical, delivery
    deliveries = {row.recipient: row for row in view.deliveries(package_id)}
    found = holder(organ, deliveries, directory, vietnam_date(now))
    return found, deliveries.get(found)


def _recorded_on(view: ReadView, existing: PackageRow | StatementRow | None) -> date | None:
    """The day in Vietnam on which something was recorded before."""
    rows = view.journal(existing.index, 1) if existing is not None else ()
    return vietnam_date(from_us(rows[0].recorded_us)) if rows else None


def _possessions(view: ReadView, owners: set[str], command: SubmitPackage) -> dict[bytes, int]:
    """Sizes of the package's files that came with it or were uploaded before, by SHA-256."""
    found = {sha256: len(content) for sha256, content in command.contents}
    for file in command.manifest.files:
        for owner in owners:
            if file.sha256.bytes not in found:
                size = view.possession(owner, file.sha256.bytes)
                found |= {} if size is None else {file.sha256.bytes: size}
    return found
