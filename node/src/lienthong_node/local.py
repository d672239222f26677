"""A throw-away axis on this machine: a real node process with its own keys and organisations.

For the demonstration, and for tests of software that embeds the SDK::

    axis = LocalAxis.create(tmp_path, {"000.00.13.H53": "Sở Thông tin và Truyền thông"})
    with axis.running():
        client = Client(Profile.load(axis.profile("000.00.13.H53")))
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from attrs import define, field

from lienthong.errors import ConnectionFailed
from lienthong.model.ids import OrganId
from lienthong.model.organisation import OrganCode, Organisation, OrganName
from lienthong_node.admin_port import OPERATOR_PROFILE, administration
from lienthong_node.certificates import KeyKind
from lienthong_node.core.credentials import Role
from lienthong_node.core.law import Value
from lienthong_node.provision import (
    Holder,
    create_folder,
    enter_law,
    first_law,
    issue_profile,
)
from lienthong_node.settings import Settings

AXIS: Final = "truc.tayninh.example"
OPERATOR: Final = "000.00.01.H53"
READY_S: Final = 60.0
STOP_S: Final = 60.0


@define(eq=False)
class LocalAxis:
    """One axis in one folder; at most one node process at a time."""

    folder: Path
    data: Path
    port: int
    command: tuple[str, ...] = ()
    """Put in front of the node's command line, e.g. a tracer."""

    _process: subprocess.Popen[str] | None = field(default=None, init=False)

    @classmethod
    def create(
        cls,
        folder: Path,
        agencies: Mapping[str, str] | Sequence[Organisation],
        *,
        key: KeyKind = KeyKind.P256,
        law: Sequence[Value] | None = None,
        **settings: Any,
    ) -> Self:
        """Make data folder, directory, and a profile for each organisation.

        Args:
            folder: new or empty.
            agencies: names by code, or whole organisations.
            key: kind of the organisations' signing keys.
            law: rule sets and calendars of the whole axis; else what a new node begins with.
            settings: changes of the node's settings.
        """
        port = free_port()
        chosen = {"axis": AXIS, "listen": f"127.0.0.1:{port}", "metrics_listen": ""} | settings
        made = Settings(**chosen)
        axis = cls(folder=folder, data=folder / "node", port=port)
        create_folder(axis.data, made, ["127.0.0.1", "localhost"])
        organisations = _organisations(agencies)
        with administration(axis.data) as admin:
            admin.put_organisations(
                [_organisation(OPERATOR, "Văn phòng UBND tỉnh"), *organisations]
            )
            operator = Holder(organ=OPERATOR, name="Văn phòng UBND tỉnh", role=Role.OPERATOR)
            target = axis.data / OPERATOR_PROFILE
            issue_profile(axis.data, made, operator, target, admin, admin.checkpoint_key)
            enter_law(admin, first_law() if law is None else law)
            for organisation in organisations:
                holder = Holder(organ=str(organisation.organ_id), name=organisation.names[-1].value)
                target = axis.profile(holder.organ)
                issue_profile(
                    axis.data, made, holder, target, admin, admin.checkpoint_key, kind=key
                )
        return axis

    def profile(self, code: str) -> Path:
        """The profile folder of an organisation."""
        return self.folder / "profiles" / code

    @property
    def log(self) -> Path:
        """What the node has written to stderr."""
        return self.folder / "node.log"

    @property
    def pid(self) -> int:
        """Process id of the running node."""
        return self._running_process().pid

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Run the node; at the end it is told to stop, and must do so cleanly."""
        self.start()
        try:
            yield self
            self.stop()
        finally:
            self.kill()

    def start(self) -> None:
        """Start the node and wait until it answers.

        Raises:
            ConnectionFailed: it does not come up.
        """
        command = [*self.command, sys.executable, "-m", "lienthong_node", "serve", str(self.data)]
        with self.log.open("a") as errors:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, env=dict(os.environ)
            )
        if not _ready(self._process):
            self.kill()
            raise ConnectionFailed(endpoint="the node", reason=f"it did not start, see {self.log}")

    def stop(self) -> None:
        """Tell the node to drain and stop.

        Raises:
            ConnectionFailed: it does not end with 0.
        """
        process = self._running_process()
        process.send_signal(signal.SIGTERM)
        code = process.wait(STOP_S)
        self._forget()
        if code != 0:
            raise ConnectionFailed(
                endpoint="the node", reason=f"it ended with {code}, see {self.log}"
            )

    def kill(self) -> None:
        """End the node at once, as a crash would; no error when it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._forget()

    def _running_process(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise ConnectionFailed(endpoint="the node", reason="it is not running")
        return self._process

    def _forget(self) -> None:
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _ready(process: subprocess.Popen[str]) -> bool:
    """Wait for the line that says that the node answers."""
    timer = threading.Timer(READY_S, process.kill)
    timer.start()
    try:
        line = process.stdout.readline() if process.stdout else ""
    finally:
        timer.cancel()
    return line.startswith("serving ")


def _organisations(agencies: Mapping[str, str] | Sequence[Organisation]) -> list[Organisation]:
    if isinstance(agencies, Mapping):
        return [_organisation(code, name) for code, name in agencies.items()]
    return list(agencies)


def _organisation(code: str, name: str) -> Organisation:
    organ_id = OrganId(code)
    return Organisation(
        organ_id=organ_id,
        codes=[OrganCode(scheme=organ_id.scheme, value=organ_id)],
        names=[OrganName(value=name)],
    )
