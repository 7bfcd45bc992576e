"""The register as a file that goes back in unchanged: every field, every extra, for all filtered cards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, BinaryIO

from sqlalchemy import ColumnElement, Row, Select, func, select, true
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, PropertyCard, VehicleCard
from marketplace.db.catalogue import Category
from marketplace.db.people import Unit, within
from marketplace.domain.assets import CARD_FIELDS, FIELDS, PROPERTY_FIELDS, VEHICLE_FIELDS, Field
from marketplace.domain.permissions import Actor, Permission
from marketplace.registers.aliases import (
    CATEGORY_CODE,
    CATEGORY_EDITION,
    CATEGORY_NAME,
    TARGET_LABELS,
    UNIT_CODE,
    UNIT_NAME,
    export_name,
)
from marketplace.registers.writer import FileKind, Out, Table, write
from marketplace.use_cases import audit

FETCHED = 1_000
"""Rows held in memory at a time."""
NET_VALUE = "净值(系统计算)"

_LEADING = (UNIT_CODE, UNIT_NAME, CATEGORY_EDITION, CATEGORY_CODE, CATEGORY_NAME)
_PARTS = ((Asset, CARD_FIELDS), (VehicleCard, VEHICLE_FIELDS), (PropertyCard, PROPERTY_FIELDS))


def export(
    session: Session, actor: Actor, now: dt.datetime, asset_ids: Select[int], kind: FileKind, file: BinaryIO
) -> int:
    """Write those of the selected cards that the actor may export, and record it; how many there were.

    Raises:
        Invalid: more than a sheet holds.
    """
    rows = write(table(session, actor, asset_ids), kind, file)
    after = {"rows": rows, "format": str(kind)}
    audit.record(session, actor, now, "assets.export", "asset", None, unit_id=actor.home_unit_id, after=after)
    return rows


def count(session: Session, actor: Actor, asset_ids: Select[int]) -> int:
    """How many of the selected cards the actor may export."""
    chosen = _exportable(actor) & Asset.id.in_(asset_ids)
    return session.scalar(select(func.count(Asset.id)).where(chosen)) or 0


def table(session: Session, actor: Actor, asset_ids: Select[int]) -> Table:
    """The cards as a table; rows come from a cursor on the server while the table is written."""
    chosen = _exportable(actor) & Asset.id.in_(asset_ids)
    extras = _extra_names(session, chosen)
    header = [
        *(TARGET_LABELS[target] for target in _LEADING),
        *(field.label for field in FIELDS),
        NET_VALUE,
        *map(export_name, extras),
    ]
    return Table(header, _rows(session, chosen, extras))


def _exportable(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.everything else within(Asset.unit_id, actor.scopes(Permission.EXPORT_ASSETS))


def _extra_names(session: Session, chosen: ColumnElement[bool]) -> Sequence[str]:
    name = func.jsonb_object_keys(Asset.extra)
    names = select(name.label("name")).where(chosen).distinct().subquery()
    return session.scalars(select(names.c.name).order_by(names.c.name)).all()


def _rows(session: Session, chosen: ColumnElement[bool], extras: Sequence[str]) -> Iterator[list[Out]]:
    fields = [getattr(model, field.name) for model, fields in _PARTS for field in fields]
    query = (
        select(
            *(Unit.code, Unit.name, Asset.category_edition, Asset.category_code, Category.name),
            *fields,
            Asset.net_value,
            Asset.extra,
        )
        .join(Unit, Unit.id == Asset.unit_id)
        .outerjoin(Asset.category)
        .outerjoin(VehicleCard, VehicleCard.asset_id == Asset.id)
        .outerjoin(PropertyCard, PropertyCard.asset_id == Asset.id)
        .where(chosen)
        .order_by(Asset.id)
    )
    for row in session.execute(query.execution_options(yield_per=FETCHED)):
        yield _cells(row, extras)


def _cells(row: Row[*tuple[Any, ...]], extras: Sequence[str]) -> list[Out]:
    *leading, extra = row
    first = len(_LEADING)
    values = [_out(field, value) for field, value in zip(FIELDS, leading[first:-1], strict=True)]
    return [*leading[:first], *values, leading[-1], *(extra.get(name) for name in extras)]


def _out(field: Field, value: Any) -> Out:
    """A field's value as people read it: words by their first name."""
    if field.words is not None and value is not None:
        return field.words[value][0]
    given: str | int | Decimal | dt.date | None = value
    return given
