"""Write the Python modules of the wire contract, or check that they are fresh.

``python proto/generate.py`` writes them next to the definitions; ``--check`` generates into a
temporary folder, fails on any difference, and imports what it made: the generator's environment has
the oldest protobuf and grpcio that we promise, so this proves the floors.
"""

from __future__ import annotations

import argparse
import filecmp
import importlib
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

SOURCE = Path(__file__).parent / "src"
GENERATED = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi")


def definitions() -> list[Path]:
    return sorted(SOURCE.rglob("*.proto"))


def generate(target: Path) -> None:
    """Run the pinned compiler over all definitions, writing below *target*."""
    well_known = Path(protoc.__file__).parent / "_proto"
    common = ["protoc", f"-I{SOURCE}", f"-I{well_known}"]
    files = [str(path) for path in definitions()]
    services = [str(path) for path in definitions() if "\nservice " in path.read_text("utf-8")]
    run([*common, f"--python_out={target}", f"--mypy_out=quiet:{target}", *files])
    run([*common, f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}", *services])


def run(arguments: list[str]) -> None:
    if protoc.main(arguments) != 0:
        sys.exit("protoc failed")


def generated_below(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for pattern in GENERATED for path in folder.rglob(pattern)}


def check() -> int:
    with tempfile.TemporaryDirectory() as name:
        fresh = Path(name)
        generate(fresh)
        expected, found = generated_below(fresh), generated_below(SOURCE)
        stale = sorted(
            str(path)
            for path in expected | found
            if path not in expected
            or path not in found
            or not filecmp.cmp(fresh / path, SOURCE / path, shallow=False)
        )
    if stale:
        print(
            "stale generated modules (run: tox -e proto-gen):", *stale, sep="\n  ", file=sys.stderr
        )
        return 1
    import_all(expected)
    print(f"{len(expected)} generated modules are fresh")
    return 0


def import_all(modules: set[Path]) -> None:
    sys.path.insert(0, str(SOURCE))
    for path in sorted(modules):
        if path.suffix == ".py":
            importlib.import_module(".".join(path.with_suffix("").parts))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    if parser.parse_args().check:
        return check()
    generate(SOURCE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
