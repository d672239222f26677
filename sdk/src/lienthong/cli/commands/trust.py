"""``trust``: whom to trust, and what is known of certificates' status."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from rich.console import Group as Lines
from rich.console import RenderableType
from rich.text import Text

from lienthong.cli.base import command, group, session
from lienthong.cli.failures import ExitCode, as_fault
from lienthong.cli.output import bad, good, local_time, table
from lienthong.cli.texts import Words
from lienthong.errors import FetchFailed, LienthongError
from lienthong.model.file_signature import SignatureKind
from lienthong.model.trust import TrustedAuthority, TrustPurpose
from lienthong.pki.expiry import days_left, warning
from lienthong.pki.trust import TrustEntry
from lienthong.trust import Fetcher, Kept, Refresher, StatusFolder, TrustStore
from lienthong.trust.store import add_authority

_STORE: Final = click.argument(
    "store", metavar="STORE", type=click.Path(file_okay=False, path_type=Path)
)
_MINUTE: Final = timedelta(minutes=1)

trust = group(
    "trust",
    """Trust stores: whom to trust, and whether certificates were revoked.

    A store is a folder with trust.toml beside files of certificates.""",
)


@command("list", example="lienthong trust list /etc/lienthong/trust", parameters=(_STORE,))
def list_(store: Path) -> None:
    """Show the authorities of STORE with their ends, and how fresh the status is."""
    current, now = session(), datetime.now(UTC)
    found = TrustStore.load(store)
    authorities = [_authority(one, now) for one in found.trust.authorities]
    places = [_place(one, now) for one in StatusFolder(found.status_folder).all()]

    def render(_: list[Any]) -> RenderableType:
        return Lines(_authorities(current.words, authorities), *_places(current.words, places))

    current.emit_rows(iter([*authorities, *places]), render)


@command("check", example="lienthong trust check /etc/lienthong/trust", parameters=(_STORE,))
def check(store: Path) -> None:
    """Check STORE: its files, ends of authorities within 60 days, places that fail.

    Exit code 3 where a file is wrong or an authority has ended.
    """
    current, now = session(), datetime.now(UTC)
    try:
        found = TrustStore.load(store)
    except LienthongError as error:
        told = error.message(current.language)
        faults = [as_fault(error, current.language)]
        current.emit({"store": str(store), "faults": faults}, lambda: bad(told))
        click.get_current_context().exit(ExitCode.INPUT)
    authorities = [_authority(one, now) for one in found.trust.authorities]
    ending = [row for row in authorities if row["warning_days"] is not None]
    kept = StatusFolder(found.status_folder).all()
    failing = [_place(one, now) for one in kept if one.reason]
    data = {
        "store": str(store),
        "authorities": len(authorities),
        "ending": ending,
        "failing": failing,
        "faults": [],
    }

    def render() -> RenderableType:
        lines = [bad(_ends(current.words, row)) for row in ending]
        lines += [bad(f"{row['url']}: {row['reason']}") for row in failing]
        words = current.words("trust_good", store=store, count=len(authorities))
        return Text("\n").join([good(words), *lines])

    current.emit(data, render)
    if any(row["warning_days"] == 0 for row in ending):
        click.get_current_context().exit(ExitCode.INPUT)


@command(
    "refresh",
    example="lienthong trust refresh /etc/lienthong/trust --all",
    parameters=(
        _STORE,
        click.option("--all", "everything", is_flag=True, help="Also what is not due yet."),
    ),
)
def refresh(store: Path, everything: bool) -> None:
    """Fetch the status of certificates that is due; what was kept stays until it is replaced.

    Exit code 5 where a place fails.
    """
    current, now = session(), datetime.now(UTC)
    found = TrustStore.load(store)
    refresher = Refresher(
        store=found,
        folder=StatusFolder(found.status_folder),
        fetcher=Fetcher(private_hosts=found.file.fetching.private_hosts),
        clock=lambda: datetime.now(UTC),
    )
    turn = refresher.refresh(due_only=not everything)
    failed = [_place(one, now) for one in turn.failed]
    next_at = turn.next_at.isoformat() if turn.next_at else None
    data = {"fetched": turn.fetched, "failed": failed, "busy": turn.busy, "next_at": next_at}

    def render() -> RenderableType:
        if turn.busy:
            return Text(current.words("trust_busy"))
        lines = [bad(_unfetched(current.words, row)) for row in failed]
        if turn.next_at is not None:
            lines.append(Text(current.words("trust_due", at=local_time(turn.next_at))))
        return Text("\n").join([good(current.words("trust_fetched", count=turn.fetched)), *lines])

    current.emit(data, render)
    if failed:
        click.get_current_context().exit(ExitCode.ENVIRONMENT)


@command(
    "add",
    example="""\
