"""What the clock does about idle assets, and for what is on offer."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Protocol

from sqlalchemy.orm import Session

from jobs.means import Figures, Means
from marketplace.db.bulk import Done
from marketplace.db.session import transaction
from marketplace.domain.idle import IdleRule
from marketplace.use_cases import idle_flagging, idle_silence, timetable_walk


def flag_idle(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Flag what seems to be idle, by each rule in turn, and tell the holders."""
    with means.sessions() as session:
        round_ = idle_flagging.begin(session, now, means.day(now), means.settings.time_zone)
        if dry_run:
            return idle_flagging.count(session, round_)
    events = _in_batches(means, partial(idle_flagging.flag_event_ended, round_=round_))
    over = 0
    for allotment in round_.allotments:
        if means.keep_going():
            with transaction(means.sessions) as session:
                over += idle_flagging.flag_over_standard(session, round_, allotment)
    unused = _in_batches(means, partial(idle_flagging.flag_unused, round_=round_))
    with transaction(means.sessions) as session:
        idle_flagging.tell_holders(session, now)
    return {
        IdleRule.EVENT_ENDED.value: events,
        IdleRule.OVER_STANDARD.value: over,
        IdleRule.UNUSED.value: unused,
    }


def answer_silence(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Do what the policy says about flags that nobody answered in time."""
    today = means.day(now)
    if dry_run:
        with means.sessions() as session:
            return idle_silence.count(session, today)
    listed = _in_batches(means, partial(idle_silence.list_overdue, now=now, today=today))
    waiting = _in_batches(means, partial(idle_silence.note_silence, now=now, today=today))
    with transaction(means.sessions) as session:
        idle_silence.tell_holders(session, now)
    return {"listed": listed, "waiting": waiting}


def walk_timetable(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Move what is on offer along its timetable."""
    with means.sessions() as session:
        walk = timetable_walk.begin(session, now, means.day(now), means.settings.time_zone)
        if dry_run:
            return timetable_walk.count(session, walk)
    steps = (
        ("begun", timetable_walk.start_new),
        ("held", timetable_walk.hold),
        ("released", timetable_walk.release),
        ("disposed", timetable_walk.dispose),
        ("advanced", timetable_walk.advance),
    )
    figures = {name: _in_batches(means, partial(act, walk=walk)) for name, act in steps}
    figures["advanced"] += _in_batches(means, partial(timetable_walk.widen, walk=walk))
    with transaction(means.sessions) as session:
        timetable_walk.tell_holders(session, now)
    return figures


class Batch(Protocol):
    """One transaction's share of some work: behind a row, and up to the one that it names."""

    def __call__(self, session: Session, *, after: int) -> Done:
        """Do it."""


def _in_batches(means: Means, act: Batch) -> int:
    """Repeat a step, each time in a transaction of its own and behind the last, until none is left."""
    done, after = 0, 0
    while means.keep_going():
        with transaction(means.sessions) as session:
            some, last = act(session, after=after)
        done += some
        if last is None:
            break
        after = last
    return done
