"""``node.toml``: strict, and every complaint names file and key."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import attrs
import pytest

from lienthong.errors import ConfigInvalid
from lienthong_node.disk import reserve_bytes
from lienthong_node.settings import (
    FILE_NAME,
    Settings,
    dump_settings,
    load_settings,
    parse_settings,
)

COUNTS = [
    attribute.name for attribute in attrs.fields(Settings) if isinstance(attribute.default, int)
]


def write(folder: Path, text: str) -> Path:
    (folder / FILE_NAME).write_text(text, "utf-8")
    return folder


def complaint(folder: Path, text: str) -> dict[str, object]:
    with pytest.raises(ConfigInvalid) as caught:
        load_settings(write(folder, text))
    assert caught.value.facts["file"] == folder / FILE_NAME
    return caught.value.facts


def test_only_the_name_of_the_axis_is_needed(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, 'axis = "truc.test"')) == Settings(axis="truc.test")


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="lienthong-node init"):
        load_settings(tmp_path)


@pytest.mark.parametrize("text", ["axis = ", "axis = 'x'\naxis = 'y'", "\udcff"])
def test_what_is_not_toml(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigInvalid) as caught:
        load_settings(tmp_path)
    assert caught.value.facts["key"] == "the file"


def test_the_name_of_the_axis_is_missing(tmp_path: Path) -> None:
    assert complaint(tmp_path, "burst = 5")["key"] == "axis"


def test_an_unknown_key_is_refused_and_the_known_ones_named(tmp_path: Path) -> None:
    facts = complaint(tmp_path, 'axis = "x"\nmax_file_byte = 5')
    assert facts["key"] == "max_file_byte"
    assert "max_file_bytes" in str(facts["expected"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("axis", ""),
        ("axis", 5),
        ("listen", ""),
        ("listen", ["127.0.0.1:1"]),
        ("reflection", 1),
        ("reflection", "yes"),
        ("burst", "5"),
        ("burst", 5.0),
        ("burst", True),
        ("burst", 0),
        ("burst", -1),
        ("burst", 2**41),
        ("disk_reserve_bytes", -1),
        ("records", {}),
    ],
)
def test_a_wrong_value_names_its_key(tmp_path: Path, key: str, value: Any) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        parse_settings({"axis": "x"} | {key: value}, tmp_path / FILE_NAME)
    assert caught.value.facts["key"] == key
    assert caught.value.facts["found"] == value


@pytest.mark.parametrize("name", COUNTS)
def test_no_number_takes_a_text(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigInvalid):
        parse_settings({"axis": "x", name: "1"}, tmp_path)


def test_no_reserve_at_all_may_be_asked_for(tmp_path: Path) -> None:
    text = 'axis = "x"\ndisk_reserve_bytes = 0'
    assert load_settings(write(tmp_path, text)).disk_reserve_bytes == 0


def test_without_a_choice_the_reserve_is_a_part_of_the_volume() -> None:
    """5 %, at least 256 MiB."""
    gib = 1024**3
    assert Settings(axis="x").disk_reserve_bytes is None
    assert reserve_bytes(None, 100 * gib) == 5 * gib
    assert reserve_bytes(None, gib) == gib // 4
    assert reserve_bytes(0, 100 * gib) == 0
    assert reserve_bytes(10 * gib, 100 * gib) == 10 * gib


def test_written_settings_read_back_and_hold_only_what_differs(tmp_path: Path) -> None:
    chosen = Settings(
        axis='tr"uc\\.test', listen="0.0.0.0:9", burst=7, reflection=True, metrics_listen=""
    )
    text = dump_settings(chosen)
    assert load_settings(write(tmp_path, text)) == chosen
    assert set(tomllib.loads(text)) == {"axis", "listen", "burst", "reflection", "metrics_listen"}


@pytest.mark.parametrize(("advertise", "endpoint"), [("", "1.2.3.4:5"), ("truc:8443", "truc:8443")])
def test_profiles_name_the_advertised_address(advertise: str, endpoint: str) -> None:
    settings = Settings(axis="x", listen="1.2.3.4:5", advertise=advertise)
    assert settings.profile_endpoint == endpoint


@pytest.mark.parametrize("key", ["listen", "advertise", "metrics_listen"])
@pytest.mark.parametrize(
    "value",
    ["nonsense", "127.0.0.1", ":8443", "127.0.0.1:", "127.0.0.1:65536", "a b:1", "::1:8443"],
)
def test_an_address_has_a_host_and_a_port(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        parse_settings({"axis": "x", key: value}, tmp_path / FILE_NAME)
    assert caught.value.facts["key"] == key
    assert "host:port" in str(caught.value.facts["expected"])


@pytest.mark.parametrize(
    "value", ["truc.gov.vn:8443", "[::]:8443", "10.0.0.5:0", "localhost:65535"]
)
def test_addresses_that_are_some(tmp_path: Path, value: str) -> None:
    assert parse_settings({"axis": "x", "listen": value}, tmp_path).listen == value


@pytest.mark.parametrize(
    ("listen", "endpoint"),
    [
        ("0.0.0.0:8443", "localhost:8443"),
        ("[::]:8443", "localhost:8443"),
        ("10.0.0.5:8443", "10.0.0.5:8443"),
    ],
)
def test_this_machine_reaches_the_node_without_its_public_name(listen: str, endpoint: str) -> None:
    assert Settings(axis="x", listen=listen, advertise="truc:1").local_endpoint == endpoint


def test_addresses_of_authorities_are_written_and_read_again(tmp_path: Path) -> None:
    settings = Settings(axis="axis.test", timestamp_sources=("rfc3161:http://a?x=1", "rfc3161:b"))
    (tmp_path / "node.toml").write_text(dump_settings(settings), "utf-8")
    assert load_settings(tmp_path) == settings


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timestamp_sources", "rfc3161:http://a"),
        ("timestamp_sources", [1]),
        ("timestamp_algorithm", "SHA-1"),
        ("timestamp_interval_s", 0),
    ],
)
def test_wrong_settings_of_time_stamps_are_refused(key: str, value: object, tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=key):
        parse_settings({"axis": "axis.test", key: value}, tmp_path / "node.toml")
