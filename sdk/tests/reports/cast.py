"""The organisations of generated journals, and what they write about."""

from __future__ import annotations

from typing import Final

from lienthong.model.ids import OrganId

UBND: Final = OrganId("000.00.00.H53")
FINANCE: Final = OrganId("000.00.11.H53")
JUSTICE: Final = OrganId("000.00.14.H53")
OLD_OFFICE: Final = OrganId("000.00.21.H53")
"""Closed in July; JUSTICE took over from it."""

ELSEWHERE: Final = OrganId("000.00.00.H04")
ORGANS: Final = (UBND, FINANCE, JUSTICE, OLD_OFFICE, ELSEWHERE)
NAMES: Final = {
    UBND: "UBND tỉnh Tây Ninh",
    FINANCE: "Sở Tài chính",
    JUSTICE: "Sở Tư pháp",
    OLD_OFFICE: "Sở Nội vụ (cũ)",
    ELSEWHERE: "UBND tỉnh Bạc Liêu",
}
SUBJECTS: Final = (
    "Về việc gửi, nhận văn bản điện tử",
    "Về việc lập dự toán ngân sách năm 2027",
    "Về việc rà soát thủ tục hành chính",
    "Về việc phân công nhiệm vụ trong dịp lễ",
    "Về việc báo cáo tình hình thực hiện nhiệm vụ",
)
