"""An office that sends and receives for others (QĐ 52/2019 Đ6.3)."""

from __future__ import annotations

from pathlib import Path

from lienthong.client import Client, Direction, Profile
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import OrganId
from lienthong.model.organisation import OrganCode, Organisation, OrganName
from lienthong_node.local import LocalAxis
from tests.e2e.conftest import A, B, C, D, make_document, package_of


def organisation(code: str, *bodies: str) -> Organisation:
    organ_id = OrganId(code)
    return Organisation(
        organ_id=organ_id,
        codes=[OrganCode(scheme=organ_id.scheme, value=organ_id)],
        names=[OrganName(value=code)],
        contact_point_of=[OrganId(body) for body in bodies],
    )


def listed(client: Client, direction: Direction = Direction.INCOMING) -> list[tuple[str, str]]:
    """Package and recipient, a page of two at a time."""
    found = client.list_deliveries(direction, page_size=2)
    return [(str(one.package_id), str(one.recipient)) for one in found]


def test_an_office_sees_and_answers_what_comes_for_its_bodies(tmp_path: Path) -> None:
    agencies = [organisation(A), organisation(B, C, D), organisation(C), organisation(D)]
    axis = LocalAxis.create(tmp_path, agencies, disk_reserve_bytes=0)
    file = tmp_path / "quyet-dinh.pdf"
    file.write_bytes(b"%PDF-1.7 content")
    with (
        axis.running(),
        Client(Profile.load(axis.profile(A))) as sender,
        Client(Profile.load(axis.profile(B))) as office,
        Client(Profile.load(axis.profile(C))) as body,
    ):
        sent = [
            str(package_of(sender.send(make_document(), [file], recipients)))
            for recipients in ([C, D], [B], [D], [C])
        ]
        expected = [(sent[3], C), (sent[2], D), (sent[1], B), (sent[0], D), (sent[0], C)]
        assert sorted(listed(office)) == sorted(expected)
        assert [package for package, _ in listed(office)] == [package for package, _ in expected]
        assert listed(body) == [(sent[3], C), (sent[0], C)]
        assert listed(sender) == []
        office.accept(sent[0], register_number=1, recipient=C)
        states = {one.recipient: one.state for one in sender.get_package(sent[0]).deliveries}
        assert states == {OrganId(C): DeliveryState.ACCEPTED, OrganId(D): DeliveryState.SENT}
        answer = package_of(office.send(make_document(), [file], [A], sender=C))
        assert listed(office, Direction.OUTGOING) == [(str(answer), A)]
