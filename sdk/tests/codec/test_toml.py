"""``document.toml``: what a clerk writes, with faults named by file, key and line."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.codec.toml import document_template, dump_document, load_document
from lienthong.codec.toml_text import MAX_KEY_PARTS, MAX_TOML_BYTES, parse_toml
from lienthong.errors import (
    InvalidValue,
    LienthongError,
    Malformed,
    MissingField,
    NaiveTime,
    StateSecret,
    TooLarge,
    UnknownField,
)
from lienthong.model.document import Document
from lienthong.model.ids import DocumentNumber, OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.model.words import Authority, PaperBasis, RelationKind, Urgency
from lienthong.testing.strategies import documents

SMALL = """\
issuer_code = "H53.12"
issuer_name = "Ủy ban nhân dân tỉnh"
number = "05/QĐ-UBND"
issued_date = 2026-01-05
kind = "QUYET_DINH"
subject = "Kế hoạch"

[signer]
full_name = "Chánh Văn phòng"
position = "Chủ tịch"
"""


def changed(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new)


def test_reads_a_small_document() -> None:
    document = load_document(SMALL)
    assert document.number == DocumentNumber("05", "QĐ-UBND")
    assert document.issued_date == date(2026, 1, 5)
    assert document.kind is DocumentKind.QUYET_DINH
    assert document.signer.authority is Authority.DIRECT


def test_reads_everything() -> None:
    text = """
urgency = "Hỏa tốc"
urgent_at = 2026-01-05T14:00:00+07:00
reply_requested = true
due_date = "2026-01-20"
keywords = ["a", "b"]
to_places = ["Như Điều 3"]
page_amount = 3
issue_form = "E_AND_PAPER"
paper_basis = "LIST"
description = '''một
hai'''
"""
    tables = """
