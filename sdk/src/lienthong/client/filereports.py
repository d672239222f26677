"""Reports on the files of received packages, kept in a folder (QĐ 52/2019 Đ8.1a).

What verifiers found stays readable years later, with what their verdicts rested on: certificates,
revocation lists and responses lie once under their hash, however many reports name them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from attrs import evolve, field, frozen

from lienthong.client.synced import unusable, write_synced
from lienthong.codec.json import MAX_JSON_BYTES, dump, load
from lienthong.errors import FileReportDamaged, TooLarge
from lienthong.model.checks import a, as_tuple, many, maybe, text
from lienthong.model.ids import PackageId, Sha256
from lienthong.model.package import MAX_FILES
from lienthong.model.time import as_utc, aware
from lienthong.model.trust import MAX_LIST_BYTES, NO_EVIDENCE, StatusEvidence
from lienthong.spi.verifier import FileReport

_REPORT: Final = ".json"
_EVIDENCE: Final = "evidence"


@frozen(kw_only=True)
class ExaminedFile:
    """One file of a package, and what its verifier found."""

    name: str = field(validator=text(255, required=True))
    sha256: Sha256 = field(validator=a(Sha256))
    report: FileReport | None = field(default=None, validator=maybe(FileReport))
    """None where no verifier reads files of its type."""


@frozen(kw_only=True)
class Examination:
    """What was found in the files of a package at one time."""

    package_id: PackageId = field(validator=a(PackageId))
    examined_at: datetime = field(converter=as_utc, validator=aware)
    files: tuple[ExaminedFile, ...] = field(
        converter=as_tuple, validator=many(ExaminedFile, least=1, most=MAX_FILES)
    )
    """In the order of the manifest."""


@frozen(kw_only=True)
class _Named:
    """Evidence by its hashes."""

    certificates: tuple[Sha256, ...]
    lists: tuple[Sha256, ...]
    responses: tuple[Sha256, ...]


@frozen(kw_only=True)
class _Kept:
    """An examination as it is written: evidence apart, in the order of the files."""

    examination: Examination
    evidence: tuple[_Named, ...]


class ReportFolder:
    """The folder; processes may share it, since what is in it never changes."""

    def __init__(self, path: Path) -> None:
        """Use a folder, which is made when something is kept."""
        self.path = path

    def keep(self, examination: Examination) -> Sha256:
        """Keep an examination, durably.

        Returns:
            SHA-256 of its file, by which an acceptance names it.

        Raises:
            InvalidValue: the folder cannot be written to.
            TooLarge: it would be too large to be read again.
        """
        data = _written(examination)
        for file in examination.files:
            if file.report is not None:
                self._keep_evidence(file.report.evidence)
        digest = Sha256.of(data)
        self._write(self._report_path(examination.package_id, digest), data)
        return digest

    def read(self, package_id: PackageId, digest: Sha256) -> Examination:
        """What was kept under a hash, by which an acceptance or an entry names it.

        Raises:
            FileReportDamaged: it, or what it rests on, is damaged or missing.
        """
        return self._read(self._report_path(package_id, digest))

    def all(self, package_id: PackageId) -> tuple[Examination, ...]:
        """What was kept of a package, oldest first.

        Raises:
            FileReportDamaged: a file of it is damaged.
        """
        paths = (self.path / str(package_id)).glob(f"*{_REPORT}")
        found = (self._read(path) for path in paths)
        return tuple(sorted(found, key=lambda one: one.examined_at))

    def _keep_evidence(self, evidence: StatusEvidence) -> None:
        for piece in (*evidence.certificates, *evidence.lists, *evidence.responses):
            path = self._evidence_path(Sha256.of(piece))
            if not path.exists():
                self._write(path, piece)

    def _report_path(self, package_id: PackageId, digest: Sha256) -> Path:
        return self.path / str(package_id) / f"{digest.hex}{_REPORT}"

    def _evidence_path(self, digest: Sha256) -> Path:
        return self.path / _EVIDENCE / f"{digest.hex}.der"

    def _write(self, path: Path, data: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(path, error) from error
        write_synced(path, data)

    def _read(self, path: Path) -> Examination:
        data = _read_named(path, path.stem, MAX_JSON_BYTES)
        kept = load(_Kept, data)
        files = zip(kept.examination.files, kept.evidence, strict=True)
        return evolve(
            kept.examination, files=[self._with_evidence(one, named) for one, named in files]
        )

    def _with_evidence(self, file: ExaminedFile, named: _Named) -> ExaminedFile:
        if file.report is None:
            return file

        def read(digests: Iterable[Sha256]) -> tuple[bytes, ...]:
            return tuple(
                _read_named(self._evidence_path(one), one.hex, MAX_LIST_BYTES) for one in digests
            )

        evidence = StatusEvidence(
            certificates=read(named.certificates),
            lists=read(named.lists),
            responses=read(named.responses),
        )
        return evolve(file, report=evolve(file.report, evidence=evidence))


def digest_of(examination: Examination) -> Sha256:
    """SHA-256 of the file in which an examination is kept, whether it is or not.

    Raises:
        TooLarge: it cannot be kept.
    """
    return Sha256.of(_written(examination))


def _written(examination: Examination) -> bytes:
    reports = [one.report for one in examination.files]
    evidence = [NO_EVIDENCE if one is None else one.evidence for one in reports]
    files = [_without_evidence(one) for one in examination.files]
    named = tuple(map(_named, evidence))
    data = dump(_Kept(examination=evolve(examination, files=files), evidence=named))
    if len(data) > MAX_JSON_BYTES:
        # Many files full of signatures and faults: what nobody can read again proves nothing.
        what, limit = f"the report on {examination.package_id}", f"{MAX_JSON_BYTES} bytes"
        raise TooLarge(what=what, found=f"{len(data)} bytes", limit=limit)
    return data


def _named(evidence: StatusEvidence) -> _Named:
    return _Named(
        certificates=tuple(map(Sha256.of, evidence.certificates)),
        lists=tuple(map(Sha256.of, evidence.lists)),
        responses=tuple(map(Sha256.of, evidence.responses)),
    )


def _without_evidence(file: ExaminedFile) -> ExaminedFile:
    if file.report is None:
        return file
    return evolve(file, report=evolve(file.report, evidence=NO_EVIDENCE))


def _read_named(path: Path, digest: str, limit: int) -> bytes:
    """The content of a file that is named by its hash.

    Raises:
        FileReportDamaged: it cannot be read, or is another one.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FileReportDamaged(what=str(path), reason=reason) from error
    if Sha256.of(data).hex != digest:
        reason = "its content does not have the hash in its name"
        raise FileReportDamaged(what=str(path), reason=reason)
    return data
