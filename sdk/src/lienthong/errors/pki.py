"""Errors about keys, certificates and signatures."""

from __future__ import annotations

from lienthong.errors.base import CallerError, EnvironmentFault, InputError


class SignatureInvalid(InputError):
    """A signature does not fit the bytes and the certificate (NĐ 30/2020 Đ5)."""

    code = "pki.signature_invalid"
    en = "the signature on {what} by {subject} is not valid"
    vi = "chữ ký trên {what} của {subject} không hợp lệ"
    next_en = "refuse it as not authentic and tell the sender"
    next_vi = "từ chối vì không xác thực và báo bên gửi"


class ChainUntrusted(InputError):
    """No path leads from the certificate to a configured trust anchor."""

    code = "pki.chain_untrusted"
    en = "the certificate of {subject} does not lead to a trusted authority: {reason}"
    vi = "chứng thư của {subject} không dẫn tới cơ quan chứng thực tin cậy: {reason}"
    next_en = "check the chain that was sent and the configured trust anchors"
    next_vi = "kiểm tra chuỗi chứng thư gửi kèm và danh sách gốc tin cậy"


class CertificateExpired(InputError):
    """The certificate was not valid at the moment that counts."""

    code = "pki.certificate_expired"
    en = "the certificate of {subject} is valid from {not_before} to {not_after}, not at {at}"
    vi = "chứng thư của {subject} có hiệu lực từ {not_before} đến {not_after}, không phải lúc {at}"
    next_en = "renew the certificate"
    next_vi = "gia hạn chứng thư"


class CertificateUnfit(InputError):
    """The certificate or its key may not be used for this purpose."""

    code = "pki.certificate_unfit"
    en = "the certificate of {subject} cannot be used: {reason}"
    vi = "không dùng được chứng thư của {subject}: {reason}"
    next_en = "use a certificate that allows it, with a key of sufficient strength"
    next_vi = "dùng chứng thư cho phép mục đích này, khóa đủ mạnh"


class AlgorithmUnsupported(InputError):
    """The algorithm is not among those accepted."""

    code = "pki.algorithm_unsupported"
    en = "the algorithm {found} is not accepted"
    vi = "không chấp nhận thuật toán {found}"
    next_en = "use RSA >= 2048 (PKCS#1 or PSS), ECDSA P-256/P-384 or Ed25519, with SHA-256/384"
    next_vi = "dùng RSA >= 2048 (PKCS#1 hoặc PSS), ECDSA P-256/P-384 hoặc Ed25519, với SHA-256/384"


class KeyUnusable(CallerError):
    """A private key cannot be opened or does not fit its certificate."""

    code = "pki.key_unusable"
    en = "the key {key} cannot be used: {reason}"
    vi = "không dùng được khóa {key}: {reason}"
    next_en = "check the key's address, its passphrase and its certificate"
    next_vi = "kiểm tra địa chỉ khóa, mật khẩu và chứng thư của nó"


class SecretMissing(CallerError):
    """A PIN, passphrase or other secret is needed, and nobody is there to give it."""

    code = "pki.secret_missing"
    en = "nobody can be asked here for the {secret}"
    vi = "ở đây không hỏi được ai: {secret}"
    next_en = "run the command in a terminal; a program gives a callback for secrets"
    next_vi = "chạy lệnh trong cửa sổ dòng lệnh; chương trình thì truyền hàm hỏi mật khẩu"


class TimestampInvalid(InputError):
    """A time-stamp token proves nothing about the bytes that it was to prove (RFC 3161)."""

    code = "pki.timestamp_invalid"
    en = "the time-stamp cannot be relied on: {reason}"
    vi = "dấu thời gian không đáng tin cậy: {reason}"
    next_en = "refuse it and ask the time-stamp authority for a new one"
    next_vi = "từ chối và yêu cầu tổ chức cấp dấu thời gian cấp lại"


class TimestampRefused(EnvironmentFault):
    """The time-stamp authority answered that it gives no token (RFC 3161 2.4.2)."""

    code = "pki.timestamp_refused"
    en = "the time-stamp authority gave no token: {reason}"
    vi = "tổ chức cấp dấu thời gian không cấp: {reason}"
    next_en = "try again later or ask another authority; see what the first one demands"
    next_vi = "thử lại sau hoặc dùng tổ chức khác; xem yêu cầu của tổ chức này"
