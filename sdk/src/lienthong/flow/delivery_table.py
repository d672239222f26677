"""The tables of the delivery machine (regulations §13b): moves, late reports, bans, owners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from attrs import Attribute, field, frozen

from lienthong.errors import InvalidValue
from lienthong.flow.machine import Actor, Ban, Guard, Move
from lienthong.model.checks import shown
from lienthong.model.delivery import DeliveryEvent, DeliveryState


@frozen(kw_only=True)
class Context:
    """What a step needs to know beside state and event."""

    actor: Actor = field()
    checked: bool = False
    """A check report is stored (QĐ 52/2019 Đ8.1a)."""

    register_number: int | None = None
    """The entry in the recipient's register (NĐ 30/2020 Đ22)."""

    lead_count: int = 0
    """Units that this report names to lead."""

    has_lead: bool = False
    """An earlier report of this delivery named the unit that leads."""

    information_only: bool = False
    """Received to be informed only ("để biết")."""

    reply_requested: bool = False
    """The document asks for a reply (QĐ 52/2019 Đ9.2b)."""

    reply_given: bool = False
    """The report names the reply (QĐ 52/2019 Đ9.2c)."""

    same_content: bool | None = None
    """The event was reported before: with the same content, with other content; None: never."""

    resume_state: DeliveryState | None = None
    """In a pending state, the state that the request interrupted."""

    retention_over: bool = False
    """The time of retention is over, or its end was decided in writing (NĐ 30/2020 Đ19)."""

    @actor.validator
    def _check_actor(self, _attribute: Attribute[Any], value: object) -> None:
        if type(value) is not Actor:
            raise InvalidValue(
                field="Context.actor",
                found=shown(value),
                expected="SENDER, RECIPIENT or AXIS",
                clause="QĐ 52/2019 Đ5",
            )


DeliveryMove: TypeAlias = Move[DeliveryState, DeliveryEvent, Actor, Context]
DeliveryGuard: TypeAlias = Guard[Context]
DeliveryBan: TypeAlias = Ban[DeliveryState, DeliveryEvent, Actor]


@frozen(kw_only=True)
class Late:
    """Why a report is recorded without effect, and from whom."""

    actors: frozenset[Actor]
    clause: str


_S = DeliveryState
_E = DeliveryEvent
_SENDER: Final = frozenset({Actor.SENDER})
_RECIPIENT: Final = frozenset({Actor.RECIPIENT})
_AXIS: Final = frozenset({Actor.AXIS})

BEFORE_ACCEPTANCE: Final = (_S.SENT, _S.ARRIVED)
AFTER_ACCEPTANCE: Final = (_S.ACCEPTED, _S.FORWARDED, _S.IN_PROGRESS, _S.COMPLETED)
_REQUESTS: Final = (_S.TAKE_BACK_PENDING, _S.RECALL_PENDING, _S.UPDATE_PENDING)
PENDING: Final = frozenset(_REQUESTS)
"""States in which a request of the sender waits; they remember what they interrupted."""

WAITS_FOR_ACCEPTANCE: Final = frozenset({*AFTER_ACCEPTANCE, _S.UPDATE_PENDING})
"""States that a replacement leaves only when the recipient accepts the new package (D23)."""

