from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from lienthong.client import Direction
from lienthong.client.wire import (
    account_from_message,
    deliveries_from_messages,
    delivery_from_message,
    inline_files_from_messages,
    law_from_messages,
    organisation_from_message,
    receipt_request,
    resolution_from_message,
)
from lienthong.errors import InputError, InvalidValue, MissingField
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import OrganId, OrganScheme, PackageId, Sha256, StatementId
from lienthong.model.package import PackageKind
from lienthong.model.words import Urgency
from lienthong_proto.axis.v1 import directory_pb2, exchange_pb2, package_pb2

ID = PackageId.new(datetime(2026, 11, 22, tzinfo=UTC), bytes(10))
MOMENT = datetime(2026, 11, 22, 1, 15, tzinfo=UTC)


def delivery() -> exchange_pb2.Delivery:
    moment = Timestamp()
    moment.FromDatetime(MOMENT)
    return exchange_pb2.Delivery(
        package_id=ID.bytes,
        sender="000.00.00.H53",
        recipient="000.00.13.H53",
        state="RECALL_PENDING",
        updated_index=7,
        updated_at=moment,
        kind=package_pb2.PACKAGE_KIND_REPLACE,
        subject="trích yếu",
        number="52/QĐ-UBND",
        urgency="HOA_TOC",
        sent_at=moment,
    )


def organisation() -> directory_pb2.Organisation:
    return directory_pb2.Organisation(
        organ_id="000.00.13.h53",
        name="Sở mới",
        codes=[directory_pb2.OrganCode(scheme="QD20", value="H53.12", valid_from="2021-01-01")],
        names=[
            directory_pb2.OrganName(value="Sở cũ", valid_to="2025-03-01"),
            directory_pb2.OrganName(value="Sở mới", valid_from="2025-03-01"),
        ],
        level=2,
        parent="000.00.00.H53",
        in_charge="Văn phòng",
        valid_to="2026-07-01",
        successors=["000.00.14.H53"],
        contact_point_of=["000.01.13.H53"],
        version=9,
    )


def test_delivery() -> None:
    (found,) = deliveries_from_messages([delivery()])
    assert found.package_id == ID
    assert found.state is DeliveryState.RECALL_PENDING
    assert found.kind is PackageKind.REPLACE
    assert found.urgency is Urgency.HOA_TOC
    assert found.sent_at == MOMENT
    assert str(found.number) == "52/QĐ-UBND"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("package_id", b"", MissingField),
        ("package_id", b"123", InvalidValue),
        ("state", "LOST", InvalidValue),
        ("state", "", MissingField),
        ("kind", 99, InvalidValue),
        ("kind", 0, MissingField),
        ("sender", "?", InvalidValue),
        ("number", "", MissingField),
        ("urgency", "SOON", InvalidValue),
    ],
)
def test_delivery_that_breaks_its_definition(
    field: str, value: object, expected: type[InputError]
) -> None:
    message = delivery()
    setattr(message, field, value)
    with pytest.raises(expected):
        delivery_from_message(message)


def test_organisation() -> None:
    found = organisation_from_message(organisation())
    assert found.organ_id == OrganId("000.00.13.H53")
    assert found.codes[0].scheme is OrganScheme.QD20
    assert found.name_on(date(2024, 1, 1)) == "Sở cũ"
    assert not found.open_on(date(2026, 7, 1))
    assert found.successors == (OrganId("000.00.14.H53"),)
    assert found.parent == OrganId("000.00.00.H53")


@pytest.mark.parametrize(
    ("field", "value"), [("organ_id", ""), ("valid_from", "01/01/2020"), ("parent", "?")]
)
def test_organisation_that_breaks_its_definition(field: str, value: str) -> None:
    message = organisation()
    setattr(message, field, value)
    with pytest.raises(InputError):
        organisation_from_message(message)


def test_account_needs_an_organisation() -> None:
    with pytest.raises(MissingField):
        account_from_message(directory_pb2.GetOrganisationResponse(axis="a"))
    limits = directory_pb2.Limits(max_files=20, burst=5)
    found = account_from_message(
        directory_pb2.GetOrganisationResponse(organisation=organisation(), limits=limits, axis="a")
    )
    assert (found.limits.max_files, found.limits.burst, found.axis) == (20, 5, "a")


def test_resolution() -> None:
    found = resolution_from_message(
        directory_pb2.ResolveResponse(organisation=organisation(), current=[organisation()])
    )
    assert found.current == (found.organisation,)
    assert not found.can_receive


def test_receipts_are_asked_for_by_what_they_are_about() -> None:
    assert receipt_request(0).WhichOneof("subject") == "index"
    assert receipt_request(ID).package_id == ID.bytes
    assert receipt_request(StatementId(ID.bytes)).statement_id == ID.bytes


def test_directions_have_their_word_on_the_wire() -> None:
    assert Direction.INCOMING.number == exchange_pb2.DIRECTION_INCOMING
    assert Direction.OUTGOING.number == exchange_pb2.DIRECTION_OUTGOING


@given(contents=st.lists(st.binary(max_size=64), max_size=5))
def test_contents_are_found_by_their_own_hash(contents: list[bytes]) -> None:
    found = inline_files_from_messages(contents)
    assert set(found.values()) == set(contents)
    assert all(Sha256.of(content) == sha256 for sha256, content in found.items())


class TestLaw:
    """An axis may say anything: what is no rule set or calendar is an error, not a law."""

    @pytest.mark.parametrize(
        ("subject", "text"),
        [
            ("", ""),
            ("organisation", 'name = "x"'),
            ("calendar", ""),
            ("calendar", "\x00"),
            ("calendar", 'name = "x"\nfirst_year = 2026\nlast_year = 2020\n'),
            ("rule_set", 'name = "x"\ntitle = "X"\ninherits = "tay-ninh-2019"\n'),
            ("rule_set", "#" * 2_000_000),
        ],
    )
    def test_texts_that_are_none(self, subject: str, text: str) -> None:
        with pytest.raises(InputError):
            law_from_messages([directory_pb2.Law(subject=subject, text=text)])

    def test_texts_that_are_some(self) -> None:
        text = 'name = "x"\nfirst_year = 2026\nlast_year = 2026\n'
        message = directory_pb2.Law(subject="calendar", organ_id="H53", text=text, version=7)
        found = law_from_messages([message])
        assert found.version == 7
        assert [one.organ_id for one in found.ordered] == ["H53"]
