"""Merging staged rows into the register, one chunk per transaction, each by a handful of statements.

Chunks can be repeated: what a row asks for is compared with what is there, so nothing happens twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import ARRAY, INTERVAL, JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from marketplace.db.audit import AuditEntry
from marketplace.db.imports import ImportRun
from marketplace.db.outbox import reindex_soon_where
from marketplace.domain.assets import BY_NAME, CARD_FIELDS, Field
from marketplace.domain.permissions import Actor
from marketplace.domain.states import AssetState
from marketplace.registers.mapping import ColumnMap
from marketplace.registers.rows import word_headers
from marketplace.use_cases import register_staging
from marketplace.use_cases.register_tables import assets, rows
from marketplace.use_cases.register_verdicts import REASONS, Comparison, Part, Verdict

CHUNK = 5_000
"""Rows per transaction: a stop waits for one, a killed worker loses one."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the register."""

    run_id: int
    after: int
    last: int
    rows: int
    """All rows in it."""
    acceptable: int
    """Those with nothing against them."""

    def condition(self) -> ColumnElement[bool]:
        """Its acceptable rows."""
        return and_(
            rows.c.run_id == self.run_id,
            rows.c.row_no > self.after,
            rows.c.row_no <= self.last,
            rows.c.problems.is_(None),
        )


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of a span's rows."""

    created: int
    updated: int
    unchanged: int
    refused: int


def next_span(session: Session, run: ImportRun) -> Span | None:
    """The next rows to merge; None when there are none left."""
    ahead = (
        select(rows.c.row_no, rows.c.problems.is_(None).label("acceptable"))
        .where(rows.c.run_id == run.id, rows.c.row_no > run.merged_to)
        .order_by(rows.c.row_no)
        .limit(CHUNK)
        .subquery()
    )
    last, count, acceptable = session.execute(
        select(func.max(ahead.c.row_no), func.count(), func.count().filter(ahead.c.acceptable))
    ).one()
    return Span(run.id, run.merged_to, last, count, acceptable) if count else None


def comparison_of(run: ImportRun) -> Comparison:
    """How the run's rows are to be compared with cards, by its mapping."""
    mapping = ColumnMap.from_json(run.mapping)
    return Comparison.of(mapping.targets(), word_headers(run.headers, mapping))


def merge(session: Session, actor: Actor, now: dt.datetime, run: ImportRun, span: Span) -> Merged:
    """Create and update the cards of one span, with audit entries and outbox rows."""
    comparison = comparison_of(run)
    # A plan made while the table was empty must not be kept for when it is full.
    session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    created = _create(session, now, run, comparison, span)
    changed: Sequence[int] = []
    refused = 0
    if len(created) < span.acceptable:
        _lock_cards(session, span)
        refused = refuse(session, comparison, span)
        changed = _changed(session, comparison, span)
    if changed:
        _record_changes(session, actor, now, run, comparison, span, changed)
        _update(session, now, comparison, span, changed)
    touched = [*created, *changed]
    for part in comparison.extensions:
        _write_extension(session, part, span, touched)
    _record_creations(session, actor, now, run, span, created)
    reindex_soon_where(session, select(func.unnest(_ids(touched), type_=BigInteger())))
    return Merged(
        created=len(created),
        updated=len(changed),
        unchanged=span.acceptable - len(created) - len(changed) - refused,
        refused=refused,
    )


def refuse_again(session: Session, run: ImportRun) -> None:
    """Mark the rows that had been refused while merging, after the staging table was lost and filled anew."""
    if run.merged_to:
        refuse(session, comparison_of(run), Span(run.id, 0, run.merged_to, 0, 0))
        run.refused = register_staging.count_refused(session, run.id)


def refuse(session: Session, comparison: Comparison, span: Span) -> int:
    """Put the reason beside every row of the span that may not change its card; how many there are."""
    judged = _judged(comparison, span).subquery()
    reason = union_all(
        *(
            select(
                literal(str(verdict)).label("verdict"),
                sql_cast(problem_of(verdict), JSONB).label("problem"),
            )
            for verdict in REASONS
        )
    ).subquery("reasons")
    found = session.execute(
        update(rows)
        .values(problems=func.jsonb_build_array(reason.c.problem))
        .where(
            rows.c.run_id == span.run_id,
            rows.c.row_no == judged.c.row_no,
            judged.c.verdict == reason.c.verdict,
        )
    )
    return int(found.rowcount)  # type: ignore[attr-defined]


def problem_of(verdict: Verdict) -> dict[str, Any]:
    """The reason of a refusing verdict, as it is kept beside a row."""
    field, message = REASONS[verdict]
    return {"field": field, "label": BY_NAME[field].label, "value": "", "message": message, "params": {}}


def _judged(comparison: Comparison, span: Span) -> Any:
    return (
        select(rows.c.row_no, assets.c.id.label("asset_id"), comparison.verdict().label("verdict"))
        .select_from(comparison.source())
        .where(span.condition())
    )


