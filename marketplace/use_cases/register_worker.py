"""Working on import runs: claimed in the database, done in small steps, taken over when a worker dies.

Every step is one transaction that first makes sure that the run is still this worker's. A step that was
cut off has left no trace, and the next worker goes on behind the last one that was not.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from marketplace.config import Settings
from marketplace.db.imports import ImportRow, ImportRun, ImportState
from marketplace.db.people import Unit
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.errors import NotAllowed, RuleError
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.text import N_
from marketplace.registers import reader, uploads
from marketplace.registers.mapping import ColumnMap
from marketplace.registers.noise import NoiseFilter
from marketplace.registers.rows import Row, RowReader
from marketplace.use_cases import register_merge, register_staging
from marketplace.use_cases.register_lookup import Directory
from marketplace.use_cases.register_runs import WORKING, actor_of, release, report_of

LEASE = dt.timedelta(seconds=60)
"""How long a worker may be silent before another takes its run."""
BATCH = 5_000
"""Rows read per transaction."""
MOST_ATTEMPTS = 5
"""Claims without progress before a run is given up: its file ends whoever reads it."""

Clock = Callable[[], dt.datetime]
Progress = Callable[[int, int | None], None]


class Interrupted(Exception):
    """The run was stopped, or another worker owns it now."""


def waiting(sessions: SessionFactory, now: dt.datetime) -> int:
    """How many runs wait for a worker."""
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(ImportRun).where(_free(now))) or 0


def advance_all(
    sessions: SessionFactory,
    settings: Settings,
    clock: Clock,
    *,
    keep_going: Callable[[], bool] = lambda: True,
) -> int:
    """Work on waiting runs, oldest first, until none is left; how many were worked on."""
    worked = 0
    while keep_going() and (work := _claim(sessions, settings, clock, None, keep_going)):
        work.run()
        worked += 1
    return worked


def advance(
    sessions: SessionFactory,
    settings: Settings,
    run_id: int,
    clock: Clock,
    *,
    on_progress: Progress = lambda done, total: None,
    keep_going: Callable[[], bool] = lambda: True,
) -> bool:
    """Work on one run until it is through, waits for a person, or is stopped; False where it is not free."""
    work = _claim(sessions, settings, clock, run_id, keep_going)
    if work is None:
        return False
    work.on_progress = on_progress
    work.run()
    return True


def _free(now: dt.datetime) -> ColumnElement[bool]:
    """Runs to be worked on that nobody owns; a lease that no right clock can have given binds nobody."""
    until = ImportRun.claimed_until
    over = or_(until.is_(None), until <= now, until > now + 2 * LEASE)
    return and_(ImportRun.state.in_(WORKING), over)


def next_free(now: dt.datetime) -> Select[int]:
    """The run that is next to be worked on, if any."""
    return select(ImportRun.id).where(_free(now)).order_by(ImportRun.id).limit(1)


def _claim(
    sessions: SessionFactory,
    settings: Settings,
    clock: Clock,
    run_id: int | None,
    keep_going: Callable[[], bool],
) -> Work | None:
    """Become the owner of a free run; runs that another worker is just claiming are passed over."""
    now = clock()
    query = select(ImportRun).where(_free(now)).order_by(ImportRun.id).limit(1)
    if run_id is not None:
        query = query.where(ImportRun.id == run_id)
    with transaction(sessions) as session:
        run = session.scalar(query.with_for_update(skip_locked=True))
        if run is None:
            return None
        run.claimed_by, run.claimed_until = secrets.token_hex(16), now + LEASE
        run.attempts += 1
        run.started_at = run.started_at or now
        return Work(sessions, settings.upload_dir, clock, run.id, run.claimed_by, keep_going)


@dataclass
class Work:
    """One worker's work on one run."""

    sessions: SessionFactory
    folder: Path
    clock: Clock
    run_id: int
    token: str
    keep_going: Callable[[], bool]
    on_progress: Progress = lambda done, total: None
    since: dt.datetime = field(init=False)

    def __post_init__(self) -> None:
        self.since = self.clock()

    def run(self) -> None:
        """Read and merge to the end; a rule that forbids to go on is noted on the run, not raised."""
        try:
            while self._phase():
                pass
        except Interrupted:
            pass
        except RuleError as error:
            self._fail(error)
        except BaseException:
            with contextlib.suppress(SQLAlchemyError):
                self._give_back()
            raise
        self._give_back()

    def _phase(self) -> bool:
        """Do what the run's state asks for; whether there is more to do."""
        with self.step() as (_, run):
            state = run.state
            if run.attempts > MOST_ATTEMPTS:
                raise RuleError(N_("处理这个文件时多次异常中断，已停止。请把它另存为 .csv 后重新上传。"))
        if state is ImportState.STAGING:
            _stage(self)
        elif state is ImportState.MERGING:
            _merge(self)
        return state in WORKING

    @contextlib.contextmanager
    def step(self) -> Iterator[tuple[Session, ImportRun]]:
        """One transaction on the run while it is ours; it renews the lease and counts the time.

        Raises:
            Interrupted: the run is another's by now, or the work is to stop.
        """
        if not self.keep_going():
            raise Interrupted
        with transaction(self.sessions) as session:
            run = self._hold(session)
            if run is None or run.stop_requested:
                raise Interrupted
            yield session, run
            now = self.clock()
            run.seconds += (now - self.since).total_seconds()
            run.claimed_until, self.since = now + LEASE, now
            done, total = report_of(run).progress
        self.on_progress(done, total)

    def _hold(self, session: Session) -> ImportRun | None:
        """The run, locked until the end of the transaction; None when it is not ours any more."""
        mine = (ImportRun.id == self.run_id) & (ImportRun.claimed_by == self.token)
        return session.scalar(select(ImportRun).where(mine).with_for_update())

    def _give_back(self) -> None:
        with transaction(self.sessions) as session:
            run = self._hold(session)
            if run is None:
                return
            if run.stop_requested and run.state in WORKING:
                run.state = ImportState.STOPPED
            run.stop_requested = False
            release(run)

    def _fail(self, error: RuleError) -> None:
        with transaction(self.sessions) as session:
            run = self._hold(session)
            if run is not None:
                run.state, run.finished_at = ImportState.FAILED, self.clock()
                run.error = {"message": error.message, "params": error.params}


