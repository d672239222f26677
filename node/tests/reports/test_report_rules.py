"""By which rules ``lienthong-node report`` counts when nobody names others."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from attrs import evolve

from lienthong.model.ids import OrganId
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.rules.calendar_table import CalendarTable
from lienthong_node.core.law import Kept, law_row
from lienthong_node.provision import create_folder
from lienthong_node.reports.book import FILE_NAME
from lienthong_node.reports.kept import rules_for
from lienthong_node.settings import Settings
from lienthong_node.stores import Registry, load_registry
from node.tests.reports.reporting import NEW_CODE, fill, records_of
from sdk.tests.reports.cast import FINANCE, JUSTICE
from sdk.tests.reports.generated import generate


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node's folder with a journal, and no law."""
    folder = tmp_path_factory.mktemp("node") / "data"
    create_folder(folder, Settings(axis="truc.test"), ["localhost"])
    with closing(records_of(folder)) as store:
        fill(store, generate(41, 12).entries)
    return folder


class TestKeptRules:
    """Without other names the rules of a report are those that the axis keeps for its subject."""

    @pytest.fixture
    def ruled(self, data: Path, tmp_path: Path) -> Path:
        """A copy of the data in which one organisation has a rule set and days of its own."""
        folder = tmp_path / "ruled"
        shutil.copytree(data, folder)
        own = evolve(find_rule_set("phu-tho-2019"), inherits="")
        days = CalendarTable(name="days", base="vietnam", first_year=2026, last_year=2026)
        given = [
            Kept(organ_id="", value=find_calendar("vietnam"), version=1),
            Kept(organ_id=str(FINANCE), value=own, version=2),
            Kept(organ_id=str(FINANCE), value=days, version=3),
        ]
        with closing(records_of(folder)) as store, store.write() as tx:
            for kept in given:
                tx.put_law(law_row(kept))
            tx.set_head(evolve(tx.head(), directory_version=tx.head().directory_version + 3))
        return folder

    def of(
        self, folder: Path, organ: OrganId, names: tuple[str | None, str | None] = (None, None)
    ) -> tuple[str, str]:
        now = datetime(2026, 11, 22, tzinfo=UTC)
        found = rules_for(folder, folder / FILE_NAME, str(organ), *names, now)
        with closing(records_of(folder)) as store, store.read() as view:
            directory = load_registry(view, Registry()).directory
        code = str(directory.resolve(organ).organ_id)
        table = found.law.table(code, directory, now.date())
        assert table is not None
        return found.rule_set.name, table.name

    def test_of_the_organisation_itself(self, ruled: Path) -> None:
        assert self.of(ruled, FINANCE) == ("phu-tho-2019", "days")
        assert self.of(ruled, OrganId(NEW_CODE)) == ("phu-tho-2019", "days")

    def test_of_others(self, ruled: Path) -> None:
        assert self.of(ruled, JUSTICE) == ("tay-ninh-2019", "vietnam")

    def test_where_others_are_named(self, ruled: Path) -> None:
        named = self.of(ruled, FINANCE, ("vinh-long-2019", "vietnam"))
        assert named == ("vinh-long-2019", "vietnam")

    def test_where_nothing_is_kept(self, data: Path) -> None:
        assert self.of(data, FINANCE) == ("tay-ninh-2019", "vietnam")
