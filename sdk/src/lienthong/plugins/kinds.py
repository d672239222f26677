"""The kinds of plugins: where each is announced and what it has to keep."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from attrs import frozen

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


class PluginKind(enum.Enum):
    """What a plugin is for; the value is the word for people."""

    SIGNER = "signer"
    RECORD_STORE = "record store"
    BLOB_STORE = "blob store"
    TIME_SOURCE = "time source"
    FILE_VERIFIER = "file verifier"
    FILE_SIGNER = "file signer"
    GATEWAY = "gateway"
    RULE_SET = "rule set"
    OBSERVER = "observer"


@frozen(kw_only=True)
class Seam:
    """How plugins of one kind are found and asked."""

    group: str
    """Entry-point group."""

    hook: str
    """The hook that such a plugin must implement."""

    argument: str | None
    """The hook's argument that carries the entry point's name; None if it takes no name."""

    capabilities: type | None
    """Class of its ``CAPABILITIES``; None if it declares none."""


SEAMS: Final[Mapping[PluginKind, Seam]] = MappingProxyType(
    {
        PluginKind.SIGNER: Seam(
            group="lienthong.signers",
            hook="lienthong_signer_factory",
            argument="scheme",
            capabilities=SignerCapabilities,
        ),
        PluginKind.RECORD_STORE: Seam(
            group="lienthong.record_stores",
            hook="lienthong_record_store_factory",
            argument="scheme",
            capabilities=RecordStoreCapabilities,
        ),
        PluginKind.BLOB_STORE: Seam(
            group="lienthong.blob_stores",
            hook="lienthong_blob_store_factory",
            argument="scheme",
            capabilities=BlobStoreCapabilities,
        ),
        PluginKind.TIME_SOURCE: Seam(
            group="lienthong.time_sources",
            hook="lienthong_time_source_factory",
            argument="scheme",
            capabilities=TimeSourceCapabilities,
        ),
        PluginKind.FILE_VERIFIER: Seam(
            group="lienthong.file_verifiers",
            hook="lienthong_file_verifier_factory",
            argument="media_type",
            capabilities=FileVerifierCapabilities,
        ),
        PluginKind.FILE_SIGNER: Seam(
            group="lienthong.file_signers",
            hook="lienthong_file_signer_factory",
            argument="media_type",
            capabilities=FileSignerCapabilities,
        ),
        PluginKind.GATEWAY: Seam(
            group="lienthong.gateways",
            hook="lienthong_gateway_factory",
            argument="scheme",
            capabilities=GatewayCapabilities,
        ),
        PluginKind.RULE_SET: Seam(
            group="lienthong.rule_sets",
            hook="lienthong_rule_sets",
            argument=None,
            capabilities=RuleSetCapabilities,
        ),
        PluginKind.OBSERVER: Seam(
            group="lienthong.observers",
            hook="lienthong_observe",
            argument=None,
            capabilities=None,
        ),
    }
)
