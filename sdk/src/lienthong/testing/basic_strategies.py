"""Hypothesis strategies for texts, instants and identifiers; needs ``hypothesis``."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from lienthong.model.ids import (
    DocumentCode,
    DocumentNumber,
    OrganId,
    PackageId,
    Sha256,
    StatementId,
)
from lienthong.model.time import VIETNAM

LETTERS: Final = string.ascii_letters + string.digits + "àÀđĐệỆôÔơƠưƯý"
_CODE: Final = string.ascii_uppercase + string.digits
_ZONES: Final = (UTC, VIETNAM, timezone(timedelta(hours=-9, minutes=-30)))


@cache
def texts(limit: int, *, required: bool = False, lines: bool = False) -> SearchStrategy[str]:
    """Text of at most *limit* characters, as the model allows it."""
    line = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"))
    alphabet = st.one_of(line, st.sampled_from("\n\t")) if lines else line
    found = st.one_of(
        st.sampled_from(["", "Ủy ban nhân dân tỉnh"[:limit], "Ể" * limit]),
        st.text(alphabet, max_size=min(limit, 10)),
    )
    if required:
        return found.map(lambda text: text if text.strip() else "Sở"[:limit])
    return found


@cache
def instants() -> SearchStrategy[datetime]:
    """Instants of several zones, to the microsecond."""
    return st.datetimes(
        min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - the zone is drawn
        max_value=datetime(2200, 1, 1),  # noqa: DTZ001
        timezones=st.sampled_from(_ZONES),
    )


@cache
def organ_ids() -> SearchStrategy[OrganId]:
    """Codes of every shape in use."""
    number, letter = st.integers(0, 99), st.sampled_from("AGHIKW")
    return st.one_of(
        st.builds("{:03}.{:02}.{:02}.{}{:02}".format, number, number, number, letter, number),
        st.builds("{:02}.{:02}.{}{:02}".format, number, number, letter, number),
        st.builds("{}{:02}.{}.{}".format, letter, number, number, number),
        st.builds("02{:010}".format, st.integers(0, 10**10 - 1)),
        st.text(_CODE, min_size=1, max_size=35),
    ).map(OrganId)


@cache
def document_numbers() -> SearchStrategy[DocumentNumber]:
    """Numbers with their notation."""
    number = st.builds("{:02}{}".format, st.integers(0, 10**8), st.sampled_from(["", "a", "Đ"]))
    notation = st.one_of(
        st.sampled_from(["2019/QĐ-UBND", "TTr-SNV", "X" * 30]),
        st.text(LETTERS + "-/.&,", min_size=1, max_size=8),
    )
    return st.builds(DocumentNumber, number, notation)


@cache
def document_codes() -> SearchStrategy[DocumentCode]:
    """Codes of documents."""
    return st.builds(
        DocumentCode, organ_ids(), st.integers(1000, 9999), st.integers(1, 9_999_999_999)
    )


@cache
def package_ids() -> SearchStrategy[PackageId]:
    """Identifiers of packages."""
    return st.builds(PackageId.new, instants(), _random())


@cache
def statement_ids() -> SearchStrategy[StatementId]:
    """Identifiers of status reports."""
    return st.builds(StatementId.new, instants(), _random())


@cache
def _random() -> SearchStrategy[bytes]:
    return st.integers(0, 2**80 - 1).map(lambda number: number.to_bytes(10, "big"))


@cache
def hashes() -> SearchStrategy[Sha256]:
    """SHA-256 values."""
    return st.integers(0, 2**32).map(lambda number: Sha256.of(b"%d" % number))
