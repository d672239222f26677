"""The contract of rule-set sources: distributions that carry regulations as data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence


class RuleSetSource(ABC):
    """Texts of rule sets, as TOML; the SDK parses and judges them, the source only keeps them.

    May be called from several threads at once. Names and texts do not change while it lives.
    """

    @abstractmethod
    def names(self) -> Sequence[str]:
        """The rule sets on offer (``tay-ninh-2019``): ``[a-z0-9-]{1,64}``, unique, sorted."""

    @abstractmethod
    def text(self, name: str) -> str:
        """The rule set's TOML.

        Raises:
            NotFound: it does not offer this name.
        """
