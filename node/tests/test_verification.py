"""The axis verifies what arrives where the recipient's rule set wants it (QĐ 52/2019 Đ8.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from lienthong.client.filereports import digest_of
from lienthong.codec.signed import load_entry
from lienthong.errors import DataCorrupt, NotFound
from lienthong.model.file_signature import Certificates, Finding
from lienthong.model.ids import PackageId
from lienthong.model.journal import PackageRecord, VerificationRecord
from lienthong.model.package import PackageKind
from lienthong.model.words import FileRole
from lienthong.rules.ruleset import RuleSet
from lienthong.spi.records import DeliveryRow
from lienthong.spi.verifier import Outcome
from lienthong.testing.store import MemoryReadView
from lienthong.testing.values import signatures
from lienthong_node.core.commands import AXIS, PutLaw, TellVerified
from lienthong_node.core.rulings import Rulings
from node.tests.committing import OPERATOR
from node.tests.due import PROVINCE, E, local
from node.tests.support import BODY, OFFICE, A, B, C, file, manifest, submit
from node.tests.verifying import (
    INFORMATION,
    ORIGINAL,
    PENDING,
    REFUSE,
    WANTING,
    VerifyingAxis,
    checked,
    verifying,
)


@pytest.fixture
def axis(tmp_path: Path) -> Iterator[VerifyingAxis]:
    """Everybody wants that the axis verifies."""
    with verifying(tmp_path, WANTING) as axis:
        yield axis


class TestWhoWants:
    @pytest.mark.parametrize("law", [(), (PROVINCE,)])
    def test_nobody(self, tmp_path: Path, law: tuple[RuleSet, ...]) -> None:
        with verifying(tmp_path, *law) as axis:
            package = axis.post()
            assert axis.verify() == 0
            assert axis.worth(package) is None
            assert not axis.work.standing.wanted

    def test_the_recipient_and_nobody_else(self, tmp_path: Path) -> None:
        with verifying(tmp_path, PROVINCE) as axis:
            axis.do(PutLaw(caller=OPERATOR, organ_id=B, value=WANTING))
            package = axis.post(B, C)
            assert axis.verify() == 1
            assert axis.worth(package, B) == ORIGINAL
            assert axis.worth(package, C) is None

    def test_by_the_law_of_the_day_on_which_it_came(self, tmp_path: Path) -> None:
        later = evolve(WANTING, name="from-3", valid_from=date(2026, 3, 3))
        with verifying(tmp_path, PROVINCE, later) as axis:
            before = axis.post()
            axis.clock.set(local("03/03/2026 08:00"))
            after = axis.post()
            assert axis.verify() == 1
            assert (axis.worth(before), axis.worth(after)) == (None, ORIGINAL)

    def test_a_rule_set_that_is_entered_later_for_an_earlier_day(self, tmp_path: Path) -> None:
        """Others wanted it before: the journal had been read already."""
        with verifying(tmp_path, PROVINCE) as axis:
            axis.do(PutLaw(caller=OPERATOR, organ_id=C, value=WANTING))
            package, other = axis.post(B, C), axis.post(C)
            assert axis.verify() == 2
            axis.do(PutLaw(caller=OPERATOR, organ_id=B, value=WANTING))
            axis.start()
            assert axis.verify() == 1
            assert axis.worth(package, B) == ORIGINAL
            assert axis.worth(other, C) == ORIGINAL
            assert len(axis.verified()) == 3

    def test_a_recall_has_no_document_to_verify(self, axis: VerifyingAxis) -> None:
        package = axis.post()
        axis.verify()
        recall = manifest(
            kind=PackageKind.RECALL,
            target=package,
            files=[],
            reason="ban hành nhầm",
            created_at=axis.clock(),
        )
        axis.do(submit(recall))
        assert axis.verify() == 0
        assert len(axis.verified()) == 1

    def test_a_damaged_delivery_holds_up_nobody(
        self, axis: VerifyingAxis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bad, good, deliveries = axis.post(), axis.post(), MemoryReadView.deliveries

        def damaged(view: MemoryReadView, package_id: bytes) -> Sequence[DeliveryRow]:
            if package_id == bad.bytes:
                raise DataCorrupt(what=f"the delivery of {bad}")
            return deliveries(view, package_id)

        monkeypatch.setattr(MemoryReadView, "deliveries", damaged)
        axis.verify()
        assert axis.worth(good) == ORIGINAL
        assert axis.work.standing.waiting == 1


class TestWhatIsTold:
    @pytest.mark.parametrize(
        ("words", "value"),
        [
            ("signer agency", ORIGINAL),
            ("signer", INFORMATION),
            ("nothing", INFORMATION),
            ("signer agency unknown", PENDING),
            ("signer agency revoked", REFUSE),
            ("signer agency altered", REFUSE),
        ],
    )
    def test_worth_by_what_was_found(self, axis: VerifyingAxis, words: str, value: str) -> None:
        package = axis.post(words=words)
        axis.verify()
        assert axis.worth(package) == value
        [(told, parties)] = axis.verified()
        assert (told.package_id, str(told.recipient)) == (package, B)
        assert told.value.value == value
        assert told.rule_set == WANTING.version
        assert told.checked_at == axis.clock()
        assert parties[:2] == (B, A)

    def test_the_report_that_is_told_is_kept(self, axis: VerifyingAxis) -> None:
        package = axis.post()
        axis.verify()
        [(told, _)] = axis.verified()
        [kept] = axis.reports.all(package)
        assert digest_of(kept) == told.found.report
        assert kept.files[0].report is not None
        assert kept.files[0].report.outcome is Outcome.PASSED

    def test_once_for_all_recipients_and_each_hears_of_itself(self, axis: VerifyingAxis) -> None:
        package = axis.post(B, C)
        assert axis.verify() == 1
        assert axis.work.standing.verified == 1
        told = {str(one.recipient): parties for one, parties in axis.verified()}
        assert told.keys() == {B, C}
        assert C not in told[B]
        assert B not in told[C]
        assert axis.worth(package, C) == ORIGINAL

    def test_large_files_come_from_the_other_store(self, axis: VerifyingAxis) -> None:
        entry = axis.stock(b"signer agency" + b" " * 3_000_000)
        package = axis.post_files(((entry, b""),))
        axis.verify()
        assert axis.worth(package) == ORIGINAL

    def test_what_no_verifier_reads_is_left_to_people(self, axis: VerifyingAxis) -> None:
        entry = file(b"words", "vb.docx", media_type="application/octet-stream")
        package = axis.post_files(((entry, b"words"),))
        assert axis.verify() == 1
        assert axis.worth(package) is None
        assert axis.verified() == []
        assert axis.work.standing.waiting == 0

    def test_a_signature_over_what_is_too_large_is_left_to_people(
        self, axis: VerifyingAxis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody has compared the signature with the content."""
        monkeypatch.setattr("lienthong_node.verification.contents.MAX_BYTES", 20)
        entry, detached = axis.stock(b"a document of more than that"), b"signer agency"
        seal = file(
            detached,
            f"{entry.name}.p7s",
            role=FileRole.ATTACHMENT,
            media_type="application/pkcs7-signature",
        )
        package = axis.post_files(((entry, b""), (seal, detached)))
        assert axis.verify() == 1
        assert axis.worth(package) is None
        assert axis.verified() == []
        assert axis.work.standing.waiting == 0

    def test_an_attachment_that_is_too_large_gets_no_report(
        self, axis: VerifyingAxis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lienthong_node.verification.contents.MAX_BYTES", 20)
        entry = axis.stock(b"signer agency and much more than that")
        annex = evolve(entry, name="phu-luc.pdf", role=FileRole.ATTACHMENT)
        package = axis.post_files(((file(b"signer agency"), b"signer agency"), (annex, b"")))
        axis.verify()
        [(told, _)] = axis.verified()
        assert told.found.unsigned_attachments == (annex.name,)
        assert axis.worth(package) == ORIGINAL


class TestDecision:
    """What the core says to the worker, whatever that asks."""

    def ask(self, axis: VerifyingAxis, package: PackageId, **found: Finding) -> Any:
        command = TellVerified(
            caller=AXIS,
            package_id=package.bytes,
            recipient=B,
            found=signatures(**found),
            checked_at=axis.clock(),
            checker="a test",
        )
        [outcome] = axis.drive(axis.committer.submit([command]))
        return outcome

    def test_it_is_told_once(self, axis: VerifyingAxis) -> None:
        package = axis.post()
        first, again = self.ask(axis, package), self.ask(axis, package, agency=Finding.BAD)
        assert isinstance(load_entry(first.row.entry).body, VerificationRecord)
        assert isinstance(load_entry(again.row.entry).body, PackageRecord)
        assert axis.worth(package) == ORIGINAL

    def test_there_is_no_such_delivery(self, axis: VerifyingAxis) -> None:
        package = axis.post(C)
        assert isinstance(self.ask(axis, package), NotFound)
        assert axis.verified() == []

    def test_without_a_law_nothing_has_a_worth(self, tmp_path: Path) -> None:
        with verifying(tmp_path) as axis:
            package = axis.post()
            self.ask(axis, package)
            assert axis.worth(package) is None
            assert axis.verified() == []

    def test_who_represents_the_recipient_is_told_too(self, axis: VerifyingAxis) -> None:
        axis.post(BODY)
        axis.verify()
        [(_, parties)] = axis.verified()
        assert parties == (BODY, A, OFFICE)


class TestWhoStandsAbove:
    """What the recipient has found itself stands above what the axis finds."""

    def test_acceptance_that_did_not_look(self, axis: VerifyingAxis) -> None:
        package = axis.post(words="signer")
        axis.say(E.ACCEPT, package, check=checked())
        assert axis.worth(package) == PENDING
        axis.verify()
        assert axis.worth(package) == INFORMATION

    def test_acceptance_before_the_axis_looked(self, axis: VerifyingAxis) -> None:
        package = axis.post(words="signer")
        axis.say(E.ACCEPT, package, check=checked(signer=Finding.GOOD))
        assert axis.verify() == 0
        assert axis.worth(package) == ORIGINAL
        assert axis.verified() == []

    def test_acceptance_after_the_axis_looked(self, axis: VerifyingAxis) -> None:
        package = axis.post(words="signer")
        axis.verify()
        axis.say(E.ACCEPT, package, check=checked(signer=Finding.GOOD))
        assert axis.worth(package) == ORIGINAL

    @pytest.mark.parametrize("words", ["signer agency", "signer", "signer agency revoked"])
    def test_acceptance_that_says_nothing_leaves_it(self, axis: VerifyingAxis, words: str) -> None:
        package = axis.post(words=words)
        axis.verify()
        before = axis.row(package).legal_value
        axis.say(E.ACCEPT, package, check=checked())
        assert axis.row(package).legal_value == before

    @pytest.mark.parametrize("words", ["signer agency", "signer"])
    def test_acceptance_that_left_it_open_leaves_it(self, axis: VerifyingAxis, words: str) -> None:
        """In either order: the axis knows, the recipient could not learn of revocation."""
        undecided = checked(certificates=Certificates.UNAVAILABLE)
        first, second = axis.post(words=words), axis.post(words=words)
        axis.say(E.ACCEPT, first, check=undecided)
        assert axis.worth(first) == PENDING
        axis.verify()
        axis.say(E.ACCEPT, second, check=undecided)
        assert axis.worth(first) == axis.worth(second) != PENDING

    def test_acceptance_that_is_said_again_with_what_was_found(self, axis: VerifyingAxis) -> None:
        package = axis.post(words="signer")
        axis.verify()
        axis.say(E.ACCEPT, package, check=checked())
        assert axis.worth(package) == INFORMATION
        axis.say(E.ACCEPT, package, check=checked(signer=Finding.GOOD))
        assert axis.worth(package) == ORIGINAL

    def test_a_recalled_document_stays_without_effect(self, axis: VerifyingAxis) -> None:
        package = axis.post(words="signer agency unknown")
        axis.verify()
        axis.say(E.ARRIVE, package)
        before = axis.row(package)
        recalled = evolve(before, state="RECALLED", legal_value=None)
        rulings = Rulings(
            law=axis.committer.registry.law,
            directory=axis.committer.registry.directory,
            now=axis.clock(),
        )
        assert rulings.verified(before, signatures()) is not None
        assert rulings.verified(recalled, signatures()) is None
