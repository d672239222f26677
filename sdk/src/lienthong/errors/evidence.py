"""Errors of offline verification: proofs, checkpoints, receipts, bundles."""

from __future__ import annotations

from lienthong.errors.base import InputError


class ProofInvalid(InputError):
    """A Merkle proof does not lead to the root that was signed (RFC 6962 2.1)."""

    code = "evidence.proof_invalid"
    en = "the {kind} proof does not hold: {reason}"
    vi = "bằng chứng {kind} không đúng: {reason}"
    next_en = "keep the evidence and report it: the journal or the proof was altered"
    next_vi = "giữ nguyên bằng chứng và báo cáo: nhật ký hoặc bằng chứng đã bị sửa"


class CheckpointInvalid(InputError):
    """A checkpoint is malformed or not signed by the axis's key."""

    code = "evidence.checkpoint_invalid"
    en = "the checkpoint is not valid: {reason}"
    vi = "điểm kiểm tra nhật ký không hợp lệ: {reason}"
    next_en = "make sure that this is the axis's public key, then report it"
    next_vi = "kiểm tra đúng khóa công khai của trục, rồi báo cáo"


class ReceiptInvalid(InputError):
    """A receipt does not fit what it is said to prove."""

    code = "evidence.receipt_invalid"
    en = "the receipt is not valid: {reason}"
    vi = "hồi báo không hợp lệ: {reason}"
    next_en = "ask the axis for the receipt again; keep this one as evidence"
    next_vi = "yêu cầu trục cấp lại hồi báo; giữ bản này làm bằng chứng"


class BundleInvalid(InputError):
    """A part of an evidence bundle is missing, altered or does not fit the others."""

    code = "evidence.bundle_invalid"
    en = "the bundle is not valid: {part}: {reason}"
    vi = "gói bằng chứng không hợp lệ: {part}: {reason}"
    next_en = "get an unaltered copy from whoever exported it"
    next_vi = "lấy bản chưa bị sửa từ bên đã xuất gói"


class JournalForked(InputError):
    """The axis does not continue the journal that it has signed before."""

    code = "evidence.journal_forked"
    en = (
        "{axis} does not continue its journal: {kind} between sizes {older} and {newer}; "
        "the evidence is in {file}"
    )
    vi = (
        "{axis} không nối tiếp nhật ký đã ký: {kind} giữa kích thước {older} và {newer}; "
        "bằng chứng nằm trong {file}"
    )
    next_en = "keep the evidence, compare with other organisations, and report it"
    next_vi = "giữ bằng chứng, đối chiếu với các cơ quan khác, rồi báo cáo"


class ForkUnproven(InputError):
    """What is said to be evidence of a rewritten journal does not show it."""

    code = "evidence.fork_unproven"
    en = "the evidence does not show what it says: {reason}"
    vi = "bằng chứng không cho thấy điều nó nêu: {reason}"
    next_en = "ask for an unaltered copy from whoever found it"
    next_vi = "lấy bản chưa bị sửa từ bên đã phát hiện"
