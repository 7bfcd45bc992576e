"""The way of an asset on offer for good, stage by stage, while nobody takes it (domain rules, section 4).

The circle widens: own supervising department, every unit, donation where a place has that stage, and in
the end disposal. A stage lasts so many working days, counted from the day after ``since``. Time in which
somebody asks for the thing, or has it on loan, doesn't count.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum

from marketplace.domain.calendar import ONE_DAY, Calendar
from marketplace.domain.text import N_

BASIS = "行政事业性国有资产管理条例第十一条"


class Stage(StrEnum):
    """Who is asked next."""

    OWN_DEPARTMENT = "own_department"
    EVERYONE = "everyone"
    DONATION = "donation"
    DISPOSAL = "disposal"


STAGE_NAMES = {
    Stage.OWN_DEPARTMENT: N_("本主管部门内调剂"),
    Stage.EVERYONE: N_("向所有单位调剂"),
    Stage.DONATION: N_("征集捐赠去向"),
    Stage.DISPOSAL: N_("转入处置"),
}


@dataclass(frozen=True, slots=True)
class Lengths:
    """Working days of each stage; a stage of none is passed over."""

    own_department: int = 10
    everyone: int = 30
    donation: int = 0

    def of(self, stage: Stage) -> int:
        """Working days of a stage; disposal has no end of its own."""
        return 0 if stage is Stage.DISPOSAL else int(getattr(self, stage.value))

    def after(self, stage: Stage) -> Stage:
        """The stage that follows."""
        stages = list(Stage)
        later = stages[stages.index(stage) + 1 :]
        return next((one for one in later if self.of(one)), Stage.DISPOSAL)

    def first(self, *, own_department_first: bool) -> Stage:
        """Where it begins: with everyone, where the holder offers it to everyone from the start."""
        if own_department_first and self.own_department:
            return Stage.OWN_DEPARTMENT
        return self.after(Stage.OWN_DEPARTMENT)


@dataclass(frozen=True, slots=True)
class Stand:
    """Where an asset stands. Exactly one of ``until`` and ``days_left`` is there, and in disposal neither."""

    stage: Stage
    since: dt.date
    """The day after which the stage's days are counted."""
    until: dt.date | None
    """The last working day of the stage; None while the clock is stopped."""
    days_left: int | None = None
    """Working days that remain once the clock goes on."""

    @property
    def is_stopped(self) -> bool:
        """Whether its time doesn't run."""
        return self.days_left is not None


def enter(stage: Stage, since: dt.date, lengths: Lengths, calendar: Calendar) -> Stand:
    """The beginning of a stage whose days are counted from the day after ``since``."""
    days = lengths.of(stage)
    return Stand(stage, since, None if stage is Stage.DISPOSAL else calendar.add_working_days(since, days))


def is_over(stand: Stand, today: dt.date) -> bool:
    """Whether the stage's last day has passed."""
    return stand.until is not None and stand.until < today


def advance(stand: Stand, today: dt.date, lengths: Lengths, calendar: Calendar) -> Stand:
    """Where it stands on the morning of ``today``.

    A walk that comes late never takes days from the next stage: that one begins with ``today``.
    """
    if not is_over(stand, today):
        return stand
    return enter(lengths.after(stand.stage), today - ONE_DAY, lengths, calendar)


def stop(stand: Stand, today: dt.date, calendar: Calendar) -> Stand:
    """Stop the clock: the day itself doesn't count any more."""
    if stand.until is None:
        return stand
    left = max(0, calendar.working_days_between(max(today - ONE_DAY, stand.since), stand.until))
    return replace(stand, until=None, days_left=left)


def go_on(stand: Stand, today: dt.date, calendar: Calendar) -> Stand:
    """Let the clock run again, from ``today`` on."""
    if stand.days_left is None:
        return stand
    until = calendar.add_working_days(max(today - ONE_DAY, stand.since), stand.days_left)
    return replace(stand, until=until, days_left=None)


def ahead(stand: Stand, lengths: Lengths, calendar: Calendar, today: dt.date) -> list[Stand]:
    """The stand itself and what follows if nobody takes the asset; a stopped clock goes on ``today``."""
    line = [stand]
    moving = go_on(stand, today, calendar)
    while moving.until is not None:
        moving = enter(lengths.after(moving.stage), moving.until, lengths, calendar)
        line.append(moving)
    return line