def _stage(work: Work) -> None:
    """Read the file behind the last row that is staged."""
    with work.step() as (session, run):
        lookup = Directory(session, actor_of(session, run), run.unit_id)
        if register_staging.staged_rows(session, run.id) != run.staged_rows:
            register_staging.forget(session, run)
        source = _Source(run, uploads.path_of(run.stored_as, work.folder), lookup)
    for batch in source.batches():
        with work.step() as (session, run):
            register_staging.copy_rows(session, run.id, batch.rows)
            batch.note_on(run)
            run.attempts = 0
    with work.step() as (session, run):
        run.skipped = dict(source.skipped)
        register_staging.finish(session, run)
        register_merge.refuse_again(session, run)
        run.state = ImportState.MERGING if run.proceed else ImportState.PREVIEW
        run.attempts = 0


@dataclass(frozen=True, slots=True)
class _Batch:
    rows: list[Row]
    share: float
    """How much of the file has been read, 0 to 1."""
    skipped: dict[str, int]

    def note_on(self, run: ImportRun) -> None:
        run.staged_rows += len(self.rows)
        run.staged_to = self.rows[-1].row_no
        run.skipped = self.skipped
        run.expected_rows = round(run.staged_rows / self.share)


class _Source:
    """A run's file as rows to stage."""

    def __init__(self, run: ImportRun, path: Path, lookup: Directory) -> None:
        mapping = ColumnMap.from_json(run.mapping)
        self._path, self._layout = path, reader.Layout.from_json(run.layout)
        self._after = run.staged_to
        self._rows = RowReader(run.headers, mapping, lookup)
        self._noise = NoiseFilter(run.headers, mapping.position("number"))
        self.skipped = Counter(run.skipped)
        """Rows that are no assets, by kind."""

    def batches(self) -> Iterator[_Batch]:
        rows: list[Row] = []
        share = 1.0
        for row_no, cells, share in reader.read_rows(self._path, self._layout, after=self._after):
            if noise := self._noise.kind(cells):
                self.skipped[noise] += 1
                continue
            rows.append(self._rows.read(row_no, cells))
            if len(rows) == BATCH:
                yield _Batch(rows, share, dict(self.skipped))
                rows = []
        if rows:
            yield _Batch(rows, share, dict(self.skipped))


def _merge(work: Work) -> None:
    """Merge behind the last row that is merged."""
    with work.step() as (session, run):
        actor = actor_of(session, run)
        if register_staging.staged_rows(session, run.id) != run.total_rows:
            register_staging.forget(session, run)
            run.state = ImportState.STAGING
            return
        _check_units(session, actor, run)
    while _merge_chunk(work, actor):
        pass


def _merge_chunk(work: Work, actor: Actor) -> bool:
    with work.step() as (session, run):
        span = register_merge.next_span(session, run)
        if span is None:
            run.state, run.finished_at = ImportState.DONE, work.clock()
            register_staging.forget_merged(session, run)
            return False
        merged = register_merge.merge(session, actor, work.clock(), run, span)
        run.created += merged.created
        run.updated += merged.updated
        run.unchanged += merged.unchanged
        run.refused += merged.refused
        run.merged_rows += span.rows
        run.merged_to = span.last
        run.attempts = 0
    return True


def _check_units(session: Session, actor: Actor, run: ImportRun) -> None:
    """Refuse to merge where a right was taken away after the rows were read.

    Raises:
        NotAllowed: the actor may no longer import for a unit that rows belong to.
    """
    named = select(ImportRow.unit_id).where(ImportRow.run_id == run.id).distinct()
    for unit in session.scalars(select(Unit).where(Unit.id.in_(named))):
        if not (unit.active and actor.may(Permission.IMPORT_ASSETS, unit.path)):
            raise NotAllowed(
                N_("您不能再向“%(unit)s”导入资产。如确需导入，请先开通权限，再重新上传文件。"), unit=unit.name
            )
