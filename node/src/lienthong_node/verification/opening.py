"""From a node's settings to what verifies files for it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lienthong.client.examining import FileExaminer
from lienthong.plugins import PluginHost, PluginKind, PluginState
from lienthong_node.services.context import NodeContext
from lienthong_node.settings import Settings
from lienthong_node.verification.places import REPORTS, WORKLIST
from lienthong_node.verification.status_watch import StatusWatch
from lienthong_node.verification.worker import FileVerification
from lienthong_node.verification.worklist import Worklist

_USABLE: Final = frozenset({PluginState.INSTALLED, PluginState.READY})


def open_verification(node: NodeContext) -> FileVerification:
    """What verifies files for a node, or says why it cannot.

    Raises:
        ConfigInvalid: the node's folder cannot be written to.
    """
    named, lacking = node.settings.trust_folder, _lacking(node.settings, node.host)
    trust = node.folder / named if named else None
    return FileVerification(
        store=node.store,
        blobs=node.blobs,
        committer=node.committer,
        worklist=Worklist.open(node.folder / WORKLIST),
        examiner=None if trust is None else _examiner(node, trust),
        status=StatusWatch(trust) if trust else None,
        missing=lambda: lacking or node.uncertain() or node.accepting(),
        fetch_soon=node.status.fetch_soon if node.status is not None else lambda: None,
        stopping=node.stopping.is_set,
    )


def _examiner(node: NodeContext, trust: Path) -> FileExaminer:
    reports = node.folder / REPORTS
    return FileExaminer(node.host, trust, reports, node.clock, background=True)


def _lacking(settings: Settings, host: PluginHost) -> str:
    """What a node lacks to verify files; empty where it lacks nothing."""
    if not settings.trust_folder:
        return "trust_folder is not set in node.toml"
    verifiers = (one for one in host.listing() if one.kind is PluginKind.FILE_VERIFIER)
    if not any(one.state in _USABLE for one in verifiers):
        return "no plugin that verifies files is installed and allowed"
    return ""
