"""Making a data folder, administering it while no node runs, and backing it up."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from lienthong.client import Profile
from lienthong.client.connection import load_credentials
from lienthong.codec.signed import load_entry
from lienthong.errors import (
    ConfigInvalid,
    DataCorrupt,
    DataDirectoryInUse,
    DirectoryChanged,
    InvalidValue,
    KeyUnusable,
    LienthongError,
    NotFound,
    OrganisationUnknown,
    RestoreUnconfirmed,
)
from lienthong.evidence.note import VerifierKey
from lienthong.model.ids import OrganId
from lienthong.model.journal import DirectoryRecord
from lienthong.model.organisation import OrganLink, OrganName
from lienthong.model.time import vietnam_date
from lienthong.pki.chain import TrustAnchors
from lienthong.plugins import PluginHost
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong_node.admin_port import AdminPort, administration
from lienthong_node.audit import audit
from lienthong_node.backup import write_backup
from lienthong_node.certificates import Authority, KeyKind, new_key
from lienthong_node.cli import cli
from lienthong_node.core.credentials import Role, Use
from lienthong_node.heads import write_head
from lienthong_node.opening import PASSPHRASE_FILE, open_folder, open_for_audit
from lienthong_node.provision import Holder, create_folder, issue_profile
from lienthong_node.settings import FILE_NAME, Settings, dump_settings, load_settings
from node.tests.support import A, B, C, organisation

SETTINGS = Settings(axis="truc.test", listen="127.0.0.1:8443", advertise="truc.test:443")
HOSTS = ["truc.test", "127.0.0.1", "::1"]
LARGE = b"large" * 100_000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a new node."""
    folder = tmp_path / "node"
    create_folder(folder, SETTINGS, HOSTS)
    return folder


@pytest.fixture
def stocked(data: Path) -> Path:
    """The data folder with two organisations."""
    with administration(data) as port:
        port.put_organisations([organisation(A), organisation(B)])
    return data


@pytest.fixture
def admin(stocked: Path) -> Iterator[AdminPort]:
    """Administration of the stopped node."""
    with administration(stocked) as port:
        yield port


def certificate(days: int = 30) -> bytes:
    """Some certificate, DER."""
    authority = Authority.create("other", datetime.now(UTC))
    made = authority.issue_organisation(
        new_key(KeyKind.P256), A, "Cơ quan", datetime.now(UTC), days, transport=True
    )
    return made.public_bytes(Encoding.DER)


