"""Organisations that no longer exist: no documents from or to them, but recalls reach them."""

from __future__ import annotations

import attrs
import pytest

from lienthong.errors import ClosedRecipient, ClosedSender
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from node.tests.support import CLOSED, HEIR, TODAY, A, B, World, manifest, recall, submit


def closing(organ: str) -> Directory:
    """The directory after an organisation was closed today."""
    known = World().directory
    return Directory(
        tuple(
            attrs.evolve(found, valid_to=TODAY, successors=[OrganId(HEIR)])
            if found.organ_id == OrganId(organ)
            else found
            for found in known.organisations
        )
    )


def test_closed_organisation_sends_nothing_new() -> None:
    with pytest.raises(ClosedSender) as found:
        World(directory=closing(A)).decide(submit(manifest()))
    assert HEIR in str(found.value)


def test_nothing_new_is_sent_to_it() -> None:
    with pytest.raises(ClosedRecipient):
        World().decide(submit(manifest(CLOSED)))


@pytest.mark.parametrize("closed", [A, B])
def test_what_was_sent_before_can_still_be_recalled(closed: str) -> None:
    """A duty of the sender (QĐ 52/2019 Đ8.3) does not end with a merger."""
    world = World()
    package = world.send(B)
    world.directory = closing(closed)
    world.decide(submit(recall(package, B)))
    assert world.size == 2
