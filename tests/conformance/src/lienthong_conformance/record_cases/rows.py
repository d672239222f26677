"""What was written is read back as it was."""

from __future__ import annotations

import pytest
from attrs import evolve

from lienthong.spi import RecordStore
from lienthong.spi.records import (
    CheckpointRow,
    CredentialRow,
    DeadlineRow,
    FileRow,
    Head,
    JudgementRow,
    LawRow,
    TileRow,
)
from lienthong.testing.samples import (
    RECIPIENT,
    SENDER,
    delivery_row,
    journal_row,
    organisation_row,
    package_id,
    package_row,
    sha256,
    statement_row,
)
from lienthong_conformance.record_cases.steps import Opener, append, put

HASHES = tuple(sha256(str(number)) for number in range(40))
HOSTILE = "Sở TT&TT'; DROP TABLE journal;-- \"\\\n\t ệ 𝄞 e\u0323\u0302 \u202e"
LARGEST = 2**63 - 1
LAW = LawRow(subject="calendar", organ_id="", name="vietnam", version=3, body=b"# l\xe1\xbb\x8bch")
JUDGED = delivery_row(
    1,
    deadlines=(
        DeadlineRow(kind="TAKEN", since_us=1, due_us=9, warn_us=5, provisional=True),
        DeadlineRow(
            kind=HOSTILE,
            since_us=-LARGEST,
            due_us=LARGEST,
            warn_us=0,
            stage="OVERDUE",
            rule_set=HOSTILE,
            calendar="vietnam@0",
        ),
    ),
    look_us=LARGEST,
    paper=JudgementRow(value="E_ONLY", rows=(9,), rule_set=HOSTILE),
    legal_value=JudgementRow(value=HOSTILE, rows=(), rule_set="", by_axis=True),
)


