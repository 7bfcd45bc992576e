"""Entries of the audit record as the auditor's page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel import format_datetime, gettext

from marketplace.db.audit import AuditEntry
from marketplace.domain.audit_chain import FAULTS, Fault
from marketplace.domain.audit_names import ACTION_NAMES, OBJECT_NAMES, OUTCOME_NAMES
from marketplace.domain.permissions import Actor, Permission
from marketplace.use_cases.audit_search import Line, Names
from marketplace.web.changes import Change, changes_of

SHOWN = 5
"""Values of an entry that are shown at once; the others unfold."""
SHORT = 12
"""Digits of a digest that tell it from any other at a glance."""
PAGES: Mapping[str, tuple[str, str, Permission]] = {
    "asset": ("assets.page", "asset_id", Permission.READ_ASSETS),
    "order": ("orders.page", "order_id", Permission.READ_ORDERS),
    "import_run": ("imports.run", "run_id", Permission.IMPORT_ASSETS),
    "unit": ("units.edit", "unit_id", Permission.MANAGE_UNITS),
    "user": ("users.edit", "user_id", Permission.MANAGE_USERS),
}
"""The page of each kind of object, its parameter, and what it asks of its reader."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry, ready to draw."""

    entry: AuditEntry
    when: str
    action: str
    outcome: str
    """Empty where it simply was done."""
    kind: str
    object: str
    url: str
    unit: str
    changes: list[Change]
    further: list[Change]
    position: int | None
    digest: str


def rows_of(lines: Sequence[Line], names: Names, actor: Actor) -> list[Row]:
    """A page of entries."""
    return [_row(line, names, actor) for line in lines]


def fault_in_words(fault: Fault) -> str:
    """What is wrong with the record."""
    unknown = gettext("不明")
    return gettext(FAULTS[fault.kind]) % {
        "entry": fault.entry_id or unknown,
        "position": fault.position or unknown,
    }


def short(digest: bytes | None) -> str:
    """The beginning of a digest, as people compare it."""
    return digest.hex()[:SHORT] if digest else ""


def _row(line: Line, names: Names, actor: Actor) -> Row:
    entry = line.entry
    changes = changes_of(entry, names.units)
    name = names.objects.get((entry.object_kind, entry.object_id or 0), "")
    return Row(
        entry=entry,
        when=format_datetime(entry.at, "yyyy-MM-dd HH:mm:ss"),
        action=gettext(ACTION_NAMES.get(entry.action, entry.action)),
        outcome="" if entry.outcome == "done" else gettext(OUTCOME_NAMES.get(entry.outcome, entry.outcome)),
        kind=gettext(OBJECT_NAMES.get(entry.object_kind, entry.object_kind)),
        object=name or (f"#{entry.object_id}" if entry.object_id is not None else ""),
        url=_address(entry, actor) if name else "",
        unit=names.units.get(entry.unit_id or 0, ""),
        changes=changes[:SHOWN],
        further=changes[SHOWN:],
        position=line.position,
        digest=short(line.digest),
    )


def _address(entry: AuditEntry, actor: Actor) -> str:
    """Where the object is looked at, if this reader may."""
    endpoint, parameter, permission = PAGES.get(entry.object_kind, ("", "", Permission.READ_AUDIT))
    if endpoint not in current_app.view_functions or not actor.may_anywhere(permission):
        return ""
    values: dict[str, Any] = {parameter: entry.object_id}
    return url_for(endpoint, **values)
