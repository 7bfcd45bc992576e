"""Many people at once, on connections of their own: one thing is given once, and nobody gets a riddle.

``ROUNDS`` is small here; ``make races`` runs the same tests for 200 rounds.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any, TypeVar

import pytest
from psycopg.errors import LockNotAvailable
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from marketplace.config import Settings
from marketplace.db.assets import Asset
from marketplace.db.orders import Order, Reservation
from marketplace.db.session import SessionFactory, make_engine, make_sessions, transaction
from marketplace.domain.errors import Invalid, RuleError
from marketplace.domain.orders import OrderAction, OrderKind, OrderState, StepState
from marketplace.domain.permissions import PLATFORM
from marketplace.domain.states import AssetState
from marketplace.use_cases import (
    decisions,
    handovers,
    listings,
    loans,
    order_endings,
    order_submission,
    piece_ledger,
)
from tests.conftest import NOW
from tests.use_cases.ordering import SIGNATURE, TODAY, Town, found_town

ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
CLIENTS = int(os.environ.get("RACE_CLIENTS", "50"))
TRIES = 10
LOAN = OrderKind.LOAN
Made = TypeVar("Made")


@pytest.fixture
def many(sessions: SessionFactory, settings: Settings) -> Any:
    """Sessions for as many clients, each on its own connection."""
    engine = make_engine(settings.database_url, pool_size=CLIENTS)
    yield make_sessions(engine)
    engine.dispose()


def at_once(tasks: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all at the same moment; a refusal by rule is a result like any other."""
    gate = Barrier(len(tasks))

    def run(task: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return task()
        except RuleError as error:
            return error

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


class Crowd:
    """A town on a database that really commits; everything is done in a transaction of its own."""

    def __init__(self, sessions: SessionFactory) -> None:
        self.sessions = sessions
        with transaction(sessions) as session:
            town = found_town(session)
            self.units, self.users = town.units, town.users
            self.actors = {name: town.actor(name) for name in town.users}

    def prepare(self, work: Callable[[Town], Made]) -> Made:
        """Something that is done in the town beforehand."""
        with transaction(self.sessions) as session:
            return work(Town(session, self.units, self.users))

    def wish(self, asset_id: int, who: str, **wish: Any) -> int:
        return self.prepare(lambda town: town.wish(town.session.get_one(Asset, asset_id), who, **wish).id)

    def with_step(self, work: Callable[[Town], Order]) -> tuple[int, int]:
        def made(town: Town) -> tuple[int, int]:
            order = work(town)
            return order.id, order.steps[0].id

        return self.prepare(made)

    def lent(self, asset_id: int) -> int:
        """A loan of an asset that B has had since today, for ten days."""

        def made(town: Town) -> int:
            asset = town.session.get_one(Asset, asset_id)
            return town.handed_over(town.approved(asset, kind=LOAN, days=(0, 9))).id

        return self.prepare(made)

    def insist(self, work: Callable[[Session], Any]) -> None:
        """Do something in a transaction; who is told that others take too long tries again, as people do."""
        for _ in range(TRIES):
            try:
                with transaction(self.sessions) as session:
                    work(session)
            except OperationalError as error:
                if not isinstance(error.orig, LockNotAvailable):
                    raise
            else:
                return
        pytest.fail("never had its turn")

    def submit(self, order_id: int, who: str) -> None:
        actor = self.actors[who]
        self.insist(lambda session: order_submission.submit(session, actor, NOW, TODAY, [order_id]))

    def approve(self, order_id: int, who: str, step_id: int | None = None) -> None:
        actor, action = self.actors[who], OrderAction.APPROVE
        self.insist(
            lambda session: decisions.decide(session, actor, NOW, TODAY, order_id, action, step_id=step_id)
        )

    def push(self, order_id: int, *approvers: str) -> None:
        """Everyone who might have to agree tries to."""
        for who in approvers:
            with contextlib.suppress(RuleError):
                self.approve(order_id, who)

    def renew(self, order_id: int, who: str, new_end: dt.date) -> None:
        actor = self.actors[who]
        self.insist(lambda session: loans.renew(session, actor, NOW, TODAY, order_id, new_end, "会期延长"))

    def hand_over(self, order_id: int, who: str) -> None:
        actor, confirmation = self.actors[who], handovers.Confirmation(signature=SIGNATURE)
        self.insist(lambda session: handovers.hand_over(session, actor, NOW, TODAY, order_id, confirmation))

    def call_off(self, order_id: int, who: str) -> None:
        actor, action = self.actors[who], OrderAction.CALL_OFF
        self.insist(
            lambda session: order_endings.give_up(session, actor, NOW, TODAY, order_id, action, "不再需要")
        )

    def withdraw_listing(self, asset_id: int) -> None:
        self.insist(lambda session: listings.withdraw(session, PLATFORM, NOW, asset_id))

    def state(self, order_id: int) -> OrderState:
        with self.sessions() as session:
            return session.get_one(Order, order_id).state

    def gaps(self) -> list[int]:
        """Serial numbers that nobody has."""
        with self.sessions() as session:
            numbers = session.scalars(select(Order.number).where(Order.number.startswith("DB"))).all()
        serials = {int(number[8:]) for number in numbers if number}
        return sorted(set(range(1, len(numbers) + 1)) - serials)


@pytest.fixture
def crowd(many: SessionFactory) -> Crowd:
    return Crowd(many)


def test_fifty_ask_for_and_approve_the_same_thing(crowd: Crowd) -> None:
    for _ in range(ROUNDS):
        asset_id = crowd.prepare(lambda town: town.listed().id)
        askers = [("B", "C", "H")[n % 3] for n in range(CLIENTS)]
        wishes = [crowd.wish(asset_id, f"{unit}.staff") for unit in askers]

        def ask_and_approve(order_id: int, unit: str) -> OrderState:
            crowd.submit(order_id, f"{unit}.staff")
            crowd.push(order_id, f"{unit}.approver", "A.approver", "manager")
            return crowd.state(order_id)

        states = at_once([partial(ask_and_approve, *pair) for pair in zip(wishes, askers, strict=True)])
        others = [state for state in states if state is not OrderState.APPROVED]
        assert len(others) == CLIENTS - 1
        # In line behind it, or told by name that it is gone.
        assert all(state is OrderState.WAITING or isinstance(state, Invalid) for state in others), others
        with crowd.sessions() as session:
            assert session.get_one(Asset, asset_id).state is AssetState.RESERVED
            assert session.scalar(select(func.count()).where(Reservation.asset_id == asset_id)) == 1
    assert crowd.gaps() == []


def test_overlapping_loans_of_a_thing_and_of_a_part(crowd: Crowd) -> None:
    """Of twenty chairs, each wish takes three: never more than six loans on any day."""
    for _ in range(ROUNDS):
        asset_id = crowd.prepare(lambda town: town.listed(quantity=20).id)
        spans = [(n % 5, n % 5 + 3) for n in range(CLIENTS)]
        wishes = [crowd.wish(asset_id, "B.staff", kind=LOAN, quantity=3, days=span) for span in spans]
        at_once([partial(crowd.submit, order_id, "B.staff") for order_id in wishes])
        states = [crowd.state(order_id) for order_id in wishes]
        for day in range(10):
            held = [
                state is OrderState.SUBMITTED and first <= day <= last
                for state, (first, last) in zip(states, spans, strict=True)
            ]
            assert sum(held) <= 6
        assert OrderState.SUBMITTED in states


def test_renewals_and_new_loans_never_overlap(crowd: Crowd) -> None:
    for _ in range(ROUNDS):
        asset_id = crowd.prepare(lambda town: town.listed().id)
        loan = crowd.lent(asset_id)
        others = [crowd.wish(asset_id, "C.staff", kind=LOAN, days=(12, 15)) for _ in range(4)]
        new_end = TODAY + dt.timedelta(days=14)
        results = at_once(
            [
                *(partial(crowd.submit, order_id, "C.staff") for order_id in others),
                *(partial(crowd.renew, loan, "B.staff", new_end) for _ in range(4)),
            ]
        )
        given = [order_id for order_id in others if crowd.state(order_id) is OrderState.SUBMITTED]
        renewed = [result for result in results[4:] if not isinstance(result, RuleError)]
        assert len(given) + len(renewed) == 1


def test_two_managers_approve_the_same_step(crowd: Crowd) -> None:
    for _ in range(ROUNDS):
        order_id, step_id = crowd.with_step(lambda town: town.submitted(town.listed()))
        results = at_once([partial(crowd.approve, order_id, "B.approver", step_id) for _ in range(8)])
        assert [result for result in results if not isinstance(result, RuleError)] == [None]
        with crowd.sessions() as session:
            steps = session.get_one(Order, order_id).steps
            assert [step.state for step in steps] == [StepState.APPROVED, StepState.OPEN]


def test_hand_over_and_withdrawal_at_once(crowd: Crowd) -> None:
    for _ in range(ROUNDS):
        order_id = crowd.prepare(lambda town: town.approved(town.listed()).id)
        at_once(
            [
                partial(crowd.hand_over, order_id, "A.officer"),
                partial(crowd.hand_over, order_id, "B.officer"),
                partial(crowd.call_off, order_id, "B.staff"),
            ]
        )
        with crowd.sessions() as session:
            order = session.get_one(Order, order_id)
            asset = order.lines[0].asset
            assert (order.state, asset.state) in {
                (OrderState.COMPLETED, AssetState.CLOSED),
                (OrderState.WITHDRAWN, AssetState.LISTED),
            }
            assert piece_ledger.differences(session) == []


def test_asking_and_withdrawing_the_listing_at_once(crowd: Crowd) -> None:
    for _ in range(ROUNDS):
        asset_id = crowd.prepare(lambda town: town.listed().id)
        order_id = crowd.wish(asset_id, "B.staff")
        at_once([partial(crowd.submit, order_id, "B.staff"), partial(crowd.withdraw_listing, asset_id)])
        with crowd.sessions() as session:
            found = session.get_one(Order, order_id).state, session.get_one(Asset, asset_id).state
        assert found in {
            (OrderState.SUBMITTED, AssetState.LISTED),
            (OrderState.DRAFT, AssetState.IN_USE),
        }
