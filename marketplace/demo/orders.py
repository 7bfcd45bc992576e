"""The demo's orders: some eighty, in every state, each of them made by the use cases as people would.

They are told in the order of time, so that numbers, messages and the record stand as they would if the
months before had really passed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlalchemy.orm import Session

from marketplace.db.messages import Message
from marketplace.demo import stories
from marketplace.demo.calm import calm
from marketplace.demo.chance import dice
from marketplace.demo.desks import Desks, Story
from marketplace.demo.market import Market
from marketplace.domain.orders import OrderAction, OrderKind

_LOAN, _TRANSFER = OrderKind.LOAN, OrderKind.TRANSFER


def make_orders(session: Session, now: dt.datetime, seed: int) -> None:
    """Let people ask, decide, hand over and give back, in the weeks before ``now``.

    All of it belongs into one transaction: a job that sees it half done ends what is long overdue.
    """
    chance = dice(seed, "orders")
    desks, market = Desks(session, chance, now), Market(session, chance)
    moments = set(desks.tell(_all_stories(desks, market)))
    calm(session, Message.created_at.in_(moments), now)


def _all_stories(desks: Desks, market: Market) -> Iterator[Story]:
    late = [market.wishers[place] for place in (1, 5, 9)]
    yield from (stories.overdue(desks, market, who, days) for who, days in zip(late, (3, 9, 16), strict=True))
    yield from _ended(desks, market)
    yield from _under_way(desks, market)
    yield from (stories.running(desks, market, late, *ages, back=False) for ages in _RUNNING)
    yield stories.running(desks, market, late, 18, 2, back=True)
    yield from (stories.renewed(desks, market, late, decided=decided) for decided in (2, 1))
    yield from (stories.waiting_line(desks, market, waiting) for waiting in (1, 3))
    yield stories.offered(desks, market)
    yield from (stories.window(desks, market, age) for age in (2, 13))
    yield from (stories.basket(desks, market, place) for place in (0, 3))


def _ended(desks: Desks, market: Market) -> Iterator[Story]:
    yield from (stories.completed(desks, market, age) for age in _COMPLETED)
    yield from (stories.returned(desks, market, age, damage) for age, damage in _RETURNED)
    yield from (
        stories.refused(desks, market, kind, age, decided, OrderAction.REJECT)
        for kind, age, decided in _REJECTED
    )
    yield from (stories.withdrawn(desks, market, age) for age in (33, 12))
    yield stories.called_off(desks, market, 25)


def _under_way(desks: Desks, market: Market) -> Iterator[Story]:
    yield from (stories.open_step(desks, market, *one) for one in _OPEN)
    yield from (stories.large(desks, market, *one) for one in zip(market.large, (8, 17), strict=False))
    yield from (
        stories.refused(desks, market, kind, age, decided, OrderAction.SEND_BACK)
        for kind, age, decided in _SENT_BACK
    )
    yield from (stories.to_hand_over(desks, market, kind, signed) for kind, signed in _TO_HAND_OVER)
    yield from (stories.reserved(desks, market, ahead) for ahead in (6, 20))


_COMPLETED = (72, 63, 57, 50, 44, 37, 31, 25, 19, 14)
"""Days ago when they were asked for; so below."""
_RETURNED = ((66, "settled"), (58, ""), (51, ""), (45, "open"), (36, ""))
_REJECTED = ((_TRANSFER, 46, 0), (_TRANSFER, 28, 1), (_LOAN, 20, 1), (_LOAN, 9, 0))
_SENT_BACK = ((_TRANSFER, 5, 0), (_TRANSFER, 6, 1), (_LOAN, 4, 0))
_OPEN = (
    *((_TRANSFER, 1, 0), (_TRANSFER, 2, 0), (_TRANSFER, 4, 0), (_TRANSFER, 12, 0), (_TRANSFER, 1, 0)),
    *((_TRANSFER, 3, 1), (_TRANSFER, 6, 1), (_TRANSFER, 15, 1), (_TRANSFER, 4, 1)),
    *((_TRANSFER, 5, 2), (_TRANSFER, 8, 2), (_TRANSFER, 18, 2)),
    *((_LOAN, 1, 0), (_LOAN, 3, 0), (_LOAN, 10, 0), (_LOAN, 3, 1), (_LOAN, 6, 1), (_LOAN, 12, 1)),
)
"""Kind, age, and how many have agreed: what waits for each role, from fresh to late."""
_TO_HAND_OVER = ((_TRANSFER, ""), (_TRANSFER, "giver"), (_TRANSFER, ""), (_LOAN, ""))
_RUNNING = ((20, 45), (15, 30), (31, 90), (12, 5), (26, 3), (21, 1))
"""Age of each loan, and in how many days it ends."""