lienthong trust add /etc/lienthong/trust ca.pem --label "CA chuyên dùng Chính phủ" \\
    --kind CONG_VU --purpose FILES --purpose ORGANISATIONS""",
    parameters=(
        _STORE,
        click.argument("file", metavar="FILE", type=click.Path(path_type=Path)),
        click.option("--label", required=True, help="As people name it."),
        click.option(
            "--kind",
            required=True,
            type=click.Choice([kind.name for kind in SignatureKind]),
            help="Which kind its signatures are (LGDĐT 2023 Đ22).",
        ),
        click.option(
            "--purpose",
            "purposes",
            required=True,
            multiple=True,
            type=click.Choice([purpose.name for purpose in TrustPurpose]),
            help="What it is trusted for; repeat.",
        ),
        click.option(
            "--list-url",
            "lists",
            multiple=True,
            metavar="URL",
            help="Where its own revocation list is; repeat.",
        ),
    ),
)
def add(
    store: Path,
    file: Path,
    label: str,
    kind: str,
    purposes: tuple[str, ...],
    lists: tuple[str, ...],
) -> None:
    """Trust the authorities whose certificates are in FILE (PEM or DER).

    Compare the fingerprints that are shown with those that the authority has published.
    """
    current, now = session(), datetime.now(UTC)
    entry = TrustEntry(
        file=f"{file.stem}.pem",
        label=label,
        kind=SignatureKind[kind],
        purposes=[TrustPurpose[purpose] for purpose in purposes],
        lists=lists,
    )
    rows = [
        _authority(
            TrustedAuthority(
                certificate=one, label=label, kind=entry.kind, purposes=frozenset(entry.purposes)
            ),
            now,
        )
        for one in add_authority(store, entry, file.read_bytes())
    ]
    current.emit_rows(iter(rows), lambda _: _authorities(current.words, rows))


for _command in (list_, check, refresh, add):
    trust.add_command(_command)


def _authority(one: TrustedAuthority, now: datetime) -> dict[str, Any]:
    parsed = x509.load_der_x509_certificate(one.certificate)
    ends = parsed.not_valid_after_utc
    return {
        "label": one.label,
        "subject": parsed.subject.rfc4514_string(),
        "fingerprint": parsed.fingerprint(SHA256()).hex(),
        "kind": one.kind.name,
        "purposes": sorted(purpose.name for purpose in one.purposes),
        "not_after": ends.isoformat(),
        "days_left": days_left(ends, now),
        "warning_days": warning(ends, now),
    }


def _place(one: Kept, now: datetime) -> dict[str, Any]:
    confirmed, next_at = one.confirmed_at, one.next_at
    return {
        "kind": one.kind.name,
        "url": one.url,
        "confirmed_at": confirmed.isoformat() if confirmed else None,
        "age_minutes": (now - confirmed) // _MINUTE if confirmed else None,
        "next_at": next_at.isoformat() if next_at else None,
        "failures": one.failures,
        "reason": one.reason,
    }


def _authorities(words: Words, rows: list[dict[str, Any]]) -> RenderableType:
    columns = [
        words(key) for key in ("trust_label", "kind", "trust_purposes", "trust_ends", "hash")
    ]
    cells = [
        (
            row["label"],
            row["kind"],
            ", ".join(row["purposes"]),
            good(row["not_after"][:10]) if row["warning_days"] is None else bad(_ends(words, row)),
            row["fingerprint"],
        )
        for row in rows
    ]
    return table(columns, cells, long=(0, 2, 3, 4))


def _places(words: Words, rows: list[dict[str, Any]]) -> Iterator[RenderableType]:
    if not rows:
        return
    columns = [words(key) for key in ("trust_place", "trust_confirmed", "trust_next", "problem")]
    cells = [
        (row["url"], _when(row["confirmed_at"]), _when(row["next_at"]), bad(row["reason"]))
        for row in rows
    ]
    yield Text()
    yield table(columns, cells, long=(0, 3))


def _when(at: str | None) -> str:
    return "-" if at is None else local_time(datetime.fromisoformat(at))


def _ends(words: Words, row: dict[str, Any]) -> str:
    key = "trust_ended" if row["warning_days"] == 0 else "trust_ending"
    return words(key, label=row["label"], day=row["not_after"][:10], days=row["days_left"])


def _unfetched(words: Words, row: dict[str, Any]) -> str:
    return FetchFailed(url=row["url"], reason=row["reason"]).message(words.language)
