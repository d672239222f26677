"""From settings to what time-stamps the journal: authorities, anchors, ends of algorithms."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from attrs import evolve

from lienthong.errors import ConfigInvalid, LienthongError
from lienthong.evidence.lifetimes import Lifetimes, default_lifetimes
from lienthong.pki.chain import TrustAnchors
from lienthong.plugins import PluginHost
from lienthong.spi.storage import BlobStore, RecordStore
from lienthong_node.certificate_status import CertificateStatus
from lienthong_node.settings import FILE_NAME, Settings
from lienthong_node.stamp_guard import StampGuard
from lienthong_node.stamping import (
    KnownRevocations,
    Source,
    Stamping,
    StampRules,
    nothing_known,
)


def open_stamping(
    folder: Path,
    settings: Settings,
    host: PluginHost,
    store: RecordStore,
    blobs: BlobStore,
    clock: Callable[[], datetime],
    revocations: KnownRevocations = nothing_known,
) -> Stamping | None:
    """What stamps the journal of a data folder; None where no authority is configured.

    *revocations* tells what is known of the authorities' certificates.

    Raises:
        ConfigInvalid: the trust anchors or the days of algorithms cannot be read.
        PluginNotFound, NotSupported, PluginLoadFailed: an authority cannot be opened.
    """
    if not settings.timestamp_sources:
        return None
    rules = evolve(load_rules(folder, settings), revocations=revocations)
    with ExitStack() as opened:
        sources = []
        for uri in settings.timestamp_sources:
            stamper = host.open_time_stamper(uri)
            opened.callback(stamper.close)
            sources.append(Source(uri=uri, stamper=stamper))
        opened.pop_all()
    return Stamping(
        store=store,
        blobs=blobs,
        axis=settings.axis,
        sources=sources,
        rules=rules,
        clock=clock,
        guard=StampGuard(store, limit=timedelta(seconds=settings.timestamp_outage_s)),
    )


def known_revocations(
    folder: Path, settings: Settings, clock: Callable[[], datetime]
) -> KnownRevocations:
    """What the trust folder of a data folder has kept, for commands, which fetch nothing.

    A backup has no such folder.

    Raises:
        LienthongError: the folder is not usable.
    """
    trust = folder / settings.trust_folder
    if not (settings.trust_folder and trust.is_dir()):
        return nothing_known
    return CertificateStatus.open(trust, clock).stamp_revocations


def load_rules(folder: Path, settings: Settings, anchors: Path | None = None) -> StampRules:
    """How time-stamps of a data folder are judged, by its trust anchors or by those of a file.

    Raises:
        ConfigInvalid: the trust anchors or the days of algorithms cannot be read.
    """
    return StampRules(
        anchors=_anchors(folder, anchors or folder / settings.timestamp_anchors),
        lifetimes=load_lifetimes(
            folder / settings.algorithm_ends if settings.algorithm_ends else None
        ),
        algorithm=settings.timestamp_algorithm,
        interval=timedelta(seconds=settings.timestamp_interval_s),
    )


def load_lifetimes(path: Path | None) -> Lifetimes:
    """The days of a file; those that come with the SDK without.

    Raises:
        ConfigInvalid: the file cannot be read.
    """
    if path is None:
        return default_lifetimes()
    try:
        return Lifetimes.parse(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        expected = "a file like algorithms.toml of the SDK"
        raise ConfigInvalid(file=path, key="the file", found=error, expected=expected) from error


def _anchors(folder: Path, path: Path) -> TrustAnchors:
    try:
        return TrustAnchors.from_pem(path.read_bytes())
    except (OSError, LienthongError) as error:
        raise ConfigInvalid(
            file=folder / FILE_NAME,
            key="timestamp_anchors",
            found=f"{path}: {error}",
            expected="trust anchors of time-stamp authorities, PEM",
        ) from error
