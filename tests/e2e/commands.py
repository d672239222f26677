"""``lienthong-node`` inside the process of the test."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner

from lienthong_node.cli import cli


def command(*arguments: object) -> tuple[int, str, str]:
    """Run ``lienthong-node`` inside this process; exit code, stdout, stderr."""
    found = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.exit_code, found.stdout, found.stderr


def asked(*arguments: object) -> dict[str, Any]:
    """The JSON that a command answers with."""
    code, stdout, stderr = command(*arguments, "--json")
    assert code == 0, (stdout, stderr)
    answer: dict[str, Any] = json.loads(stdout)
    return answer


def refused(*arguments: object, code: int = 1) -> dict[str, Any]:
    """The error of a command that fails, as JSON."""
    found, stdout, stderr = command(*arguments, "--json")
    assert (found, stdout) == (code, "")
    error: dict[str, Any] = json.loads(stderr)["error"]
    assert {"code", "message", "next_step", "owner", "retryable", "facts"} <= set(error)
    return error
