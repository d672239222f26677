"""Errors about the status of certificates and where it is fetched."""

from __future__ import annotations

from lienthong.errors.base import EnvironmentFault, InputError


class CertificateRevoked(InputError):
    """The issuer took the certificate back before the moment that counts (QĐ 52/2019 Đ8.1b)."""

    code = "pki.certificate_revoked"
    en = "the certificate of {subject} was revoked on {revoked_at}: {reason}"
    vi = "chứng thư của {subject} đã bị thu hồi ngày {revoked_at}: {reason}"
    next_en = "refuse what it signed later, and ask its holder for a new certificate"
    next_vi = "từ chối những gì ký sau thời điểm đó và đề nghị chủ thể cấp lại chứng thư"


class StatusUnknown(EnvironmentFault):
    """Nobody who knows has said, recently enough, that the certificate was not revoked."""

    code = "pki.status_unknown"
    en = "whether the certificate of {subject} was revoked is not known: {reason}"
    vi = "chưa biết chứng thư của {subject} có bị thu hồi hay không: {reason}"
    next_en = "repeat later; see 'lienthong trust list' for what could not be fetched"
    next_vi = "gửi lại sau; xem 'lienthong trust list' để biết nguồn nào không tải được"


class FetchFailed(EnvironmentFault):
    """A list, response or certificate could not be fetched; what was kept stays."""

    code = "trust.fetch_failed"
    en = "{url} could not be fetched: {reason}"
    vi = "không tải được {url}: {reason}"
    next_en = "check the network and the publisher; it is asked again by itself"
    next_vi = "kiểm tra mạng và bên công bố; hệ thống sẽ tự tải lại"
