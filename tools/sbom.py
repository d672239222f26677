"""Write the bill of materials (CycloneDX 1.6, JSON) of an environment with an installed node.

``python tools/sbom.py ENVIRONMENT [--out FILE]``. Only metadata are read: nothing of the
environment is run. The same one gives the same bytes, so that a bill can be compared and signed.
"""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, PackageMetadata, distributions
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT_NAME: Final = "lienthong-node"
LONGEST_LICENSE: Final = 100
"""Characters; older metadata hold whole licence texts where a name belongs."""


def site_of(environment: Path) -> Path:
    """The folder of installed distributions of a virtual environment."""
    if (environment / "pyvenv.cfg").is_file():
        [found] = [
            *environment.glob("lib/python3.*/site-packages"),
            *environment.glob("Lib/site-*"),
        ]
        return found
    return environment


def installed(environment: Path) -> dict[str, Distribution]:
    """Every distribution of an environment, by its canonical name."""
    found = distributions(path=[str(site_of(environment))])
    return {canonicalize_name(one.metadata["Name"]): one for one in found}


def bill(environment: Path, root: str = ROOT_NAME) -> dict[str, Any]:
    """The bill of materials: every installed distribution, and who needs whom.

    Raises:
        LookupError: the root, or something that is needed, is not installed.
    """
    found = installed(environment)
    if root not in found:
        raise LookupError(f"{environment} has no {root}")
    content = {
        "metadata": {"component": _component(root, found[root], kind="application")},
        "components": [_component(name, found[name]) for name in sorted(found.keys() - {root})],
        "dependencies": [
            {"ref": _reference(name, found[name]), "dependsOn": needed}
            for name, needed in sorted(_edges(found, root).items())
        ],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6"}
    return head | {"serialNumber": f"urn:uuid:{serial}", "version": 1} | content


def dump(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _component(name: str, found: Distribution, kind: str = "library") -> dict[str, Any]:
    reference = _reference(name, found)
    made: dict[str, Any] = {
        "type": kind,
        "bom-ref": reference,
        "name": name,
        "version": found.version,
        "purl": reference,
    }
    licenses = _licenses(found.metadata)
    return made | ({"licenses": licenses} if licenses else {})


def _reference(name: str, found: Distribution) -> str:
    """The package URL: type, name and version."""
    return f"pkg:pypi/{name}@{found.version}"


def _licenses(metadata: PackageMetadata) -> list[dict[str, Any]]:
    """What the metadata say, the machine-readable form first (PEP 639)."""
    values: dict[str, list[str]] = {
        key: [str(value) for value in metadata.get_all(key) or ()]
        for key in ("License-Expression", "Classifier", "License")
    }
    if values["License-Expression"]:
        return [{"expression": values["License-Expression"][0]}]
    named = [c.rpartition(" :: ")[2] for c in values["Classifier"] if c.startswith("License :: ")]
    named = named or [v for v in values["License"] if len(v) <= LONGEST_LICENSE and "\n" not in v]
    return [{"license": {"name": name}} for name in sorted(set(named))]


def _edges(found: Mapping[str, Distribution], root: str) -> dict[str, list[str]]:
    """What each distribution needs here, with the extras that are asked of it."""
    extras: dict[str, set[str]] = {root: set()}
    needed: dict[str, set[str]] = {}
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if name not in found:
            raise LookupError(f"{name} is needed but not installed")
        needed[name] = set()
        for requirement in _wanted(found[name], extras[name]):
            target = canonicalize_name(requirement.name)
            needed[name].add(target)
            before = extras.get(target)
            extras[target] = (before or set()) | requirement.extras
            if extras[target] != before:
                waiting.append(target)
    return {
        name: sorted(_reference(target, found[target]) for target in targets)
        for name, targets in needed.items()
    }


def _wanted(found: Distribution, extras: Iterable[str]) -> list[Requirement]:
    asked = ["", *extras]
    requirements = map(Requirement, found.requires or ())
    return [
        one
        for one in requirements
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in asked)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment", type=Path)
    parser.add_argument("--out", type=Path, help="write to this file instead of standard output")
    chosen = parser.parse_args()
    try:
        text = dump(bill(chosen.environment))
    except LookupError as error:
        sys.exit(str(error))
    if chosen.out:
        chosen.out.write_text(text, "utf-8")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
