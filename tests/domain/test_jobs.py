"""When a job is due, and when it is late."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from jobs.schedule import JOBS
from marketplace.domain.jobs import PLANS, Plan

CHINA = ZoneInfo("Asia/Shanghai")
DAILY = Plan("x", "", "", hour=3)
OFTEN = Plan("y", "", "", seconds=5)
moments = st.datetimes(
    dt.datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    dt.datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.just(dt.UTC),
)


@given(moments)
def test_due_is_the_last_and_next_the_first_moment(now: dt.datetime) -> None:
    for plan in (DAILY, OFTEN):
        due, following = plan.due_since(now, CHINA), plan.next_due(now, CHINA)
        assert due <= now < following
        assert plan.due_since(following, CHINA) == following
        assert plan.due_since(following - dt.timedelta(microseconds=1), CHINA) == due
    assert DAILY.due_since(now, CHINA).astimezone(CHINA).hour == 3


def test_a_daily_job_is_late_half_an_hour_after_its_hour() -> None:
    due = dt.datetime(2026, 9, 1, 3, tzinfo=CHINA)
    before = due - dt.timedelta(days=1)
    assert not DAILY.is_late(due + dt.timedelta(minutes=29), CHINA, before)
    assert DAILY.is_late(due + dt.timedelta(minutes=31), CHINA, before)
    assert not DAILY.is_late(due + dt.timedelta(minutes=31), CHINA, due)
    assert DAILY.is_late(due + dt.timedelta(hours=2), CHINA, None)


def test_every_plan_has_its_job_and_every_job_its_plan() -> None:
    assert {job.plan for job in JOBS} == set(PLANS)
    assert len(JOBS) == len(PLANS)
