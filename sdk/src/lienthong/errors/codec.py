"""Errors about bytes that are to become values."""

from __future__ import annotations

from lienthong.errors.base import InputError


class Malformed(InputError):
    """Bytes cannot be read as what they claim to be."""

    code = "codec.malformed"
    en = "{what} cannot be read: {reason}"
    vi = "không đọc được {what}: {reason}"
    next_en = "ask whoever made it to create it again"
    next_vi = "đề nghị bên tạo ra nó tạo lại"


class UnknownField(InputError):
    """Signed bytes hold a field that this version does not know."""

    code = "codec.unknown_field"
    en = "{what} holds the unknown field {field}"
    vi = "{what} có trường lạ {field}"
    next_en = "upgrade this software, or ask the sender to use the published format"
    next_vi = "nâng cấp phần mềm này, hoặc đề nghị bên gửi dùng đúng định dạng công bố"


class NewerEntry(UnknownField):
    """A journal entry holds what this version does not know: the axis is newer."""

    code = "codec.newer_entry"
    en = "the axis is newer than this software: {what} holds the unknown field {field}"
    vi = "trục mới hơn phần mềm này: {what} có trường lạ {field}"
    next_en = "upgrade this software and read on from the same entry"
    next_vi = "nâng cấp phần mềm này rồi đọc tiếp từ chính mục đó"


class TooLarge(InputError):
    """Something exceeds a fixed limit."""

    code = "codec.too_large"
    status = "RESOURCE_EXHAUSTED"
    en = "{what} is {found}, the limit is {limit}"
    vi = "{what} là {found}, giới hạn là {limit}"
    next_en = "make it smaller or split it"
    next_vi = "giảm kích thước hoặc chia nhỏ"
