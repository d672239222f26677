"""Clients hear answers: what they check, keep and do next, and what God thinks of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from lienthong.codec.signed import receipt_from_message
from lienthong.errors import LienthongError
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.package import Manifest
from lienthong_node.history import Operation
from lienthong_proto.axis.v1 import exchange_pb2
from tests.simulation.actions import Desk, Seen
from tests.simulation.client import Call, Item, fault_of
from tests.simulation.invariants import Ack, Broken, Made
from tests.simulation.network import Packet

if TYPE_CHECKING:
    from tests.simulation.world import World

NOT_FOUND: Final = "exchange.not_found"
UNTYPED: Final = "node.internal"
WHOLE_CALL: Final = "access."
"""Errors about who calls, whatever is asked for."""


def begin(world: World, desk: Desk, item: Item) -> None:
    """An item is handed over for the first time."""
    world.ledger.begins(
        item.id,
        Made(
            by=desk.client.code,
            payload=item.payload,
            parties=_parties(world, item),
            honest=item.honest,
        ),
    )
    hand_over(world, desk, item)


def hand_over(world: World, desk: Desk, item: Item) -> None:
    """An item is handed over, perhaps not for the first time."""
    note_invoke(world, desk, item)
    desk.client.hand_over(item)


def note_invoke(world: World, desk: Desk, item: Item) -> None:
    """Attacks are no part of the history: the axis owes them nothing."""
    if not item.honest:
        return
    content, code = item.content, desk.client.code
    if isinstance(content, Manifest):
        world.recorder.sending(content, item.envelope, code)
    else:
        world.recorder.reporting(content, item.envelope, code)


def _parties(world: World, item: Item) -> frozenset[str]:
    content = item.content
    if isinstance(content, Manifest):
        return frozenset({str(content.sender), *(str(one.organ_id) for one in content.recipients)})
    senders = (one.by for one in world.ledger.made.get(str(content.package_id), ()) if one.honest)
    return frozenset({*senders, str(content.recipient)})


def hear(world: World, desk: Desk, packet: Packet) -> None:
    """An answer arrives; the first one to a call counts."""
    call = desk.client.calls.pop(packet.call, None)
    if call is None:
        return
    if packet.is_fault:
        _refused(world, desk, call, fault_of(packet.data))
    else:
        _HEARD[call.method](world, desk, call, packet.data)


def _refused(world: World, desk: Desk, call: Call, error: LienthongError) -> None:
    world.note(f"refused {desk.client.code} {call.method} {error.code}")
    if error.code == UNTYPED:
        world.require([Broken("I9", f"{call.method} failed inside: {error}")])
    if call.item is not None:
        _item_refused(world, desk, call.item, error)
    if call.method == "GetPackage":
        _check_silence(world, desk, call, error)


def _item_refused(world: World, desk: Desk, item: Item, error: LienthongError) -> None:
    if item.honest:
        op = Operation.SEND if item.method == "Submit" else Operation.REPORT
        world.recorder.failed(op, desk.client.code, item.id, error)
    if not error.retryable:
        desk.client.outbox.pop(item.id, None)


def _check_silence(world: World, desk: Desk, call: Call, error: LienthongError) -> None:
    """I8: what concerns others is answered like what does not exist."""
    if error.code.startswith(WHOLE_CALL):
        return
    said = (error.code, error.facts.get("what"))
    if said != (NOT_FOUND, f"package {PackageId(call.asked)}"):
        world.require([Broken("I8", f"{desk.client.code} was told {said}")])


def _acknowledged(world: World, desk: Desk, call: Call, data: bytes) -> None:
    reports = call.method == "Report"
    kind = exchange_pb2.ReportResponse if reports else exchange_pb2.SubmitResponse
    (result,) = kind.FromString(data).results
    item = call.item
    assert item is not None
    if result.HasField("fault"):
        _refused(world, desk, call, fault_of(result.fault.SerializeToString()))
        return
    try:
        verified, octets = desk.client.receipt(item, result.receipt)
    except LienthongError as error:
        world.require([Broken("I5", f"{desk.client.code} got a false receipt: {error}")])
        return
    desk.client.outbox.pop(item.id, None)
    ack = Ack(
        id=item.id,
        by=desk.client.code,
        index=verified.entry.index,
        payload=item.payload,
        receipt=octets,
    )
    world.note(f"acknowledged {item.id} {ack.index} {octets.hex()[-8:]}")
    if item.honest:
        world.recorder.recorded(receipt_from_message(result.receipt), desk.client.code)
    world.require(world.ledger.acknowledged(ack))


def _page(world: World, desk: Desk, call: Call, data: bytes) -> None:
    client = desk.client
    try:
        items = client.page(call, data)
    except LienthongError as error:
        world.require([Broken("I4", f"{client.code} refused a page: {error}")])
        return
    world.note(f"page {client.code} {[item.entry.index for item in items]} {client.cursor}")
    for item in items:
        world.recorder.read(f"app {client.code}", client.code, item)
        manifest, envelope = item.manifest, item.envelope
        if manifest is None or envelope is None:
            continue
        if OrganId(client.code) in {one.organ_id for one in manifest.recipients}:
            contents = tuple(item.inline_files.values())
            desk.received.append(Seen(manifest=manifest, envelope=envelope, contents=contents))
    world.require(world.ledger.read(client.code, items, client.cursor))


def _package(world: World, desk: Desk, call: Call, data: bytes) -> None:
    made = world.ledger.made.get(str(PackageId(call.asked)), ())
    if not any(desk.client.code in one.parties for one in made if one.honest):
        text = f"{desk.client.code} was shown package {PackageId(call.asked)}"
        world.require([Broken("I8", text)])


def _head(world: World, desk: Desk, call: Call, data: bytes) -> None:
    client = desk.client
    old = client.head
    try:
        head = client.checkpoint(data)
    except LienthongError as error:
        world.require([Broken("FORK", f"{client.code} found a rewritten journal: {error}")])
        return
    world.note(f"head {client.code} {head.size} {head.root.hex()[:8]}")
    world.recorder.head(head, client.code)
    world.require(world.ledger.believes(client.code, old, head))


def _begun(world: World, desk: Desk, call: Call, data: bytes) -> None:
    answer = exchange_pb2.BeginUploadResponse.FromString(data)
    if answer.complete:
        _uploaded(world, desk, call.file)
    else:
        desk.client.next_chunk(call.file, answer.upload_id, answer.offset)


def _chunk(world: World, desk: Desk, call: Call, data: bytes) -> None:
    answer = exchange_pb2.UploadResponse.FromString(data)
    if answer.complete:
        _uploaded(world, desk, call.file)
    else:
        desk.client.next_chunk(call.file, call.asked.decode(), answer.offset)


def _uploaded(world: World, desk: Desk, content: bytes) -> None:
    """The axis has a file; whatever waited for it goes on."""
    world.note(f"uploaded {desk.client.code} {len(content)}")
    desk.client.keep(content)
    for item in list(desk.client.outbox.values()):
        if content in item.files:
            hand_over(world, desk, item)


_HEARD: Final[dict[str, Callable[[World, Desk, Call, bytes], None]]] = {
    "Submit": _acknowledged,
    "Report": _acknowledged,
    "Subscribe": _page,
    "GetPackage": _package,
    "ProveConsistency": _head,
    "BeginUpload": _begun,
    "Upload": _chunk,
}
