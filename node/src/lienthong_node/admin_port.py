"""What operator commands ask of the axis: a running node over gRPC, a stopped one directly."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import attrs
import grpc

from lienthong.client.connection import load_credentials
from lienthong.client.faults import from_rpc
from lienthong.client.profile import Profile
from lienthong.errors import DataDirectoryInUse, LienthongError, NotFound
from lienthong.evidence.note import VerifierKey
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory, Organisation
from lienthong.model.time import vietnam_date
from lienthong_node import wire
from lienthong_node.backup import write_backup
from lienthong_node.committer import Committer
from lienthong_node.core.commands import (
    Caller,
    Command,
    PutCredential,
    PutLaw,
    PutOrganisations,
)
from lienthong_node.core.credentials import Role, Use
from lienthong_node.core.law import Law, Value
from lienthong_node.core.law_change import LawChange, entered
from lienthong_node.core.registry import newest_version, references
from lienthong_node.opening import Opened, open_folder, utc_now
from lienthong_node.security_log import Deed, Event, binding, change, entering
from lienthong_node.settings import load_settings
from lienthong_node.stores import running
from lienthong_node.time_watch import TimeWatch
from lienthong_proto.axis.v1 import (
    admin_pb2,
    admin_pb2_grpc,
    directory_pb2,
    directory_pb2_grpc,
)

A = TypeVar("A")

OPERATOR_PROFILE: Final = "operator"
TIMEOUT_S: Final = 30.0
BATCH: Final = 5_000
"""Organisations in one command: that many change together, or none."""


@attrs.frozen(kw_only=True)
class Running:
    """How many deliveries to and from an organisation have not ended."""

    incoming: int
    outgoing: int


class AdminPort(ABC):
    """Administration of one axis."""

    checkpoint_key: VerifierKey

    @abstractmethod
    def directory(self) -> Directory: ...

    @abstractmethod
    def put_organisations(
        self, organisations: Sequence[Organisation], known: Directory | None = None
    ) -> int:
        """Enter or change organisations; returns the directory version.

        Args:
            organisations: as they are afterwards; more than ``BATCH`` in several commands.
            known: the directory that the change was made from, when it must still be that one as
                the first command is carried out.

        Raises:
            DirectoryChanged: an organisation has changed since *known* was read.
        """

    @abstractmethod
    def register_credential(
        self, organ: str, certificate: bytes, use: Use, roles: Sequence[Role]
    ) -> str:
        """Bind a certificate (DER); returns its fingerprint."""

    @abstractmethod
    def revoke_credential(self, fingerprint: str, reason: str) -> None: ...

    @abstractmethod
    def credentials(self, organ: str = "") -> list[admin_pb2.Credential]:
        """All credentials, or those of one organisation, revoked ones included."""

    @abstractmethod
    def running_deliveries(self, organs: Sequence[OrganId]) -> Mapping[OrganId, Running]:
        """How many deliveries of organisations are under way; by canonical codes."""

    @abstractmethod
    def law(self) -> Law:
        """The rule sets and calendars that the axis keeps."""

    @abstractmethod
    def put_law(self, value: Value, organ: str = "", expected_version: int | None = None) -> int:
        """Enter or change a rule set or a calendar; what is kept already leaves no trace.

        Args:
            value: the rule set, or the calendar.
            organ: whose it is, with all that is under it; empty for the whole axis.
            expected_version: the version that the change was made from, 0 for none.

        Returns:
            Its version now.

        Raises:
            LawChanged: it is not at the expected version.
            InputError: it does not fit the rest of the law.
        """

    @abstractmethod
    def backup(self, name: str) -> Iterator[tuple[int, Path | None]]:
        """Write a backup; yields the number of files so far, and the folder when it is done."""


def batches(organisations: Sequence[Organisation], size: int) -> list[tuple[Organisation, ...]]:
    """Cut organisations into commands so that each stands behind those that it refers to.

    Where they refer to each other in a circle, the first that is named stands in front.
    """
    by_code = {code: o for o in organisations for code in o.all_codes()}
    ordered: list[Organisation] = []
    entered: set[OrganId] = set()
    waiting = [(o, False) for o in reversed(organisations)]
    while waiting:
        organisation, ready = waiting.pop()
        if ready:
            ordered.append(organisation)
        elif organisation.organ_id not in entered:
            entered.add(organisation.organ_id)
            waiting.append((organisation, True))
            waiting.extend((by_code[c], False) for c in references(organisation) if c in by_code)
    return [tuple(ordered[start : start + size]) for start in range(0, len(ordered), size)]


@contextmanager
def administration(folder: Path) -> Iterator[AdminPort]:
    """Administer the node of a data folder, whether it is running or not.

    Raises:
        ConfigInvalid: this is no data folder, or it has no operator profile.
    """
    try:
        opened = open_folder(folder)
    except DataDirectoryInUse:
        with _remote(folder) as port:
            yield port
        return
    with ExitStack() as closing:
        closing.callback(opened.close)
        times = TimeWatch.open(opened.settings.time_sources, opened.host, utc_now)
        if times is not None:
            closing.callback(times.close)
        # The sources are asked when something is signed, not by those who only look.
        committer = opened.committer(clock=times.read if times else utc_now)
        committer.start()
        closing.callback(committer.stop)
        yield LocalAdmin(opened, committer)


class LocalAdmin(AdminPort):
    """Works on the stores of a node that is not running."""

    def __init__(self, opened: Opened, committer: Committer) -> None:
        self._opened = opened
        self._committer = committer
        self._caller = Caller(
            organ="operator", roles=frozenset({Role.OPERATOR.value}), fingerprint=b""
        )
        self.checkpoint_key = opened.checkpoint_key

    def directory(self) -> Directory:
        return self._committer.registry.directory

    def put_organisations(
        self, organisations: Sequence[Organisation], known: Directory | None = None
    ) -> int:
        expected = newest_version(known) if known is not None else None
        for batch in batches(organisations, BATCH):
            command = PutOrganisations(
                caller=self._caller, organisations=batch, expected_version=expected
            )
            with self._seen(Event.DIRECTORY_CHANGED, change(batch)):
                self._commit(command)
            expected = None
        return self._committer.registry.version

    def register_credential(
        self, organ: str, certificate: bytes, use: Use, roles: Sequence[Role]
    ) -> str:
        credential = wire.credential_of(certificate, organ, use, tuple(roles), utc_now())
        with self._seen(Event.CREDENTIAL_REGISTERED, binding(credential)):
            self._commit(PutCredential(caller=self._caller, credential=credential))
        return credential.fingerprint

    def revoke_credential(self, fingerprint: str, reason: str) -> None:
        known = self._committer.registry.credentials.by_fingerprint.get(fingerprint)
        if known is None:
            raise NotFound(what=f"credential {fingerprint}")
        if known.revoked_at is not None:
            return
        revoked = attrs.evolve(known, revoked_at=utc_now(), revocation_reason=reason)
        with self._seen(Event.CREDENTIAL_REVOKED, binding(revoked)):
            self._commit(PutCredential(caller=self._caller, credential=revoked))

    def credentials(self, organ: str = "") -> list[admin_pb2.Credential]:
        known = self._committer.registry.credentials.by_fingerprint.values()
        found = [wire.credential(c) for c in known if not organ or c.organ_id == organ.upper()]
        return sorted(found, key=lambda credential: (credential.organ_id, credential.use))

    def running_deliveries(self, organs: Sequence[OrganId]) -> Mapping[OrganId, Running]:
        with self._opened.store.read() as view:
            return {
                organ: Running(
                    incoming=running(view, str(organ), incoming=True),
                    outgoing=running(view, str(organ), incoming=False),
                )
                for organ in organs
            }

    def law(self) -> Law:
        return self._committer.registry.law

    def put_law(self, value: Value, organ: str = "", expected_version: int | None = None) -> int:
        directory = self.directory()
        wanted = entered(organ, value, directory)
        change = LawChange(
            wanted=wanted, before=self.law(), directory=directory, today=vietnam_date(utc_now())
        )
        if change.known is not None and not change.is_new:
            return change.known.version
        command = PutLaw(
            caller=attrs.evolve(self._caller, organ=self._operator()),
            organ_id=wanted.organ_id,
            value=wanted.value,
            expected_version=expected_version,
        )
        with self._seen(Event.LAW_CHANGED, entering(wanted)):
            self._commit(command)
        return self.law().kept[wanted.key].version

    def _operator(self) -> str:
        """Canonical code of an organisation that operates the axis: what it enters is its deed.

        Raises:
            NotFound: none has a certificate for that which is in force.
        """
        known, now = self._committer.registry.credentials.by_fingerprint.values(), utc_now()
        found = sorted(
            one.organ_id for one in known if Role.OPERATOR in one.roles and one.is_usable(now)
        )
        if not found:
            raise NotFound(what="an organisation with the role operator")
        return found[0]

    def backup(self, name: str) -> Iterator[tuple[int, Path | None]]:
        opened = self._opened
        target = opened.folder / "backups" / name
        files = 0
        steps = write_backup(opened.folder, opened.store, opened.blobs, opened.host, target)
        with self._seen(Event.BACKUP, name):
            for step in steps:
                files = step.files
                yield files, None
        yield files, target

    def _seen(self, event: Event, what: str) -> AbstractContextManager[None]:
        """Nothing of rights changes unseen, also while the node does not run."""
        return self._opened.security.privileged(
            Deed(event=event, who=self._caller.organ, what=what)
        )

    def _commit(self, command: Command) -> None:
        [outcome] = self._committer.submit([command]).result()
        if isinstance(outcome, LienthongError):
            raise outcome


class RemoteAdmin(AdminPort):
    """Asks the running node, with the operator's profile."""

    def __init__(self, channel: grpc.Channel, profile: Profile) -> None:
        self._admin = admin_pb2_grpc.AdminStub(channel)
        self._directory = directory_pb2_grpc.DirectoryStub(channel)
        self._endpoint = profile.endpoint
        self.checkpoint_key = profile.checkpoint_key

    def directory(self) -> Directory:
        found: dict[str, Organisation] = {}
        version, more = 0, True
        while more:
            request = directory_pb2.ChangesRequest(since_version=version, page_size=wire.MAX_PAGE)
            page = self._ask(self._directory.Changes, request)
            for one in page.organisations:
                found[one.organ_id] = attrs.evolve(wire.organisation_from(one), version=one.version)
            version, more = page.version, page.more
        return Directory(tuple(found.values()))

    def put_organisations(
        self, organisations: Sequence[Organisation], known: Directory | None = None
    ) -> int:
        version, today = 0, vietnam_date(utc_now())
        expected = newest_version(known) if known is not None else None
        for batch in batches(organisations, BATCH):
            messages = [wire.organisation(o, today) for o in batch]
            request = admin_pb2.PutOrganisationsRequest(
                organisations=messages, expected_version=expected
            )
            version = self._ask(self._admin.PutOrganisations, request).version
            expected = None
        return version

    def register_credential(
        self, organ: str, certificate: bytes, use: Use, roles: Sequence[Role]
    ) -> str:
        request = admin_pb2.RegisterCredentialRequest(
            organ_id=organ,
            certificate_der=certificate,
            use=use.value,
            roles=[role.value for role in roles],
        )
        return self._ask(self._admin.RegisterCredential, request).credential.fingerprint

    def revoke_credential(self, fingerprint: str, reason: str) -> None:
        request = admin_pb2.RevokeCredentialRequest(fingerprint=fingerprint, reason=reason)
        self._ask(self._admin.RevokeCredential, request)

    def credentials(self, organ: str = "") -> list[admin_pb2.Credential]:
        request = admin_pb2.ListCredentialsRequest(organ_id=organ, include_revoked=True)
        return list(self._ask(self._admin.ListCredentials, request).credentials)

    def running_deliveries(self, organs: Sequence[OrganId]) -> Mapping[OrganId, Running]:
        found: dict[OrganId, Running] = {}
        for start in range(0, len(organs), wire.MAX_PAGE):
            asked = [str(organ) for organ in organs[start : start + wire.MAX_PAGE]]
            request = admin_pb2.CountDeliveriesRequest(organ_ids=asked)
            for one in self._ask(self._admin.CountDeliveries, request).counts:
                found[OrganId(one.organ_id)] = Running(incoming=one.incoming, outgoing=one.outgoing)
        return found

    def law(self) -> Law:
        answer = self._ask(self._directory.GetLaw, directory_pb2.GetLawRequest())
        return Law().after(map(wire.law_from, answer.laws))

    def put_law(self, value: Value, organ: str = "", expected_version: int | None = None) -> int:
        message = wire.law(entered(organ, value, self.directory()))
        request = admin_pb2.PutLawRequest(law=message, expected_version=expected_version)
        return self._ask(self._admin.PutLaw, request).version

    def backup(self, name: str) -> Iterator[tuple[int, Path | None]]:
        with self._translating("Backup"):
            for step in self._admin.Backup(admin_pb2.BackupRequest(name=name)):
                yield step.files, Path(step.path) if step.path else None

    def status(self) -> admin_pb2.GetStatusResponse:
        return self._ask(self._admin.GetStatus, admin_pb2.GetStatusRequest())

    def _ask(self, method: Callable[..., A], request: Any) -> A:
        with self._translating(type(request).__name__.removesuffix("Request")):
            return method(request, timeout=TIMEOUT_S)

    @contextmanager
    def _translating(self, call: str) -> Iterator[None]:
        try:
            yield
        except grpc.RpcError as error:
            # The synchronous error has the same methods as the asynchronous one.
            failed = cast("grpc.aio.AioRpcError", error)
            raise from_rpc(failed, endpoint=self._endpoint, call=call) from error


@contextmanager
def _remote(folder: Path) -> Iterator[RemoteAdmin]:
    load_settings(folder)
    profile = Profile.load(folder / OPERATOR_PROFILE)
    with grpc.secure_channel(profile.endpoint, load_credentials(profile.transport)) as channel:
        yield RemoteAdmin(channel, profile)
