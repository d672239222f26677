"""Axes and documents for measuring."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from lienthong.client import FileSource, Sending
from lienthong.model.document import Document, DocumentSigner
from lienthong.model.ids import DocumentNumber, OrganId
from lienthong.model.kinds import DocumentKind
from lienthong_node.certificates import KeyKind
from lienthong_node.local import LocalAxis

SENDER: Final = "000.00.00.H53"
RECIPIENT: Final = "000.00.13.H53"
AGENCIES: Final = {SENDER: "UBND tỉnh Tây Ninh", RECIPIENT: "Sở Thông tin và Truyền thông"}

GARBAGE_THRESHOLD: Final = 50_000
"""Objects made between two looks for cycles, as in the node."""


def spare_garbage() -> None:
    """What the process has now is not searched for cycles again, and the rest less often.

    The node does so when it has started; a program that moves many documents should, too.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)


def make_axis(folder: Path, key: KeyKind = KeyKind.P256, others: Sequence[str] = ()) -> LocalAxis:
    """An axis that does not keep its callers from going as fast as they can."""
    return LocalAxis.create(
        folder,
        AGENCIES | {code: f"Đơn vị {code}" for code in others},
        key=key,
        disk_reserve_bytes=0,
        burst=1_000_000,
        requests_per_second=100_000,
    )


def make_document(number: int) -> Document:
    """A decision with a number of its own."""
    return Document(
        issuer_code=OrganId(SENDER),
        issuer_name=AGENCIES[SENDER],
        number=DocumentNumber.parse(f"{number + 1:02d}/2026/QĐ-UBND"),
        issued_date=date(2026, 11, 20),
        kind=DocumentKind.QUYET_DINH,
        subject="Văn bản đo hiệu năng",
        signer=DocumentSigner(full_name="Chủ tịch", position="Chủ tịch"),
    )


def make_sending(number: int, size: int, recipients: Sequence[str] = (RECIPIENT,)) -> Sending:
    """A document whose file has *size* bytes like no other file."""
    content = number.to_bytes(8, "big") + os.urandom(max(size - 8, 1))
    return Sending(
        document=make_document(number),
        files=[FileSource.of_bytes("van-ban.pdf", content)],
        recipients=recipients,
    )
