"""The plugin host: finds plugins, loads the one that is asked for, and shields everybody else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from attrs import frozen

from lienthong.errors import LienthongError, NotSupported, SecretMissing
from lienthong.model.signing import SignatureAlgorithm
from lienthong.model.trust import NOBODY, Trust
from lienthong.plugins.allowed import AllowList
from lienthong.plugins.discovery import Offer, discover, scheme_of
from lienthong.plugins.info import PluginInfo, PluginState
from lienthong.plugins.kinds import SEAMS, PluginKind
from lienthong.plugins.loading import Plugin
from lienthong.plugins.observers import Observers
from lienthong.plugins.registry import Registry, ambiguous
from lienthong.plugins.shield import shielded
from lienthong.spi.capabilities import FileSignerCapabilities, SignerCapabilities
from lienthong.spi.file_signer import FileSigner, SignatureLevel
from lienthong.spi.gateway import Gateway
from lienthong.spi.ruleset import RuleSetSource
from lienthong.spi.signer import SecretCallback, Signer
from lienthong.spi.storage import BlobStore, RecordStore
from lienthong.spi.time import TimeSource, TimeStamper
from lienthong.spi.verifier import FileVerifier

T = TypeVar("T")

_log: Final = logging.getLogger("lienthong.plugins")


@frozen(kw_only=True)
class Deadlines:
    """How long a plugin may take, in seconds."""

    load: float = 30.0
    """Importing it."""

    open: float = 60.0
    """Opening something; time in which a person is asked for a secret does not count."""

    call: float = 30.0
    """Each call of a signer, time source, file verifier, gateway or rule-set source. Stores are
    called on the caller's thread without a limit, because transactions belong to a thread."""

    confirm: float = 200.0
    """Each call of a signer whose signatures a person may have to confirm on a device."""

    def of(self, signer: SignerCapabilities) -> float | None:
        """For each call of a signer; None if it only computes."""
        if signer.in_process:
            return None
        return self.confirm if signer.confirmed else self.call


def refuse_secrets(name: str) -> str:
    """The secret callback of whoever has no secrets to give."""
    raise SecretMissing(secret=name)


