"""One TLS channel to the axis, rebuilt when its certificate files change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import grpc
from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from lienthong import __version__
from lienthong.client.faults import from_rpc
from lienthong.client.profile import Profile, TransportFiles
from lienthong.client.retry import RetryPolicy, retrying
from lienthong.errors import (
    Closed,
    ConfigInvalid,
    ConnectionFailed,
    DeadlineExceeded,
    LienthongError,
)
from lienthong_proto.axis.v1.directory_pb2_grpc import DirectoryStub
from lienthong_proto.axis.v1.evidence_pb2_grpc import EvidenceStub
from lienthong_proto.axis.v1.exchange_pb2_grpc import ExchangeStub

if TYPE_CHECKING:
    from lienthong_proto.axis.v1.directory_pb2_grpc import DirectoryAsyncStub
    from lienthong_proto.axis.v1.evidence_pb2_grpc import EvidenceAsyncStub
    from lienthong_proto.axis.v1.exchange_pb2_grpc import ExchangeAsyncStub

Q = TypeVar("Q")
A = TypeVar("A")

MAX_ANSWER: Final = 16 * 1024 * 1024
"""Bytes of one message from the axis; its pages are smaller."""

_OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_ANSWER),
    ("grpc.enable_retries", 0),
    ("grpc.primary_user_agent", f"lienthong/{__version__}"),
    # The axis cuts a client that pings more often than once a minute. Streams that wait for news
    # are idle for hours, and only pings tell whether the axis is still there.
    ("grpc.keepalive_time_ms", 75_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # Without it a ping may stay unanswered for a minute, whatever the line above says.
    ("grpc.http2.ping_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    ("grpc.use_local_subchannel_pool", 1),
)
_CLOSE_GRACE: Final = 2.0


class Call(Protocol):
    """A call under way."""

    def cancelled(self) -> bool: ...


@frozen
class Stubs:
    """The axis's services on one channel."""

    exchange: ExchangeAsyncStub
    directory: DirectoryAsyncStub
    evidence: EvidenceAsyncStub


