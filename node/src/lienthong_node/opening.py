"""Opening a data folder: settings, stores, keys; for the server and for offline commands alike."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

from attrs import define

from lienthong.errors import ConfigInvalid
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.evidence.note import VerifierKey
from lienthong.plugins import AllowList, PluginHost
from lienthong.plugins.addresses import anchored
from lienthong.spi.signer import Signer
from lienthong.spi.storage import BlobStore, RecordStore
from lienthong_node.checkpoint_key import CheckpointKey
from lienthong_node.committer import Batch, Committer
from lienthong_node.core.policy import Policy
from lienthong_node.disk import DiskGuard
from lienthong_node.heads import HeadFile, check_continues
from lienthong_node.security_log import FILE_NAME as SECURITY_LOG
from lienthong_node.security_log import SecurityLog
from lienthong_node.settings import Settings, load_settings
from lienthong_node.stamp_guard import StampGuard

PASSPHRASE_FILE: Final = "LIENTHONG_NODE_PASSPHRASE_FILE"  # noqa: S105 - the name of a variable
"""Environment variable that names a file with the passphrase of the node's keys."""

MAX_SECRET_BYTES: Final = 4096

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The node's clock; everything else gets it as an argument."""
    return datetime.now(UTC)


def ask_secret(name: str) -> str:
    """The passphrase or PIN of the node's key, from the file that the environment names.

    Raises:
        ConfigInvalid: a key is encrypted and no file is named, or it cannot be read.
    """
    path = os.environ.get(PASSPHRASE_FILE)
    if path is None:
        raise ConfigInvalid(
            file="environment", key=PASSPHRASE_FILE, found="unset", expected=f"a file with {name}"
        )
    try:
        return _read_secret(Path(path))
    except (OSError, ValueError) as error:
        raise ConfigInvalid(
            file=path, key=PASSPHRASE_FILE, found=error, expected=f"a file with {name}"
        ) from error


