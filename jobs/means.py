"""What a job is, and what it works with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from marketplace.config import Settings
from marketplace.db.session import SessionFactory
from search.engine import Engine

Figures = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Means:
    """What jobs work with."""

    settings: Settings
    sessions: SessionFactory
    engine: Engine
    clock: Callable[[], dt.datetime]
    keep_going: Callable[[], bool] = lambda: True
    """False once the process is asked to end: long work then stops where it can be taken up again."""

    def day(self, now: dt.datetime) -> dt.date:
        """The day of a moment where the organisation is."""
        return now.astimezone(ZoneInfo(self.settings.time_zone)).date()


@dataclass(frozen=True, slots=True)
class Job:
    """One entry of the schedule; ``seconds`` or ``hour`` (of the organisation's day) says when."""

    name: str
    title: str
    step: Callable[[Means, dt.datetime, bool], Figures]
    seconds: int | None = None
    hour: int | None = None
