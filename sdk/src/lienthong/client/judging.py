"""The checks before acceptance: what came, and what the signatures in it are worth."""

from __future__ import annotations

import asyncio
from typing import Final

from lienthong import __version__
from lienthong.client.compose import AnyPackageId, as_package_id
from lienthong.client.download import check_content, download_to_stream
from lienthong.client.examining import Examined, FileExaminer
from lienthong.client.known import KnownPackage
from lienthong.client.reporting import ReportingMethods
from lienthong.errors import ConfigInvalid, GuardFailed
from lienthong.model.file_signature import Finding, LegalValue, SignaturesFound
from lienthong.model.ids import PackageId
from lienthong.model.report import CheckSummary
from lienthong.rules.legal_facts import Facts
from lienthong.rules.legal_value import judge

CHECKER: Final = f"lienthong {__version__}"

_TO_BE_DECIDED: Final = frozenset({LegalValue.REFUSE, LegalValue.REVIEW, LegalValue.PENDING_CHECK})
"""What nobody accepts without somebody who answers for it (QĐ 52/2019 Đ8.1)."""


class JudgingMethods(ReportingMethods):
    """What a recipient looks at before it accepts; see ``AsyncClient``."""

    async def check(self, package_id: AnyPackageId) -> CheckSummary:
        """Check a package before acceptance: signature, receipt, presence and hash of every file.

        Where the profile names a trust store, the legal signatures in the files are verified too,
        and the reports on them kept (``examine``). Otherwise files that came with the feed or were
        downloaded by this client are not fetched again.

        Raises:
            SignatureInvalid: as ``get_package``.
            HashMismatch: a file is not the one that the sender signed.
            LienthongError: as ``examine``.
        """
        if self._examiner is not None:
            return self._summary((await self.examine(package_id)).found)
        await self._check_contents(as_package_id(package_id))
        return self._summary(None)

    async def examine(self, package_id: AnyPackageId) -> Examined:
        """Verify the legal signatures in the files of a package, and keep the reports on them.

        What the document is worth by them: ``judge(Facts.of(examined.found))`` of
        ``lienthong.rules.legal_value``.

        Raises:
            ConfigInvalid: the profile names no trust store, or it cannot be read.
            HashMismatch: a file is not the one that the sender signed; also SignatureInvalid.
            InvalidValue: the reports cannot be kept.
            PluginFailed: a verifier did not answer.
        """
        examined = await self._examined(as_package_id(package_id))
        await self._keep(examined)
        return examined

    async def _examined(self, package_id: PackageId) -> Examined:
        """As ``examine``, and nothing is kept."""
        view = await self.get_package(package_id)
        known = await self._package(package_id)
        examined = await self._examining().examine(
            view.manifest,
            lambda entry, out: download_to_stream(self._connection, package_id, entry, out),
        )
        known.checked.update(entry.sha256 for entry in known.files)
        return examined

    async def _keep(self, examined: Examined) -> None:
        await asyncio.to_thread(self._examining().reports.keep, examined.examination)

    def _summary(self, found: SignaturesFound | None) -> CheckSummary:
        """Of a package that is complete and as it was signed, by what its files are worth."""
        return CheckSummary(
            complete=True,
            intact=found is None or found.integrity is not Finding.BAD,
            authentic=True,
            checked_at=self._clock(),
            checker=CHECKER,
            signatures=found,
        )

    async def _check_contents(self, package_id: PackageId) -> None:
        known = await self._package(package_id)
        for entry in known.unchecked:
            await check_content(self._connection, package_id, entry)
            known.checked.add(entry.sha256)

    def _check_worth_accepting(self, check: CheckSummary, responsible: str) -> None:
        """Refuse an acceptance that the law does not allow, before anything is reported.

        Raises:
            GuardFailed: the check has not passed, or what it says of the signatures leaves the
                decision to somebody responsible, who is not named.
        """
        if not check.passed:
            raise _unmet("a passed check")
        if self._examiner is None or responsible:
            return
        value = value_of(check.signatures)
        if value in _TO_BE_DECIDED:
            raise _unmet(f"somebody responsible for accepting what counts as {value.value}")

    def _examining(self) -> FileExaminer:
        if self._examiner is None:
            raise ConfigInvalid(
                file="profile.toml", key="trust", found="nothing", expected="a trust store"
            )
        return self._examiner

    async def _package(self, package_id: PackageId) -> KnownPackage:
        known = self._known.package(package_id)
        if known is not None:
            return known
        view = await self.get_package(package_id)
        return self._known.learn(view.manifest)


def value_of(found: SignaturesFound | None) -> LegalValue:
    """What a document is worth by what was found of its signatures, if anything was."""
    return LegalValue.PENDING_CHECK if found is None else judge(Facts.of(found)).value


def _unmet(condition: str) -> GuardFailed:
    return GuardFailed(event="ACCEPT", state="-", condition=condition, clause="QĐ 52/2019 Đ8.1a")
