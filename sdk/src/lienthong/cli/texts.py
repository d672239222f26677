"""What the command line says to people, in English and in Vietnamese."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from lienthong.errors import Language

_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "axis": ("axis", "trục"),
    "bundle_verified": (
        "bundle verified: packages {packages}, journal entries {entries}, files {files}",
        "gói bằng chứng hợp lệ: {packages} gói tin, {entries} mục nhật ký, {files} tệp",
    ),
    "checkpoint": ("checkpoint", "điểm kiểm tra"),
    "checkpoint_added": (
        "kept: {axis} continues its journal, now of {size} entries",
        "đã lưu: {axis} nối tiếp nhật ký, nay gồm {size} mục",
    ),
    "checkpoint_known": (
        "nothing new: the newest checkpoint, of {size} entries, is kept already",
        "không có gì mới: điểm kiểm tra mới nhất, gồm {size} mục, đã được lưu",
    ),
    "checkpoints_agree": (
        "all {count} checkpoints are of one history, up to {size} entries",
        "cả {count} điểm kiểm tra thuộc cùng một lịch sử, đến {size} mục",
    ),
    "checkpoints_open": (
        "no contradiction, but no proof that these lead to the newest, of size {size}: {sizes}",
        "không mâu thuẫn, nhưng thiếu bằng chứng dẫn đến điểm mới nhất, kích thước {size}: {sizes}",
    ),
    "code": ("code", "mã"),
    "deliveries": ("deliveries", "lượt gửi"),
    "distribution": ("distribution", "gói cài đặt"),
    "description": ("description", "mô tả"),
    "document": ("document", "văn bản"),
    "downloaded": ("{name} → {path}", "{name} → {path}"),
    "due_date": ("reply until", "trả lời trước ngày"),
    "event": ("event", "sự kiện"),
    "evidence_holds": (
        "the evidence holds: {proves}",
        "bằng chứng đúng: {proves}",
    ),
    "file": ("file", "tệp"),
    "files": ("files", "tệp"),
    "hash": ("SHA-256", "SHA-256"),
    "incomplete": (
        "unless reports that are not in the bundle say otherwise",
        "trừ khi có báo cáo không nằm trong gói bằng chứng",
    ),
    "index": ("entry", "mục"),
    "interrupted": ("interrupted", "đã bị ngắt"),
    "issuer": ("issued by", "cơ quan ban hành"),
    "key_missing": (
        "give --axis-key, or a profile with --profile DIR or LIENTHONG_PROFILE",
        "dùng --axis-key, hoặc hồ sơ kết nối qua --profile THƯ_MỤC hay LIENTHONG_PROFILE",
    ),
    "anchors_missing": (
        "give --anchors, or a profile with --profile DIR or LIENTHONG_PROFILE",
        "dùng --anchors, hoặc hồ sơ kết nối qua --profile THƯ_MỤC hay LIENTHONG_PROFILE",
    ),
    "kind": ("kind", "loại"),
    "name": ("name", "tên"),
    "no_deliveries": ("no deliveries", "không có lượt gửi nào"),
    "no_organisations": ("no organisation found", "không tìm thấy cơ quan nào"),
    "no_plugins": ("no plugins installed", "chưa cài plugin nào"),
    "number": ("number", "số, ký hiệu"),
    "package": ("package", "gói tin"),
    "problem": ("problem", "vấn đề"),
    "profile_missing": (
        "no profile: give --profile DIR or set LIENTHONG_PROFILE",
        "thiếu hồ sơ kết nối: dùng --profile THƯ_MỤC hoặc đặt LIENTHONG_PROFILE",
    ),
    "reason": ("reason", "lý do"),
    "receipt_verified": (
        "receipt verified: entry {index} of {axis}, recorded at {time}",
        "hồi báo hợp lệ: mục {index} của {axis}, ghi nhận lúc {time}",
    ),
    "recipient": ("recipient", "bên nhận"),
    "recorded": ("recorded at", "ghi nhận lúc"),
    "register": ("register entry", "số đến"),
    "reply": ("reply", "văn bản trả lời"),
    "saved": ("saved to {path}", "đã lưu vào {path}"),
    "scheme": ("scheme", "loại mã"),
    "secret_needed": ("secret needed: {name}", "cần mật khẩu: {name}"),
    "sender": ("sender", "bên gửi"),
    "sent": ("sent: package {package}", "đã gửi: gói tin {package}"),
    "signed_by": ("signed by", "ký bởi"),
    "size": ("size", "kích thước"),
    "state": ("state", "trạng thái"),
    "subject": ("subject", "trích yếu"),
    "successors": ("successors", "cơ quan kế thừa"),
    "target": ("about package", "về gói tin"),
    "time": ("time", "thời gian"),
    "unchanged": ("as before", "không đổi"),
    "updated": ("updated", "cập nhật"),
    "urgency": ("urgency", "độ khẩn"),
    "valid": ("valid", "hiệu lực"),
    "version": ("version", "phiên bản"),
    "warning": ("warning", "cảnh báo"),
    "watch_stopped": (
        "entry {index} does not verify; keep this message, and go on without it: --after {next}",
        "mục {index} không xác minh được; giữ thông báo này, để bỏ qua và tiếp tục: --after {next}",
    ),
    "who": ("who", "cơ quan"),
}

KEYS: Final = frozenset(_TEXTS)


class Words:
    """Looks texts up in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **facts: object) -> str:
        english, vietnamese = _TEXTS[key]
        text = vietnamese if self.language == "vi" else english
        return text.format(**facts) if facts else text

    def label(self, member: object) -> str:
        """The name of an enumeration's member for people."""
        if self.language == "vi":
            return str(getattr(member, "label_vi", member))
        return str(getattr(member, "name", member)).lower().replace("_", " ")


def language_of(environment: Mapping[str, str] = os.environ) -> Language:
    """LIENTHONG_LANG, then the locale, otherwise English."""
    for name in ("LIENTHONG_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        found = environment.get(name, "")
        if found:
            return "vi" if found.lower().startswith("vi") else "en"
    return "en"
