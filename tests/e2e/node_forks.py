"""Forks node processes: what Python needs to import is imported once, a start takes a moment.

    python node_forks.py DATA [PLANTED]
    python node_forks.py --nursery SOCKET

Reads ``start`` and ``kill`` from stdin; a node says ``serving PID``, its end is answered by
``ended STATUS``. The node is a process of its own with its own descriptors; it ends with this
process. PLANTED names a fault that every node then has, to show that a test would see it.

A nursery does the same for each connection to SOCKET, in a process of its own: its first line is a
JSON object with ``data``, ``planted``, ``log``, ``folder`` and ``environment``. What modules read
from the environment while they were imported stays as it was.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from lienthong.errors import DiskFull
from lienthong.evidence.merkle import inclusion_proof
from lienthong.evidence.tiles import node_reader
from lienthong.model.organisation import Directory
from lienthong.spi.storage import ReadView
from lienthong_node import committer, contents, logs, uploads, wire
from lienthong_node.connections import Connections
from lienthong_node.core import submit, telling
from lienthong_node.serve import serve
from lienthong_node.server import Node
from lienthong_node.services import exchange, feed, visibility
from lienthong_node.services.context import NodeContext
from lienthong_node.stores import Recorded, hash_reader
from lienthong_storage_sqlite.transaction import SQLiteWriteTransaction

PLUGINS: Final = ("lienthong_signer_softkey", "lienthong_storage_fs", "lienthong_storage_sqlite")
TOO_EARLY_S: Final = 0.05
HOARD: Final = 40_000


def main() -> None:
    """Fork nodes until stdin ends."""
    data, planted = Path(sys.argv[1]), sys.argv[2:]
    _import_plugins()
    _serve_orders(_Orders(), data, planted)


def nursery(path: str) -> None:
    """Fork for whoever connects, until stdin ends."""
    _import_plugins()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{path}.new")
        listening.listen()
        Path(f"{path}.new").rename(path)
        while 0 not in select.select([0, listening.fileno()], [], [])[0]:
            connection, _ = listening.accept()
            with connection:
                if os.fork() == 0:
                    _adopt(listening, connection)


def _adopt(listening: socket.socket, connection: socket.socket) -> None:
    """Be the program for one connection; never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        listening.close()
        os.dup2(connection.fileno(), 0)
        os.dup2(connection.fileno(), 1)
        connection.close()
        orders = _Orders()
        wanted = json.loads(orders.wait(None) or "{}")
        log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 2)
        os.close(log)
        os.environ.clear()
        os.environ.update(wanted["environment"])
        os.chdir(wanted["folder"])
        time.tzset()
        _serve_orders(orders, Path(wanted["data"]), wanted["planted"])
    except BaseException:  # noqa: BLE001 - the log says why
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _import_plugins() -> None:
    for name in PLUGINS:
        importlib.import_module(f"{name}.store" if "storage" in name else f"{name}.signer")


def _serve_orders(orders: _Orders, data: Path, planted: Sequence[str]) -> None:
    for fault in planted:
        PLANTED[fault]()
    while (order := orders.wait(None)) is not None:
        if order == "start":
            pid = os.fork()
            if pid == 0:
                _run(data)
            _tell(f"ended {_supervised(pid, orders)}")


class _Orders:
    """Lines of stdin, read without a buffer that a forked node would share."""

    def __init__(self) -> None:
        self._rest = b""

    def wait(self, seconds: float | None) -> str | None:
        """The next line; empty when none came in time; None at the end."""
        while b"\n" not in self._rest:
            if not select.select([0], [], [], seconds)[0]:
                return ""
            got = os.read(0, 4096)
            if not got:
                return None
            self._rest += got
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()


def _supervised(pid: int, orders: _Orders) -> int:
    """Wait until the node ends by itself or is told to; returns its status."""
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if orders.wait(0.005) != "":
            os.kill(pid, 9)


def _run(data: Path) -> None:
    """Be the node; never returns."""
    status = 1
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        logs.configure("INFO")
        serve(data, _ready)
        status = 0
    except BaseException:  # noqa: BLE001 - the log says why
        traceback.print_exc()
    finally:
        os._exit(status)


def _ready(node: Node) -> None:
    _tell(f"serving {os.getpid()}")