[extra]
"số hồ sơ" = "HS-1"
[[relations]]
kind = "thay thế"
organ_id = "h53.12"
number = "04/QĐ-UBND"
issued_date = 2025-11-01
[[relations]]
kind = "AMENDS"
organ_id = "H53.12"
number = "03/QĐ-UBND"
issued_date = 2025-10-01
document_code = "H53.12.2025.3"
[[response_for]]
organ_id = "H53.1"
number = "11/STC-NS"
issued_date = 2025-12-20
"""
    document = load_document(text + SMALL + tables)
    assert document.urgency is Urgency.HOA_TOC
    assert document.urgent_at == datetime(2026, 1, 5, 7, tzinfo=UTC)
    assert document.paper_basis is PaperBasis.LIST
    assert document.description == "một\nhai"
    assert [relation.kind for relation in document.relations] == [
        RelationKind.REPLACES,
        RelationKind.AMENDS,
    ]
    assert document.response_for[0].organ_id == OrganId("H53.1")
    assert document.extra == (("số hồ sơ", "HS-1"),)


@given(documents())
def test_round_trip(document: Document) -> None:
    assert load_document(dump_document(document)) == document


def test_the_template_loads_and_shows_every_field() -> None:
    template = document_template()
    document = load_document(template, issuer_code=OrganId("H53.12"), issuer_name="Sở")
    assert document.signer.authority is Authority.TM
    names = {item.name for item in attrs.fields(Document)} - {"secrecy"}
    for name in (*names, "delegation_id", "organ_id"):
        assert f"{name} = " in template or f"[{name}]" in template


def test_the_template_loads_with_every_line_in_use() -> None:
    lines = document_template().splitlines()
    used = [line.removeprefix("# ") if " = " in line or "# [" in line else line for line in lines]
    text = "\n".join(used)
    text = text.replace('"THUONG"', '"HOA_TOC"').replace('"E_ONLY"', '"E_AND_PAPER"')
    assert len(load_document(text).relations) == 1


def test_the_callers_organisation_is_the_issuer_unless_another_is_named() -> None:
    text = changed('issuer_code = "H53.12"\nissuer_name = "Ủy ban nhân dân tỉnh"\n', "")
    organ = OrganId("H53.1")
    document = load_document(text, issuer_code=organ, issuer_name="Sở Tài chính")
    assert (document.issuer_code, document.issuer_name) == (organ, "Sở Tài chính")
    assert load_document(SMALL, issuer_code=organ).issuer_code == OrganId("H53.12")
    with pytest.raises(MissingField, match="issuer_code"):
        load_document(text)


@pytest.mark.parametrize("join", [".", " . ", "\t."])
@pytest.mark.parametrize("part", ["a", "-", '"a"', "'a.b'", '"\\""'])
@pytest.mark.parametrize("around", ["{} = 1", "[{}]", "[[{}]]", "x = {{ y = {{ {} = 1 }} }}"])
def test_keys_that_take_long_to_read_are_refused_at_once(around: str, part: str, join: str) -> None:
    key = join.join([part] * (MAX_KEY_PARTS + 1))
    with pytest.raises(TooLarge, match=r"file\.toml line 2"):
        parse_toml(f"# first\n{around.format(key)}", "file.toml")
    with pytest.raises(TooLarge):
        parse_toml(around.format(join.join([part] * 100_000)), "file.toml")


def test_keys_and_texts_with_some_dots_are_read() -> None:
    parts = ["a"] * MAX_KEY_PARTS
    found = parse_toml(f"{'.'.join(parts)} = '1.2.3. Một. {'.' * 100} 1 . 2'", "file.toml")
    for part in parts:
        found = found[part]
    assert str(found).startswith("1.2.3.")


@pytest.mark.parametrize(
    "line",
    [
        'secrecy = "MAT"',
        'secrecy = "TOI_MAT"',
        'secrecy = "Tuyệt mật"',
        'do_mat = "Mật"',
        '"Độ mật" = "Tối mật"',
        "secrecy = true",
        "secrecy = 1",
        "secrecy = []",
        '"mức-độ-mật" = "A"',
    ],
)
def test_secrecy_marks_are_refused_before_anything_else(line: str) -> None:
    for text in (f"{line}\n{SMALL}", f"unknown = 1\nnumber = 5\n{line}\n"):
        with pytest.raises(StateSecret) as caught:
            load_document(text, "vb.toml")
        assert caught.value.facts["file"] == "vb.toml"
        assert caught.value.facts["line"] in {1, 3}


@pytest.mark.parametrize("line", ['secrecy = "NONE"', "secrecy = false", 'do_mat = "Không"'])
def test_the_word_for_not_secret_is_taken(line: str) -> None:
    assert load_document(f"{line}\n{SMALL}") == load_document(SMALL)


@pytest.mark.parametrize(
    ("old", "new", "key", "near", "line"),
    [
        ("subject", "subjct", "subjct", "subject", 6),
        ("number", "numbr", "numbr", "number", 3),
        ("position", "postion", "signer.postion", "position", 10),
        ("subject", "zzz", "zzz", "", 6),
        ("[signer]", "[signr]", "signr", "signer", 8),
    ],
)
def test_unknown_keys_come_with_the_nearest_one(
    old: str, new: str, key: str, near: str, line: int
) -> None:
    with pytest.raises(UnknownField) as caught:
        load_document(changed(old, new), "vb.toml")
    assert caught.value.facts["key"] == key
    assert caught.value.facts["nearest"] == near
    assert caught.value.facts["what"] == f"vb.toml line {line}"
    assert near in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "key", "line"),
    [
        ('"05/QĐ-UBND"', '"5/QĐ-UBND"', "number", 3),
        ('"05/QĐ-UBND"', "5", "number", 3),
        ("2026-01-05", '"05/01/2026"', "issued_date", 4),
        ("2026-01-05", "2026-01-05T00:00:00Z", "issued_date", 4),
        ('"QUYET_DINH"', '"quyet_dinhh"', "kind", 5),
        ('"QUYET_DINH"', "true", "kind", 5),
        ('"Kế hoạch"', f'"{"x" * 501}"', "subject", 6),
        ('"Kế hoạch"', '["Kế hoạch"]', "subject", 6),
        ('"Chủ tịch"', f'"{"x" * 101}"', "signer.position", 10),
        ('"H53.12"', '"H53,12"', "issuer_code", 1),
        ("subject", "keywords = 'a'\nsubject", "keywords", 6),
        ("subject", "keywords = [1]\nsubject", "keywords[0]", 6),
        ("subject", "page_amount = true\nsubject", "page_amount", 6),
        ("subject", "page_amount = 1000\nsubject", "page_amount", 6),
        ("subject", "reply_requested = 'true'\nsubject", "reply_requested", 6),
        ("subject", "urgent_at = 2026-01-05\nsubject", "urgent_at", 6),
        ("subject", "relations = 5\nsubject", "relations", 6),
        ("subject", "extra = {a = 1}\nsubject", "extra.a", 6),
        ("subject", "signed_at = 2026-01-05\nsubject", "signed_at", 6),
        ("2026-01-05", "2026-02-29", "issued_date", 4),
        ("2026-01-05", '"2026-04-31"', "issued_date", 4),
        ("subject", 'number = "06"\nsubject', "number", 6),
    ],
)
def test_faults_are_named_with_key_and_line(old: str, new: str, key: str, line: int | None) -> None:
    with pytest.raises(InvalidValue) as caught:
        load_document(changed(old, new), "vb.toml")
    assert caught.value.facts["key"] == key
    assert caught.value.facts["line"] == line
    assert str(caught.value).startswith("vb.toml" if line is None else f"vb.toml line {line}: ")


@pytest.mark.parametrize(
    "key",
    ["issuer_name", "number", "issued_date", "kind", "subject", "full_name", "position"],
)
def test_missing_keys_are_named(key: str) -> None:
    text = "\n".join(line for line in SMALL.splitlines() if not line.startswith(key))
    with pytest.raises(MissingField) as caught:
        load_document(text, "vb.toml")
    assert str(caught.value.facts["key"]).endswith(key)
    assert caught.value.facts["file"] == "vb.toml"


def test_a_missing_signer_is_named() -> None:
    with pytest.raises(MissingField, match=r"document\.toml: signer is missing"):
        load_document(SMALL.partition("[signer]")[0])


def test_faults_in_repeated_tables_are_found() -> None:
    table = '[[relations]]\nkind = "REPLACES"\norgan_id = "H53"\nissued_date = 2025-01-01\n'
    text = f'{SMALL}\n{table}number = "04/QĐ"\n\n{table}number = "4/QĐ"\n'
    with pytest.raises(InvalidValue) as caught:
        load_document(text)
    assert caught.value.facts["key"] == "relations[1].number"
    assert caught.value.facts["line"] == text.splitlines().index('number = "4/QĐ"') + 1
    with pytest.raises(MissingField, match=r"relations\[0\]\.kind"):
        load_document(f"{SMALL}\n[[relations]]\n")


def test_instants_have_a_zone() -> None:
    with pytest.raises(NaiveTime) as caught:
        load_document(changed("subject", "signed_at = 2026-01-05T08:00:00\nsubject"))
    assert caught.value.facts["key"] == "signed_at"


@pytest.mark.parametrize(
    "text", ["=", "a = ", "[a]\n[a]", '"a', "[a\n", "a = " + "[" * 5000, "a = '\0'"]
)
def test_what_is_no_toml_is_malformed(text: str) -> None:
    with pytest.raises(Malformed, match=r"vb\.toml"):
        load_document(text, "vb.toml")


def test_too_much_text_is_refused() -> None:
    with pytest.raises(TooLarge):
        load_document("#" * (MAX_TOML_BYTES + 1))


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for given_text in (text, SMALL + text, f"subject = {text}\n"):
        with contextlib.suppress(LienthongError):
            load_document(given_text)
