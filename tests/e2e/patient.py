"""An axis that bears with everything, for tests of what must be refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

from lienthong.errors import LienthongError
from lienthong.model.ids import OrganId
from lienthong.model.organisation import OrganCode, Organisation, OrganName
from lienthong_node.local import LocalAxis
from lienthong_node.uploads import CHUNK_LIMIT
from lienthong_proto.axis.v1 import admin_pb2
from tests.e2e.conftest import NAMES, A, B, C
from tests.e2e.forked_axis import ForkedAxis
from tests.e2e.raw import Outcome, Party, messages

ALIAS: Final = "H53.13"
CLOSED: Final = "000.00.21.H53"
HEIR: Final = "000.00.22.H53"
NOBODY: Final = "000.00.99.H53"


def _organisation(code: str, **fields: Any) -> Organisation:
    codes = [code, ALIAS] if code == B else [code]
    values: dict[str, Any] = {
        "organ_id": OrganId(code),
        "codes": [OrganCode(scheme=OrganId(c).scheme, value=OrganId(c)) for c in codes],
        "names": [OrganName(value=NAMES.get(code, code))],
    }
    return Organisation(**(values | fields))


@contextmanager
def patient_axis(folder: Path) -> Iterator[LocalAxis]:
    """A running axis with an organisation that was closed, and limits that nobody reaches."""
    closed = _organisation(CLOSED, valid_to=date(2025, 7, 1), successors=[OrganId(HEIR)])
    made = ForkedAxis.create(
        folder,
        [*map(_organisation, (A, B, C, HEIR)), closed],
        disk_reserve_bytes=0,
        requests_per_second=100_000,
        burst=100_000,
        max_file_bytes=10 * CHUNK_LIMIT,
    )
    with made.running():
        yield made


def one(outcomes: list[Outcome]) -> LienthongError:
    """The only outcome, which must be a refusal."""
    [outcome] = outcomes
    assert isinstance(outcome, LienthongError), outcome
    return outcome


def refused(party: Party, **fields: Any) -> LienthongError:
    """Why a package with these fields is refused."""
    recipients = fields.pop("recipients", (B,))
    return one(party.submit(party.submission(party.manifest(*recipients, **fields))))


def status(operator: Party) -> Any:
    [found] = messages(admin_pb2.GetStatusResponse, operator.ask("Admin/GetStatus", b""))
    return found