CHECKED: Final[DeliveryGuard] = Guard(
    name="CHECKED",
    needs="a stored check report",
    needs_vi="kết quả kiểm tra đã lưu",
    clause="QĐ 52/2019 Đ8.1a",
    holds=lambda context: context.checked,
)
REGISTERED: Final[DeliveryGuard] = Guard(
    name="REGISTERED",
    needs="a number in the register of incoming documents",
    needs_vi="số đến trong sổ đăng ký",
    clause="NĐ 30/2020 Đ22",
    holds=lambda context: context.register_number is not None and context.register_number > 0,
)
ONE_LEAD: Final[DeliveryGuard] = Guard(
    name="ONE_LEAD",
    needs="exactly one unit that leads",
    needs_vi="đúng một đơn vị chủ trì",
    clause="NĐ 30/2020 Đ23.2",
    holds=lambda context: context.lead_count == 1,
)
HAS_LEAD: Final[DeliveryGuard] = Guard(
    name="HAS_LEAD",
    needs="a unit that leads, named by this or an earlier report",
    needs_vi="đơn vị chủ trì, nêu trong báo cáo này hoặc trước đó",
    clause="NĐ 30/2020 Đ23.2",
    holds=lambda context: context.has_lead or context.lead_count == 1,
)
INFORMATION_ONLY: Final[DeliveryGuard] = Guard(
    name="INFORMATION_ONLY",
    needs="the mark that it was received to be informed only",
    needs_vi='ghi rõ nhận "để biết"',
    clause="QĐ 28/2018 Đ9.2",
    holds=lambda context: context.information_only,
)
REPLY_LINKED: Final[DeliveryGuard] = Guard(
    name="REPLY_LINKED",
    needs="the reply that the sender requested",
    needs_vi="văn bản trả lời mà bên gửi yêu cầu",
    clause="QĐ 52/2019 Đ9.2c",
    holds=lambda context: context.reply_given or not context.reply_requested,
)
RETENTION_OVER: Final[DeliveryGuard] = Guard(
    name="RETENTION_OVER",
    needs="the end of its retention",
    needs_vi="hết thời hạn lưu giữ",
    clause="NĐ 30/2020 Đ19",
    holds=lambda context: context.retention_over,
)


def _row(
    number: str,
    source: DeliveryState | None,
    event: DeliveryEvent,
    target: DeliveryState | None,
    actors: frozenset[Actor],
    clause: str,
    *guards: DeliveryGuard,
) -> DeliveryMove:
    return Move(
        number=number,
        source=source,
        event=event,
        target=target,
        actors=actors,
        guards=guards,
        clause=clause,
    )


def _moves() -> Iterator[DeliveryMove]:
    """Rows D1 to D25; D24 is the D1 of a new package that names the refused one.

    D7a and D8a: whoever accepts or refuses has taken notice too, and need not report the arrival.
    """
    yield _row("D1", None, _E.ISSUE, _S.QUEUED, _SENDER, "QĐ 52/2019 Đ10.1")
    yield _row("D2", _S.QUEUED, _E.TRANSMIT_OK, _S.SENT, _AXIS, "QĐ 52/2019 Đ10.1")
    yield _row("D3", _S.QUEUED, _E.TRANSMIT_FAIL, _S.SEND_FAILED, _AXIS, "QĐ 52/2019 Đ10.1")
    yield _row("D4", _S.SEND_FAILED, _E.RETRY, _S.QUEUED, _SENDER | _AXIS, "QĐ 52/2019 Đ10.1")
    for source in (_S.QUEUED, _S.SEND_FAILED):
        yield _row("D5", source, _E.CANCEL, _S.CANCELLED, _SENDER, "QĐ 52/2019 Đ10.1")
    yield _row(
        "D6", _S.SENT, _E.ARRIVE, _S.ARRIVED, _RECIPIENT, "QĐ 52/2019 Đ10.2; NĐ 30/2020 Đ21.2c"
    )
    for number, source, clause in (
        ("D7", _S.ARRIVED, "QĐ 52/2019 Đ8.1; NĐ 30/2020 Đ22"),
        ("D7a", _S.SENT, "QĐ 52/2019 Đ8.1; NĐ 30/2020 Đ21.2c, Đ22"),
    ):
        yield _row(number, source, _E.ACCEPT, _S.ACCEPTED, _RECIPIENT, clause, CHECKED, REGISTERED)
    for number, source, clause in (
        ("D8", _S.ARRIVED, "QĐ 52/2019 Đ5.1d, Đ8.1a; NĐ 30/2020 Đ21.2b"),
        ("D8a", _S.SENT, "QĐ 52/2019 Đ5.1d, Đ8.1a; NĐ 30/2020 Đ21.2b-c"),
    ):
        yield _row(number, source, _E.REFUSE, _S.REFUSED, _RECIPIENT, clause)
    yield from _work_moves()
    yield from _take_back_moves()
    yield from _recall_moves()
    yield from _update_moves()
    yield from _closing_moves()


