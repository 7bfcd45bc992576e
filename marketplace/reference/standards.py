"""The allocation standards that come with a release, each version with its source.

``standards.csv`` keeps every row's quantity in the standard's own terms; only what follows from the
number of staff is also there as figures. Where ranks differ and a register doesn't know them, the rows
stand side by side.
"""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from importlib import resources
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from marketplace.db.standards import Standard, StandardVersion

CLASS_SEPARATOR = "、"
_NUMBERS = ("heads_each", "beyond", "heads_each_beyond")

Row = dict[str, Any]


def load_standards(session: Session) -> None:
    """Bring this release's standards into the database, over what an earlier one brought."""
    _upsert(session, StandardVersion, versions(), ["code"])
    rows = standards()
    _upsert(session, Standard, rows, ["version_code", "item", "detail", "rank"])
    known = {(row["version_code"], row["item"], row["detail"], row["rank"]) for row in rows}
    own = {row["code"] for row in versions()}
    there = select(Standard).where(Standard.version_code.in_(own))
    gone = [
        row.id
        for row in session.scalars(there)
        if (row.version_code, row.item, row.detail, row.rank) not in known
    ]
    session.execute(delete(Standard).where(Standard.id.in_(gone)))


def versions() -> list[Row]:
    """The versions of this release."""
    return [
        {
            **{name: row[name] for name in ("code", "name", "basis", "evidence")},
            "region_code": row["region"],
            "effective_on": dt.date.fromisoformat(row["effective"]),
        }
        for row in _read("standard_versions.csv")
    ]


def standards() -> list[Row]:
    """What they say of each kind of thing."""
    return [_standard(row) for row in _read("standards.csv")]


def _standard(row: dict[str, str]) -> Row:
    words = ("item", "detail", "rank", "quantity", "price_per", "evidence")
    return {
        **{name: row[name] for name in words},
        **{name: int(row[name]) if row[name] else None for name in _NUMBERS},
        "version_code": row["version"],
        "classes": [code for code in row["classes"].split(CLASS_SEPARATOR) if code],
        "per_head": Decimal(row["per_head"]) if row["per_head"] else None,
        "price_cap": Decimal(row["price_cap"]) if row["price_cap"] else None,
        "minimum_years": int(row["years"]) if row["years"] else None,
    }


def _upsert(session: Session, table: Any, rows: list[Row], key: list[str]) -> None:
    statement = insert(table).execution_options(render_nulls=True)
    changing = [name for name in rows[0] if name not in key]
    session.execute(
        statement.on_conflict_do_update(
            index_elements=key, set_={name: statement.excluded[name] for name in changing}
        ),
        rows,
    )


def _read(name: str) -> list[dict[str, str]]:
    table = resources.files("marketplace.reference").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(table.splitlines()))
