"""July 2025 on a real node: the plan of ``docs/how-to/reorganise.md``, carried out while it runs.

The plan's day is put to today, because the node judges by its own clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import Factory, define, evolve

from lienthong.client import Client, Direction, Profile
from lienthong.errors import ClosedRecipient, ClosedSender, DirectoryChanged, NotFound
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import PackageRecord
from lienthong.model.organisation import Directory, OrganCode, Organisation, OrganName
from lienthong.model.time import vietnam_date
from lienthong.rules.ruleset import RuleSet
from lienthong_node.admin_port import administration
from lienthong_node.core.law import Value
from lienthong_node.local import OPERATOR, LocalAxis
from lienthong_node.opening import utc_now
from lienthong_node.org_plan import read_plan
from lienthong_node.provision import first_law
from tests.e2e.commands import asked, command, refused
from tests.e2e.conftest import make_document, package_of
from tests.e2e.forked_axis import ForkedAxis, forked_axis

PLAN: Final = Path(__file__).parents[2] / "docs" / "how-to" / "thang-7-2025.toml"
TAY_NINH: Final = "000.00.00.H53"
LONG_AN: Final = "000.00.00.H39"
QUANG_NINH: Final = "000.00.00.H49"
TTTT: Final = "000.00.13.H53"
KHCN: Final = "000.00.12.H53"
DISTRICT: Final = "000.01.31.H53"
OF_LONG_AN: Final = "000.00.07.H39"
WARD: Final = "H53.901"
COMMUNE: Final = "H53.902"
NAMES: Final[Mapping[str, tuple[str, str]]] = {
    TAY_NINH: ("UBND tỉnh Tây Ninh", ""),
    LONG_AN: ("UBND tỉnh Long An", ""),
    QUANG_NINH: ("UBND tỉnh Quảng Ninh", ""),
    TTTT: ("Sở Thông tin và Truyền thông", TAY_NINH),
    KHCN: ("Sở Khoa học và Công nghệ", TAY_NINH),
    DISTRICT: ("UBND huyện", TAY_NINH),
    OF_LONG_AN: ("Sở Tài chính", LONG_AN),
}
TODAY: Final = vietnam_date(utc_now())
EVE: Final = TODAY - timedelta(days=1)
GRACE_DAYS: Final = 30


def law(grace_days: int) -> tuple[Value, Value]:
    """The law of the axis, by which closed codes lead on for so many days."""
    rules, calendar = first_law()
    assert isinstance(rules, RuleSet)
    directory = evolve(rules.directory, closed_code_grace_days=grace_days)
    return evolve(rules, directory=directory), calendar


NO_GRACE: Final[dict[str, Any]] = {"law": law(0)}


def organisation(code: str, name: str, parent: str) -> Organisation:
    organ_id = OrganId(code)
    return Organisation(
        organ_id=organ_id,
        codes=[OrganCode(scheme=organ_id.scheme, value=organ_id)],
        names=[OrganName(value=name)],
        parent=OrganId(parent) if parent else None,
    )


def directory(axis: LocalAxis) -> Directory:
    with administration(axis.data) as admin:
        return admin.directory()


@define(eq=False)
class Province:
    """A running axis on the day of the merger, and what was under way then."""

    axis: LocalAxis
    plan: Path
    file: Path
    open_clients: ExitStack = Factory(ExitStack)
    sent: dict[str, PackageId] = Factory(dict)

    def client(self, code: str) -> Client:
        return self.open_clients.enter_context(Client(Profile.load(self.axis.profile(code))))

    def send(self, sender: str, *recipients: str) -> PackageId:
        with Client(Profile.load(self.axis.profile(sender))) as client:
            document = make_document(issuer=sender)
            return package_of(client.send(document, [self.file], recipients))

    def state(self, reader: str, package: PackageId, recipient: str) -> DeliveryState:
        with Client(Profile.load(self.axis.profile(reader))) as client:
            states = {one.recipient: one.state for one in client.get_package(package).deliveries}
        return states[OrganId(recipient)]

    def merge(self) -> None:
        asked("org", "merge", self.axis.data, self.plan)


@pytest.fixture
def province(tmp_path: Path) -> Iterator[Province]:
    axis = ForkedAxis.create(tmp_path / "axis", organisations(), disk_reserve_bytes=0, **NO_GRACE)
    with closing(axis):
        axis.start()
        with on_the_eve(axis, tmp_path) as made:
            yield made


def organisations() -> list[Organisation]:
    return [organisation(code, name, parent) for code, (name, parent) in NAMES.items()]


@contextmanager
def on_the_eve(axis: LocalAxis, tmp_path: Path) -> Iterator[Province]:
    """The plan with today as its day, and documents that are under way."""
    file = tmp_path / "cong-van.pdf"
    file.write_bytes(b"%PDF-1.7 content")
    plan = tmp_path / "plan.toml"
    text = PLAN.read_text("utf-8").replace("effective = 2025-07-01", f"effective = {TODAY}")
    until = TODAY + timedelta(days=92)
    plan.write_text(text.replace("until = 2025-10-01", f"until = {until}"), "utf-8")
    made = Province(axis, plan, file)
    with made.open_clients:
        made.sent = {
            "to Long An": made.send(QUANG_NINH, LONG_AN),
            "from Long An": made.send(LONG_AN, TTTT),
            "also from Long An": made.send(LONG_AN, QUANG_NINH),
        }
        yield made


def test_the_plan_of_the_documentation_is_a_plan(province: Province) -> None:
    """With its own day: what it says long afterwards is part of it."""
    told = asked("org", "merge", province.axis.data, PLAN, "--dry-run")
    assert told["effective"] == "2025-07-01"
    assert told["to_do"][-1].startswith("what was recorded from 2025-07-01 to")


def test_a_dry_run_tells_everything_and_changes_nothing(province: Province) -> None:
    told = asked("org", "merge", province.axis.data, province.plan, "--dry-run")
    routes = {route["organ_id"]: route for route in told["routes"]}
    assert routes[LONG_AN]["successors"] == [TAY_NINH]
    assert len(routes[LONG_AN]["lapsed_certificates"]) == 1
    assert (routes[LONG_AN]["running_to_it"], routes[LONG_AN]["running_of_it"]) == (1, 2)
    assert (routes[TTTT]["running_to_it"], routes[TTTT]["running_of_it"]) == (1, 0)
    assert routes[TTTT]["successors"] == [KHCN]
    assert routes[DISTRICT]["successors"] == [WARD, COMMUNE]
    assert routes[WARD]["begins"]
    assert routes[WARD]["contact_points"] == [OPERATOR]
    assert routes[OF_LONG_AN]["parent"] == TAY_NINH
    todo = [line.split(":")[0].split(" when ")[0] for line in told["to_do"]]
    assert todo == [
        f"revoke the certificates of {LONG_AN}",
        f"revoke the certificates of {TTTT}",
        f"revoke the certificates of {DISTRICT}",
        f"tell senders to choose for {DISTRICT}",
    ]
    code, text, _ = command("org", "merge", province.axis.data, province.plan, "--dry-run")
    assert code == 0
    assert f"new documents      refused, naming {TAY_NINH}" in text
    assert f"serves             {WARD} until {TODAY + timedelta(days=92)}" in text
    province.send(QUANG_NINH, LONG_AN)
    assert WARD not in str(asked("org", "show", province.axis.data))
    again = asked("org", "merge", province.axis.data, province.plan, "--dry-run")
    province.axis.stop()
    assert asked("org", "merge", province.axis.data, province.plan, "--dry-run") == again
    [route] = [one for one in again["routes"] if one["organ_id"] == LONG_AN]
    assert route["running_to_it"] == 2


def test_the_merger(province: Province) -> None:
    """What was under way goes on with the successors; nothing new reaches what has ended."""
    province.merge()
    again = asked("org", "merge", province.axis.data, province.plan)
    assert again["routes"] == []
    successors_go_on(province)
    the_closed_codes_are_refused(province)
    history_stays_readable(province)
    statistics_have_two_structures(province)
    province.open_clients.close()
    province.axis.stop()
    assert asked("audit", "verify", province.axis.data)["ok"] is True


def successors_go_on(province: Province) -> None:
    to_long_an, from_long_an = province.sent["to Long An"], province.sent["from Long An"]
    heir = province.client(TAY_NINH)
    incoming = list(heir.list_deliveries(Direction.INCOMING))
    assert [(one.package_id, str(one.recipient)) for one in incoming] == [(to_long_an, LONG_AN)]
    heir.accept(to_long_an, register_number=1, recipient=LONG_AN)
    assert province.state(QUANG_NINH, to_long_an, LONG_AN) is DeliveryState.ACCEPTED
    province.client(KHCN).accept(from_long_an, register_number=1, recipient=TTTT)
    assert province.state(TAY_NINH, from_long_an, TTTT) is DeliveryState.ACCEPTED
    heard = {item.statement.package_id for item in heir.feed() if item.statement is not None}
    assert heard == {to_long_an, from_long_an}
    replaced = package_of(
        heir.replace(
            province.sent["also from Long An"],
            make_document(issuer=TAY_NINH),
            [province.file],
            [QUANG_NINH],
            reason="Sai thể thức",
            sender=TAY_NINH,
        )
    )
    assert province.state(TAY_NINH, replaced, QUANG_NINH) is DeliveryState.SENT
    old = province.sent["also from Long An"]
    assert province.state(TAY_NINH, old, QUANG_NINH) is DeliveryState.REPLACED
    heir.recall(from_long_an, reason="Ban hành nhầm thẩm quyền")
    assert province.state(KHCN, from_long_an, TTTT) is DeliveryState.RECALL_PENDING


def the_closed_codes_are_refused(province: Province) -> None:
    for code, heirs in ((LONG_AN, TAY_NINH), (TTTT, KHCN), (DISTRICT, f"{WARD}, {COMMUNE}")):
        with pytest.raises(ClosedRecipient) as refusal:
            province.send(QUANG_NINH, code)
        assert refusal.value.facts["successors"] == heirs
    with pytest.raises(ClosedSender) as own:
        province.send(LONG_AN, QUANG_NINH)
    assert own.value.facts["successors"] == TAY_NINH


def history_stays_readable(province: Province) -> None:
    """For the successor and for what has ended; for others it stays what it was: not there."""
    package = province.sent["from Long An"]
    target = province.file.parent / "kept.pdf"
    for code in (TAY_NINH, LONG_AN, KHCN):
        reader = province.client(code)
        assert len(reader.history(package)) >= 2
        reader.download(package, None, target)
        assert target.read_bytes() == province.file.read_bytes()
        target.unlink()
    with pytest.raises(NotFound):
        province.client(QUANG_NINH).history(package)
    proved = province.client(TAY_NINH).export_bundle(package, province.file.parent / "vu-viec")
    assert proved.timeline


def statistics_have_two_structures(province: Province) -> None:
    known = directory(province.axis)
    counted = {
        day: [str(known.successor_of(OrganId(code), day).organ_id) for code in NAMES]
        for day in (EVE, TODAY)
    }
    assert counted[EVE] == list(NAMES)
    assert counted[TODAY] == [
        TAY_NINH,
        TAY_NINH,
        QUANG_NINH,
        KHCN,
        KHCN,
        DISTRICT,
        OF_LONG_AN,
    ]
    moved = known.resolve(OrganId(OF_LONG_AN))
    assert (moved.parent_on(EVE), moved.parent_on(TODAY)) == (OrganId(LONG_AN), OrganId(TAY_NINH))


def test_in_the_grace_period_a_document_is_forwarded_and_both_codes_are_recorded(
    province: Province,
) -> None:
    province.merge()
    with pytest.raises(ClosedRecipient):
        province.send(QUANG_NINH, LONG_AN)
    with administration(province.axis.data) as admin:
        admin.put_law(law(GRACE_DAYS)[0])
    package = province.send(QUANG_NINH, LONG_AN)
    [item] = [
        item
        for item in province.client(TAY_NINH).feed()
        if item.manifest is not None and item.manifest.package_id == package
    ]
    assert item.manifest is not None
    assert [str(one.organ_id) for one in item.manifest.recipients] == [LONG_AN]
    assert isinstance(item.entry.body, PackageRecord)
    assert list(map(str, item.entry.body.recipients)) == [TAY_NINH]
    province.client(TAY_NINH).accept(package, register_number=2)
    assert province.state(QUANG_NINH, package, TAY_NINH) is DeliveryState.ACCEPTED
    with pytest.raises(ClosedRecipient):
        province.send(QUANG_NINH, DISTRICT)


def test_a_plan_with_a_fault_changes_nothing(province: Province) -> None:
    before = directory(province.axis)
    text = province.plan.read_text("utf-8")
    wrong = text.replace(f'into = "{KHCN}"', f'into = "{LONG_AN}"')
    province.plan.write_text(wrong, "utf-8")
    error = refused("org", "merge", province.axis.data, province.plan)
    line = wrong[: wrong.index(f'into = "{LONG_AN}"')].count("\n") + 1
    assert (error["code"], error["facts"]["key"]) == ("model.invalid_value", "merge[1].into")
    assert (error["facts"]["line"], error["facts"]["file"]) == (str(line), str(province.plan))
    assert directory(province.axis) == before


def test_a_plan_does_not_undo_what_somebody_else_changes_meanwhile(province: Province) -> None:
    """The dry run and the command read the directory first; what comes in between is kept."""
    plan = read_plan(province.plan)
    with administration(province.axis.data) as admin, administration(province.axis.data) as other:
        read = admin.directory()
        changed = plan.applied_to(read)
        other.put_organisations([evolve(read.resolve(OrganId(TTTT)), in_charge="Giám đốc")])
        with pytest.raises(DirectoryChanged):
            admin.put_organisations(changed, read)
        assert WARD not in str(admin.directory())
        again = admin.directory()
        admin.put_organisations(plan.applied_to(again), again)
    made = directory(province.axis).resolve(OrganId(TTTT))
    assert (made.in_charge, made.successors) == ("Giám đốc", (OrganId(KHCN),))


def test_a_certificate_of_what_has_ended_signs_nothing(province: Province) -> None:
    province.merge()
    with Client(Profile.load(province.axis.profile(TTTT))) as ended:
        with pytest.raises(ClosedSender) as refusal:
            ended.accept(province.sent["from Long An"], register_number=1)
        assert refusal.value.facts["successors"] == KHCN


@pytest.mark.planted("document to a closed code accepted")
def test_documents_to_closed_codes_would_be_caught(tmp_path: Path) -> None:
    with (
        forked_axis(
            tmp_path / "axis", organisations(), planted="closed-codes-open", **NO_GRACE
        ) as axis,
        on_the_eve(axis, tmp_path) as province,
    ):
        province.merge()
        with pytest.raises(pytest.fail.Exception, match="ClosedRecipient"):
            the_closed_codes_are_refused(province)


@pytest.mark.planted("successor without rights")
def test_a_successor_without_rights_would_be_caught(tmp_path: Path) -> None:
    fault = "successors-have-no-rights"
    with (
        forked_axis(tmp_path / "axis", organisations(), planted=fault, **NO_GRACE) as axis,
        on_the_eve(axis, tmp_path) as province,
    ):
        province.merge()
        with pytest.raises(AssertionError):
            successors_go_on(province)
        with pytest.raises(NotFound):
            history_stays_readable(province)
