"""Calling a plugin without trusting it: time limits, and errors that say whose they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final, ParamSpec, TypeVar, cast

from lienthong.errors import LienthongError, PluginFailed
from lienthong.plugins.crew import Asked, Crew, Job, Raised, Returned
from lienthong.spi.signer import SecretCallback

P = ParamSpec("P")
T = TypeVar("T")

MOST_HANGING: Final = 4
"""Calls of one plugin that may hang at once; then it is not called again until one ends."""

PASSING: Final = (LienthongError, KeyboardInterrupt)
"""What a call may raise: its contract's errors; and Ctrl-C, which reaches whatever runs on the main
thread, and is the user's, not the plugin's."""

_REASON: Final = 300
_END: Final[Any] = object()


class Guard:
    """Calls into one plugin.

    ``LienthongError`` is the plugin's contract and passes; anything else becomes ``PluginFailed``
    naming plugin, distribution and version, also what is no ``Exception`` (``SystemExit``). May be
    shared by threads.
    """

    def __init__(self, *, plugin: str, distribution: str, version: str) -> None:
        self.plugin = plugin
        self.distribution = distribution
        self.version = version
        self._crew = Crew(plugin, most_hanging=MOST_HANGING)

    def call(self, what: str, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call on this thread, for as long as it takes.

        Raises:
            PluginFailed: it raised something that its contract does not name.
        """
        try:
            return function(*args, **kwargs)
        except PASSING:
            raise
        except BaseException as error:
            raise self.failure(what, error) from error

    def contained(
        self,
        what: str,
        function: Callable[[], T],
        *,
        deadline: float,
        dispose: Callable[[T], object] | None = None,
    ) -> T:
        """Call on a thread of the plugin's own and wait at most *deadline* seconds.

        Args:
            what: the call, for error texts.
            function: what to call.
            deadline: seconds.
            dispose: called with a result that comes too late.

        Raises:
            PluginFailed: it raised something that its contract does not name, or did not answer.
        """
        job = Job(lambda _: function(), dispose=dispose)
        return cast("T", self._finish(what, job, deadline, _no_secret))

    def opened(
        self,
        what: str,
        function: Callable[[SecretCallback], T],
        secrets: SecretCallback,
        *,
        deadline: float,
        dispose: Callable[[T], object] | None = None,
    ) -> T:
        """As ``contained``, for a factory that may ask for secrets.

        *secrets* is called on this thread, once a name; the deadline stands still meanwhile. When
        it raises and the plugin gives up too, its own error is raised.
        """
        asked = _Secrets(secrets)
        job = Job(lambda job: function(job.ask), dispose=dispose)
        try:
            return cast("T", self._finish(what, job, deadline, asked))
        except LienthongError as error:
            if asked.refusal is not None:
                raise asked.refusal from error
            if isinstance(error, PluginFailed) and asked.given_away(error.__cause__):
                # The foreign error shows a secret: neither its text nor the error itself goes on.
                raise self.failure(what, "an error that shows a secret") from None
            raise

    def iterate(self, what: str, items: Iterator[T]) -> Iterator[T]:
        """Pass on an iterator of the plugin; what it raises while iterating is wrapped as well."""
        while (item := self.call(what, next, items, _END)) is not _END:
            yield item

    def failure(self, what: str, reason: object) -> PluginFailed:
        """The error that says which plugin failed at what."""
        return PluginFailed(
            plugin=self.plugin,
            distribution=self.distribution,
            version=self.version,
            call=what,
            reason=_described(reason),
        )

    def close(self) -> None:
        """Send idle threads home."""
        self._crew.close()

    def _finish(self, what: str, job: Job, deadline: float, secrets: SecretCallback) -> object:
        if self._crew.exhausted:
            raise self.failure(what, f"{MOST_HANGING} earlier calls have not come back")
        self._crew.start(job)
        try:
            outcome = _wait(job, deadline, secrets)
        except BaseException:
            if job.give_up():
                self._crew.give_up()
            raise
        if outcome is None:
            self._crew.give_up()
            raise self.failure(what, f"no answer within {deadline:g} s")
        if isinstance(outcome, Returned):
            return outcome.value
        if isinstance(outcome.error, LienthongError):
            raise outcome.error
        raise self.failure(what, outcome.error) from outcome.error


class _Secrets:
    """Asks the owner of the secrets, and remembers what must not be told to others."""

    def __init__(self, callback: SecretCallback) -> None:
        self.refusal: BaseException | None = None
        self._callback = callback
        self._answers: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        if name in self._answers:
            # A wrong secret is not tried again: tokens lock themselves after a few attempts.
            raise ValueError(f"asked for the secret {name!r} twice")
        try:
            self._answers[name] = self._callback(name)
        except BaseException as error:
            self.refusal = error
            raise
        return self._answers[name]

    def given_away(self, error: BaseException | None) -> bool:
        text = "".join(map(str, _chain(error)))
        return any(answer and answer in text for answer in self._answers.values())


def _wait(job: Job, deadline: float, secrets: SecretCallback) -> Returned | Raised | None:
    left = deadline
    while True:
        begun = time.monotonic()
        news = job.wait(left)
        left -= time.monotonic() - begun
        if not isinstance(news, Asked):
            return news
        news.reply.put(_answer(secrets, news.name))


def _answer(secrets: SecretCallback, name: str) -> Returned | Raised:
    try:
        return Returned(secrets(name))
    except BaseException as error:  # noqa: BLE001 - the plugin's thread waits for an answer
        return Raised(error)


def _no_secret(name: str) -> str:
    raise ValueError(f"no secret can be given here, not even {name!r}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _described(reason: object) -> str:
    if not isinstance(reason, BaseException):
        return str(reason)
    try:
        text = f"{type(reason).__name__}: {reason}"
    except Exception:  # noqa: BLE001 - a foreign __str__ may raise as well
        text = type(reason).__name__
    return " ".join(text.split())[:_REASON]