def _create(
    session: Session, now: dt.datetime, run: ImportRun, comparison: Comparison, span: Span
) -> Sequence[int]:
    """Cards for the rows that have none; a card that another import makes meanwhile is left to the update."""
    values: dict[str, ColumnElement[Any]] = {
        "unit_id": rows.c.unit_id,
        "number": rows.c.number,
        "state": literal(str(AssetState.IN_USE)),
        "extra": func.coalesce(rows.c.extra, text("'{}'::jsonb")),
        "category_edition": rows.c.category_edition,
        "category_code": rows.c.category_code,
        "import_run_id": literal(run.id, BigInteger),
        "created_at": literal(now),
        "updated_at": literal(now),
        **{field.name: _with_default(field) for field in CARD_FIELDS if field.name != "number"},
    }
    new = (
        select(*values.values())
        .select_from(comparison.source())
        .where(span.condition(), comparison.verdict() == Verdict.CREATE)
        .order_by(rows.c.row_no)
    )
    statement = upsert(assets).from_select(list(values), new, include_defaults=False)
    return session.scalars(statement.on_conflict_do_nothing().returning(assets.c.id)).all()


def _with_default(field: Field) -> ColumnElement[Any]:
    """The row's value; a new card starts with the field's default where the register says nothing."""
    default = 0 if field.name == "original_value" else field.default
    column = rows.c[field.name]
    if default is None:
        return column
    return func.coalesce(column, literal(default if isinstance(default, int) else str(default)))


def _lock_cards(session: Session, span: Span) -> None:
    """Hold the cards that rows speak of, in one order for all, until the chunk is through."""
    session.execute(
        select(assets.c.id)
        .join(rows, and_(rows.c.unit_id == assets.c.unit_id, rows.c.number == assets.c.number))
        .where(span.condition())
        .order_by(assets.c.id)
        .with_for_update(of=assets)
    ).all()


def _changed(session: Session, comparison: Comparison, span: Span) -> Sequence[int]:
    judged = _judged(comparison, span).subquery()
    return session.scalars(select(judged.c.asset_id).where(judged.c.verdict == Verdict.UPDATE)).all()


def _update(
    session: Session, now: dt.datetime, comparison: Comparison, span: Span, changed: Sequence[int]
) -> None:
    values = {column.name: new for column, new in comparison.new_values().items()}
    session.execute(
        update(assets)
        .values(
            **values,
            version=assets.c.version + 1,
            updated_at=func.greatest(literal(now), assets.c.updated_at + sql_cast("1 microsecond", INTERVAL)),
        )
        .where(
            span.condition(),
            assets.c.unit_id == rows.c.unit_id,
            assets.c.number == rows.c.number,
            assets.c.id == func.any(_ids(changed)),
        )
    )


def _write_extension(session: Session, part: Part, span: Span, touched: Sequence[int]) -> None:
    """Values of a typed extension, for cards whose rows have some."""
    names = [field.name for field in part.fields]
    given = (
        select(assets.c.id, *(rows.c[name] for name in names))
        .join(rows, and_(rows.c.unit_id == assets.c.unit_id, rows.c.number == assets.c.number))
        .where(
            span.condition(),
            assets.c.id == func.any(_ids(touched)),
            or_(*(rows.c[name].is_not(None) for name in names)),
        )
    )
    statement = upsert(part.table).from_select(["asset_id", *names], given)
    kept = {name: func.coalesce(statement.excluded[name], part.table.c[name]) for name in names}
    session.execute(statement.on_conflict_do_update(index_elements=["asset_id"], set_=kept))


def _record_changes(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    run: ImportRun,
    comparison: Comparison,
    span: Span,
    changed: Sequence[int],
) -> None:
    """One audit entry per changed card, with the fields that change."""
    before, after = comparison.differences()
    entries = (
        select(*_entry(actor, now, run, assets.c.unit_id, "asset.edit", "asset", assets.c.id), before, after)
        .select_from(comparison.source())
        .where(span.condition(), assets.c.id == func.any(_ids(changed)))
    )
    session.execute(insert(AuditEntry).from_select([*_ENTRY, "before", "after"], entries))


def _record_creations(
    session: Session, actor: Actor, now: dt.datetime, run: ImportRun, span: Span, created: Sequence[int]
) -> None:
    """One audit entry per unit for all the cards of a chunk, with the rows that they were in."""
    facts = func.jsonb_build_object(
        *("created", func.count(), "after_row", span.after, "last_row", span.last), type_=JSONB
    )
    run_id = literal(run.id, BigInteger)
    entries = (
        select(
            *_entry(actor, now, run, assets.c.unit_id, "asset.import", "import_run", run_id), null(), facts
        )
        .where(assets.c.id == func.any(_ids(created)))
        .group_by(assets.c.unit_id)
    )
    session.execute(insert(AuditEntry).from_select([*_ENTRY, "before", "after"], entries))


_ENTRY = (
    *("at", "actor_id", "actor_name", "unit_id", "action", "object_kind", "object_id"),
    *("reason", "request_id"),
)


def _entry(
    actor: Actor,
    now: dt.datetime,
    run: ImportRun,
    unit_id: ColumnElement[int],
    action: str,
    object_kind: str,
    object_id: ColumnElement[int],
) -> list[ColumnElement[Any]]:
    return [
        literal(now),
        literal(actor.user_id, BigInteger),
        literal(actor.name),
        unit_id,
        literal(action),
        literal(object_kind),
        object_id,
        literal(run.file_name),
        literal(actor.request_id),
    ]


def _ids(ids: Sequence[int]) -> ColumnElement[Any]:
    return sql_cast(list(ids), ARRAY(BigInteger))
