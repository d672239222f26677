"""Key and certificate files of the node, read again when they change; nothing needs a restart.

Files are replaced one after the other. While they do not fit together, or one cannot be read, what
was read before stays in force.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import grpc
from attrs import define, field

from lienthong.errors import ConfigInvalid, LienthongError
from lienthong.pki.chain import TrustAnchors
from lienthong_node.settings import Settings

log = logging.getLogger(__name__)

Stamp: TypeAlias = tuple[tuple[int, int, int], ...]
"""What tells that a file was replaced: its time of change (ns), size and number."""


@define(eq=False)
class KeyFiles:
    """The files that the settings name; each kind is asked for by one thread at a time."""

    _folder: Path
    _settings: Settings
    _tls_seen: Stamp = field(default=(), init=False)
    _anchors_seen: Stamp = field(default=(), init=False)

    def credentials(self) -> grpc.ServerCredentials:
        """TLS 1.3 with client certificates; changed files count from the next handshake on.

        Raises:
            ConfigInvalid: a file is missing or empty.
        """
        self._tls_seen = self._stamp(self._tls)
        return grpc.dynamic_ssl_server_credentials(
            self._certificates(), self._renewed_certificates, require_client_authentication=True
        )

    def anchors(self) -> TrustAnchors:
        """The authorities whose signatures are accepted.

        Raises:
            LienthongError: the file is missing, empty or holds something else.
        """
        self._anchors_seen = self._stamp([self._settings.signing_anchors])
        return TrustAnchors.from_pem(self._read(self._settings.signing_anchors))

    def renewed_anchors(self) -> TrustAnchors | None:
        """The same, if their file has changed since the last look and can be used."""
        if self._stamp([self._settings.signing_anchors]) == self._anchors_seen:
            return None
        try:
            renewed = self.anchors()
        except LienthongError as error:
            log.warning("the signing anchors stay as they were: %s", error)
            return None
        log.info("the signing anchors were read again: %d", len(renewed))
        return renewed

    def client_authorities(self) -> bytes:
        """The certificates (PEM) by which connections are accepted.

        Raises:
            ConfigInvalid: the file is missing or empty.
        """
        return self._read(self._settings.client_authorities)

    @property
    def _tls(self) -> tuple[str, ...]:
        settings = self._settings
        return settings.server_key, settings.server_certificate, settings.client_authorities

    def _renewed_certificates(self) -> Any:
        """Called by gRPC before each handshake; None when nothing has changed."""
        stamp = self._stamp(self._tls)
        if stamp == self._tls_seen:
            return None
        self._tls_seen = stamp
        try:
            renewed = self._certificates()
        except ConfigInvalid as error:
            log.warning("the certificates stay as they were: %s", error)
            return None
        log.info("the certificates were read again")
        return renewed

    def _certificates(self) -> Any:
        key, certificate, authorities = map(self._read, self._tls)
        return grpc.ssl_server_certificate_configuration([(key, certificate)], authorities)

    def _stamp(self, names: Iterable[str]) -> Stamp:
        return tuple(_mark(self._folder / name) for name in names)

    def _read(self, name: str) -> bytes:
        """A file that is not empty; an empty list of authorities could mean "accept all"."""
        path = self._folder / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ConfigInvalid(
                file=path, key=name, found=error.strerror, expected="a file"
            ) from error
        if not content.strip():
            raise ConfigInvalid(file=path, key=name, found="an empty file", expected="PEM")
        return content


def _mark(path: Path) -> tuple[int, int, int]:
    try:
        state = path.stat()
    except OSError:
        return 0, 0, 0
    return state.st_mtime_ns, state.st_size, state.st_ino
