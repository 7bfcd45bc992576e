"""What the clock reminds people of."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from jobs.means import Figures, Means
from marketplace.db.session import transaction
from marketplace.use_cases import digests, escalations, reminders


def remind(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Remind of what is close to its last day or past it, escalate, and make the mails of the day."""
    told = Counter[str]()
    with means.sessions() as session:
        round_ = reminders.begin(session, now, means.day(now))
        if dry_run:
            for reason in reminders.REASONS:
                told[_figure(reason)] += reminders.count(session, round_, reason)
            told["escalated"] = escalations.count(session, round_.values, now)
            return told
    for reason in reminders.REASONS:
        if means.keep_going():
            with transaction(means.sessions) as session:
                told[_figure(reason)] += reminders.remind(session, round_, reason)
    # After the others were reminded of the day that they missed.
    with transaction(means.sessions) as session:
        told["escalated"] = escalations.escalate(session, round_.values, now)
    with transaction(means.sessions) as session:
        told["mails"] = digests.gather(session, now, means.day(now))
    return told


def _figure(reason: str) -> str:
    """What a reason is counted under."""
    return reason.partition(".")[0]
