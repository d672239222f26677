"""Which plugins a node loads: all that are installed, or only those of its allow list."""

from __future__ import annotations

import importlib
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner, Result

from lienthong.errors import ConfigInvalid, PluginNotAllowed
from lienthong.testing.installed import install_copies
from lienthong_node.admin_port import administration
from lienthong_node.cli import cli
from lienthong_node.opening import open_folder, open_for_audit
from lienthong_node.provision import create_folder
from lienthong_node.settings import (
    ALLOW_LIST,
    FILE_NAME,
    Settings,
    dump_settings,
    load_settings,
)

SETTINGS = Settings(axis="truc.test", listen="127.0.0.1:8443")
PLUGINS = ("lienthong_signer_softkey", "lienthong_storage_fs", "lienthong_storage_sqlite")


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of recorded copies of the plugins, before those of the environment."""
    folder = tmp_path / "site"
    folder.mkdir()
    install_copies(folder, PLUGINS)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("LIENTHONG_LANG", "en")
    importlib.invalidate_caches()
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a new node."""
    folder = tmp_path / "node"
    create_folder(folder, SETTINGS, ["localhost"])
    return folder


def run(*arguments: object) -> Result:
    found = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


def failure(*arguments: object) -> dict[str, Any]:
    found = run(*arguments, "--json")
    assert (found.exit_code, found.stdout) == (1, "")
    told: dict[str, Any] = json.loads(found.stderr)["error"]
    return told


def enforce(data: Path, name: str = ALLOW_LIST) -> None:
    """Set the allow list in the settings."""
    changed = evolve(load_settings(data), plugin_allow_list=name)
    (data / FILE_NAME).write_text(dump_settings(changed), "utf-8")


@pytest.fixture
def locked(data: Path) -> Path:
    """The folder of a node that keeps to its allow list."""
    assert run("plugins", "lock", data).exit_code == 0
    enforce(data)
    return data


def alter(site: Path) -> None:
    path = site / "lienthong_storage_fs" / "store.py"
    path.write_bytes(path.read_bytes() + b"\n")


def test_lock_says_what_is_locked_and_what_is_next(data: Path) -> None:
    text = run("plugins", "lock", data).stdout
    for package in PLUGINS:
        assert package.replace("_", "-") in text
    assert f'next: write plugin_allow_list = "{ALLOW_LIST}"' in text
    enforce(data)
    assert "next:" not in run("plugins", "lock", data).stdout


def test_lock_writes_where_the_settings_say(data: Path) -> None:
    enforce(data, "other.toml")
    told = json.loads(run("plugins", "lock", data, "--json").stdout)
    assert told["file"] == str(data / "other.toml")
    assert told["in_force"] is True
    assert [path.name for path in data.glob("*.toml*")].count("other.toml") == 1
    assert not list(data.glob(".other*"))


def test_node_opens_what_is_locked(locked: Path) -> None:
    assert run("plugins", "check", locked).stdout.endswith(
        "ok: 3 plugins are as they were locked\n"
    )
    open_folder(locked).close()


def test_node_refuses_an_altered_plugin(locked: Path, site: Path) -> None:
    alter(site)
    with pytest.raises(PluginNotAllowed, match=r"lienthong-storage-fs .* is not allowed"):
        open_folder(locked)
    assert failure("plugins", "check", locked)["code"] == "plugin.not_allowed"


def test_offline_commands_refuse_it_too(locked: Path, site: Path) -> None:
    alter(site)
    with pytest.raises(PluginNotAllowed), open_for_audit(locked, None):
        pass


def test_without_a_list_nothing_is_refused(data: Path, site: Path) -> None:
    alter(site)
    with closing(open_folder(data)):
        pass
    told = failure("plugins", "check", data)
    assert (told["code"], told["facts"]["key"]) == ("config.invalid", "plugin_allow_list")


def test_missing_list_keeps_the_node_from_starting(data: Path) -> None:
    enforce(data)
    with pytest.raises(ConfigInvalid, match=ALLOW_LIST):
        open_folder(data)


def test_plugin_that_does_not_fit_its_record_cannot_be_locked(data: Path, site: Path) -> None:
    alter(site)
    assert failure("plugins", "lock", data)["code"] == "plugin.not_allowed"
    assert not list(data.glob("*plugins*"))


@pytest.mark.parametrize("absolute", [False, True])
def test_backup_takes_the_list_along(locked: Path, tmp_path: Path, absolute: bool) -> None:
    if absolute:
        elsewhere = tmp_path / "reviewed.toml"
        (locked / ALLOW_LIST).rename(elsewhere)
        enforce(locked, str(elsewhere))
    with administration(locked) as admin:
        key = str(admin.checkpoint_key)
        *_, (_, made) = admin.backup("copy")
    assert made is not None
    assert load_settings(made).plugin_allow_list == ALLOW_LIST
    with open_for_audit(made, key):
        pass
