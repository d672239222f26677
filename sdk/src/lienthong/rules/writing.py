"""Rule sets as text: one that loads as it was, and one to begin with."""

from __future__ import annotations

from typing import Final

from attrs import evolve

from lienthong.codec.toml_text import literal
from lienthong.rules.ruleset import SECTIONS, RuleSet, settings_in
from lienthong.rules.settings import Setting

_HEAD: Final = ("name", "title", "sources", "inherits", "valid_from", "valid_to")
_TEMPLATE: Final = """\
# Bộ quy tắc {name}, kế thừa {base}.
#
# Bỏ dấu # ở đầu dòng của điều muốn quy định khác, sửa giá trị và ghi điều khoản làm căn cứ. Điều
# nào không ghi thì theo {base}. Kiểm tra: lienthong rules check TỆP
#
# A rule set of one's own: uncomment what you decide otherwise and name the clause that says so;
# what is not said stays as in {base}.

name = {name_literal}
title = {title_literal}
# Văn bản làm căn cứ: số, ngày, cơ quan ban hành.
sources = []
inherits = {base_literal}
# Ngày bắt đầu áp dụng; ngày đầu tiên không còn áp dụng.
# valid_from = 2027-01-01
# valid_to = 2030-01-01
"""


def dump_rule_set(rule_set: RuleSet) -> str:
    """A TOML text that ``load_rule_set`` reads as the same rule set.

    It says what the rule set itself says; one without origins, and one that inherits nothing, says
    everything.
    """
    lines = [
        f"{name} = {literal(value)}"
        for name in _HEAD
        if (value := getattr(rule_set, name)) not in {None, "", ()}
    ]
    plain = rule_set.plain()
    for section in SECTIONS:
        own = [setting for setting in settings_in(section) if _is_own(setting, rule_set)]
        if own:
            lines += ["", f"[{section}]"]
            lines += [f"{setting.name} = {literal(plain[setting.key])}" for setting in own]
    return "\n".join([*lines, ""])


def dump_resolved(rule_set: RuleSet) -> str:
    """A TOML text that says every setting and needs no other file.

    ``load_rule_set`` reads it as the same rule set that inherits nothing. A release that knows more
    settings reads those with the national default.
    """
    said = dump_rule_set(evolve(rule_set, inherits=""))
    head, section, rest = said.partition("\n[")
    return f'{head}inherits = ""\n{section}{rest}'


def rule_set_template(name: str, base: RuleSet) -> str:
    """A rule set of this name that says nothing of its own yet.

    It inherits from *base*; every setting is there as a comment, with what holds now, its meaning
    and its clause.
    """
    head = _TEMPLATE.format(
        name=name,
        base=base.name,
        name_literal=literal(name),
        title_literal=literal(f"Bộ quy tắc {name}"),
        base_literal=literal(base.name),
    )
    plain = base.plain()
    lines = [head.rstrip()]
    for section in SECTIONS:
        lines += ["", f"[{section}]"]
        for setting in settings_in(section):
            lines += [
                f"# [{setting.number}] {setting.vi} ({setting.clause}).",
                f"#      {setting.en}",
                f"# {setting.name} = {literal(plain[setting.key])}",
            ]
    return "\n".join([*lines, ""])


def _is_own(setting: Setting, rule_set: RuleSet) -> bool:
    origin = rule_set.origins.get(setting.key, rule_set.name)
    return not rule_set.inherits or origin == rule_set.name
