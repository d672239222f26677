"""Trust stores: what a folder says, and each way in which it can be wrong, with its line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.errors import (
    AlgorithmUnsupported,
    CertificateUnfit,
    ConfigInvalid,
    InputError,
    InvalidValue,
    LienthongError,
    Malformed,
    MissingField,
    TooLarge,
    UnknownField,
)
from lienthong.model.file_signature import SignatureKind
from lienthong.model.trust import TrustPurpose
from lienthong.pki.trust import MAX_FILE_BYTES, TrustEntry, dump_entry, load_trust_file
from lienthong.testing.pki import TestPKI
from lienthong.trust import TrustStore
from lienthong.trust.store import add_authority

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
PKI = TestPKI(NOW)

GOOD = """\
[[authority]]
file = "root.pem"
label = "CA chuyên dùng Chính phủ"
kind = "CHUYEN_DUNG"
purposes = ["FILES", "TIME_STAMPS"]
lists = ["http://crl.example.vn/root.crl"]

[fetching]
private_hosts = ["crl.noi-bo.example.vn"]
every_minutes = 20
"""


def write(folder: Path, content: str = GOOD) -> Path:
    (folder / "trust.toml").write_text(content, "utf-8")
    (folder / "root.pem").write_bytes(PKI.root.pem)
    return folder


def entry(**changed: object) -> TrustEntry:
    given: dict[str, object] = {
        "file": "ca.pem",
        "label": "CA",
        "kind": SignatureKind.CONG_CONG,
        "purposes": [TrustPurpose.FILES],
    }
    return TrustEntry(**{**given, **changed})  # type: ignore[arg-type]


def test_a_store_says_whom_to_trust_and_for_what(tmp_path: Path) -> None:
    store = TrustStore.load(write(tmp_path))
    (authority,) = store.trust.authorities
    assert authority.certificate == PKI.root.certificate
    assert authority.label == "CA chuyên dùng Chính phủ"
    assert authority.kind is SignatureKind.CHUYEN_DUNG
    assert authority.purposes == {TrustPurpose.FILES, TrustPurpose.TIME_STAMPS}
    assert store.file.authority[0].lists == ("http://crl.example.vn/root.crl",)
    assert store.file.fetching.private_hosts == ("crl.noi-bo.example.vn",)
    assert store.file.fetching.every_minutes == 20
    assert store.status_folder == tmp_path / "status"


def test_der_and_bundles_are_read(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "root.pem").write_bytes(PKI.root.certificate)
    assert len(TrustStore.load(tmp_path).trust.authorities) == 1
    (tmp_path / "root.pem").write_bytes(PKI.root.pem + PKI.intermediate.pem)
    with pytest.raises(InvalidValue, match="one certificate"):
        TrustStore.load(tmp_path)
    write(tmp_path, GOOD.replace("lists =", "# lists ="))
    (tmp_path / "root.pem").write_bytes(PKI.root.pem + PKI.intermediate.pem)
    assert len(TrustStore.load(tmp_path).trust.authorities) == 2


def test_an_authority_that_is_named_twice_has_both_purposes(tmp_path: Path) -> None:
    again = entry(
        file="root.pem",
        kind=SignatureKind.CHUYEN_DUNG,
        purposes=[TrustPurpose.ORGANISATIONS],
        lists=["http://crl.example.vn/another.crl"],
    )
    write(tmp_path, GOOD + dump_entry(again))
    store = TrustStore.load(tmp_path)
    (authority,) = store.trust.authorities
    assert authority.purposes == set(TrustPurpose)
    urls = [f"http://crl.example.vn/{name}.crl" for name in ("root", "another")]
    assert store.lists == tuple((authority.certificate, url) for url in urls)


def test_authorities_of_one_label_have_lists_of_their_own(tmp_path: Path) -> None:
    url, label = "http://crl.example.vn/second.crl", "CA chuyên dùng Chính phủ"
    write(tmp_path)
    add_authority(tmp_path, entry(label=label, lists=[url]), PKI.intermediate.pem)
    assert TrustStore.load(tmp_path).lists == (
        (PKI.root.certificate, "http://crl.example.vn/root.crl"),
        (PKI.intermediate.certificate, url),
    )


def test_an_authority_is_of_one_kind(tmp_path: Path) -> None:
    write(tmp_path, GOOD + dump_entry(entry(file="root.pem")))
    with pytest.raises(InvalidValue, match="CHUYEN_DUNG"):
        TrustStore.load(tmp_path)


@pytest.mark.parametrize(
    ("line", "wrong", "kind", "number"),
    [
        ('kind = "CHUYEN_DUNG"', 'kind = "CHUYEN_DUNGG"', InvalidValue, 4),
        ('file = "root.pem"', 'file = "../root.pem"', InvalidValue, 2),
        ('file = "root.pem"', 'file = "/etc/passwd"', InvalidValue, 2),
        ('file = "root.pem"', "file = 5", InvalidValue, 2),
        ('label = "CA', 'labbel = "CA', UnknownField, 3),
        ('purposes = ["FILES", "TIME_STAMPS"]', "purposes = []", MissingField, 5),
        ('purposes = ["FILES", "TIME_STAMPS"]', 'purposes = ["ALL"]', InvalidValue, 5),
        ('["http://crl', '["ftp://crl', InvalidValue, 6),
        ('["http://crl', '["http://cr l', InvalidValue, 6),
        ("every_minutes = 20", "every_minutes = 0", InvalidValue, 10),
        ("every_minutes = 20", "every_minutes = 46", InvalidValue, 10),
        ("every_minutes = 20", "every_minutes = true", InvalidValue, 10),
        ("[fetching]", "[fetch]", UnknownField, 8),
        ('label = "CA', 'label == "CA', Malformed, 3),
    ],
)
def test_a_fault_has_its_line(
    tmp_path: Path, line: str, wrong: str, kind: type[InputError], number: int
) -> None:
    good = (write(tmp_path) / "trust.toml").read_text()
    assert line in good
    with pytest.raises(kind) as caught:
        TrustStore.load(write(tmp_path, good.replace(line, wrong)))
    assert caught.value.facts["line"] == number


@pytest.mark.parametrize("name", ["file", "label", "kind", "purposes"])
def test_what_is_missing_is_named(name: str) -> None:
    lines = dump_entry(entry()).splitlines()
    left = "\n".join(line for line in lines if not line.startswith(f"{name} "))
    with pytest.raises(MissingField, match=name):
        load_trust_file(left)


def test_an_empty_store_trusts_nobody_and_is_a_fault() -> None:
    with pytest.raises(MissingField):
        load_trust_file("")


def test_a_store_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="trust.toml"):
        TrustStore.load(tmp_path)
    write(tmp_path)
    (tmp_path / "root.pem").unlink()
    with pytest.raises(ConfigInvalid, match="root.pem"):
        TrustStore.load(tmp_path)
    (tmp_path / "trust.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigInvalid, match="UTF-8"):
        TrustStore.load(tmp_path)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", Malformed),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", Malformed),
        (PKI.root.certificate[:-1], Malformed),
        (b"x" * (MAX_FILE_BYTES + 1), TooLarge),
        (PKI.organisation("H53.01").certificate, CertificateUnfit),
    ],
)
def test_a_file_without_authorities_is_refused(
    tmp_path: Path, data: bytes, kind: type[LienthongError]
) -> None:
    write(tmp_path)
    (tmp_path / "root.pem").write_bytes(data)
    with pytest.raises(kind):
        TrustStore.load(tmp_path)


def test_organisations_need_an_anchor_that_the_path_rules_accept(tmp_path: Path) -> None:
    constrained = PKI.root.authority(
        "Constrained CA",
        extensions=[
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (x509.PolicyConstraints(0, None), True),
        ],
    )
    add_authority(tmp_path, entry(file="files.pem"), constrained.pem)
    with pytest.raises((CertificateUnfit, AlgorithmUnsupported)):
        add_authority(tmp_path, entry(purposes=[TrustPurpose.ORGANISATIONS]), constrained.pem)


class TestAdding:
    def test_a_new_store_is_made(self, tmp_path: Path) -> None:
        folder = tmp_path / "new"
        added = add_authority(folder, entry(lists=["http://a.vn/x"]), PKI.root.certificate)
        assert added == (PKI.root.certificate,)
        store = TrustStore.load(folder)
        assert store.file.authority == (entry(lists=["http://a.vn/x"]),)
        parsed = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
        assert parsed.public_bytes(Encoding.DER) == PKI.root.certificate

    def test_what_is_there_stays_as_it_was_written(self, tmp_path: Path) -> None:
        write(tmp_path)
        before = (tmp_path / "trust.toml").read_text().rstrip()
        add_authority(tmp_path, entry(), PKI.intermediate.pem)
        assert (tmp_path / "trust.toml").read_text().startswith(before)
        assert len(TrustStore.load(tmp_path).trust.authorities) == 2

    def test_a_file_is_never_replaced(self, tmp_path: Path) -> None:
        write(tmp_path)
        with pytest.raises(InvalidValue, match="not taken"):
            add_authority(tmp_path, entry(file="root.pem"), PKI.intermediate.pem)
        assert (tmp_path / "root.pem").read_bytes() == PKI.root.pem

    def test_a_store_is_not_made_wrong(self, tmp_path: Path) -> None:
        write(tmp_path)
        both = PKI.root.pem + PKI.intermediate.pem
        with pytest.raises(InvalidValue, match="one certificate"):
            add_authority(tmp_path, entry(lists=["http://a.vn/x"]), both)
        assert not (tmp_path / "ca.pem").exists()
        assert len(TrustStore.load(tmp_path).trust.authorities) == 1

    @pytest.mark.parametrize("content", ["[[authority]]", "x =", "\udcff"])
    def test_a_store_that_is_wrong_stays_as_it_is(self, tmp_path: Path, content: str) -> None:
        write(tmp_path)
        (tmp_path / "trust.toml").write_text(content, "utf-8", "surrogateescape")
        with pytest.raises((InputError, ConfigInvalid)):
            add_authority(tmp_path, entry(), PKI.root.pem)
        assert (tmp_path / "trust.toml").read_text("utf-8", "surrogateescape") == content
        assert not (tmp_path / "ca.pem").exists()
