"""A little organisation that asks and gives, for the tests of orders."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from marketplace.db import actors
from marketplace.db.assets import Asset
from marketplace.db.orders import Order
from marketplace.db.people import Unit, User
from marketplace.domain.finding import Mode
from marketplace.domain.listings import Offer
from marketplace.domain.orders import OrderAction, OrderKind
from marketplace.domain.permissions import PLATFORM, Actor, Role
from marketplace.reference.working_days import load_default_policy, load_holidays
from marketplace.use_cases import decisions, handovers, listings, order_drafts, order_submission
from tests import factories
from tests.conftest import NOW

TODAY = NOW.date()
SIGNATURE: dict[str, Any] = {"name": "签字", "strokes": [[[1, 1], [20, 20]]]}
BOTH = Offer(modes=frozenset({Mode.TRANSFER, Mode.LOAN}))


@dataclass
class Town:
    """Two schools of one department, and a hospital of another; each with its people."""

    session: Session
    units: dict[str, Unit] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)

    def actor(self, name: str) -> Actor:
        """Somebody, by ``unit.role``."""
        found = actors.by_user(self.session, self.users[name].id)
        assert found is not None
        return found.actor

    def listed(self, at: str = "A", offer: Offer = BOTH, **values: Any) -> Asset:
        """A card that the unit offers."""
        asset = factories.asset(self.session, self.units[at], **values)
        self.session.flush()
        listings.list_asset(self.session, PLATFORM, NOW, asset.id, offer)
        return asset

    def draft(
        self,
        asset: Asset,
        who: str = "B.staff",
        kind: OrderKind = OrderKind.TRANSFER,
        quantity: int = 1,
        days: tuple[int, int] = (0, 9),
    ) -> Order:
        """A wish that is ready to be submitted; ``days`` are a loan's first and last, counted from today."""
        actor = self.actor(who)
        unit = self.units[who.split(".")[0]]
        order = order_drafts.put_in(self.session, actor, NOW, asset.id, kind, quantity, unit)
        starts, ends = (
            (TODAY + dt.timedelta(days=n) for n in days) if kind is OrderKind.LOAN else (None, None)
        )
        details = order_drafts.Details(reason="新办公室使用", starts_on=starts, ends_on=ends)
        return order_drafts.save(self.session, actor, order.id, details)

    def wish(
        self,
        asset: Asset,
        who: str = "B.staff",
        kind: OrderKind = OrderKind.TRANSFER,
        quantity: int = 1,
        days: tuple[int, int] = (0, 9),
    ) -> Order:
        """The same as a draft of its own, apart from the basket."""
        actor, unit = self.actor(who), self.units[who.split(".")[0]]
        order = order_drafts.ask_for(self.session, actor, NOW, asset.id, kind, quantity, unit)
        order.reason = "新办公室使用"
        if kind is OrderKind.LOAN:
            order.starts_on, order.ends_on = (TODAY + dt.timedelta(days=n) for n in days)
        self.session.flush()
        return order

    def submitted(self, asset: Asset, who: str = "B.staff", **wish: Any) -> Order:
        """A submitted order."""
        order = self.draft(asset, who, **wish)
        [made] = order_submission.submit(self.session, self.actor(who), NOW, TODAY, [order.id])
        return made

    def agree(self, order: Order, *names: str, now: dt.datetime = NOW) -> Order:
        """The named people agree, one after the other."""
        for name in names:
            actor = self.actor(name)
            decisions.decide(self.session, actor, now, now.date(), order.id, OrderAction.APPROVE)
        return order

    def approved(self, asset: Asset, who: str = "B.staff", **wish: Any) -> Order:
        """An order to which everyone has agreed."""
        order = self.submitted(asset, who, **wish)
        return self.agree(order, *self.way_of(order))

    def way_of(self, order: Order) -> list[str]:
        """Who has to agree, by the default policy."""
        giver, receiver = self.name_of(order.giver_unit_id), self.name_of(order.receiver_unit_id)
        if order.kind is OrderKind.LOAN:
            return [f"{receiver}.approver", f"{giver}.officer"]
        across = {giver, receiver} & {"H"} and giver != receiver
        return [f"{receiver}.approver", f"{giver}.approver", *(["manager"] if across else [])]

    def name_of(self, unit_id: int) -> str:
        """The short name of a unit."""
        return next(name for name, unit in self.units.items() if unit.id == unit_id)

    def handed_over(self, order: Order, day: dt.date = TODAY) -> Order:
        """Both officers confirm."""
        for unit in (order.giver_unit_id, order.receiver_unit_id):
            actor = self.actor(f"{self.name_of(unit)}.officer")
            handovers.hand_over(
                self.session, actor, NOW, day, order.id, handovers.Confirmation(signature=SIGNATURE)
            )
        return order

    def given_back(self, order: Order, day: dt.date = TODAY) -> Order:
        """Both officers confirm that a loan is back, the borrower first."""
        for unit in (order.receiver_unit_id, order.giver_unit_id):
            actor = self.actor(f"{self.name_of(unit)}.officer")
            handovers.give_back(
                self.session, actor, NOW, day, order.id, handovers.Confirmation(signature=SIGNATURE)
            )
        return order


def found_town(session: Session) -> Town:
    """Region with two departments: schools A and B (and C) under one, hospital H under another."""
    load_holidays(session)
    load_default_policy(session)
    region = factories.unit(session)
    education, health = factories.unit(session, region), factories.unit(session, region)
    town = Town(session)
    for name, above in (("A", education), ("B", education), ("C", education), ("H", health)):
        unit = town.units[name] = factories.unit(session, above)
        for role in (Role.STAFF, Role.UNIT_APPROVER, Role.UNIT_ASSET_OFFICER):
            short = {"unit_approver": "approver", "unit_asset_officer": "officer"}.get(role, role)
            town.users[f"{name}.{short}"] = factories.user(session, unit, role)
    town.users["manager"] = factories.user(session, region, Role.WAREHOUSE_MANAGER)
    town.users["finance"] = factories.user(session, region, Role.FINANCE_APPROVER)
    return town
