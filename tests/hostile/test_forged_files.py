"""S-02, S-03: no altered file passes for what was signed."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from pyhanko.sign.fields import MDPPerm

from lienthong.model.file_signature import Finding, SignatureRole
from lienthong.model.ids import Sha256
from lienthong.pki.revocation import StatusCache
from lienthong.rules.signature_facts import signatures_found
from lienthong.spi import FileReport, Outcome
from lienthong_verifier_pdf import judge_pdf
from lienthong_verifier_pdf.case import Case
from lienthong_verifier_pdf.fields import field_name
from lienthong_verifier_pdf.judge import Judge
from lienthong_verifier_pdf.media import PDF
from lienthong_verifier_pdf.pdf import PdfFile
from plugins.verifiers.pdf.tests.signed import Office, plain_pdf
from tests.conftest import Figure
from tests.hostile.forgeries import Anatomy, Forgery, forgeries
from tests.tiers import SEED, tier

NOW: Final = datetime(2026, 11, 22, 8, tzinfo=UTC)
LEAST: Final = 300
EVERY: Final = ("one", "both", "certified", "fillable", "annotatable", "stored", "archived")
FORGED: Final = tier(commit=("one", "both", "certified", "stored"), nightly=EVERY)
"""The files of which forgeries are made: all families of each."""

MUTANTS: Final = tier(commit=400, nightly=20_000)
SIGNER, AGENCY = (field_name(one, 1) for one in (SignatureRole.SIGNER, SignatureRole.AGENCY))

Look = Callable[[bytes], FileReport]


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    """A worker is silent, too; pyHanko tells each refusal with its traceback."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def office() -> Office:
    return Office.at(NOW)


@pytest.fixture(scope="module")
def look(office: Office) -> Look:
    """Judges a file in this process: what a worker would do with it."""
    judge, evidence = Judge(trust=office.trust, cache=StatusCache()), office.evidence()
    return lambda data: judge.judge(Case(data=data, media_type=PDF, at=NOW, evidence=evidence))


@pytest.fixture(scope="module")
def bases(office: Office) -> dict[str, bytes]:
    """Files that are signed as they should be."""
    person, agency = office.pki.organisation("signer"), office.pki.organisation("agency")
    box = (300, 100, 400, 150)
    one = office.sign(plain_pdf(), person, SIGNER, box=box)
    before = NOW - timedelta(minutes=1)
    both = office.sign(one, agency, AGENCY, stamped=before)
    return {
        "one": one,
        "both": both,
        "certified": office.sign(plain_pdf(), person, SIGNER, certify=MDPPerm.NO_CHANGES),
        "fillable": office.sign(plain_pdf(), person, SIGNER, certify=MDPPerm.FILL_FORMS),
        "annotatable": office.sign(plain_pdf(), person, SIGNER, certify=MDPPerm.ANNOTATE),
        "stored": office.with_store(both, office.evidence()),
        "archived": office.archived(office.with_store(both, office.evidence()), NOW),
    }


def accepted(report: FileReport) -> bool:
    """Whether it passes for an unaltered signed file."""
    found = signatures_found(report, report=Sha256.of(b""))
    whole = bool(report.signatures) and found.integrity is Finding.GOOD
    return whole or report.outcome is Outcome.PASSED


def test_signed_files_are_accepted(bases: dict[str, bytes], look: Look) -> None:
    """Without this the tests below would say nothing."""
    for name, data in bases.items():
        report = look(data)
        assert report.outcome is Outcome.PASSED, (name, report.checks)
        assert accepted(report)


def run(bases: dict[str, bytes], look: Look) -> tuple[list[Forgery], list[Forgery]]:
    """All forgeries, and those that were accepted."""
    made = [one for one in forgeries(bases) if one.data not in bases.values()]
    return made, [one for one in made if accepted(look(one.data))]


