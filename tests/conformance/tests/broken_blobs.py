"""Blob stores that are each wrong in one way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from lienthong.spi import BlobStore, Staging
from lienthong.testing.blobs import BlobMedium, MemoryBlobStore, MemoryStaging, MemoryUpload


class Broken(MemoryBlobStore):
    """A memory store whose uploads can be replaced."""

    staging: type[MemoryStaging] = MemoryStaging

    def stage(self, key: str) -> Staging:
        super().stage(key)
        return self.staging(self, key)


class PublishesWithoutHashing(Broken):
    class staging(MemoryStaging):
        def publish(self, sha256: bytes, size: int) -> None:
            content = self._upload.content
            super().publish(hashlib.sha256(content).digest(), size)
            self._store.medium.contents[sha256] = content


class PublishesWithoutMeasuring(Broken):
    class staging(MemoryStaging):
        def publish(self, sha256: bytes, size: int) -> None:
            super().publish(sha256, len(self._upload.content))


class IsVisibleBeforePublication(Broken):
    class staging(MemoryStaging):
        def write(self, chunk: bytes) -> None:
            super().write(chunk)
            content = self._upload.content
            self._store.medium.contents[hashlib.sha256(content).digest()] = content


class ResumesAtTheWrongOffset(Broken):
    class staging(MemoryStaging):
        def __init__(self, store: MemoryBlobStore, key: str) -> None:
            super().__init__(store, key)
            self.offset = max(0, self.offset - 1)


class LosesWhatWasStaged(Broken):
    class staging(MemoryStaging):
        def suspend(self) -> None:
            self._upload.content = b""
            super().suspend()


class KeepsWhatWasRefused(Broken):
    class staging(MemoryStaging):
        def publish(self, sha256: bytes, size: int) -> None:
            upload = self._upload
            try:
                super().publish(sha256, size)
            except Exception:
                self._store.medium.uploads[self._key] = upload
                raise


class MixesUploads(Broken):
    class staging(MemoryStaging):
        def __init__(self, store: MemoryBlobStore, key: str) -> None:
            super().__init__(store, key)
            self._upload = store.medium.uploads.setdefault("0", MemoryUpload())


class GoesOnAfterTheEnd(Broken):
    class staging(MemoryStaging):
        def _check_open(self) -> None:
            pass


class OpensAKeyTwice(Broken):
    def stage(self, key: str) -> Staging:
        for upload in self.medium.uploads.values():
            upload.is_open = False
        return super().stage(key)


class AcceptsAnyKey(Broken):
    def stage(self, key: str) -> Staging:
        return MemoryStaging(self, key)


class StoresHalfABatch(Broken):
    def put(self, contents: Sequence[tuple[bytes, bytes]]) -> None:
        for item in contents:
            super().put([item])


class DoesNotReadEverything(Broken):
    def read(self, sha256: bytes, offset: int = 0, length: int | None = None) -> bytes:
        return super().read(sha256, 0)[offset : None if length is None else length]


class HidesDamage(Broken):
    def read(self, sha256: bytes, offset: int = 0, length: int | None = None) -> bytes:
        size = self.size(sha256)
        if not size:
            return super().read(sha256, offset, length)
        content = super().read(sha256, 0, size - 1) + super().read(sha256, size - 1, 1)
        return content[offset:] if length is None else content[offset : offset + length]


class DropsOpenUploads(Broken):
    def drop_staging(self, *, idle_seconds: float) -> int:
        for upload in self.medium.uploads.values():
            upload.is_open = False
        return super().drop_staging(idle_seconds=idle_seconds)


class DropsBusyUploads(Broken):
    def drop_staging(self, *, idle_seconds: float) -> int:
        return super().drop_staging(idle_seconds=0)


class NeverForgets(Broken):
    def delete(self, sha256: bytes) -> None:
        pass


CAUGHT_BY: dict[Callable[[BlobMedium], BlobStore], str] = {
    PublishesWithoutHashing: "test_content_with_another_hash_is_dropped",
    PublishesWithoutMeasuring: "test_content_of_another_size_is_dropped",
    IsVisibleBeforePublication: "test_nothing_is_visible_before_publication",
    ResumesAtTheWrongOffset: "test_upload_goes_on_where_it_stopped",
    LosesWhatWasStaged: "test_upload_goes_on_after_any_cuts",
    KeepsWhatWasRefused: "test_content_with_another_hash_is_dropped",
    MixesUploads: "test_uploads_with_other_keys_do_not_touch_each_other",
    GoesOnAfterTheEnd: "test_ended_upload_refuses_every_call",
    OpensAKeyTwice: "test_upload_is_open_once_a_key",
    AcceptsAnyKey: "test_key_outside_the_alphabet_is_refused",
    StoresHalfABatch: "test_wrong_hash_lets_nothing_of_the_batch_be_seen",
    DoesNotReadEverything: "test_pieces",
    HidesDamage: "test_damage_is_found_by_reading_the_whole",
    DropsOpenUploads: "test_idle_uploads_are_dropped_and_open_ones_stay",
    DropsBusyUploads: "test_idle_uploads_are_dropped_and_open_ones_stay",
    NeverForgets: "test_deleted_content_is_gone_until_stored_again",
}
