"""The client for programs without an event loop: the same methods, each waiting for its result."""

from __future__ import annotations

import functools
import os
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from lienthong.client.aio import AsyncClient
from lienthong.client.clock import Clock, system_clock
from lienthong.client.core import DEFAULT_RETRY
from lienthong.client.loop import shared_loop
from lienthong.client.profile import Profile
from lienthong.client.retry import RetryPolicy
from lienthong.model.ids import OrganId
from lienthong.plugins import PluginHost
from lienthong.registers import RegisterBook
from lienthong.spi.signer import SecretCallback, Signer

P = ParamSpec("P")
R = TypeVar("R")


def _waiting(
    method: Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[Client, P], R]:
    """The same method for a thread that waits."""

    @functools.wraps(method)
    def call(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._loop.run(method(self._inner, *args, **kwargs))

    return call


def _iterating(
    method: Callable[Concatenate[AsyncClient, P], AsyncGenerator[R, None]],
) -> Callable[Concatenate[Client, P], Generator[R, None, None]]:
    """The same generator for a thread that waits for each item."""

    @functools.wraps(method)
    def call(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> Generator[R, None, None]:
        items = method(self._inner, *args, **kwargs)
        try:
            while True:
                try:
                    item = self._loop.run(_next(items))
                except StopAsyncIteration:
                    return
                yield item
        finally:
            self._loop.finish(_close(items))

    return call


class Client:
    """Sends, receives and reports through one axis; see ``AsyncClient`` for every method.

    All ``Client`` objects of a process share one background thread with its event loop (see
    ``lienthong.client.loop``). One object may be used by several threads; progress callbacks run
    on the background thread. It does not live on in a forked process.

    Example:
        >>> with Client("profile-h53") as client:  # doctest: +SKIP
        ...     receipt = client.send(document, ["main.pdf"], ["000.01.12.H53"])
    """

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
        """Prepare a client; arguments and errors as for ``AsyncClient``."""
        self._loop = shared_loop()
        self._inner = AsyncClient(
            profile,
            host=host,
            signer=signer,
            clock=clock,
            secrets=secrets,
            retry=retry,
            registers=registers,
        )

    @property
    def profile(self) -> Profile:
        return self._inner.profile

    @property
    def organ(self) -> OrganId:
        """The organisation that the profile speaks for."""
        return self._inner.organ

    close = _waiting(AsyncClient.close)

    prepare = _waiting(AsyncClient.prepare)
    send = _waiting(AsyncClient.send)
    send_many = _waiting(AsyncClient.send_many)
    submit = _waiting(AsyncClient.submit)
    recall = _waiting(AsyncClient.recall)
    update = _waiting(AsyncClient.update)
    replace = _waiting(AsyncClient.replace)
    take_back = _waiting(AsyncClient.take_back)

    feed = _iterating(AsyncClient.feed)
    download = _waiting(AsyncClient.download)
    check = _waiting(AsyncClient.check)
    examine = _waiting(AsyncClient.examine)
    arrived = _waiting(AsyncClient.arrived)
    accept = _waiting(AsyncClient.accept)
    judge_again = _iterating(AsyncClient.judge_again)
    arrival = _waiting(AsyncClient.arrival)
    refuse = _waiting(AsyncClient.refuse)
    forward = _waiting(AsyncClient.forward)
    start = _waiting(AsyncClient.start)
    complete = _waiting(AsyncClient.complete)
    reopen = _waiting(AsyncClient.reopen)
    agree_take_back = _waiting(AsyncClient.agree_take_back)
    refuse_take_back = _waiting(AsyncClient.refuse_take_back)
    confirm_recall = _waiting(AsyncClient.confirm_recall)
    reject_recall = _waiting(AsyncClient.reject_recall)
    apply_update = _waiting(AsyncClient.apply_update)
    refuse_update = _waiting(AsyncClient.refuse_update)

    get_package = _waiting(AsyncClient.get_package)
    history = _waiting(AsyncClient.history)
    list_deliveries = _iterating(AsyncClient.list_deliveries)
    receipt = _waiting(AsyncClient.receipt)
    organisation = _waiting(AsyncClient.organisation)
    account = _waiting(AsyncClient.account)
    organisations = _waiting(AsyncClient.organisations)
    resolve = _waiting(AsyncClient.resolve)
    law = _waiting(AsyncClient.law)
    checkpoint = _waiting(AsyncClient.checkpoint)
    consistency = _waiting(AsyncClient.consistency)
    time_stamp = _waiting(AsyncClient.time_stamp)
    check_growth = _waiting(AsyncClient.check_growth)
    export_bundle = _waiting(AsyncClient.export_bundle)
    witness = _waiting(AsyncClient.witness)
    compare_witnesses = _waiting(AsyncClient.compare_witnesses)

    check_interconnection = _waiting(AsyncClient.check_interconnection)
    record_check = _waiting(AsyncClient.record_check)
    checks = _waiting(AsyncClient.checks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


async def _next(items: AsyncGenerator[R, None]) -> R:
    return await anext(items)


async def _close(items: AsyncGenerator[R, None]) -> None:
    await items.aclose()
