"""What plugin authors need: the hooks, the ABCs behind them and the values that they exchange."""

from __future__ import annotations

from lienthong.spi.capabilities import (
    BlobStoreCapabilities,
    FileSignerCapabilities,
    FileVerifierCapabilities,
    GatewayCapabilities,
    RecordStoreCapabilities,
    RuleSetCapabilities,
    SignerCapabilities,
    TimeSourceCapabilities,
)
from lienthong.spi.file_signer import Box, FileSigner, SignatureLevel, SignedFile, SigningOrder
from lienthong.spi.gateway import Gateway, GatewayState, GatewayStatus
from lienthong.spi.hookspecs import (
    SPI_VERSION,
    BlobStoreFactory,
    FileSignerFactory,
    FileVerifierFactory,
    GatewayFactory,
    RecordStoreFactory,
    SignerFactory,
    TimeSourceFactory,
    hookimpl,
)
from lienthong.spi.observer import Observation
from lienthong.spi.ruleset import RuleSetSource
from lienthong.spi.signer import SecretCallback, Signer
from lienthong.spi.storage import BlobStore, ReadView, RecordStore, Staging, WriteTransaction
from lienthong.spi.time import TimeReading, TimeSource, TimeStamper
from lienthong.spi.verifier import (
    HAS_SIGNATURES,
    FileCheck,
    FileReport,
    FileVerifier,
    Outcome,
)

__all__ = [
    "HAS_SIGNATURES",
    "SPI_VERSION",
    "BlobStore",
    "BlobStoreCapabilities",
    "BlobStoreFactory",
    "Box",
    "FileCheck",
    "FileReport",
    "FileSigner",
    "FileSignerCapabilities",
    "FileSignerFactory",
    "FileVerifier",
    "FileVerifierCapabilities",
    "FileVerifierFactory",
    "Gateway",
    "GatewayCapabilities",
    "GatewayFactory",
    "GatewayState",
    "GatewayStatus",
    "Observation",
    "Outcome",
    "ReadView",
    "RecordStore",
    "RecordStoreCapabilities",
    "RecordStoreFactory",
    "RuleSetCapabilities",
    "RuleSetSource",
    "SecretCallback",
    "SignatureLevel",
    "SignedFile",
    "Signer",
    "SignerCapabilities",
    "SignerFactory",
    "SigningOrder",
    "Staging",
    "TimeReading",
    "TimeSource",
    "TimeSourceCapabilities",
    "TimeSourceFactory",
    "TimeStamper",
    "WriteTransaction",
    "hookimpl",
]
