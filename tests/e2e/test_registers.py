"""An office without registers of its own lets the client keep them, against a real axis."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lienthong.client import Client, Profile
from lienthong.errors import ConflictingReport, InvalidMove
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import DocumentNumber, OrganId, PackageId
from lienthong.model.report import RegisterEntry
from lienthong.model.words import RefusalCode
from lienthong.registers import LineState, Register, RegisterBook
from lienthong.registers.lines import RECALLED_UNREGISTERED
from lienthong_node.local import LocalAxis
from tests.e2e.conftest import A, B, C, D, make_document, package_of
from tests.e2e.test_office import organisation

AGENCIES = [organisation(A), organisation(B, C, D), organisation(C), organisation(D)]


def reported(client: Client, package: PackageId, recipient: str) -> list[RegisterEntry]:
    """The register entries that the axis has recorded for a delivery."""
    said = [item.statement for item in client.history(package) if item.statement is not None]
    return [
        one.register
        for one in said
        if one.event is DeliveryEvent.ACCEPT and one.recipient == OrganId(recipient)
        if one.register is not None
    ]


def test_the_book_says_what_the_axis_has_recorded(tmp_path: Path) -> None:
    axis = LocalAxis.create(tmp_path, AGENCIES, disk_reserve_bytes=0)
    file, path = tmp_path / "quyet-dinh.pdf", tmp_path / "registers.db"
    file.write_bytes(b"%PDF-1.7 content")
    with (
        axis.running(),
        RegisterBook.create(path) as book,
        RegisterBook(path) as again,
        Client(Profile.load(axis.profile(A)), registers=book) as sender,
        Client(Profile.load(axis.profile(B)), registers=book) as office,
        Client(Profile.load(axis.profile(B)), registers=again) as other,
    ):

        def send(number: int, *recipients: str) -> PackageId:
            numbered = DocumentNumber(f"{number:02d}", "QĐ-UBND")
            document = make_document(number=numbered, issued_date=date(2020, 11, 20))
            return package_of(sender.send(document, [file], recipients))

        for_both, recalled, refused = send(1, C, D), send(2, C), send(3, C)
        for client in (office, other, office):
            client.accept(for_both, recipient=C)
            client.accept(for_both, recipient=D)
        with pytest.raises(ConflictingReport):
            other.accept(for_both, recipient=C, note="khác")
        office.refuse(refused, reason=RefusalCode.WRONG_ADDRESSEE, text="gửi nhầm", recipient=C)
        with pytest.raises(InvalidMove):
            office.accept(refused, recipient=C)
        office.arrived(recalled, recipient=C)
        sender.recall(recalled, reason="sai thẩm quyền")
        list(office.feed())

        for body in (C, D):
            line = book.lines(Register.INCOMING, body)[0]
            assert (line.number, line.state) == (1, LineState.USED)
            assert set(reported(office, for_both, body)) == {RegisterEntry(number=1, date=line.day)}
        (_, unnumbered) = book.lines(Register.INCOMING, C)
        assert (unnumbered.number, unnumbered.entry.notes) == (None, (RECALLED_UNREGISTERED,))

        sender.recall(for_both, reason="sai nội dung")
        office.confirm_recall(for_both, recipient=C)
        first = book.lines(Register.INCOMING, C)[0]
        assert (first.number, first.state) == (1, LineState.RECALLED)
        states = [line.state for line in book.lines(Register.OUTGOING, A)]
        assert states == [LineState.RECALLED, LineState.RECALLED, LineState.USED]
