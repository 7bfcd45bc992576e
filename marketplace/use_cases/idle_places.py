"""Where a page of idle flags ends and the next one goes on, as addresses carry it."""

from __future__ import annotations

import datetime as dt

from marketplace.db.idle import IdleFlag
from marketplace.use_cases.idle import Show


def place_of(flag: IdleFlag, show: Show) -> str:
    """A day, or a moment, and an id."""
    where = flag.closed_at if show is Show.ANSWERED else flag.answer_by
    assert where is not None
    return f"{where.isoformat()}~{flag.id}"


def read_place(text: str, show: Show) -> tuple[object, int] | None:
    """The place that :func:`place_of` wrote; None when it is none."""
    where, _, number = text.partition("~")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None
    try:
        if show is not Show.ANSWERED:
            return dt.date.fromisoformat(where), int(number)
        moment = dt.datetime.fromisoformat(where)
    except ValueError:
        return None
    return (moment, int(number)) if moment.tzinfo else None
