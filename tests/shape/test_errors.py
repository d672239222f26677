"""Every error code is documented and tested."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from lienthong import errors


@pytest.fixture(scope="module")
def tests(repository: Any) -> str:
    """All test modules but those about the repository."""
    here = Path(__file__).parent
    paths = [path for path in repository.files if re.match(r"test_.*\.py", path.name)]
    return "\n".join(path.read_text("utf-8") for path in paths if here not in path.parents)


@pytest.mark.parametrize("code", list(errors.table()))
def test_code_is_named_in_a_test(tests: str, code: str) -> None:
    name = errors.table()[code].__name__
    named = re.search(rf"\b{name}\b|\"{re.escape(code)}\"", tests) is not None
    assert named, f"no test names {name}"


@pytest.mark.parametrize("code", list(errors.table()))
def test_texts_are_one_sentence_each_with_the_same_facts(code: str) -> None:
    cls = errors.table()[code]
    facts = [set(re.findall(r"\{(\w+)\}", text)) for text in (cls.en, cls.vi)]
    assert facts[0] == facts[1]
    for text in (cls.en, cls.vi, cls.next_en, cls.next_vi):
        assert text
        assert not text.endswith(".")
        assert "\n" not in text
