"""Errors on the command line: what is shown, and the exit code."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable

from lienthong.errors import (
    CallerError,
    Closed,
    EnvironmentFault,
    HashMismatch,
    InvalidValue,
    KeyUnusable,
    Language,
    LienthongError,
    PluginError,
    SecretMissing,
    SizeMismatch,
)


class ExitCode(enum.IntEnum):
    """What a script can rely on."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    INPUT = 3
    NOT_FOUND = 4
    ENVIRONMENT = 5
    UNVERIFIED = 6
    NOT_PERMITTED = 7
    PLUGIN = 8
    INTERRUPTED = 130

    @property
    def meaning(self) -> tuple[str, str]:
        """In English and in Vietnamese."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.DONE: ("done", "thành công"),
    ExitCode.REFUSED: (
        "the axis or a rule refused it; the same call will be refused again",
        "trục hoặc quy tắc từ chối; gọi lại như cũ sẽ bị từ chối",
    ),
    ExitCode.USAGE: ("wrong usage of the command line", "dùng sai lệnh"),
    ExitCode.INPUT: (
        "a document, file, option or profile is wrong",
        "văn bản, tệp, tham số hoặc hồ sơ kết nối sai",
    ),
    ExitCode.NOT_FOUND: (
        "there is no such thing, or it concerns others",
        "không có, hoặc không liên quan đến cơ quan này",
    ),
    ExitCode.ENVIRONMENT: (
        "network, machine or axis cannot do it now; try again later",
        "mạng, máy hoặc trục chưa thực hiện được; thử lại sau",
    ),
    ExitCode.UNVERIFIED: (
        "verification failed: a signature, proof, receipt, bundle or file is not genuine",
        "xác minh thất bại: chữ ký, bằng chứng, hồi báo, gói hoặc tệp không đúng",
    ),
    ExitCode.NOT_PERMITTED: (
        "not permitted: the credential, or a state-secret mark",
        "không được phép: do chứng thư hoặc dấu mật",
    ),
    ExitCode.PLUGIN: ("a plugin is missing or broken", "thiếu plugin hoặc plugin lỗi"),
    ExitCode.INTERRUPTED: ("interrupted from the keyboard", "bị ngắt từ bàn phím"),
}
_DENIED = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED"})
_WORDS = {"en": ("error", "what to do"), "vi": ("lỗi", "cách xử lý")}


_RULES: tuple[tuple[Callable[[LienthongError], bool], ExitCode], ...] = (
    (lambda error: error.status in _DENIED, ExitCode.NOT_PERMITTED),
    (lambda error: error.status == "NOT_FOUND", ExitCode.NOT_FOUND),
    (lambda error: _area(error) == "plugin" or isinstance(error, PluginError), ExitCode.PLUGIN),
    (lambda error: isinstance(error, KeyUnusable | SecretMissing), ExitCode.INPUT),
    (lambda error: _area(error) in {"evidence", "pki"}, ExitCode.UNVERIFIED),
    (lambda error: isinstance(error, HashMismatch | SizeMismatch), ExitCode.UNVERIFIED),
    (lambda error: isinstance(error, EnvironmentFault | Closed), ExitCode.ENVIRONMENT),
    (lambda error: isinstance(error, CallerError), ExitCode.REFUSED),
)


def exit_code(error: LienthongError) -> ExitCode:
    """The exit code for an error; the first rule that fits decides."""
    return next((code for holds, code in _RULES if holds(error)), ExitCode.INPUT)


def _area(error: LienthongError) -> str:
    return error.code.partition(".")[0]


def as_data(error: LienthongError, language: Language) -> dict[str, object]:
    """An error as one JSON object."""
    return {
        "error": {
            "code": error.code,
            "message": error.message(language),
            "next_step": error.next_step(language),
            "owner": error.owner.value,
            "retryable": error.retryable,
            "facts": {name: str(value) for name, value in error.facts.items()},
            "exit_code": int(exit_code(error)),
        }
    }


def as_fault(error: LienthongError, language: Language) -> dict[str, object]:
    """A fault of a file that is checked, where others may follow."""
    return {
        "code": error.code,
        "line": error.facts.get("line"),
        "key": error.facts.get("key"),
        "message": error.message(language),
        "next_step": error.next_step(language),
    }


def as_report(code: str, message: str, exit_code: ExitCode) -> str:
    """What no ``LienthongError`` stands for, as one JSON object on one line."""
    report = {"code": code, "message": message, "exit_code": int(exit_code)}
    return json.dumps({"error": report}, ensure_ascii=False)


def of_machine(error: OSError) -> InvalidValue:
    """What the operating system refuses: a place that cannot be written, a full disk."""
    found = f"unusable ({error.strerror or type(error).__name__})"
    field = "the output" if error.filename is None else str(error.filename)
    return InvalidValue(field=field, found=found, expected="a usable place")


def as_text(error: LienthongError, language: Language) -> str:
    """An error as two lines: what happened, and what to do."""
    what, then = _WORDS[language]
    return f"{what}[{error.code}]: {error.message(language)}\n{then}: {error.next_step(language)}"
