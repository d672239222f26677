"""The gate before every import of a plugin, where an allow list is kept."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from hashlib import sha256
from hmac import compare_digest
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType

from lienthong.errors import PluginNotAllowed
from lienthong.plugins.allowed import AllowList
from lienthong.plugins.discovery import Offer
from lienthong.plugins.inventory import InstalledFile


class _CheckedLoader(SourceFileLoader):
    """Runs the very bytes that were checked: neither a file exchanged since, nor byte code.

    Byte code lies beside the sources without a digest of its own, so that whoever can write there
    could run anything under the name of a reviewed module.
    """

    def __init__(self, name: str, file: InstalledFile) -> None:
        super().__init__(name, str(file.path))
        self._file = file

    def get_code(self, fullname: str) -> CodeType | None:
        source = self.get_data(self.path)
        if not compare_digest(sha256(source).hexdigest(), self._file.sha256):
            reason = f"{self._file.name} was changed after it was checked"
            raise ImportError(reason, name=fullname, path=self.path)
        code: CodeType = self.source_to_code(source, self.path)
        return code


class _CheckedFinder(MetaPathFinder):
    """Finds modules of checked plugins where they were checked, whatever stands before on the path.

    It answers for those modules only; everything else is found as always.
    """

    def __init__(self) -> None:
        self._files: dict[str, InstalledFile] = {}

    def add(self, files: dict[str, InstalledFile]) -> None:
        # Replaced as a whole: other threads may be importing.
        self._files = self._files | files
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def remove(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        file = self._files.get(fullname)
        if file is None:
            return None
        folders = [str(file.path.parent)] if file.path.name == "__init__.py" else None
        return spec_from_file_location(
            fullname,
            file.path,
            loader=_CheckedLoader(fullname, file),
            submodule_search_locations=folders,
        )


class Gate:
    """Lets plugins pass that the allow list has, as it has them; without a list, all of them."""

    def __init__(self, allowed: AllowList | None) -> None:
        self._allowed = allowed
        self._finder = _CheckedFinder()

    def knows(self, offer: Offer) -> bool:
        """Whether the list names the distribution; its files are not looked at."""
        return self._allowed is None or self._allowed.find(offer.distribution) is not None

    def refusal(self, offer: Offer) -> PluginNotAllowed | None:
        """Why the plugin may not be loaded, if so; nothing is imported."""
        try:
            if self._allowed is not None:
                self._allowed.check(offer)
        except PluginNotAllowed as error:
            return error
        return None

    def admit(self, offer: Offer) -> None:
        """Check a plugin, and see that what is imported of it is what was checked.

        Raises:
            PluginNotAllowed: the list does not have it, or not so.
        """
        if self._allowed is not None:
            self._finder.add(dict(self._allowed.check(offer).modules))

    def close(self) -> None:
        """Stop taking part in imports."""
        self._finder.remove()
