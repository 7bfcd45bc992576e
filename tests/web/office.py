"""A town of deciders and officers whose people have browsers, for the pages on which they work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from marketplace.app import Application
from marketplace.db.order_queries import WHOLE_ORDER
from marketplace.db.orders import Order
from marketplace.db.session import SessionFactory, transaction
from tests.conftest import NOW
from tests.use_cases.ordering import Town, found_town
from tests.web.conftest import Clock, Visitor


@dataclass
class Scene:
    """What was played before the doors opened: the orders that came of it, and who is there."""

    app: Application
    sessions: SessionFactory
    names: dict[str, str]
    orders: list[int]

    def visitor(self, name: str) -> Visitor:
        """Somebody of the town by ``unit.role``, signed in."""
        visitor = Visitor(self.app.test_client())
        visitor.enter(self.names[name])
        return visitor

    def order(self, index: int = 0) -> Order:
        """One of the orders, as it is now."""
        query = select(Order).where(Order.id == self.orders[index]).options(*WHOLE_ORDER)
        with self.sessions() as session:
            return session.scalars(query).one()

    def step(self, index: int = 0, place: int = 0) -> int:
        """The number of one of an order's steps."""
        return self.order(index).steps[place].id


Act = Callable[[Town], list[Order]]
Play = Callable[[Act], Scene]


def stage(app: Application, clock: Clock, sessions: SessionFactory) -> Play:
    """Plays something in a new town, and opens its doors."""
    clock.now = NOW

    def play(act: Act) -> Scene:
        with transaction(sessions) as session:
            town = found_town(session)
            made = [order.id for order in act(town)]
            names = {name: user.username for name, user in town.users.items()}
        return Scene(app, sessions, names, made)

    return play
