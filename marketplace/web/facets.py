"""Facets and the filters in force, ready to draw: each entry carries the address it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from marketplace.domain.assets import CONDITIONS, Condition
from marketplace.domain.finding import VALUE_STEPS, Found
from marketplace.domain.states import STATE_NAMES, AssetState
from marketplace.domain.text import N_

Names = Mapping[str, Mapping[str, str]]

TITLES = {
    "mode": N_("方式"),
    "category": N_("分类"),
    "condition": N_("成色"),
    "region": N_("地区"),
    "unit": N_("持有单位"),
    "value": N_("账面原值"),
    "year": N_("取得年份"),
    "distance": N_("距离"),
    "state": N_("状态"),
}
MODES = {"transfer": N_("可调剂"), "loan": N_("可借用")}
PARAMETERS = {"distance": "within_km"}
SHOWN = 8
"""Entries of a facet that are open at first; the others unfold."""


@dataclass(slots=True)
class Entry:
    """One value of a facet."""

    value: str
    label: str
    count: int
    chosen: bool
    url: str
    depth: int = 0


@dataclass(slots=True)
class Group:
    """One facet."""

    name: str
    title: str
    entries: list[Entry] = field(default_factory=list)
    shown: int = SHOWN


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force and the address without it."""

    label: str
    url: str


def facet_groups(args: MultiDict[str, str], found: Found, names: Names) -> list[Group]:
    """Facets that would narrow the result, in a fixed order."""
    groups = []
    for name, title in TITLES.items():
        counts = found.facets.get(name, {})
        entries = (
            _category_tree(args, counts, names) if name == "category" else _plain(args, name, counts, names)
        )
        if len(entries) > 1 or any(entry.chosen for entry in entries):
            groups.append(Group(name, gettext(title), entries))
    return groups


def filter_chips(args: MultiDict[str, str], names: Names) -> list[Chip]:
    """The filters in force, each with a way to take it back."""
    chips = []
    band = _chosen_band(args)
    if band:
        chips.append(Chip(_band(band), url_with(args, min_value=None, max_value=None)))
    amounts = () if band else ("min_value", "max_value")
    for name in (*TITLES, "within_km", *amounts, "has_photo"):
        for value in _values(args, name):
            chips.append(Chip(_chip_label(name, value, names), _url(args, name, value)))
    return chips


def url_with(args: MultiDict[str, str], **changes: str | None) -> str:
    """The present address with some parameters set or (None) left out; paging starts over."""
    pairs = [(key, value) for key, value in args.items(multi=True) if key not in changes and key != "cursor"]
    pairs += [(key, value) for key, value in changes.items() if value]
    return f"{request.path}?{urlencode(pairs)}" if pairs else request.path


def _plain(args: MultiDict[str, str], name: str, counts: Mapping[str, int], names: Names) -> list[Entry]:
    chosen = [_chosen_band(args)] if name == "value" else _values(args, PARAMETERS.get(name, name))
    chosen = [value for value in chosen if value]
    values = list(counts) + [value for value in chosen if value not in counts]
    entries = [
        Entry(
            value=value,
            label=label_of(name, value, names),
            count=counts.get(value, 0),
            chosen=value in chosen,
            url=_url(args, PARAMETERS.get(name, name), value),
        )
        for value in values
    ]
    if name in {"region", "unit"}:
        entries.sort(key=lambda entry: (not entry.chosen, -entry.count, entry.label))
    elif name == "year":
        entries.sort(key=lambda entry: entry.value, reverse=True)
    return entries


def _category_tree(args: MultiDict[str, str], counts: Mapping[str, int], names: Names) -> list[Entry]:
    """Classes in the order of their codes, which is the order of the tree; depth from the code's zeros."""
    chosen = _values(args, "category")
    known = names.get("category", {})
    entries = []
    for value in sorted({*counts, *chosen}):
        code = value.partition(":")[2]
        entries.append(
            Entry(
                value=value,
                label=known.get(value, code),
                count=counts.get(value, 0),
                chosen=value in chosen,
                url=_url(args, "category", value),
                depth=max(0, len(code.rstrip("0")) - 2) // 2,
            )
        )
    return entries


def label_of(name: str, value: str, names: Names) -> str:
    """What a facet's value is called."""
    if name in names:
        return names[name].get(value, value)
    if name == "condition" and value in set(Condition):
        return gettext(CONDITIONS[Condition(value)][0])
    if name == "state" and value in set(AssetState):
        return gettext(STATE_NAMES[AssetState(value)])
    if name == "mode":
        return gettext(MODES.get(value, value))
    if name in {"distance", "within_km"}:
        return gettext("%(km)s公里以内", km=value)
    if name == "value":
        return _band(value)
    return value


def _band(value: str) -> str:
    low, _, high = value.partition("-")
    if high:
        return gettext("%(low)s–%(high)s元", low=f"{int(low):,}", high=f"{int(high):,}")
    return gettext("%(low)s元以上", low=f"{int(low.rstrip('+')):,}")


def _chip_label(name: str, value: str, names: Names) -> str:
    if name == "min_value":
        return gettext("不低于%(value)s元", value=value)
    if name == "max_value":
        return gettext("不高于%(value)s元", value=value)
    if name == "has_photo":
        return gettext("有照片")
    return label_of(name, value, names)


def _values(args: MultiDict[str, str], name: str) -> list[str]:
    return [word.strip() for text in args.getlist(name) for word in text.split(",") if word.strip()]


def _chosen_band(args: MultiDict[str, str]) -> str:
    """The step of the value facet that the address' two amounts stand for, if they do."""
    bounds = (args.get("min_value", ""), args.get("max_value", ""))
    return next((band for band in _BANDS if _bounds(band) == bounds), "")


_BANDS = (*(f"{low}-{high}" for low, high in pairwise(VALUE_STEPS)), f"{VALUE_STEPS[-1]}+")


def _bounds(band: str) -> tuple[str, str]:
    """The amounts that a step reaches from and to, as the filter says them: both included."""
    low, _, high = band.rstrip("+").partition("-")
    return low, f"{int(high) - 1}.99" if high else ""


def _url(args: MultiDict[str, str], name: str, value: str) -> str:
    """The address with this value put in or, where it is in, taken out."""
    if name == "value":
        low, high = ("", "") if _chosen_band(args) == value else _bounds(value)
        return url_with(args, min_value=low or None, max_value=high or None)
    values = _values(args, name)
    if name in {"within_km", "min_value", "max_value", "has_photo"}:
        return url_with(args, **{name: None if value in values else value})
    values = [other for other in values if other != value] if value in values else [*values, value]
    return url_with(args, **{name: ",".join(values) or None})
