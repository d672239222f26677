"""The contract of file signers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import TypeAlias, cast

import pytest

from lienthong.spi import FileSigner, SignedFile, Signer, SigningOrder, TimeStamper
from lienthong_conformance.announcing import missing
from lienthong_conformance.file_signer_cases.orders import OrderCases
from lienthong_conformance.file_signer_cases.refusals import RefusalCases

HOOK = "lienthong_file_signer_factory"
FileSigning: TypeAlias = Callable[..., tuple[bytes, SignedFile]]
"""Signs a content by an order: ``(content, order, signer, stamper=None)``."""


class FileSignerContract(OrderCases, RefusalCases):
    """Inherit it, name the plugin module and its media type, override the fixtures::

    class TestAcmeFiles(FileSignerContract):
        plugin = lienthong_files_acme
        media_type = "application/x-acme"

        @pytest.fixture
        def document(self):
            return b"an unsigned file"

        @pytest.fixture
        def judge(self):
            return lambda content: [acme.verify(one) for one in acme.signatures(content)]
    """

    plugin: ModuleType
    """The module that the entry point names."""

    media_type: str
    """What it signs."""

    @pytest.fixture
    def document(self) -> bytes:
        """An unsigned file of the media type."""
        missing("the fixture document: an unsigned file of the media type")

    @pytest.fixture
    def judge(self) -> Callable[[bytes], Sequence[bool]]:
        """Says of each signature in a file, in order, whether it is intact; by other code."""
        missing("the fixture judge: whether each signature in a file is intact")

    @pytest.fixture
    def file_signer(self, document: bytes) -> Iterator[FileSigner]:
        """The plugin's signer, closed in the end."""
        del document  # whose absence is told before that of the plugin
        factory = getattr(self.plugin, HOOK)(media_type=self.media_type)
        if not callable(factory):
            pytest.fail(f"{self.plugin.__name__}.{HOOK} offers nothing for {self.media_type}")
        opened = cast("FileSigner", factory(self.media_type))
        yield opened
        opened.close()

    @pytest.fixture
    def sign(self, file_signer: FileSigner) -> FileSigning:
        """Sign a content held in memory."""

        def sign(
            content: bytes,
            order: SigningOrder,
            signer: Signer,
            stamper: TimeStamper | None = None,
        ) -> tuple[bytes, SignedFile]:
            source, target = io.BytesIO(content), io.BytesIO()
            try:
                signed = file_signer.sign(source, target, order, signer, stamper)
            finally:
                assert source.getvalue() == content
            return target.getvalue(), signed

        return sign
