"""Import runs: finding them, holding them while working, and saying how far they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace.db import actors
from marketplace.db.imports import ImportRun, ImportState
from marketplace.db.people import Unit, within
from marketplace.domain.errors import Conflict, NotAllowed, NotFound
from marketplace.domain.permissions import PLATFORM, Actor, Permission, require
from marketplace.domain.text import N_

OPEN_STATES = frozenset(ImportState) - {ImportState.DONE, ImportState.FAILED}
WORKING = (ImportState.STAGING, ImportState.MERGING)
"""States in which a worker has something to do."""


@dataclass(frozen=True, slots=True)
class Report:
    """How far a run is and what came of it."""

    id: int
    state: ImportState
    file_name: str
    total: int | None
    """Rows of the register; None until all have been read."""
    expected: int | None
    """What ``total`` will be, roughly."""
    staged: int
    merged: int
    created: int
    updated: int
    unchanged: int
    refused: int
    skipped: Mapping[str, int]
    """Rows that are no assets, by kind: blank, total, header, note."""
    seconds: float
    """Time that workers spent on it."""
    rows_per_second: float
    error: str
    error_params: Mapping[str, object]

    @property
    def progress(self) -> tuple[int, int | None]:
        """Steps done and to do: each row is read once and merged once."""
        rows = self.total if self.total is not None else self.expected
        return self.staged + self.merged, None if rows is None else 2 * max(rows, self.staged)


def load(
    session: Session, actor: Actor, run_id: int, permission: Permission | None = None, *, lock: bool = False
) -> ImportRun:
    """A run that the actor may see: an own one, or one of a unit that the actor imports for.

    Raises:
        NotFound: there is none, or the actor may not know of it.
        NotAllowed: it may be seen, but not acted on.
    """
    query = select(ImportRun).where(ImportRun.id == run_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    run = session.scalar(query)
    if run is None or not _may_see(actor, run):
        raise _no_such_run()
    if permission is not None:
        require(actor, permission, run.unit.path)
    return run


def _may_see(actor: Actor, run: ImportRun) -> bool:
    own = actor.user_id is not None and actor.user_id == run.user_id
    return own or actor.may(Permission.IMPORT_ASSETS, run.unit.path)


def recent(
    session: Session, actor: Actor, *, before: int | None = None, limit: int = 50
) -> Sequence[ImportRun]:
    """Runs for the units that the actor imports for, newest first; ``before``: the last one shown."""
    query = (
        select(ImportRun)
        .options(joinedload(ImportRun.unit), joinedload(ImportRun.user))
        .order_by(ImportRun.id.desc())
        .limit(limit)
    )
    if not actor.everything:
        query = query.where(within(ImportRun.unit_id, actor.scopes(Permission.IMPORT_ASSETS)))
    if before is not None:
        query = query.where(ImportRun.id < before)
    return session.scalars(query).all()


def report(session: Session, run_id: int) -> Report:
    """How far a run is. For a person, :func:`load` it first: this asks nobody's right.

    Raises:
        NotFound: there is no such run.
    """
    run = session.get(ImportRun, run_id, populate_existing=True)
    if run is None:
        raise _no_such_run()
    return report_of(run)


def report_of(run: ImportRun) -> Report:
    """How far this run is."""
    error = run.error or {}
    return Report(
        id=run.id,
        state=run.state,
        file_name=run.file_name,
        total=run.total_rows,
        expected=run.expected_rows,
        staged=run.staged_rows,
        merged=run.merged_rows,
        created=run.created,
        updated=run.updated,
        unchanged=run.unchanged,
        refused=run.refused,
        skipped=run.skipped,
        seconds=round(run.seconds, 3),
        rows_per_second=round(run.staged_rows / run.seconds, 1) if run.seconds else 0.0,
        error=error.get("message", ""),
        error_params=error.get("params", {}),
    )


def _no_such_run() -> NotFound:
    return NotFound(N_("没有找到这次导入。它可能已被清理，或不在您的查看范围内。"))


def actor_of(session: Session, run: ImportRun) -> Actor:
    """Whose right the run is worked on by, as that right is now.

    Raises:
        NotAllowed: the account is closed, or may no longer import for the unit.
        Conflict: the unit is no longer active.
    """
    actor = _account(session, run)
    require(actor, Permission.IMPORT_ASSETS, run.unit.path)
    check_active(run.unit)
    return actor


def _account(session: Session, run: ImportRun) -> Actor:
    if run.user_id is None:
        return PLATFORM
    identity = actors.by_user(session, run.user_id)
    if identity is None:
        raise NotAllowed(N_("发起导入的账号已停用，导入不再继续。"))
    return identity.actor


def check_active(unit: Unit) -> None:
    """Refuse to import for a unit that has been closed.

    Raises:
        Conflict: it is not active.
    """
    if not unit.active:
        raise Conflict(N_("单位“%(unit)s”已停用，不能导入资产。"), unit=unit.name)


def release(run: ImportRun) -> None:
    """Give the run back, so that any worker may take it."""
    run.claimed_by = run.claimed_until = None


def is_claimed(run: ImportRun, now: dt.datetime) -> bool:
    """Whether a living worker owns the run."""
    return run.claimed_until is not None and run.claimed_until > now
