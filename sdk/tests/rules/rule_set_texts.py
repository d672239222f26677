"""Small rule sets for tests, and for every setting a value that is not the default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lienthong.errors import RuleSetUnknown
from lienthong.rules.reading import load_rule_set
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.writing import dump_rule_set

HEAD = """\
name = "thu-2026"
title = "Bộ quy tắc thử"
inherits = "goc"
"""


def nowhere(name: str) -> RuleSet:
    raise RuleSetUnknown(name=name, known="goc")


ROOT = load_rule_set(dump_rule_set(RuleSet(name="goc", title="Gốc")), "goc.toml", nowhere)


def base(name: str) -> RuleSet:
    return ROOT if name == "goc" else nowhere(name)


def load(body: str, head: str = HEAD) -> RuleSet:
    return load_rule_set(f"{head}{body}", "thu.toml", base)


def said(values: Mapping[str, str]) -> str:
    """A text that says these settings, in the order given."""
    return "".join(f"{key} = {value}\n" for key, value in values.items())


ALTERNATIVES: Final[Mapping[str, str]] = {
    "office.hours": '[{ sessions = ["07:00-11:30", "13:30-17:00"], weekdays = ["MON", "TUE", '
    '"WED", "THU", "FRI"], season_from = "04-16", season_to = "10-15" }, { sessions = '
    '["07:30-12:00", "13:30-17:00"], season_from = "10-16", season_to = "04-15" }]',
    "office.own_hours": '[{ organisation = "000.00.13.H53", hours = [{ sessions = '
    '["08:00-12:00"], weekdays = ["SAT"], valid_from = 2026-01-01, valid_to = 2027-01-01 }] }]',
    "office.lunch_is_outside": "false",
    "calendar.editor": '"ORGANISATION"',
    "calendar.entered_as": '"OFFICIAL"',
    "calendar.culture_day": '"WORKING"',
    "sending.sent_basis": '"ACK"',
    "sending.urgent_within": '{ KHAN = "3 hours", THUONG_KHAN = "90 minutes", HOA_TOC = "0 days" }',
    "sending.form_checks": '"BLOCK"',
    "sending.max_clock_skew": '"2 seconds"',
    "receiving.urgent_forward_within": '{ KHAN = "1 hour", THUONG_KHAN = "1 hour", '
    'HOA_TOC = "1 hour" }',
    "receiving.urgent_settle_within": '{ KHAN = "2 days", THUONG_KHAN = "1 day", '
    'HOA_TOC = "30 minutes" }',
    "receiving.urgent_in_office_hours": "false",
    "receiving.duty_officers": '[{ organisation = "H53", role = "Chánh Văn phòng", '
    'contact = "máy trực" }]',
    "receiving.settle_working_days": "15",
    "receiving.refuse_working_days": "1",
    "receiving.refusal_reasons": '["OTHER", "anomaly"]',
    "receiving.refusals_to_approve": '["OTHER"]',
    "receiving.escalate_after": '"2 days"',
    "flow.take_back": '"AUTOMATIC"',
    "flow.recall_decided_by": '"DRAFTING_UNIT"',
    "flow.replace_decided_by": '"CLERK"',
    "flow.update_decided_by": '"CLERK"',
    "flow.recall_confirm_working_days": "3",
    "flow.recall_hides": '"WORK_LISTS"',
    "flow.tombstone_years": "20",
    "flow.update_fields": '["DUE_DATE"]',
    "flow.reopen_completed": "false",
    "flow.for_information_completes": "true",
    "numbering.number_before_sign": "true",
    "numbering.series": '"COMMON"',
    "numbering.gaps_allowed": "true",
    "numbering.advisory_series": "false",
    "numbering.reset_on_reorganisation": "false",
    "numbering.code_separator": '"-"',
    "numbering.code_padding": "6",
    "paper.e_only_kinds": '["Giấy mời"]',
    "paper.parallel_kinds": '["TO_TRINH", "Đề án"]',
    "paper.bodies": '{ PARTY = ["H53.01"], JUSTICE = ["000.00.07.H53"] }',
    "paper.paper_attachments": '["MAP"]',
    "paper.override_allowed": "false",
    "signatures.public": '"REVIEW"',
    "signatures.time_stamp_needed": "true",
    "signatures.trust_anchors": '["ban-co-yeu.pem"]',
    "signatures.revocation_timeout": '"3 seconds"',
    "signatures.unreachable": '"REVIEW"',
    "signatures.report_needed": "true",
    "signatures.verified_by_axis": "true",
    "signatures.delegation_registered": "false",
    "archive.system_meets_annex_vi": "true",
    "archive.keep_paper_master": "true",
    "archive.record_years": "70",
    "archive.hand_over_months": "6",
    "archive.construction_hand_over_months": "6",
    "archive.extra_years": "0",
    "directory.contact_points": '[{ body = "000.00.00.H53", office = "000.00.01.H53", '
    'substitutes = ["000.00.02.H53"] }]',
    "directory.not_ready": '["000.05.22.H53", "000.04.22.H53"]',
    "directory.shown_scheme": '"QD20"',
    "directory.import_aliases": "false",
    "directory.closed_code_grace_days": "0",
    "directory.duties": '[{ duty = "AXIS_OPERATOR", name = "Văn phòng UBND tỉnh", '
    'organisation = "000.00.00.H53", valid_from = 2020-01-01, valid_to = 2025-07-01 }, '
    '{ duty = "AXIS_OPERATOR", name = "Sở Khoa học và Công nghệ", valid_from = 2025-07-01 }]',
    "directory.external_participants": "true",
    "directory.areas": '[{ code = "H39", rule_set = "long-an-2019" }]',
    "reports.quarterly": "true",
    "reports.evaluation_months": "[12, 6]",
    "reports.on_day_off": '"EXACT"',
    "reports.cutoff_day": "10",
    "reports.scorecard": '[{ metric = "M4a", points = 10, least = 50, full = 95 }]',
    "reports.check_times": '["15:00", "07:30", "10:15"]',
    "reports.check_days": '"EVERY_DAY"',
    "files.media_types": '["application/pdf"]',
    "files.max_mib": "100",
    "files.compress": "true",
    "wire.kind_numbers": "{ CONG_VAN = 18 }",
    "wire.priorities": "{ THUONG = 0, KHAN = 1, THUONG_KHAN = 2, HOA_TOC = 5 }",
    "access.status_viewers": '"ORGANISATION"',
    "access.mobile": "false",
    "access.watermark": "false",
}
"""As a file would say it, by key."""
