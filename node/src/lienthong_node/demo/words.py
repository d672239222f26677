"""What the demonstration says, in both languages."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from lienthong.errors import Language
from lienthong.model.delivery import DeliveryState

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "making": (
        "making keys, directory and profiles for four organisations of Tây Ninh",
        "tạo khóa, danh bạ và hồ sơ kết nối cho bốn cơ quan của tỉnh Tây Ninh",
    ),
    "starting": ("starting the node", "khởi động nút"),
    "exporting": ("exporting the evidence", "xuất gói bằng chứng"),
    "verifying": (
        "the node has stopped; another process verifies the evidence offline",
        "nút đã dừng; một tiến trình khác kiểm tra bằng chứng, không cần mạng",
    ),
    "log kept": ("the node's log is in {path}", "nhật ký của nút ở {path}"),
    "sends": (
        "sends {number} ({file}) to B, C and D",
        "gửi {number} ({file}) tới B, C và D",
    ),
    "arrives": ("has {number} in its system", "hệ thống đã nhận {number}"),
    "accepts": (
        "accepts {number}, register number {register}",
        "tiếp nhận {number}, số đến {register}",
    ),
    "forwards": ("forwards it to {unit}", "chuyển {unit}"),
    "starts": ("starts work", "bắt đầu xử lý"),
    "completes": ("completes", "xử lý xong"),
    "refuses": ("refuses: {reason}", "từ chối: {reason}"),
    "recalls": ("recalls {number} from D", "thu hồi {number} tại D"),
    "confirms": ("has cancelled it and confirms", "đã hủy và xác nhận thu hồi"),
    "replaces": ("replaces it by {number}", "thay thế bằng {number}"),
    "receipt": ("receipt", "hồi báo"),
    "time": ("time in Vietnam", "giờ Việt Nam"),
    "who": ("who", "cơ quan"),
    "what": ("what", "việc"),
    "deliveries": ("deliveries", "lượt gửi"),
    "document": ("document", "văn bản"),
    "verified": (
        "A separate process verified the evidence offline: {steps}.",
        "Một tiến trình riêng đã kiểm tra bằng chứng, không cần mạng: {steps}.",
    ),
    "yourself": ("Verify it yourself:", "Tự kiểm tra:"),
}


@frozen
class Speech:
    """Texts in one language."""

    language: Language

    def __call__(self, key: str, **facts: object) -> str:
        """The text of *key* with its facts."""
        english, vietnamese = _TEXTS[key]
        return (vietnamese if self.language == "vi" else english).format(**facts)

    def state(self, state: DeliveryState) -> str:
        """A state as people say it."""
        if self.language == "vi":
            return state.label_vi.lower()
        return state.value.lower().replace("_", " ")

    def of(self, fact: dict[str, str], name: str) -> str:
        """A fact that comes with a Vietnamese twin, such as ``name`` and ``name_vi``."""
        return fact[f"{name}_vi" if self.language == "vi" else name]
