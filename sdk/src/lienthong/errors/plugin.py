"""Errors about plugins; each names the plugin, its distribution and version."""

from __future__ import annotations

from lienthong.errors.base import CallerError, PluginError


class PluginNotFound(CallerError):
    """No installed plugin answers to the URI's scheme."""

    code = "plugin.not_found"
    status = "FAILED_PRECONDITION"
    en = "no installed {kind} plugin answers to {scheme}:, available: {available}"
    vi = "không có plugin {kind} nào cho {scheme}:, hiện có: {available}"
    next_en = "install the distribution that provides it"
    next_vi = "cài gói cung cấp plugin đó"


class PluginBlocked(CallerError):
    """The configuration forbids the plugin."""

    code = "plugin.blocked"
    status = "FAILED_PRECONDITION"
    en = "the {kind} plugin {plugin} of {distribution} {version} is blocked by configuration"
    vi = "plugin {kind} {plugin} của {distribution} {version} bị chặn trong cấu hình"
    next_en = "take it off the block list, or use another plugin"
    next_vi = "bỏ khỏi danh sách chặn, hoặc dùng plugin khác"


class PluginNotAllowed(CallerError):
    """An allow list is kept, and it does not have the plugin as it is installed."""

    code = "plugin.not_allowed"
    status = "FAILED_PRECONDITION"
    en = "the {kind} plugin {plugin} of {distribution} {version} is not allowed: {reason}"
    vi = "plugin {kind} {plugin} của {distribution} {version} không được phép: {reason}"
    next_en = "install the reviewed version again; lock plugins anew only after a review"
    next_vi = "cài lại bản đã được duyệt; chỉ khoá lại danh sách sau khi duyệt"


class PluginAmbiguous(CallerError):
    """Several distributions offer the same name."""

    code = "plugin.ambiguous"
    status = "FAILED_PRECONDITION"
    en = "several {kind} plugins answer to {plugin}: {offers}"
    vi = "nhiều plugin {kind} cùng nhận {plugin}: {offers}"
    next_en = "uninstall or block all but one of them"
    next_vi = "gỡ hoặc chặn bớt, chỉ giữ lại một"


class PluginLoadFailed(PluginError):
    """A plugin cannot be loaded."""

    code = "plugin.load_failed"
    en = "the plugin {plugin} of {distribution} {version} cannot be loaded: {reason}"
    vi = "không nạp được plugin {plugin} của {distribution} {version}: {reason}"
    next_en = "reinstall or upgrade the distribution, or block the plugin"
    next_vi = "cài lại hoặc nâng cấp gói, hoặc chặn plugin"


class PluginIncompatible(PluginError):
    """A plugin was made for another version of the interface."""

    code = "plugin.incompatible"
    en = (
        "the plugin {plugin} of {distribution} {version} has interface {found}, expected {expected}"
    )
    vi = "plugin {plugin} của {distribution} {version} dùng giao diện {found}, cần {expected}"
    next_en = "install a version of the plugin for this SDK"
    next_vi = "cài phiên bản plugin hợp với SDK này"


class NotSupported(CallerError):
    """A plugin does not declare the capability that was asked for."""

    code = "plugin.not_supported"
    status = "FAILED_PRECONDITION"
    en = "{plugin} does not support {capability}"
    vi = "{plugin} không hỗ trợ {capability}"
    next_en = "use a plugin that declares it"
    next_vi = "dùng plugin có khai khả năng đó"


class PluginFailed(PluginError):
    """A plugin raised, hung or answered something that its contract forbids."""

    code = "plugin.failed"
    retryable = True
    en = "the plugin {plugin} of {distribution} {version} failed at {call}: {reason}"
    vi = "plugin {plugin} của {distribution} {version} lỗi khi {call}: {reason}"
    next_en = "look at the cause, then tell the plugin's author"
    next_vi = "xem nguyên nhân rồi báo tác giả plugin"
