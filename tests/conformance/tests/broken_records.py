"""Record stores that are each wrong in one way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from attrs import evolve

from lienthong.spi import ReadView, RecordStore, WriteTransaction
from lienthong.spi.records import (
    CheckpointRow,
    DeliveryRow,
    Head,
    JournalRow,
    LawRow,
    OrganisationRow,
    PackageRow,
    StampRow,
    StatementRow,
)
from lienthong.testing.following import Following
from lienthong.testing.planted import AllotsIndexesEarly, Broken
from lienthong.testing.store import (
    MemoryMedium,
    MemoryReadView,
    MemoryRecords,
    MemoryWriteTransaction,
)


class KeepsWhatWasRolledBack(Broken):
    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        with self._turn:
            yield MemoryWriteTransaction(self.medium.records)


class RollsBackUntilReopened(Broken):
    """Rolls back in memory, but has written to the medium."""

    def __init__(self, medium: MemoryMedium) -> None:
        super().__init__(medium)
        self._visible = medium.records.copy()

    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        yield MemoryWriteTransaction(self.medium.records)
        self._visible = self.medium.records.copy()

    @contextmanager
    def read(self) -> Iterator[ReadView]:
        yield MemoryReadView(self._visible)


class ForgetsOnClosing(Broken):
    def close(self) -> None:
        super().close()
        self.medium.records = MemoryRecords()


class LosesUpdates(Broken):
    class transaction(MemoryWriteTransaction):
        def put_deliveries(self, rows: Sequence[DeliveryRow]) -> None:
            for row in rows:
                self._records.deliveries.setdefault((row.package_id, row.recipient), row)


class GivesAnyDeliveryOfThePackage(Broken):
    class look(MemoryReadView):
        def delivery(self, package_id: bytes, recipient: str) -> DeliveryRow | None:
            return next(iter(self.deliveries(package_id)), None)


class FeedOffByOne(Broken):
    class look(MemoryReadView):
        def feed(self, organ_id: str, start: int, limit: int) -> Sequence[JournalRow]:
            return super().feed(organ_id, start + 1, limit)


class FeedMissesTheLast(Broken):
    class look(MemoryReadView):
        def feed(self, organ_id: str, start: int, limit: int) -> Sequence[JournalRow]:
            return super().feed(organ_id, start, 10_000)[:-1][:limit]


class FeedMatchesPrefixes(Broken):
    class look(MemoryReadView):
        def feed(self, organ_id: str, start: int, limit: int) -> Sequence[JournalRow]:
            rows = self.journal(start, 10_000)
            return [r for r in rows if any(p.startswith(organ_id) for p in r.parties)][:limit]


class FeedIgnoresCase(Broken):
    class look(MemoryReadView):
        def feed(self, organ_id: str, start: int, limit: int) -> Sequence[JournalRow]:
            rows = self.journal(start, 10_000)
            return [r for r in rows if organ_id.upper() in {p.upper() for p in r.parties}][:limit]


class SortsProofs(Broken):
    class look(MemoryReadView):
        def journal(self, start: int, limit: int) -> Sequence[JournalRow]:
            return [evolve(r, proof=tuple(sorted(r.proof))) for r in super().journal(start, limit)]


class ForgetsTheOrderOfTheFrontier(Broken):
    class look(MemoryReadView):
        def head(self) -> Head:
            head = super().head()
            return evolve(head, frontier=head.frontier[::-1])


class RepeatsTheLastOfThePageBefore(Broken):
    class look(MemoryReadView):
        def list_deliveries(
            self,
            organ_id: str,
            *,
            incoming: bool,
            states: Sequence[str],
            before: tuple[int, bytes, str] | None,
            limit: int,
        ) -> Sequence[DeliveryRow]:
            if before:
                before = (before[0], before[1], before[2] + "\0")
            return super().list_deliveries(
                organ_id, incoming=incoming, states=states, before=before, limit=limit
            )


class ListsByIndexOnly(Broken):
    """Goes on before the last index, and so skips what shares it."""

    class look(MemoryReadView):
        def list_deliveries(
            self,
            organ_id: str,
            *,
            incoming: bool,
            states: Sequence[str],
            before: tuple[int, bytes, str] | None,
            limit: int,
        ) -> Sequence[DeliveryRow]:
            return super().list_deliveries(
                organ_id,
                incoming=incoming,
                states=states,
                before=before and (before[0], b"", ""),
                limit=limit,
            )


class ShowsLaterCommits(Broken):
    """Its looks read whatever is there at the moment of each call."""

    @contextmanager
    def read(self) -> Iterator[ReadView]:
        self._check_open()

        class Moving(MemoryReadView):
            @property
            def _records(view) -> MemoryRecords:
                return self.medium.records

        yield Moving(self.medium.records)


class ShowsWhatIsNotCommitted(Broken):
    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        with self._turn:
            before = self.medium.records
            self.medium.records = before.copy()
            try:
                yield MemoryWriteTransaction(self.medium.records)
            except BaseException:
                self.medium.records = before
                raise


class OverwritesEntries(Broken):
    class transaction(MemoryWriteTransaction):
        def add_journal(self, rows: Sequence[JournalRow]) -> None:
            self._records.journal.update({row.index: row for row in rows})


class OverwritesStatements(Broken):
    class transaction(MemoryWriteTransaction):
        def add_statement(self, row: StatementRow) -> None:
            self._records.statements[row.statement_id] = row


class CommitsHalfATransaction(Broken):
    """Forgets that a call has failed."""

    class transaction(MemoryWriteTransaction):
        def end(self) -> None:
            self.failure = None
            super().end()


class KnowsTheFirstCheckpointOnly(Broken):
    class look(MemoryReadView):
        def checkpoint(self, size: int | None = None) -> CheckpointRow | None:
            known = self._records.checkpoints
            return known.get(min(known, default=0) if size is None else size)


class ListsOrganisationsOfTheVersionAgain(Broken):
    class look(MemoryReadView):
        def organisations(self, since_version: int, limit: int) -> Sequence[OrganisationRow]:
            return super().organisations(since_version - 1, limit)


class LetsTwoIn(Broken):
    def __init__(self, medium: MemoryMedium) -> None:
        medium.in_use = False
        super().__init__(medium)


class LetsTwoWritersIn(Broken):
    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        records = self.medium.records.copy()
        yield MemoryWriteTransaction(records)
        self.medium.records = records


class ReadersWait(Broken):
    @contextmanager
    def read(self) -> Iterator[ReadView]:
        if not self._turn.acquire(timeout=2):
            raise TimeoutError
        try:
            with super().read() as view:
                yield view
        finally:
            self._turn.release()


class KeepsLookingAfterTheEnd(Broken):
    class look(MemoryReadView):
        def end(self) -> None:
            pass


class AllotsEarly(Broken):
    """Numbers entries before it is their turn; see ``AllotsIndexesEarly``."""

    def __init__(self, medium: MemoryMedium) -> None:
        super().__init__(medium)
        size = Following().batch_size
        self._early = AllotsIndexesEarly(
            cast("RecordStore", super()), batch_size=size, pause_seconds=0.005
        )

    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        with self._early.write() as transaction:
            yield transaction


class OverwritingTransaction(MemoryWriteTransaction):
    def add_contents(self, contents: Sequence[tuple[bytes, bytes]]) -> None:
        self._records.contents.update(contents)


class OverwritesSmallFiles(Broken):
    transaction = OverwritingTransaction


class EveryFollowersLook(MemoryReadView):
    def followers(self, package_id: bytes) -> Sequence[PackageRow]:
        packages = self._records.packages.values()
        return [row for row in packages if row.target_package_id == package_id]


class FindsFollowersOfNothing(Broken):
    look = EveryFollowersLook


LISTING = "test_deliveries_are_listed_newest_first_without_gap_or_repetition"


class DropsWhatAPackageNames(Broken):
    class transaction(MemoryWriteTransaction):
        def drop_possession(self, organ_id: str, sha256: bytes, before_us: int) -> bool:
            self._records.unused_since.setdefault((organ_id, sha256), 0)
            return super().drop_possession(organ_id, sha256, before_us)


class DropsForAll(Broken):
    class transaction(MemoryWriteTransaction):
        def drop_possession(self, organ_id: str, sha256: bytes, before_us: int) -> bool:
            super().drop_possession(organ_id, sha256, before_us)
            return False


class WatchesWhatIsNotToBeLookedAt(Broken):
    class look(MemoryReadView):
        def watched_deliveries(
            self, before_us: int, after: tuple[int, bytes, str] | None, limit: int
        ) -> Sequence[DeliveryRow]:
            return super().watched_deliveries(before_us + 1, after, limit)


class WatchesByInstantOnly(Broken):
    """Goes on after the last instant, and so skips what shares it."""

    class look(MemoryReadView):
        def watched_deliveries(
            self, before_us: int, after: tuple[int, bytes, str] | None, limit: int
        ) -> Sequence[DeliveryRow]:
            after = after and (after[0], b"\xff" * 17, "")
            return super().watched_deliveries(before_us, after, limit)


class KeepsOneLawASubject(Broken):
    class transaction(MemoryWriteTransaction):
        def put_law(self, row: LawRow) -> None:
            self._records.laws[row.subject, row.organ_id, ""] = row


class ForgetsTheKindOfStamps(Broken):
    class look(MemoryReadView):
        def stamps(self, after: int, limit: int, kind: str = "") -> Sequence[StampRow]:
            return super().stamps(after, limit)


class FindsTheNewestStamp(Broken):
    """Gives the newest time-stamp in place of the first one that covers."""

    class look(MemoryReadView):
        def stamp_covering(self, size: int) -> StampRow | None:
            found = self.last_stamp("checkpoint")
            return found if found and found.size >= size else None


class KnowsTheLastEndOnly(Broken):
    class look(MemoryReadView):
        def stamps_end(self, after: int) -> int | None:
            found = self.stamps(after, 1_000)
            return found[-1].until_us if found else None


class OverwritesStamps(Broken):
    class transaction(MemoryWriteTransaction):
        def add_stamp(self, row: StampRow) -> None:
            self._records.stamps[row.number] = row


CAUGHT_BY: dict[Callable[[MemoryMedium], RecordStore], str] = {
    KeepsWhatWasRolledBack: "test_exception_rolls_everything_back",
    RollsBackUntilReopened: "test_rolled_back_stays_rolled_back",
    ForgetsOnClosing: "test_everything_is_read_back_after_reopening",
    LosesUpdates: "test_last_delivery_written_counts_and_others_stay",
    FeedOffByOne: "test_feed_shows_the_partys_entries_from_a_start",
    FeedMissesTheLast: "test_feed_in_pages_is_the_whole_feed",
    FeedMatchesPrefixes: "test_feed_never_shows_what_concerns_others",
    GivesAnyDeliveryOfThePackage: "test_everything_is_read_back_after_reopening",
    FeedIgnoresCase: "test_feed_never_shows_what_concerns_others",
    SortsProofs: "test_hashes_and_parties_keep_their_order",
    ForgetsTheOrderOfTheFrontier: "test_hashes_and_parties_keep_their_order",
    RepeatsTheLastOfThePageBefore: LISTING,
    ListsByIndexOnly: LISTING,
    ShowsLaterCommits: "test_open_look_never_changes",
    ShowsWhatIsNotCommitted: "test_nobody_sees_what_is_not_committed",
    OverwritesEntries: "test_key_that_is_taken_is_refused",
    OverwritesStatements: "test_key_that_is_taken_is_refused",
    CommitsHalfATransaction: "test_block_in_which_a_call_failed_never_commits",
    KnowsTheFirstCheckpointOnly: "test_checkpoint_is_the_newest_or_the_one_asked_for",
    ListsOrganisationsOfTheVersionAgain: (
        "test_directory_rows_are_replaced_and_listed_since_a_version"
    ),
    LetsTwoIn: "test_second_opener_is_treated_as_declared",
    LetsTwoWritersIn: "test_writers_take_turns",
    ReadersWait: "test_readers_never_wait_for_the_writer",
    KeepsLookingAfterTheEnd: "test_ended_look_and_transaction_refuse_every_call",
    OverwritesSmallFiles: "test_small_files_are_kept_and_never_overwritten",
    FindsFollowersOfNothing: "test_followers_name_exactly_this_package",
    DropsWhatAPackageNames: "test_what_a_package_names_never_waits_again",
    DropsForAll: "test_only_what_waits_long_enough_is_dropped",
    WatchesWhatIsNotToBeLookedAt: "test_watched_deliveries_are_paged_earliest_first",
    WatchesByInstantOnly: "test_watched_deliveries_are_paged_earliest_first",
    ForgetsTheKindOfStamps: "test_stamps_are_read_back_in_order_by_kind",
    FindsTheNewestStamp: "test_first_stamp_that_covers_a_size_is_found",
    KnowsTheLastEndOnly: "test_first_end_of_later_stamps_is_told",
    OverwritesStamps: "test_stamp_with_a_number_that_is_taken_is_refused",
    KeepsOneLawASubject: "test_laws_are_replaced_by_organisation_and_name",
    AllotsEarly: "test_followers_never_miss_an_entry",
}
