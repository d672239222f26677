"""``trust``: stores as people and scripts see them, in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from lienthong.cli.failures import ExitCode
from lienthong.testing.pki import Authority, TestPKI
from lienthong.testing.status import make_list
from lienthong.testing.status_server import Reply, StatusServer

Run = Callable[..., Result]
NOW = datetime.now(UTC)
PKI = TestPKI(NOW)
LABEL = "CA chuyên dùng Chính phủ"


@pytest.fixture
def server() -> Iterator[StatusServer]:
    with StatusServer() as made:
        yield made


@pytest.fixture
def store(tmp_path: Path, run: Run, server: StatusServer) -> Path:
    """A store with one authority, whose list is on loopback."""
    folder = tmp_path / "trust"
    url = server.put("/root.crl", make_list(PKI.root, at=NOW))
    add(run, folder, PKI.root, "--list-url", url)
    with (folder / "trust.toml").open("a") as out:
        out.write('\n[fetching]\nprivate_hosts = ["127.0.0.1"]\n')
    return folder


def add(run: Run, folder: Path, authority: Authority, *more: str, name: str = "ca") -> Result:
    file = folder.parent / f"{name}.crt"
    file.write_bytes(authority.certificate)
    given = ("--label", LABEL, "--kind", "CHUYEN_DUNG", "--purpose", "FILES")
    return run("trust", "add", str(folder), str(file), *given, *more)


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_adding_shows_the_fingerprint_to_compare(tmp_path: Path, run: Run) -> None:
    found = add(run, tmp_path / "trust", PKI.root, "--json")
    (row,) = rows(found)
    assert row["label"] == LABEL
    assert row["purposes"] == ["FILES"]
    assert len(row["fingerprint"]) == 64
    again = add(run, tmp_path / "trust", PKI.root)
    assert again.exit_code == ExitCode.INPUT
    assert "ca.pem" in again.stderr


def test_what_is_no_authority_is_not_added(tmp_path: Path, run: Run) -> None:
    leaf = PKI.organisation("H53.01")
    file = tmp_path / "leaf.pem"
    file.write_bytes(leaf.chain_pem)
    given = ("--label", "x", "--kind", "CONG_VU", "--purpose", "ORGANISATIONS")
    found = run("trust", "add", str(tmp_path / "trust"), str(file), *given)
    assert found.exit_code == ExitCode.UNVERIFIED
    assert not (tmp_path / "trust").exists()
    missing = run("trust", "add", str(tmp_path / "trust"), str(tmp_path / "none.pem"), *given)
    assert missing.exit_code == ExitCode.INPUT


@pytest.mark.parametrize(("language", "words"), [("en", "trusted for"), ("vi", "tin cậy cho")])
def test_lists_authorities_and_places(store: Path, run: Run, language: str, words: str) -> None:
    assert run("trust", "refresh", str(store)).exit_code == 0
    found = run("trust", "list", str(store), "--lang", language)
    assert found.exit_code == 0, found.stderr
    assert LABEL in found.stdout
    assert words in found.stdout
    assert "/root.crl" in found.stdout
    authority, place = rows(run("trust", "list", str(store), "--json"))
    assert authority["warning_days"] is None
    assert (place["kind"], place["failures"], place["age_minutes"]) == ("LIST", 0, 0)
    assert place["next_at"] > place["confirmed_at"]


def test_refreshing_tells_what_failed_and_keeps_what_was_there(
    store: Path, run: Run, server: StatusServer
) -> None:
    assert rows(run("trust", "refresh", str(store), "--json"))[0]["fetched"] == 1
    server.answer("/root.crl", lambda _: Reply(content=b"<html>"))
    idle = run("trust", "refresh", str(store))
    assert idle.exit_code == 0, "nothing is due"
    assert "--all" in idle.stdout
    found = run("trust", "refresh", str(store), "--all")
    assert found.exit_code == ExitCode.ENVIRONMENT
    assert "root.crl" in found.stdout
    (row,) = rows(run("trust", "refresh", str(store), "--all", "--json"))
    assert row["failed"][0]["failures"] == 2
    (_, place) = rows(run("trust", "list", str(store), "--json"))
    assert place["confirmed_at"] is not None
    assert "failing" in rows(run("trust", "check", str(store), "--json"))[0]


def test_checking_names_the_line_of_a_fault(store: Path, run: Run) -> None:
    good = run("trust", "check", str(store))
    assert good.exit_code == 0, good.stderr
    path = store / "trust.toml"
    path.write_text(path.read_text().replace("CHUYEN_DUNG", "CHUYEN_DUNGG"))
    found = run("trust", "check", str(store))
    assert found.exit_code == ExitCode.INPUT
    assert "line 4" in found.stdout
    (row,) = rows(run("trust", "check", str(store), "--json"))
    assert row["faults"][0]["code"] == "model.invalid_value"


@pytest.mark.parametrize(
    ("days", "warned", "exit_code"),
    [(61, None, 0), (59, 60, 0), (29, 30, 0), (6, 7, 0), (-1, 0, ExitCode.INPUT)],
)
def test_checking_warns_of_ends_ahead(
    tmp_path: Path, run: Run, days: int, warned: int | None, exit_code: int
) -> None:
    end = NOW + timedelta(days=days, minutes=5)
    ending = PKI.root.authority("Ending CA", period=(NOW - timedelta(days=100), end))
    add(run, tmp_path / "trust", ending)
    found = run("trust", "check", str(tmp_path / "trust"), "--json")
    assert found.exit_code == exit_code
    assert [row["warning_days"] for row in rows(found)[0]["ending"]] == (
        [] if warned is None else [warned]
    )
    told = run("trust", "check", str(tmp_path / "trust"), "--lang", "vi").stdout
    assert ("hết hạn" in told) is (warned is not None)


def test_a_store_that_is_not_there(tmp_path: Path, run: Run) -> None:
    for command in ("list", "refresh"):
        found = run("trust", command, str(tmp_path / "none"))
        assert found.exit_code == ExitCode.INPUT
        assert "trust.toml" in found.stderr
