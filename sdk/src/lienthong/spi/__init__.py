"""What plugin authors need: the hooks, the ABCs behind them and the values that they exchange."""

from __future__ import annotations

from lienthong.spi.capabilities import (
    BlobStoreCapabilities,
    FileVerifierCapabilities,
    GatewayCapabilities,
    RecordStoreCapabilities,
    RuleSetCapabilities,
    SignerCapabilities,
    TimeSourceCapabilities,
)
from lienthong.spi.gateway import Gateway, GatewayState, GatewayStatus
from lienthong.spi.hookspecs import (
    SPI_VERSION,
    BlobStoreFactory,
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
from lienthong.spi.time import TimeReading, TimeSource
from lienthong.spi.verifier import FileCheck, FileReport, FileVerifier, Outcome

__all__ = [
    "SPI_VERSION",
    "BlobStore",
    "BlobStoreCapabilities",
    "BlobStoreFactory",
    "FileCheck",
    "FileReport",
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
    "Signer",
    "SignerCapabilities",
    "SignerFactory",
    "Staging",
    "TimeReading",
    "TimeSource",
    "TimeSourceCapabilities",
    "TimeSourceFactory",
    "WriteTransaction",
    "hookimpl",
]