def test_no_forgery_passes(bases: dict[str, bytes], look: Look, figure: Figure) -> None:
    assert tuple(bases) == EVERY
    made, passed = run({name: bases[name] for name in FORGED}, look)
    found = f"{len(passed)} of {len(made)} accepted, {dict(Counter(one.family for one in made))}"
    figure("S-02", wanted=f"0 of at least {LEAST} accepted", found=found)
    assert [f"{one.family} {one.name}" for one in passed] == []
    assert len({one.data for one in made}) >= LEAST


def mutant(data: bytes, chance: random.Random) -> tuple[str, bytes]:
    """A copy with a small change, and where that lies."""
    start, end = Anatomy(data=data).hole
    kind = chance.choice((*_CHANGES, "append", "padding"))
    if kind == "append":
        return "behind", data + chance.randbytes(chance.randint(1, 40))
    if kind == "padding":
        # The digits before ``>`` are padding: there is always more room than a signature needs.
        at = end - 2 - chance.randrange(100)
        return "padding", data[:at] + chance.choice((b"1", b"f", b"9")) + data[at + 1 :]
    changed = _CHANGES[kind](data, chance.randrange(len(data)), chance)
    # What lies around the space is as it was: nothing but the space was changed.
    only = changed[: start + 1] == data[: start + 1] and changed[end - 1 :] == data[end - 1 :]
    return "hole" if only else "signed", changed


def _flip(data: bytes, at: int, chance: random.Random) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def _replace(data: bytes, at: int, chance: random.Random) -> bytes:
    return data[:at] + chance.randbytes(1) + data[at + 1 :]


def _delete(data: bytes, at: int, chance: random.Random) -> bytes:
    return data[:at] + data[at + chance.randint(1, 8) :]


def _insert(data: bytes, at: int, chance: random.Random) -> bytes:
    return data[:at] + chance.randbytes(chance.randint(1, 8)) + data[at:]


def _swap(data: bytes, at: int, chance: random.Random) -> bytes:
    low, high = sorted((at, chance.randrange(len(data))))
    if low == high:
        return data
    return (
        data[:low]
        + data[high : high + 1]
        + data[low + 1 : high]
        + data[low : low + 1]
        + data[high + 1 :]
    )


_CHANGES: Final[dict[str, Callable[[bytes, int, random.Random], bytes]]] = {
    "flip": _flip,
    "replace": _replace,
    "delete": _delete,
    "insert": _insert,
    "swap": _swap,
}


def test_no_mutant_passes_with_a_changed_signed_byte(
    bases: dict[str, bytes], look: Look, figure: Figure
) -> None:
    chance = random.Random(SEED)
    seen: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    chosen = [bases[name] for name in ("one", "both", "fillable", "archived")]
    for _ in range(MUTANTS):
        base = chance.choice(chosen)
        where, data = mutant(base, chance)
        if data == base:
            continue
        seen[where] += 1
        passed[where] += accepted(look(data))
    found = f"{sum(seen.values())} mutants, seed {SEED}, accepted: {dict(passed)} of {dict(seen)}"
    figure("S-03", wanted="0 accepted with a signed byte changed or bytes behind", found=found)
    assert {where: passed[where] for where in ("signed", "behind", "padding")} == {
        "signed": 0,
        "behind": 0,
        "padding": 0,
    }
    assert min(seen.values()) > MUTANTS // 20


@pytest.mark.planted("intact taken for unchanged")
def test_looking_at_the_signature_value_alone_is_noticed(
    bases: dict[str, bytes], look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``intact and valid`` of a library says nothing about what came after."""
    monkeypatch.setattr(PdfFile, "changes_after", lambda *_, **__: ("NONE", ""))
    monkeypatch.setattr(judge_pdf, "_judge_coverage", lambda *_: None)
    _, passed = run({"one": bases["one"]}, look)
    assert {one.family for one in passed} >= {"ISA", "EAA", "SSA", "shadow hide", "shadow replace"}


@pytest.mark.planted("coverage of the last signature not checked")
def test_bytes_behind_the_last_signature_are_noticed(
    bases: dict[str, bytes], look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge_pdf, "_judge_coverage", lambda *_: None)
    _, passed = run({"one": bases["one"]}, look)
    assert {one.name for one in passed} >= {"one: second catalog", "one: comment"}
