"""Registers of documents (sổ văn bản đi, đến), for systems that have none of their own.

``numbering`` and ``lines`` are the rules and the values, ``columns`` what is printed. ``book`` is
what hands numbers out (``keeping``, ``outgoing`` and ``incoming`` its methods), on top of what its
file holds: ``ledger``, ``seals`` and ``file``.
"""

from __future__ import annotations

from lienthong.registers.book import RegisterBook
from lienthong.registers.lines import Entry, Line, LineState
from lienthong.registers.numbering import Place, Register

__all__ = ["Entry", "Line", "LineState", "Place", "Register", "RegisterBook"]
