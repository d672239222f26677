"""Data that comes with the SDK: rule sets and calendars as TOML, each line with its basis."""

from __future__ import annotations

from typing import Final

DEFAULT_RULE_SET: Final = "tay-ninh-2019"
DEFAULT_CALENDAR: Final = "vietnam"
