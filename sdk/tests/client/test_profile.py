from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lienthong.client import Client, KeyFileWarning, Profile
from lienthong.client.profile import MAX_SIZE
from lienthong.errors import ConfigInvalid
from lienthong.model.ids import OrganId

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

ORGAN = "000.00.00.H53"


@pytest.fixture
def folder(axis: ScriptedAxis) -> Path:
    return axis.profile(ORGAN)


def rewrite(folder: Path, old: str, new: str) -> None:
    path = folder / "profile.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_profile_is_read_with_paths_of_its_folder(axis: ScriptedAxis, folder: Path) -> None:
    profile = Profile.load(str(folder))
    assert profile.endpoint == f"127.0.0.1:{axis.port}"
    assert profile.server_name == "localhost"
    assert (profile.axis, profile.organ) == ("axis.test", OrganId(ORGAN))
    assert profile.checkpoint_key == axis.journal.key
    assert profile.anchors == folder / "anchors.pem"
    assert profile.transport.key == folder / "transport.key"
    assert profile.signing_key == f"softkey:{folder}/signing.key?cert={folder}/signing.pem"


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ("axis =", "axes =", "axes", "one of"),
        ('axis = "axis.test"', "axis = 5", "axis", "a text"),
        ('axis = "axis.test"', 'axis = ""', "axis", "a text"),
        ('axis = "axis.test"', 'axis = "other.test"', "checkpoint_key", "the key of other.test"),
        ('"127.0.0.1:', '"127.0.0.1/', "endpoint", "host:port"),
        ('organ = "', 'organ = "?', "organ", "the code of an organisation"),
        ('checkpoint_key = "', 'checkpoint_key = "x', "checkpoint_key", "hex digits"),
        ('anchors = "anchors.pem"', 'anchors = "none.pem"', "anchors", "an existing file"),
        ("[transport]", "[transport]\nport = 1", "transport.port", "one of"),
        ("[transport]", "[wire]", "wire", "one of"),
        ('ca = "ca.pem"', "", "transport.ca", "a text"),
        ("[signing]", "[signing]\nextra = 1", "signing.extra", "one of"),
        ('[signing]\nkey = "softkey:', 'signing = "', "signing", "a table [signing]"),
        ("[signing]", "[signing", "the text", "TOML"),
    ],
)
def test_wrong_profile_names_file_key_and_expectation(
    folder: Path, old: str, new: str, key: str, expected: str
) -> None:
    rewrite(folder, old, new)
    with pytest.raises(ConfigInvalid) as caught:
        Profile.load(folder)
    facts = caught.value.facts
    assert facts["file"] == str(folder / "profile.toml")
    assert facts["key"] == key
    assert expected in str(facts["expected"])


def test_missing_section(folder: Path) -> None:
    rewrite(folder, '[signing]\nkey = "softkey:signing.key?cert=signing.pem"\n', "")
    with pytest.raises(ConfigInvalid, match="signing is missing"):
        Profile.load(folder)


def test_missing_oversized_and_foreign_files(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ConfigInvalid, match="No such file"):
        Profile.load(tmp_path / "nowhere")
    path = folder / "profile.toml"
    path.write_bytes(b"#" * (MAX_SIZE + 1))
    with pytest.raises(ConfigInvalid, match="at most"):
        Profile.load(folder)
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigInvalid, match="UTF-8"):
        Profile.load(folder)


@pytest.mark.parametrize("name", ["transport.key", "signing.key"])
def test_key_that_others_can_read_is_warned_about(folder: Path, name: str) -> None:
    (folder / name).chmod(0o640)
    with pytest.warns(KeyFileWarning, match=f"chmod 600 .*{name}"):
        Profile.load(folder)
    (folder / name).chmod(0o600)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Profile.load(folder)


def test_addresses_of_other_signers_are_left_alone(folder: Path) -> None:
    rewrite(folder, "softkey:signing.key?cert=signing.pem", "acme:key=a?cert=x.pem")
    assert Profile.load(folder).signing_key == "acme:key=a?cert=x.pem"


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("pkcs11:token=a%20b?module-path=/usr/lib/t.so&cert={}", "chain.pem"),
        ("csc:https://ky.example/csc/v2?ca={}&credential=a", "ca.pem"),
    ],
)
def test_files_of_tokens_and_services_start_in_the_folder(
    folder: Path, address: str, file: str
) -> None:
    rewrite(folder, "softkey:signing.key?cert=signing.pem", address.format(file))
    assert Profile.load(folder).signing_key == address.format(folder / file)


def test_softkey_address_keeps_special_signs_and_other_parameters(folder: Path) -> None:
    (folder / "khóa %1.key").write_bytes((folder / "signing.key").read_bytes())
    (folder / "khóa %1.key").chmod(0o600)
    rewrite(
        folder,
        "softkey:signing.key?cert=signing.pem",
        "softkey:khóa %251.key?cert=/etc/a&algorithm=ED25519",
    )
    expected = f"softkey:{folder}/khóa%20%251.key?cert=/etc/a&algorithm=ED25519"
    assert Profile.load(folder).signing_key == expected


@pytest.mark.parametrize("port", ["0", "65536", "99999"])
def test_ports_that_do_not_exist_are_refused(axis: ScriptedAxis, folder: Path, port: str) -> None:
    rewrite(folder, f'127.0.0.1:{axis.port}"', f'127.0.0.1:{port}"')
    with pytest.raises(ConfigInvalid, match="a port from 1 to 65535"):
        Profile.load(folder)


@pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----"])
def test_authorities_that_are_no_certificates_are_refused(folder: Path, content: bytes) -> None:
    (folder / "ca.pem").write_bytes(content)
    with pytest.raises(ConfigInvalid, match=r"transport\.ca .* a PEM file"):
        Profile.load(folder)


@pytest.mark.parametrize("content", [b"", b"no certificate"])
def test_unusable_anchors_are_refused_before_the_first_call(folder: Path, content: bytes) -> None:
    (folder / "anchors.pem").write_bytes(content)
    with pytest.raises(ConfigInvalid, match="anchors.pem"):
        Client(folder)
