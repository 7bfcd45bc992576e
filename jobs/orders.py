"""What the clock does for orders."""

from __future__ import annotations

import datetime as dt

from structlog import get_logger

from jobs.means import Figures, Means
from marketplace.db.session import transaction
from marketplace.use_cases import order_endings, piece_ledger, waiting_lists

log = get_logger()
AT_ONCE = 50
"""Orders that end in one transaction: what they hold is locked until it is over."""


def award_windows(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """Rank and award what was asked for in windows that have closed; each in a transaction of its own."""
    today = means.day(now)
    with means.sessions() as session:
        due = waiting_lists.due_windows(session, today)
    if dry_run:
        return {"windows": len(due)}
    awarded = 0
    for asset_id in due:
        if not means.keep_going():
            break
        with transaction(means.sessions) as session:
            awarded += waiting_lists.close_window(session, now, today, asset_id) is not None
    return {"windows": awarded}


def expire_orders(means: Means, now: dt.datetime, dry_run: bool) -> Figures:
    """End orders whose time to accept, to correct or to hand over has passed."""
    today = means.day(now)
    if dry_run:
        with means.sessions() as session:
            return {"orders": order_endings.count_due(session, today)}
    ended = 0
    while means.keep_going():
        with transaction(means.sessions) as session:
            some = order_endings.expire_due(session, now, today, limit=AT_ONCE)
        ended += len(some)
        if not some:
            break
    return {"orders": ended}


def check_pieces(means: Means, _now: dt.datetime, _dry_run: bool) -> Figures:
    """Check that no piece of any card was lost or made on its way from card to card."""
    with means.sessions() as session:
        wrong = piece_ledger.differences(session)
    for finding in wrong:
        log.error("pieces_differ", finding=finding)
    return {"differences": len(wrong)}
