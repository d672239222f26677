"""One time-stamp authority: asked over HTTP, believed only after its token was verified."""

from __future__ import annotations

import os
import ssl
import time
from pathlib import Path

from attrs import field, frozen

from lienthong.errors import InvalidValue, LienthongError
from lienthong.pki.chain import TrustAnchors
from lienthong.pki.timestamp import TimeStamp, make_request, read_reply, verify_token
from lienthong_time_rfc3161.address import AuthorityAddress
from lienthong_time_rfc3161.exchange import ask

_NONCE_BYTES = 8


@frozen(kw_only=True)
class Stamped:
    """A verified token with the time that it took."""

    token: bytes = field(repr=False)
    stamp: TimeStamp
    seconds: float
    """From the question to the answer, by a clock that nobody sets."""


@frozen(kw_only=True)
class Authority:
    """An authority and whom it has to be; may be shared between threads."""

    url: str
    anchors: TrustAnchors = field(repr=False)
    policy: str | None
    tls: ssl.SSLContext = field(repr=False)
    seconds: float

    @classmethod
    def opened(cls, address: AuthorityAddress, *, seconds: float) -> Authority:
        """Read the files that *address* names.

        Raises:
            InvalidValue: one cannot be read, or holds no authority.
        """
        return cls(
            url=address.url,
            anchors=_anchors(address.anchors),
            policy=address.policy,
            tls=_tls(address.ca),
            seconds=seconds,
        )

    def stamp(self, digest: bytes, algorithm: str) -> Stamped:
        """A fresh token over *digest*.

        Raises:
            ConnectionFailed: as ``exchange.ask`` raises it, likewise DeadlineExceeded.
            TimestampRefused: the authority gives none.
            TimestampInvalid: the token proves nothing; likewise the other errors of
                ``verify_token``.
        """
        nonce = int.from_bytes(os.urandom(_NONCE_BYTES), "big")
        request = make_request(digest, algorithm=algorithm, nonce=nonce, policy=self.policy)
        began = time.monotonic()
        reply = ask(self.url, request, seconds=self.seconds, tls=self.tls)
        took = time.monotonic() - began
        token = read_reply(reply)
        policies = frozenset({self.policy} if self.policy else ())
        stamp = verify_token(
            token, digest, self.anchors, algorithm=algorithm, nonce=nonce, policies=policies
        )
        return Stamped(token=token, stamp=stamp, seconds=took)


def _anchors(path: Path) -> TrustAnchors:
    try:
        return TrustAnchors.from_pem(path.read_bytes())
    except (OSError, LienthongError) as error:
        raise InvalidValue(
            field="anchors", found=str(path), expected="a PEM file with certificates of authorities"
        ) from error


def _tls(path: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=path)
    except OSError as error:
        raise InvalidValue(
            field="ca", found=str(path), expected="a PEM file with certificates of authorities"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
