"""Reasons in Vietnamese: no English between the words, unless as a quotation."""

from __future__ import annotations

import pytest

from lienthong.errors import ChainUntrusted, Malformed
from lienthong.spi import Outcome
from lienthong_verifier_pdf.phrases import vietnamese
from lienthong_verifier_pdf.words import REASONS, Findings
from plugins.verifiers.pdf.tests.judged import english_in


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("it is encrypted", "tệp bị mã hóa"),
        ("FORM_FILLING", "điền biểu mẫu hoặc thêm chữ ký"),
        ("more than it permits: OTHER", "vượt quá mức cho phép: thay đổi khác"),
        ("the file is cut off: 9 bytes were signed, 7 are there", "đã ký 9 byte, chỉ còn 7"),
        ("md5", "md5"),
        (Malformed(what="a PDF file", reason="it is encrypted"), "không đọc được tệp PDF: tệp bị"),
        (ChainUntrusted(subject="CN=An the Great", reason="no path was found"), "CN=An the Great"),
    ],
)
def test_words_of_ours_are_told_in_vietnamese(said: object, told: str) -> None:
    assert told in vietnamese(said)
    assert "nguyên văn" not in vietnamese(said)


@pytest.mark.parametrize("said", ["PdfReadError: it is odd", Malformed(what="x y", reason="is z")])
def test_words_of_libraries_are_quoted(said: object) -> None:
    assert "nguyên văn “" in vietnamese(said)
    assert not english_in(vietnamese(said))


def test_reason_that_mixes_both_is_noticed() -> None:
    assert english_in("không đọc được: the file is cut off")
    assert not any(english_in(reason) for _, reason in REASONS.values())


def test_names_are_left_as_they_are() -> None:
    findings = Findings()
    findings.add("x", Outcome.PASSED, "role_from_certificate", role="AGENCY", part="UBND of the X")
    assert findings.checks[0].reason == "AGENCY, by the certificate: UBND of the X"
    assert findings.checks[0].reason_vi == "cơ quan, theo chứng thư: UBND of the X"
