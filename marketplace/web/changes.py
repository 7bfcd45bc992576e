"""What an entry of the record changed, in words: each value with its name, before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from marketplace.db.audit import AuditEntry
from marketplace.domain import orders, states
from marketplace.domain.assets import BY_NAME, CONDITIONS
from marketplace.domain.audit_names import VALUE_NAMES
from marketplace.domain.permissions import ROLE_NAMES, Role
from marketplace.domain.queue import AWARD_RULE_NAMES
from marketplace.domain.text import N_
from marketplace.domain.units import KIND_NAMES
from marketplace.web.asset_facts import in_words
from marketplace.web.facets import MODES

_ORDER = ("state", "modes", "category", *BY_NAME)
_WORDS: dict[tuple[str, str], Mapping[Any, str]] = {
    ("asset", "state"): states.STATE_NAMES,
    ("asset", "award_rule"): AWARD_RULE_NAMES,
    ("asset", "audience"): {"everyone": N_("所有单位"), "department": N_("先给本主管部门的单位")},
    ("order", "state"): orders.STATE_NAMES,
    ("unit", "kind"): KIND_NAMES,
    ("order", "role"): ROLE_NAMES,
    ("order", "side"): {"giver": N_("调出方"), "receiver": N_("调入方")},
    ("order", "condition"): {code: words[0] for code, words in CONDITIONS.items()},
    ("audit", "scope"): {"whole": N_("全部"), "recent": N_("最近")},
}
"""Codes by the kind of object and the value's name, where they mean something else elsewhere."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value. ``compared`` is false where the entry doesn't say what it was before."""

    name: str
    label: str
    old: str | None
    new: str | None
    compared: bool

    def __str__(self) -> str:
        blank = gettext("未填写")
        if not self.compared:
            return gettext("%(label)s：%(value)s", label=self.label, value=self.new or blank)
        return gettext(
            "%(label)s：%(old)s → %(new)s", label=self.label, old=self.old or blank, new=self.new or blank
        )


def changes_of(entry: AuditEntry, units: Mapping[int, str] | None = None) -> list[Change]:
    """What an entry says, the state first and then in the order of the card; ``units`` names those in it."""
    before, after = entry.before or {}, entry.after or {}
    words = _Words(entry.object_kind, units or {})
    return [
        Change(
            name,
            words.label(name),
            words.word(name, before.get(name)),
            words.word(name, after.get(name)),
            name in before,
        )
        for name in sorted({**before, **after}, key=_place)
    ]


def _place(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


class _Words:
    """How values are called and said in entries about one kind of object."""

    def __init__(self, kind: str, unit_names: Mapping[int, str]) -> None:
        self.kind = kind
        self.fields = BY_NAME if kind == "asset" else {}
        self.unit_names = unit_names

    def label(self, name: str) -> str:
        if name in self.fields:
            return gettext(self.fields[name].label)
        return gettext(VALUE_NAMES[name]) if name in VALUE_NAMES else name

    def word(self, name: str, value: Any) -> str | None:
        """A value as people read it; None where there is none."""
        if value is None or value == "":
            return None
        if name in self.fields:
            return in_words(self.fields[name], value)
        known = _WORDS.get((self.kind, name), {})
        if isinstance(value, str) and value in known:
            return gettext(known[value])
        return self._plain(name, value)

    def _plain(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return gettext("是") if value else gettext("否")
        if isinstance(value, list):
            return gettext("、").join(self._one(name, one) for one in value)
        if isinstance(value, dict):
            said = [(self.label(key), self.word(key, one)) for key, one in value.items()]
            return gettext("；").join(
                gettext("%(label)s：%(value)s", label=k, value=v or "—") for k, v in said
            )
        return str(value)

    def _one(self, name: str, value: Any) -> str:
        if name == "modes":
            return gettext(MODES.get(value, value))
        return self._role(str(value)) if name == "roles" else self._plain(name, value)

    def _role(self, said: str) -> str:
        """A role over a unit, which the record keeps as ``role@unit``."""
        code, _, unit = said.rpartition("@")
        if code not in set(Role) or not unit.isdigit():
            return said
        place = self.unit_names.get(int(unit), unit)
        return gettext("%(role)s（%(unit)s）", role=gettext(ROLE_NAMES[Role(code)]), unit=place)
