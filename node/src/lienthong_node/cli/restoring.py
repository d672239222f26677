"""``lienthong-node restore``."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lienthong.errors import JournalRolledBack
from lienthong_node.cli.common import (
    checkpoint_option,
    data_argument,
    json_option,
    read_checkpoint,
    reporting,
    show,
)

if TYPE_CHECKING:
    from lienthong.evidence.checkpoint import Checkpoint
    from lienthong.spi.storage import ReadView


@click.command()
@data_argument
@checkpoint_option
@click.option(
    "--accept-loss",
    is_flag=True,
    help="Sign on although entries are known to be lost. Everybody with a newer checkpoint can "
    "prove it.",
)
@json_option
@reporting
def restore(data: Path, checkpoints: tuple[Path, ...], accept_loss: bool, as_json: bool) -> None:
    """Let the node of DATA sign on from records that were restored.

    A node does not sign on records that came from a backup before this was said. Give every
    checkpoint that was kept outside: where one is newer than the records, they are refused.

    \b
    Example:
      lienthong-node restore /var/lib/truc --checkpoint published.txt
    """
    from lienthong.evidence.checkpoint import open_checkpoint
    from lienthong_node.heads import check_continues, read_head, write_head
    from lienthong_node.opening import open_folder
    from lienthong_node.security_log import Deed, Event

    with closing(open_folder(data)) as opened, opened.store.read() as view:
        key, newest = opened.checkpoint_key, view.checkpoint()
        if newest is not None:
            check_continues(view, open_checkpoint(newest.note, key), "its newest checkpoint")
        known = {str(path): open_checkpoint(read_checkpoint(path), key) for path in checkpoints}
        if (head := read_head(data, key)) is not None:
            known["the head file"] = head
        lost = _lost(view, known, accept_loss=accept_loss)
        size = view.head().size
        what = f"{size} entries, {lost} lost"
        with opened.security.privileged(Deed(event=Event.RESTORED, who="operator", what=what)):
            write_head(data, newest.note if newest else "")
    show(
        {"entries": size, "lost": lost},
        f"the node signs on from {size} entries" + (f"; {lost} are lost" if lost else ""),
        as_json=as_json,
    )


def _lost(view: ReadView, known: Mapping[str, Checkpoint], *, accept_loss: bool) -> int:
    """How many entries that checkpoints cover are not there.

    Raises:
        JournalRolledBack: there are some, and nobody has accepted that.
        DataCorrupt: what is there was rewritten; nobody can accept that.
    """
    from lienthong_node.heads import check_continues

    lost = 0
    for witness, checkpoint in known.items():
        try:
            check_continues(view, checkpoint, witness)
        except JournalRolledBack:
            if not accept_loss:
                raise
            lost = max(lost, checkpoint.size - view.head().size)
    return lost
