"""Which modules are mutated, and which tests have to notice it."""

from __future__ import annotations

from typing import Final

from attrs import frozen

SDK: Final = "sdk/src/lienthong"
NODE: Final = "node/src/lienthong_node"


@frozen(kw_only=True)
class Target:
    """Modules that share their tests."""

    part: str
    """State machines, authorisation or verification."""

    paths: tuple[str, ...]
    tests: tuple[str, ...]
    """The quickest first: a mutant's run ends at the first failure."""


TARGETS: Final = (
    Target(
        part="machines",
        paths=(
            f"{SDK}/flow/delivery.py",
            f"{SDK}/flow/delivery_table.py",
            f"{SDK}/flow/issuing.py",
            f"{SDK}/flow/issuing_table.py",
            f"{SDK}/flow/machine.py",
            f"{SDK}/flow/packages.py",
        ),
        tests=("sdk/tests/flow",),
    ),
    Target(
        part="authorisation",
        paths=(
            f"{NODE}/access.py",
            f"{NODE}/core/checks.py",
            f"{NODE}/core/credentials.py",
        ),
        tests=("node/tests/test_rights.py", "node/tests/test_identity.py"),
    ),
    Target(
        part="authorisation",
        paths=(f"{NODE}/services/visibility.py",),
        tests=("node/tests/test_visibility.py",),
    ),
    Target(
        part="verification",
        paths=(f"{SDK}/evidence/merkle.py",),
        tests=("sdk/tests/evidence/test_merkle.py",),
    ),
    Target(
        part="verification",
        paths=(
            f"{SDK}/evidence/checkpoint.py",
            f"{SDK}/evidence/note.py",
            f"{SDK}/evidence/receipt.py",
        ),
        tests=("sdk/tests/evidence/test_note.py", "sdk/tests/evidence/test_receipt.py"),
    ),
    Target(
        part="verification",
        paths=(f"{SDK}/pki/envelope.py",),
        tests=("sdk/tests/pki/test_envelope.py", "sdk/tests/pki/test_dsse.py"),
    ),
    Target(
        part="verification",
        paths=(f"{SDK}/pki/chain.py",),
        tests=("sdk/tests/pki/test_chain.py", "sdk/tests/pki/test_pkits.py"),
    ),
)

VISIBILITY: Final = f"{NODE}/services/visibility.py"

EQUIVALENT: Final[dict[str, str]] = {
    f"{SDK}/flow/machine.py:Guard:constant:False": "only the representation for people differs",
    f"{VISIBILITY}:visible_package:constant+1:1": "one row more is read than is looked at",
    f"{VISIBILITY}:visible_package:constant-1:0": "of one row the first is the last",
    f"{VISIBILITY}:visible_entry:constant+1:1": "one row more is read than is looked at",
    f"{VISIBILITY}:visible_entry:constant-1:0": "of one row the first is the last",
}
"""Mutants that behave as the module itself does, each with the reason why no test can notice it."""
