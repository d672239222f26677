"""The command ``lienthong`` (the extra ``lienthong[cli]``)."""

from __future__ import annotations

import os
import sys
from typing import Final

from lienthong import __version__

_PACKAGES: Final = frozenset({"click", "rich"})
_MISSING: Final = """\
error[cli.not_installed]: the command line needs click and rich
what to do: pip install 'lienthong[cli]'"""
_ENVIRONMENT: Final = 5


def main() -> None:
    """Run the command line; never returns."""
    if sys.argv[1:] == ["--version"]:
        # Before anything else is imported, so that it costs next to nothing.
        print(f"lienthong {__version__}")
        sys.exit(0)
    # gRPC writes to stderr on its own; what matters is in the errors.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        from lienthong.cli.app import application
    except ModuleNotFoundError as error:
        if error.name not in _PACKAGES:
            raise
        print(_MISSING, file=sys.stderr)
        sys.exit(_ENVIRONMENT)
    application(prog_name="lienthong")
