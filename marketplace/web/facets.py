"""Facets and the filters in force, ready to draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from flask_babel import gettext

from marketplace.domain.assets import CONDITIONS, Condition
from marketplace.domain.finding import DISTANCES, VALUE_STEPS, Found
from marketplace.domain.states import STATE_NAMES, AssetState
from marketplace.domain.text import N_
from marketplace.web.addresses import Args, address_with, toggled, values_of
from marketplace.web.facet_names import LISTED, Names, names_of

__all__ = ["Chip", "Entry", "Group", "Names", "facet_groups", "filter_chips", "names_of"]

TITLES = {
    "mode": N_("方式"),
    "state": N_("状态"),
    "category": N_("分类"),
    "condition": N_("成色"),
    "region": N_("地区"),
    "distance": N_("距离"),
    "unit": N_("持有单位"),
    "value": N_("账面原值"),
    "year": N_("取得年份"),
}
MODES = {"transfer": N_("可调剂"), "loan": N_("可借用")}
PARAMETERS = {"distance": "within_km"}
FOLDED = frozenset({"unit", "year", "distance"})
"""Facets that are closed at first."""
ROWS = 14
"""Rows of a tree up to which branches are open at first."""


class Kind(StrEnum):
    """How a facet is drawn."""

    LIST = "list"
    TREE = "tree"
    STEPS = "steps"
    """One of a few, each including the ones before."""
    RANGE = "range"
    """Steps that stand for two amounts, which can be typed as well."""


KINDS = {"category": Kind.TREE, "unit": Kind.TREE, "distance": Kind.STEPS, "value": Kind.RANGE}


@dataclass(slots=True)
class Entry:
    """One value of a facet."""

    value: str
    label: str
    count: int
    chosen: bool
    below: list[Entry] = field(default_factory=list)
    open: bool = False
    url: str = ""
    """Of a step of amounts: the address with it put in or, where it is in, taken out."""


@dataclass(slots=True)
class Group:
    """One facet."""

    name: str
    title: str
    parameter: str
    kind: Kind
    entries: list[Entry]
    """With others below them, in a tree."""
    all: list[Entry]
    open: bool = True
    left_out: int = 0
    """Values with fewer hits that are not among the entries."""
    low: str = ""
    high: str = ""
    """What was typed as the two ends of a range."""

    @property
    def chosen(self) -> int:
        """How many values are in force."""
        amounts = bool(self.low) + bool(self.high)
        return amounts or sum(entry.chosen for entry in self.all)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force and the address without it."""

    label: str
    url: str


def facet_groups(args: Args, found: Found, names: Names) -> list[Group]:
    """Facets that would narrow the result, in a fixed order; the modes are always there."""
    groups = (_group(args, name, found, names) for name in TITLES if name in found.facets or name == "mode")
    return [group for group in groups if group.name == "mode" or _narrows(group, found)]


def filter_chips(args: Args, names: Names) -> list[Chip]:
    """The filters in force, each with a way to take it back."""
    chips = []
    band = _chosen_band(args)
    if band:
        chips.append(Chip(_band(band), address_with(args, min_value=None, max_value=None)))
    amounts = () if band else ("min_value", "max_value")
    for name in (*TITLES, "within_km", *amounts, "has_photo"):
        for value in values_of(args, name):
            chips.append(Chip(_chip_label(name, value, names), toggled(args, name, value)))
    return chips


def _group(args: Args, name: str, found: Found, names: Names) -> Group:
    counts, kind = found.facets.get(name, {}), KINDS.get(name, Kind.LIST)
    chosen = {_chosen_band(args)} if name == "value" else {*values_of(args, PARAMETERS.get(name, name))}
    values, left_out = _values(name, counts, chosen - {""}, names)
    entries = all_entries = [
        Entry(value, label_of(name, value, names), counts.get(value, 0), value in chosen) for value in values
    ]
    if kind is Kind.TREE:
        entries = _tree(all_entries, names.above[name])
        for entry in entries:
            entry.label = names.full_label(name, entry.value)
    parameter = PARAMETERS.get(name, name)
    group = Group(name, gettext(TITLES[name]), parameter, kind, entries, all_entries, left_out=left_out)
    if kind is Kind.RANGE:
        group.low, group.high = args.get("min_value", "").strip(), args.get("max_value", "").strip()
        for entry in entries:
            low, high = ("", "") if entry.chosen else _bounds(entry.value)
            entry.url = address_with(args, min_value=low, max_value=high)
    group.open = name not in FOLDED or bool(group.chosen)
    return group


def _narrows(group: Group, found: Found) -> bool:
    return bool(group.chosen) or any(0 < entry.count < found.total for entry in group.all)


