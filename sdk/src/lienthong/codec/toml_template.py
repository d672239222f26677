"""The commented example of ``document.toml``."""

from __future__ import annotations

from typing import Final

TEMPLATE: Final = """\
# Dữ liệu mô tả văn bản điện tử / data that describes one document.
# Bỏ dấu # ở dòng cần dùng / remove the # of the lines that you need.
# Không dùng cho văn bản mật / never for state secrets (QĐ 52/2019 Đ1.2).

# Số và ký hiệu / number and notation (Đ7.2c)
number = "05/QĐ-UBND"
# Ngày văn bản / date of the document (Đ7.2d)
issued_date = 2026-01-05
# Tên loại: mã hoặc tên tiếng Việt / kind: word or Vietnamese name (Đ7.2đ)
kind = "QUYET_DINH"
# Trích yếu, tối đa 500 ký tự / subject, at most 500 characters (Đ7.2e)
subject = "Về việc phê duyệt kế hoạch năm 2026"

# Cơ quan ban hành; mã và tên lấy theo hồ sơ kết nối nếu bỏ trống
# issuer; code and name are those of your profile when left out (Đ7.2a)
# issuer_code = "H53.12"
# issuer_name = "Ủy ban nhân dân tỉnh"
# Mã định danh văn bản / document code (Đ7.2b)
# document_code = "H53.12.2026.5"

# THUONG, KHAN, THUONG_KHAN, HOA_TOC (Đ7.2k)
urgency = "THUONG"
# Giờ hẹn, chỉ với HOA_TOC / only with HOA_TOC
# urgent_at = 2026-01-05T14:00:00+07:00

# Yêu cầu trả lời phải có hạn / a requested reply needs its date (Đ9.2b)
reply_requested = false
# due_date = 2026-01-20

# place = "Tây Ninh"
# language = "Tiếng Việt"
# page_amount = 3
# description = "Ghi chú, tối đa 500 ký tự"
# field = "Kế hoạch"
# keywords = ["kế hoạch", "2026"]
# to_places = ["Như Điều 3", "Lưu: VT"]
# issued_amount = 1
# NONE, XEM_XONG_TRA_LAI, LUU_HANH_NOI_BO
# circulation = "NONE"
# BORN_DIGITAL, DIGITISED
# origin = "BORN_DIGITAL"
# ORIGINAL, SAO_Y, SAO_LUC, TRICH_SAO
# copy_form = "ORIGINAL"
# KHONG_CHI_DAO, CHI_DAO, BAO_CAO_CHI_DAO
# steering_type = "KHONG_CHI_DAO"
# E_ONLY, E_AND_PAPER, PAPER_ONLY; có giấy thì nêu lý do / paper needs its basis (Đ6.2, Đ8.2c)
# issue_form = "E_ONLY"
# QD52_6_2A, QD52_6_2B, QD52_6_2C, LIST, RECIPIENT_NOT_READY, OTHER
# paper_basis = "OTHER"
# signed_at = 2026-01-05T09:00:00+07:00
# issued_at = 2026-01-05T10:00:00+07:00

# Người ký / signer (Đ7.2i; NĐ 30/2020 Đ13)
[signer]
full_name = "Chánh Văn phòng"
position = "Chủ tịch"
# DIRECT, TM, Q, KT, TL, TUQ
authority = "TM"
# Văn bản ủy quyền, với TL và TUQ / the delegation, with TL and TUQ
# delegation_id = "12/GUQ-UBND"

# Trả lời cho văn bản / the document that this one answers (Đ9.2c)
# [[response_for]]
# organ_id = "H53.1"
# number = "11/STC-NS"
# issued_date = 2025-12-20

# Quan hệ: REPLACES, RECALLS, CORRECTS, AMENDS, TARGET / relations (NĐ 30/2020 Đ18.3-4)
# [[relations]]
# kind = "REPLACES"
# organ_id = "H53.12"
# number = "04/QĐ-UBND"
# issued_date = 2025-11-01

# Thông tin khác / anything else (Đ7.2q)
# [extra]
# "số hồ sơ" = "HS-2026-01"
"""
