"""What was done to an asset, in words: who, when, what changed from what to what, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from marketplace.db.audit import AuditEntry
from marketplace.domain.assets import BY_NAME
from marketplace.domain.states import STATE_NAMES, AssetState
from marketplace.domain.text import N_
from marketplace.web.asset_facts import in_words
from marketplace.web.facets import MODES

TITLES = {
    "asset.create": N_("建卡"),
    "asset.import": N_("导入建卡"),
    "asset.edit": N_("修改卡片"),
    "asset.list": N_("入仓上架"),
    "asset.withdraw": N_("撤回"),
    "asset.photo_add": N_("新增照片"),
    "asset.photo_remove": N_("移除照片"),
    "asset.photo_restore": N_("恢复照片"),
    "asset.photo_order": N_("调整照片顺序"),
    "asset.photo_cover": N_("更换封面"),
    "asset.photo_caption": N_("修改照片说明"),
}
_TOLD = frozenset({"asset.edit", "asset.list", "asset.withdraw"})
"""Actions whose values are told one by one."""

_ORDER = ("state", "modes", "category", *BY_NAME)


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
            title=gettext(TITLES.get(entry.action, entry.action)),
            who=entry.actor_name,
            lines=_lines(entry),
            reason=entry.reason,
            key="state" in (entry.after or {}),
        )
        for entry in entries
    ]


def _lines(entry: AuditEntry) -> list[str]:
    before, after = entry.before or {}, entry.after or {}
    if entry.action in _TOLD:
        return [_line(name, before, after) for name in sorted(after, key=_place)]
    if entry.action == "asset.photo_caption":
        return [_changed(gettext("照片说明"), before.get("caption"), after.get("caption"))]
    return [after["file"]] if after.get("file") else []


def _place(name: str) -> int:
    """Where a value is told: the state first, then in the order of the card."""
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _line(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    old, new = _word(name, before.get(name)), _word(name, after[name])
    if name in before:
        return _changed(_label(name), old, new)
    return gettext("%(label)s：%(value)s", label=_label(name), value=new or gettext("未填写"))


def _changed(label: str, old: str | None, new: str | None) -> str:
    blank = gettext("未填写")
    return gettext("%(label)s：%(old)s → %(new)s", label=label, old=old or blank, new=new or blank)


def _label(name: str) -> str:
    if name in BY_NAME:
        return gettext(BY_NAME[name].label)
    return {"state": gettext("状态"), "category": gettext("分类"), "modes": gettext("方式")}.get(name, name)


def _word(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if name in BY_NAME:
        return in_words(BY_NAME[name], value)
    if name == "state" and value in set(AssetState):
        return gettext(STATE_NAMES[AssetState(value)])
    if name == "modes":
        return gettext("、").join(gettext(MODES.get(mode, mode)) for mode in value)
    return str(value)