class PluginHost:
    """Opens what plugins offer, by URI. May be shared by threads.

    Listing imports nothing; a plugin is imported when it is first asked for. Each has hooks,
    threads and errors of its own, so that a broken one harms nobody who did not ask for it. What
    the host opens is closed by whoever opened it; ``close`` only ends the host's own threads.

    A plugin runs inside this process and is trusted with what the process may do: the host contains
    mistakes, not malice. An allow list decides, before anything is imported, whom to trust.

    Args:
        blocked: plugins never to import: ``kind:name`` (``signer:pkcs11``) or a distribution.
        allowed: the only plugins to import, and exactly so; None for every installed one.
        deadlines: how long plugins may take.
        offers: where plugins are announced; by default installed distributions.
    """

    def __init__(
        self,
        *,
        blocked: Iterable[str] = (),
        allowed: AllowList | None = None,
        deadlines: Deadlines | None = None,
        offers: Callable[[], Iterable[Offer]] = discover,
    ) -> None:
        self._deadlines = deadlines or Deadlines()
        self._registry = Registry(
            offers(), blocked=blocked, allowed=allowed, load_deadline=self._deadlines.load
        )

    def open_signer(
        self,
        uri: str,
        secrets: SecretCallback = refuse_secrets,
        *,
        algorithm: SignatureAlgorithm | None = None,
    ) -> Signer:
        """Open the key at *uri*.

        Args:
            uri: ``scheme:address``; never holds a secret.
            secrets: asked by name on the calling thread, each at most once.
            algorithm: what the key must sign with.

        Raises:
            PluginNotFound: no plugin answers to the scheme; likewise PluginBlocked,
                PluginNotAllowed, PluginAmbiguous, PluginLoadFailed, PluginIncompatible,
                PluginFailed.
            NotSupported: the plugin does not declare the algorithm, or the key has another one.
            KeyUnusable: the key cannot be opened.
            KeyUnreachable: its device or service does not answer now.
        """
        plugin = self._plugin(PluginKind.SIGNER, scheme_of(uri))
        declared = plugin.capabilities
        assert isinstance(declared, SignerCapabilities)  # noqa: S101 - checked when it was loaded
        if algorithm is not None and algorithm not in declared.algorithms:
            raise NotSupported(plugin=plugin.offer.name, capability=algorithm.value)
        deadline = self._deadlines.of(declared)
        signer = self._open(plugin, Signer, uri, secrets=secrets, deadline=deadline)
        _check_algorithm(plugin, signer, declared, algorithm)
        return signer

    def is_confirmed(self, uri: str) -> bool:
        """Whether a person may have to confirm signatures of the key at *uri* on a device.

        Raises:
            PluginNotFound: as ``open_signer``.
        """
        declared = self._plugin(PluginKind.SIGNER, scheme_of(uri)).capabilities
        return isinstance(declared, SignerCapabilities) and declared.confirmed

    def open_record_store(self, uri: str, *, shared: bool = False) -> RecordStore:
        """Open the record store at *uri*; *shared*: other processes have it open as well.

        Raises:
            PluginNotFound: as ``open_signer``.
            NotSupported: it cannot be shared.
        """
        plugin = self._plugin(PluginKind.RECORD_STORE, scheme_of(uri), shared=shared)
        return self._open(plugin, RecordStore, uri, deadline=None)

    def open_blob_store(self, uri: str, *, shared: bool = False) -> BlobStore:
        """Open the blob store at *uri*; *shared*: other processes have it open as well.

        Raises:
            PluginNotFound: as ``open_signer``.
            NotSupported: it cannot be shared.
        """
        plugin = self._plugin(PluginKind.BLOB_STORE, scheme_of(uri), shared=shared)
        return self._open(plugin, BlobStore, uri, deadline=None)

    def open_time_source(self, uri: str, *, authenticated: bool = False) -> TimeSource:
        """Open the time source at *uri*.

        Raises:
            PluginNotFound: as ``open_signer``.
            NotSupported: its answers are not authenticated.
        """
        scheme = scheme_of(uri)
        plugin = self._plugin(PluginKind.TIME_SOURCE, scheme, authenticated=authenticated)
        return self._open(plugin, TimeSource, uri, deadline=self._deadlines.call)

    def open_time_stamper(self, uri: str) -> TimeStamper:
        """Open the time-stamp authority at *uri*.

        Raises:
            PluginNotFound: as ``open_signer``.
            NotSupported: the time source does not give time-stamps.
        """
        plugin = self._plugin(PluginKind.TIME_SOURCE, scheme_of(uri), stamps=True)
        return self._open(plugin, TimeStamper, uri, deadline=self._deadlines.call)

    def open_file_verifier(
        self,
        media_type: str,
        trust: Trust = NOBODY,
        *,
        revocation: bool = False,
        background: bool = False,
    ) -> FileVerifier:
        """Make the verifier of a media type.

        Args:
            media_type: ``application/pdf``; parameters are left aside.
            trust: authorities that signatures and time-stamps must lead to.
            revocation: it must judge revocation.
            background: it gives way to everything else on the machine.

        Raises:
            PluginNotFound: as ``open_signer``.
            NotSupported: it does not judge revocation.
        """
        name = media_type.partition(";")[0].strip().lower()
        plugin = self._plugin(PluginKind.FILE_VERIFIER, name, revocation=revocation)
        verifier = self._open(plugin, FileVerifier, trust, deadline=self._deadlines.call)
        if background:
            verifier.give_way()
        return verifier

    def open_file_signer(
        self, media_type: str, *, level: SignatureLevel = SignatureLevel.B_B
    ) -> FileSigner:
        """Make the signer of files of a media type.

        Its calls have no deadline of their own: they wait for a key and a time-stamp authority,
        which have theirs.

        Args:
            media_type: ``application/pdf``; parameters are left aside.
            level: at which it must sign.

        Raises:
            PluginNotFound: as ``open_signer``.
            NotSupported: it does not sign at that level.
        """
        name = media_type.partition(";")[0].strip().lower()
        plugin = self._plugin(PluginKind.FILE_SIGNER, name)
        declared = plugin.capabilities
        assert isinstance(declared, FileSignerCapabilities)  # noqa: S101 - checked when loaded
        if level not in declared.levels:
            raise NotSupported(plugin=name, capability=level.value)
        return self._open(plugin, FileSigner, name, deadline=None)

    def open_gateway(
        self,
        uri: str,
        secrets: SecretCallback = refuse_secrets,
        *,
        sends: bool = False,
        receives: bool = False,
    ) -> Gateway:
        """Make the gateway that *uri* configures; the caller starts it.

        Raises:
            PluginNotFound: as ``open_signer``.
            NotSupported: it does not carry packages in that direction.
        """
        scheme = scheme_of(uri)
        plugin = self._plugin(PluginKind.GATEWAY, scheme, sends=sends, receives=receives)
        return self._open(plugin, Gateway, uri, secrets=secrets, deadline=self._deadlines.call)

    def open_rule_sets(self, name: str) -> RuleSetSource:
        """The rule-set source of this name.

        Raises:
            PluginNotFound: as ``open_signer``.
        """
        plugin = self._plugin(PluginKind.RULE_SET, name)
        source = plugin.hook(deadline=self._deadlines.call)
        return self._shield(plugin, RuleSetSource, source, deadline=self._deadlines.call)

    def open_observers(self) -> Observers:
        """Start all observers that can be loaded; the others are logged and left out."""
        plugins = []
        for offer in self._offers(PluginKind.OBSERVER):
            if self._registry.is_blocked(offer):
                continue
            try:
                plugins.append(self._plugin(PluginKind.OBSERVER, offer.name))
            except LienthongError as error:
                _log.warning("%s", error)
        return Observers(plugins)

    def listing(self, *, probe: bool = False) -> tuple[PluginInfo, ...]:
        """All announced plugins, ordered by kind, name and distribution.

        Args:
            probe: load every plugin that may be used, so that broken ones and capabilities show;
                otherwise nothing is imported.
        """
        return tuple(self._info(offer, probe=probe) for offer in self._registry.offers)

    def close(self) -> None:
        """End the host's idle threads; what was opened stays open."""
        self._registry.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _plugin(self, kind: PluginKind, name: str, **needed: bool) -> Plugin:
        plugin = self._registry.load(self._registry.find(kind, name))
        for capability, wanted in needed.items():
            if wanted and not getattr(plugin.capabilities, capability):
                raise NotSupported(plugin=name, capability=capability)
        return plugin

    def _open(
        self,
        plugin: Plugin,
        contract: type[T],
        address: object,
        *,
        deadline: float | None,
        secrets: SecretCallback | None = None,
    ) -> T:
        """Ask the plugin for its factory, open *address* with it and shield what comes back."""
        factory = self._factory(plugin)
        what = f"open {plugin.offer.name}"
        limit = self._deadlines.open
        if secrets is None:
            opened = plugin.guard.contained(
                what, lambda: factory(address), deadline=limit, dispose=_dispose
            )
        else:
            opened = plugin.guard.opened(
                what, lambda ask: factory(address, ask), secrets, deadline=limit, dispose=_dispose
            )
        return self._shield(plugin, contract, opened, deadline=deadline)

    def _factory(self, plugin: Plugin) -> Callable[..., Any]:
        seam = SEAMS[plugin.offer.kind]
        arguments = {seam.argument: plugin.offer.name} if seam.argument else {}
        factory = plugin.hook(deadline=self._deadlines.call, **arguments)
        if not callable(factory):
            found = type(factory).__name__
            raise plugin.guard.failure(seam.hook, f"it answered {found}, expected a factory")
        return factory  # type: ignore[no-any-return]

    def _shield(
        self, plugin: Plugin, contract: type[T], opened: object, *, deadline: float | None
    ) -> T:
        if not isinstance(opened, contract):
            what = f"open {plugin.offer.name}"
            found, expected = type(opened).__name__, contract.__name__
            raise plugin.guard.failure(what, f"it answered {found}, expected {expected}")
        return shielded(contract, opened, plugin.guard, deadline=deadline)

    def _offers(self, kind: PluginKind) -> tuple[Offer, ...]:
        return tuple(offer for offer in self._registry.offers if offer.kind is kind)

    def _info(self, offer: Offer, *, probe: bool) -> PluginInfo:
        state, problem, plugin = self._state(offer, probe=probe)
        return PluginInfo(
            kind=offer.kind,
            name=offer.name,
            distribution=offer.distribution,
            version=offer.version,
            module=offer.entry_point.value,
            state=state,
            problem=problem,
            capabilities=plugin.capabilities if plugin else None,
        )

    def _state(
        self, offer: Offer, *, probe: bool
    ) -> tuple[PluginState, LienthongError | None, Plugin | None]:
        if self._registry.is_blocked(offer):
            return PluginState.BLOCKED, None, None
        refusal = self._registry.gate.refusal(offer)
        if refusal is not None:
            return PluginState.REFUSED, refusal, None
        rivals = self._registry.rivals(offer)
        if len(rivals) > 1:
            return PluginState.AMBIGUOUS, ambiguous(rivals), None
        if not (probe or self._registry.known(offer)):
            return PluginState.INSTALLED, None, None
        try:
            return PluginState.READY, None, self._registry.load(offer)
        except LienthongError as error:
            return PluginState.BROKEN, error, None


def _check_algorithm(
    plugin: Plugin,
    signer: Signer,
    declared: SignerCapabilities,
    wanted: SignatureAlgorithm | None,
) -> None:
    found = signer.algorithm
    problem: LienthongError | None = None
    if found not in declared.algorithms:
        reason = f"its key signs with {found.value}, which it does not declare"
        problem = plugin.guard.failure(f"open {plugin.offer.name}", reason)
    elif wanted is not None and found is not wanted:
        problem = NotSupported(plugin=plugin.offer.name, capability=wanted.value)
    if problem is not None:
        signer.close()
        raise problem


def _dispose(opened: object) -> None:
    """Close what was opened too late for anybody to use."""
    close = getattr(opened, "close", None)
    if close is not None:
        close()
