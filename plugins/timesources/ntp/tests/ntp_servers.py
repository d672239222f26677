"""NTP servers on the loopback: honest, lying, silent, and worse."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

EPOCH: Final = 1_772_415_000.0
"""What honest servers show when the process's monotonic clock shows 0: 2 March 2026."""

_1970: Final = 2_208_988_800
_FORM: Final = struct.Struct(">BBbbII4s8s8s8s8s")

Answer = Callable[[bytes], list[bytes]]
"""From a question to the packets that are sent back."""


def stamp(seconds: float) -> bytes:
    """Seconds since 1970 as NTP writes them."""
    return int((seconds + _1970) * 2**32).to_bytes(9, "big")[1:]


def packet(
    question: bytes,
    *,
    ahead: float = 0.0,
    first: int = 0b00_100_100,
    stratum: int = 2,
    name: bytes = b"TEST",
    delay: float = 0.002,
    dispersion: float = 0.001,
    origin: bytes | None = None,
    received: bytes | None = None,
    sent: bytes | None = None,
) -> bytes:
    """The answer of an honest server, some fields otherwise."""
    now = stamp(EPOCH + time.monotonic() + ahead)
    return _FORM.pack(
        first,
        stratum,
        6,
        -20,
        int(delay * 2**16),
        int(dispersion * 2**16),
        name,
        now,
        question[40:48] if origin is None else origin,
        now if received is None else received,
        now if sent is None else sent,
    )


def honest(question: bytes) -> list[bytes]:
    return [packet(question)]


def ahead(seconds: float) -> Answer:
    return lambda question: [packet(question, ahead=seconds)]


def silent(_: bytes) -> list[bytes]:
    return []


def replaying(_: bytes) -> list[bytes]:
    """Answers everybody with what it said to somebody an hour ago."""
    return [packet(bytes(40) + b"earlier!", ahead=-3600.0)]


@contextmanager
def serve(answer: Answer) -> Iterator[tuple[str, list[bytes]]]:
    """A server on a free port; gives ``host:port`` and the questions that came."""
    questions: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.02)
        over = threading.Event()

        def run() -> None:
            while not over.is_set():
                try:
                    question, sender = sock.recvfrom(2_000)
                except TimeoutError:
                    continue
                questions.append(question)
                for one in answer(question):
                    sock.sendto(one, sender)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"127.0.0.1:{sock.getsockname()[1]}", questions
        finally:
            over.set()
            thread.join()