class TestFolder:
    def test_private_keys_are_for_their_owner_alone(self, data: Path) -> None:
        keys = [data / "keys" / f"{name}.key" for name in ("authority", "server", "checkpoint")]
        assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
        assert stat.S_IMODE(data.stat().st_mode) == 0o700

    def test_the_server_certificate_names_every_host(self, data: Path) -> None:
        found = x509.load_pem_x509_certificate((data / "keys/server.pem").read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == ["truc.test"]
        assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == HOSTS[1:]

    def test_says_what_it_was_told(self, data: Path) -> None:
        assert load_settings(data) == SETTINGS

    def test_nothing_is_written_over(self, data: Path, tmp_path: Path) -> None:
        before = (data / "keys/authority.key").read_bytes()
        with pytest.raises(ConfigInvalid, match="not empty"):
            create_folder(data, SETTINGS, HOSTS)
        assert (data / "keys/authority.key").read_bytes() == before
        (tmp_path / "empty").mkdir()
        create_folder(tmp_path / "empty", SETTINGS, HOSTS)

    @pytest.mark.parametrize("name", ["authority.key", "authority.pem"])
    def test_an_authority_that_was_lost_is_named(
        self, data: Path, admin: AdminPort, tmp_path: Path, name: str
    ) -> None:
        (data / "keys" / name).unlink()
        with pytest.raises(ConfigInvalid, match="authority"):
            issue(data, admin, tmp_path / "profile")


def issue(data: Path, admin: AdminPort, target: Path, organ: str = A, **more: Any) -> list[str]:
    holder = Holder(organ=organ, name=f"Cơ quan {organ}")
    key = admin.checkpoint_key
    return list(issue_profile(data, SETTINGS, holder, target, admin, key, **more))


def test_what_was_changed_meanwhile_is_not_undone(admin: AdminPort) -> None:
    known = admin.directory()
    admin.put_organisations([organisation(A, in_charge="ai đó")], known)
    with pytest.raises(DirectoryChanged):
        admin.put_organisations([organisation(A)], known)
    assert admin.directory().resolve(OrganId(A)).in_charge == "ai đó"
    admin.put_organisations([organisation(A)], admin.directory())
    admin.put_organisations([organisation(B)])


def test_the_law_is_entered_by_who_operates_the_axis_now(data: Path, tmp_path: Path) -> None:
    """Beside the node nobody says who they are; who was relieved does not stand for it."""
    with administration(data) as admin:
        admin.put_organisations([organisation(A), organisation(B)])
        for organ in (A, B):
            holder = Holder(organ=organ, name=f"Cơ quan {organ}", role=Role.OPERATOR)
            target, key = tmp_path / organ, admin.checkpoint_key
            list(issue_profile(data, SETTINGS, holder, target, admin, key))
        revoke_all(admin, A)
        admin.put_law(find_calendar("vietnam"))
        revoke_all(admin, B)
        with pytest.raises(NotFound, match="operator"):
            admin.put_law(find_rule_set("tay-ninh-2019"))
    with closing(open_folder(data)) as opened, opened.store.read() as view:
        bodies = [load_entry(row.entry).body for row in view.journal(0, 1000)]
    told = [body for body in bodies if isinstance(body, DirectoryRecord)]
    assert [str(body.organ_id) for body in told if body.subject == "calendar"] == [B]


def revoke_all(admin: AdminPort, organ: str) -> None:
    for one in admin.credentials(organ):
        admin.revoke_credential(one.fingerprint, "thôi vận hành")


def test_what_is_shown_is_what_holds_today(stocked: Path) -> None:
    later = vietnam_date(datetime.now(UTC)) + timedelta(days=9)
    planned = evolve(
        organisation(B),
        names=[OrganName(value="nay", valid_to=later), OrganName(value="sau", valid_from=later)],
        parent=OrganId(C),
        former_parents=[OrganLink(organ_id=OrganId(A), valid_to=later)],
    )
    with administration(stocked) as port:
        port.put_organisations([organisation(C), planned])
    told = CliRunner().invoke(cli, ["org", "show", str(stocked), B, "--json"])
    [shown] = json.loads(told.stdout)["organisations"]
    assert (shown["name"], shown["later_name"]) == ("nay", "sau")
    assert (shown["parent"], shown["later_parent"]) == (A, C)
    assert "nay" in CliRunner().invoke(cli, ["org", "show", str(stocked)]).stdout


class TestProfiles:
    @pytest.mark.parametrize("kind", KeyKind)
    def test_a_profile_can_be_used_as_it_is(
        self, data: Path, admin: AdminPort, tmp_path: Path, kind: KeyKind
    ) -> None:
        issue(data, admin, tmp_path / "profile", kind=kind)
        profile = Profile.load(tmp_path / "profile")
        assert (profile.endpoint, profile.axis, profile.organ) == (
            "truc.test:443",
            "truc.test",
            OrganId(A),
        )
        assert profile.checkpoint_key == admin.checkpoint_key
        load_credentials(profile.transport)
        TrustAnchors.from_pem(profile.anchors.read_bytes())
        with PluginHost() as host, closing(host.open_signer(profile.signing_key)) as signer:
            assert signer.sign(b"a message")
            bound = {c.fingerprint: c.use for c in admin.credentials(A)}
            assert bound[hashlib.sha256(signer.chain[0]).hexdigest()] == Use.SIGNING.value

    def test_keys_are_for_their_owner_alone(
        self, data: Path, admin: AdminPort, tmp_path: Path
    ) -> None:
        issue(data, admin, tmp_path / "profile")
        keys = [*(tmp_path / "profile").glob("*.key")]
        assert len(keys) == 2
        assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}

    def test_nothing_is_written_over(self, data: Path, admin: AdminPort, tmp_path: Path) -> None:
        issue(data, admin, tmp_path / "profile")
        with pytest.raises(ConfigInvalid, match="is there already"):
            issue(data, admin, tmp_path / "profile")

    def test_what_the_node_refuses_leaves_nothing_behind(
        self, data: Path, admin: AdminPort, tmp_path: Path
    ) -> None:
        with pytest.raises(OrganisationUnknown):
            issue(data, admin, tmp_path / "profile", organ=C)
        assert [path.name for path in tmp_path.iterdir()] == ["node"]


