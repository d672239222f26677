"""The hooks that a plugin may implement.

A plugin is a module named by an entry point. It announces what it offers through the hooks below;
behaviour lives in the ABCs that its factories return. Beside its hooks the module holds
``SPI_VERSION`` (the number that it was written for, as a literal) and ``CAPABILITIES`` (see
``lienthong.spi.capabilities``)::

    SPI_VERSION = 1
    CAPABILITIES = SignerCapabilities(algorithms=frozenset({SignatureAlgorithm.ED25519}))


    @hookimpl
    def lienthong_signer_factory(scheme: str) -> SignerFactory | None:
        return open_signer if scheme == "acme" else None

Every hook of a plugin is called by keyword, under a deadline, on a thread of the plugin host. What
it raises reaches the caller as ``PluginFailed``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import pluggy

from lienthong.model.trust import Trust
from lienthong.spi.file_signer import FileSigner
from lienthong.spi.gateway import Gateway
from lienthong.spi.observer import Observation
from lienthong.spi.ruleset import RuleSetSource
from lienthong.spi.signer import SecretCallback, Signer
from lienthong.spi.storage import BlobStore, RecordStore
from lienthong.spi.time import TimeSource
from lienthong.spi.verifier import FileVerifier

PROJECT: Final = "lienthong"

SPI_VERSION: Final = 1
"""Version of these hooks and of the ABCs; a plugin that names another one is refused."""

SignerFactory: TypeAlias = Callable[[str, SecretCallback], Signer]
"""Opens the key at a URI, asking for secrets by name."""

RecordStoreFactory: TypeAlias = Callable[[str], RecordStore]
"""Opens, or creates, the record store at a URI."""

BlobStoreFactory: TypeAlias = Callable[[str], BlobStore]
"""Opens, or creates, the blob store at a URI."""

TimeSourceFactory: TypeAlias = Callable[[str], TimeSource]
"""Opens the time source at a URI."""

FileVerifierFactory: TypeAlias = Callable[[Trust], FileVerifier]
"""Makes a verifier that trusts the given authorities, each for its purposes."""

FileSignerFactory: TypeAlias = Callable[[str], FileSigner]
"""Makes a signer of files of the given media type."""

GatewayFactory: TypeAlias = Callable[[str, SecretCallback], Gateway]
"""Makes the gateway that a URI configures, asking for secrets by name; it does not start it."""

hookspec: Final = pluggy.HookspecMarker(PROJECT)

hookimpl: Final = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as the implementation of the hook of the same name."""


@hookspec(firstresult=True)
def lienthong_signer_factory(scheme: str) -> SignerFactory | None:
    """Offer a factory for the keys of *scheme*, or decline with ``None``.

    Entry-point group ``lienthong.signers``; the entry point's name is the scheme. Called once a
    host, when the first key of that scheme is opened.

    The factory runs under a deadline that stands still while a secret is being asked for. It
    raises ``KeyUnusable`` for a wrong secret, a missing key or a certificate of another key,
    ``KeyUnreachable`` for a device or service that does not answer now, and ``InvalidValue`` for a
    URI that it cannot read.
    """


@hookspec(firstresult=True)
def lienthong_record_store_factory(scheme: str) -> RecordStoreFactory | None:
    """Offer a factory for the record stores of *scheme*, or decline with ``None``.

    Entry-point group ``lienthong.record_stores``; the entry point's name is the scheme. Called
    once a host, when the first store of that scheme is opened.

    The factory raises ``DataDirectoryInUse``, ``DataCorrupt`` or ``StoreFailed``.
    """


@hookspec(firstresult=True)
def lienthong_blob_store_factory(scheme: str) -> BlobStoreFactory | None:
    """Offer a factory for the blob stores of *scheme*, or decline with ``None``.

    Entry-point group ``lienthong.blob_stores``; the entry point's name is the scheme. Called once
    a host, when the first store of that scheme is opened.

    The factory raises ``DataDirectoryInUse``, ``DataCorrupt`` or ``StoreFailed``.
    """


@hookspec(firstresult=True)
def lienthong_time_source_factory(scheme: str) -> TimeSourceFactory | None:
    """Offer a factory for the time sources of *scheme*, or decline with ``None``.

    Entry-point group ``lienthong.time_sources``; the entry point's name is the scheme. Called once
    a host, when the first source of that scheme is opened. What is opened is a ``TimeStamper``
    where ``stamps`` is declared.

    The factory asks nobody; it raises ``InvalidValue`` for a URI, or a file that it names, that it
    cannot read.
    """


@hookspec(firstresult=True)
def lienthong_file_verifier_factory(media_type: str) -> FileVerifierFactory | None:
    """Offer a factory for verifiers of files of *media_type*, or decline with ``None``.

    Entry-point group ``lienthong.file_verifiers``; the entry point's name is the media type, in
    lower case, without parameters (``application/pdf``). A module that reads several types has an
    entry point for each. Called once a host and media type.
    """


@hookspec(firstresult=True)
def lienthong_file_signer_factory(media_type: str) -> FileSignerFactory | None:
    """Offer a factory for signers of files of *media_type*, or decline with ``None``.

    Entry-point group ``lienthong.file_signers``; the entry point's name is the media type, as for
    file verifiers. Called once a host and media type.
    """


@hookspec(firstresult=True)
def lienthong_gateway_factory(scheme: str) -> GatewayFactory | None:
    """Offer a factory for the gateways of *scheme*, or decline with ``None``.

    Entry-point group ``lienthong.gateways``; the entry point's name is the scheme. Called once a
    host, when the first gateway of that scheme is made.
    """


@hookspec(firstresult=True)
def lienthong_rule_sets() -> RuleSetSource | None:
    """Offer the rule sets that the distribution carries.

    Entry-point group ``lienthong.rule_sets``; the entry point's name is free and only shown to
    people. Called once a host, when rule sets are first asked for.
    """


@hookspec
def lienthong_observe(event: Observation) -> None:
    """Take note of something that has happened.

    Entry-point group ``lienthong.observers``; the entry point's name is free. Called after the
    fact is durable, once an observation, in order, on one thread that belongs to this observer. An
    observer changes nothing: what it raises is logged and counted, and one that is too slow loses
    observations, never the node its time.
    """