class RowCases:
    """Cases about single rows."""

    @pytest.mark.requirement("REC-10")
    def test_everything_is_read_back_after_reopening(self, opener: Opener) -> None:
        store = opener()
        head = Head(size=1, recorded_us=7, directory_version=3, frontier=HASHES[:9])
        credential = CredentialRow(fingerprint=HASHES[0], organ_id=SENDER, version=2, body=b"{}")
        tile = TileRow(level=1, index=2, hashes=b"".join(HASHES), root=HASHES[3])
        with store.write() as transaction:
            transaction.add_journal([journal_row(0)])
            transaction.set_head(head)
            transaction.add_checkpoint(CheckpointRow(size=1, note="origin\n1\nroot\n"))
            transaction.add_tiles([tile])
            transaction.add_package(package_row(0))
            transaction.put_deliveries([delivery_row(0), JUDGED])
            transaction.add_statement(statement_row(0))
            transaction.add_possession(SENDER, HASHES[1], 12)
            transaction.put_organisation(organisation_row(SENDER, 1))
            transaction.put_credential(credential)
            transaction.put_law(LAW)
        store.close()
        with opener().read() as view:
            assert view.head() == head
            assert list(view.journal(0, 9)) == [journal_row(0)]
            assert view.checkpoint() == CheckpointRow(size=1, note="origin\n1\nroot\n")
            assert view.tile(1, 2) == tile
            assert view.package(package_id(0)) == package_row(0)
            assert list(view.deliveries(package_id(0))) == [delivery_row(0)]
            assert view.delivery(package_id(0), RECIPIENT) == delivery_row(0)
            assert view.delivery(package_id(0), SENDER) is None
            assert view.delivery(package_id(1), RECIPIENT) == JUDGED
            assert view.statement(statement_row(0).statement_id) == statement_row(0)
            assert view.possession(SENDER, HASHES[1]) == 12
            assert list(view.organisations(0, 9)) == [organisation_row(SENDER, 1)]
            assert list(view.credentials()) == [credential]
            assert list(view.laws()) == [LAW]

    @pytest.mark.requirement("REC-11")
    def test_hostile_texts_and_bytes_are_kept_verbatim(self, store: RecordStore) -> None:
        entry = journal_row(0, entry=bytes(range(256)) * 9, envelope=b"", parties=(SENDER,))
        file = FileRow(sha256=HASHES[0], size=LARGEST, name=HOSTILE, role=HOSTILE)
        package = package_row(0, kind=HOSTILE, target_package_id=b"\0" * 16, files=(file, file))
        delivery = delivery_row(0, subject=HOSTILE, number=HOSTILE, pending_package_id=b"\xff" * 16)
        statement = statement_row(0, event=HOSTILE, index=LARGEST)
        organisation = organisation_row(SENDER, 1, bytes(range(256)))
        with store.write() as transaction:
            transaction.add_journal([entry])
            transaction.add_package(package)
            transaction.put_deliveries([delivery])
            transaction.add_statement(statement)
            transaction.put_organisation(organisation)
            transaction.add_checkpoint(CheckpointRow(size=LARGEST, note=HOSTILE))
        with store.read() as view:
            assert list(view.journal(0, 9)) == [entry]
            assert view.package(package_id(0)) == package
            assert list(view.deliveries(package_id(0))) == [delivery]
            assert list(view.statements(package_id(0), RECIPIENT)) == [statement]
            assert list(view.organisations(0, 9)) == [organisation]
            assert view.checkpoint(LARGEST) == CheckpointRow(size=LARGEST, note=HOSTILE)

    @pytest.mark.requirement("REC-12")
    def test_hashes_and_parties_keep_their_order(self, store: RecordStore) -> None:
        parties = ("H53", "A12.3", "H53.1", "B1")
        rows = [
            journal_row(0, proof=HASHES[20::-1], parties=parties),
            journal_row(1, proof=HASHES, parties=parties[::-1]),
            journal_row(2, proof=(), parties=()),
        ]
        with store.write() as transaction:
            transaction.add_journal(rows)
            transaction.set_head(Head(size=3, frontier=HASHES[10::-1]))
        with store.read() as view:
            assert list(view.journal(0, 9)) == rows
            assert view.head().frontier == HASHES[10::-1]

    @pytest.mark.requirement("REC-13")
    def test_envelope_of_a_mebibyte_is_kept(self, store: RecordStore) -> None:
        row = journal_row(0, envelope=bytes(range(256)) * 4_096)
        append(store, row)
        with store.read() as view:
            assert list(view.feed(SENDER, 0, 1)) == [row]

    @pytest.mark.requirement("REC-14")
    def test_last_delivery_written_counts_and_others_stay(self, store: RecordStore) -> None:
        other = delivery_row(1, recipient="H05")
        put(store, delivery_row(1), other)
        put(store, delivery_row(1, state="ARRIVED", updated_index=7))
        last = delivery_row(1, state="REFUSED", updated_index=9, has_lead=True)
        put(store, delivery_row(1, state="ACCEPTED", updated_index=8), last)
        with store.read() as view:
            assert list(view.deliveries(package_id(1))) == [last, other]

    @pytest.mark.requirement("REC-15")
    def test_deliveries_of_a_package_are_ordered_by_recipient(self, store: RecordStore) -> None:
        organs = ["H05.2", "A1", "H05", "H05.10", "G22"]
        put(store, *(delivery_row(1, recipient=organ) for organ in organs))
        put(store, delivery_row(2, recipient="A0"))
        with store.read() as view:
            found = [row.recipient for row in view.deliveries(package_id(1))]
        assert found == sorted(organs)

    @pytest.mark.requirement("REC-16")
    def test_statements_belong_to_one_delivery_in_index_order(self, store: RecordStore) -> None:
        def statement(number: int, index: int, recipient: str = RECIPIENT) -> None:
            row = statement_row(number, package_id=package_id(1), recipient=recipient, index=index)
            transaction.add_statement(row)

        with store.write() as transaction:
            statement(1, 30)
            statement(2, 10)
            statement(3, 20, recipient="H05")
            statement(4, 20)
            transaction.add_statement(statement_row(5, package_id=package_id(2), index=5))
        with store.read() as view:
            found = [row.index for row in view.statements(package_id(1), RECIPIENT)]
        assert found == [10, 20, 30]

    @pytest.mark.requirement("REC-17")
    def test_possession_is_each_organisations_own(self, store: RecordStore) -> None:
        with store.write() as transaction:
            transaction.add_possession(SENDER, HASHES[0], 12)
            transaction.add_possession(SENDER, HASHES[0], 12)
        with store.write() as transaction:
            transaction.add_possession(SENDER, HASHES[0], 12)
            assert transaction.possession(SENDER, HASHES[0]) == 12
        with store.read() as view:
            assert view.possession(SENDER, HASHES[0]) == 12
            assert view.possession(RECIPIENT, HASHES[0]) is None
            assert view.possession(SENDER, HASHES[1]) is None

    @pytest.mark.requirement("REC-39")
    def test_a_file_waits_until_a_package_names_it(self, opener: Opener) -> None:
        store = opener()
        with store.write() as transaction:
            for at, (organ, sha256) in enumerate([(SENDER, HASHES[1]), (RECIPIENT, HASHES[0])]):
                transaction.add_possession(organ, sha256, 5, 20 - at)
            transaction.add_possession(SENDER, HASHES[2], 7, 30)
            transaction.add_possession(SENDER, HASHES[3], 9)
        store.close()
        with opener().read() as view:
            assert (view.unused_bytes(SENDER), view.unused_bytes(RECIPIENT)) == (12, 5)
            found = [
                (row.organ_id, row.sha256, row.unused_since_us) for row in view.unused_files(30, 9)
            ]
            assert found == [(RECIPIENT, HASHES[0], 19), (SENDER, HASHES[1], 20)]
            assert len(view.unused_files(31, 9)) == 3
            assert len(view.unused_files(31, 1)) == 1

    @pytest.mark.requirement("REC-61")
    def test_what_a_package_names_never_waits_again(self, store: RecordStore) -> None:
        with store.write() as transaction:
            transaction.add_possession(SENDER, HASHES[0], 5, 10)
            transaction.add_possession(SENDER, HASHES[0], 5)
            transaction.add_possession(SENDER, HASHES[0], 5, 20)
            transaction.add_possession(SENDER, HASHES[1], 5, 20)
            transaction.add_possession(SENDER, HASHES[1], 5, 10)
            assert [row.unused_since_us for row in transaction.unused_files(99, 9)] == [20]
            assert transaction.drop_possession(SENDER, HASHES[0], 99)
            assert transaction.possession(SENDER, HASHES[0]) == 5

    @pytest.mark.requirement("REC-62")
    def test_only_what_waits_long_enough_is_dropped(self, store: RecordStore) -> None:
        with store.write() as transaction:
            transaction.add_possession(SENDER, HASHES[0], 5, 10)
            transaction.add_possession(RECIPIENT, HASHES[0], 5, 20)
            assert transaction.drop_possession(SENDER, HASHES[0], 10)
            assert transaction.possession(SENDER, HASHES[0]) == 5
            assert transaction.drop_possession(SENDER, HASHES[0], 11)
            assert transaction.possession(SENDER, HASHES[0]) is None
            assert transaction.possession(RECIPIENT, HASHES[0]) == 5
            assert not transaction.drop_possession(RECIPIENT, HASHES[0], 99)
            assert not transaction.drop_possession(RECIPIENT, HASHES[0], 99)
            assert transaction.unused_bytes(SENDER) == 0

    @pytest.mark.requirement("REC-37")
    def test_small_files_are_kept_and_never_overwritten(self, opener: Opener) -> None:
        store = opener()
        contents = [(HASHES[0], b""), (HASHES[1], bytes(range(256)) * 1024)]
        with store.write() as transaction:
            transaction.add_contents(contents)
            transaction.add_contents([(HASHES[1], b"another"), (HASHES[2], b"x")])
            assert transaction.content(HASHES[0]) == b""
        store.close()
        with opener().read() as view:
            assert [view.content(sha256) for sha256, _ in contents] == [c for _, c in contents]
            assert view.content(HASHES[2]) == b"x"
            assert view.content(HASHES[3]) is None

    @pytest.mark.requirement("REC-38")
    def test_followers_name_exactly_this_package(self, store: RecordStore) -> None:
        targets = {5: b"a" * 16, 3: b"a" * 16, 4: b"b" * 16, 6: b"", 7: b"A" * 16}
        with store.write() as transaction:
            for number, target in targets.items():
                row = package_row(number, target_package_id=target, index=number)
                transaction.add_package(row)
        with store.read() as view:
            assert [row.index for row in view.followers(b"a" * 16)] == [3, 5]
            assert list(view.followers(b"")) == []
            assert list(view.followers(b"c" * 16)) == []

    @pytest.mark.requirement("REC-18")
    def test_checkpoint_is_the_newest_or_the_one_asked_for(self, store: RecordStore) -> None:
        for size in (3, 70, 500):
            with store.write() as transaction:
                transaction.add_checkpoint(CheckpointRow(size=size, note=f"note {size}"))
        with store.read() as view:
            assert view.checkpoint() == CheckpointRow(size=500, note="note 500")
            assert view.checkpoint(70) == CheckpointRow(size=70, note="note 70")
            assert view.checkpoint(71) is None

    @pytest.mark.requirement("REC-19")
    def test_directory_rows_are_replaced_and_listed_since_a_version(
        self, store: RecordStore
    ) -> None:
        def credential(name: str, version: int) -> CredentialRow:
            return CredentialRow(
                fingerprint=sha256(name), organ_id=SENDER, version=version, body=name.encode()
            )

        with store.write() as transaction:
            for organ, version in (("H05", 1), ("H53", 2), ("A1", 2), ("B1", 3)):
                transaction.put_organisation(organisation_row(organ, version))
            transaction.put_credential(credential("a", 1))
            transaction.put_credential(credential("b", 2))
        with store.write() as transaction:
            transaction.put_organisation(organisation_row("H05", 4, b"renamed"))
            transaction.put_credential(credential("a", 4))
        with store.read() as view:
            organs = [(row.organ_id, row.version) for row in view.organisations(1, 9)]
            assert organs == [("A1", 2), ("H53", 2), ("B1", 3), ("H05", 4)]
            assert list(view.organisations(3, 9)) == [organisation_row("H05", 4, b"renamed")]
            assert [row.organ_id for row in view.organisations(0, 3)] == ["A1", "H53", "B1"]
            assert list(view.credentials(2)) == [credential("a", 4)]
            assert list(view.credentials()) == [credential("b", 2), credential("a", 4)]

    @pytest.mark.requirement("REC-64")
    def test_laws_are_replaced_by_organisation_and_name(self, store: RecordStore) -> None:
        def law(organ: str, name: str, version: int) -> LawRow:
            return evolve(LAW, organ_id=organ, name=name, version=version)

        first = [law("", "vietnam", 1), law("H05", "vietnam", 2), law("", "other", 2)]
        changed = [law("", "vietnam", 4), evolve(LAW, subject="rule_set", version=4)]
        with store.write() as transaction:
            for row in first:
                transaction.put_law(row)
        with store.write() as transaction:
            for row in changed[::-1]:
                transaction.put_law(row)
        with store.read() as view:
            assert list(view.laws()) == [first[2], first[1], *changed]
            assert list(view.laws(2)) == changed
            assert list(view.laws(4)) == []
