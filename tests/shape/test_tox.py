"""tox runs everything: an environment that runs nothing would be green."""

from __future__ import annotations

import re
from typing import Any


def test_every_listed_environment_has_a_section_with_commands(repository: Any) -> None:
    sections = _sections(repository)
    for name in repository.environments:
        assert name in sections, f"{name} has no section of its own"
        assert sections[name].get("commands"), f"{name} runs nothing"
        assert sections[name].get("description"), f"{name} has no description"


def test_every_folder_of_tests_is_run_by_a_listed_environment(repository: Any) -> None:
    sections = _sections(repository)
    commands = [sections[name]["commands"] for name in repository.environments]
    for path in repository.files:
        if path.name.startswith("test_") and path.suffix == ".py":
            name = path.relative_to(repository.root).as_posix()
            assert any(_runs(one, name) for one in commands), f"no environment runs {name}"


def test_what_is_left_out_is_not_run() -> None:
    command = "pytest {posargs:-n 3 --ignore=node/tests/reports node/tests sdk/tests/cli}"
    run = ("node/tests/test_law.py", "sdk/tests/cli/test_law.py")
    left_out = ("node/tests/reports/test_book.py", "sdk/tests/client/test_law.py", "test_law.py")
    assert all(_runs(command, path) for path in run)
    assert not any(_runs(command, path) for path in left_out)


def test_every_distribution_is_tested_alone(repository: Any) -> None:
    sections = _sections(repository)
    for name, folder in repository.members.items():
        own = f"-e ./{folder.relative_to(repository.root)}"
        alone = [
            section
            for environment, section in sections.items()
            if environment in repository.environments
            and section.get("deps", "").strip().rpartition("\n")[2].strip().partition("[")[0] == own
        ]
        sdk = [s for s in sections.values() if f"{own}[cli]" in s.get("deps", "")]
        assert alone or sdk, f"{name} has no environment"


def test_contributors_find_every_environment(repository: Any) -> None:
    text = (repository.root / "CONTRIBUTING.md").read_text("utf-8")
    for name in _sections(repository):
        assert f"`{name}`" in text, f"CONTRIBUTING.md does not explain {name}"


def _runs(command: str, path: str) -> bool:
    """Whether a command of pytest runs the tests of a file, by the folders that it names."""
    words = re.findall(r"(--ignore=)?([\w./]+)", command)
    parts = path.split("/")
    folders = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
    return any(word in folders for ignored, word in words if not ignored) and not any(
        word in folders for ignored, word in words if ignored
    )


def _sections(repository: Any) -> dict[str, Any]:
    """Sections of environments, with names like proto-{gen,check} spelt out."""
    found = {}
    for title, section in repository.tox.items():
        if not title.startswith("testenv:"):
            continue
        name = title.removeprefix("testenv:")
        match = re.fullmatch(r"(.*)\{(.*)\}(.*)", name)
        options = match.group(2).split(",") if match else [""]
        prefix, suffix = (match.group(1), match.group(3)) if match else (name, "")
        for option in options:
            found[f"{prefix}{option}{suffix}"] = section
    return found
