"""Answers of a service, read strictly: JSON objects whose values are of the expected types."""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from collections.abc import Sequence
from typing import Any, Final

from attrs import field, frozen

from lienthong.errors import KeyUnreachable

MAX_TEXTS: Final = 100
"""Members of a list; no answer needs more."""

MAX_NUMBER: Final = 10**9
_ABSENT: Final[Any] = object()


@frozen(kw_only=True)
class Answer:
    """A JSON object of a service."""

    key: str
    """Names the key in errors."""

    method: str
    """Names the call in errors."""

    values: dict[str, object] = field(repr=False)
    pending: bool = False
    """The service has not finished yet (HTTP 202): it is asked again later."""

    @classmethod
    def parse(cls, data: bytes, *, key: str, method: str, pending: bool = False) -> Answer:
        """Read an answer.

        Raises:
            KeyUnreachable: it is no JSON object, or names something twice.
        """
        try:
            values = json.loads(
                data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refused
            )
        except (ValueError, RecursionError):
            values = None
        whole = values if isinstance(values, dict) else {}
        answer = cls(key=key, method=method, values=whole, pending=pending)
        if not isinstance(values, dict):
            raise answer.malformed("no JSON object")
        return answer

    def text(self, name: str, default: str | None = _ABSENT) -> str:
        """A text; without *default* it must be there."""
        value: str = self._value(name, str, default)
        return value

    def number(self, name: str, default: int) -> int:
        """A whole number, not below zero."""
        value: int = self._value(name, int, default)
        if not 0 <= value <= MAX_NUMBER:
            raise self.malformed(f"{name} is below zero or too large")
        return value

    def flag(self, name: str) -> bool:
        """True or false; false if it is not there."""
        value: bool = self._value(name, bool, default=False)
        return value

    def texts(self, name: str) -> Sequence[str]:
        """A list of texts, perhaps empty."""
        value: list[str] = self._value(name, list, [])
        if len(value) > MAX_TEXTS or not all(isinstance(item, str) for item in value):
            raise self.malformed(f"{name} is no list of texts")
        return value

    def octets(self, name: str, most: int) -> Sequence[bytes]:
        """A list of byte strings, in base64."""
        try:
            found = [b64decode(item, validate=True) for item in self.texts(name)]
        except (binascii.Error, ValueError):
            raise self.malformed(f"{name} is not in base64") from None
        if any(not 0 < len(item) <= most for item in found):
            raise self.malformed(f"{name} is empty or too long")
        return found

    def part(self, name: str) -> Answer:
        """An object in the object; an empty one if it is not there."""
        return self._of(self._value(name, dict, {}))

    def parts(self, name: str) -> Sequence[Answer]:
        """A list of objects, perhaps empty."""
        value: list[dict[str, object]] = self._value(name, list, [])
        if len(value) > MAX_TEXTS or not all(isinstance(item, dict) for item in value):
            raise self.malformed(f"{name} is no list of objects")
        return [self._of(item) for item in value]

    def malformed(self, what: str) -> KeyUnreachable:
        """The error about an answer that cannot be used."""
        reason = f"the answer to {self.method} is malformed: {what}"
        return KeyUnreachable(key=self.key, reason=reason)

    def _of(self, values: dict[str, object]) -> Answer:
        return Answer(key=self.key, method=self.method, values=values)

    def _value(self, name: str, kind: type, default: Any) -> Any:
        value = self.values.get(name, default)
        # A bool passes for an int in Python.
        if type(value) is not kind:
            raise self.malformed(f"{name} is missing or of a wrong type")
        return value


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _refused(name: str) -> object:
    raise ValueError(name)
