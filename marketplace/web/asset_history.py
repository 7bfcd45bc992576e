"""What was done to an asset, in words: who, when, what changed from what to what, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext

from marketplace.db.audit import AuditEntry
from marketplace.domain.audit_names import ACTION_NAMES
from marketplace.domain.states import AssetAction
from marketplace.web.changes import changes_of

_TOLD = frozenset(
    {
        *("asset.edit", "asset.offer", "asset.split", "asset.receive"),
        *(f"asset.{action}" for action in AssetAction),
    }
)
"""Actions whose values are told one by one."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was done."""

    when: dt.datetime
    title: str
    who: str
    lines: list[str]
    reason: str
    key: bool
    """Whether the asset's state changed."""


def events(entries: Iterable[AuditEntry]) -> list[Event]:
    """The record, ready to read."""
    return [
        Event(
            when=entry.at,
            title=gettext(ACTION_NAMES.get(entry.action, entry.action)),
            who=entry.actor_name,
            lines=_lines(entry),
            reason=entry.reason,
            key="state" in (entry.after or {}),
        )
        for entry in entries
    ]


def _lines(entry: AuditEntry) -> list[str]:
    if entry.action in _TOLD:
        return [str(change) for change in changes_of(entry)]
    if entry.action == "asset.photo_caption":
        return [str(change) for change in changes_of(entry) if change.name == "caption"]
    file = (entry.after or {}).get("file")
    return [file] if file else []
