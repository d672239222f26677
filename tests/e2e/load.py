"""Senders and recipients under way at the same time; what each of them saw becomes a history.

    python load.py CONFIG

CONFIG is a JSON file: ``history`` (path of the JSON lines to write), ``seed``, ``senders`` (profile
folder, how many at once, pause in seconds between two documents), ``readers`` (profile folder and
code). Senders stop at the line ``stop`` on stdin; then readers go on until each has seen all that
was sent to it and the rest of its feed. Every failure that may pass is tried again, for ever;
any other ends the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from datetime import date
from pathlib import Path
from typing import Any, Final, TextIO

import uvloop

from lienthong.client import AsyncClient, FileSource, PreparedPackage, Profile, RetryPolicy
from lienthong.errors import LienthongError
from lienthong.model.document import Document, DocumentSigner
from lienthong.model.ids import DocumentNumber, OrganId
from lienthong.model.journal import FeedItem, PackageRecord
from lienthong.model.kinds import DocumentKind
from lienthong_node.history import Operation, Recorder

PATIENT: Final = RetryPolicy(attempts=40, first_delay=0.02, max_delay=0.2, timeout=15)
SIZES: Final = (2_000, 10_000, 10_000, 10_000, 100_000)
LARGE: Final = 600_000
"""Bytes of a file that is uploaded in three chunks."""

LARGE_SHARE: Final = 0.04
AGAIN_SHARE: Final = 0.1
ACCEPTS: Final = 32
DAY: Final = date(2026, 11, 20)


class Load:
    """The whole play; one object, one event loop."""

    def __init__(self, config: dict[str, Any], history: TextIO) -> None:
        self._config = config
        self._history = Recorder(history)
        self._seed: int = config["seed"]
        self._stopping = asyncio.Event()
        self._expected: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()
        self._cursors: Counter[str] = Counter()
        self._numbers = itertools.count(1)
        self._codes: list[str] = [reader["organ"] for reader in config["readers"]]

    async def run(self) -> None:
        """Send and receive until told to stop; then let everybody see everything."""
        readers = self._config["readers"]
        followers = [asyncio.create_task(self._follow(one)) for one in readers]
        reading = [asyncio.create_task(self._receive(one)) for one in readers]
        sending = [asyncio.create_task(self._send_all(one)) for one in self._config["senders"]]
        stopper = asyncio.create_task(self._wait_for_stop())
        await _all([stopper, *sending, *reading])
        await _all([asyncio.create_task(self._read_rest(one)) for one in readers])
        for one in readers:
            await self._until_not_behind(one["organ"])
        for task in followers:
            task.cancel()
        await asyncio.wait(followers)
        self._history.end()

    async def _wait_for_stop(self) -> None:
        await asyncio.to_thread(sys.stdin.readline)
        self._stopping.set()

    # senders

    async def _send_all(self, one: dict[str, Any]) -> None:
        async with AsyncClient(Profile.load(one["profile"]), retry=PATIENT) as client:
            await asyncio.gather(
                *(self._send(client, number, one["pause"]) for number in range(one["at_once"]))
            )

    async def _send(self, client: AsyncClient, number: int, pause: float) -> None:
        """One clerk: one document after the other."""
        chance = random.Random(f"{self._seed} {client.organ} {number}")
        while not self._stopping.is_set():
            recipients = self._recipients(client.organ, chance)
            package = await client.prepare(
                _document(client.organ, next(self._numbers)), [_file(chance)], recipients
            )
            self._expected.update(recipients)
            await self._submit(client, package)
            if chance.random() < AGAIN_SHARE:
                await self._submit(client, package)
            await asyncio.sleep(chance.uniform(0, 2 * pause))

    async def _submit(self, client: AsyncClient, package: PreparedPackage) -> None:
        """The same bytes until the axis says that it has them."""
        by, id_ = str(client.organ), str(package.package_id)
        while True:
            self._history.sending(package.manifest, package.envelope, by)
            try:
                receipt = await client.submit(package)
            except LienthongError as error:
                self._history.failed(Operation.SEND, by, id_, error)
                _check_passing(error)
            else:
                break
        self._history.recorded(receipt, by)

    def _recipients(self, sender: OrganId, chance: random.Random) -> list[str]:
        others = [code for code in self._codes if code != str(sender)]
        return chance.sample(others, chance.choice([1, 1, 2]))

    # recipients

    async def _receive(self, one: dict[str, Any]) -> None:
        """Read page by page from an own cursor; everything received is accepted."""
        organ = one["organ"]
        room = asyncio.Semaphore(ACCEPTS)
        async with (
            AsyncClient(Profile.load(one["profile"]), retry=PATIENT) as client,
            asyncio.TaskGroup() as accepting,
        ):
            while not self._caught_up(organ):
                async for item in self._news(client, organ, "reader", wait=1):
                    if self._is_incoming(item, organ):
                        await room.acquire()
                        self._seen[organ] += 1
                        accepting.create_task(self._accept(client, item, room))

    async def _follow(self, one: dict[str, Any]) -> None:
        """Read for ever on one stream, which the client opens again."""
        async with AsyncClient(Profile.load(one["profile"]), retry=PATIENT) as client:
            async for _ in self._news(client, one["organ"], "follower", follow=True):
                pass

    async def _read_rest(self, one: dict[str, Any]) -> None:
        """Everybody has stopped: see the end of the feed."""
        async with AsyncClient(Profile.load(one["profile"]), retry=PATIENT) as client:
            async for _ in self._news(client, one["organ"], "reader"):
                pass

    async def _news(
        self, client: AsyncClient, organ: str, who: str, **how: Any
    ) -> AsyncGenerator[FeedItem, None]:
        """What is new since this reader's cursor; the cursor is kept as an application would."""
        name = f"{who} {organ}"
        self._history.reading(name, organ, self._cursors[name])
        try:
            async with contextlib.aclosing(client.feed(self._cursors[name], **how)) as items:
                async for item in items:
                    self._history.read(name, organ, item)
                    self._cursors[name] = item.next_index
                    yield item
        except LienthongError as error:
            _check_passing(error)

    async def _until_not_behind(self, organ: str) -> None:
        """Wait until the follower has seen what the reader has seen."""
        async with asyncio.timeout(PATIENT.timeout):
            while self._cursors[f"follower {organ}"] < self._cursors[f"reader {organ}"]:  # noqa: ASYNC110 - no event for it
                await asyncio.sleep(0.05)

    def _caught_up(self, organ: str) -> bool:
        return self._stopping.is_set() and self._seen[organ] >= self._expected[organ]

    def _is_incoming(self, item: FeedItem, organ: str) -> bool:
        body = item.entry.body
        return isinstance(body, PackageRecord) and OrganId(organ) in body.recipients

    async def _accept(self, client: AsyncClient, item: FeedItem, room: asyncio.Semaphore) -> None:
        """Accept and register; the same number until the axis says that it has it."""
        assert isinstance(item.entry.body, PackageRecord)
        package_id, number = item.entry.body.package_id, next(self._numbers)
        by = str(client.organ)
        try:
            while True:
                try:
                    receipt = await client.accept(
                        package_id, register_number=number, register_date=DAY
                    )
                except LienthongError as error:
                    self._history.failed(Operation.REPORT, by, "", error)
                    _check_passing(error)
                else:
                    break
        finally:
            room.release()
        self._history.recorded(receipt, by)


def _check_passing(error: LienthongError) -> None:
    """What may pass is tried again; anything else ends the run."""
    if not error.retryable:
        raise error


async def _all(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Wait for all; the first that fails ends the run."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        task.result()


def _document(organ: OrganId, number: int) -> Document:
    return Document(
        issuer_code=organ,
        issuer_name="Cơ quan gửi",
        number=DocumentNumber(f"{number:02d}", "2026/QĐ-UBND"),
        issued_date=DAY,
        kind=DocumentKind.QUYET_DINH,
        subject="Văn bản gửi khi nút bị ngắt",
        signer=DocumentSigner(full_name="Chủ tịch", position="Chủ tịch"),
    )


def _file(chance: random.Random) -> FileSource:
    size = LARGE if chance.random() < LARGE_SHARE else chance.choice(SIZES)
    return FileSource.of_bytes("van-ban.pdf", chance.randbytes(size))


def main(arguments: Iterable[str]) -> None:
    """Run the play of a configuration."""
    (path,) = arguments
    config = json.loads(Path(path).read_text("utf-8"))
    with Path(config["history"]).open("w", encoding="utf-8") as history:
        uvloop.run(Load(config, history).run())


if __name__ == "__main__":
    main(sys.argv[1:])
