"""Whoever takes part in the demo's orders, at the moment that the story has come to."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Generator, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from marketplace.db import actors
from marketplace.db.calendar import load_calendar
from marketplace.db.orders import DamageCase, Order
from marketplace.db.people import Unit, users_with
from marketplace.demo.chance import Dice
from marketplace.demo.market import Thing, Wisher
from marketplace.domain.orders import OrderAction, OrderKind, Urgency
from marketplace.domain.permissions import Actor, Role
from marketplace.use_cases import (
    decisions,
    handovers,
    loans,
    order_drafts,
    order_endings,
    order_submission,
    orders,
)

CHINA = ZoneInfo("Asia/Shanghai")
Story = Generator[dt.datetime, None, None]
"""What happens to an order: it gives the moment at which it wants to go on."""
Period = tuple[int, int]
"""First and last day of a loan, counted from the day on which it is asked for."""
_AGREED = ("", "", "同意。", "情况属实，同意。", "符合配置标准，同意。", "同意，请按期办理。")


class Desks:
    """Everybody's desk; :attr:`moment` is when the next thing is done there."""

    def __init__(self, session: Session, chance: Dice, present: dt.datetime) -> None:
        self.session, self.chance, self.present = session, chance, present
        self.moment = present
        self._calendar = load_calendar(session)
        self._actors: dict[int, Actor] = {}
        self._holders: dict[tuple[Role, int], list[int]] = {}

    @property
    def today(self) -> dt.date:
        """The day of the story."""
        return self.moment.astimezone(CHINA).date()

    def hour(self, days_ago: int) -> dt.datetime:
        """An office hour so many days ago, or on the last working day before; at the latest the present."""
        day = self.present.astimezone(CHINA).date() - dt.timedelta(days=days_ago)
        while not self._calendar.is_working(day):
            day -= dt.timedelta(days=1)
        return self._office_hour(day)

    def from_day(self, day: dt.date) -> dt.datetime:
        """An office hour of the first working day from ``day`` on."""
        while not self._calendar.is_working(day):
            day += dt.timedelta(days=1)
        return self._office_hour(day)

    def _office_hour(self, day: dt.date) -> dt.datetime:
        time = dt.time(self.chance.randint(9, 16), self.chance.randint(0, 59), tzinfo=CHINA)
        wanted = dt.datetime.combine(day, time).astimezone(dt.UTC)
        return min(wanted, self.present)

    def tell(self, stories: Iterable[Story]) -> Iterator[dt.datetime]:
        """Let all stories happen, each thing when its time has come: numbers are given in this order.

        After each thing it gives the moment at which that happened.
        """
        waiting: list[tuple[dt.datetime, int, Story]] = []
        for place, story in enumerate(stories):
            waiting.append((next(story), place, story))
        heapq.heapify(waiting)
        self.moment = waiting[0][0] if waiting else self.present
        while waiting:
            wanted, place, story = heapq.heappop(waiting)
            self.moment = max(wanted, self.moment)
            following = next(story, None)
            yield self.moment
            if following is not None:
                heapq.heappush(waiting, (following, place, story))

    def wish(
        self,
        who: Wisher,
        things: Sequence[Thing],
        kind: OrderKind,
        reason: str,
        *,
        period: Period | None = None,
        quantity: int = 1,
        urgent: bool = False,
    ) -> Order:
        """Put things of one holder into the basket, and say what they are for."""
        actor, unit = self.actor(who.user_id), self.session.get_one(Unit, who.unit_id)
        for thing in things:
            order = order_drafts.put_in(
                self.session, actor, self.moment, thing.asset_id, kind, quantity, unit
            )
        first, last = ((self.today + dt.timedelta(days=day)) for day in period) if period else (None, None)
        urgency = Urgency.URGENT if urgent else Urgency.NORMAL
        details = order_drafts.Details(reason=reason, urgency=urgency, starts_on=first, ends_on=last)
        return order_drafts.save(self.session, actor, order.id, details)

    def submit(self, order: Order) -> Order:
        """Submit a wish, or what was sent back."""
        actor = self.actor(order.requester_id)
        made = order_submission.submit(self.session, actor, self.moment, self.today, [order.id])
        return made[0]

    def decide(self, order: Order, action: OrderAction = OrderAction.APPROVE, reason: str = "") -> None:
        """Whoever may decides the step that is open."""
        [step, *_] = orders.open_steps(order)
        barred = orders.earlier_deciders(order) | {order.requester_id}
        user = next(one for one in self.holders(step.role, step.unit_id) if one not in barred)
        text = reason or self.chance.choice(_AGREED)
        decisions.decide(self.session, self.actor(user), self.moment, self.today, order.id, action, text)

    def sign(self, order: Order, side: str, *, back: bool = False, damage: str = "") -> None:
        """The asset officer of one side signs that it changes hands, or is back."""
        user = self.officer(order, side)
        confirmation = handovers.Confirmation(signature=self._signature(), condition="good", damage=damage)
        sign = handovers.give_back if back else handovers.hand_over
        sign(self.session, self.actor(user), self.moment, self.today, order.id, confirmation, side)

    def officer(self, order: Order, side: str) -> int:
        """Who signs for a side: never the one who may sign for the other."""
        giver = self.holders(Role.UNIT_ASSET_OFFICER, order.giver_unit_id)[0]
        if side == "giver":
            return giver
        return next(
            one for one in self.holders(Role.UNIT_ASSET_OFFICER, order.receiver_unit_id) if one != giver
        )

    def end(self, order: Order, action: OrderAction, reason: str) -> None:
        """Withdraw, decline or call off."""
        actor = self.actor(order.requester_id)
        order_endings.give_up(self.session, actor, self.moment, self.today, order.id, action, reason)

    def renew(self, loan: Order, days: int, reason: str) -> Order:
        """Ask to keep a loan so many days longer."""
        assert loan.ends_on is not None
        actor, last = self.actor(loan.requester_id), loan.ends_on + dt.timedelta(days=days)
        return loans.renew(self.session, actor, self.moment, self.today, loan.id, last, reason)

    def settle(self, order: Order, case: DamageCase, compensation: Decimal, settlement: str) -> None:
        """Record what the borrower pays."""
        actor = self.actor(self.officer(order, "giver"))
        handovers.settle_damage(self.session, actor, self.moment, order.id, case.id, compensation, settlement)

    def actor(self, user_id: int) -> Actor:
        """Somebody with all roles."""
        if user_id not in self._actors:
            found = actors.by_user(self.session, user_id)
            assert found is not None
            self._actors[user_id] = found.actor
        return self._actors[user_id]

    def holders(self, role: Role, unit_id: int) -> list[int]:
        """Who holds a role over a unit."""
        if (role, unit_id) not in self._holders:
            self._holders[role, unit_id] = users_with(self.session, role, unit_id)
        return self._holders[role, unit_id]

    def _signature(self) -> dict[str, Any]:
        return {"w": 600, "h": 240, "s": [list(self._stroke(left)) for left in (70, 240, 410)]}

    def _stroke(self, left: int) -> Iterator[int]:
        for step in range(6):
            yield left + step * 22 + self.chance.randint(-8, 8)
            yield 120 + self.chance.randint(-70, 70)
