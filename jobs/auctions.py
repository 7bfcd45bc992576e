"""What the clock does for auctions."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from jobs.means import Figures, Means
from marketplace.db.session import transaction
from marketplace.domain.errors import Conflict
from marketplace.domain.permissions import PLATFORM
from marketplace.use_cases import auction_drafts


def prepare_auctions(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Draft an auction for each approved project that has none; each in a transaction of its own."""
    with means.sessions() as session:
        waiting = auction_drafts.without_auction(session)
    if dry_run:
        return {"auctions": len(waiting)}
    zone, drafted = ZoneInfo(means.settings.time_zone), 0
    for project_id in waiting:
        if not means.keep_going():
            break
        try:
            with transaction(means.sessions) as session:
                auction_drafts.draft(session, PLATFORM, now, means.day(now), zone, project_id)
        except Conflict:  # somebody, or the job in another process, was faster
            continue
        drafted += 1
    return {"auctions": drafted}
