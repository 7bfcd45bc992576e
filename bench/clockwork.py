"""Every job of the schedule on a day when much is due, beside the bare statement it amounts to.

Each round works on a copy of the database: the bare statement is rolled back, then the job does it for good,
and the next job finds what it left. A job that is more than a statement has none beside it.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass

from sqlalchemy import Engine as Database
from sqlalchemy import text

from bench import register
from bench.figures import Record, seconds
from jobs.means import Means
from jobs.schedule import BY_NAME
from marketplace.config import Settings
from marketplace.db.session import make_sessions
from search.nodes import Nodes


@dataclass(frozen=True, slots=True)
class Trial:
    """A job, how many days ahead it believes to be, what it finds, and what its work amounts to."""

    job: str
    days: int = 0
    given: str = ""
    bare: str = ""


TRIALS = (
    Trial(
        "drain-outbox",
        given="""
            WITH gone AS (DELETE FROM outbox) INSERT INTO outbox (asset_id)
            SELECT id FROM assets ORDER BY id LIMIT 10000
        """,
    ),
    Trial(
        "seal-audit",
        given="""
            INSERT INTO audit_entries (at, actor_name, action, object_kind, object_id, before, after)
            SELECT now(), '王晓岚', 'asset.edit', 'asset', n, '{}', jsonb_build_object('location', n || '室')
            FROM generate_series(1, 20000) AS n
        """,
        bare="""
            WITH taken AS (DELETE FROM audit_waiting RETURNING *)
            INSERT INTO audit_seals (position, entry_id, previous, digest)
            SELECT (SELECT max(position) FROM audit_seals) + row_number() OVER (), entry_id, content, content
            FROM taken
        """,
    ),
    Trial(
        "verify-audit",
        bare="SELECT sum(length(e::text)) FROM audit_entries e JOIN audit_seals s ON s.entry_id = e.id",
    ),
    Trial("repair-index"),
    Trial("import-registers"),
    Trial("send-mail"),
    Trial("prepare-auctions"),
    Trial("award-windows", days=3),
    Trial(
        "expire-orders",
        days=2,
        bare="""
            UPDATE orders SET state = 'expired', closed_at = :now
            WHERE answer_by < :today AND state IN ('offered', 'correction', 'approved')
               OR ends_on < :today AND state IN ('submitted', 'waiting') AND kind = 'loan'
        """,
    ),
    Trial("remind", days=3),
    Trial("check-pieces"),
    Trial("tidy", days=3, bare="DELETE FROM outbox WHERE drained_at < :now - interval '1 day'"),
    Trial(
        "walk-timetable",
        days=60,
        bare="""
            UPDATE screenings
            SET stage = 'donation', stage_since = :today, stage_until = :today, changed_at = :now
            WHERE stage_until < :today
        """,
    ),
    Trial(
        "flag-idle",
        days=200,
        bare="""
            UPDATE assets SET state = 'idle_flagged', version = version + 1, updated_at = :now
            WHERE state = 'in_use' AND secrecy NOT IN ('secret', 'confidential', 'top_secret')
              AND coalesce(last_used_on, (created_at AT TIME ZONE 'Asia/Shanghai')::date) <= :today - 180
        """,
    ),
    Trial(
        "answer-silence",
        days=240,
        bare="""
            UPDATE idle_flags SET answer = 'silent', answered_at = :now
            WHERE closed_at IS NULL AND answer_by < :today AND answer IS NULL
        """,
    ),
)


def measure(settings: Settings, record: Record, now: dt.datetime, rounds: int) -> None:
    ours: dict[str, list[float]] = {trial.job: [] for trial in TRIALS}
    bare: dict[str, list[float]] = {trial.job: [] for trial in TRIALS}
    done: dict[str, int] = {}
    for _ in range(rounds):
        with register.copied(settings) as (copy, database):
            for trial in TRIALS:
                later = now + dt.timedelta(days=trial.days)
                _execute(database, trial.given, later, keep=True)
                if trial.bare:
                    bare[trial.job].append(_execute(database, trial.bare, later))
                register.tidy(database)
                passed, figures = _run(copy, database, trial.job, later)
                ours[trial.job].append(passed)
                done[trial.job] = sum(figures.values())
    for name, times in ours.items():
        record.add(f"job.{name}", {**seconds(times, bare[name]), "done": done[name]})


def _run(settings: Settings, database: Database, name: str, now: dt.datetime) -> tuple[float, dict[str, int]]:
    means = Means(settings, make_sessions(database), Nodes(settings), lambda: now)
    started = time.perf_counter()
    figures = BY_NAME[name].step(means, now, False)
    return time.perf_counter() - started, dict(figures)


def _execute(database: Database, statement: str, now: dt.datetime, *, keep: bool = False) -> float:
    """Seconds that a statement took; rolled back unless its work is to be kept."""
    if not statement:
        return 0.0
    query = text(statement)
    values = {"now": now, "today": now.date()}
    with database.connect() as connection:
        started = time.perf_counter()
        connection.execute(query, {name: values[name] for name in query._bindparams})
        passed = time.perf_counter() - started
        if keep:
            connection.commit()
    return passed
