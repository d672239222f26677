"""The client for programs with an event loop of their own."""

from __future__ import annotations

from lienthong.client.checking import CheckingMethods
from lienthong.client.following import SenderMethods
from lienthong.client.handling import RecipientMethods


class AsyncClient(SenderMethods, RecipientMethods, CheckingMethods):
    """Sends, receives and reports through one axis.

    It connects at the first call and reconnects by itself; one object serves any number of tasks
    of one event loop, and concurrent calls share messages. Everything that the axis says is checked
    before it is returned: receipts with the checkpoint key, signatures with the trust anchors.

    gRPC wants one event loop in a process: do not use it beside ``Client``.

    Example:
        >>> async with AsyncClient("profile-h53") as client:  # doctest: +SKIP
        ...     receipt = await client.send(document, ["main.pdf"], ["000.01.12.H53"])
    """
