"""Which job runs when, and what each does in one step.

A job is a function of its means, a moment and whether to only look; it returns figures for the
record. It is safe to kill at any statement and to run twice at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from structlog import get_logger

from marketplace.config import Settings
from marketplace.db.outbox import KeptAnswer, OutboxRow
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.permissions import PLATFORM
from marketplace.use_cases import audit_chain, register_import, register_worker
from search import drift, indexer
from search.engine import Engine

log = get_logger()

Figures = Mapping[str, int]
ANSWERS_KEPT = dt.timedelta(days=2)
"""How long a creating call can be repeated with its key."""


@dataclass(frozen=True, slots=True)
class Means:
    """What jobs work with."""

    settings: Settings
    sessions: SessionFactory
    engine: Engine
    clock: Callable[[], dt.datetime]
    keep_going: Callable[[], bool] = lambda: True
    """False once the process is asked to end: long work then stops where it can be taken up again."""


@dataclass(frozen=True, slots=True)
class Job:
    """One entry of the schedule; ``seconds`` or ``hour`` (of the organisation's day) says when."""

    name: str
    title: str
    step: Callable[[Means, dt.datetime, bool], Figures]
    seconds: int | None = None
    hour: int | None = None


def drain_outbox(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Bring the search index up to the database."""
    if dry_run:
        with means.sessions() as session:
            waiting = session.scalar(
                select(func.count()).select_from(OutboxRow).where(OutboxRow.drained_at.is_(None))
            )
        return {"waiting": waiting or 0}
    return indexer.drain_outbox(means.sessions, means.engine, now)


def import_registers(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Read and merge the registers that wait."""
    if dry_run:
        return {"waiting": register_worker.waiting(means.sessions, now)}
    advanced = register_worker.advance_all(
        means.sessions, means.settings, means.clock, keep_going=means.keep_going
    )
    return {"advanced": advanced}


def repair_index(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Compare index and database and mend what differs."""
    return drift.repair(means.sessions, means.engine, now, dry_run=dry_run)


def seal_audit(means: Means, _now: dt.datetime, dry_run: bool) -> Figures:
    """Give new audit entries their place in the chain.

    The log then holds the end of the chain outside the database, where it shows if the newest entries
    are ever cut off.
    """
    if dry_run:
        with means.sessions() as session:
            return {"waiting": audit_chain.waiting(session)}
    sealed = audit_chain.seal_waiting(means.sessions, keep_going=means.keep_going)
    if sealed is None or not sealed.entries:
        return {"sealed": 0}
    log.info("audit_sealed", seal=str(sealed.last))
    return {"sealed": sealed.entries}


def verify_audit(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Check the whole audit record, and record what came of it."""
    verdict = audit_chain.verify(means.sessions)
    if verdict.fault:
        log.error("audit_broken", fault=str(verdict.fault), seal=str(verdict.last))
    if not dry_run:
        with transaction(means.sessions) as session:
            audit_chain.note(session, PLATFORM, now, verdict, whole=True)
    return {"checked": verdict.checked, "broken": int(verdict.fault is not None)}


def tidy(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Forget what is no longer needed: drained outbox rows, kept answers, files of old imports."""
    old = KeptAnswer.created_at < now - ANSWERS_KEPT
    with transaction(means.sessions) as session:
        if dry_run:
            return {"answers": session.scalar(select(func.count()).select_from(KeptAnswer).where(old)) or 0}
        answers = session.execute(delete(KeptAnswer).where(old).returning(KeptAnswer.key)).all()
        imports = register_import.clear_old(session, means.settings, now)
    return {"answers": len(answers), "imports": imports, "outbox": indexer.purge(means.sessions, now)}


JOBS: tuple[Job, ...] = (
    Job("drain-outbox", "Bring the search index up to the database", drain_outbox, seconds=1),
    Job("import-registers", "Read and merge waiting registers", import_registers, seconds=1),
    Job("seal-audit", "Give new audit entries their place in the chain", seal_audit, seconds=1),
    Job("verify-audit", "Check the whole audit record", verify_audit, hour=2),
    Job("repair-index", "Compare index and database, mend what differs", repair_index, hour=3),
    Job("tidy", "Forget what is no longer needed", tidy, hour=4),
)
BY_NAME = {job.name: job for job in JOBS}