def _values(name: str, counts: Mapping[str, int], chosen: set[str], names: Names) -> tuple[list[str], int]:
    """The values to draw in their order, and how many are left out."""
    if name == "mode":
        return list(MODES), 0
    if name == "distance":
        return [str(step) for step in DISTANCES], 0
    if name == "value":
        return [band for band in _BANDS if band in counts or band in chosen], 0
    if name in {"region", "unit"}:
        return _foremost(name, counts, chosen, names)
    known = [*counts, *(value for value in chosen if value not in counts)]
    if name in _FIXED:
        known.sort(key=lambda value: _FIXED[name].get(value, 99))
        return known, 0
    if name == "category":
        by_code = sorted(known)
        return sorted(by_code, key=lambda value: value.partition(":")[0], reverse=True), 0
    return sorted(known, reverse=True), 0


def _foremost(name: str, counts: Mapping[str, int], chosen: set[str], names: Names) -> tuple[list[str], int]:
    """Of places and holders, those with the most hits: only they were named."""
    hidden = names.hidden - chosen if name == "unit" else frozenset()
    known = [value for value in names.labels[name] if value not in hidden]
    known += [value for value in chosen if value not in names.labels[name]]
    known.sort(key=lambda value: (-counts.get(value, 0), names.label(name, value)))
    drawn = known[:LISTED] + [value for value in known[LISTED:] if value in chosen]
    return drawn, len(counts.keys() - hidden - set(drawn))


_FIXED: dict[str, dict[str, int]] = {
    "condition": {value: at for at, value in enumerate(Condition)},
    "state": {value: at for at, value in enumerate(AssetState)},
}
"""Facets whose values have an order of their own."""


def _tree(entries: Iterable[Entry], above: Mapping[str, str]) -> list[Entry]:
    """The entries below each other; what leads to a chosen one, and a few more rows, are open."""
    by_value = {entry.value: entry for entry in entries}
    roots: list[Entry] = []
    for value, entry in by_value.items():
        parent = by_value.get(above.get(value, ""))
        (parent.below if parent else roots).append(entry)
    _unfold(roots)
    return roots


def _unfold(roots: list[Entry]) -> None:
    for root in roots:
        _lead_to_chosen(root)
    rows, level = len(roots), roots
    while level:
        opened = []
        for entry in sorted(level, key=lambda entry: -entry.count):
            if entry.open or rows + len(entry.below) <= ROWS:
                entry.open = True
                rows += len(entry.below)
                opened += entry.below
        level = opened


def _lead_to_chosen(entry: Entry) -> bool:
    """Open what lies above chosen ones; whether the entry is one, or above one."""
    for below in entry.below:
        entry.open |= _lead_to_chosen(below)
    return entry.open or entry.chosen


def label_of(name: str, value: str, names: Names) -> str:
    """What a facet's value is called."""
    if name in names.labels:
        return names.label(name, value)
    if name == "condition" and value in set(Condition):
        return gettext(CONDITIONS[Condition(value)][0])
    if name == "state" and value in set(AssetState):
        return gettext(STATE_NAMES[AssetState(value)])
    if name == "mode":
        return gettext(MODES.get(value, value))
    if name in {"distance", "within_km"}:
        return gettext("%(km)s公里以内", km=value)
    return _band(value) if name == "value" else value


def _chip_label(name: str, value: str, names: Names) -> str:
    if name == "min_value":
        return gettext("不低于%(value)s元", value=value)
    if name == "max_value":
        return gettext("不高于%(value)s元", value=value)
    if name == "has_photo":
        return gettext("有照片")
    return names.full_label(name, value) if name in names.labels else label_of(name, value, names)


def _band(value: str) -> str:
    low, _, high = value.partition("-")
    if low == "0":
        return gettext("%(high)s元以下", high=f"{int(high):,}")
    if high:
        return gettext("%(low)s–%(high)s元", low=f"{int(low):,}", high=f"{int(high):,}")
    return gettext("%(low)s元以上", low=f"{int(low.rstrip('+')):,}")


_BANDS = (*(f"{low}-{high}" for low, high in pairwise(VALUE_STEPS)), f"{VALUE_STEPS[-1]}+")


def _chosen_band(args: Args) -> str:
    """The step of the value facet that the address' two amounts stand for, if they do."""
    bounds = (args.get("min_value", ""), args.get("max_value", ""))
    return next((band for band in _BANDS if _bounds(band) == bounds), "") if any(bounds) else ""


def _bounds(band: str) -> tuple[str, str]:
    """The amounts that a step reaches from and to, as the filter says them: both included."""
    low, _, high = band.rstrip("+").partition("-")
    return "" if low == "0" else low, f"{int(high) - 1}.99" if high else ""
