"""Days on which the week doesn't hold, and the changes that were made to them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from marketplace.db.base import Base, Id, Moment
from marketplace.db.people import User
from marketplace.domain.calendar import Calendar


class CalendarDay(Base):
    """A day that is worked though the week says otherwise, or off; ordinary days have no row."""

    __tablename__ = "calendar_days"

    day: Mapped[dt.date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    name: Mapped[str] = mapped_column(String(30))
    source: Mapped[str] = mapped_column(String(60), server_default="")
    """The document that orders it, as far as one does."""
    official: Mapped[bool]
    """Part of the State Council's schedule for the year."""


class CalendarChange(Base):
    """One thing an administrator did to the calendar; the newest id is the calendar's version."""

    __tablename__ = "calendar_changes"
    __table_args__ = (Index("ix_calendar_changes_before", "before", postgresql_using="gin"),)

    id: Mapped[Id]
    at: Mapped[Moment]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """By ISO day: ``working``, ``name``, ``source``, ``official``; null for an ordinary day."""
    after: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The same days afterwards."""
    undoes: Mapped[int | None] = mapped_column(ForeignKey("calendar_changes.id"), unique=True)

    author: Mapped[User | None] = relationship()


def load_calendar(session: Session) -> Calendar:
    """The calendar as it is now: some forty rows for each year."""
    return Calendar({row.day: row.working for row in session.execute(_EXCEPTIONS)})


def working_days_after(day: str, count: str) -> str:
    """SQL for the ``count``-th working day after a day, both given as SQL; for at least one.

    The same rule in Python is :meth:`marketplace.domain.calendar.Calendar.add_working_days`; a test holds the
    two together.
    """
    return f"""(
        SELECT {day} + n FROM generate_series(1, {count} * 3 + 30) AS n
        LEFT JOIN calendar_days ON calendar_days.day = {day} + n
        WHERE coalesce(calendar_days.working, extract(isodow FROM {day} + n) < 6)
        ORDER BY n OFFSET {count} - 1 LIMIT 1
    )"""


_EXCEPTIONS = select(CalendarDay.day, CalendarDay.working)
