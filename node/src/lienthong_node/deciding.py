"""Which rule of the core decides on a command, and what it must know for that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from lienthong.errors import DiskFull
from lienthong.model.journal import InterconnectionRecord
from lienthong.spi.storage import ReadView
from lienthong_node.core.commands import (
    Command,
    PutCredential,
    PutLaw,
    PutOrganisations,
    RecomputeDeadlines,
    RecordCheck,
    ReportStatus,
    SubmitPackage,
    TellDeadline,
    TellExpiry,
    TellVerified,
)
from lienthong_node.core.decision import Decision, Moment
from lienthong_node.core.expiring import decide_expiry
from lienthong_node.core.facts import RegistryFacts
from lienthong_node.core.interconnection import decide_check
from lienthong_node.core.law_change import decide_law
from lienthong_node.core.policy import Policy
from lienthong_node.core.registry import decide_credential, decide_organisations
from lienthong_node.core.report import decide_report
from lienthong_node.core.submit import decide_submit
from lienthong_node.core.telling import decide_recomputing, decide_telling
from lienthong_node.core.verified import decide_verified
from lienthong_node.stores import (
    Registry,
    deadline_facts,
    expiry_facts,
    registry_facts,
    report_facts,
    submit_facts,
    verification_facts,
)


def decide(
    view: ReadView,
    command: Command,
    registry: Registry,
    moment: Moment,
    policy: Policy,
    reserve_reached: Callable[[], bool],
    check_stamped: Callable[[datetime], None] = lambda _: None,
) -> Decision:
    """What the core says to a command.

    Args:
        view: the records as the commands before have left them.
        command: what is asked.
        registry: the directory, the credentials and the law, likewise.
        moment: of the entry, if there will be one.
        policy: what the axis accepts.
        reserve_reached: whether the disk reserve is used up; then new packages and checks are
            refused, while what packages go on with is not.
        check_stamped: raises why new packages are refused at an instant, where time-stamps of the
            journal are missing for too long.

    Raises:
        LienthongError: why not; nothing has changed.
    """
    match command:
        case SubmitPackage():
            facts = submit_facts(view, command, registry, moment.now)
            if facts.existing is None and reserve_reached():
                raise DiskFull
            if facts.existing is None:
                check_stamped(moment.now)
            return decide_submit(command, facts, moment, policy)
        case ReportStatus():
            known = report_facts(view, command, registry, moment.now)
            return decide_report(command, known, moment, policy)
        case TellDeadline() | RecomputeDeadlines() | TellVerified() | TellExpiry():
            return _by_axis(view, command, registry, moment)
        case RecordCheck(record=InterconnectionRecord(missed_at=None)):
            if reserve_reached():
                raise DiskFull
    return _by_registry(command, registry_facts(registry), moment)


def _by_axis(
    view: ReadView,
    command: TellDeadline | RecomputeDeadlines | TellVerified | TellExpiry,
    registry: Registry,
    moment: Moment,
) -> Decision:
    """What the axis asks of itself."""
    match command:
        case TellDeadline():
            return decide_telling(command, deadline_facts(view, command, registry), moment)
        case RecomputeDeadlines():
            return decide_recomputing(command, deadline_facts(view, command, registry), moment)
        case TellVerified():
            seen = verification_facts(view, command, registry, moment.now)
            return decide_verified(command, seen, moment)
    return decide_expiry(command, expiry_facts(view, command, registry), moment)


def _by_registry(
    command: PutOrganisations | PutCredential | PutLaw | RecordCheck,
    facts: RegistryFacts,
    moment: Moment,
) -> Decision:
    match command:
        case PutOrganisations():
            return decide_organisations(command, facts, moment)
        case PutCredential():
            return decide_credential(command, facts, moment)
        case PutLaw():
            return decide_law(command, facts, moment)
    return decide_check(command, facts, moment)
