"""The NIST path-validation suite: no invalid path is accepted beyond what is not asked here.

Not asked: revocation, and policies that only the caller's settings demand. Refused although valid,
because the rules here are a strict subset: DSA, names that differ in case or spacing, self-issued
certificates, authorities as signers, name and policy constraints.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lienthong.errors import LienthongError
from lienthong.pki.chain import Purpose, TrustAnchors, validate_chain

AT = datetime(2020, 1, 1, tzinfo=UTC)
REVOCATION = {"InsufficientRevinfoError", "RevokedError", "StaleRevinfoError"}
PLAIN = {"402": 3, "407": 1, "416": 1}
"""Sections in which every valid path has to be accepted, with their number."""


def is_asked(case: dict[str, Any]) -> bool:
    error = case.get("error")
    return error is None or (error["class"] not in REVOCATION and "params" not in case)


def is_accepted(folder: Path, case: dict[str, Any], anchors: TrustAnchors) -> bool:
    names = [case["cert"], *reversed(case.get("other_certs", []))]
    chain = [(folder / "certs" / name).read_bytes() for name in names]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # negative serial numbers are part of the suite
            validate_chain(chain, anchors, AT, Purpose.SIGNING)
    except LienthongError:
        return False
    return True


def test_no_invalid_path_is_accepted(vectors: Path) -> None:
    folder = vectors / "nist_pkits"
    root = (folder / "certs" / "TrustAnchorRootCertificate.crt").read_bytes()
    anchors = TrustAnchors([root])
    cases = [case for case in json.loads((folder / "pkits.json").read_bytes()) if is_asked(case)]
    accepted = [case for case in cases if is_accepted(folder, case, anchors)]
    assert [case["name"] for case in accepted if "error" in case] == []
    assert len(cases) > 180
    assert len(accepted) >= 38
    sections = Counter(case["id"][:3] for case in accepted)
    assert {section: sections[section] for section in PLAIN} == PLAIN
