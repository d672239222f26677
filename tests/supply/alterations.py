"""Alter installed plugins in many ways, and see each time whether the node's host loads them.

A program of its own for the environment of a node: it needs nothing but what is installed there::

    python alterations.py COUNT SEED [--planted FAULT]

It prints one JSON object: how many alterations were refused, and those that were not.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

from lienthong.errors import LienthongError, PluginNotAllowed
from lienthong.plugins import AllowList, PluginHost, PluginKind, discover
from lienthong.plugins.inventory import Installed
from lienthong.testing.installed import write_record

PACKAGES: Final = ("lienthong_signer_softkey", "lienthong_storage_fs", "lienthong_storage_sqlite")
FAULTS: Final = ("none", "no-list", "names-only")


class Place:
    """One installed plugin on disk."""

    def __init__(self, package: str) -> None:
        self.package = package
        found = distribution(package.replace("_", "-"))
        self.site = Path(str(found.locate_file("")))
        self.code = self.site / package
        [self.info] = self.site.glob(f"{package}-*.dist-info")

    @property
    def record(self) -> Path:
        return self.info / "RECORD"

    def refit(self) -> None:
        """Make RECORD fit again, as whoever alters an installation would."""
        write_record(self.site, self.info, [self.code, self.info])

    def modules(self) -> list[Path]:
        return sorted(self.code.rglob("*.py"))

    @contextmanager
    def restored(self, copy: Path) -> Iterator[None]:
        """Put everything back at the end."""
        shutil.rmtree(copy, ignore_errors=True)
        for folder in (self.code, self.info):
            shutil.copytree(folder, copy / folder.name, symlinks=True)
        try:
            yield
        finally:
            for folder in (self.code, self.info):
                shutil.rmtree(folder)
                shutil.copytree(copy / folder.name, folder, symlinks=True)


def change_byte(place: Place, rng: random.Random) -> None:
    path = rng.choice([path for path in place.modules() if path.stat().st_size])
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def change_byte_and_record(place: Place, rng: random.Random) -> None:
    change_byte(place, rng)
    place.refit()


def add_statement(place: Place, rng: random.Random) -> None:
    path = rng.choice(place.modules())
    path.write_text(path.read_text("utf-8") + "\nimport os\n", "utf-8")
    place.refit()


def add_file(place: Place, rng: random.Random) -> None:
    name = rng.choice(["extra.py", "extra.abi3.so", "extra.pyc", "data.bin", "sub/__init__.py"])
    path = place.code / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(rng.randbytes(8))
    if rng.random() < 0.5:
        place.refit()


def remove_file(place: Place, rng: random.Random) -> None:
    rng.choice(place.modules()).unlink()
    if rng.random() < 0.5:
        place.refit()


def exchange_files(place: Place, rng: random.Random) -> None:
    one, other = rng.sample([p for p in place.modules() if p.stat().st_size], 2)
    spare = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(spare)
    place.refit()


def link_elsewhere(place: Place, rng: random.Random) -> None:
    path = rng.choice(place.modules())
    outside = place.site / "elsewhere.txt"
    outside.write_bytes(path.read_bytes() + b"\n")
    path.unlink()
    path.symlink_to(outside)


def edit_record(place: Place, rng: random.Random) -> None:
    rows = place.record.read_text("utf-8").splitlines()
    chosen = rng.choice([i for i, row in enumerate(rows) if row.startswith(place.package + "/")])
    name, claimed, size = rows[chosen].rsplit(",", 2)
    options = {
        "hash": [f"{name},{claimed[:-1]}{'A' if claimed[-1] != 'A' else 'B'},{size}"],
        "no hash": [f"{name},,"],
        "size": [f"{name},{claimed},{int(size) + 1}"],
        "gone": [],
        "twice": [rows[chosen], rows[chosen]],
        "renamed": [f"{name}x,{claimed},{size}"],
    }
    if name.count("/") > 2 or "__pycache__" in name:
        options = {"gone": []}
    rows[chosen : chosen + 1] = options[rng.choice(sorted(options))]
    place.record.write_text("\n".join(rows) + "\n", "utf-8")


def change_version(place: Place, rng: random.Random) -> None:
    path = place.info / "METADATA"
    version = f"Version: 0.1.{rng.randrange(1, 100)}\n"
    path.write_text(path.read_text("utf-8").replace("Version: 0.1.0\n", version, 1), "utf-8")
    if rng.random() < 0.5:
        place.refit()


def move_entry_point(place: Place, rng: random.Random) -> None:
    path = place.info / "entry_points.txt"
    target = rng.choice(["json", "antigravity", f"{place.package}.{place.modules()[-1].stem}"])
    text = path.read_text("utf-8").replace(f"= {place.package}", f"= {target}")
    path.write_text(text, "utf-8")
    if rng.random() < 0.5:
        place.refit()


def rename_distribution(place: Place, rng: random.Random) -> None:
    path = place.info / "METADATA"
    name = place.package.replace("_", "-")
    stranger = f"Name: acme-{rng.randrange(1000)}\n"
    path.write_text(path.read_text("utf-8").replace(f"Name: {name}\n", stranger, 1), "utf-8")
    place.refit()


CHANGES: Final[tuple[Callable[[Place, random.Random], None], ...]] = (
    change_byte,
    change_byte_and_record,
    add_statement,
    add_file,
    remove_file,
    exchange_files,
    link_elsewhere,
    edit_record,
    change_version,
    move_entry_point,
    rename_distribution,
)


def loads(allowed: AllowList | None, package: str) -> str:
    """What the host says about the plugin, when it is to be loaded: its error, or its state."""
    with PluginHost(allowed=allowed) as host:
        [info] = [info for info in host.listing(probe=True) if _is_of(info, package)]
    if isinstance(info.problem, PluginNotAllowed):
        return "imported" if package in sys.modules else "refused"
    return info.problem.code if info.problem is not None else info.state.value


def opens(allowed: AllowList | None, kind: PluginKind, scheme: str) -> str:
    """What comes of opening something of the plugin's scheme."""
    opener = {
        PluginKind.SIGNER: "open_signer",
        PluginKind.BLOB_STORE: "open_blob_store",
        PluginKind.RECORD_STORE: "open_record_store",
    }[kind]
    try:
        with PluginHost(allowed=allowed) as host:
            getattr(host, opener)(f"{scheme}:/nonexistent/place")
    except PluginNotAllowed:
        return "refused"
    except LienthongError as error:
        return error.code
    return "opened"


