"""What a job is, and what it works with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select

from marketplace.config import Settings
from marketplace.db.session import SessionFactory
from marketplace.domain.jobs import Plan
from search.nodes import Nodes

Figures = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Means:
    """What jobs work with."""

    settings: Settings
    sessions: SessionFactory
    nodes: Nodes
    clock: Callable[[], dt.datetime]
    keep_going: Callable[[], bool] = lambda: True
    """False once the process is asked to end: long work then stops where it can be taken up again."""

    def day(self, now: dt.datetime) -> dt.date:
        """The day of a moment where the organisation is."""
        return now.astimezone(ZoneInfo(self.settings.time_zone)).date()


@dataclass(frozen=True, slots=True)
class Job:
    """What a plan of the schedule (:mod:`marketplace.domain.jobs`) does, in one step.

    A step is safe to kill at any statement and to run twice at once.
    """

    plan: Plan
    title: str
    """For the operator's command line; pages show the plan's label."""
    step: Callable[[Means, dt.datetime, bool], Figures]
    by_bell: bool = False
    """Also run as soon as there is something new in the outbox."""
    waiting: Callable[[dt.datetime], Select[Any]] | None = None
    """Gives a row as long as there is something to do: asked every time, where a step would cost more."""

    @property
    def name(self) -> str:
        """What the job is called in commands, locks and records."""
        return self.plan.name
