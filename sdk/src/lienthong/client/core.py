"""What all parts of the client share: connection, keys, verification, memory."""

from __future__ import annotations

import asyncio
import os
from types import TracebackType
from typing import Final, Self

from lienthong.client.clock import Clock, system_clock, system_randomness
from lienthong.client.compose import Composer
from lienthong.client.connection import Connection
from lienthong.client.examining import FileExaminer
from lienthong.client.exchange import open_reports, open_submissions
from lienthong.client.known import KnownPackages
from lienthong.client.profile import Profile
from lienthong.client.registering import RegisterKeeper
from lienthong.client.retry import RetryPolicy
from lienthong.client.signing import EnvelopeSigner
from lienthong.client.verify import Verifier
from lienthong.errors import ConfigInvalid, LienthongError
from lienthong.model.ids import OrganId
from lienthong.model.journal import FeedItem
from lienthong.pki.chain import TrustAnchors
from lienthong.plugins import PluginHost, refuse_secrets
from lienthong.registers import RegisterBook
from lienthong.spi.signer import SecretCallback, Signer

DEFAULT_RETRY: Final = RetryPolicy()


class ClientCore:
    """The inside of a client; see ``AsyncClient``."""

    def __init__(
        self,
        profile: Profile | str | os.PathLike[str],
        *,
        host: PluginHost | None = None,
        signer: Signer | None = None,
        clock: Clock = system_clock,
        secrets: SecretCallback | None = None,
        retry: RetryPolicy = DEFAULT_RETRY,
        registers: RegisterBook | None = None,
    ) -> None:
        """Prepare a client; nothing is connected or opened before the first call.

        Args:
            profile: which axis, as whom and with which keys; or the folder with ``profile.toml``.
            host: opens the signing key; one of its own by default.
            signer: signs in place of the profile's key; stays open when the client is closed.
            clock: gives the present instant.
            secrets: gives a passphrase by name when the signing key asks for one.
            retry: how patient the client is.
            registers: a book to keep the organisation's registers in, for systems without any;
                stays open when the client is closed.

        Raises:
            ConfigInvalid: the profile or the trust anchors cannot be used.
        """
        self.profile = profile if isinstance(profile, Profile) else Profile.load(profile)
        self._clock = clock
        self._policy = retry
        self._registers = RegisterKeeper(registers, clock)
        self._connection = Connection(self.profile, retry)
        self._verifier = Verifier(
            key=self.profile.checkpoint_key,
            axis=self.profile.axis,
            anchors=load_anchors(self.profile),
        )
        self._composer = Composer(
            axis=self.profile.axis,
            organ=self.profile.organ,
            clock=clock,
            randomness=system_randomness,
        )
        self._host = PluginHost() if host is None else None
        self._signer = self._envelope_signer(host or self._host, signer, secrets)
        self._examiner = self._file_examiner(host or self._host)
        self._known = KnownPackages()
        self._submissions = open_submissions(self._connection)
        self._reports = open_reports(self._connection)

    @property
    def organ(self) -> OrganId:
        """The organisation that the profile speaks for."""
        return self.profile.organ

    async def close(self) -> None:
        """Close streams, channel and key; calls under way fail with ``Closed``."""
        await self._submissions.close()
        await self._reports.close()
        await self._connection.close()
        await self._signer.close()
        if self._examiner is not None:
            await asyncio.to_thread(self._examiner.close)
        if self._host is not None:
            self._host.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def _envelope_signer(
        self, host: PluginHost | None, signer: Signer | None, secrets: SecretCallback | None
    ) -> EnvelopeSigner:
        if signer is not None or host is None:
            return EnvelopeSigner(lambda: _given(signer), owned=False)
        uri, ask = self.profile.signing_key, secrets or refuse_secrets
        return EnvelopeSigner(lambda: host.open_signer(uri, ask), owned=True)

    def _file_examiner(self, host: PluginHost | None) -> FileExaminer | None:
        if self.profile.trust is None or host is None:
            return None
        return FileExaminer(host, self.profile.trust, self.profile.reports, self._clock)

    def _learn(self, item: FeedItem) -> None:
        """Remember a verified item, so as not to ask for it again."""
        if item.manifest is not None:
            self._known.learn(item.manifest, item.inline_files)


def load_anchors(profile: Profile) -> TrustAnchors:
    """Read the profile's trust anchors.

    Raises:
        ConfigInvalid: the file cannot be read or holds no usable authority.
    """
    path = profile.anchors
    try:
        return TrustAnchors.from_pem(path.read_bytes())
    except OSError as error:
        found = error.strerror or "unreadable"
        raise _anchors_wrong(str(path), found) from error
    except LienthongError as error:
        raise _anchors_wrong(str(path), str(error)) from error


def _anchors_wrong(file: str, found: str) -> ConfigInvalid:
    expected = "certificates of authorities, PEM"
    return ConfigInvalid(file=file, key="the content", found=found, expected=expected)


def _given(signer: Signer | None) -> Signer:
    assert signer is not None  # noqa: S101 - without a host there is a signer
    return signer
