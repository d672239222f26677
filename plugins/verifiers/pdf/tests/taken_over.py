"""A worker that a file has taken over: it does what the media type says instead of reading."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from lienthong_verifier_pdf.frames import read_frames, write_frames
from lienthong_verifier_pdf.sandbox import allow_one_document, enclose


def spin() -> None:
    while True:
        pass


def sleep() -> None:
    time.sleep(3600)


def hoard() -> None:
    hoarded = [bytearray(64 * 1024 * 1024) for _ in range(9)]
    sys.exit(f"{len(hoarded)} pieces of 64 MiB were given")


def connect() -> None:
    socket.create_connection(("127.0.0.1", 9), timeout=1)


def fork() -> None:
    os.fork()


def execute() -> None:
    subprocess.run(["true"], check=True)


def write() -> None:
    Path("/tmp/lienthong-was-here").write_text("written")  # noqa: S108 - it must fail


def create() -> None:
    os.open("/tmp/lienthong-was-here", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)  # noqa: S108 - so must this


def files() -> None:
    with ExitStack() as stack:
        for _ in range(64):
            stack.enter_context(Path(os.__file__).open())
        sys.exit("64 files were opened")


def read() -> None:
    sys.exit(Path("/proc/self/environ").read_text())


def read_by_a_link() -> None:
    """From inside the program's folders, out of them again."""
    sys.exit(Path(sys.prefix, *[".."] * 64, "proc/self/environ").read_text())


def die() -> None:
    os._exit(1)


def garble() -> None:
    write_frames(sys.stdout.buffer, [b"{not a report"])


def flood() -> None:
    sys.stdout.buffer.write(b"\xff" * 4096)
    sys.stdout.buffer.flush()


DEEDS: dict[bytes, Callable[[], None]] = {
    name.encode(): deed
    for name, deed in globals().items()
    if callable(deed) and getattr(deed, "__module__", "") == __name__
}


def main() -> None:
    read_frames(sys.stdin.buffer)
    enclose()
    write_frames(sys.stdout.buffer, [b"ready"])
    while (pieces := read_frames(sys.stdin.buffer)) is not None:
        allow_one_document()
        try:
            DEEDS[pieces[1]]()
        except (OSError, RuntimeError, MemoryError) as error:
            # What was refused is told as what the file says, so that the test can see it.
            write_frames(sys.stdout.buffer, [f"{type(error).__name__}".encode()])


if __name__ == "__main__":
    main()