def _is_of(info: Any, package: str) -> bool:
    """Whether a row of a listing is the plugin that was altered, whatever it now calls itself."""
    scheme = package.rpartition("_")[2]
    return bool(info.name == scheme)


def forget() -> None:
    """Make the process one that has imported no plugin."""
    for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
        del sys.modules[name]


def run(count: int, seed: int, allowed: AllowList | None) -> dict[str, Any]:
    rng = random.Random(seed)
    refused, others = 0, []
    for number in range(count):
        package, change = rng.choice(PACKAGES), CHANGES[number % len(CHANGES)]
        place = Place(package)
        with place.restored(place.site.parent / "copy"):
            before = _content(place)
            change(place, rng)
            assert _content(place) != before, f"{change.__name__} altered nothing"
            found = {loads(allowed, package), *_opened(allowed, package)}
        forget()
        if found == {"refused"}:
            refused += 1
        else:
            others.append(
                {"alteration": change.__name__, "package": package, "found": sorted(found)}
            )
    return {"refused": refused, "others": others}


def _opened(allowed: AllowList | None, package: str) -> Iterator[str]:
    for offer in discover():
        if offer.name == package.rpartition("_")[2]:
            yield opens(allowed, offer.kind, offer.name)


def _content(place: Place) -> dict[str, bytes]:
    paths = [path for folder in (place.code, place.info) for path in folder.rglob("*")]
    return {str(path): path.read_bytes() for path in paths if path.is_file()}


def plant(fault: str, allowed: AllowList) -> AllowList | None:
    """Put a defect into the host: no gate at all, or a digest that only looks at names."""
    if fault == "no-list":
        return None
    if fault == "names-only":
        sized = property(lambda self: str(len(self.files)).zfill(64))
        Installed.digest = sized  # type: ignore[method-assign,assignment]
        return AllowList.of(discover())
    return allowed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--planted", choices=FAULTS, default="none")
    chosen = parser.parse_args()
    locked = AllowList.of(discover())
    before = [loads(locked, package) for package in PACKAGES]
    forget()
    outcome = run(chosen.count, chosen.seed, plant(chosen.planted, locked))
    after = [loads(locked, package) for package in PACKAGES]
    print(json.dumps(outcome | {"untouched": before + after}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
