"""The arithmetic of the timetable: no working day is lost or counted twice, whatever happens on the way."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from marketplace.domain.calendar import ONE_DAY, Calendar
from marketplace.domain.timetable import (
    Lengths,
    Stage,
    Stand,
    advance,
    ahead,
    enter,
    go_on,
    is_over,
    stop,
)

START = dt.date(2026, 9, 1)
lengths = st.builds(
    Lengths, own_department=st.integers(0, 20), everyone=st.integers(1, 40), donation=st.integers(0, 20)
)
starts = st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
calendars = st.dictionaries(
    st.dates(dt.date(2026, 1, 1), dt.date(2027, 3, 31)), st.booleans(), max_size=40
).map(Calendar)
stages = st.sampled_from([Stage.OWN_DEPARTMENT, Stage.EVERYONE, Stage.DONATION])


@given(lengths, starts, calendars)
def test_walked_daily_every_stage_has_exactly_its_working_days(
    plan: Lengths, start: dt.date, calendar: Calendar
) -> None:
    stand = enter(plan.first(own_department_first=True), start, plan, calendar)
    counted: dict[Stage, int] = {}
    day = start
    while stand.stage is not Stage.DISPOSAL:
        day += ONE_DAY
        stand = advance(stand, day, plan, calendar)
        counted[stand.stage] = counted.get(stand.stage, 0) + calendar.is_working(day)
    counted.pop(Stage.DISPOSAL)
    assert counted == {stage: plan.of(stage) for stage in Stage if plan.of(stage)}


@given(lengths, starts, calendars)
def test_what_is_foretold_is_what_happens(plan: Lengths, start: dt.date, calendar: Calendar) -> None:
    stand = enter(plan.first(own_department_first=True), start, plan, calendar)
    foretold = ahead(stand, plan, calendar, start)
    assert foretold[-1].stage is Stage.DISPOSAL
    for now, following in pairwise(foretold):
        assert now.until is not None
        assert not is_over(now, now.until)
        assert advance(now, now.until + ONE_DAY, plan, calendar) == following


@given(stages, lengths, starts, calendars, st.integers(0, 80), st.integers(0, 80))
def test_a_stopped_clock_keeps_its_working_days(
    stage: Stage, plan: Lengths, start: dt.date, calendar: Calendar, after: int, pause: int
) -> None:
    stand = enter(stage, start, plan, calendar)
    stopped_on = start + dt.timedelta(days=after)
    stopped = stop(stand, stopped_on, calendar)
    assert stopped.is_stopped
    assert not is_over(stopped, stopped_on + dt.timedelta(days=400))
    again = go_on(stopped, stopped_on + dt.timedelta(days=pause), calendar)
    assert stopped.days_left is not None
    assert again.until is not None
    assert stand.until is not None
    counted_from = max(start, stopped_on + dt.timedelta(days=pause) - ONE_DAY)
    assert calendar.working_days_between(counted_from, again.until) == stopped.days_left <= plan.of(stage)
    if pause == 0 and stand.until >= stopped_on and plan.of(stage):
        assert again == stand


@given(stages, lengths, starts, calendars, st.integers(0, 60))
def test_a_late_walk_takes_nothing_from_the_next_stage(
    stage: Stage, plan: Lengths, start: dt.date, calendar: Calendar, late: int
) -> None:
    stand = enter(stage, start, plan, calendar)
    assert stand.until is not None
    day = stand.until + dt.timedelta(days=1 + late)
    following = advance(stand, day, plan, calendar)
    assert following.since == day - ONE_DAY
    if following.until is not None:
        left = calendar.working_days_between(day - ONE_DAY, following.until)
        assert left == plan.of(following.stage)


def test_stages_of_no_days_are_passed_over() -> None:
    assert Lengths(0, 30, 0).first(own_department_first=True) is Stage.EVERYONE
    assert Lengths(10, 30, 0).first(own_department_first=False) is Stage.EVERYONE
    assert [Lengths(10, 30, 0).after(stage) for stage in Stage] == [
        Stage.EVERYONE,
        *(Stage.DISPOSAL,) * 3,
    ]


def test_disposal_has_no_end() -> None:
    stand = enter(Stage.DISPOSAL, START, Lengths(), Calendar())
    assert stand == Stand(Stage.DISPOSAL, START, None)
    assert stop(stand, START, Calendar()) == stand == go_on(stand, START, Calendar())
    assert ahead(stand, Lengths(), Calendar(), START) == [stand]
