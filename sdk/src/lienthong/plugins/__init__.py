"""The plugin host: what applications use to open signers, stores and the rest by URI."""

from __future__ import annotations

from lienthong.errors import Language
from lienthong.plugins.allowed import Allowed, AllowList
from lienthong.plugins.discovery import Offer, discover
from lienthong.plugins.host import Deadlines, PluginHost, refuse_secrets
from lienthong.plugins.info import PluginInfo, PluginState, row
from lienthong.plugins.kinds import SEAMS, PluginKind, Seam
from lienthong.plugins.observers import Observers, ObserverStatus

__all__ = [
    "SEAMS",
    "AllowList",
    "Allowed",
    "Deadlines",
    "ObserverStatus",
    "Observers",
    "Offer",
    "PluginHost",
    "PluginInfo",
    "PluginKind",
    "PluginState",
    "Seam",
    "describe",
    "discover",
    "refuse_secrets",
]


def describe(
    host: PluginHost, *, probe: bool = True, language: Language = "en"
) -> list[dict[str, object]]:
    """The host's plugins as flat rows of words, for a table or as JSON."""
    return [dict(row(info, language=language)) for info in host.listing(probe=probe)]
