"""Notes every change that stores make to the files below a folder, and makes calls fail.

It stands in the place of the functions of ``os``, and below SQLite as a VFS. Nothing is really
synced: ``medium`` decides what each sync was worth.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import apsw
import pytest
from attrs import define, field

from lienthong_storage_sqlite.testing import WatchedFile, WatchedVFS
from tests.durability.medium import (
    FOLDER,
    AllSynced,
    FolderSynced,
    Named,
    Resized,
    Said,
    Step,
    Synced,
    Written,
)

WRITING: Final = ("open", "close", "write", "pwrite", "ftruncate", "fsync", "sync")
NAMING: Final = ("mkdir", "rmdir", "unlink", "replace")
PATCHED: Final = WRITING + NAMING


class Killed(BaseException):
    """The process has ended: no later call has an effect."""


@define(kw_only=True, eq=False)
class Fault:
    """Makes the *turn*-th call of a kind fail, or all from it on, until it is repaired."""

    call: str
    turn: int
    errno: int
    code: int = apsw.SQLITE_IOERR
    """SQLite's result code for it."""

    lasting: bool = False
    part: bool = False
    """Whether a failing write leaves its first half."""

    seen: int = 0
    repaired: bool = False

    def strikes(self, call: str) -> bool:
        if call != self.call or self.repaired:
            return False
        self.seen += 1
        return self.seen >= self.turn if self.lasting else self.seen == self.turn

    def system_error(self) -> OSError:
        return OSError(self.errno, os.strerror(self.errno))


NO_FAULT: Final = Fault(call="", turn=0, errno=0)


@define(eq=False)
class Recorder:
    """The steps of a run below *root*, in order; may be used by several threads."""

    root: Path
    fault: Fault = NO_FAULT
    steps: list[Step] = field(factory=list)
    begun: int = 0
    """Steps that only say what was there before."""

    calls: Counter[str] = field(factory=Counter)
    struck: list[int] = field(factory=list)
    """After how many steps calls failed."""

    resynced: list[str] = field(factory=list)
    """Files acknowledged through a descriptor that was synced again after a failed sync."""

    kill_after: int | None = None
    """Of how many calls the last is the process's end."""

    end_process: Callable[[], None] = field(default=lambda: None)
    """Close every descriptor, as the operating system does at a process's end."""

    lock: threading.RLock = field(factory=threading.RLock)
    _names: dict[str, int] = field(factory=dict)
    _made: int = 0
    _failed: dict[object, str] = field(factory=dict)
    _again: dict[object, str] = field(factory=dict)

    def take_over(self) -> None:
        """Note as durable what is there already."""
        for path in sorted(self.root.rglob("*")):
            if path.is_dir():
                self.name(str(path), FOLDER)
            else:
                inode = self.name(str(path))
                self.steps.append(Written(inode=inode, offset=0, data=path.read_bytes()))
        self.steps.append(AllSynced())
        self.begun = len(self.steps)

    @property
    def points(self) -> range:
        """Where the run can be cut off: after so many steps."""
        return range(self.begun, len(self.steps) + 1)

    def say(self, what: object) -> None:
        """Note that the store has just promised something."""
        self.steps.append(Said(what=what))
        self.resynced += self._again.values()

    def below(self, path: object) -> bool:
        """Say whether a path, not a descriptor, is in the recorded folder."""
        return isinstance(path, str | Path) and Path(path).is_relative_to(self.root)

    def strikes(self, call: str) -> bool:
        """Count a call; say whether it fails now."""
        if self.kill_after is not None:
            self.kill_after -= 1
            if self.kill_after <= 0:
                raise Killed
        self.calls[call] += 1
        strikes = self.fault.strikes(call)
        if strikes:
            self.struck.append(len(self.steps))
        return strikes

    def inode(self, path: str) -> int | None:
        return self._names.get(path)

    def name(self, path: str, inode: int | None = None) -> int:
        """Note that a path has a new file, or this one."""
        if inode is None:
            self._made += 1
            inode = self._made
        self._names[path] = inode
        self.steps.append(Named(path=path, inode=inode))
        return inode

    def forget(self, path: str) -> None:
        if self._names.pop(path, None) is not None:
            self.steps.append(Named(path=path, inode=None))

    def move(self, old: str, new: str) -> None:
        self.name(new, self._names[old])
        self.forget(old)

    def sync(self, descriptor: object, path: str, inode: int) -> bool:
        """Note the sync of a file, or of a folder; say whether it fails."""
        failed = self.strikes("sync")
        if inode == FOLDER:
            self.steps.append(FolderSynced(path=path, failed=failed))
        else:
            self.steps.append(Synced(inode=inode, failed=failed))
        if descriptor in self._failed:
            self._again[descriptor] = path
        if failed:
            self._failed[descriptor] = path
        return failed

    def closed(self, descriptor: object) -> None:
        self._failed.pop(descriptor, None)
        self._again.pop(descriptor, None)


