"""S-13: the NIST path-validation suite through the verifier's own path rules and revocation.

No path that must fail is accepted. Refused although valid: DSA alone.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from pyhanko_certvalidator.policy_decl import PKIXValidationParams

from lienthong.model.file_signature import Finding
from lienthong.model.trust import StatusEvidence
from lienthong.pki.revocation import Revocation, RevocationIndex, path_status, worst
from lienthong_verifier_pdf.paths import PathVerdict, find_paths

AT: Final = datetime(2020, 1, 1, tzinfo=UTC)
ROOT: Final = Path(__file__).parents[4]
ACCEPTED: Final = 108
"""Of the 110 valid paths."""

Status = Callable[..., tuple[Revocation, ...]]


@pytest.fixture(scope="module")
def folder() -> Path:
    shared = Path(os.environ.get("LIENTHONG_SHARED", ROOT.parent / "shared"))
    found = shared / "data" / "vectors" / "nist_pkits"
    if not found.is_dir():
        pytest.skip("the NIST vectors are not here")
    return found


@pytest.fixture(scope="module")
def cases(folder: Path) -> list[dict[str, Any]]:
    found = json.loads((folder / "pkits.json").read_bytes())
    assert len(found) > 240
    return list(found)


def parameters(case: dict[str, Any]) -> PKIXValidationParams:
    """What a case asks for beside a valid path."""
    given = dict(case.get("params", {}))
    if "user_initial_policy_set" in given:
        given["user_initial_policy_set"] = frozenset(given["user_initial_policy_set"])
    return PKIXValidationParams(**given)


def is_accepted(folder: Path, case: dict[str, Any], status: Status = path_status) -> bool:
    root = (folder / "certs" / "TrustAnchorRootCertificate.crt").read_bytes()
    others = [(folder / "certs" / name).read_bytes() for name in case.get("other_certs", [])]
    names = ["TrustAnchorRootCRL.crl", *case.get("crls", [])]
    lists = [(folder / "crls" / name).read_bytes() for name in names]
    index = RevocationIndex(StatusEvidence(lists=lists, certificates=others))
    leaf = (folder / "certs" / case["cert"]).read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # negative serial numbers are part of the suite
        found = find_paths(leaf, others, [root], AT, parameters(case))
        return found[0].verdict is PathVerdict.VALID and any(
            worst(status(one.path, AT, index)).finding is Finding.GOOD for one in found
        )


REFUSED_ALTHOUGH_VALID: Final = {
    "valid_dsa_signatures_test4",
    "valid_dsa_parameter_inheritance_test5",
}


def test_no_path_that_must_fail_is_accepted(folder: Path, cases: list[dict[str, Any]]) -> None:
    accepted = {case["name"] for case in cases if is_accepted(folder, case)}
    invalid = {case["name"] for case in cases if "error" in case}
    refused = {case["name"] for case in cases} - accepted - invalid
    assert accepted & invalid == set()
    assert refused == REFUSED_ALTHOUGH_VALID
    assert len(accepted) == ACCEPTED


def only_declared(
    path: tuple[bytes, ...], at: datetime, index: RevocationIndex
) -> tuple[Revocation, ...]:
    """As ``hard-fail`` does: what names no place to ask is taken for good."""
    statuses = path_status(path, at, index)
    return tuple(
        one
        for one, der in zip(statuses, path, strict=False)
        if one.finding is not Finding.UNKNOWN or _declares(der)
    ) or (Revocation(finding=Finding.GOOD, reason=statuses[0].reason),)


def _declares(der: bytes) -> bool:
    extensions = x509.load_der_x509_certificate(der).extensions
    kinds = (x509.CRLDistributionPoints, x509.AuthorityInformationAccess)
    return any(isinstance(one.value, kinds) for one in extensions)


@pytest.mark.planted("revocation asked of certificates that name a list only")
def test_hard_fail_instead_of_require_is_noticed(folder: Path, cases: list[dict[str, Any]]) -> None:
    asked = [case for case in cases if "error" in case]
    accepted = [case for case in asked if is_accepted(folder, case, only_declared)]
    assert len(accepted) > 10