def _work_moves() -> Iterator[DeliveryMove]:
    clause = "QĐ 52/2019 Đ5.2b; NĐ 30/2020 Đ23"
    yield _row("D9", _S.ACCEPTED, _E.FORWARD, _S.FORWARDED, _RECIPIENT, clause, ONE_LEAD)
    for source in (_S.FORWARDED, _S.ACCEPTED):
        yield _row("D10", source, _E.START, _S.IN_PROGRESS, _RECIPIENT, "QĐ 28/2018 Đ9.2")
    clause = "QĐ 28/2018 Đ9.2; QĐ 52/2019 Đ9.2c"
    for source, guard in (
        (_S.IN_PROGRESS, HAS_LEAD),
        (_S.FORWARDED, INFORMATION_ONLY),
        (_S.ACCEPTED, INFORMATION_ONLY),
    ):
        yield _row(
            "D11", source, _E.COMPLETE, _S.COMPLETED, _RECIPIENT, clause, guard, REPLY_LINKED
        )
    yield _row("D12", _S.COMPLETED, _E.REOPEN, _S.IN_PROGRESS, _RECIPIENT, "NĐ 30/2020 Đ24.2")


def _take_back_moves() -> Iterator[DeliveryMove]:
    pending = _S.TAKE_BACK_PENDING
    for source in BEFORE_ACCEPTANCE:
        yield _row("D13", source, _E.REQUEST_TAKE_BACK, pending, _SENDER, "edXML 13")
    yield _row("D14", pending, _E.AGREE_TAKE_BACK, _S.TAKEN_BACK, _RECIPIENT, "edXML 15")
    yield _row("D15", pending, _E.REFUSE_TAKE_BACK, None, _RECIPIENT, "edXML 16")
    yield _row(
        "D16", pending, _E.ACCEPT, _S.ACCEPTED, _RECIPIENT, "QĐ 52/2019 Đ8.1", CHECKED, REGISTERED
    )


def _recall_moves() -> Iterator[DeliveryMove]:
    pending = _S.RECALL_PENDING
    clause = "QĐ 52/2019 Đ8.3; NĐ 30/2020 Đ18.4b"
    # A recall waits for no answer to another request: a silent recipient would prevent it.
    for source in (*AFTER_ACCEPTANCE, _S.UPDATE_PENDING):
        yield _row("D17", source, _E.RECALL, pending, _SENDER, clause)
    yield _row(
        "D18",
        pending,
        _E.CONFIRM_RECALL,
        _S.RECALLED,
        _RECIPIENT,
        "QĐ 52/2019 Đ8.3; NĐ 30/2020 PL VI III.8b",
    )
    yield _row("D19", pending, _E.REJECT_RECALL, None, _RECIPIENT, "QĐ 52/2019 Đ5.1d")
    for source in (*BEFORE_ACCEPTANCE, _S.TAKE_BACK_PENDING):
        yield _row("D20", source, _E.RECALL, _S.RECALLED, _SENDER, clause)


def _update_moves() -> Iterator[DeliveryMove]:
    pending = _S.UPDATE_PENDING
    for source in (*BEFORE_ACCEPTANCE, *AFTER_ACCEPTANCE):
        yield _row("D21", source, _E.UPDATE, pending, _SENDER, "NĐ 30/2020 Đ18.3")
    yield _row("D21", pending, _E.APPLY_UPDATE, None, _RECIPIENT, "edXML 15")
    yield _row("D21", pending, _E.REFUSE_UPDATE, None, _RECIPIENT, "edXML 16")


def _closing_moves() -> Iterator[DeliveryMove]:
    for source in BEFORE_ACCEPTANCE:
        yield _row("D22", source, _E.REPLACE, _S.REPLACED, _SENDER | _AXIS, "NĐ 30/2020 Đ18.3")
    for source in (*AFTER_ACCEPTANCE, _S.UPDATE_PENDING):
        yield _row("D23", source, _E.REPLACE, _S.REPLACED, _AXIS, "NĐ 30/2020 Đ18.3")
    clause = "QĐ 52/2019 Đ7.2h; NĐ 30/2020 Đ19, PL VI 8c"
    for source in _S:
        if source.final and source is not _S.DELETED:
            yield _row("D25", source, _E.DELETE, _S.DELETED, _AXIS, clause, RETENTION_OVER)