class OperatingSystem:
    """The functions of ``os`` that change files, told to a recorder."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._opened: dict[int, tuple[str, int]] = {}
        self._true: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in PATCHED}

    def _strike(self, call: str) -> None:
        if self._recorder.strikes(call):
            raise self._recorder.fault.system_error()

    def open(self, path: Any, flags: int, mode: int = 0o777, **named: Any) -> int:
        recorder = self._recorder
        if not recorder.below(path):
            return int(self._true["open"](path, flags, mode, **named))
        with recorder.lock:
            self._strike("open")
            descriptor = int(self._true["open"](path, flags, mode, **named))
            inode = FOLDER if flags & os.O_DIRECTORY else recorder.inode(str(path))
            inode = recorder.name(str(path)) if inode is None else inode
            self._opened[descriptor] = (str(path), inode)
            return descriptor

    def close(self, descriptor: int) -> None:
        with self._recorder.lock:
            self._opened.pop(descriptor, None)
            self._recorder.closed(descriptor)
            self._true["close"](descriptor)

    def write(self, descriptor: int, data: Any) -> int:
        with self._recorder.lock:
            data = self._written(descriptor, bytes(data), os.lseek, 0, os.SEEK_CUR)
            return int(self._true["write"](descriptor, data))

    def pwrite(self, descriptor: int, data: Any, offset: int) -> int:
        with self._recorder.lock:
            data = self._written(descriptor, bytes(data), lambda _: offset)
            return int(self._true["pwrite"](descriptor, data, offset))

    def end_process(self) -> None:
        """Close every descriptor."""
        for descriptor in list(self._opened):
            self.close(descriptor)

    def _written(
        self, descriptor: int, data: bytes, place: Callable[..., int], *where: int
    ) -> bytes:
        """Note a write; returns the part of it that is made."""
        recorder = self._recorder
        if descriptor in self._opened:
            if recorder.strikes("write"):
                if not recorder.fault.part or len(data) < 2:
                    raise recorder.fault.system_error()
                data = data[: len(data) // 2]
            _, inode = self._opened[descriptor]
            offset = place(descriptor, *where)
            recorder.steps.append(Written(inode=inode, offset=offset, data=data))
        return data

    def ftruncate(self, descriptor: int, size: int) -> None:
        with self._recorder.lock:
            if descriptor in self._opened:
                self._strike("truncate")
                _, inode = self._opened[descriptor]
                self._recorder.steps.append(Resized(inode=inode, size=size))
            self._true["ftruncate"](descriptor, size)

    def fsync(self, descriptor: int) -> None:
        with self._recorder.lock:
            if descriptor in self._opened:
                path, inode = self._opened[descriptor]
                if self._recorder.sync(descriptor, path, inode):
                    raise self._recorder.fault.system_error()

    def sync(self) -> None:
        with self._recorder.lock:
            self._strike("sync all")
            self._recorder.steps.append(AllSynced())

    def mkdir(self, path: Any, mode: int = 0o777, **named: Any) -> None:
        with self._changing("mkdir", path) as told:
            self._true["mkdir"](path, mode, **named)
            if told:
                self._recorder.name(str(path), FOLDER)

    def rmdir(self, path: Any, **named: Any) -> None:
        with self._changing("rmdir", path) as told:
            self._true["rmdir"](path, **named)
            if told:
                self._recorder.forget(str(path))

    def unlink(self, path: Any, **named: Any) -> None:
        with self._changing("unlink", path) as told:
            self._true["unlink"](path, **named)
            if told:
                self._recorder.forget(str(path))

    def replace(self, old: Any, new: Any, **named: Any) -> None:
        with self._changing("rename", old) as told:
            self._true["replace"](old, new, **named)
            if told:
                self._recorder.move(str(old), str(new))

    @contextmanager
    def _changing(self, call: str, path: Any) -> Iterator[bool]:
        with self._recorder.lock:
            told = self._recorder.below(path)
            if told:
                self._strike(call)
            yield told


class RecordingVFS(WatchedVFS):
    """SQLite's calls, told to a recorder."""

    syncs = False

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder
        self._fresh: set[int] = set()

    def xGetLastError(self) -> tuple[int, str]:
        return self._recorder.fault.errno, ""

    def on(
        self, call: str, path: str, file: WatchedFile | None, data: bytes = b"", offset: int = 0
    ) -> None:
        with self._recorder.lock:
            if call == "close":
                self._recorder.closed(file)
            elif call == "sync":
                self._sync(path, file)
            elif call == "write":
                self._write(path, file, data, offset)
            else:
                self._strike("open" if call == "create" else call)
                self._note(call, path, offset)

    def _strike(self, call: str) -> None:
        if self._recorder.strikes(call):
            raise apsw.exception_for(self._recorder.fault.code)

    def _note(self, call: str, path: str, offset: int) -> None:
        recorder = self._recorder
        inode = recorder.inode(path)
        if call == "create" and inode is None:
            self._fresh.add(recorder.name(path))
        elif call == "delete":
            recorder.forget(path)
            if offset:
                recorder.steps.append(FolderSynced(path=str(Path(path).parent)))
        elif call == "truncate" and inode is not None:
            recorder.steps.append(Resized(inode=inode, size=offset))

    def _write(self, path: str, file: WatchedFile | None, data: bytes, offset: int) -> None:
        recorder = self._recorder
        inode = recorder.inode(path)
        assert inode is not None, path
        if recorder.strikes("write"):
            if recorder.fault.part and file is not None:
                half = data[: len(data) // 2]
                recorder.steps.append(Written(inode=inode, offset=offset, data=half))
                file.write_part(half, offset)
            raise apsw.exception_for(recorder.fault.code)
        recorder.steps.append(Written(inode=inode, offset=offset, data=data))

    def _sync(self, path: str, file: WatchedFile | None) -> None:
        inode = self._recorder.inode(path)
        assert inode is not None, path
        if self._recorder.sync(file, path, inode):
            raise apsw.exception_for(self._recorder.fault.code)
        if inode in self._fresh:
            # The default VFS syncs the folder with the first sync of a log that it has made.
            self._fresh.discard(inode)
            self._recorder.steps.append(FolderSynced(path=str(Path(path).parent)))


@contextmanager
def recording(root: Path) -> Iterator[tuple[Recorder, RecordingVFS]]:
    """Record what happens below a folder; gives the VFS for SQLite as well.

    What is there already is on the platter.
    """
    recorder = Recorder(root)
    recorder.take_over()
    system = OperatingSystem(recorder)
    recorder.end_process = system.end_process
    vfs = RecordingVFS(recorder)
    with pytest.MonkeyPatch.context() as patch:
        for name in PATCHED:
            patch.setattr(os, name, getattr(system, name))
        try:
            yield recorder, vfs
        finally:
            vfs.unregister()
