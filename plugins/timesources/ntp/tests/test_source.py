"""Time over the network: servers that lie, fall silent or are forged do no harm."""

from __future__ import annotations

import re
import socket
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lienthong.errors import (
    Closed,
    ConnectionFailed,
    DeadlineExceeded,
    LienthongError,
    TimeDisputed,
)
from lienthong.model.clocks import Agreement, ClockSample
from lienthong.spi import TimeReading
from lienthong_time_ntp import NTPSource, open_source
from lienthong_time_ntp import packet as packets
from lienthong_time_ntp.address import ServersAddress
from lienthong_time_ntp.source import QUIET_SECONDS
from plugins.timesources.ntp.tests.ntp_servers import (
    EPOCH,
    Answer,
    ahead,
    honest,
    packet,
    replaying,
    serve,
    silent,
)

HOUR = 3600.0


class Servers:
    """Some servers, and a source that asks them."""

    def __init__(self, stack: ExitStack, *answers: Answer, timeout: float = 1.0) -> None:
        running = [stack.enter_context(serve(answer)) for answer in answers]
        self.names = [name for name, _ in running]
        self.questions = [questions for _, questions in running]
        self.uri = f"ntp:{','.join(self.names)}?timeout={timeout}"
        self.source = open_source(self.uri)


def read(*answers: Answer, timeout: float = 1.0) -> TimeReading:
    """What a source says of these servers; it is checked against the clock of the honest ones."""
    with ExitStack() as stack:
        servers = Servers(stack, *answers, timeout=timeout)
        before = time.monotonic()
        reading = servers.source.now()
        after = time.monotonic()
        for n, name in enumerate(servers.names):
            reading = _renamed(reading, name, "abcdefghi"[n])
    allowed = timedelta(seconds=reading.uncertainty)
    assert _shown(before) - allowed <= reading.instant <= _shown(after) + allowed
    return reading


def _renamed(reading: TimeReading, name: str, letter: str) -> TimeReading:
    return TimeReading(
        instant=reading.instant,
        uncertainty=reading.uncertainty,
        source=reading.source.replace(name, letter),
    )


def _shown(monotonic: float) -> datetime:
    return datetime.fromtimestamp(EPOCH + monotonic, UTC)


def error_of(*answers: Answer) -> LienthongError:
    with ExitStack() as stack:
        servers = Servers(stack, *answers)
        with pytest.raises(LienthongError) as caught:
            servers.source.now()
    return caught.value


# --- Honest servers and liars ------------------------------------------------------------------


def test_honest_servers_agree() -> None:
    reading = read(honest, honest, honest)
    assert reading.source == "a, b, c"
    assert 0.002 <= reading.uncertainty < 0.3


def test_one_server_is_its_own_majority() -> None:
    assert read(honest).source == "a"


@pytest.mark.parametrize("lie", [HOUR, -24 * HOUR, 0.9])
def test_one_liar_of_three_is_ignored_and_named(lie: float) -> None:
    source = read(honest, ahead(lie), honest).source
    named = re.fullmatch(r"a, c; not b \(([+-][0-9.]+) s\)", source)
    assert named is not None, source
    assert float(named[1]) == pytest.approx(lie, abs=0.4)


@pytest.mark.parametrize("answers", [(ahead(HOUR), ahead(-HOUR), honest), (ahead(HOUR), honest)])
def test_without_a_majority_there_is_no_time(answers: tuple[Answer, ...]) -> None:
    error = error_of(*answers)
    assert isinstance(error, TimeDisputed)
    assert "no majority" in str(error)


# --- Answers that say nothing ------------------------------------------------------------------


def with_(**fields: Any) -> Answer:
    return lambda question: [packet(question, **fields)]


def forged_first(question: bytes) -> list[bytes]:
    """Somebody who cannot see the question is quicker than the server."""
    forged = packet(question, ahead=HOUR, origin=b"\0" * 8)
    return [forged, b"x" * 4, b"", packet(question)]


REJECTED: dict[str, tuple[Answer, str]] = {
    "silent": (silent, "no answer"),
    "replayed": (replaying, "belongs to another question"),
    "another cookie": (with_(origin=bytes(8)), "belongs to another question"),
    "huge": (lambda question: [packet(question) * 30], "49 bytes instead of 48"),
    "with an extension": (lambda question: [packet(question) + bytes(20)], "49 bytes"),
    "short": (lambda question: [packet(question)[:47]], "47 bytes"),
    "client's mode": (with_(first=0b00_100_011), "version 4, mode 3"),
    "version 3": (with_(first=0b00_011_100), "version 3, mode 4"),
    "broadcast": (with_(first=0b00_100_101), "version 4, mode 5"),
    "not synchronised": (with_(first=0b11_100_100), "does not know the time"),
    "stratum 16": (with_(stratum=16), "does not know the time"),
    "stratum 255": (with_(stratum=255), "does not know the time"),
    "kiss of death": (with_(stratum=0, name=b"DENY"), "sent away ('DENY')"),
    "kiss without words": (with_(stratum=0, name=b"\xff\0\0\0"), "sent away ('ÿ')"),
    "kiss that steers a terminal": (with_(stratum=0, name=b"\n\x1b[2"), "('\\n\\x1b[2')"),
    "no time of receipt": (with_(received=bytes(8)), "before the question came"),
    "no time of sending": (with_(sent=bytes(8)), "before the question came"),
    "sent before received": (with_(received=b"\xef" + bytes(7), sent=b"\xee" + bytes(7)), "before"),
    "far from its source": (with_(delay=4.0), "may be 2.0 s wrong"),
    "drifting": (with_(dispersion=2.0), "may be 2.0 s wrong"),
    "slower inside than outside": (
        with_(received=b"\xed" + bytes(7), sent=b"\xed\0\0\xff" + bytes(4)),
        "its clock ran",
    ),
}


