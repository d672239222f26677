"""The reports on files that the axis keeps: what a backup has of them, and what an audit finds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve

from lienthong.errors import DataCorrupt
from lienthong_node.audit import audit
from lienthong_node.verification.places import report_files, report_folder
from node.tests.committing import KEY
from node.tests.verifying import ORIGINAL, WANTING, VerifyingAxis, verifying


@pytest.fixture
def axis(tmp_path: Path) -> Iterator[VerifyingAxis]:
    """Everybody wants that the axis verifies."""
    with verifying(tmp_path, WANTING) as axis:
        yield axis


class TestKeeping:
    def test_a_report_that_nobody_could_read_again_is_not_told(
        self, axis: VerifyingAxis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        package = axis.post()
        with monkeypatch.context() as patch:
            patch.setattr("lienthong.client.filereports.MAX_JSON_BYTES", 500)
            axis.verify()
        assert axis.worth(package) is None
        assert "500 bytes" in axis.work.standing.failing
        assert not axis.reports.path.exists()
        axis.clock.advance(timedelta(minutes=15))
        axis.verify()
        assert axis.worth(package) == ORIGINAL
        assert list(audit(axis.store, KEY, reports=axis.reports))


class TestBackup:
    def test_reports_are_copied_before_what_they_rest_on(
        self, axis: VerifyingAxis, tmp_path: Path
    ) -> None:
        """What is written meanwhile is copied with all that it rests on, or not at all."""
        package = axis.post()
        axis.verify()
        [kept] = axis.reports.all(package)
        folder = report_folder(tmp_path / "data")
        folder.keep(kept)
        (folder.path / "evidence" / ".0.part").write_bytes(b"half")
        paths = list(report_files(tmp_path / "data"))
        assert [path.suffix for path in paths] == [".json", ".der"]
        assert all((tmp_path / "data" / path).is_file() for path in paths)


class TestAudit:
    def test_passes(self, axis: VerifyingAxis) -> None:
        axis.post()
        axis.post(words="signer agency unknown")
        axis.verify()
        assert list(audit(axis.store, KEY, reports=axis.reports))

    @pytest.mark.parametrize("damage", ["report", "evidence", "missing"])
    def test_a_report_that_is_not_what_was_told_is_found(
        self, axis: VerifyingAxis, damage: str
    ) -> None:
        package = axis.post()
        axis.verify()
        folder = axis.reports.path / ("evidence" if damage == "evidence" else str(package))
        path = next(folder.iterdir())
        if damage == "missing":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes() + b" ")
        with pytest.raises(DataCorrupt, match=path.stem):
            list(audit(axis.store, KEY, reports=axis.reports))

    @pytest.mark.planted("worth without an entry")
    def test_worth_that_was_never_told_is_found(self, axis: VerifyingAxis) -> None:
        package = axis.post(words="signer")
        axis.verify()
        row = axis.row(package)
        assert row.legal_value is not None
        with axis.store.write() as tx:
            tx.put_deliveries([evolve(row, legal_value=evolve(row.legal_value, value=ORIGINAL))])
        with pytest.raises(DataCorrupt, match="not in the journal"):
            list(audit(axis.store, KEY))
