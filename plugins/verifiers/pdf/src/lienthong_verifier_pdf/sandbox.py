"""What a worker takes away from itself before it reads the first file.

No network (a network namespace of its own, where the system lets it; and no sockets by an audit
hook), no new processes, no files written, none read but those of the program itself, few
descriptors, bounded memory and CPU. What is taken away does not come back for the life of the
process.

The kernel keeps the network, file sizes, memory, CPU and descriptors; what the audit hook alone
keeps binds Python code, not machine code that has taken the process over. New processes are of both
kinds: the kernel does not count those of root, as whom no node should run.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

CPU_SECONDS: Final = 10
"""Of one document."""

MEMORY_BYTES: Final = 512 * 1024 * 1024
"""Beyond what the program itself takes."""

SPARE_FILES: Final = 4
_CLONE_NEWNET: Final = 0x40000000
_CLONE_NEWUSER: Final = 0x10000000
_PR_SET_NO_NEW_PRIVS: Final = 38
_REFUSED: Final = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.putenv",
    "os.kill",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.chmod",
    "os.chown",
    "os.truncate",
    "ctypes.",
    "shutil.",
    "webbrowser.",
    "urllib.",
)
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Forbidden(RuntimeError):
    """Code in a worker did what no reading of a file needs."""


def enclose() -> None:
    """Give up everything but reading what comes through the pipe."""
    _leave_the_network()
    used = _address_space()
    _limit(resource.RLIMIT_AS, used + MEMORY_BYTES)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    _limit(resource.RLIMIT_NOFILE, _highest_descriptor() + SPARE_FILES)
    # Time that is up ends the process: nothing of the file's may catch it.
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    sys.addaudithook(partial(_refuse, roots=_program()))


def allow_one_document() -> None:
    """Let the process spend its seconds of CPU for one document, beyond what it has used."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = int(usage.ru_utime + usage.ru_stime) + CPU_SECONDS
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (until, hard))


def _leave_the_network() -> None:
    """Move into a network namespace without interfaces; where that is refused, the hook remains."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # Who may not do it outright may do it in a user namespace of its own, on most systems.
    if libc.unshare(_CLONE_NEWNET):
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    return pages * resource.getpagesize()


def _highest_descriptor() -> int:
    return max(int(one.name) for one in Path("/proc/self/fd").iterdir())


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    bounded = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (bounded, bounded))


def _program() -> tuple[str, ...]:
    """Folders that modules are imported from."""
    places = {sys.prefix, sys.base_prefix, *filter(None, sys.path)}
    return tuple(os.path.realpath(one) + os.sep for one in sorted(places))


def _refuse(event: str, arguments: tuple[Any, ...], *, roots: tuple[str, ...]) -> None:
    if event.startswith(_REFUSED):
        raise Forbidden(event)
    if event != "open":
        return
    path, _, flags = arguments
    # The flags are told of every way to open a file, the mode of open() alone.
    if flags & _WRITING:
        raise Forbidden("open for writing")
    # A number is a descriptor that is open already.
    if not isinstance(path, int) and not os.path.realpath(os.fsdecode(path)).startswith(roots):
        raise Forbidden("open a file that is none of the program's")
