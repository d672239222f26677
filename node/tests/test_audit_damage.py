"""The audit names what only checksums tell: rows of the store that no entry repeats."""

from __future__ import annotations

import re
from typing import Final

import pytest

from lienthong.errors import DataCorrupt
from node.tests.disk import Disk, run_audit

JUDGED: Final = """
UPDATE delivery SET paper = '["E_ONLY", [9], ""]', legal_value = '["PENDING_CHECK", [11], ""]'
"""
CARELESS: Final[dict[str, tuple[str, str]]] = {
    "whether paper is needed": ("UPDATE delivery SET paper = ''", "the delivery of "),
    "what it is worth": ("UPDATE delivery SET legal_value = ''", "the delivery of "),
    "a note's last sign": (
        "UPDATE checkpoint SET note = substr(note, 1, length(note) - 2) WHERE size = 5",
        "the checkpoint of size 5: it is damaged; it covers the entries from 4 to 4",
    ),
}
"""What a bad disk may do to rows with a checksum."""


@pytest.mark.parametrize("name", CARELESS)
def test_checksums_tell_of_damage(disk: Disk, name: str) -> None:
    damage, named = CARELESS[name]
    disk.run(JUDGED)
    disk.reseal()
    disk.run(damage)
    disk.sql.close()
    with pytest.raises(DataCorrupt, match=re.escape(named)):
        run_audit(disk.folder)
