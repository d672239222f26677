"""What was acknowledged survives the process, and nothing else."""

from __future__ import annotations

from types import ModuleType

import pytest

from lienthong_conformance.announcing import process, read_line
from lienthong_conformance.record_cases.steps import Opener, append, indexes, journal, size

COMMITTER = """
import importlib, sys, time
from lienthong.spi.records import Head
from lienthong.testing.samples import journal_row
plugin, uri, hang = importlib.import_module(sys.argv[1]), sys.argv[2], sys.argv[3] == "hang"
store = plugin.lienthong_record_store_factory(scheme=uri.partition(":")[0])(uri)
while True:
    with store.write() as transaction:
        size = transaction.head().size
        transaction.add_journal([journal_row(size), journal_row(size + 1)])
        transaction.set_head(Head(size=size + 2))
        if hang:
            print(size, flush=True)
            time.sleep(600)
    print(size + 2, flush=True)
"""


class DurabilityCases:
    """Cases about processes that are killed; they need a store that outlives its process."""

    plugin: ModuleType | None

    def _module(self) -> str:
        if self.plugin is None:
            pytest.skip("a store without a plugin module cannot be opened by another process")
        return self.plugin.__name__

    @pytest.mark.requirement("REC-50")
    def test_killed_process_loses_nothing_that_it_acknowledged(
        self, opener: Opener, uri: str
    ) -> None:
        for lines in (1, 2, 9, 30):
            with process(COMMITTER, self._module(), uri, "go on") as running:
                for _ in range(lines):
                    acknowledged = int(read_line(running))
                running.kill()
            store = opener()
            assert size(store) >= acknowledged
            assert size(store) % 2 == 0
            assert indexes(journal(store)) == list(range(size(store)))
            store.check()
            store.close()

    @pytest.mark.requirement("REC-51")
    def test_process_killed_inside_a_transaction_leaves_nothing_of_it(
        self, opener: Opener, uri: str
    ) -> None:
        store = opener()
        append(store, count=4)
        store.close()
        for _ in range(3):
            with process(COMMITTER, self._module(), uri, "hang") as running:
                assert read_line(running) == "4"
                running.kill()
            store = opener()
            assert indexes(journal(store)) == [0, 1, 2, 3]
            assert size(store) == 4
            store.close()
        append(opener())
