"""What a card says, in words, group by group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext

from marketplace.db.assets import Asset
from marketplace.domain.assets import BY_NAME, FIELDS, Field, Group, Kind, Value
from marketplace.domain.listings import OFFERED_FIELDS
from marketplace.domain.text import N_
from marketplace.edge.i18n import day, money, number
from marketplace.use_cases.assets import snapshot

GROUPS = {
    Group.MAIN: N_("基本信息"),
    Group.BOOKS: N_("价值与入账"),
    Group.USE: N_("使用与管理"),
    Group.VEHICLE: N_("车辆"),
    Group.PROPERTY: N_("房屋与土地"),
}
_SAID_ELSEWHERE = frozenset({"name", "unit_of_measure"})
_EXTENSIONS = frozenset({Group.VEHICLE, Group.PROPERTY})

Row = tuple[str, str | None, bool]
"""Label, value in words (None: not filled in), and whether it takes the whole width."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One group of a card."""

    title: str
    rows: list[Row]


def facts_of(asset: Asset, *, whole: bool) -> list[Facts]:
    """The whole card, gaps included, or what a listing tells as far as it is known."""
    values = snapshot(asset)
    shown = (field for field in FIELDS if whole or field.name in OFFERED_FIELDS)
    by_group: dict[Group, list[Row]] = {group: [] for group in GROUPS}
    for field in shown:
        if field.name not in _SAID_ELSEWHERE and (whole or values[field.name] is not None):
            by_group[field.group].append(_row(field, values))
            by_group[field.group] += _computed(asset, field)
    if not whole:
        return [Facts(gettext("资产情况"), [row for rows in by_group.values() for row in rows])]
    return [
        Facts(gettext(GROUPS[group]), rows)
        for group, rows in by_group.items()
        if group not in _EXTENSIONS or any(value for _, value, _ in rows)
    ]


def in_words(field: Field, value: object) -> str | None:
    """A value as people read it; the record of changes keeps values as text, which is read as well."""
    if value is None or value == "":
        return None
    if field.kind is Kind.CHOICE:
        return gettext((field.words or {})[value][0]) if value in (field.words or {}) else str(value)
    if field.kind is Kind.MONEY:
        return money(Decimal(str(value)))
    if field.kind is Kind.DATE and isinstance(value, dt.date | str):
        return day(value)
    return number(int(str(value))) if field.kind is Kind.INTEGER else str(value)


def _row(field: Field, values: Mapping[str, Value]) -> Row:
    text = in_words(field, values[field.name])
    if field.name == "quantity":
        text = f"{text} {values['unit_of_measure']}"
    if field.name == "minimum_service_years" and text:
        text = gettext("%(years)s年", years=text)
    return gettext(field.label), text, field.kind is Kind.LONG_TEXT


def _computed(asset: Asset, field: Field) -> Iterable[Row]:
    """What follows from the fields, right behind the one it belongs to."""
    if field is BY_NAME["number"]:
        yield gettext("分类"), _category(asset), False
    if field is BY_NAME["accumulated_depreciation"]:
        yield gettext("净值"), money(asset.net_value), False


def _category(asset: Asset) -> str | None:
    found = asset.category
    if found is None:
        return None
    return gettext(
        "%(name)s %(code)s（%(edition)s版）", name=found.name, code=found.code, edition=found.edition
    )