class Connection:
    """The channel of one client; opened at the first use, on the running event loop."""

    def __init__(self, profile: Profile, policy: RetryPolicy) -> None:
        self.endpoint = profile.endpoint
        self.policy = policy
        self._profile = profile
        self._channel: grpc.aio.Channel | None = None
        self._stubs: Stubs | None = None
        self._marks: tuple[object, ...] = ()
        self._fingerprint = ""
        self._former: set[str] = set()
        """Certificates of channels that were replaced; calls on them may still be refused."""
        self._retired: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def stubs(self) -> Stubs:
        """The services; they change when the channel is rebuilt, so do not keep them.

        Raises:
            Closed: the client was closed.
            ConfigInvalid: the certificate files cannot be used.
        """
        if self._closed:
            raise Closed(what="the client")
        if self._stubs is None:
            self._stubs = self._open()
        return self._stubs

    async def ask(
        self, method: Callable[[Stubs], grpc.aio.UnaryUnaryMultiCallable[Q, A]], request: Q
    ) -> A:
        """Make a unary call, again while it fails in a way that may pass.

        Raises:
            LienthongError: what the axis answered, or why it could not be reached.
        """
        return await retrying(self.policy, lambda: self.ask_once(method, request))

    async def ask_once(
        self,
        method: Callable[[Stubs], grpc.aio.UnaryUnaryMultiCallable[Q, A]],
        request: Q,
        *,
        unless_lost: bool = False,
    ) -> A:
        """Make a unary call, again only when the certificates were renewed meanwhile.

        Args:
            method: which.
            request: what is asked.
            unless_lost: not even then after a lost answer, since the axis may have done it already.

        Raises:
            LienthongError: what the axis answered, or why it could not be reached.
        """
        call = method(self.stubs)(request, timeout=self.policy.timeout)
        try:
            with self.translating(call, type(request).__name__.removesuffix("Request")):
                return await call
        except LienthongError as error:
            is_lost = error.status != "UNAUTHENTICATED"
            if not self.renew_after(error) or (unless_lost and is_lost):
                raise
        return await self.ask_once(method, request, unless_lost=unless_lost)

    @contextmanager
    def translating(self, call: Call, name: str) -> Iterator[None]:
        """Turn what gRPC raises about *call* into typed errors.

        A call that was ended by anything but its own task looks like a cancelled task; it is a
        lost connection.
        """
        try:
            yield
        except grpc.aio.AioRpcError as error:
            raise self.fault(error, name) from error
        except TimeoutError as error:
            raise self.late(name) from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if not call.cancelled() or task is None or task.cancelling():
                raise
            raise self.lost("the call was ended") from error

    def fault(self, error: grpc.aio.AioRpcError, call: str) -> LienthongError:
        """The typed error for a failed call named *call*."""
        fault = from_rpc(error, endpoint=self.endpoint, call=call)
        if isinstance(fault, DeadlineExceeded):
            return self.late(call)
        return fault

    def late(self, call: str) -> DeadlineExceeded:
        """No answer within the policy's time."""
        return DeadlineExceeded(
            endpoint=self.endpoint, call=call, seconds=f"{self.policy.timeout:g}"
        )

    def lost(self, reason: str) -> ConnectionFailed:
        """The connection ended while an answer was due."""
        return ConnectionFailed(endpoint=self.endpoint, reason=reason)

    def renew_after(self, fault: LienthongError) -> bool:
        """Drop the channel if a failure may come from certificates that were renewed since.

        gRPC cannot change the client certificate of an open channel. Returns whether it was
        dropped, now or by another call before, so that the next call goes by the new files.
        """
        shown = str(fault.facts.get("fingerprint", ""))
        if shown in self._former and shown != self._fingerprint:
            return True
        refused = isinstance(fault, ConnectionFailed) or fault.status == "UNAUTHENTICATED"
        if not refused or self._channel is None or self._marks == self._look():
            return False
        self._retire()
        return True

    async def close(self) -> None:
        """Close the channel; calls under way fail."""
        self._closed = True
        self._retire()
        if self._retired:
            await asyncio.wait(self._retired)

    def _open(self) -> Stubs:
        files = self._profile.transport
        self._marks = self._look()
        credentials = load_credentials(files)
        self._fingerprint = _fingerprint(files.certificate)
        options: list[tuple[str, object]] = list(_OPTIONS)
        if self._profile.server_name is not None:
            options.append(("grpc.ssl_target_name_override", self._profile.server_name))
        channel = grpc.aio.secure_channel(self.endpoint, credentials, options=options)
        self._channel = channel
        return Stubs(ExchangeStub(channel), DirectoryStub(channel), EvidenceStub(channel))

    def _retire(self) -> None:
        channel, self._channel, self._stubs = self._channel, None, None
        if channel is not None:
            self._former.add(self._fingerprint)
            task = asyncio.get_running_loop().create_task(channel.close(_CLOSE_GRACE))
            self._retired.add(task)
            task.add_done_callback(self._retired.discard)

    def _look(self) -> tuple[object, ...]:
        """What tells that a file was replaced."""
        files = self._profile.transport
        return tuple(_mark(path) for path in (files.certificate, files.key, files.ca))


def load_credentials(files: TransportFiles) -> grpc.ChannelCredentials:
    """Read and check the files of a TLS connection.

    gRPC only says that the socket was closed when they are wrong, so they are checked here.

    Raises:
        ConfigInvalid: a file cannot be read, or key and certificate do not belong together.
    """
    certificate, key, ca = (_read(path) for path in (files.certificate, files.key, files.ca))
    try:
        leaf = x509.load_pem_x509_certificates(certificate)[0]
    except ValueError as error:
        raise _wrong(files.certificate, "not a PEM certificate", "a PEM certificate") from error
    try:
        private = load_pem_private_key(key, password=None)
    except (ValueError, TypeError) as error:
        raise _wrong(files.key, "unreadable or encrypted", "an open PEM private key") from error
    if private.public_key() != leaf.public_key():
        raise _wrong(files.key, "of another certificate", f"the key of {files.certificate.name}")
    return grpc.ssl_channel_credentials(ca, key, certificate)


def _fingerprint(certificate: Path) -> str:
    """SHA-256 of a certificate's DER form, as the axis names it in its refusals."""
    leaf = x509.load_pem_x509_certificates(_read(certificate))[0]
    return leaf.fingerprint(SHA256()).hex()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _wrong(path, error.strerror or "unreadable", "a readable file") from error


def _wrong(path: Path, found: str, expected: str) -> ConfigInvalid:
    return ConfigInvalid(file=str(path), key="the content", found=found, expected=expected)


def _mark(path: Path) -> object:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino
