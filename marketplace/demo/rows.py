"""Writing many rows that refer to each other, without asking the database for each id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from marketplace.db.base import Base


def reserve_ids(session: Session, table: type[Base], count: int) -> list[int]:
    """``count`` ids of the table that nobody else will get."""
    sequence = func.pg_get_serial_sequence(table.__tablename__, "id")
    numbers = func.generate_series(1, count).table_valued("n")
    return list(session.scalars(select(func.nextval(sequence)).select_from(numbers)))


def write(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that have the same keys, together: an empty value is written as one, not left out."""
    if rows:
        session.execute(insert(table).execution_options(render_nulls=True), rows)
