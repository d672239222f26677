"""A recipient's program: accepts each document that it is told, and says what became of it.

    python consumer.py PROFILE

Reads JSON lines ``[package id, register number]`` from stdin; answers each with ``confirmed`` or an
error code.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lienthong.client import Client, Profile
from lienthong.errors import LienthongError
from lienthong.model.ids import PackageId


def main() -> None:
    """Accept until stdin ends."""
    with Client(Profile.load(Path(sys.argv[1]))) as client:
        client.checkpoint()
        print("ready", flush=True)
        for line in sys.stdin:
            name, number = json.loads(line)
            print(_accepted(client, PackageId.parse(name), number), flush=True)


def _accepted(client: Client, package_id: PackageId, number: int) -> str:
    try:
        client.accept(package_id, register_number=number)
    except LienthongError as error:
        return error.code
    return "confirmed"


if __name__ == "__main__":
    main()
