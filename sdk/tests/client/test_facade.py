from __future__ import annotations

import inspect
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

import lienthong
from lienthong.client import AsyncClient, Client, FileSource, Sending
from lienthong.client.loop import LoopThread, shared_loop
from lienthong.errors import Closed
from lienthong.model.document import Document
from lienthong.spi.signer import Signer

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

SENDER, RECIPIENT = "000.00.00.H53", "000.00.13.H53"
FILE = FileSource.of_bytes("a.pdf", b"content")


def public(kind: type) -> dict[str, object]:
    return {name: getattr(kind, name) for name in dir(kind) if not name.startswith("_")}


def test_both_clients_have_the_same_methods_with_the_same_arguments() -> None:
    waiting, running = public(Client), public(AsyncClient)
    assert sorted(set(waiting) - {"profile"}) == sorted(running)
    for name, method in running.items():
        if callable(method):
            other = waiting[name]
            assert callable(other)
            assert inspect.signature(other) == inspect.signature(method)
            assert other.__doc__ == method.__doc__
    assert inspect.signature(Client) == inspect.signature(AsyncClient)


def test_every_method_says_what_it_does() -> None:
    for name, method in public(AsyncClient).items():
        assert inspect.getdoc(method), name


def test_async_client_works_on_a_loop_of_its_own(axis: ScriptedAxis, document: Document) -> None:
    async def use() -> int:
        async with AsyncClient(
            axis.profile(SENDER),
            signer=axis.pki.organisation(SENDER).signer(),
            clock=lambda: axis.pki.now,
        ) as client:
            await client.send(document, [FILE], [RECIPIENT])
            return len([item async for item in client.feed()])

    assert shared_loop().run(use()) == 1


def test_one_client_serves_several_threads(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    threads = [
        threading.Thread(target=sender.send, args=(document, [FILE], [RECIPIENT]))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(axis.records) == 12


def test_waiting_on_the_loop_itself_is_refused(sender: Client, document: Document) -> None:
    seen: list[BaseException] = []

    def progress(_: object) -> None:
        try:
            sender.organisation()
        except RuntimeError as error:
            seen.append(error)

    sender.send(document, [FILE], [RECIPIENT], inline_limit=0, progress=progress)
    assert "use AsyncClient" in str(seen[0])


def test_client_of_a_parent_process_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = LoopThread()
    monkeypatch.setattr(loop, "_process", -1)

    async def nothing() -> None: ...

    with pytest.raises(Closed, match="parent process"):
        loop.run(nothing())


def test_slow_signer_does_not_hold_up_the_loop(
    axis: ScriptedAxis, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer: Signer = axis.pki.organisation(SENDER).signer()
    quick, names = signer.sign, list[str]()

    def slow(message: bytes) -> bytes:
        names.append(threading.current_thread().name)
        time.sleep(0.02)
        return quick(message)

    monkeypatch.setattr(signer, "sign", slow)
    with Client(axis.profile(SENDER), signer=signer, clock=lambda: axis.pki.now) as client:
        client.send_many([Sending(document=document, files=[FILE], recipients=[RECIPIENT])] * 3)
        assert "lienthong" not in names
        monkeypatch.setattr(signer, "sign", quick)
        for _ in range(2):
            client.send(document, [FILE], [RECIPIENT])
    signer.sign(b"still open")


def test_public_names_are_complete_and_lazy() -> None:
    assert lienthong.__all__ == sorted(lienthong.__all__)
    for name in lienthong.__all__:
        assert getattr(lienthong, name) is not None
    assert set(lienthong.__all__) <= set(dir(lienthong))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        lienthong.nothing  # noqa: B018


@pytest.mark.parametrize("module", ["grpc", "cryptography", "google.protobuf", "click", "asyncio"])
def test_import_of_the_package_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, lienthong; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
