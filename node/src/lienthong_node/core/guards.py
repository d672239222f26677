"""What a province does not allow, where the texts leave it open (regulations §13g).

Only what the axis can see is judged: of an update, whether it brings attachments; what it changes
in the document's data only its recipients can compare. What was signed while it was allowed stays
allowed: the rule set of the day on which it was made decides, not of the day on which it came.
"""

from __future__ import annotations

from lienthong.errors import SettingForbids
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.package import Manifest, PackageKind
from lienthong.model.report import Statement
from lienthong.model.time import vietnam_date
from lienthong.model.words import FileRole
from lienthong.rules.ruleset import SETTINGS, RuleSet
from lienthong.rules.sections.flow import UpdateField
from lienthong_node.core.facts import ReportFacts, SubmitFacts


def check_allowed_report(statement: Statement, recipient: str, facts: ReportFacts) -> None:
    """The recipient's rule set allows what is reported.

    Args:
        statement: the report.
        recipient: canonical code of whose rule set decides.
        facts: know the law.

    Raises:
        SettingForbids: a refusal for that reason, taking up what was completed, or an acceptance
            without a report on the signatures, is not allowed.
    """
    made_on = vietnam_date(statement.created_at)
    rules = facts.rulings.law.rules(recipient, facts.directory, made_on)
    if rules is None:
        return
    reason = statement.reason
    if statement.event is DeliveryEvent.REFUSE and reason is not None:
        if reason.code not in rules.receiving.refusal_reasons:
            raise _refused(f"a refusal for {reason.code.value}", "receiving.refusal_reasons", rules)
    elif statement.event is DeliveryEvent.REOPEN and not rules.flow.reopen_completed:
        raise _refused("taking up a completed document again", "flow.reopen_completed", rules)
    elif _is_unexamined(statement) and rules.signatures.report_needed:
        what = "an acceptance without a report on the signatures in the files"
        raise _refused(what, "signatures.report_needed", rules)


def _is_unexamined(statement: Statement) -> bool:
    return statement.check is not None and statement.check.signatures is None


def check_allowed_package(manifest: Manifest, sender: str, facts: SubmitFacts) -> None:
    """The sender's rule set allows what the package does; see ``check_allowed_report``.

    Raises:
        SettingForbids: an update must not bring attachments.
    """
    rules = facts.rulings.law.rules(sender, facts.directory, vietnam_date(manifest.created_at))
    # An update may repeat the main file unchanged.
    attached = any(file.role is FileRole.ATTACHMENT for file in manifest.files)
    if rules is None or manifest.kind is not PackageKind.UPDATE or not attached:
        return
    if UpdateField.MISSING_ATTACHMENTS not in rules.flow.update_fields:
        raise _refused("an update with attachments", "flow.update_fields", rules)


def _refused(what: str, key: str, rules: RuleSet) -> SettingForbids:
    return SettingForbids(
        what=what, setting=key, clause=SETTINGS[key].clause, rule_set=rules.version
    )
