"""Reminding people of what is close to its last day or past it: whole tables, a statement for each reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from marketplace.db.bulk import bound
from marketplace.db.calendar import load_calendar
from marketplace.domain.messages import KINDS
from marketplace.domain.permissions import SEPARATE_ADMINISTRATORS
from marketplace.domain.policies import LONGEST_DEADLINE
from marketplace.domain.reminders import ANSWER_DAYS, GRACE_DAYS, LOAN_DAYS, PHOTO_DAYS
from marketplace.use_cases.reminder_rows import COUNT, DUE, TELL

REASONS: Sequence[str] = tuple(DUE)
"""Kinds of messages, in the order in which people are reminded."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of reminders goes by."""

    now: dt.datetime
    values: dict[str, Any]


def begin(session: Session, now: dt.datetime, today: dt.date) -> Round:
    """Gather it: how far ahead a number of working days reaches, and what counts as long ago."""
    calendar = load_calendar(session)
    days = list(range(1, LONGEST_DEADLINE + 1))
    year, week, _ = today.isocalendar()
    return Round(
        now,
        {
            "today": today,
            "works": calendar.is_working(today),
            "days": days,
            "until": [calendar.add_working_days(today, count) for count in days],
            "administrators": [role.value for role in SEPARATE_ADMINISTRATORS],
            "points": list(LOAN_DAYS),
            "grace": GRACE_DAYS,
            "answer_until": calendar.add_working_days(today, ANSWER_DAYS),
            "listed_before": now - dt.timedelta(days=PHOTO_DAYS),
            "week": f"{year}-{week:02}",
        },
    )


def remind(session: Session, round_: Round, reason: str) -> int:
    """Remind everybody of one thing; how many messages. Who was told before is not told again."""
    values = round_.values | {
        "now": round_.now,
        "kind": reason,
        "needs_action": KINDS[reason].needs_action,
    }
    return int(session.execute(bound(DUE[reason] + TELL, values)).scalar_one())


def count(session: Session, round_: Round, reason: str) -> int:
    """How many messages that would be."""
    return int(session.execute(bound(DUE[reason] + COUNT, round_.values)).scalar_one())
