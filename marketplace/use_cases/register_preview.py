"""What a run would do, before it does it; and the rows that it does not take, with the reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from marketplace.config import Settings
from marketplace.db.imports import ImportRow, ImportRun, ImportState
from marketplace.domain.assets import BY_NAME
from marketplace.domain.errors import Conflict
from marketplace.domain.permissions import Actor
from marketplace.domain.text import N_
from marketplace.registers import reader, uploads
from marketplace.registers.cells import Cell
from marketplace.registers.writer import Out, Table
from marketplace.use_cases import register_staging
from marketplace.use_cases.register_merge import comparison_of, problem_of
from marketplace.use_cases.register_runs import load
from marketplace.use_cases.register_tables import rows
from marketplace.use_cases.register_verdicts import REASONS, Comparison, Verdict

ROW_HEADER, REASON_HEADER = N_("原行号"), N_("未导入原因")
"""Columns before the original ones in the file of refusals; an import of that file leaves them out, in
whatever language they are (``registers.aliases.IGNORE``)."""
FETCHED = 1_000

Problems = Sequence[Mapping[str, Any]]
Say = Callable[[str], str]
"""Translates a message."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not taken."""

    row_no: int
    number: str
    name: str
    problems: Problems


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A row that is taken, as it was understood."""

    row_no: int
    verdict: Verdict
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Preview:
    """How many rows would do what, with the first of them."""

    create: int
    update: int
    unchanged: int
    refused: int
    refusals: Sequence[RefusedRow]
    sample: Sequence[SampleRow]


def preview(session: Session, actor: Actor, run_id: int, *, refusals: int = 50, sample: int = 20) -> Preview:
    """What the run would do with the cards as they are now; ``refusals`` and ``sample`` limit the rows.

    Raises:
        Conflict: what was read was lost when the database crashed.
        NotFound: there is no such run, or the actor may not know of it.
    """
    run = load(session, actor, run_id)
    if run.state is ImportState.PREVIEW and register_staging.staged_rows(session, run_id) != run.total_rows:
        raise Conflict(N_("已读取的内容在数据库异常重启时丢失。请重新上传同一文件。"))
    comparison = comparison_of(run)
    counts = {Verdict(word): count for word, count in session.execute(_counted(comparison, run_id))}
    return Preview(
        create=counts.get(Verdict.CREATE, 0),
        update=counts.get(Verdict.UPDATE, 0),
        unchanged=counts.get(Verdict.UNCHANGED, 0),
        refused=run.refused + sum(counts.get(verdict, 0) for verdict in REASONS),
        refusals=_first_refusals(session, comparison, run_id, refusals),
        sample=_sample(session, comparison, run_id, sample),
    )


def refusals(session: Session, settings: Settings, actor: Actor, run_id: int, *, say: Say = str) -> Table:
    """The refused rows as a table to download: row number, reasons, and the original columns.

    Raises:
        Conflict: the list was lost when the database crashed.
        NotFound: there is no such run, or its file has been cleared away.
    """
    run = load(session, actor, run_id)
    if register_staging.count_refused(session, run_id) < run.refused:
        raise Conflict(N_("未导入行的清单已丢失或清理。请重新上传同一文件，已导入的资产不会重复。"))
    path = uploads.path_of(run.stored_as, settings.upload_dir)
    header = [say(ROW_HEADER), say(REASON_HEADER), *run.headers]
    return Table(header, _refused_cells(session, run, path, say))


def reason(problem: Mapping[str, Any], say: Say = str) -> str:
    """One problem as a sentence: which field, what stood there, what is wrong."""
    message = say(problem["message"])
    params = problem["params"]
    named = {
        "label": say(problem["label"]),
        "value": problem["value"],
        "message": message % params if params else message,
    }
    told = N_("%(label)s“%(value)s”：%(message)s") if problem["value"] else N_("%(label)s：%(message)s")
    return say(told) % named


def _counted(comparison: Comparison, run_id: int) -> Any:
    judged = _judged(comparison, run_id).subquery()
    return select(judged.c.verdict, func.count()).group_by(judged.c.verdict)


def _judged(comparison: Comparison, run_id: int) -> Any:
    """The acceptable rows with their verdicts."""
    return (
        select(rows, comparison.verdict().label("verdict"))
        .select_from(comparison.source())
        .where(rows.c.run_id == run_id, rows.c.problems.is_(None))
    )


def _first_refusals(session: Session, comparison: Comparison, run_id: int, limit: int) -> list[RefusedRow]:
    noted = select(rows).where(rows.c.run_id == run_id, rows.c.problems.is_not(None))
    found = [
        _refused(row, row.problems) for row in session.execute(noted.order_by(rows.c.row_no).limit(limit))
    ]
    judged = _judged(comparison, run_id).subquery()
    against = select(judged).where(judged.c.verdict.in_(list(REASONS)))
    found += [
        _refused(row, [problem_of(Verdict(row.verdict))])
        for row in session.execute(against.order_by(judged.c.row_no).limit(limit))
    ]
    return sorted(found, key=lambda row: row.row_no)[:limit]


def _refused(row: Row[*tuple[Any, ...]], problems: Problems) -> RefusedRow:
    return RefusedRow(row.row_no, "" if row.generated else row.number or "", row.name or "", problems)


def _sample(session: Session, comparison: Comparison, run_id: int, limit: int) -> list[SampleRow]:
    query = _judged(comparison, run_id).order_by(rows.c.row_no).limit(limit)
    return [
        SampleRow(row["row_no"], Verdict(row["verdict"]), {name: row[name] for name in ("number", *BY_NAME)})
        for row in session.execute(query).mappings()
    ]


def _refused_cells(session: Session, run: ImportRun, path: Path, say: Say) -> Iterator[list[Out]]:
    """Refused rows side by side with the rows of the file, both in the file's order, both streamed."""
    noted = (
        select(ImportRow.row_no, ImportRow.problems)
        .where(ImportRow.run_id == run.id, ImportRow.problems.is_not(None))
        .order_by(ImportRow.row_no)
    )
    refused = iter(session.execute(noted.execution_options(yield_per=FETCHED)))
    wanted = next(refused, None)
    for row_no, cells, _ in reader.read_rows(path, reader.Layout.from_json(run.layout)):
        if wanted is None:
            return
        if row_no == wanted.row_no:
            yield _refused_row(row_no, wanted.problems, cells, say)
            wanted = next(refused, None)


def _refused_row(row_no: int, problems: Problems, cells: Sequence[Cell], say: Say) -> list[Out]:
    return [row_no, say(N_("；")).join(reason(problem, say) for problem in problems), *cells]
