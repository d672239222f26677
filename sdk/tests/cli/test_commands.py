from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import Result

from lienthong.cli.commands import sending
from lienthong.codec.signed import load_manifest
from lienthong.errors import StoreFailed, UnknownRecipient
from lienthong.model.words import AttachmentKind, RecipientRole

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

RECIPIENT, OTHER = "000.00.13.H53", "000.00.11.H53"
Run = Callable[..., Result]


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_sending_with_a_data_file(axis: ScriptedAxis, as_sender: Run, files: Path) -> None:
    result = as_sender(
        "send",
        files / "document.toml",
        "--file",
        files / "main.pdf",
        "--appendix",
        files / "annex.xlsx",
        "--to",
        RECIPIENT,
        "--copy-to",
        OTHER,
        "--receipt",
        files / "sent.receipt",
    )
    assert result.exit_code == 0, result.stderr
    manifest = load_manifest(axis.seen[0][0])
    assert f"sent: package {manifest.package_id}" in result.stderr
    assert str(manifest.package_id) in result.stdout
    assert [one.role for one in manifest.recipients] == [RecipientRole.MAIN, RecipientRole.COPY]
    assert manifest.files[1].attachment_kind is AttachmentKind.APPENDIX
    assert manifest.document.issuer_name == "Cơ quan 000.00.00.H53"
    assert (files / "sent.receipt").exists()


def test_sending_with_options_only(axis: ScriptedAxis, as_sender: Run, files: Path) -> None:
    arguments = ["send", "--file", files / "main.pdf", "--to", RECIPIENT, "--json"]
    arguments += ["--number", "52/QĐ-UBND", "--kind", "Quyết định", "--date", "2026-11-20"]
    arguments += ["--subject", 'Về việc "gửi"', "--signer", "An", "--position", "Chủ tịch"]
    (answer,) = lines(as_sender(*arguments, "--due-date", "2026-12-01", "--urgency", "KHAN"))
    assert answer["what"] == "NEW"
    document = load_manifest(axis.seen[0][0]).document
    assert document.subject == 'Về việc "gửi"'
    assert document.reply_requested
    assert document.signer.full_name == "An"


PAPER_RULES = f"""\
name = "own"
title = "Bộ quy tắc thử"
inherits = "tay-ninh-2019"
[paper.bodies]
COMMITTEE = ["{RECIPIENT}"]
JUSTICE = ["{OTHER}"]
"""
ANNEX = "annex.xlsx"
PAPER_CASES: tuple[tuple[str, list[str], str, list[AttachmentKind]], ...] = (
    (RECIPIENT, ["--submission"], "submitted to a Party body", []),
    (RECIPIENT, ["--map", ANNEX], "a map or specialised material", [AttachmentKind.MAP]),
    (RECIPIENT, ["--specialised", ANNEX], "a map or special", [AttachmentKind.SPECIALISED]),
    (OTHER, ["--draft-law", ANNEX, "--appraisal"], "appraise", [AttachmentKind.DRAFT_LAW]),
)
"""A recipient, options, what is said, and as what the attachment travels."""


@pytest.mark.parametrize("command", ["send", "replace"])
@pytest.mark.parametrize(("to", "options", "said", "kinds"), PAPER_CASES)
def test_what_needs_paper_is_told_before_it_is_sent(
    axis: ScriptedAxis,
    as_sender: Run,
    files: Path,
    request: pytest.FixtureRequest,
    command: str,
    to: str,
    options: list[str],
    said: str,
    kinds: list[AttachmentKind],
) -> None:
    (files / "rules.toml").write_text(PAPER_RULES, "utf-8")
    first: list[str | Path] = [command]
    if command == "replace":
        first += [request.getfixturevalue("sent"), "--reason", "thay"]
    plain = [*first, files / "document.toml", "--file", files / "main.pdf", "--to", to]
    plain += ["--rule-set", files / "rules.toml", "--lang", "en"]
    result = as_sender(*plain, *(files / one if one == ANNEX else one for one in options))
    assert result.exit_code == 0, result.stderr
    assert said in result.stderr
    manifest = load_manifest(axis.seen[-1][0])
    assert [one.attachment_kind for one in manifest.files[1:]] == kinds


