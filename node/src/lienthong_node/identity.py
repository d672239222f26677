"""Who is calling: from the client certificate of the connection, and nothing else."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.errors import CredentialUnknown, LienthongError
from lienthong_node.certificate_status import CertificateStatus
from lienthong_node.core.commands import Caller
from lienthong_node.core.credentials import Credentials, Use

MAX_REMEMBERED: Final = 10_000
"""Certificates whose fingerprint is remembered, so that an attacker cannot fill the memory."""

_TLS_VERSION: Final = b"TLSv1.3"
_current: ContextVar[Caller] = ContextVar("caller")


def current_caller() -> Caller:
    """The caller of the RPC that is being handled."""
    return _current.get()


class Identifier:
    """Turns a connection's certificate into a caller."""

    def __init__(
        self,
        credentials: Callable[[], Credentials],
        clock: Callable[[], datetime],
        status: CertificateStatus | None = None,
    ) -> None:
        """Judge by the directory's credentials and, where there is one, by the trust folder."""
        self._status = status
        self._credentials = credentials
        self._clock = clock
        self._fingerprints: dict[bytes, str] = {}

    def caller(self, auth_context: Mapping[str, Iterable[bytes]]) -> Caller:
        """The organisation and roles that the peer's certificate is bound to.

        Raises:
            CredentialUnknown: there is no certificate, or it is not registered for transport.
            CredentialRevoked: it was revoked.
            CredentialExpired: it is outside its validity.
            CredentialStatusUnknown: nobody knows whether its authority has revoked it.
        """
        fingerprint = self._fingerprint(auth_context)
        credential = self._credentials().find(fingerprint, Use.TRANSPORT, self._clock())
        if self._status is not None:
            self._status.check_peer(fingerprint, _shown(auth_context))
        return Caller(
            organ=credential.organ_id,
            roles=frozenset(role.value for role in credential.roles),
            fingerprint=bytes.fromhex(fingerprint),
        )

    def _fingerprint(self, auth_context: Mapping[str, Iterable[bytes]]) -> str:
        pem = next(iter(auth_context.get("x509_pem_cert", ())), b"")
        version = next(iter(auth_context.get("ssl_tls_version", ())), b"")
        if not pem or version != _TLS_VERSION:
            raise CredentialUnknown(fingerprint="-")
        known = self._fingerprints.get(pem)
        if known is None:
            known = certificate_fingerprint(pem)
            if len(self._fingerprints) >= MAX_REMEMBERED:
                self._fingerprints.clear()
            self._fingerprints[pem] = known
        return known


def _shown(auth_context: Mapping[str, Iterable[bytes]]) -> bytes:
    """The certificates that the peer has shown, PEM, its own first."""
    own = b"".join(auth_context.get("x509_pem_cert", ()))
    chain = b"".join(auth_context.get("x509_pem_cert_chain", ()))
    return chain if chain.startswith(own) else own + chain


def certificate_fingerprint(pem: bytes) -> str:
    """SHA-256 of a certificate's DER form, 64 hex digits.

    Raises:
        CredentialUnknown: it cannot be read.
    """
    try:
        der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    except ValueError:
        raise CredentialUnknown(fingerprint="-") from None
    return hashlib.sha256(der).hexdigest()


class OpenCalls:
    """The calls that are being handled, by credential, so that a revocation can cut them."""

    def __init__(self) -> None:
        self._tasks: dict[str, set[asyncio.Task[object]]] = {}
        self._cut: dict[asyncio.Task[object], LienthongError] = {}

    @contextmanager
    def handling(self, caller: Caller) -> Iterator[None]:
        """Remember the current task as handling a call of *caller*."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("calls are handled in tasks")
        fingerprint = caller.fingerprint.hex()
        self._tasks.setdefault(fingerprint, set()).add(task)
        # Every call is a task with a context of its own, so that nothing is to be put back.
        _current.set(caller)
        try:
            yield
        finally:
            self._cut.pop(task, None)
            tasks = self._tasks[fingerprint]
            tasks.discard(task)
            if not tasks:
                del self._tasks[fingerprint]

    def cut_because(self) -> LienthongError | None:
        """Why the current call was cut; None when it was not."""
        task = asyncio.current_task()
        return self._cut.get(task) if task is not None else None

    def cut_unusable(
        self, credentials: Credentials, now: datetime, status: CertificateStatus | None = None
    ) -> int:
        """Cut the calls whose credential may no longer be used; returns how many."""
        count = 0
        for fingerprint in list(self._tasks):
            try:
                credentials.find(fingerprint, Use.TRANSPORT, now)
                if status is not None:
                    status.check_again(fingerprint)
            except LienthongError as reason:
                for task in self._tasks[fingerprint]:
                    self._cut[task] = reason
                    task.cancel()
                    count += 1
        return count