def _tell(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def _acknowledge_before_commit() -> None:
    """Answers go out while the transaction is still open."""
    inner = committer._recorded

    def early(tx: ReadView, work: Any, sealed: Any) -> Mapping[int, committer.Outcome]:
        recorded = inner(tx, work, sealed)
        for ticket, index in work.entries:
            ticket.settle(recorded[index])
        time.sleep(TOO_EARLY_S)
        return recorded

    committer._recorded = early  # type: ignore[assignment]


def _new_receipts() -> None:
    """A repeated package gets a receipt of today: true, but not the one that it got before."""

    def read(view: ReadView, index: int) -> Recorded:
        (row,), newest = view.journal(index, 1), view.checkpoint()
        assert newest is not None
        nodes = node_reader(newest.size, hash_reader(view))
        proof = tuple(inclusion_proof(index, newest.size, nodes))
        again = evolve(row, proof=proof, checkpoint_size=newest.size)
        return Recorded(row=again, checkpoint=newest)

    committer.read_recorded = read  # type: ignore[attr-defined]


def _cursor_of_another_look() -> None:
    """A page's cursor is taken a moment later; what was committed in between is skipped."""
    inner = feed._page

    def page(node: NodeContext, request: Any, organ: str, cursor: int, view: ReadView) -> Any:
        found = inner(node, request, organ, cursor, view)
        if 0 < len(found.items) < request.page_size:
            with node.store.read() as later:
                found.next_index = later.head().size
        return found

    feed._page = page


def _upload_forgets() -> None:
    """A cut upload starts at zero again."""
    inner = uploads.Uploads.begin

    def begin(self: uploads.Uploads, key: str) -> int:
        self.suspend(key)
        self._blobs.drop_staging(idle_seconds=0)
        return inner(self, key)

    uploads.Uploads.begin = begin  # type: ignore[method-assign]


def _reads_files_whole() -> None:
    """A download reads its file into memory at once."""
    contents.PIECE = 2**40  # type: ignore[misc]


def _ignores_a_full_disk() -> None:
    """What did not fit into the records is passed over."""
    inner = SQLiteWriteTransaction.commit

    def commit(self: SQLiteWriteTransaction) -> None:
        with suppress(DiskFull):
            inner(self)

    SQLiteWriteTransaction.commit = commit  # type: ignore[method-assign]


def _closed_codes_open() -> None:
    """Documents go to organisations that have ended."""
    submit.check_open = lambda *_: None  # type: ignore[attr-defined]


def _successors_have_no_rights() -> None:
    """Only contact points act for an organisation, also when it has ended."""
    Directory.representatives_of = Directory.contact_points_of  # type: ignore[method-assign]


def _senders_see_all_in_lists() -> None:
    """What a recipient has to do stands in its sender's list as well."""
    wire.shown_to_sender = lambda deadline: True  # type: ignore[attr-defined]


def _senders_see_all_of_a_package() -> None:
    """Who looks at a package sees it as its recipient does."""
    exchange.sees_as_sender = lambda *_: False  # type: ignore[attr-defined]


def _senders_are_told_all() -> None:
    """Every deadline is told to the sender as well."""
    telling.sides_told = visibility.sides_told = lambda *_: 2  # type: ignore[attr-defined]


def _hoards_for_each_connection() -> None:
    """Something is kept for each connection that anybody makes a call on."""
    inner, hoard = Connections.identified, dict[str, bytes]()

    def identified(self: Connections, peer: str, organ: str) -> None:
        hoard.setdefault(peer, os.urandom(HOARD))
        inner(self, peer, organ)

    Connections.identified = identified  # type: ignore[method-assign]


def _hoards_for_each_stream() -> None:
    """Something is kept for each feed that is followed."""
    follow = feed.follow

    async def hoarding(*arguments: Any) -> AsyncIterator[Any]:
        hoard = os.urandom(HOARD)
        async for page in follow(*arguments):
            yield page
        del hoard

    exchange.follow = hoarding  # type: ignore[assignment,attr-defined]


PLANTED: Final[Mapping[str, Callable[[], None]]] = {
    "acknowledge-before-commit": _acknowledge_before_commit,
    "new-receipts": _new_receipts,
    "cursor-of-another-look": _cursor_of_another_look,
    "upload-forgets": _upload_forgets,
    "reads-files-whole": _reads_files_whole,
    "ignores-a-full-disk": _ignores_a_full_disk,
    "closed-codes-open": _closed_codes_open,
    "successors-have-no-rights": _successors_have_no_rights,
    "senders-see-all-in-lists": _senders_see_all_in_lists,
    "senders-see-all-of-a-package": _senders_see_all_of_a_package,
    "senders-are-told-all": _senders_are_told_all,
    "hoards-for-each-connection": _hoards_for_each_connection,
    "hoards-for-each-stream": _hoards_for_each_stream,
}

if __name__ == "__main__":
    if sys.argv[1] == "--nursery":
        nursery(sys.argv[2])
    else:
        main()