MOVES: Final = tuple(_moves())

_WORK: Final = frozenset({_E.FORWARD, _E.START, _E.COMPLETE, _E.REOPEN})
ADVANCED_WHILE_PENDING: Final[Mapping[DeliveryState, frozenset[DeliveryEvent]]] = MappingProxyType(
    {
        _S.TAKE_BACK_PENDING: frozenset({_E.ARRIVE}),
        _S.RECALL_PENDING: _WORK | {_E.ARRIVE, _E.ACCEPT},
        _S.UPDATE_PENDING: _WORK | {_E.ARRIVE, _E.ACCEPT},
    }
)
"""Reports that cross a pending request: the request stays, what it goes back to moves forward.

Were they only recorded, a recipient whose report crossed could never make it again, since the same
report twice has no effect."""


def _late() -> Iterator[tuple[DeliveryState, DeliveryEvent, frozenset[Actor], str]]:
    # A delivery may leave SENT before the recipient's system has reported the arrival.
    arrived, ended = "QĐ 52/2019 Đ10.2", (_S.REFUSED, _S.TAKEN_BACK, _S.RECALLED, _S.REPLACED)
    for state in (*AFTER_ACCEPTANCE, *_REQUESTS, *ended):
        yield state, _E.ARRIVE, _RECIPIENT, arrived
    # 04 and 05 may be skipped, and come later.
    for state in (_S.IN_PROGRESS, _S.COMPLETED):
        yield state, _E.FORWARD, _RECIPIENT, "NĐ 30/2020 Đ23.4"
    yield _S.COMPLETED, _E.START, _RECIPIENT, "QĐ 28/2018 Đ9.2"
    # D16: the acceptance has already answered the request.
    for state in AFTER_ACCEPTANCE:
        yield state, _E.REFUSE_TAKE_BACK, _RECIPIENT, "edXML 16"
    # D20: the axis had no answer to wait for.
    yield _S.RECALLED, _E.CONFIRM_RECALL, _RECIPIENT, "QĐ 52/2019 Đ8.3"
    # D17, D20: the recall overtook the answer to a take-back or to an update.
    for event in (_E.AGREE_TAKE_BACK, _E.REFUSE_TAKE_BACK):
        yield _S.RECALLED, event, _RECIPIENT, "QĐ 52/2019 Đ8.3"
    for event in (_E.APPLY_UPDATE, _E.REFUSE_UPDATE):
        for state in (_S.RECALL_PENDING, _S.RECALLED):
            yield state, event, _RECIPIENT, "QĐ 52/2019 Đ8.3"
        # D23: the replacement did.
        yield _S.REPLACED, event, _RECIPIENT, "NĐ 30/2020 Đ18.3"
    # The new package has deliveries of its own; what ended otherwise stays as it ended (D24).
    for state in (_S.REFUSED, _S.TAKEN_BACK, _S.RECALLED, _S.CANCELLED):
        yield state, _E.REPLACE, _SENDER | _AXIS, "NĐ 30/2020 Đ18.3"
    for state in (_S.REPLACED, _S.DELETED, _S.TAKE_BACK_PENDING, _S.RECALL_PENDING):
        yield state, _E.REPLACE, _AXIS, "NĐ 30/2020 Đ18.3"


LATE: Final[Mapping[tuple[DeliveryState, DeliveryEvent], Late]] = MappingProxyType(
    {(state, event): Late(actors=actors, clause=clause) for state, event, actors, clause in _late()}
)
"""Reports that are recorded without effect."""