def _read_secret(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(MAX_SECRET_BYTES + 1)
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
    if len(data) > MAX_SECRET_BYTES:
        raise ValueError(f"more than {MAX_SECRET_BYTES} bytes")
    if os.name == "posix" and mode & 0o007:
        log.warning("%s has mode %04o: everybody here may read it, set 0600", path, mode)
    # Not by the codec's own error: that one holds the secret.
    text = data.decode("utf-8", "ignore")
    if text.encode() != data:
        raise ValueError("no text in UTF-8")
    return text.rstrip("\n")


@define(eq=False, kw_only=True)
class Opened:
    """A data folder in use; closing it gives the folder free."""

    folder: Path
    settings: Settings
    policy: Policy
    host: PluginHost
    store: RecordStore
    blobs: BlobStore
    signer: Signer
    security: SecurityLog

    @property
    def checkpoint_key(self) -> VerifierKey:
        return VerifierKey.of_signer(self.settings.axis, self.signer)

    def committer(
        self,
        *,
        guard: DiskGuard | None = None,
        stamps: StampGuard | None = None,
        clock: Callable[[], datetime] = utc_now,
        on_batch: Callable[[Batch], None] = lambda _: None,
    ) -> Committer:
        """What signs; only on a journal that continues the newest head that was signed here.

        Raises:
            RestoreUnconfirmed: the folder was restored, and nobody has said so.
            JournalRolledBack, DataCorrupt: the journal goes back behind the head, or beside it.
        """
        with self.store.read() as view:
            heads = HeadFile.opened(self.folder, self.checkpoint_key, view)
        return Committer(
            self.store,
            policy=self.policy,
            signer=self.signer,
            clock=clock,
            heads=heads,
            reserve_reached=guard.reached if guard else lambda: False,
            check_stamped=stamps.check if stamps else lambda _: None,
            on_batch=on_batch,
        )

    def check_continues(self, note: str) -> None:
        """Check that the journal begins with exactly what a checkpoint from outside covers.

        Raises:
            CheckpointInvalid: the checkpoint is not this axis's.
            JournalRolledBack, DataCorrupt: the journal was cut or rewritten since.
        """
        checkpoint = open_checkpoint(note, self.checkpoint_key)
        with self.store.read() as view:
            check_continues(view, checkpoint, "the checkpoint")

    def close(self) -> None:
        self.security.close()
        self.blobs.close()
        self.signer.close()
        self.store.close()
        self.host.close()


def open_folder(folder: Path, host: PluginHost | None = None) -> Opened:
    """Open stores and keys of a data folder; nobody else may have it open.

    Raises:
        ConfigInvalid: the settings are wrong.
        DataDirectoryInUse: a node is running on it.
        PluginNotFound, PluginNotAllowed, PluginLoadFailed, KeyUnusable: a plugin or key cannot be
            opened.
        SecurityLogFailed: the security log cannot be written.
    """
    settings = load_settings(folder)
    host = host or plugin_host(folder, settings)
    with ExitStack() as opened:
        store = host.open_record_store(under(folder, settings.records))
        opened.callback(store.close)
        blobs = host.open_blob_store(under(folder, settings.blobs))
        opened.callback(blobs.close)
        signer = open_checkpoint_key(folder, settings, host)
        opened.callback(signer.close)
        security = SecurityLog(folder / SECURITY_LOG, utc_now)
        opened.pop_all()
    return Opened(
        folder=folder,
        settings=settings,
        policy=policy(settings),
        host=host,
        store=store,
        blobs=blobs,
        signer=signer,
        security=security,
    )


@contextmanager
def open_for_audit(
    folder: Path, axis_key: str | None
) -> Iterator[tuple[RecordStore, BlobStore, VerifierKey]]:
    """Open the stores of a data folder or backup, and the axis's public key.

    Args:
        folder: a data folder that no node uses, or a backup.
        axis_key: the axis's verifier key; None takes it from the folder's own checkpoint key.

    Raises:
        ConfigInvalid, DataDirectoryInUse, KeyUnusable: the folder or key cannot be used.
    """
    settings = load_settings(folder)
    host = plugin_host(folder, settings)
    if axis_key is None:
        signer = open_checkpoint_key(folder, settings, host)
        key = VerifierKey.of_signer(settings.axis, signer)
        signer.close()
    else:
        key = VerifierKey.parse(axis_key)
    with (
        closing(host.open_record_store(under(folder, settings.records))) as store,
        closing(host.open_blob_store(under(folder, settings.blobs))) as blobs,
    ):
        yield store, blobs, key


def open_checkpoint_key(folder: Path, settings: Settings, host: PluginHost) -> CheckpointKey:
    """The checkpoint key of a data folder.

    Raises:
        KeyUnusable, KeyUnreachable, PluginNotFound, PluginNotAllowed, PluginLoadFailed: it cannot
            be opened.
    """
    address = anchored(settings.checkpoint_key, folder)
    return CheckpointKey(lambda: host.open_signer(address, ask_secret))


def plugin_host(folder: Path, settings: Settings) -> PluginHost:
    """The host of a node's plugins, with the allow list that its settings name.

    Raises:
        ConfigInvalid: the allow list cannot be read.
    """
    named = settings.plugin_allow_list
    return PluginHost(allowed=AllowList.load(folder / named) if named else None)


def policy(settings: Settings) -> Policy:
    """What the axis accepts, by its settings."""
    return Policy(
        axis=settings.axis,
        max_files=settings.max_files,
        max_file_bytes=settings.max_file_bytes,
        max_package_bytes=settings.max_package_bytes,
        max_recipients=settings.max_recipients,
        max_clock_ahead=timedelta(seconds=settings.max_clock_ahead_s),
        max_age=timedelta(seconds=settings.max_age_s),
    )


def under(folder: Path, address: str) -> str:
    """The address of a store whose relative path lies in the data folder."""
    scheme, _, rest = address.partition(":")
    path, mark, query = rest.partition("?")
    return f"{scheme}:{quote(str(folder / path))}{mark}{query}"
