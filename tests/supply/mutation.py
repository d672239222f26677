"""P-08: judge tests by whether they notice small defects in the modules that matter most.

A program of its own: it imports what is foreign and slow once, and forks a process a mutant, in
which one module is loaded from the mutant's text and its own tests run until the first failure::

    python -m tests.supply.mutation --sample 60 --seed 1 [--only PART] [--planted never-applied]

It prints one JSON object: how many mutants were noticed, and those that were not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from attrs import define, field, frozen

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.supply.mutants import Mutant, mutants, mutated  # noqa: E402 - the root must be on the path
from tests.supply.targets import EQUIVALENT, TARGETS, Target  # noqa: E402

CPU_S: Final = 120
"""CPU seconds after which a mutant counts as noticed: it hangs."""

APPLIED: Final = b"applied"
SOUND: Final = "sound"
FATAL: Final = "fatal"
ENDLESS: Final = "endless"
"""Operators of the mutants with which the runner itself is tested."""

ADDED: Final = {SOUND: "", FATAL: "\nraise Exception\n", ENDLESS: "\nwhile True:\n    pass\n"}
"""What they add to a module."""

NEEDED: Final = "node/src/lienthong_node/core/credentials.py"
"""A module that its tests need before they begin: what is planted alone is planted there."""

PASSED: Final = 0
NO_CONFTEST: Final = 4
"""Exit code for what the tests need before they begin: with a mutant loaded, it was the mutant that
could not be imported, as the sound module of the same tests can."""

NOT_RUN: Final = {NO_CONFTEST, 5, 99, -signal.SIGKILL}
"""Exit codes that say nothing of a mutant: wrong arguments, no tests, a child that could not begin
or was killed by the system. Any other but 0 says that it was noticed."""


@frozen(kw_only=True)
class Verdict:
    """What the tests said about a mutant."""

    mutant: Mutant
    noticed: bool
    applied: bool
    """Whether the mutant was loaded at all; if not, the verdict is worth nothing."""

    log: str = field(repr=False)


class _MutantLoader(SourceLoader):
    def __init__(self, mutant: Mutant, pipe: int) -> None:
        self._mutant, self._pipe = mutant, pipe

    def get_filename(self, fullname: str) -> str:
        return str(ROOT / self._mutant.path)

    def get_data(self, path: str | bytes) -> bytes:
        return text_of(self._mutant).encode()

    def path_stats(self, path: str) -> Any:
        raise OSError("byte code of the sound module must not be used")

    def exec_module(self, module: ModuleType) -> None:
        os.write(self._pipe, APPLIED)
        super().exec_module(module)


class _MutantFinder(MetaPathFinder):
    """Finds one module in its mutated form."""

    def __init__(self, mutant: Mutant, pipe: int) -> None:
        self._name, self._mutant, self._pipe = module_of(mutant.path), mutant, pipe

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        loader = _MutantLoader(self._mutant, self._pipe)
        return spec_from_file_location(fullname, ROOT / self._mutant.path, loader=loader)


def module_of(path: str) -> str:
    """The name under which a source file is imported."""
    return path.partition("src/")[2].removesuffix(".py").replace("/", ".")


@define
class Runner:
    """Runs mutants, several at a time."""

    workers: int
    apply: bool = True
    """False is the planted defect: mutants are counted, but never loaded."""

    cpu_s: int = CPU_S
    _running: dict[int, tuple[Mutant, int, Path]] = field(factory=dict)

    def judge(self, wanted: Sequence[tuple[Mutant, Target]]) -> Iterator[Verdict]:
        """Verdicts in the order in which they are ready."""
        for mutant, target in wanted:
            if len(self._running) >= self.workers:
                yield self._reap()
            self._start(mutant, target)
        while self._running:
            yield self._reap()

    def _start(self, mutant: Mutant, target: Target) -> None:
        reading, writing = os.pipe()
        log = Path(tempfile.mkstemp(prefix="mutant-")[1])
        pid = os.fork()
        if pid == 0:
            # At the hard limit the kernel kills without a word, which would count as not run.
            resource.setrlimit(resource.RLIMIT_CPU, (self.cpu_s, 2 * self.cpu_s))
            _child(mutant if self.apply else None, target, writing, log)
        os.close(writing)
        self._running[pid] = mutant, reading, log

    def _reap(self) -> Verdict:
        pid, status = os.waitpid(-1, 0)
        mutant, reading, log = self._running.pop(pid)
        applied = os.read(reading, len(APPLIED)) == APPLIED
        os.close(reading)
        text = log.read_text("utf-8", errors="replace")
        log.unlink()
        code = os.waitstatus_to_exitcode(status)
        if code in NOT_RUN and not (applied and code == NO_CONFTEST):
            raise RuntimeError(f"no tests were run for {mutant.path}: {text}")
        return Verdict(mutant=mutant, noticed=code != PASSED, applied=applied, log=text[-2000:])


def _child(mutant: Mutant | None, target: Target, pipe: int, log: Path) -> None:
    """Run the tests of a module in this forked process, and end it."""
    code = 99
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        output = os.open(log, os.O_WRONLY)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(ROOT)
        if mutant is not None:
            sys.meta_path.insert(0, _MutantFinder(mutant, pipe))
        import pytest

        options = ["-x", "-q", "--tb=line", "--assert=plain", "-p", "no:cacheprovider"]
        code = int(pytest.main([*options, "--hypothesis-seed=0", *target.tests]))
    except BaseException as error:  # noqa: BLE001 - whatever it is, this process has to end here
        os.write(2, repr(error).encode())
    finally:
        sys.stdout.flush()
        os._exit(code)


def warm_up() -> None:
    """Import what is foreign and slow, and nothing that may be mutated."""
    import cattrs
    import cryptography.x509
    import grpc
    import hypothesis
    import hypothesis.stateful
    import pytest
    from hypothesis import HealthCheck, Phase, settings

    assert all((cattrs, cryptography.x509, grpc, hypothesis, pytest))
    profile = settings(
        phases=[Phase.explicit, Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    settings.register_profile("mutation", profile)
    settings.load_profile("mutation")
    own = {"lienthong", "lienthong_node"}
    loaded = [name for name in sys.modules if name.partition(".")[0] in own]
    assert not loaded, f"already imported, so never mutated: {loaded}"


def population(only: str = "") -> list[tuple[Mutant, Target]]:
    """Every mutant that a test could notice, with the tests of its module."""
    return [
        (mutant, target)
        for target in TARGETS
        if only in target.part
        for path in target.paths
        for mutant in mutants(ROOT, path)
        if mutant.key not in EQUIVALENT
    ]


def control(target: Target, path: str) -> list[tuple[Mutant, Target]]:
    """Two mutants whose verdicts are known: the sound module, and one that cannot be loaded."""
    return [(known(path, kind), target) for kind in (SOUND, FATAL)]


def known(path: str, kind: str) -> Mutant:
    """A mutant whose verdict is known."""
    return Mutant(path=path, number=0, operator=kind, where="<module>", line=1, before="")


def text_of(mutant: Mutant) -> str:
    """The module as the mutant has it."""
    if mutant.operator not in ADDED:
        return mutated(ROOT, mutant)
    return (ROOT / mutant.path).read_text("utf-8") + ADDED[mutant.operator]


def trusted(verdicts: Sequence[Verdict]) -> bool:
    """Whether the runner can be believed: sound code passes, broken code fails, all is loaded."""
    expected = {SOUND: False, FATAL: True}
    return all(
        v.applied and v.noticed is expected.get(v.mutant.operator, v.noticed) for v in verdicts
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="0 for all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--controls", type=int, default=len(TARGETS), help="targets to control")
    parser.add_argument(
        "--planted", choices=["none", "never-applied", ENDLESS, FATAL], default="none"
    )
    parser.add_argument("--cpu-seconds", type=int, default=CPU_S, help="of a mutant")
    chosen = parser.parse_args()
    begun = time.monotonic()
    everything = population(chosen.only)
    rng = random.Random(chosen.seed)
    wanted = rng.sample(everything, chosen.sample) if chosen.sample else everything
    if chosen.planted in ADDED:
        wanted = [
            (known(path, chosen.planted), target)
            for target in TARGETS
            for path in target.paths
            if path == NEEDED
        ]
    targets = [target for target in TARGETS if chosen.only in target.part][: chosen.controls]
    controls = [one for target in targets for one in control(target, target.paths[0])]
    warm_up()
    apply = chosen.planted != "never-applied"
    runner = Runner(workers=chosen.workers, apply=apply, cpu_s=chosen.cpu_seconds)
    judged = list(runner.judge(controls))
    verdicts = list(runner.judge(wanted)) if trusted(judged) else []
    survivors = [v.mutant for v in verdicts if not v.noticed]
    outcome = {
        "trusted": trusted([*judged, *verdicts]),
        "population": len(everything),
        "judged": len(verdicts),
        "noticed": len(verdicts) - len(survivors),
        "survivors": [f"{m.key} (line {m.line})" for m in survivors],
        "doubts": [f"{v.mutant.key}: {v.log}" for v in [*judged, *verdicts] if not trusted([v])],
        "seconds": round(time.monotonic() - begun),
    }
    print(json.dumps(outcome, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
