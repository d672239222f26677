"""What the law says of a delivery after each step: its form, its deadlines and its worth."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Final

from attrs import define, evolve, field

from lienthong.model.delivery import DeliveryState
from lienthong.model.file_signature import (
    Certificates,
    Finding,
    LegalValue,
    SignaturesFound,
)
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from lienthong.model.package import Manifest, PackageKind
from lienthong.model.report import CheckSummary, Statement
from lienthong.model.time import vietnam_date
from lienthong.model.words import IssueForm
from lienthong.rules.duties import Sent, paper_for
from lienthong.rules.legal_facts import Ending, Facts
from lienthong.rules.legal_value import Practice, judge
from lienthong.rules.ruleset import RuleSet
from lienthong.spi.records import DeliveryRow, JudgementRow
from lienthong_node.core import deadlines
from lienthong_node.core.deadlines import Bound, Open, acting
from lienthong_node.core.deliveries import changed
from lienthong_node.core.law import Law

_ENDINGS: Final = {
    DeliveryState.RECALLED.value: Ending.RECALLED,
    DeliveryState.REPLACED.value: Ending.REPLACED,
}


@define(kw_only=True)
class Rulings:
    """The law at the instant of an entry. Where none is kept for somebody, it says nothing.

    All entries of a batch have one instant, and share what was found for them.
    """

    law: Law
    directory: Directory
    now: datetime
    _today: date = field(init=False)
    _begun: dict[object, Open] = field(init=False, factory=dict)
    """What new deliveries begin with, by what it depends on."""

    _papers: dict[object, JudgementRow] = field(init=False, factory=dict)
    """Likewise in which form they go."""

    _acting: dict[str, RuleSet | None] = field(init=False, factory=dict)
    """Rule sets of today, by whose work follows them."""

    _bounds: dict[str, Bound] = field(init=False, factory=dict)
    """By recipient."""

    def __attrs_post_init__(self) -> None:
        self._today = vietnam_date(self.now)

    def sent(self, row: DeliveryRow, manifest: Manifest) -> DeliveryRow:
        """A new delivery; in which form it goes is the law of its sender."""
        document, bound = manifest.document, self._bound(row)
        # Recipients under one law share what it says; the bound keeps both objects alive.
        terms = bound.since(self.now)
        law = (id(terms.rules), id(terms.calendar)) if terms is not None else None
        key = law, row.urgency, document.due_date, document.reply_requested
        found = self._begun.get(key)
        if found is None:
            found = self._begun[key] = deadlines.begun(row, document, self.now, bound)
        return _ruled(row, found, paper=self._paper(row, manifest))

    def asked(
        self, before: DeliveryRow, after: DeliveryRow, manifest: Manifest | None = None
    ) -> DeliveryRow:
        """A delivery that a recall, update or replacement of its document has moved.

        Args:
            before: the delivery before.
            after: likewise, as the delivery machine left it.
            manifest: of the package that asks; None where its recipient has answered by now.
        """
        found = deadlines.asked(before, after, self.now, self._bound(after))
        paper = self._added_paper(before, manifest)
        return _ruled(after, found, legal_value=self._ended(after), paper=paper)

    def reported(
        self, before: DeliveryRow, after: DeliveryRow, statement: Statement
    ) -> DeliveryRow:
        """A delivery that a report about it has moved."""
        found = deadlines.reported(before, after, statement, self.now, self._bound(after))
        value, check = self._ended(after), statement.check
        if check is not None and (rules := self._rules(after.recipient)) is not None:
            value = _weighed(before.legal_value, value_of(check, rules))
        return _ruled(after, found, legal_value=value)

    def examined(self, row: DeliveryRow, statement: Statement) -> tuple[DeliveryRow, ...]:
        """A delivery whose acceptance is said again, once its signatures could be judged.

        Nothing where the recipient had judged them before.
        """
        check, known, rules = statement.check, row.legal_value, self._rules(row.recipient)
        if check is None or check.signatures is None or known is None or rules is None:
            return ()
        if known.value != LegalValue.PENDING_CHECK.value and not known.by_axis:
            return ()
        return (changed(row, legal_value=_weighed(known, value_of(check, rules))),)

    def verified(self, row: DeliveryRow, found: SignaturesFound) -> JudgementRow | None:
        """What a delivery is worth by what the axis itself has found in the files.

        None where that changes nothing: it is known already, or has no effect any more, or no law
        is kept for the recipient.
        """
        rules, known = self._rules(row.recipient), row.legal_value
        if rules is None or row.state in _ENDINGS or not is_unjudged(row):
            return None
        judged = _judgement(rules.version, rules.signatures.public, Facts.of(found))
        if known is not None and judged.value == known.value:
            return None
        return evolve(judged, by_axis=True)

    def _paper(self, row: DeliveryRow, manifest: Manifest) -> JudgementRow | None:
        rules = self._rules(row.sender)
        if rules is None:
            return None
        recipient, document = OrganId(row.recipient), manifest.document
        known = rules.paper.bodies.of(recipient), recipient in rules.directory.not_ready
        attached = frozenset(file.attachment_kind for file in manifest.files)
        key = row.sender, document.issuer_code, document.kind, attached, known
        if key not in self._papers:
            self._papers[key] = paper_of(recipient, manifest, rules)
        return self._papers[key]

    def _added_paper(self, row: DeliveryRow, manifest: Manifest | None) -> JudgementRow | None:
        """Paper goes along when an update brings what needs it; none takes it away."""
        if manifest is None or manifest.kind is not PackageKind.UPDATE or row.paper is None:
            return None
        electronic = row.paper.value == IssueForm.E_ONLY.value
        return self._paper(row, manifest) if electronic else None

    def _ended(self, row: DeliveryRow) -> JudgementRow | None:
        """A document that was recalled or replaced has no effect any more (NĐ 30/2020 Đ18)."""
        ending = _ENDINGS.get(row.state)
        rules = self._rules(row.recipient) if ending else None
        return _judged(rules, Finding.UNKNOWN, ending) if rules is not None else None

    def _rules(self, organ: str) -> RuleSet | None:
        if organ not in self._acting:
            found = acting(organ, self.directory, self._today)
            self._acting[organ] = self.law.rules(found, self.directory, self._today)
        return self._acting[organ]

    def _bound(self, row: DeliveryRow) -> Bound:
        recipient = row.recipient
        if recipient not in self._bounds:
            self._bounds[recipient] = Bound(
                recipient=recipient, law=self.law, directory=self.directory
            )
        return self._bounds[recipient]


def is_unjudged(row: DeliveryRow) -> bool:
    """Whether nobody knows yet what a delivery is worth."""
    known = row.legal_value
    return known is None or known.value == LegalValue.PENDING_CHECK.value


def _weighed(known: JudgementRow | None, reported: JudgementRow) -> JudgementRow:
    """What an acceptance says, which stands above what the axis has found unless it leaves it open.

    So it does not matter which of the two comes first.
    """
    is_open = reported.value == LegalValue.PENDING_CHECK.value
    return known if known is not None and known.by_axis and is_open else reported


def _ruled(row: DeliveryRow, found: Open, **judged: JudgementRow | None) -> DeliveryRow:
    """The row with what the law says; what it says nothing of stays as it was."""
    said = {name: value for name, value in judged.items() if value is not None}
    if not said and found == (row.deadlines, row.look_us):
        return row
    return changed(row, deadlines=found.deadlines, look_us=found.look_us, **said)


def paper_of(recipient: OrganId, manifest: Manifest, rules: RuleSet) -> JudgementRow:
    """In which form a recipient gets a document, by what its manifest tells (QĐ 52/2019 Đ6).

    It does not tell what the signatures in the files are worth, nor what the document is for: both
    are taken to be in order, as where it was sent.
    """
    sent = Sent(attachments=[file.attachment_kind for file in manifest.files])
    decision = paper_for(manifest.document, recipient, rules, sent)
    return JudgementRow(
        value=decision.form.value,
        rows=tuple(reason.number for reason in decision.reasons),
        rule_set=rules.version,
    )


def value_of(check: CheckSummary, rules: RuleSet) -> JudgementRow:
    """What an accepted document is worth, by what its recipient has checked (QĐ 52/2019 Đ4).

    Where nobody has looked into the files, their signatures stay to be checked.
    """
    found = check.signatures
    if found is None:
        return _judged(rules, Finding.GOOD if check.intact else Finding.BAD)
    return _judgement(rules.version, rules.signatures.public, Facts.of(found))


def _judged(rules: RuleSet, integrity: Finding, ending: Ending | None = None) -> JudgementRow:
    facts = Facts(
        integrity=integrity,
        signer=Finding.UNKNOWN,
        agency=Finding.UNKNOWN,
        certificates=Certificates.UNAVAILABLE,
        ending=ending,
    )
    return _judgement(rules.version, rules.signatures.public, facts)


@lru_cache(maxsize=1024)
def _judgement(rule_set: str, public: LegalValue, facts: Facts) -> JudgementRow:
    """Most deliveries share their few facts: each judgement is made once."""
    judgement = judge(facts, Practice(public_signature=public))
    return JudgementRow(
        value=judgement.value.value,
        rows=tuple(reason.number for reason in judgement.reasons),
        rule_set=rule_set,
    )
