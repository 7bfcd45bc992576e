"""Reading a register's file into the staging table: every row checked, numbered, and told from its twins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import CTE, ColumnElement, Integer, case, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by
from sqlalchemy.orm import Session

from marketplace.db.imports import ImportRun
from marketplace.domain.assets import BY_NAME, FIELDS
from marketplace.domain.text import N_
from marketplace.registers.rows import GENERATED, Row
from marketplace.use_cases.register_tables import rows

_VALUE_SLOTS = [slot for slot, field in enumerate(FIELDS) if field.name != "number"]
COPIED = (
    *("run_id", "row_no", "unit_id", "number", "generated", "content", "exact", "problems", "extra"),
    *("category_edition", "category_code"),
    *(FIELDS[slot].name for slot in _VALUE_SLOTS),
)
"""Columns of the staging table in the order in which rows are sent."""

SHOWN_TWINS = 5
"""Row numbers named in the reason why a repeated number is refused."""

_TWIN = N_("与第%(rows)s行完全相同，只导入一次")
_RIVAL = N_("资产编号与第%(rows)s行相同而内容不同，请核对编号")


def copy_rows(session: Session, run_id: int, read: Sequence[Row]) -> None:
    """Send rows into the staging table."""
    connection = session.connection().connection.driver_connection
    assert connection is not None
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for row in read:
            copy.write_row(_values(run_id, row))


_COPY = f"COPY {rows.name} ({', '.join(COPIED)}) FROM STDIN"


def _values(run_id: int, row: Row) -> Iterator[Any]:
    edition, code = row.category or (None, None)
    yield from (run_id, row.row_no, row.unit_id, row.number, row.generated, row.content, row.exact)
    yield from (_json(row.problems), _json(row.extra), edition, code)
    for slot in _VALUE_SLOTS:
        yield row.values[slot]


def _json(value: object) -> str | None:
    return orjson.dumps(value).decode() if value else None


def staged_rows(session: Session, run_id: int) -> int:
    """How many rows of the run are in the staging table: fewer than noted after the database crashed."""
    query = select(func.count()).select_from(rows).where(rows.c.run_id == run_id)
    return session.scalar(query) or 0


def forget(session: Session, run: ImportRun) -> None:
    """Empty the staging table of the run, to read its file from the start."""
    session.execute(delete(rows).where(rows.c.run_id == run.id))
    run.staged_rows = run.staged_to = 0
    run.total_rows = run.expected_rows = None
    run.skipped = {}


def forget_merged(session: Session, run: ImportRun) -> None:
    """Keep only the refused rows of a run that is through."""
    session.execute(delete(rows).where(rows.c.run_id == run.id, rows.c.problems.is_(None)))


def finish(session: Session, run: ImportRun) -> None:
    """What can be told only when all rows are there: which are twins, and how many are refused."""
    session.execute(text(f"ANALYZE {rows.name}"))
    _number_twins(session, run.id)
    _refuse_repeated_numbers(session, run.id)
    run.refused = count_refused(session, run.id)
    run.total_rows = run.expected_rows = run.staged_rows


def count_refused(session: Session, run_id: int) -> int:
    """How many rows of the run have a reason against them."""
    query = select(func.count()).where(rows.c.run_id == run_id, rows.c.problems.is_not(None))
    return session.scalar(query) or 0


def _number_twins(session: Session, run_id: int) -> None:
    """Rows of equal content without a number are separate items: the n-th gets n for its number.

    Ordered by the cells as written, then by row, so that any order of the rows gives the same numbers.
    """
    place = func.row_number().over(partition_by=rows.c.content, order_by=(rows.c.exact, rows.c.row_no))
    mine = (rows.c.run_id == run_id) & rows.c.generated & rows.c.problems.is_(None)
    twins = select(rows.c.row_no, rows.c.content, place.label("place")).where(mine).subquery()
    number = func.concat_ws(
        "-", GENERATED, func.upper(func.left(twins.c.content, 16)), twins.c.place, type_=rows.c.number.type
    )
    session.execute(
        update(rows)
        .values(number=number)
        .where(rows.c.run_id == run_id, rows.c.row_no == twins.c.row_no, twins.c.place > 1)
    )


def _refuse_repeated_numbers(session: Session, run_id: int) -> None:
    """Of rows with the same number the first counts when they say the same; when not, none does."""
    key = (rows.c.unit_id, rows.c.number)
    mine = rows.c.run_id == run_id
    by_content = func.row_number().over(partition_by=key, order_by=(rows.c.exact, rows.c.row_no))
    by_row = func.row_number().over(partition_by=key, order_by=rows.c.row_no)
    ranked = (
        select(*key, rows.c.row_no, rows.c.content, by_content.label("place"), by_row.label("turn"))
        .where(mine, rows.c.unit_id.is_not(None), rows.c.number.is_not(None))
        .cte("ranked")
    )
    groups = (
        select(
            ranked.c.unit_id,
            ranked.c.number,
            (func.count(ranked.c.content.distinct()) > 1).label("rivals"),
            func.array_agg(aggregate_order_by(ranked.c.row_no, ranked.c.turn), type_=ARRAY(Integer))
            .filter(ranked.c.turn <= SHOWN_TWINS + 1)
            .label("row_nos"),
        )
        .group_by(ranked.c.unit_id, ranked.c.number)
        .having(func.count() > 1)
        .cte("groups")
    )
    same = (groups.c.unit_id == ranked.c.unit_id) & (groups.c.number == ranked.c.number)
    session.execute(
        update(rows)
        .values(problems=_one_more(_repeated(ranked.c.number, groups.c.rivals, _others(groups, ranked))))
        .where(mine, rows.c.row_no == ranked.c.row_no, same, groups.c.rivals | (ranked.c.place > 1))
    )


def _others(groups: CTE, ranked: CTE) -> ColumnElement[str]:
    """The row numbers of the others, as the reason names them."""
    rows = func.array_remove(groups.c.row_nos, ranked.c.row_no, type_=ARRAY(Integer))
    return func.array_to_string(rows[1:SHOWN_TWINS], "、")


def _repeated(
    number: ColumnElement[str], rivals: ColumnElement[bool], others: ColumnElement[str]
) -> ColumnElement[Any]:
    return func.jsonb_build_object(
        *("field", "number", "label", BY_NAME["number"].label, "value", number),
        *("message", case((rivals, _RIVAL), else_=_TWIN), "params", func.jsonb_build_object("rows", others)),
        type_=JSONB,
    )


def _one_more(problem: ColumnElement[Any]) -> ColumnElement[Any]:
    """The row's problems with one added."""
    return func.coalesce(rows.c.problems, func.jsonb_build_array(type_=JSONB)).op("||")(
        func.jsonb_build_array(problem)
    )
