"""HTTP/2 over TLS, frame by frame: what no gRPC library would send."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Self, TypeAlias

from attrs import define, field
from hpack import Decoder, Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
)

from lienthong.client import Profile

SECONDS: Final = 20.0
"""After that, somebody hangs."""

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WHO_AM_I: Final = "/lienthong.axis.v1.Directory/GetOrganisation"
SUBSCRIBE: Final = "/lienthong.axis.v1.Exchange/Subscribe"
FOLLOW: Final = struct.pack(">BI", 0, 2) + b"\x18\x01"
"""A framed SubscribeRequest that says only that it will wait for news."""

ENHANCE_YOUR_CALM: Final = 0xB
FRAME: Final = 16_384
"""Bytes of the largest frame that everybody must take (RFC 9113 4.2)."""

Headers: TypeAlias = Sequence[tuple[str, str]]


def request_headers(path: str = WHO_AM_I, *more: tuple[str, str]) -> Headers:
    """What a gRPC call begins with."""
    return (
        (":method", "POST"),
        (":scheme", "https"),
        (":path", path),
        (":authority", "127.0.0.1"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        *more,
    )


def framed(message: bytes, *, flags: int = 0, length: int | None = None) -> bytes:
    """A gRPC message with its prefix, which may lie about the length."""
    return struct.pack(">BI", flags, len(message) if length is None else length) + message


def tls_context(profile: Profile) -> ssl.SSLContext:
    """As the SDK connects: with the profile's certificate and the axis's authority."""
    files = profile.transport
    context = ssl.create_default_context(cafile=str(files.ca))
    context.load_cert_chain(files.certificate, files.key)
    context.set_alpn_protocols(["h2"])
    return context


def connect(profile: Profile) -> socket.socket:
    """A plain connection to the node."""
    host, _, port = profile.endpoint.rpartition(":")
    return socket.create_connection((host, int(port)), SECONDS)


@define(eq=False)
class Line:
    """One connection; streams are numbered by this side."""

    _socket: ssl.SSLSocket
    _polite: bool
    encoder: Encoder = field(factory=Encoder)
    _decoder: Decoder = field(factory=Decoder)
    _rest: bytes = b""
    _stream: int = -1

    @classmethod
    @contextmanager
    def opened(cls, profile: Profile, *, polite: bool = True) -> Iterator[Self]:
        """Connect and say hello; who is not *polite* never accepts the other side's settings."""
        host = profile.endpoint.rpartition(":")[0]
        with (
            connect(profile) as plain,
            tls_context(profile).wrap_socket(plain, server_hostname=host) as secured,
        ):
            line = cls(secured, polite)
            line.send(PREFACE + SettingsFrame(0).serialize())
            if polite:
                next(frame for frame in line.frames() if "ACK" in frame.flags)
            yield line

    def next_stream(self) -> int:
        self._stream += 2
        return self._stream

    def send(self, octets: bytes) -> bool:
        """Send any bytes; returns whether the other side still took them."""
        try:
            self._socket.sendall(octets)
        except OSError:
            return False
        return True

    def begin(self, headers: Headers, *, end: bool = False) -> int:
        """Send headers in one block, however long; returns the stream."""
        stream = self.next_stream()
        self.send(header_frames(stream, self.encoder.encode(list(headers), huffman=False), end=end))
        return stream

    def ask(self, message: bytes = b"", path: str = WHO_AM_I) -> int:
        """Make a unary call; returns the stream."""
        stream = self.begin(request_headers(path))
        data = DataFrame(stream, framed(message))
        data.flags.add("END_STREAM")
        self.send(data.serialize())
        return stream

    def follow(self) -> int:
        """Begin a feed that waits for news; returns the stream."""
        stream = self.next_stream()
        block = self.encoder.encode(list(request_headers(SUBSCRIBE)), huffman=False)
        data = DataFrame(stream, FOLLOW)
        data.flags.add("END_STREAM")
        self.send(header_frames(stream, block) + data.serialize())
        return stream

    def setsockopt(self, option: int, value: bytes) -> None:
        self._socket.setsockopt(socket.SOL_SOCKET, option, value)

    def is_closed(self) -> bool:
        """Whether the other side has ended the connection; everything else must be read."""
        self._socket.settimeout(0.01)
        try:
            return self._socket.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    def frames(self, seconds: float = SECONDS) -> Iterator[Frame]:
        """What comes; ends with the connection, or when nothing comes for so long."""
        self._socket.settimeout(seconds)
        while True:
            while len(self._rest) >= 9:
                frame, length = Frame.parse_frame_header(memoryview(self._rest[:9]))
                if len(self._rest) < 9 + length:
                    break
                frame.parse_body(memoryview(self._rest[9 : 9 + length]))
                self._rest = self._rest[9 + length :]
                if self._polite and isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
                    self.send(SettingsFrame(0, flags=["ACK"]).serialize())
                yield frame
            try:
                got = self._socket.recv(65_536)
            except OSError:
                return
            if not got:
                return
            self._rest += got

    def answer_pings(self) -> None:
        """Work through what has come, without waiting: who leaves pings unanswered is cut."""
        for frame in self.frames(0):
            if isinstance(frame, PingFrame) and "ACK" not in frame.flags:
                self.send(PingFrame(0, frame.opaque_data, flags=["ACK"]).serialize())

    def read_to_pong(self, mark: bytes) -> None:
        """Read until the answer to this ping: then everything before it was worked through."""
        for frame in self.frames():
            if isinstance(frame, PingFrame) and frame.opaque_data == mark:
                return

    def status(self, stream: int, seconds: float = SECONDS) -> str:
        """gRPC's number, ``h`` with HTTP's, or ``reset``, ``goaway`` or ``closed``."""
        for frame in self.frames(seconds):
            if isinstance(frame, GoAwayFrame) and frame.error_code:
                return "goaway"
            if isinstance(frame, HeadersFrame):
                found = dict(self._decoder.decode(bytes(frame.data), raw=True))
                if frame.stream_id == stream and "END_STREAM" in frame.flags:
                    http = b"h" + found.get(b":status", b"200")
                    return found.get(b"grpc-status", http).decode("ascii")
            if isinstance(frame, RstStreamFrame) and frame.stream_id == stream:
                return "reset"
        return "closed"

    def goaway(self, seconds: float = SECONDS) -> GoAwayFrame | None:
        """Wait for the other side to send this connection away for a fault."""
        for frame in self.frames(seconds):
            if isinstance(frame, GoAwayFrame) and frame.error_code:
                return frame
        return None


def header_frames(stream: int, block: bytes, *, end: bool = False, whole: bool = True) -> bytes:
    """A header block in as many frames as it needs; the last one is missing unless *whole*."""
    pieces = [block[at : at + FRAME] for at in range(0, len(block), FRAME)] or [b""]
    first = HeadersFrame(stream, pieces[0])
    if end:
        first.flags.add("END_STREAM")
    frames: list[HeadersFrame | ContinuationFrame] = [first]
    frames += [ContinuationFrame(stream, piece) for piece in pieces[1:]]
    if whole:
        frames[-1].flags.add("END_HEADERS")
    return b"".join(frame.serialize() for frame in frames)


def reset(stream: int) -> bytes:
    """A client's cancellation."""
    return RstStreamFrame(stream, 0x8).serialize()


def pings(count: int) -> Iterable[bytes]:
    return (PingFrame(0, number.to_bytes(8)).serialize() for number in range(count))
