from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from lienthong.client import AsyncClient, Client, FileSource, Profile, RetryPolicy, Sending
from lienthong.client.loop import shared_loop
from lienthong.codec.signed import load_manifest
from lienthong.errors import (
    CheckpointInvalid,
    Closed,
    ConnectionFailed,
    DeadlineExceeded,
    FileUndeclared,
    IdReused,
    InvalidValue,
    LienthongError,
    Malformed,
    ProofInvalid,
    ReceiptInvalid,
    RemoteError,
    StateSecret,
    StoreFailed,
    UnknownRecipient,
)
from lienthong.model.document import Document
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import Receipt
from lienthong.model.words import FileRole
from lienthong.testing.journal import MemoryJournal

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

SENDER, RECIPIENT, OTHER = "000.00.00.H53", "000.00.13.H53", "000.00.11.H53"
FILE = FileSource.of_bytes("quyết-định.pdf", b"%PDF-1.4 content")
NOW_ID = b"0123456789"


class SomeFault(LienthongError):
    """What an axis of a later version may answer."""

    code = "tests.unknown_to_clients"
    en = vi = next_en = next_vi = "it is {what}"


def test_lost_answer_is_repeated_with_identical_bytes(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    axis.faults.lost_answers = 2
    receipt = sender.send(document, [FILE], [RECIPIENT])
    first, second, third = axis.seen
    assert first == second == third
    assert len(axis.records) == 1
    assert axis.records[0].receipt == receipt


def test_answers_that_come_twice_do_no_harm(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    axis.faults.twice = True
    receipts = [sender.send(document, [FILE], [RECIPIENT]) for _ in range(3)]
    assert [receipt.index for receipt in receipts] == [0, 1, 2]


def test_retryable_refusal_is_repeated_with_identical_bytes(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    axis.faults.refusals.extend([StoreFailed(reason="disk", retry_after=0.02)] * 3)
    sender.send(document, [FILE], [RECIPIENT])
    assert len(axis.seen) == 4
    assert len({payload for message in axis.seen for payload in message}) == 1


def test_retries_end_with_the_error_of_the_axis(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    axis.faults.refusals.extend([StoreFailed(reason="disk")] * 9)
    with pytest.raises(StoreFailed, match="disk"):
        sender.send(document, [FILE], [RECIPIENT])
    assert len(axis.seen) == 4


def test_final_refusal_is_typed_and_not_repeated(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    axis.faults.refusals.append(UnknownRecipient(organ=RECIPIENT))
    with pytest.raises(UnknownRecipient) as caught:
        sender.send(document, [FILE], [RECIPIENT])
    assert caught.value.facts == {"organ": RECIPIENT}
    assert len(axis.seen) == 1


def test_unknown_error_code_is_a_remote_error(
    axis: ScriptedAxis, sender: Client, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SomeFault, "code", "future.code")
    axis.faults.refusals.append(SomeFault(what="new"))
    with pytest.raises(RemoteError) as caught:
        sender.send(document, [FILE], [RECIPIENT])
    assert caught.value.facts["remote_code"] == "future.code"
    assert caught.value.facts["text"] == "it is new"


def flip_entry(message: Any) -> None:
    message.entry = message.entry[:-1] + bytes([message.entry[-1] ^ 1])


def wrong_index(message: Any) -> None:
    message.index += 1


def foreign_checkpoint(message: Any) -> None:
    message.checkpoint = message.checkpoint.replace("\n1\n", "\n2\n")


def more_proof(message: Any) -> None:
    message.inclusion_proof.append(bytes(32))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (flip_entry, ProofInvalid),
        (wrong_index, ProofInvalid),
        (more_proof, ProofInvalid),
        (foreign_checkpoint, CheckpointInvalid),
    ],
)
def test_false_receipt_is_refused(
    axis: ScriptedAxis,
    sender: Client,
    document: Document,
    change: Callable[[Any], None],
    expected: type[LienthongError],
) -> None:
    axis.faults.change_receipt = change
    with pytest.raises(expected):
        sender.send(document, [FILE], [RECIPIENT])


def test_receipt_of_another_package_is_refused(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    sender.send(document, [FILE], [RECIPIENT])
    other = axis.records[0].receipt

    def exchange(message: Any) -> None:
        message.entry, message.index = other.entry, other.index
        message.checkpoint = other.checkpoint
        del message.inclusion_proof[:]

    axis.faults.change_receipt = exchange
    with pytest.raises(ReceiptInvalid, match="it is for another envelope"):
        sender.send(document, [FILE], [RECIPIENT])


def test_receipt_of_another_axis_is_refused(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    axis.journal = MemoryJournal("other.test", clock=lambda: axis.pki.now)
    with pytest.raises(CheckpointInvalid):
        sender.send(document, [FILE], [RECIPIENT])


def test_state_secret_is_refused_before_a_file_is_opened(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    object.__setattr__(document, "secrecy", type("Mark", (), {"value": "MAT"}))
    with pytest.raises(StateSecret):
        sender.send(document, ["/nowhere/secret.pdf"], [RECIPIENT])
    assert not axis.calls


def test_missing_file_is_named(sender: Client, document: Document, tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="main.pdf is No such file"):
        sender.send(document, [tmp_path / "main.pdf"], [RECIPIENT])


def test_first_file_is_the_main_one_unless_another_is_named(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    second = FileSource.of_bytes("phụ lục.xlsx", b"xlsx")
    sender.send(document, [FILE, second], [RECIPIENT])
    sender.send(document, [FILE, evolve(second, role=FileRole.MAIN)], [RECIPIENT])
    roles = [[file.role for file in load_manifest(payload).files] for (payload,) in axis.seen]
    assert roles == [[FileRole.MAIN, FileRole.ATTACHMENT], [FileRole.ATTACHMENT, FileRole.MAIN]]


def test_own_package_id_gives_the_first_receipt_again(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    package_id = PackageId.new(axis.pki.now, NOW_ID)
    first = sender.send(document, [FILE], [RECIPIENT], package_id=package_id)
    with Client(
        axis.profile(SENDER),
        signer=axis.pki.organisation(SENDER).signer(),
        clock=lambda: axis.pki.now.replace(year=axis.pki.now.year + 1),
    ) as later:
        assert later.send(document, [FILE], [RECIPIENT], package_id=str(package_id)) == first
        with pytest.raises(IdReused):
            later.send(document, [FILE], [OTHER], package_id=package_id)


def test_prepared_package_can_be_submitted_by_another_process(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    prepared = sender.prepare(document, [FILE], [RECIPIENT])
    assert not axis.calls
    first = sender.submit(prepared)
    assert sender.submit(prepared.envelope, [FILE]) == first
    assert sender.submit(prepared.envelope) == first
    with pytest.raises(FileUndeclared):
        sender.submit(prepared.envelope, [FileSource.of_bytes("other.pdf", b"other")])
    with pytest.raises(Malformed):
        sender.submit(evolve(prepared.envelope, payload_type="text/plain"))


def test_concurrent_documents_share_messages(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    sendings = [Sending(document=document, files=[FILE], recipients=[RECIPIENT])] * 200
    outcomes = sender.send_many(sendings)
    assert sorted(o.receipt.index for o in outcomes if o.receipt) == list(range(200))
    assert len(axis.seen) <= 60
    assert max(map(len, axis.seen)) <= 32
    assert axis.calls.count("Submit") == 1


def test_every_document_arrives_once_over_broken_streams(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    sendings = [Sending(document=document, files=[FILE], recipients=[RECIPIENT])] * 100
    axis.faults.lost_answers = 3
    outcomes = sender.send_many(sendings)
    assert sorted(o.receipt.index for o in outcomes if o.receipt) == list(range(100))
    assert len(axis.records) == len(axis.packages) == 100


def test_one_of_many_may_fail_alone(axis: ScriptedAxis, sender: Client, document: Document) -> None:
    good = Sending(document=document, files=[FILE], recipients=[RECIPIENT])
    bad = evolve(good, files=[])
    outcomes = sender.send_many([good, bad, good])
    assert [outcome.receipt is not None for outcome in outcomes] == [True, False, True]
    assert outcomes[1].error is not None


def test_silent_axis_is_given_up(axis: ScriptedAxis, document: Document) -> None:
    axis.faults.silent = True
    retry = RetryPolicy(attempts=2, first_delay=0.01, timeout=0.2)
    with (
        Client(
            axis.profile(SENDER),
            signer=axis.pki.organisation(SENDER).signer(),
            clock=lambda: axis.pki.now,
            retry=retry,
        ) as client,
        pytest.raises(DeadlineExceeded, match=r"to Submit within 0\.2 s"),
    ):
        client.send(document, [FILE], [RECIPIENT])
    assert len(axis.seen) == 2
    assert axis.seen[0] == axis.seen[1]


async def eventually(met: Callable[[], bool]) -> None:
    for _ in range(1000):
        if met():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not come to be")


def test_what_others_wait_for_goes_to_a_new_stream_when_one_is_late(
    axis: ScriptedAxis, document: Document
) -> None:
    """The second item shares a stream with one that is never answered."""
    axis.faults.silent = True

    async def send(client: AsyncClient, name: str) -> Receipt:
        return await client.send(document, [FileSource.of_bytes(name, b"content")], [RECIPIENT])

    async def run() -> None:
        async with AsyncClient(
            axis.profile(SENDER),
            signer=axis.pki.organisation(SENDER).signer(),
            clock=lambda: axis.pki.now,
            retry=RetryPolicy(attempts=2, first_delay=0.01, timeout=2.0),
        ) as client:
            first = asyncio.create_task(send(client, "a.pdf"))
            await eventually(lambda: len(axis.seen) == 1)
            await asyncio.sleep(0.5)
            second = asyncio.create_task(send(client, "b.pdf"))
            await eventually(lambda: len(axis.seen) == 2)
            axis.faults.silent = False
            assert {(await first).index, (await second).index} == {0, 1}

    shared_loop().run(run())
    assert axis.calls.count("Submit") == 2
    assert axis.seen[1][0] in axis.seen[2]


def test_unreachable_axis_is_reported_after_all_tries(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    shared_loop().run(axis.stop())
    with pytest.raises(ConnectionFailed, match="nothing listens there"):
        sender.send(document, [FILE], [RECIPIENT])


def test_axis_that_comes_back_is_found_again(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    sender.send(document, [FILE], [RECIPIENT])
    shared_loop().run(axis.stop())
    shared_loop().run(axis.start())
    assert sender.send(document, [FILE], [RECIPIENT]).index == 1


def test_closed_client_says_so(axis: ScriptedAxis, sender: Client, document: Document) -> None:
    sender.send(document, [FILE], [RECIPIENT])
    sender.close()
    with pytest.raises(Closed):
        sender.send(document, [FILE], [RECIPIENT])
    with pytest.raises(Closed):
        sender.checkpoint()


def test_profile_object_and_acting_for_another_body(axis: ScriptedAxis, document: Document) -> None:
    profile = Profile.load(axis.profile(SENDER))
    signer = axis.pki.organisation(SENDER).signer()
    with Client(profile, signer=signer, clock=lambda: axis.pki.now) as client:
        client.send(document, [FILE], [RECIPIENT], sender=OTHER)
    assert load_manifest(axis.seen[0][0]).sender == OrganId(OTHER)