OWNERS: Final[Mapping[DeliveryState, Actor]] = MappingProxyType(
    {
        _S.QUEUED: Actor.AXIS,
        _S.SEND_FAILED: Actor.SENDER,
        _S.SENT: Actor.RECIPIENT,
        _S.ARRIVED: Actor.RECIPIENT,
        _S.ACCEPTED: Actor.RECIPIENT,
        _S.FORWARDED: Actor.RECIPIENT,
        _S.IN_PROGRESS: Actor.RECIPIENT,
        _S.TAKE_BACK_PENDING: Actor.RECIPIENT,
        _S.RECALL_PENDING: Actor.RECIPIENT,
        _S.UPDATE_PENDING: Actor.RECIPIENT,
    }
)
"""Who has to act in every state that is not final."""

BY_RECIPIENT: Final = frozenset(move.event for move in MOVES if move.actors == _RECIPIENT)
"""What a recipient reports: whoever makes any of these reports was handed the package before."""

_ENDED: Final = frozenset({_S.REFUSED, _S.RECALLED, _S.TAKEN_BACK, _S.DELETED})
_ACCEPTED_ON: Final = frozenset({*AFTER_ACCEPTANCE, _S.RECALL_PENDING})

BANS: Final[tuple[DeliveryBan, ...]] = (
    Ban(
        says="a status report comes from the recipient, not from the sender or the axis",
        says_vi="trạng thái xử lý do bên nhận báo, không phải bên gửi hay trục",
        clause="QĐ 52/2019 Đ5.2, Đ8.1",
        events=BY_RECIPIENT,
        actors=_SENDER | _AXIS,
    ),
    Ban(
        says="the recipient cannot take a document back",
        says_vi="bên nhận không được lấy lại văn bản",
        clause="edXML 13",
        events=frozenset({_E.REQUEST_TAKE_BACK}),
        actors=_RECIPIENT | _AXIS,
    ),
    Ban(
        says="only the issuer recalls, updates or replaces",
        says_vi="chỉ cơ quan ban hành được thu hồi, cập nhật, thay thế",
        clause="QĐ 52/2019 Đ8.3; NĐ 30/2020 Đ18.3-4",
        events=frozenset({_E.RECALL, _E.UPDATE, _E.REPLACE}),
        actors=_RECIPIENT,
    ),
    Ban(
        says="what was refused, recalled, taken back or deleted stays so",
        says_vi="đã từ chối, thu hồi, lấy lại hoặc xóa thì giữ nguyên",
        clause="QĐ 52/2019 Đ5.1d, Đ8.3; NĐ 30/2020 PL VI 8",
        states=_ENDED,
    ),
    Ban(
        says="what was accepted can no longer be refused",
        says_vi="đã tiếp nhận thì không được từ chối",
        clause="QĐ 52/2019 Đ5.1d, Đ8.1a; NĐ 30/2020 Đ21.2b",
        states=_ACCEPTED_ON,
        events=frozenset({_E.REFUSE}),
    ),
    Ban(
        says="what was accepted can no longer be taken back: recall it",
        says_vi="đã tiếp nhận thì không lấy lại được: dùng thu hồi",
        clause="QĐ 52/2019 Đ8.3; edXML 16",
        states=_ACCEPTED_ON,
        events=frozenset({_E.REQUEST_TAKE_BACK, _E.AGREE_TAKE_BACK}),
    ),
    Ban(
        says="nothing is assigned or handled before it has a number in the register",
        says_vi="chưa đăng ký thì chưa được giao, xử lý",
        clause="NĐ 30/2020 Đ22.1",
        states=frozenset(BEFORE_ACCEPTANCE),
        events=_WORK,
    ),
    Ban(
        says="a state never goes back to acceptance",
        says_vi="trạng thái không quay lại tiếp nhận",
        clause="QĐ 28/2018 Đ9.2",
        states=frozenset({_S.FORWARDED, _S.IN_PROGRESS, _S.COMPLETED}),
        events=frozenset({_E.ACCEPT}),
    ),
    Ban(
        says="only what is final is deleted, by the axis, and its tombstone stays",
        says_vi="chỉ xóa lượt gửi đã kết thúc, do trục thực hiện, và giữ lại dấu vết",
        clause="QĐ 52/2019 Đ7.2h; NĐ 30/2020 Đ19",
        events=frozenset({_E.DELETE}),
    ),
)
"""What the texts forbid in so many words; everything else without a row is refused as well."""
