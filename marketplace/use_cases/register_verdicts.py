"""What becomes of a staged row beside the card that is there: the rule of merging, as one SQL expression.

The preview counts by it and the merge acts by it, so that what was shown is what happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Table,
    Text,
    and_,
    case,
    false,
    func,
    literal_column,
    or_,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, array

from marketplace.domain.assets import BY_NAME, CARD_FIELDS, CLASSIFIED, PROPERTY_FIELDS, VEHICLE_FIELDS, Field
from marketplace.domain.text import N_
from marketplace.registers.aliases import CATEGORY_TARGETS
from marketplace.use_cases.assets import FINAL
from marketplace.use_cases.register_tables import assets, estates, listings, rows, vehicles


class Verdict(StrEnum):
    """What a row would do, or why it may not."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    DEPRECIATION = "depreciation"
    BELOW_LISTING = "below_listing"
    CLASSIFIED_LISTING = "classified_listing"


REASONS: dict[Verdict, tuple[str, str]] = {
    Verdict.CLOSED: ("number", N_("卡片已销账，不再更新")),
    Verdict.DEPRECIATION: ("accumulated_depreciation", N_("累计折旧不能大于账面原值")),
    Verdict.BELOW_LISTING: ("quantity", N_("资产正在仓内展示，数量不能少于上架数量。请先撤回或修改上架数量")),
    Verdict.CLASSIFIED_LISTING: ("secrecy", N_("资产正在仓内展示，不能改为涉密。请先撤回")),
}
"""Verdicts that refuse a row, with the field and the reason that is shown."""


_EMPTY: ColumnElement[Any] = literal_column("'{}'::jsonb", JSONB)


@dataclass(frozen=True, slots=True)
class Part:
    """A table that carries some of the card's fields."""

    table: Table
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Comparison:
    """Staged rows beside their cards, for the fields that the register speaks of.

    A blank cell says nothing, so what the card has stays.
    """

    card: tuple[Field, ...]
    extensions: tuple[Part, ...]
    has_category: bool
    word_headers: Mapping[str, Sequence[str]]

    @staticmethod
    def of(targets: Iterable[str], word_headers: Mapping[str, Sequence[str]]) -> Comparison:
        """For a register whose columns are mapped to ``targets``."""
        spoken = set(targets) - {"number"}
        parts = (Part(vehicles, VEHICLE_FIELDS), Part(estates, PROPERTY_FIELDS))
        return Comparison(
            card=tuple(field for field in CARD_FIELDS if field.name in spoken),
            extensions=tuple(
                Part(part.table, given)
                for part in parts
                if (given := tuple(field for field in part.fields if field.name in spoken))
            ),
            has_category=not spoken.isdisjoint(CATEGORY_TARGETS),
            word_headers=word_headers,
        )

    def new_values(self) -> dict[Column[Any], ColumnElement[Any]]:
        """What each column of the card would be, by the column as it is."""
        values = {assets.c[field.name]: _or_kept(assets, field.name) for field in self.card}
        if self.has_category:
            names = ("category_edition", "category_code")
            values |= {assets.c[name]: _or_kept(assets, name) for name in names}
        return values | {assets.c.extra: self._new_extra()}

    def new_extension_values(self) -> dict[Column[Any], ColumnElement[Any]]:
        """The same for the typed extensions."""
        return {
            part.table.c[field.name]: _or_kept(part.table, field.name)
            for part in self.extensions
            for field in part.fields
        }

    def source(self) -> FromClause:
        """Staged rows with their cards, where there are any."""
        joined = rows.outerjoin(assets, _same_card()).outerjoin(
            listings, and_(listings.c.asset_id == assets.c.id, listings.c.ended_at.is_(None))
        )
        for part in self.extensions:
            joined = joined.outerjoin(part.table, part.table.c.asset_id == assets.c.id)
        return joined

    def verdict(self) -> ColumnElement[str]:
        """A :class:`Verdict` for each row of :meth:`source`."""
        changes = self.new_values() | self.new_extension_values()
        changed = or_(false(), *(old.is_distinct_from(new) for old, new in changes.items()))
        values = {column.name: new for column, new in changes.items()}
        new_value = values.get("original_value", assets.c.original_value)
        depreciation = values.get("accumulated_depreciation", assets.c.accumulated_depreciation)
        return case(
            (depreciation > func.coalesce(new_value, 0), Verdict.DEPRECIATION),
            (assets.c.id.is_(None), Verdict.CREATE),
            (~changed, Verdict.UNCHANGED),
            (assets.c.state.in_(FINAL), Verdict.CLOSED),
            (values.get("quantity", assets.c.quantity) < listings.c.quantity, Verdict.BELOW_LISTING),
            (self._exposes_secret(values), Verdict.CLASSIFIED_LISTING),
            else_=Verdict.UPDATE,
        )

    def differences(self) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        """What changes of a card, as the two halves of an audit entry."""
        changes = self.new_values() | self.new_extension_values()
        before, after = (
            [_if_differs(old, new, side) for old, new in changes.items() for side in [(old, new)[half]]]
            for half in (0, 1)
        )
        return _joined(before), _joined(after)

    def _exposes_secret(self, values: Mapping[str, ColumnElement[Any]]) -> ColumnElement[bool]:
        secrecy = values.get("secrecy")
        if secrecy is None:
            return false()
        return listings.c.id.is_not(None) & sql_cast(secrecy, Text).in_([str(level) for level in CLASSIFIED])

    def _new_extra(self) -> ColumnElement[Any]:
        """The card's extras with the row's; a word that its field now understands is no extra any more."""
        kept: ColumnElement[Any] = assets.c.extra
        understood = [
            case((rows.c[target].is_not(None), header))
            for target, headers in self.word_headers.items()
            for header in headers
        ]
        if understood:
            gone = func.array_remove(array[Any](understood), None, type_=ARRAY(Text))
            kept = kept.op("-", return_type=JSONB())(gone)
        return kept.op("||", return_type=JSONB())(func.coalesce(rows.c.extra, _EMPTY))


def _same_card() -> ColumnElement[bool]:
    return and_(assets.c.unit_id == rows.c.unit_id, assets.c.number == rows.c.number)


def _or_kept(table: Table, name: str) -> ColumnElement[Any]:
    return func.coalesce(rows.c[name], table.c[name])


def _if_differs(old: Column[Any], new: ColumnElement[Any], side: ColumnElement[Any]) -> ColumnElement[Any]:
    named = func.jsonb_build_object(old.name, _as_recorded(old.name, side), type_=JSONB)
    return case((old.is_distinct_from(new), named), else_=_EMPTY)


def _as_recorded(name: str, value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Amounts and days as text, as everywhere in the record; whole numbers and extras as they are."""
    field = BY_NAME.get(name)
    if name == "extra" or (field is not None and field.kind == "integer"):
        return value
    return sql_cast(value, Text)


def _joined(objects: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    whole: ColumnElement[Any] = _EMPTY
    for one in objects:
        whole = whole.op("||", return_type=JSONB())(one)
    return whole
