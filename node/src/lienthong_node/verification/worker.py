"""Verifying what arrives for recipients whose rule set wants that of the axis (QĐ 52/2019 Đ8.1).

A package is verified once for all its recipients. What was found is kept, durably, before it is
told; it is told where it changes what the document is worth. What cannot be decided yet is judged
anew after a pause, or when the trust folder says something else. One package that fails holds up
nothing but itself.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from datetime import date, datetime
from typing import Final

from attrs import define, evolve, field, frozen

from lienthong import __version__
from lienthong.client.examining import FileExaminer
from lienthong.client.filereports import Examination, ReportFolder
from lienthong.codec.signed import load_entry, load_envelope, load_manifest
from lienthong.errors import DataCorrupt, LienthongError
from lienthong.model.file_signature import LegalValue, SignaturesFound
from lienthong.model.ids import PackageId
from lienthong.model.journal import VerificationRecord
from lienthong.model.package import Manifest
from lienthong.model.time import from_us, to_us, vietnam_date
from lienthong.rules.legal_facts import Facts
from lienthong.rules.legal_value import judge
from lienthong.rules.ruleset import RuleSet
from lienthong.spi.records import DeliveryRow, JournalRow
from lienthong.spi.storage import BlobStore, ReadView, RecordStore
from lienthong.spi.verifier import FileCheck, Outcome
from lienthong_node.committer import Committer
from lienthong_node.committer import Outcome as Answer
from lienthong_node.core.commands import AXIS, TellVerified
from lienthong_node.core.law import Law
from lienthong_node.core.rulings import Rulings, is_unjudged
from lienthong_node.stores import Registry, load_registry
from lienthong_node.verification.contents import open_files, small_files
from lienthong_node.verification.status_watch import StatusWatch
from lienthong_node.verification.worklist import Waiting, Worklist

log = logging.getLogger(__name__)

CHECKER: Final = f"lienthong-node {__version__}"
_PAGE: Final = 500
_SHARE: Final = 64
"""Commands that wait at once: at most a quarter of a batch, so that requests go on."""

_LOST: Final = "validator"
"""The check of a report that failed because its verifier did."""


def is_wanted(law: Law) -> bool:
    """Whether some rule set wants that the axis verifies."""
    values = (kept.value for kept in law.kept.values())
    return any(isinstance(one, RuleSet) and one.signatures.verified_by_axis for one in values)


def _rules_version(law: Law) -> int:
    """Directory version of the rule set that was entered last; 0 while there is none."""
    kept = law.kept.values()
    return max((one.version for one in kept if isinstance(one.value, RuleSet)), default=0)


@frozen(kw_only=True)
class Standing:
    """How verifying stands."""

    wanted: bool = False
    waiting: int = 0
    verified: int = 0
    failed: int = 0
    failing: str = ""
    """Why nothing can be verified, or why the last try failed."""


@frozen(kw_only=True)
class _Task:
    """A package with what is known before its files are read."""

    manifest: Manifest
    registry: Registry
    rows: tuple[DeliveryRow, ...]
    """Deliveries that nobody has judged, whose recipients want it of the axis."""


@define(eq=False, kw_only=True)
class FileVerification:
    """Takes from the journal what is to be verified, and does it; no thread of its own."""

    store: RecordStore
    blobs: BlobStore
    committer: Committer
    worklist: Worklist
    examiner: FileExaminer | None
    """None where the node has no trust folder."""

    status: StatusWatch | None
    missing: Callable[[], str]
    """Why nothing can be verified now; empty where it can."""

    fetch_soon: Callable[[], None] = lambda: None
    """Called when status was missing."""

    answered: Callable[[Future[list[Answer]]], list[Answer]] = Future.result
    """Waits for the committer; one that is not started is driven by it."""

    stopping: Callable[[], bool] = lambda: False
    told: Counter[str] = field(factory=Counter, init=False)
    """How often which worth was told since somebody took this away."""

    standing: Standing = field(default=Standing(), init=False)
    """As of the last step; a whole value, for whoever shows it."""

    _verified: int = field(default=0, init=False)
    _failed: int = field(default=0, init=False)
    _failing: str = field(default="", init=False)

    def step(self, now: datetime) -> bool:
        """Take in what is new, and verify one package; whether there was one.

        It never raises: why nothing can be done is told by ``standing``, and in the log.
        """
        try:
            return self._step(now)
        except Exception as error:
            # A store or a disk that fails now may be there again the next time.
            reason = str(error) or type(error).__name__
            if reason != self.standing.failing:
                log.warning("files are not verified: %s", reason, exc_info=error)
            self.standing = evolve(self.standing, wanted=True, failing=reason)
            return False

    def _step(self, now: datetime) -> bool:
        wanted, done = is_wanted(self.committer.registry.law), False
        if wanted:
            self._follow(now)
        waiting = self.worklist.count()
        reason = (self.missing() or self.committer.failing) if wanted or waiting else ""
        if reason and reason != self.standing.failing:
            log.warning("files are not verified, though a rule set wants it: %s", reason)
        if waiting and not reason:
            if self.status is not None and self.status.changed():
                self.worklist.wake(to_us(now))
            done = self._turn(now)
            waiting = self.worklist.count()
        self.standing = Standing(
            wanted=wanted or bool(waiting),
            waiting=waiting,
            verified=self._verified,
            failed=self._failed,
            failing=reason or self._failing,
        )
        return done

    def stop(self) -> None:
        """Let a step that is under way end soon; its package waits for the next start."""
        if self.examiner is not None:
            self.examiner.close()

    def close(self) -> None:
        """Close the list, once no step is under way."""
        self.worklist.close()

    def _follow(self, now: datetime) -> None:
        """Read the journal on, up to a page with something to verify.

        When rule sets have changed it is read anew: they may be in force since an earlier day. So
        it is where the journal is shorter than what was read, as after an older one was restored.
        """
        while not self.stopping():
            with self.store.read() as view:
                registry = load_registry(view, self.committer.registry)
                law = _rules_version(registry.law)
                if law != self.worklist.law or self.worklist.place > view.head().size:
                    self.worklist.read_anew(law)
                rows = view.journal(self.worklist.place, _PAGE)
                found = [row.package_id for row in rows if _is_wanted(view, row, registry)]
            if rows:
                self.worklist.take(found, rows[-1].index + 1, to_us(now))
            if found or len(rows) < _PAGE:
                return

    def _turn(self, now: datetime) -> bool:
        waiting = self.worklist.next(to_us(now))
        if waiting is None:
            return False
        self._failing = ""
        try:
            undecided = self._verify(waiting, now)
        except LienthongError as error:
            self._fail(waiting, str(error))
            undecided = True
        except Exception as error:  # noqa: BLE001 - whatever a plugin does, the others go on
            self._fail(waiting, type(error).__name__, error)
            undecided = True
        if not undecided:
            self.worklist.drop(waiting.package_id)
        elif not self.worklist.put_off(waiting, to_us(now)):
            log.warning("%s is given up: it could not be decided", PackageId(waiting.package_id))
        return True

    def _fail(self, waiting: Waiting, reason: str, unforeseen: Exception | None = None) -> None:
        self._failed += 1
        self._failing = reason
        name = PackageId(waiting.package_id)
        log.warning("%s waits, verifying failed: %s", name, reason, exc_info=unforeseen)

    def _verify(self, waiting: Waiting, now: datetime) -> bool:
        """Verify a package and tell what was found; whether it could not be decided yet."""
        name = PackageId(waiting.package_id)
        with self.store.read() as view:
            task = self._task(view, waiting.package_id)
            if not task.rows or self.examiner is None:
                return False
            small = small_files(view, task.manifest.files)
        contents = open_files(self.blobs, task.manifest.files, small)
        examined = self.examiner.judge(task.manifest, contents)
        self._verified += 1
        if examined.found is None:
            log.info("%s is not judged: no verifier reads its document", name)
            return False
        self._tell(self.examiner.reports, task, examined.found, examined.examination, now)
        if judge(Facts.of(examined.found)).value is not LegalValue.PENDING_CHECK:
            return False
        self.fetch_soon()
        undecided = _undecided(examined.examination)
        if lost := [check.reason for check in undecided if check.name == _LOST]:
            self._fail(waiting, lost[0])
        else:
            log.info("%s waits: %s", name, undecided[0].reason if undecided else "not all is known")
        return True

    def _task(self, view: ReadView, package_id: bytes) -> _Task:
        registry = load_registry(view, self.committer.registry)
        package = view.package(package_id)
        entries = view.journal(package.index, 1) if package is not None else ()
        if not entries:
            raise DataCorrupt(what=f"the package {package_id.hex()} is missing")
        on = _day(entries[0])
        return _Task(
            manifest=load_manifest(load_envelope(entries[0].envelope).payload),
            registry=registry,
            rows=tuple(_open_rows(view, package_id, registry, on)),
        )

    def _tell(
        self,
        reports: ReportFolder,
        task: _Task,
        found: SignaturesFound,
        examination: Examination,
        now: datetime,
    ) -> None:
        """Keep the reports and tell, where that changes what the document is worth.

        Raises:
            InvalidValue: the reports cannot be kept.
            LienthongError: why the committer does not take it now.
        """
        registry = task.registry
        rulings = Rulings(law=registry.law, directory=registry.directory, now=now)
        rows = [row for row in task.rows if rulings.verified(row, found) is not None]
        if not rows:
            return
        reports.keep(examination)
        commands = [
            TellVerified(
                caller=AXIS,
                package_id=row.package_id,
                recipient=row.recipient,
                found=found,
                checked_at=examination.examined_at,
                checker=CHECKER,
            )
            for row in rows
        ]
        for first in range(0, len(commands), _SHARE):
            for outcome in self._ask(commands[first : first + _SHARE]):
                self.told[outcome.value.value] += 1

    def _ask(self, commands: Sequence[TellVerified]) -> Iterator[VerificationRecord]:
        """Have commands committed; what of them is told now."""
        for outcome in self.answered(self.committer.submit(commands)):
            if isinstance(outcome, LienthongError):
                raise outcome
            body = load_entry(outcome.row.entry).body
            if isinstance(body, VerificationRecord):
                yield body


def _undecided(examination: Examination) -> list[FileCheck]:
    """The checks of a package's files that could not be made."""
    reports = filter(None, (one.report for one in examination.files))
    checks = (check for report in reports for check in report.checks)
    return [check for check in checks if check.outcome is Outcome.INDETERMINATE]


def _day(row: JournalRow) -> date:
    return vietnam_date(from_us(row.recorded_us))


def _wants(organ: str, registry: Registry, on: date) -> bool:
    rules = registry.law.rules(organ, registry.directory, on)
    return rules is not None and rules.signatures.verified_by_axis


def _open_rows(
    view: ReadView, package_id: bytes, registry: Registry, on: date
) -> Iterator[DeliveryRow]:
    """Deliveries that nobody has judged, of a package of that day, whose recipients want it."""
    for row in view.deliveries(package_id):
        if is_unjudged(row) and _wants(row.recipient, registry, on):
            yield row


def _is_wanted(view: ReadView, row: JournalRow, registry: Registry) -> bool:
    """Whether an entry begins a delivery that waits to be verified."""
    if not row.package_id or row.subject_id != row.package_id:
        return False
    try:
        package = view.package(row.package_id)
        if package is None or package.index != row.index:
            return False
        return any(_open_rows(view, row.package_id, registry, _day(row)))
    except DataCorrupt:
        return True  # its turn tells what is damaged, and holds nobody else up
