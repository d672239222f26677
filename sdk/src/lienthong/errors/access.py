"""Errors about who is calling and how much."""

from __future__ import annotations

from lienthong.errors.base import CallerError, EnvironmentFault


class CredentialUnknown(CallerError):
    """The client certificate is not bound to an organisation."""

    code = "access.credential_unknown"
    status = "UNAUTHENTICATED"
    en = "the certificate {fingerprint} is not registered at this axis"
    vi = "chứng thư {fingerprint} chưa được đăng ký tại trục này"
    next_en = "ask the axis's operator to register it"
    next_vi = "đề nghị đơn vị vận hành trục đăng ký"


class CredentialRevoked(CallerError):
    """The credential was revoked."""

    code = "access.credential_revoked"
    status = "UNAUTHENTICATED"
    en = "the credential {fingerprint} was revoked"
    vi = "chứng thư {fingerprint} đã bị thu hồi"
    next_en = "ask the axis's operator for a new credential"
    next_vi = "đề nghị đơn vị vận hành trục cấp chứng thư mới"


class CredentialExpired(CallerError):
    """The client certificate is outside its validity."""

    code = "access.credential_expired"
    status = "UNAUTHENTICATED"
    en = "the credential {fingerprint} is not valid at {at}"
    vi = "chứng thư {fingerprint} không có hiệu lực lúc {at}"
    next_en = "renew the credential and check the clock"
    next_vi = "gia hạn chứng thư và kiểm tra đồng hồ"


class CredentialStatusUnknown(EnvironmentFault):
    """Nobody who knows has said, recently enough, that the client certificate was not revoked."""

    code = "access.credential_status_unknown"
    en = "whether the credential {fingerprint} was revoked is not known: {reason}"
    vi = "chưa biết chứng thư {fingerprint} có bị thu hồi hay không: {reason}"
    next_en = "repeat later; the operator sees what could not be fetched"
    next_vi = "gọi lại sau; đơn vị vận hành thấy nguồn nào không tải được"


class RoleMissing(CallerError):
    """The credential does not carry the role that the method needs."""

    code = "access.role_missing"
    status = "PERMISSION_DENIED"
    en = "{method} needs one of the roles {roles}"
    vi = "{method} cần một trong các vai trò {roles}"
    next_en = "use a credential with that role"
    next_vi = "dùng chứng thư có vai trò đó"


class LimitReached(EnvironmentFault):
    """The organisation uses more than its share."""

    code = "access.limit_reached"
    status = "RESOURCE_EXHAUSTED"
    en = "the limit {limit} is reached, try again after {retry_after} s"
    vi = "đã chạm giới hạn {limit}, thử lại sau {retry_after} giây"
    next_en = "wait, then send in larger batches and fewer calls"
    next_vi = "chờ rồi gửi theo lô lớn hơn, ít lượt gọi hơn"
