"""What the clock did: each job's turn, and the runs worth remembering."""

from __future__ import annotations

import zlib
from typing import Any

from sqlalchemy import (
    BigInteger,
    Float,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from marketplace.db.base import Base, Id, Moment
from marketplace.db.people import User
from marketplace.domain.jobs import PLAN_OF


class JobTurn(Base):
    """Where a job stands. The row is what job processes claim: whoever holds its lock runs the job."""

    __tablename__ = "job_turns"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    done_for: Mapped[Moment | None]
    """The scheduled moment that was done last; a later one is still to do."""
    alive_at: Mapped[Moment | None]
    """When it last ran to its end; for a job that runs every second, to within half a minute."""
    failures: Mapped[int] = mapped_column(server_default="0")
    """Failed runs in a row."""
    asked_at: Mapped[Moment | None]
    """Somebody wants it to run now."""
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class JobRun(Base):
    """One run that did something, failed, or was asked for."""

    __tablename__ = "job_runs"
    __table_args__ = (
        Index("ix_job_runs_name", "name", "id"),
        Index("ix_job_runs_failed", "name", "id", postgresql_where=text("error <> ''")),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[Moment]
    seconds: Mapped[float] = mapped_column(Float)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    """What it did, by name."""
    error: Mapped[str] = mapped_column(Text, server_default="")
    as_of: Mapped[Moment]
    """The moment it was run for; other than ``started_at`` when it was run for another day."""
    asked_by: Mapped[int | None] = mapped_column(BigInteger)

    person: Mapped[User | None] = relationship(
        primaryjoin="foreign(JobRun.asked_by) == User.id", viewonly=True
    )


LOCK_SPACE = 7_351
"""First half of the advisory locks of jobs; the second is made of the job's name."""


def running_jobs(session: Session) -> set[str]:
    """Names of jobs that a process is running now: it holds the job's lock as long as it lives."""
    held: Select[Any] = select(literal_column("objid")).select_from(text("pg_locks"))
    held = held.where(text("locktype = 'advisory' AND classid = :space AND granted")).params(space=LOCK_SPACE)
    keys = set(session.scalars(held))
    return {name for name in PLAN_OF if lock_key(name) in keys}


def lock_key(name: str) -> int:
    """A number for a job's name, the same in every process and release."""
    return zlib.crc32(name.encode()) & 0x7FFFFFFF