class TestCredentials:
    def test_a_certificate_is_not_bound_twice_and_not_revived(self, admin: AdminPort) -> None:
        der = certificate()
        fingerprint = admin.register_credential(A, der, Use.TRANSPORT, [Role.AGENCY])
        with pytest.raises(InvalidValue, match=f"bound to {A}"):
            admin.register_credential(B, der, Use.TRANSPORT, [Role.AGENCY])
        admin.revoke_credential(fingerprint, "mất máy")
        with pytest.raises(InvalidValue, match="revoked"):
            admin.register_credential(A, der, Use.TRANSPORT, [Role.AGENCY])
        [found] = admin.credentials(A)
        assert found.revocation_reason == "mất máy"

    def test_a_second_revocation_does_not_change_the_first(self, admin: AdminPort) -> None:
        fingerprint = admin.register_credential(A, certificate(), Use.SIGNING, [])
        admin.revoke_credential(fingerprint, "một")
        [first] = admin.credentials(A)
        admin.revoke_credential(fingerprint, "hai")
        [second] = admin.credentials(A)
        assert first == second

    def test_an_unknown_one_cannot_be_revoked(self, admin: AdminPort) -> None:
        with pytest.raises(NotFound):
            admin.revoke_credential("00" * 32, "")

    def test_only_certificates_are_bound(self, admin: AdminPort) -> None:
        with pytest.raises(LienthongError, match="certificate"):
            admin.register_credential(A, b"junk", Use.SIGNING, [])

    def test_lists_those_of_one_organisation(self, admin: AdminPort) -> None:
        admin.register_credential(A, certificate(), Use.SIGNING, [])
        admin.register_credential(B, certificate(), Use.SIGNING, [])
        assert [found.organ_id for found in admin.credentials(B.lower())] == [B]
        assert len(admin.credentials()) == 2


class TestOrganisations:
    def test_many_enter_in_any_order(
        self, admin: AdminPort, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lienthong_node.admin_port.BATCH", 7)
        chain = [organisation(f"G.{n}", parent=OrganId(f"G.{n + 1}")) for n in range(50)]
        assert admin.put_organisations([*chain, organisation("G.50")]) == 2 + 51
        assert admin.directory().resolve(OrganId("G.0")).parent == OrganId("G.1")

    def test_a_wrong_one_keeps_its_neighbours_out(self, admin: AdminPort) -> None:
        wrong = organisation("G.2", parent=OrganId("G.9"))
        with pytest.raises(OrganisationUnknown):
            admin.put_organisations([organisation("G.1"), wrong])
        assert OrganId("G.1") not in admin.directory()


class TestOpening:
    def test_a_folder_is_used_by_one_at_a_time(self, data: Path) -> None:
        with closing(open_folder(data)), pytest.raises(DataDirectoryInUse):
            open_folder(data)
        open_folder(data).close()

    def test_a_key_that_cannot_be_opened_leaves_the_folder_free(self, data: Path) -> None:
        key = data / "keys/checkpoint.key"
        key.rename(key.with_suffix(".away"))
        with pytest.raises(KeyUnusable):
            open_folder(data)
        key.with_suffix(".away").rename(key)
        open_folder(data).close()

    def test_a_checkpoint_key_may_be_encrypted(
        self, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = data / "keys/checkpoint.key"
        key = load_pem_private_key(path.read_bytes(), None)
        encrypted = BestAvailableEncryption("bí mật".encode())
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encrypted))
        monkeypatch.delenv(PASSPHRASE_FILE, raising=False)
        with pytest.raises(ConfigInvalid, match=PASSPHRASE_FILE):
            open_folder(data)
        secret = tmp_path / "passphrase"
        monkeypatch.setenv(PASSPHRASE_FILE, str(secret))
        with pytest.raises(ConfigInvalid, match=str(secret)):
            open_folder(data)
        secret.write_text("bí mật\n", "utf-8")
        open_folder(data).close()


