"""L-06: time-stamps that prove nothing are refused, each with a typed error."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Final

import pytest

from lienthong.errors import InputError, LienthongError, TimestampRefused
from lienthong.pki import chain, timestamp
from lienthong.pki.timestamp import read_reply, verify_token
from lienthong.testing.pki import KeyKind
from lienthong.testing.tsa import TestTSA, refusal
from sdk.tests.pki.token_forms import ALL, DIGEST, NONCE, PKI, TSA, Form
from tests.conftest import Figure
from tests.tiers import SEED, tier

MUTANTS: Final = tier(5_000, 100_000)
TOKENS: Final = {
    "P-256": TSA.issue(DIGEST, nonce=NONCE),
    "RSA": TestTSA(PKI, kind=KeyKind.RSA2048).issue(DIGEST, nonce=NONCE),
    "with its root": TSA.issue(
        DIGEST, nonce=NONCE, certificates=(*TSA.identity.chain, PKI.root.certificate)
    ),
}


def outcome(token: bytes, form: Form | None = None) -> str:
    """Class of the error with which a token is refused, or ``accepted``."""
    expected = (
        form.expectations() if form else {"digest": DIGEST, "anchors": PKI.anchors, "nonce": NONCE}
    )
    try:
        verify_token(token, **expected)
    except InputError as error:
        return type(error).__name__
    return "accepted"


def disagreements(forms: Iterable[Form] = ALL) -> dict[str, str]:
    """Forms that do not end as they must, with how they end."""
    found = {form.name: outcome(form.token(), form) for form in forms}
    return {
        form.name: found[form.name] for form in forms if found[form.name] != form.error.__name__
    }


def test_every_form_is_refused(figure: Figure) -> None:
    wrong = disagreements()
    figure(
        "L-06",
        wanted=f"{len(ALL)} forms of tokens (>= 40) refused, each with its typed error",
        found=f"{len(ALL) - len(wrong)} of {len(ALL)}",
    )
    assert not wrong
    assert len({form.name for form in ALL}) == len(ALL) >= 40


def test_what_the_forms_are_made_from_is_good() -> None:
    """A form that is refused for another reason than its own would prove nothing."""
    assert {outcome(token) for token in TOKENS.values()} == {"accepted"}


@pytest.mark.parametrize("status", [2, 3, 4, 5, 6, -1])
def test_a_refusal_of_the_authority_is_told(status: int) -> None:
    with pytest.raises(TimestampRefused):
        read_reply(refusal(status, text="no", failure=15))


def mutate(token: bytes, chance: random.Random) -> bytes:
    """*token* with some of its bytes changed, left out, put in or doubled."""
    data = bytearray(token)
    at = chance.randrange(len(data))
    change = chance.randrange(8)
    if change == 0:
        del data[at : at + chance.randint(1, 4)]
    elif change == 1:
        data[at:at] = chance.randbytes(chance.randint(1, 4))
    elif change == 2:
        data[at:at] = data[at : at + chance.randint(1, 8)]
    elif change == 3:
        del data[at:]
    else:
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            data[chance.randrange(len(data))] ^= chance.randint(1, 255)
    return bytes(data)


def accepted_mutants(count: int, check: Callable[[bytes], str] = outcome) -> list[str]:
    """Mutants that are accepted, or fail with an error that is none of ours."""
    chance, found = random.Random(SEED), []
    for number in range(count):
        name = chance.choice(list(TOKENS))
        mutant = mutate(TOKENS[name], chance)
        if mutant == TOKENS[name]:
            continue
        try:
            if check(mutant) == "accepted":
                found.append(f"{number} of {name}: accepted {mutant.hex()}")
        except Exception as error:  # noqa: BLE001 - what must never happen is told, not raised
            found.append(f"{number} of {name}: {error!r}")
    return found


def test_no_mutant_is_accepted(figure: Figure) -> None:
    wrong = accepted_mutants(MUTANTS)
    figure(
        "L-06",
        wanted=f"{MUTANTS} byte mutants of tokens refused, typed errors only",
        found=f"{MUTANTS - len(wrong)} of {MUTANTS}, seed {SEED}",
    )
    assert not wrong, f"seed {SEED}"


# The check itself: each check that is taken out lets its form through.


@pytest.mark.planted("time-stamp's nonce not checked")
def test_an_unchecked_nonce_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timestamp, "_check_nonce", lambda *_: None)
    assert disagreements() == {"nonce missing": "accepted", "nonce of another request": "accepted"}


@pytest.mark.planted("time-stamp's imprint not checked")
def test_an_unchecked_imprint_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timestamp, "_check_imprint", lambda *_: None)
    assert disagreements()["another digest"] == "accepted"


@pytest.mark.planted("time-stamper's purpose not checked")
def test_an_unchecked_purpose_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "_check_time_stamping", lambda *_: None)
    found = disagreements()
    assert found["no extended key usage"] == "accepted"
    assert found["extended key usage not critical"] == "accepted"


@pytest.mark.planted("certificates of a time-stamp that nobody asked for")
def test_bytes_that_nobody_checked_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timestamp, "_check_needed", lambda *_: None)
    assert disagreements()["certificate without part"] == "accepted"
    assert accepted_mutants(5_000)


@pytest.mark.planted("untyped error about a time-stamp")
def test_an_untyped_error_is_noticed() -> None:
    def careless(token: bytes) -> str:
        if len(token) < 100:
            raise IndexError
        return outcome(token)

    assert any("IndexError" in line for line in accepted_mutants(5_000, careless))


def test_errors_of_the_verifier_are_inputs_faults() -> None:
    assert all(issubclass(form.error, LienthongError) for form in ALL)
