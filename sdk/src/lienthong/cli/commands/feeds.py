"""``watch`` and ``download``."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lienthong.cli import data
from lienthong.cli.base import Session, command, session
from lienthong.cli.commands.options import PLACE, package_argument, read_cursor, register_option
from lienthong.cli.output import progress, safe
from lienthong.errors import InvalidValue, LienthongError
from lienthong.model.package import FileEntry

if TYPE_CHECKING:
    from lienthong.client import JudgedAgain

_FORBIDDEN: Final = frozenset('/\\:*?"<>|')


@command(
    "watch",
    example="""\
lienthong watch --cursor cursor.txt --json
lienthong watch --once --after 120""",
    parameters=(
        click.option("--after", type=click.IntRange(0), help="Begin at this journal index."),
        click.option("--once", is_flag=True, help="End at the newest entry."),
        click.option(
            "--others-only",
            is_flag=True,
            help="Leave out packages and reports of this organisation itself.",
        ),
        click.option(
            "--cursor", type=PLACE, help="File that keeps where to go on, written after each item."
        ),
        click.option(
            "--judge", "judging", is_flag=True, help="Do what 'lienthong judge' does beside it."
        ),
        register_option,
    ),
)
def watch(
    after: int | None, once: bool, others_only: bool, cursor: Path | None, judging: bool
) -> None:
    """Show what happens, as it happens.

    Everything that concerns this organisation, in journal order, each item verified. With --cursor
    it goes on where it stopped.
    """
    if judging and once:
        raise click.UsageError("--judge needs time, --once leaves none: use 'lienthong judge'")
    current = session()
    begin = _begin(after, cursor)
    if cursor is not None:
        _keep(cursor, begin)
    with current.client() as client:
        try:
            told = partial(_show_judged, current) if judging else None
            for item in client.feed(
                begin, follow=not once, inline_limit=0, others_only=others_only, on_judged=told
            ):
                _show_item(current, item)
                if cursor is not None:
                    _keep(cursor, item.next_index)
        except LienthongError as error:
            index = error.facts.get("index")
            if isinstance(index, int):
                current.say(current.words("watch_stopped", index=index, next=index + 1))
            raise


def _show_item(current: Session, item: object) -> None:
    from lienthong.cli import views
    from lienthong.model.journal import FeedItem

    assert isinstance(item, FeedItem)  # noqa: S101 - what feeds give
    current.emit(data.of_item(item), lambda: views.item_line(current.words, item))


def _show_judged(current: Session, judged: JudgedAgain) -> None:
    from lienthong.cli.commands.judging import show_judged

    show_judged(current, judged)


@command(
    "download",
    example="""\
lienthong download 01981f5e-…
lienthong download 01981f5e-… main.pdf --out /tmp/in""",
    parameters=(
        package_argument,
        click.argument("names", nargs=-1, metavar="[FILE]..."),
        click.option(
            "--out",
            type=click.Path(file_okay=False, path_type=Path),
            default=Path(),
            help="Folder for the files; the current one by default.",
        ),
        click.option("--force", is_flag=True, help="Overwrite files that are there."),
    ),
)
def download(package: str, names: tuple[str, ...], out: Path, force: bool) -> None:
    """Download files of a package.

    All of them, or those named. Each is verified and appears only when it is complete; what an
    interrupted download has left is used.
    """
    current = session()
    out.mkdir(parents=True, exist_ok=True)
    with current.client() as client, progress(shown=not current.as_json) as update:
        manifest = client.get_package(package).manifest
        for entry in _chosen(manifest.files, names):
            path = out / file_name(entry.name)
            if path.exists() and not force:
                raise InvalidValue(
                    field=f"the file {path}", found="there already", expected="--force or --out"
                )
            client.download(package, entry.sha256, path, progress=update)
            _show_file(current, entry, path)


def _show_file(current: Session, entry: FileEntry, path: Path) -> None:
    found = {"name": entry.name, "path": str(path), "sha256": entry.sha256.hex, "size": entry.size}
    current.emit(found, lambda: current.words("downloaded", name=safe(entry.name), path=path))


def _chosen(files: tuple[FileEntry, ...], names: tuple[str, ...]) -> list[FileEntry]:
    if not names:
        return list(files)
    known = {file.name: file for file in files} | {file.sha256.hex: file for file in files}
    for name in names:
        if name not in known:
            expected = ", ".join(file.name for file in files)
            raise InvalidValue(field="FILE", found=name, expected=f"one of {expected}")
    return [known[name] for name in names]


def file_name(name: str) -> str:
    """A name from a manifest as the name of a file here; it never leads to another folder."""
    clean = "".join("_" if sign in _FORBIDDEN else sign for sign in safe(name)).strip(". ")
    return clean or "file"


def _begin(after: int | None, cursor: Path | None) -> int:
    if after is not None or cursor is None or not cursor.exists():
        return after or 0
    return read_cursor(cursor)


def _keep(cursor: Path, index: int) -> None:
    part = cursor.with_name(cursor.name + ".part")
    part.write_text(f"{index}\n")
    os.replace(part, cursor)  # noqa: PTH105 - atomic also where the cursor exists (Windows)
