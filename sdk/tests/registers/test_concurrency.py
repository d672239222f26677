"""A book of several processes and threads that may be killed, in any order of events."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.errors import (
    LienthongError,
    RegisterBookFailed,
)
from lienthong.model.ids import DocumentCode, OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.registers import Line, LineState, Register, RegisterBook
from lienthong.registers.file import BookFile
from lienthong.registers.ledger import Ledger
from lienthong.registers.numbering import Stand
from lienthong.rules.sections.numbering import Numbering

if TYPE_CHECKING:
    from sdk.tests.registers.conftest import Make

DAY = date(2026, 11, 20)
TAKING = """
import sys
from datetime import date
from lienthong.model.kinds import DocumentKind
from lienthong.registers import RegisterBook

path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with RegisterBook(path, patience=60) as book:
    for turn in range(count):
        line = book.take_number(
            f"{name}-{turn}", organ="H53", kind=DocumentKind.CONG_VAN, notation="UBND-VP",
            on=date(2026, 11, 20),
        )
        print(line.number, flush=True)
    print("waiting", flush=True)
    sys.stdin.read()
"""


def take(book: RegisterBook, key: str) -> Line:
    return book.take_number(
        key, organ="H53", kind=DocumentKind.CONG_VAN, notation="UBND-VP", on=DAY
    )


@contextmanager
def taking(path: Path, name: str, count: int) -> Iterator[subprocess.Popen[str]]:
    """A process that takes numbers, prints them and then waits."""
    command = [sys.executable, "-c", TAKING, str(path), name, str(count)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


# --- Processes and threads ------------------------------------------------------------------------


def check_two_processes(path: Path) -> None:
    """Two processes take numbers at the same time: each is given out once, none is left out."""
    RegisterBook.create(path).close()
    given: list[int] = []
    with taking(path, "a", 40) as one, taking(path, "b", 40) as two:
        for process in (one, two):
            out, _ = process.communicate("", timeout=120)
            given += [int(word) for word in out.split() if word != "waiting"]
    assert Counter(given) == Counter(range(1, 81))


def test_two_processes_never_get_one_number(path: Path) -> None:
    check_two_processes(path)


def check_nobody_comes_between(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one process looks which number is next, another one cannot take it."""
    stand = Ledger._stand
    RegisterBook.create(path).close()
    with RegisterBook(path) as one, RegisterBook(path, patience=0.05) as two:

        def interrupted(self: Ledger, *values: Any) -> Stand:
            found = stand(self, *values)
            if self is one._ledger:
                with suppress(RegisterBookFailed):
                    take(two, "b")
            return found

        monkeypatch.setattr(Ledger, "_stand", interrupted)
        assert [take(one, "a").number, take(two, "c").number] == [1, 2]


def test_nobody_comes_between_looking_and_taking(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_nobody_comes_between(path, monkeypatch)


@pytest.mark.planted("number looked up before the lock")
def test_a_number_looked_up_before_the_lock_would_be_noticed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BookFile, "transaction", BookFile.reading)
    with pytest.raises(AssertionError):
        check_nobody_comes_between(path, monkeypatch)


def test_a_number_survives_a_kill_between_taking_and_using_it(path: Path) -> None:
    RegisterBook.create(path).close()
    with taking(path, "draft", 3) as process:
        assert process.stdout is not None
        while "waiting" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    with RegisterBook(path) as book:
        assert [line.state for line in book.lines(Register.OUTGOING)] == [LineState.RESERVED] * 3
        assert take(book, "draft-1").number == 2
        assert take(book, "draft-3").number == 4


def test_threads_may_share_a_book(book: RegisterBook) -> None:
    given: list[int | None] = []

    def run(name: str) -> None:
        given.extend(take(book, f"{name}{turn}").number for turn in range(20))

    threads = [threading.Thread(target=run, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(number or 0 for number in given) == list(range(1, 61))


# --- Any order of events --------------------------------------------------------------------------


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "use", "cancel", "crash"]),
        st.integers(0, 7),
        st.sampled_from(["QUYET_DINH", "CONG_VAN"]),
        st.integers(0, 1),
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_numbers_are_unique_and_without_gaps_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, str, int]]
) -> None:
    """Two users of one file, any mixture of taking, using, cancelling and crashing."""
    path = tmp_path_factory.mktemp("any") / "registers.db"
    books = [RegisterBook.create(path), RegisterBook(path)]
    told: dict[str, int | None] = {}
    for what, draft, kind, who in steps:
        key = f"{kind}-{draft}"
        line = books[who].find(Register.OUTGOING, key, "H53")
        if what == "crash":
            books[who].close()
            books[who] = RegisterBook(path)
        elif what == "take":
            taken = books[who].take_number(
                key, organ="H53", kind=DocumentKind(kind), notation=kind, on=DAY
            )
            # Whoever was told a number is told it again, unless it was cancelled.
            assert told.setdefault(key, taken.number) == taken.number
        elif line is not None and what == "use":
            books[who].use(line, on=DAY)
        elif line is not None and what == "cancel" and line.state is LineState.RESERVED:
            books[who].cancel(line, "thử")
            told.pop(key)
    lines = books[0].lines(Register.OUTGOING)
    for kind in ("QUYET_DINH", "CONG_VAN"):
        numbers = [line.number for line in lines if line.place.series == kind]
        assert numbers == list(range(1, len(numbers) + 1))
    assert [line.ordinal for line in lines] == list(range(1, len(lines) + 1))
    for book in books:
        book.close()


MIXED = st.lists(
    st.tuples(
        st.sampled_from(["take", "enter", "refused", "cancel"]),
        st.integers(1, 9),
        st.integers(0, 3),
        st.booleans(),
    ),
    max_size=25,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(MIXED, st.booleans())
def test_numbers_of_the_book_and_from_elsewhere_never_meet(
    tmp_path_factory: pytest.TempPathFactory,
    make: Make,
    steps: list[tuple[str, int, int, bool]],
    gaps_allowed: bool,
) -> None:
    """Each number stands for one document and follows the order of days; none comes again."""
    path = tmp_path_factory.mktemp("mixed") / "registers.db"
    told: list[int | None] = []
    with RegisterBook.create(path, Numbering(gaps_allowed=gaps_allowed)) as book:
        for turn, (what, number, back, coded) in enumerate(steps):
            day = DAY - timedelta(days=back)
            code = DocumentCode(OrganId("H53"), 2026, number) if coded else None
            lines = book.lines(Register.OUTGOING, "H53")
            with suppress(LienthongError):
                if what == "take":
                    line = book.take_number(
                        f"{turn}",
                        organ="H53",
                        kind=DocumentKind.QUYET_DINH,
                        notation="QĐ-UBND",
                        on=DAY,
                        day=day,
                    )
                    told.append(line.number)
                elif what == "enter":
                    document = make(f"{number:02d}/QĐ-UBND", issued_date=day, document_code=code)
                    book.enter_outgoing(document, on=DAY)
                elif lines and what == "refused":
                    book.not_sent(lines[number % len(lines)])
                elif lines:
                    book.cancel(lines[number % len(lines)], "thử")
        lines = book.lines(Register.OUTGOING, "H53")
    assert len(told) == len(set(told))
    assert len({line.number for line in lines}) == len(lines)
    codes = [line.code for line in lines if line.code is not None]
    assert len(set(codes)) == len(codes)
    live = sorted((one for one in lines if not one.is_given_up), key=lambda one: one.number or 0)
    assert [line.day for line in live] == sorted(line.day for line in live)
