"""The State Council's holiday schedules and the default approval policy that come with a release.

``holidays.csv`` holds the years that were announced, each with the number of its notice. A year that
was not announced yet is left out: until somebody enters it, only weekends are off.
"""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import asdict
from importlib import resources
from typing import Any

from sqlalchemy import exists, extract, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from marketplace.db.calendar import CalendarDay
from marketplace.db.policies import PolicyRow, PolicyVersion
from marketplace.domain.approvals import DEFAULT_POLICY
from marketplace.domain.calendar import Span
from marketplace.domain.text import N_

POLICY_SEED_LOCK = 7_351_103
"""Advisory lock: processes that start together seed the policy once."""


def holidays() -> list[Span]:
    """The schedules of this release."""
    table = resources.files("marketplace.reference").joinpath("holidays.csv").read_text(encoding="utf-8")
    return [_span(row) for row in csv.DictReader(table.splitlines())]


def load_holidays(session: Session) -> None:
    """Enter the years whose schedule isn't there yet; days that somebody named already stay as they are."""
    year = extract("year", CalendarDay.day)
    there = set(map(int, session.scalars(select(year).where(CalendarDay.official).distinct())))
    rows = [row for span in holidays() if span.first.year not in there for row in _rows(span)]
    if rows:
        session.execute(insert(CalendarDay).on_conflict_do_nothing(), rows)


def load_default_policy(session: Session) -> None:
    """Make version 1 of the approval policy where there is none."""
    session.execute(select(func.pg_advisory_xact_lock(POLICY_SEED_LOCK)))
    if session.scalar(select(exists().select_from(PolicyVersion))):
        return
    session.execute(insert(PolicyVersion), [{"number": 1, "note": N_("系统预置")}])
    session.execute(insert(PolicyRow), [{"version": 1, **asdict(step)} for step in DEFAULT_POLICY])


def _span(row: dict[str, str]) -> Span:
    first, last = dt.date.fromisoformat(row["first"]), dt.date.fromisoformat(row["last"])
    return Span(first, last, row["working"] == "yes", row["name"], row["source"], official=True)


def _rows(span: Span) -> list[dict[str, Any]]:
    entry = {"working": span.working, "name": span.name, "source": span.basis, "official": True}
    return [{"day": day, **entry} for day in span.days()]