def back_up(data: Path, target: Path) -> VerifierKey:
    """Back a folder up that holds a large and a small file."""
    with closing(open_folder(data)) as opened:
        staging = opened.blobs.stage("ab")
        staging.write(LARGE)
        staging.publish(hashlib.sha256(LARGE).digest(), len(LARGE))
        opened.blobs.put([(hashlib.sha256(b"small").digest(), b"small")])
        steps = write_backup(data, opened.store, opened.blobs, opened.host, target)
        last = list(steps)[-1]
        assert (last.files, last.bytes) == (2, len(LARGE) + 5)
        assert last.journal_size == 1
        return opened.checkpoint_key


class TestBackup:
    def test_holds_records_files_and_settings_but_no_key(
        self, stocked: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / "backup"
        key = back_up(stocked, target)
        assert not list(target.rglob("*.key"))
        with open_for_audit(target, str(key)) as (store, blobs, found):
            assert next(audit(store, found, blobs)).entries == 1
            assert blobs.read(hashlib.sha256(LARGE).digest()) == LARGE

    def test_with_the_keys_it_is_a_node_again(self, stocked: Path, tmp_path: Path) -> None:
        key = back_up(stocked, tmp_path / "backup")
        shutil.copytree(stocked / "keys", tmp_path / "backup/keys")
        with closing(open_folder(tmp_path / "backup")) as opened:
            with pytest.raises(RestoreUnconfirmed, match="the head file is missing"):
                opened.committer()
            with opened.store.read() as view:
                newest = view.checkpoint()
        assert newest is not None
        write_head(tmp_path / "backup", newest.note)
        with administration(tmp_path / "backup") as admin:
            assert admin.checkpoint_key == key
            assert OrganId(A) in admin.directory()

    def test_stands_on_its_own_wherever_the_data_lay(self, stocked: Path, tmp_path: Path) -> None:
        """The backup of a node with data elsewhere must not lead there."""
        elsewhere = tmp_path / "elsewhere"
        shutil.move(stocked / "records", elsewhere / "records")
        shutil.move(stocked / "blobs", elsewhere / "files")
        moved = evolve(
            SETTINGS, records=f"sqlite:{elsewhere}/records/node.db", blobs=f"fs:{elsewhere}/files"
        )
        (stocked / FILE_NAME).write_text(dump_settings(moved), "utf-8")
        key = back_up(stocked, tmp_path / "backup")
        shutil.rmtree(elsewhere)
        with open_for_audit(tmp_path / "backup", str(key)) as (store, blobs, found):
            assert next(audit(store, found, blobs)).entries == 1
        assert load_settings(tmp_path / "backup").axis == SETTINGS.axis

    def test_nothing_is_written_over(self, stocked: Path, tmp_path: Path) -> None:
        target = tmp_path / "backup"
        target.mkdir()
        with pytest.raises(ConfigInvalid, match="there already"):
            back_up(stocked, target)

    def test_a_damaged_file_stops_it(self, stocked: Path, tmp_path: Path) -> None:
        digest = hashlib.sha256(b"small").digest()
        with closing(open_folder(stocked)) as opened:
            opened.blobs.put([(digest, b"small")])
            [path] = (stocked / "blobs").rglob(digest.hex())
            path.chmod(0o600)
            path.write_bytes(b"smalL")
            with pytest.raises(DataCorrupt, match=digest.hex()):
                list(
                    write_backup(
                        stocked, opened.store, opened.blobs, opened.host, tmp_path / "backup"
                    )
                )
        assert not (tmp_path / "backup").exists()
        assert not (tmp_path / "backup.part").exists()

    def test_what_an_interrupted_one_has_left_is_no_obstacle(
        self, stocked: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "backup.part/records").mkdir(parents=True)
        (tmp_path / "backup.part/records/node.db").write_bytes(b"half")
        back_up(stocked, tmp_path / "backup")
        assert not (tmp_path / "backup.part").exists()
