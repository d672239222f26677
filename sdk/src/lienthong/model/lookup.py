"""What a directory looks answers up in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from lienthong.model.folding import folded

if TYPE_CHECKING:
    from lienthong.model.ids import OrganId
    from lienthong.model.organisation import Organisation

K = TypeVar("K")
V = TypeVar("V")

MOST_KEPT: Final = 100_000
"""Answers of one kind that a directory remembers."""


def remembered(known: dict[K, V], key: K, find: Callable[[], V]) -> V:
    """An answer that was given before, or is found now; may be asked by several threads."""
    answer = known.get(key)
    if answer is None:
        make_room(known)
        answer = known[key] = find()
    return answer


def make_room(known: dict[K, V]) -> None:
    """Forget everything when there is too much of it."""
    if len(known) > MOST_KEPT:
        known.clear()


def predecessors(
    organisations: Iterable[Organisation], by_code: Mapping[OrganId, Organisation]
) -> dict[OrganId, tuple[Organisation, ...]]:
    """Who named an organisation as its successor, by its canonical code."""
    found: dict[OrganId, tuple[Organisation, ...]] = {}
    for organisation in organisations:
        for heir in organisation.successors:
            if heir in by_code:
                canonical = by_code[heir].organ_id
                found[canonical] = (*found.get(canonical, ()), organisation)
    return found


def folded_rows(organisations: Iterable[Organisation]) -> Iterator[tuple[str, Organisation]]:
    """The names and codes of each organisation, for a search without case and marks."""
    for organisation in organisations:
        codes = " ".join(map(str, organisation.all_codes()))
        names = " ".join(name.value for name in organisation.names)
        yield folded(f"{codes} {names}"), organisation
