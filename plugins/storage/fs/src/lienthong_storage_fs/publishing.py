"""Giving contents their names: rename, then sync, and only then be seen."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from lienthong.errors import StoreFailed
from lienthong.spi.medium import reporting, syncing
from lienthong_storage_fs.files import sync_folder
from lienthong_storage_fs.layout import Layout


class Publisher:
    """Names finished files; may be shared between threads.

    A content is invisible between its rename and the sync of its folder: who sees it may
    acknowledge it. When the sync of a folder fails, every publication under way fails with it, for
    the operating system may have told one of them only; later ones are refused until the folders
    were synced anew.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lock = threading.Lock()
        self._running = 0
        self._doubtful: set[bytes] = set()
        """Contents that may have a name which is not durable."""
        self._failure = ""
        self._unsynced: set[Path] = set()
        """Folders of publications that failed."""

    @property
    def is_clean(self) -> bool:
        """Whether every name that was given is durable."""
        return not self._failure and not self._doubtful

    def is_visible(self, sha256: bytes) -> bool:
        """Say whether the name of a content, if it has one, is durable."""
        return sha256 not in self._doubtful

    def publish(self, files: Mapping[bytes, Path]) -> None:
        """Give synced files their names; all durable when it returns.

        Args:
            files: the file of each hash.

        Raises:
            DiskFull: a folder could not grow; nothing new is visible.
            StoreFailed: a name could not be made durable, of these or of others at the same time.
        """
        targets = {sha256: self._layout.content(sha256) for sha256 in files}
        with self._lock:
            self._mend()
            self._running += 1
            self._doubtful |= {sha for sha, target in targets.items() if not target.exists()}
        try:
            folders = self._rename({target: files[sha256] for sha256, target in targets.items()})
            self._sync(folders)
            with self._lock:
                self._doubtful -= targets.keys()
        finally:
            with self._lock:
                self._running -= 1

    def _mend(self) -> None:
        """After a failure, sync the folders anew, on new descriptors, once nobody else names.

        Raises:
            StoreFailed: that is not so yet, or fails again.
        """
        if not self._failure:
            return
        if self._running:
            raise StoreFailed(reason=self._failure)
        with syncing("syncing a folder of contents again"):
            for folder in self._unsynced:
                sync_folder(folder)
        self._unsynced.clear()
        self._failure = ""

    def _rename(self, files: Mapping[Path, Path]) -> set[Path]:
        """Rename each file to its target; returns the folders to be synced."""
        folders = {target.parent for target in files}
        with reporting("naming a content"):
            grown = self._layout.make_folders(folders)
            # All renames first: one commit of the file system's journal then serves them all.
            for target, path in files.items():
                path.replace(target)
        return folders | grown

    def _sync(self, folders: set[Path]) -> None:
        """Sync the folders of a publication.

        Raises:
            StoreFailed: that failed, for this publication or meanwhile for another.
        """
        failure = ""
        try:
            with syncing("syncing a folder of contents"):
                for folder in folders:
                    sync_folder(folder)
        except StoreFailed as error:
            failure = str(error.facts["reason"])
        with self._lock:
            self._failure = self._failure or failure
            if self._failure:
                self._unsynced |= folders
                raise StoreFailed(reason=self._failure)
        self._layout.note_folders(folders)
