"""Shares of connections: strangers by address, organisations by name, and nobody else is cut."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from lienthong_node.connections import Accepted, Connections, accepted
from node.tests.support import A, B

ONE = "10.0.0.1"
OTHER = "10.0.0.2"


def lines(host: str, *ports: int) -> list[Accepted]:
    return [Accepted(port, (host, port)) for port in ports]


def shares(*, per_address: int = 2, per_organisation: int = 2) -> Connections:
    return Connections(per_address=per_address, per_organisation=per_organisation)


def ports(cut: list[Accepted]) -> list[int]:
    return [one.peer[1] for one in cut]


def test_of_strangers_the_oldest_are_cut() -> None:
    connections = shares()
    assert connections.surplus(lines(ONE, 1, 2)) == []
    assert ports(connections.surplus(lines(ONE, 4, 3, 2, 1))) == [1, 2]


def test_each_address_has_a_share_of_its_own() -> None:
    found = shares().surplus([*lines(ONE, 1, 2, 3), *lines(OTHER, 1, 2)])
    assert [one.peer for one in found] == [(ONE, 1)]


def test_who_has_said_who_it_is_is_no_stranger() -> None:
    connections = shares()
    for port, organ in enumerate((A, A, B, B), start=1):
        connections.identified(f"ipv4:{ONE}:{port}", organ)
    assert connections.surplus(lines(ONE, 1, 2, 3, 4, 5, 6)) == []


def test_of_an_organisations_the_newest_are_cut_from_wherever_they_come() -> None:
    connections = shares()
    for peer in (f"ipv4:{ONE}:1", f"ipv4:{OTHER}:1", f"ipv4:{ONE}:2", f"ipv4:{ONE}:1"):
        connections.identified(peer, A)
    connections.identified(f"ipv4:{OTHER}:9", B)
    found = connections.surplus([*lines(ONE, 2, 1), *lines(OTHER, 1, 9)])
    assert [one.peer for one in found] == [(ONE, 2)]


def test_who_was_known_before_a_look_could_see_it_is_no_stranger() -> None:
    connections = shares(per_address=1)
    for port in (1, 2):
        connections.identified(f"ipv4:{ONE}:{port}", A)
    assert connections.surplus([]) == []
    assert connections.surplus(lines(ONE, 1, 2)) == []
    connections.surplus([])
    connections.surplus([])
    assert ports(connections.surplus(lines(ONE, 1, 2))) == [1]


def test_closed_connections_do_not_count() -> None:
    connections = shares()
    for port in range(1, 50):
        connections.identified(f"ipv4:{ONE}:{port}", A)
        assert connections.surplus(lines(ONE, port)) == []
    assert connections.surplus(lines(ONE, 48, 49)) == []


def test_a_port_that_is_used_again_belongs_to_its_new_holder() -> None:
    connections = shares(per_organisation=1)
    connections.identified(f"ipv4:{ONE}:1", A)
    connections.surplus(lines(ONE, 1))
    connections.surplus([])
    connections.identified(f"ipv4:{ONE}:1", B)
    connections.identified(f"ipv4:{ONE}:2", A)
    assert connections.surplus(lines(ONE, 1, 2)) == []


def test_who_has_disobeyed_is_cut_once() -> None:
    connections = shares()
    connections.identified(f"ipv4:{ONE}:1", A)
    connections.disobeyed(f"ipv4:{ONE}:1")
    connections.disobeyed(f"ipv4:{ONE}:7")
    assert ports(connections.surplus(lines(ONE, 1, 2))) == [1]
    assert connections.surplus(lines(ONE, 1, 2)) == []


def test_zero_is_no_limit() -> None:
    connections = shares(per_address=0, per_organisation=0)
    connections.identified(f"ipv4:{ONE}:1", A)
    assert connections.surplus(lines(ONE, *range(1, 500))) == []


@pytest.mark.parametrize(
    ("spelt", "host"),
    [
        ("ipv6:%5B2001:db8::1%5D:7", "2001:db8::1"),
        ("ipv6:[fe80::1%25eth0]:7", "fe80::1"),
        ("ipv4:10.0.0.1:7", "10.0.0.1"),
    ],
)
def test_reads_the_spellings_of_grpc(spelt: str, host: str) -> None:
    connections = shares(per_address=1)
    connections.identified(spelt, A)
    assert connections.surplus([*lines(host, 7), *lines(host, 8)]) == []


@pytest.mark.parametrize("spelt", ["unix:/run/x", "", "ipv4:nonsense"])
def test_other_peers_are_nobodys(spelt: str) -> None:
    connections = shares()
    connections.identified(spelt, A)
    assert connections.surplus(lines(ONE, 1)) == []


class TestSockets:
    @pytest.fixture(params=["127.0.0.1", "::1"])
    def server(self, request: pytest.FixtureRequest) -> Iterator[socket.socket]:
        family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
        try:
            made = socket.create_server((request.param, 0), family=family)
        except OSError:
            pytest.skip("this machine has no such address")
        with made:
            yield made

    def test_finds_what_others_have_opened_and_cuts_it(self, server: socket.socket) -> None:
        address = server.getsockname()[:2]
        with ExitStack() as stack:
            client = stack.enter_context(socket.create_connection(address))
            line = stack.enter_context(server.accept()[0])
            [found] = accepted(address[1])
            assert found == Accepted(line.fileno(), client.getsockname()[:2])
            found.cut()
            assert client.recv(1) == b""
            assert line.fileno() >= 0, "the descriptor is left to its owner"

    def test_a_descriptor_that_is_something_else_by_now_is_left_alone(
        self, server: socket.socket
    ) -> None:
        address = server.getsockname()[:2]
        with socket.create_connection(address) as client, server.accept()[0] as line:
            Accepted(line.fileno(), ("203.0.113.1", 1)).cut()
            reading, writing = os.pipe()
            Accepted(reading, client.getsockname()[:2]).cut()
            line.sendall(b"x")
            assert client.recv(1) == b"x"
            assert os.write(writing, b"x") == 1
            os.close(reading)
            os.close(writing)
