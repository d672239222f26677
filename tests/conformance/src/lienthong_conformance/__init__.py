"""Contract suites that every plugin of lienthong has to pass, first-party ones included.

Inherit a contract class, override its fixtures, run pytest. The numbered requirements are in
``docs/plugin-authors/contract.md``.
"""

from __future__ import annotations

from lienthong_conformance.blob_store import BlobStoreContract
from lienthong_conformance.file_signer import FileSignerContract
from lienthong_conformance.file_verifier import FileVerifierContract
from lienthong_conformance.record_store import RecordStoreContract
from lienthong_conformance.signer import SignerContract
from lienthong_conformance.signer_cases.locked import LockedKey
from lienthong_conformance.time_source import TimeSourceContract
from lienthong_conformance.verifier_cases.specimen import Specimen

__all__ = [
    "BlobStoreContract",
    "FileSignerContract",
    "FileVerifierContract",
    "LockedKey",
    "RecordStoreContract",
    "SignerContract",
    "Specimen",
    "TimeSourceContract",
]
