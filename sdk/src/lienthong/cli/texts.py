"""What the command line says to people, in English and in Vietnamese."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from lienthong.errors import Language
from lienthong.model.time import VIETNAM

_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "anchors_missing": (
        "give --anchors, or a profile with --profile DIR or LIENTHONG_PROFILE",
        "dùng --anchors, hoặc hồ sơ kết nối qua --profile THƯ_MỤC hay LIENTHONG_PROFILE",
    ),
    "any_recipient": ("any other recipient", "nơi nhận khác"),
    "arrival_number": (
        "arrival number {number}, {day}",
        "số đến {number}, ngày {day}",
    ),
    "axis": ("axis", "trục"),
    "axis_verified": ("the axis checked the signatures", "trục kiểm tra chữ ký số"),
    "basis": ("basis", "căn cứ"),
    "bundle_verified": (
        "bundle verified: packages {packages}, journal entries {entries}, files {files}",
        "gói bằng chứng hợp lệ: {packages} gói tin, {entries} mục nhật ký, {files} tệp",
    ),
    "calendar": ("calendar", "lịch làm việc"),
    "calendar_good": (
        "{file} is good: {version}; days provisional {provisional}, unlike its base {replacing}",
        "{file} hợp lệ: {version}; số ngày tạm tính {provisional}, khác lịch gốc {replacing}",
    ),
    "calendars_equal": ("no difference", "không có khác biệt"),
    "certificate_ended": (
        "the {use} certificate has ended at {when}, and no later one is registered: {digest}…",
        "{use} đã hết hạn lúc {when}, chưa đăng ký chứng thư mới: {digest}…",
    ),
    "certificate_ends": (
        "the {use} certificate ends at {when}, and no later one is registered: {digest}…",
        "{use} sẽ hết hạn lúc {when}, chưa đăng ký chứng thư mới: {digest}…",
    ),
    "certificate_signing": ("signing", "chứng thư ký"),
    "certificate_transport": ("TLS", "chứng thư TLS"),
    "check": ("interconnection check", "kiểm tra liên thông"),
    "check_bad": ("FAILED", "LỖI"),
    "check_dry": ("not recorded", "chưa ghi vào nhật ký"),
    "check_failed": ("failed", "lỗi"),
    "check_good": ("good", "đạt"),
    "check_lacking": ("missed, due", "chưa kiểm tra, hạn"),
    "check_missed": ("interconnection check missed, due", "chưa kiểm tra liên thông, hạn"),
    "check_of_certificates": ("TLS certificates", "chứng thư TLS"),
    "check_of_clock": ("clock", "đồng hồ"),
    "check_of_deliveries": ("deliveries to be taken", "lượt gửi chờ tiếp nhận"),
    "check_of_directory": ("directory", "danh mục"),
    "check_of_feed": ("feed", "luồng tin"),
    "check_of_journal": ("journal", "nhật ký trục"),
    "check_of_receipt": ("receipt", "hồi báo"),
    "check_passed": ("nothing wrong", "không có lỗi"),
    "check_recorded": ("recorded as entry {index}", "đã ghi thành mục {index}"),
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
    "clause": ("clause", "căn cứ"),
    "checks_complete": (
        "days complete: {complete} of {due} (QĐ 52/2019 Đ12.6)",
        "số ngày kiểm tra đủ: {complete}/{due} (QĐ 52/2019 Đ12.6)",
    ),
    "code": ("code", "mã"),
    "confirm_on_device": (
        "if the signing service asks on your phone, confirm it there within three minutes",
        "nếu dịch vụ ký hỏi trên điện thoại, hãy xác nhận ở đó trong vòng ba phút",
    ),
    "day": ("day", "ngày"),
    "day_off": ("off", "nghỉ"),
    "day_open": ("provisional", "tạm tính"),
    "deliveries": ("deliveries", "lượt gửi"),
    "description": ("description", "mô tả"),
    "distribution": ("distribution", "gói cài đặt"),
    "document": ("document", "văn bản"),
    "document_complete": ("nothing is missing", "đủ các thông tin bắt buộc"),
    "downloaded": ("{name} → {path}", "{name} → {path}"),
    "due_date": ("reply until", "trả lời trước ngày"),
    "due_forwarded": ("passed on or distributed by", "trình, chuyển giao trước"),
    "due_receipt_notice": ("receipt confirmed by", "báo nhận trước"),
    "due_received": ("counts as received", "thời điểm nhận"),
    "due_refused": ("refused by, if at all", "nếu từ chối, phản hồi trước"),
    "due_replied": ("answered by", "trả lời trước"),
    "due_sent": ("sent by", "gửi trước"),
    "due_sent_decree_30": ("issued by, NĐ 30", "phát hành trước, theo NĐ 30"),
    "due_sent_same_day": ("to be sent by", "cần gửi trước"),
    "due_settled": ("settled by", "giải quyết trước"),
    "earlier": ("signed before", "đã ký trước"),
    "event": ("event", "sự kiện"),
    "evidence_holds": (
        "the evidence holds: {proves}",
        "bằng chứng đúng: {proves}",
    ),
    "file": ("file", "tệp"),
    "files": ("files", "tệp"),
    "hash": ("SHA-256", "SHA-256"),
    "image_missing": (
        "{clause} wants an image: give --image PNG, or --hidden to show nothing, not both",
        "{clause} yêu cầu hình ảnh: dùng --image PNG, hoặc --hidden để ẩn, không cả hai",
    ),
    "incomplete": (
        "unless reports that are not in the bundle say otherwise",
        "trừ khi có báo cáo không nằm trong gói bằng chứng",
    ),
    "index": ("entry", "mục"),
    "inherits": ("inherits from", "kế thừa"),
    "interrupted": ("interrupted", "đã bị ngắt"),
    "issuer": ("issued by", "cơ quan ban hành"),
    "judged_ended": ("needs no judgement any more: {state}", "không cần đánh giá nữa: {state}"),
    "judged_next": ("judged again at {when}", "đánh giá lại lúc {when}"),
    "judged_none": ("nothing is due to be judged", "chưa có văn bản nào đến lượt đánh giá lại"),
    "judged_told": ("the axis was told", "đã báo cho trục"),
    "judged_unaccepted": ("not accepted yet", "chưa tiếp nhận"),
    "key": ("key", "khóa"),
    "key_missing": (
        "give --axis-key, or a profile with --profile DIR or LIENTHONG_PROFILE",
        "dùng --axis-key, hoặc hồ sơ kết nối qua --profile THƯ_MỤC hay LIENTHONG_PROFILE",
    ),
    "kind": ("kind", "loại"),
    "name": ("name", "tên"),
    "not_in_force": (
        "{name} is not in force on that day; name another one with --rule-set",
        "{name} không có hiệu lực vào ngày đó; chọn bộ quy tắc khác bằng --rule-set",
    ),
    "no_checks": ("no checks in this month", "không có lần kiểm tra nào trong tháng"),
    "no_deadlines": (
        "no deadlines: give signed_at in the file, or --entered-at",
        "chưa tính thời hạn: ghi signed_at trong tệp, hoặc dùng --entered-at",
    ),
    "no_deliveries": ("no deliveries", "không có lượt gửi nào"),
    "no_organisations": ("no organisation found", "không tìm thấy cơ quan nào"),
    "no_plugins": ("no plugins installed", "chưa cài plugin nào"),
    "number": ("number", "số, ký hiệu"),
    "official_until": (
        "published until {day}; every later day is provisional",
        "đã công bố đến {day}; mọi ngày sau đó là tạm tính",
    ),
    "origin": ("said by", "theo bộ"),
    "package": ("package", "gói tin"),
    "page": ("page", "trang"),
    "paper_e_and_paper": ("{who}: paper copy required", "{who}: phải gửi kèm bản giấy"),
    "paper_e_only": (
        "{who}: electronic only, no paper",
        "{who}: chỉ gửi bản điện tử, không gửi bản giấy",
    ),
    "paper_paper_only": ("{who}: on paper only", "{who}: chỉ gửi bản giấy"),
    "paper_undecided": (
        "{who}: not validly signed by both, a leader must decide the form ({clause})",
        "{who}: chưa đủ chữ ký số hợp lệ, lãnh đạo phải quyết định hình thức gửi ({clause})",
    ),
    "problem": ("problem", "vấn đề"),
    "profile_missing": (
        "no profile: give --profile DIR or set LIENTHONG_PROFILE",
        "thiếu hồ sơ kết nối: dùng --profile THƯ_MỤC hoặc đặt LIENTHONG_PROFILE",
    ),
    "provisional": (
        "provisional: a day that this depends on was not published yet, so it may change",
        "tạm tính: có ngày liên quan chưa được công bố chính thức nên kết quả có thể thay đổi",
    ),
    "reason": ("reason", "lý do"),
    "receipt_verified": (
        "receipt verified: entry {index} of {axis}, recorded at {time}",
        "hồi báo hợp lệ: mục {index} của {axis}, ghi nhận lúc {time}",
    ),
    "recipient": ("recipient", "bên nhận"),
    "recorded": ("recorded at", "ghi nhận lúc"),
    "register": ("register entry", "số đến"),
    "register_sealed": (
        "the registers of {organ} are sealed from {day} on",
        "sổ của {organ} khóa từ ngày {day}",
    ),
    "register_unsealed": (
        "the last seal of the registers of {organ} is taken back",
        "đã bỏ lần khóa sổ cuối cùng của {organ}",
    ),
    "replaces": ("instead of", "thay cho"),
    "reply": ("reply", "văn bản trả lời"),
    "due": ("due", "hạn"),
    "rule_set": ("rule set", "bộ quy tắc"),
    "rule_set_good": (
        "{file} is a sound rule set: {version}",
        "{file} là bộ quy tắc hợp lệ: {version}",
    ),
    "rule_sets_agree": (
        "the rule sets agree in every setting",
        "hai bộ quy tắc giống nhau ở mọi mục",
    ),
    "saved": ("saved to {path}", "đã lưu vào {path}"),
    "scheme": ("scheme", "loại mã"),
    "secret_needed": ("secret needed: {name}", "cần nhập: {name}"),
    "sender": ("sender", "bên gửi"),
    "sent": ("sent: package {package}", "đã gửi: gói tin {package}"),
    "signature": ("signature", "chữ ký"),
    "signed_by": ("signed by", "ký bởi"),
    "signed_content": ("SHA-256 of the signed content", "SHA-256 của nội dung được ký"),
    "signer_unchecked": (
        "nobody checked the certificate of the competent person: give --trust DIR, or a profile",
        "chưa kiểm tra chứng thư của người có thẩm quyền: dùng --trust DIR, hoặc hồ sơ kết nối",
    ),
    "store_missing": (
        "{store} is no trust store, it has no trust.toml: make one with 'lienthong trust add'",
        "{store} không phải kho tin cậy, không có trust.toml: tạo bằng 'lienthong trust add'",
    ),
    "size": ("size", "kích thước"),
    "source": ("source", "nguồn"),
    "sources": ("source", "nguồn"),
    "stamp_pending": ("time-stamp pending", "chờ dấu thời gian"),
    "stamp_unproven": (
        "the time-stamp proves nothing: {reason}",
        "dấu thời gian không chứng minh được: {reason}",
    ),
    "stamped": (
        "time-stamped at {time} by {authority}",
        "đã có dấu thời gian lúc {time} của {authority}",
    ),
    "state": ("state", "trạng thái"),
    "status": ("status", "tình trạng"),
    "subject": ("subject", "trích yếu"),
    "successors": ("successors", "cơ quan kế thừa"),
    "target": ("about package", "về gói tin"),
    "time": ("time", "thời gian"),
    "time_decree_30": ("NĐ 30/2020 Đ18.1: by {when}", "NĐ 30/2020 Đ18.1: chậm nhất {when}"),
    "time_due": ("last day: {when}", "ngày cuối: {when}"),
    "time_forward": ("to be sent on by {when}", "phải chuyển xử lý chậm nhất {when}"),
    "time_received": ("counts as received at {when}", "tính là nhận lúc {when}"),
    "time_report": ("report due on {when}", "ngày gửi báo cáo: {when}"),
    "time_send": ("to be sent by {when}", "phải gửi chậm nhất {when}"),
    "time_stamp": ("time-stamp", "dấu thời gian"),
    "time_target": ("better the same day: by {when}", "nên gửi trong ngày: chậm nhất {when}"),
    "time_until": ("until {when}", "đến {when}"),
    "title": ("title", "tên đầy đủ"),
    "trust_busy": (
        "another process is fetching; nothing was done",
        "tiến trình khác đang tải; chưa làm gì",
    ),
    "trust_confirmed": ("confirmed at", "xác nhận lúc"),
    "trust_due": (
        "the next place is due at {at}; --all fetches all of them now",
        "nguồn kế tiếp đến hạn lúc {at}; --all để tải lại tất cả ngay",
    ),
    "trust_ended": ("{label}: ended on {day}", "{label}: đã hết hạn ngày {day}"),
    "trust_ending": (
        "{label}: ends on {day}, in {days} days",
        "{label}: hết hạn ngày {day}, còn {days} ngày",
    ),
    "trust_ends": ("ends", "hết hạn"),
    "trust_fetched": ("places fetched: {count}", "số nguồn đã tải: {count}"),
    "trust_good": (
        "{store} is a sound trust store; authorities {count}",
        "{store} là kho tin cậy hợp lệ; số tổ chức chứng thực {count}",
    ),
    "trust_label": ("authority", "tổ chức chứng thực"),
    "trust_missing": (
        "whom to trust is not known: give --trust DIR, or a profile that names a trust store",
        "chưa biết tin cậy ai: dùng --trust DIR, hoặc hồ sơ có nêu kho tin cậy",
    ),
    "trust_next": ("next at", "lần tới"),
    "trust_place": ("status from", "nguồn trạng thái"),
    "trust_purposes": ("trusted for", "tin cậy cho"),
    "unchanged": ("as before", "không đổi"),
    "updated": ("updated", "cập nhật"),
    "urgency": ("urgency", "độ khẩn"),
    "valid": ("valid", "hiệu lực"),
    "valid_from": ("valid from", "hiệu lực từ"),
    "valid_to": ("valid until before", "hết hiệu lực từ"),
    "value": ("value", "giá trị"),
    "version": ("version", "phiên bản"),
    "warning": ("warning", "cảnh báo"),
    "watch_stopped": (
        "entry {index} does not verify; keep this message, and go on without it: --after {next}",
        "mục {index} không xác minh được; giữ thông báo này, để bỏ qua và tiếp tục: --after {next}",
    ),
    "what": ("what", "nội dung"),
    "who": ("who", "cơ quan"),
    "working_day": ("working", "làm việc"),
    "worth": ("worth, if it is found as said", "giá trị pháp lý, nếu đúng như nêu"),
}

_WEEKDAYS: Final[Mapping[Language, tuple[str, ...]]] = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "vi": ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"),
}

_TWO: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")

KEYS: Final = frozenset(_TEXTS)


class Words:
    """Looks texts up in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **facts: object) -> str:
        english, vietnamese = _TEXTS[key]
        text = vietnamese if self.language == "vi" else english
        return text.format(**facts) if facts else text

    def of(self, english: str, vietnamese: str) -> str:
        """One of two texts that something brings along itself."""
        return vietnamese if self.language == "vi" else english

    def secret(self, name: str) -> str:
        """What a plugin asks for, as it names it in English: its kind translated, the rest kept."""
        known = _SECRETS if self.language == "vi" else {}
        kind = next((one for one in known if name.startswith(f"{one} ")), "")
        return known.get(kind, "") + name[len(kind) :]

    @property
    def weekdays(self) -> tuple[str, ...]:
        """Two letters for each day of the week, Monday first."""
        return ("T2", "T3", "T4", "T5", "T6", "T7", "CN") if self.language == "vi" else _TWO

    def day(self, day: date) -> str:
        """A day with its day of the week."""
        weekday = _WEEKDAYS[self.language][day.weekday()]
        return f"{weekday}, {day:%d/%m/%Y}" if self.language == "vi" else f"{weekday} {day}"

    def instant(self, at: datetime) -> str:
        """An instant in Vietnamese time; midnight is 24:00 of the day that it ends."""
        local = at.astimezone(VIETNAM)
        if local.time() == time(0):
            return f"24:00 {self.day(local.date() - timedelta(days=1))}"
        return f"{local:%H:%M:%S} {self.day(local.date())}"

    def label(self, member: object) -> str:
        """The name of an enumeration's member for people."""
        if self.language == "vi":
            return str(getattr(member, "label_vi", member))
        return str(getattr(member, "name", member)).lower().replace("_", " ")


_SECRETS: Final = {
    "PIN of the token": "mã PIN của thiết bị",
    "PIN of the credential": "mã PIN của chứng thư số",
    "OTP of the credential": "mã OTP của chứng thư số",
    "passphrase of": "mật khẩu của",
    "access token of": "mã truy cập của",
    "client secret of": "mã bí mật của ứng dụng",
}


def language_of(environment: Mapping[str, str] = os.environ) -> Language:
    """LIENTHONG_LANG, then the locale, otherwise English."""
    for name in ("LIENTHONG_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        found = environment.get(name, "")
        if found:
            return "vi" if found.lower().startswith("vi") else "en"
    return "en"
