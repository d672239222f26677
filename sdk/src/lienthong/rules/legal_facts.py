"""What decides about the worth of a received document: see ``legal_value``."""

from __future__ import annotations

import enum
from typing import Any, Self

from attrs import field, fields, frozen

from lienthong.model.checks import a, as_tuple, maybe, texts
from lienthong.model.file_signature import (
    Certificates,
    Finding,
    SignatureKind,
    SignaturesFound,
)
from lienthong.model.words import CopyForm, Origin


class Channel(enum.Enum):
    """How a document came."""

    SYSTEM = "SYSTEM"
    """Through interconnected document systems: directly or through an axis."""

    EMAIL = "EMAIL"
    OTHER = "OTHER"


class Ending(enum.Enum):
    """What has ended the effect of a document."""

    RECALLED = "RECALLED"
    REPLACED = "REPLACED"


@frozen(kw_only=True)
class Facts:
    """What is known of a received document."""

    copy_form: CopyForm = field(default=CopyForm.ORIGINAL, validator=a(CopyForm))
    origin: Origin = field(default=Origin.BORN_DIGITAL, validator=a(Origin))
    channel: Channel = field(default=Channel.SYSTEM, validator=a(Channel))
    from_agency: bool = field(default=True, validator=a(bool))
    """Sent by a state agency, not by a citizen or somebody outside."""

    integrity: Finding = field(validator=a(Finding))
    """Every file is what its sender signed."""

    signer: Finding = field(validator=a(Finding))
    """The competent person's signature is there and valid; BAD also when there is none."""

    agency: Finding = field(validator=a(Finding))
    """The agency's signature is there and valid; BAD also when there is none."""

    kind: SignatureKind = field(default=SignatureKind.CONG_VU, validator=a(SignatureKind))
    """Of the signatures; where they differ, the one that is not official."""

    certificates: Certificates = field(validator=a(Certificates))
    order: Finding = field(default=Finding.GOOD, validator=a(Finding))
    """The signer signed before the agency (NĐ 30/2020 Đ32.2d)."""

    form_complete: bool = field(default=True, validator=a(bool))
    unsigned_attachments: tuple[str, ...] = field(
        default=(), converter=as_tuple, validator=texts(255, most=100)
    )
    """Names of separate attachments without the agency's signature (NĐ 30/2020 PL I II.8b)."""

    ending: Ending | None = field(default=None, validator=maybe(Ending))

    @classmethod
    def of(cls, found: SignaturesFound, **known: Any) -> Self:
        """What was found of the signatures, with what else is known."""
        return cls(
            copy_form=found.copy_form,
            origin=found.origin,
            integrity=found.integrity,
            signer=found.signer,
            agency=found.agency,
            kind=found.kind,
            certificates=found.certificates,
            order=found.order,
            unsigned_attachments=found.unsigned_attachments,
            **known,
        )

    def words(self) -> dict[str, str]:
        """The facts by their names, as they are kept; without what is not there."""
        named = {one.name: _word(getattr(self, one.name)) for one in fields(Facts)}
        return {name: word for name, word in named.items() if word}


def _word(value: object) -> str:
    """A fact as a word: a name, yes or no, or a list of names."""
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, tuple):
        return "\n".join(value)
    return "" if value is None else str(value).lower()