@pytest.mark.parametrize("name", REJECTED)
def test_an_answer_that_says_nothing_is_left_out(name: str) -> None:
    answer, reason = REJECTED[name]
    reading = read(honest, answer, honest)
    assert reading.source.startswith("a, c; not b (")
    assert reason in reading.source


@pytest.mark.parametrize("name", REJECTED)
def test_nobody_is_believed_for_want_of_others(name: str) -> None:
    answer, reason = REJECTED[name]
    expected = DeadlineExceeded if reason == "no answer" else ConnectionFailed
    assert type(error_of(answer)) is expected


def test_a_forged_answer_does_not_hide_the_true_one() -> None:
    assert read(forged_first).source == "a"


def test_every_question_has_a_cookie_of_its_own_and_tells_no_time() -> None:
    with ExitStack() as stack:
        servers = Servers(stack, honest, honest)
        servers.source.now()
        servers.source.now()
        questions = [question for one in servers.questions for question in one]
    assert len({question[40:] for question in questions}) == 4
    assert {question[:40] for question in questions} == {b"\x23" + bytes(39)}


def test_two_silent_servers_of_three_leave_no_majority() -> None:
    error = error_of(honest, silent, silent)
    assert isinstance(error, TimeDisputed)
    assert str(error).count("no answer") == 2


def test_nobody_listens_there() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        port = gone.getsockname()[1]
    with pytest.raises(ConnectionFailed):
        open_source(f"ntp:127.0.0.1:{port}?timeout=0.3").now()


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "a" * 80])
def test_a_name_that_leads_nowhere_is_told(host: str) -> None:
    with pytest.raises(ConnectionFailed):
        open_source(f"ntp:{host}?timeout=0.1").now()


@pytest.mark.planted("one NTP server believed against the others")
def test_believing_whoever_is_first_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def first(samples: list[ClockSample], *, asked: int) -> Agreement:
        del asked
        one = samples[0]
        return Agreement(offset=one.offset, distance=one.distance, agreeing=(one,), others=())

    monkeypatch.setattr("lienthong_time_ntp.source.agree", first)
    with pytest.raises(AssertionError):
        read(ahead(HOUR), honest, honest)


@pytest.mark.planted("NTP answers of others believed")
def test_an_unchecked_cookie_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = packets.read_answer

    def believe(data: bytes, _: bytes) -> packets.Answer:
        return inner(data, data[24:32])

    monkeypatch.setattr("lienthong_time_ntp.exchange.read_answer", believe)
    with pytest.raises(AssertionError):
        read(forged_first)


# --- Being sent away, closing ------------------------------------------------------------------


class Clock:
    """The process's monotonic clock, moved on by a test."""

    def __init__(self) -> None:
        self.more = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.more


def test_a_server_that_sends_us_away_is_left_alone_for_an_hour() -> None:
    clock = Clock()
    with ExitStack() as stack:
        servers = Servers(stack, honest, with_(stratum=0, name=b"RATE"), honest)
        source = NTPSource(ServersAddress.parse(servers.uri), clock=clock)
        for more in (0.0, QUIET_SECONDS - 60.0, QUIET_SECONDS + 60.0):
            clock.more = more
            assert "sent away" in source.now().source
        assert [len(one) for one in servers.questions] == [3, 2, 3]


def test_being_sent_away_by_most_does_not_last_longer_than_the_attack() -> None:
    forged = True

    def answer(question: bytes) -> list[bytes]:
        return [packet(question, stratum=0, name=b"DENY") if forged else packet(question)]

    with ExitStack() as stack:
        servers = Servers(stack, answer, answer, honest)
        with pytest.raises(TimeDisputed):
            servers.source.now()
        forged = False
        assert "not" not in servers.source.now().source


def test_a_name_that_is_looked_up_slowly_makes_no_other_answer_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, look_up = Clock(), socket.getaddrinfo

    def slow(host: str, port: int, **kind: Any) -> Any:
        clock.more += 10.0
        return look_up(host, port, **kind)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with ExitStack() as stack:
        servers = Servers(stack, honest, honest, honest)
        source = NTPSource(ServersAddress.parse(servers.uri), clock=clock)
        assert source.now().uncertainty < 2.0


def test_a_liar_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "lienthong_time_ntp")
    lie = 0.0

    def changing(question: bytes) -> list[bytes]:
        return [packet(question, ahead=lie)]

    with ExitStack() as stack:
        servers = Servers(stack, honest, changing, honest)
        for seconds in (0.0, 0.0, HOUR, HOUR, HOUR, 0.0, 0.0):
            lie = seconds
            servers.source.now()
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "INFO"]


def test_a_closed_source_asks_nobody() -> None:
    with ExitStack() as stack:
        servers = Servers(stack, honest)
        servers.source.close()
        servers.source.close()
        with pytest.raises(Closed):
            servers.source.now()
        assert servers.questions == [[]]


def test_long_lists_are_cut() -> None:
    reading = read(*[honest] * 5, *[ahead(HOUR)] * 4)
    assert len(reading.source) <= 200


def test_times_after_2036_are_read() -> None:
    """NTP counts from 0 again in February 2036."""
    answer = packets.read_answer(
        packet(bytes(40) + b"\1" * 8, received=b"\0\0\0\1" + bytes(4), sent=b"\0\0\0\2" + bytes(4)),
        b"\1" * 8,
    )
    assert datetime.fromtimestamp(answer.received, UTC) == datetime(
        2036, 2, 7, 6, 28, 17, tzinfo=UTC
    )
    assert answer.sent - answer.received == 1.0
