"""The documentation holds together, and says what the code says."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from lienthong.plugins import SEAMS, PluginKind
from lienthong.spi import hookspecs

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
TOOLS = Path(__file__).parents[2] / "tools"

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def pages(repository: Any) -> list[Path]:
    return [path for path in repository.files if path.suffix == ".md"]


def links(path: Path) -> list[str]:
    """Targets of a page's links, without examples."""
    return [match[1] for match in LINK.finditer(FENCE.sub("", path.read_text("utf-8")))]


def anchors(path: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("tool", sorted(TOOLS.glob("*_page.py")), ids=lambda path: path.stem)
def test_generated_page_is_fresh(repository: Any, tool: Path) -> None:
    spec = importlib.util.spec_from_file_location(tool.stem, tool)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text("utf-8") == module.page(), "tox -e pages writes it again"
    assert tool.name in repository.tox["testenv:pages"]["commands"]


def test_every_link_leads_somewhere(repository: Any) -> None:
    for page in pages(repository):
        for link in links(page):
            target, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            found = (page.parent / target).resolve() if target else page
            where = f"{page.relative_to(repository.root)} -> {link}"
            assert found.exists(), where
            if anchor and found.suffix == ".md":
                assert anchor in anchors(found), where


def test_every_page_is_on_the_map(repository: Any) -> None:
    index = repository.root / "docs" / "index.md"
    listed = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    for page in pages(repository):
        if index.parent in page.parents and page != index and "0000-template" not in page.name:
            assert page in listed, f"docs/index.md does not list {page.relative_to(index.parent)}"


def test_pages_have_one_title(repository: Any) -> None:
    for page in pages(repository):
        if page.parent.name == "changes":
            continue
        titles = re.findall(r"^# .+$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
        assert len(titles) == 1, f"{page.relative_to(repository.root)}: {titles}"


@pytest.fixture(scope="module")
def hooks_page(repository: Any) -> str:
    return str((repository.root / "docs" / "plugin-authors" / "hooks.md").read_text("utf-8"))


@pytest.mark.parametrize("kind", list(PluginKind))
def test_every_hook_is_documented_with_its_arguments(hooks_page: str, kind: PluginKind) -> None:
    seam = SEAMS[kind]
    arguments = ", ".join(inspect.signature(getattr(hookspecs, seam.hook)).parameters)
    assert f"`{seam.hook}({arguments})`" in hooks_page
    assert f"`{seam.group}`" in hooks_page


def test_decision_records_are_complete(repository: Any) -> None:
    for path in sorted((repository.root / "docs" / "adr").glob("*.md")):
        text = path.read_text("utf-8")
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name), path.name
        assert text.startswith(f"# {int(path.name[:4])}. "), path.name
        parts = re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE)
        # Options may be missing where there was only one way that keeps the promises.
        wanted = ["Context", "Options", "Decision", "Consequences"]
        assert parts == [part for part in wanted if part in parts or part != "Options"], path.name


def test_decision_records_have_numbers_of_their_own(repository: Any) -> None:
    numbers = [path.name[:4] for path in (repository.root / "docs" / "adr").glob("*.md")]
    assert len(numbers) == len(set(numbers))
