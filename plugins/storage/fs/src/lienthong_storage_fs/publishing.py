"""Giving contents their names: rename, then sync, and only then be seen."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from lienthong.errors import StoreFailed
from lienthong_storage_fs.files import reporting, sync_folder, syncing
from lienthong_storage_fs.layout import Layout


class Publisher:
    """Names finished files; may be shared between threads.

    A content is invisible between its rename and the sync of its folder: who sees it may
    acknowledge it. When a sync of a folder fails, which names are durable is unknown, and every
    later publication is refused until the folder is opened anew.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lock = threading.Lock()
        self._doubtful: set[bytes] = set()
        """Contents that may have a name which is not durable."""
        self._failure = ""

    @property
    def is_clean(self) -> bool:
        """Whether every name that was given is durable."""
        return not self._failure and not self._doubtful

    def check(self) -> None:
        """Refuse when a sync has failed.

        Raises:
            StoreFailed: one has.
        """
        if self._failure:
            raise StoreFailed(reason=self._failure)

    def is_visible(self, sha256: bytes) -> bool:
        """Say whether the name of a content, if it has one, is durable."""
        return sha256 not in self._doubtful

    def publish(self, files: Mapping[bytes, Path]) -> None:
        """Give synced files their names; all durable when it returns.

        Args:
            files: the file of each hash.

        Raises:
            DiskFull: a folder could not grow; nothing new is visible.
            StoreFailed: a name could not be made durable.
        """
        self.check()
        targets = {sha256: self._layout.content(sha256) for sha256 in files}
        with self._lock:
            new = {sha256 for sha256, target in targets.items() if not target.exists()}
            self._doubtful |= new
        self._name({target: files[sha256] for sha256, target in targets.items()})
        with self._lock:
            self._doubtful -= targets.keys()

    def _name(self, files: Mapping[Path, Path]) -> None:
        """Rename each file to its target and sync the folders."""
        folders = {target.parent for target in files}
        with reporting("naming a content"):
            grown = self._layout.make_folders(folders)
            for target, path in files.items():
                path.replace(target)
        try:
            with syncing("syncing a folder of contents"):
                # All renames first: one commit of the file system's journal then serves them all.
                for folder in (*folders, *grown):
                    sync_folder(folder)
        except StoreFailed as error:
            self._failure = str(error.facts["reason"])
            raise
        self._layout.note_folders(folders)
