"""What messages are about: the values that their texts name, as they are kept and as they are read.

A value is kept in a form that no language has a part in (a code, an ISO date) and written out for its
reader each time it is shown or sent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from marketplace.domain.audit_chain import FAULTS, Fault, FaultKind
from marketplace.domain.orders import KIND_NAMES, OrderKind
from marketplace.domain.permissions import ROLE_NAMES, Role
from marketplace.domain.text import N_


class Reader(Protocol):
    """Whoever reads: a language, and how its people write dates and figures."""

    def translate(self, source: str) -> str:
        """A source text in the reader's language; the text itself where it has no translation."""

    def day(self, value: dt.date) -> str:
        """A date as running text has it."""

    def number(self, value: int) -> str:
        """A whole number."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to keep a value and to write it out."""

    keep: Callable[[Any], Any]
    write: Callable[[Any, Reader], str]


def _coded(codes: type[StrEnum], names: Mapping[Any, str]) -> Form:
    return Form(lambda code: codes(code).value, lambda code, reader: reader.translate(names[codes(code)]))


def _write_text(kept: str, reader: Reader) -> str:
    return kept or reader.translate(N_("未说明"))


def _write_reason(kept: str, reader: Reader) -> str:
    """Without its full stop: the text around it has one."""
    return _write_text(kept.rstrip(" 。.；;"), reader)


def _keep_things(names: Sequence[str]) -> dict[str, Any]:
    return {"first": names[0], "count": len(names)}


def _write_things(kept: Mapping[str, Any], reader: Reader) -> str:
    if kept["count"] == 1:
        return str(kept["first"])
    several = reader.translate(N_("%(first)s等%(count)d项"))
    return several % kept


def _keep_holders(holders: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(Role(role).value, unit) for role, unit in holders]


def _write_holders(kept: Sequence[tuple[str, str]], reader: Reader) -> str:
    each = reader.translate(N_("%(unit)s的%(role)s"))
    drawn = [each % {"unit": unit, "role": reader.translate(ROLE_NAMES[Role(role)])} for role, unit in kept]
    return reader.translate(N_("、")).join(drawn)


def _keep_fault(fault: Fault) -> dict[str, Any]:
    return {"kind": fault.kind.value, "entry": fault.entry_id, "position": fault.position}


def _write_fault(kept: Mapping[str, Any], reader: Reader) -> str:
    """Without its full stop: the text around it has one."""
    values = {name: kept[name] or "?" for name in ("entry", "position")}
    return (reader.translate(FAULTS[FaultKind(kept["kind"])]) % values).rstrip("。.")


TEXT = Form(str, _write_text)
"""What people wrote and what things and units are called: the same in every language."""
REASON = Form(str, _write_reason)
SOURCE = Form(str, lambda kept, reader: reader.translate(kept))
"""A source text of the rules, marked with ``N_`` where it stands."""
NUMBER = Form(int, lambda kept, reader: reader.number(kept))
DAY = Form(dt.date.isoformat, lambda kept, reader: reader.day(dt.date.fromisoformat(kept)))
ROLE = _coded(Role, ROLE_NAMES)
ORDER_KIND = _coded(OrderKind, KIND_NAMES)
THINGS = Form(_keep_things, _write_things)
"""Names of the things of an order, at least one; the first is named, the others counted."""
FAULT = Form(_keep_fault, _write_fault)
"""Where the audit record is broken."""
HOLDERS = Form(_keep_holders, _write_holders)
"""Who has it now: pairs of a role and the name of a unit, at least one."""

PARAMS: Mapping[str, Form] = {
    "number": TEXT,
    "transfer": TEXT,
    "order_kind": ORDER_KIND,
    "things": THINGS,
    "receiver": TEXT,
    "giver": TEXT,
    "unit": TEXT,
    "person": TEXT,
    "role": ROLE,
    "holders": HOLDERS,
    "reason": REASON,
    "rule": SOURCE,
    "until": DAY,
    "starts_on": DAY,
    "ends_on": DAY,
    "place": NUMBER,
    "count": NUMBER,
    "project": TEXT,
    "way": SOURCE,
    "fault": FAULT,
}
"""Every value that a message may name. ``number`` is an order's, a project's or an auction's, ``transfer``
that of a transfer that an order is in the way of; ``receiver`` and ``giver`` are the names of its units,
``unit`` of whichever acted or got it; ``until`` and ``ends_on`` are last days, inclusive."""