@pytest.mark.parametrize("command", ["send", "replace"])
def test_programs_have_what_needs_paper_in_the_result(
    as_sender: Run, files: Path, request: pytest.FixtureRequest, command: str
) -> None:
    first: list[str | Path] = [command]
    if command == "replace":
        first += [request.getfixturevalue("sent"), "--reason", "thay"]
    plain = [*first, files / "document.toml", "--file", files / "main.pdf", "--to", OTHER, "--json"]
    [mapped] = lines(as_sender(*plain, "--map", files / ANNEX))
    [paper] = mapped["paper"]
    assert (paper["organ_id"], paper["form"]) == (OTHER, "E_AND_PAPER")
    assert paper["reasons"][0]["clause"] == "QĐ 52/2019 Đ6.2b"


def test_programs_are_told_that_nothing_needs_paper(as_sender: Run, files: Path) -> None:
    plain = ["send", files / "document.toml", "--file", files / "main.pdf", "--to", OTHER, "--json"]
    assert lines(as_sender(*plain))[0]["paper"] == []


def test_a_map_that_is_forgotten_is_noticed(
    as_sender: Run, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = sending._sent
    monkeypatch.setattr(sending, "_sent", lambda _, given: judged([], given))
    arguments = ["send", files / "document.toml", "--file", files / "main.pdf", "--to", OTHER]
    result = as_sender(*arguments, "--map", files / ANNEX)
    assert (result.exit_code, "a map" in result.stderr) == (0, False)


def test_what_needs_no_paper_is_not_told(as_sender: Run, files: Path) -> None:
    (files / "rules.toml").write_text(PAPER_RULES, "utf-8")
    arguments = ["send", files / "document.toml", "--file", files / "main.pdf", "--to", OTHER]
    arguments += ["--rule-set", files / "rules.toml", "--submission", "--lang", "en"]
    result = as_sender(*arguments, "--attach", files / "annex.xlsx")
    assert (result.exit_code, "paper" in result.stderr) == (0, False)


def test_own_package_id_repeats_safely(
    axis: ScriptedAxis, as_sender: Run, sent: str, files: Path
) -> None:
    arguments = ["send", files / "document.toml", "--file", files / "main.pdf", "--json"]
    arguments += ["--attach", files / "annex.xlsx", "--to", RECIPIENT, "--package-id", sent]
    assert lines(as_sender(*arguments))[0]["package_id"] == sent
    assert len(axis.records) == 1


def test_inbox_and_show(as_recipient: Run, as_sender: Run, sent: str) -> None:
    (row,) = lines(as_recipient("inbox", "--json"))
    assert (row["package_id"], row["state"]) == (sent, "SENT")
    assert lines(as_recipient("inbox", "--state", "accepted", "--json")) == []
    assert lines(as_sender("inbox", "--outgoing", "--json", "--limit", "1")) == [row]
    table = as_recipient("inbox")
    assert sent in table.stdout
    assert "52/QĐ-UBND" in table.stdout
    assert "no deliveries" in as_sender("inbox").stdout
    (package,) = lines(as_recipient("show", sent, "--json"))
    assert package["manifest"]["document"]["number"] == "52/QĐ-UBND"
    assert package["deliveries"][0]["state"] == "SENT"
    shown = as_recipient("show", sent).stdout
    assert "Về việc gửi, nhận văn bản điện tử" in shown
    assert "annex.xlsx" in shown


def test_life_of_a_document(
    axis: ScriptedAxis, as_sender: Run, as_recipient: Run, sent: str, files: Path
) -> None:
    data, main = files / "document.toml", files / "main.pdf"
    steps: list[tuple[Run, list[str | Path], str]] = [
        (as_recipient, ["accept", sent, "--number", "125", "--responsible", "Văn thư"], "ACCEPT"),
        (as_recipient, ["forward", sent, "--lead", "A", "--cooperate", "B"], "FORWARD"),
        (as_recipient, ["start", sent, "--note", "gấp"], "START"),
        (
            as_recipient,
            ["complete", sent, "--reply-number", "07/TTr-STTTT", "--reply-date", "2026-11-22"],
            "COMPLETE",
        ),
        (as_recipient, ["reopen", sent, "--reason", "bổ sung"], "REOPEN"),
        (
            as_sender,
            ["update", sent, data, "--attach", files / "annex.xlsx", "--reason", "thiếu"],
            "UPDATE",
        ),
        (as_recipient, ["update", sent, "--apply"], "APPLY_UPDATE"),
        (as_sender, ["update", sent, files / "document.toml", "--reason", "nữa"], "UPDATE"),
        (as_recipient, ["update", sent, "--refuse", "--reason", "không"], "REFUSE_UPDATE"),
        (as_sender, ["recall", sent, "--reason", "sai"], "RECALL"),
        (as_recipient, ["recall", sent, "--reject", "--reason", "sai"], "REJECT_RECALL"),
        (as_sender, ["recall", sent, "--reason", "sai thật", "--from", RECIPIENT], "RECALL"),
        (as_recipient, ["recall", sent, "--confirm"], "CONFIRM_RECALL"),
        (
            as_sender,
            ["replace", sent, data, "--file", main, "--to", RECIPIENT, "--reason", "thay"],
            "REPLACE",
        ),
    ]
    for who, arguments, expected in steps:
        (answer,) = lines(who(*arguments, "--json"))
        assert answer["what"] == expected
    history = lines(as_sender("history", sent, "--json"))
    assert [row["what"] for row in history][:2] == ["NEW", "ACCEPT"]
    assert history[1]["statement"]["register"]["number"] == 125
    table = as_sender("history", sent).stdout
    assert "register entry 125" in table
    assert f"{RECIPIENT} → recalled" in table


def test_answers_may_name_the_recall_itself(
    axis: ScriptedAxis, as_sender: Run, as_recipient: Run, sent: str
) -> None:
    lines(as_recipient("accept", sent, "--number", "1", "--json"))
    (recall,) = lines(as_sender("recall", sent, "--reason", "sai", "--json"))
    (answer,) = lines(as_recipient("recall", recall["package_id"], "--confirm", "--json"))
    assert answer["package_id"] == sent


def test_take_back_and_refusal(as_sender: Run, as_recipient: Run, sent: str) -> None:
    lines(as_sender("take-back", sent, "--reason", "nhầm", "--json"))
    lines(as_recipient("take-back", sent, "--refuse", "--reason", "đã in", "--json"))
    lines(as_sender("take-back", sent, "--from", RECIPIENT, "--reason", "nhầm", "--json"))
    lines(as_recipient("take-back", sent, "--agree", "--json"))
    failed = as_recipient("refuse", sent, "--code", "other", "--reason", "muộn")
    assert failed.exit_code == 1
    assert "error[flow.invalid_move]" in failed.stderr


def test_refusing(as_recipient: Run, sent: str) -> None:
    arguments = ["refuse", sent, "--code", "WRONG_ADDRESSEE", "--reason", "gửi nhầm"]
    assert "refused" in as_recipient(*arguments).stdout


def test_watching_keeps_its_cursor(as_recipient: Run, sent: str, tmp_path: Path) -> None:
    cursor = tmp_path / "cursor.txt"
    (item,) = lines(as_recipient("watch", "--once", "--cursor", cursor, "--json"))
    assert item["manifest"]["package_id"] == sent
    assert cursor.read_text() == "1\n"
    assert lines(as_recipient("watch", "--once", "--cursor", cursor, "--json")) == []
    assert len(lines(as_recipient("watch", "--once", "--after", "0", "--json"))) == 1
    assert "52/QĐ-UBND" in as_recipient("watch", "--once").stdout
    assert "52/QĐ-UBND" in as_recipient("watch", "--once", "--others-only").stdout
    cursor.write_text("nonsense")
    assert as_recipient("watch", "--once", "--cursor", cursor).exit_code == 3


def test_what_was_sent_by_oneself_may_be_left_out(as_sender: Run, sent: str) -> None:
    assert "52/QĐ-UBND" in as_sender("watch", "--once").stdout
    assert as_sender("watch", "--once", "--others-only").stdout == ""


def test_watching_says_how_to_go_on_after_what_does_not_verify(
    axis: ScriptedAxis, as_recipient: Run, sent: str
) -> None:
    axis.faults.change_item = lambda item: item.receipt.inclusion_proof.append(bytes(32))
    stopped = as_recipient("watch", "--once")
    assert stopped.exit_code == 6
    assert stopped.stderr.startswith("entry 0 does not verify; keep this message")
    assert "--after 1\n" in stopped.stderr
    told = json.loads(as_recipient("watch", "--once", "--json").stderr)
    assert told["error"]["facts"]["index"] == "0"
    assert as_recipient("watch", "--once", "--after", "1").exit_code == 0


def test_downloading(as_recipient: Run, sent: str, files: Path, tmp_path: Path) -> None:
    out = tmp_path / "in"
    found = lines(as_recipient("download", sent, "--out", out, "--json"))
    assert [one["name"] for one in found] == ["main.pdf", "annex.xlsx"]
    for one in found:
        assert Path(one["path"]).read_bytes() == (files / one["name"]).read_bytes()
    again = as_recipient("download", sent, "main.pdf", "--out", out)
    assert again.exit_code == 3
    assert "there already" in again.stderr
    forced = as_recipient("download", sent, "main.pdf", "--out", out, "--force")
    assert "main.pdf →" in forced.stdout
    assert as_recipient("download", sent, "other.pdf", "--out", out).exit_code == 3


def test_directory(as_sender: Run) -> None:
    (own,) = lines(as_sender("organisation", "--json"))
    assert own["organisation"]["organ_id"] == "000.00.00.H53"
    assert RECIPIENT in as_sender("organisation", RECIPIENT).stdout
    assert len(lines(as_sender("organisations", "so", "tai", "--json"))) == 2
    assert f"Cơ quan {RECIPIENT}" in as_sender("organisations").stdout


def test_receipts_are_verified_offline(
    axis: ScriptedAxis, as_sender: Run, run: Run, sent: str, tmp_path: Path
) -> None:
    receipt, payload, key = (tmp_path / name for name in ("r.receipt", "m.bin", "axis.key"))
    lines(as_sender("receipt", "save", sent, receipt, "--payload", payload, "--json"))
    assert "saved to" in as_sender("receipt", "save", "0", receipt).stdout
    key.write_text(f"{axis.journal.key}\n")
    verify = ["receipt", "verify", receipt, "--axis-key"]
    (found,) = lines(run(*verify, axis.journal.key, "--payload", payload, "--json"))
    assert found["verified"]
    assert found["payload_verified"]
    assert "receipt verified: entry 0 of axis.test" in run(*verify, key).stdout
    assert as_sender("receipt", "verify", receipt).exit_code == 0
    payload.write_bytes(b"another")
    assert run(*verify, key, "--payload", payload).exit_code == 6
    receipt.write_bytes(receipt.read_bytes().replace(b"axis.test", b"axis.tset", 1))
    assert run(*verify, key).exit_code == 6
    receipt.write_bytes(b"")
    assert run(*verify, key).exit_code == 3


def test_bundles_are_verified_offline(
    axis: ScriptedAxis, as_sender: Run, as_recipient: Run, run: Run, sent: str, tmp_path: Path
) -> None:
    bundle, key, anchors = (tmp_path / name for name in ("c.bundle", "axis.key", "anchors.pem"))
    key.write_text(str(axis.journal.key))
    anchors.write_bytes(axis.pki.root.pem)
    lines(as_recipient("accept", sent, "--number", "1", "--json"))
    (made,) = lines(as_sender("bundle", "export", sent, bundle, "--json"))
    verify = ["bundle", "verify", bundle, "--axis-key", key, "--anchors", anchors]
    (found,) = lines(run(*verify, "--json"))
    assert made == found | {"path": str(bundle)}
    assert [one["what"] for one in found["timeline"]] == ["NEW", "ACCEPT"]
    human = run(*verify).stdout
    assert "bundle verified: packages 1, journal entries 2, files 2" in human
    assert as_sender("bundle", "export", sent, bundle, "--no-files").exit_code == 0
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    bundle.write_bytes(content)
    failed = run(*verify)
    assert failed.exit_code == 6
    assert "error[evidence.bundle_invalid]: the bundle is not valid: " in failed.stderr


def test_a_recall_names_its_recipients_and_the_bundle_its_effects(
    as_sender: Run, as_recipient: Run, sent: str, tmp_path: Path
) -> None:
    chosen = "019b8b3a-0000-7000-8000-000000000000"
    recall = ["recall", sent, "--reason", "sai", "--package-id", chosen]
    (found,) = lines(as_sender(*recall, "--json"))
    assert (found["package_id"], found["target"], found["effects"]) == (chosen, sent, [])
    assert found["recipients"] == [RECIPIENT]
    again = as_sender(*recall).stdout
    assert sent in again
    assert RECIPIENT in again
    history = as_recipient("history", sent).stdout.splitlines()
    assert history[-1].endswith(RECIPIENT)
    bundle = tmp_path / "c.bundle"
    (report,) = lines(as_sender("bundle", "export", sent, bundle, "--json"))
    assert [one["to_state"] for one in report["timeline"][1]["effects"]] == ["RECALLED"]
    assert [(one["state"], one["complete"]) for one in report["deliveries"]] == [("RECALLED", True)]
    shown = as_sender("bundle", "verify", bundle).stdout
    assert f"{RECIPIENT} → recalled" in shown
    assert "unless reports" not in shown


def test_a_bundle_says_what_is_not_certain(
    as_sender: Run, sent: str, files: Path, tmp_path: Path
) -> None:
    arguments = ["send", files / "document.toml", "--file", files / "main.pdf", "--to", RECIPIENT]
    (package,) = lines(as_sender(*arguments, "--to", "000.00.11.H53", "--json"))
    as_sender("recall", package["package_id"], "--reason", "sai")
    shown = as_sender("bundle", "export", package["package_id"], tmp_path / "c.bundle").stdout
    assert shown.count("recalled (unless reports that are not in the bundle say otherwise)") == 2


def test_what_may_pass_is_tried_again(axis: ScriptedAxis, as_sender: Run, files: Path) -> None:
    axis.faults.refusals.append(StoreFailed(reason="disk", retry_after=0.01))
    arguments = ["send", files / "document.toml", "--file", files / "main.pdf"]
    assert as_sender(*arguments, "--to", RECIPIENT).exit_code == 0


@pytest.mark.parametrize("language", ["en", "vi"])
def test_refusal_by_the_axis_in_both_languages(
    axis: ScriptedAxis, as_sender: Run, files: Path, language: str
) -> None:
    axis.faults.refusals.append(UnknownRecipient(organ=RECIPIENT))
    arguments = ["send", files / "document.toml", "--file", files / "main.pdf", "--to", RECIPIENT]
    result = as_sender(*arguments, "--lang", language)
    assert result.exit_code == 3
    first, second = result.stderr.splitlines()
    words = {"en": ("error", "what to do"), "vi": ("lỗi", "cách xử lý")}[language]
    assert first.startswith(f"{words[0]}[exchange.unknown_recipient]: ")
    assert second.startswith(f"{words[1]}: ")
    assert not result.stdout
