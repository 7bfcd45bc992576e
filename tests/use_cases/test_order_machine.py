"""Whatever people do, in whatever order: nothing is promised twice, lost or made out of nothing."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.orders import Order, OrderLine, Reservation
from marketplace.domain.errors import RuleError
from marketplace.domain.orders import ENDED, HOLDING, OrderAction, OrderKind, OrderState
from marketplace.domain.states import AssetState
from marketplace.use_cases import (
    decisions,
    handovers,
    loans,
    order_endings,
    order_submission,
    orders,
    piece_ledger,
    waiting_lists,
)
from tests.conftest import NOW
from tests.use_cases.ordering import BOTH, SIGNATURE, TODAY, Town, found_town

PIECES = 4
PEOPLE = ("B", "C", "H")
HORIZON = 60


class Warehouse(RuleBasedStateMachine):
    """One card of four pieces, three units that want them, and a calendar that moves on.

    The model is small: how many pieces there are in all, and which orders hold how many of them on which
    days. What an action answers is the program's business; that it keeps to the model is checked after
    each.
    """

    engine: Engine

    @initialize()
    def open_town(self) -> None:
        self.connection = self.engine.connect()
        self.outer = self.connection.begin()
        self.session = Session(
            self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        self.town: Town = found_town(self.session)
        self.asset = self.town.listed(quantity=PIECES, original_value="999.97", offer=BOTH)
        self.day = 0

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()
            self.outer.rollback()
            self.connection.close()

    @property
    def today(self) -> dt.date:
        return TODAY + dt.timedelta(days=self.day)

    @property
    def now(self) -> dt.datetime:
        return NOW + dt.timedelta(days=self.day)

    def attempt(self, work: Any, *args: Any, **more: Any) -> None:
        """Do something that the rules may refuse; a refusal must leave everything as it was."""
        try:
            with self.session.begin_nested():
                work(self.session, *args, **more)
        except RuleError:
            self.session.expire_all()

    def orders(self, *states: OrderState) -> list[Order]:
        return list(self.session.scalars(select(Order).where(Order.state.in_(states)).order_by(Order.id)))

    @rule(
        unit=st.sampled_from(PEOPLE),
        kind=st.sampled_from(OrderKind),
        quantity=st.integers(1, PIECES),
        first=st.integers(0, 20),
        length=st.integers(0, 10),
    )
    def ask(self, unit: str, kind: OrderKind, quantity: int, first: int, length: int) -> None:
        cards = self.session.scalars(
            select(Asset).where(Asset.state.in_((AssetState.LISTED, AssetState.ON_LOAN))).order_by(Asset.id)
        ).all()
        for card in cards[:1]:
            self.attempt(self._ask, card, unit, kind, quantity, (self.day + first, self.day + first + length))

    def _ask(
        self, session: Session, card: Asset, unit: str, kind: OrderKind, quantity: int, days: tuple[int, int]
    ) -> None:
        who = f"{unit}.staff"
        wish = self.town.wish(card, who, kind, quantity, days)
        order_submission.submit(session, self.town.actor(who), self.now, self.today, [wish.id])

    @precondition(lambda self: self.orders(OrderState.SUBMITTED))
    @rule(
        which=st.integers(0, 20),
        action=st.sampled_from(["approve", "approve", "approve", "reject", "send_back"]),
    )
    def decide(self, which: int, action: str) -> None:
        order = self._pick(which, OrderState.SUBMITTED)
        for who in self.town.way_of(order):
            self.attempt(
                decisions.decide,
                self.town.actor(who),
                self.now,
                self.today,
                order.id,
                OrderAction(action),
                "理由充分",
            )

    @precondition(lambda self: self.orders(*HOLDING, OrderState.WAITING))
    @rule(which=st.integers(0, 20), action=st.sampled_from(["withdraw", "decline", "call_off"]))
    def give_up(self, which: int, action: str) -> None:
        order = self._pick(which, *HOLDING, OrderState.WAITING)
        who = self.town.actor(f"{self.town.name_of(order.receiver_unit_id)}.staff")
        self.attempt(
            order_endings.give_up, who, self.now, self.today, order.id, OrderAction(action), "不再需要"
        )

    @precondition(lambda self: self.orders(OrderState.OFFERED))
    @rule(which=st.integers(0, 20))
    def accept(self, which: int) -> None:
        order = self._pick(which, OrderState.OFFERED)
        who = self.town.actor(f"{self.town.name_of(order.receiver_unit_id)}.staff")
        self.attempt(waiting_lists.accept, who, self.now, self.today, order.id)

    @precondition(lambda self: self.orders(OrderState.CORRECTION))
    @rule(which=st.integers(0, 20))
    def submit_again(self, which: int) -> None:
        order = self._pick(which, OrderState.CORRECTION)
        who = self.town.actor(f"{self.town.name_of(order.receiver_unit_id)}.staff")
        self.attempt(order_submission.submit, who, self.now, self.today, [order.id])

    @precondition(lambda self: self.orders(OrderState.APPROVED))
    @rule(which=st.integers(0, 20))
    def hand_over(self, which: int) -> None:
        self._sign(handovers.hand_over, self._pick(which, OrderState.APPROVED))

    @precondition(lambda self: self.orders(OrderState.ON_LOAN))
    @rule(which=st.integers(0, 20))
    def give_back(self, which: int) -> None:
        self._sign(handovers.give_back, self._pick(which, OrderState.ON_LOAN))

    def _sign(self, work: Any, order: Order) -> None:
        for unit in (order.receiver_unit_id, order.giver_unit_id):
            who = self.town.actor(f"{self.town.name_of(unit)}.officer")
            self.attempt(
                work, who, self.now, self.today, order.id, handovers.Confirmation(signature=SIGNATURE)
            )

    @precondition(lambda self: self.orders(OrderState.ON_LOAN))
    @rule(which=st.integers(0, 20), days=st.integers(1, 15))
    def renew(self, which: int, days: int) -> None:
        loan = self._pick(which, OrderState.ON_LOAN)
        who = self.town.actor(f"{self.town.name_of(loan.receiver_unit_id)}.staff")
        assert loan.ends_on is not None
        new_end = loan.ends_on + dt.timedelta(days=days)
        self.attempt(loans.renew, who, self.now, self.today, loan.id, new_end, "还需使用")

    @rule(days=st.integers(1, 12))
    def wait(self, days: int) -> None:
        self.day += days
        self.attempt(order_endings.expire_due, self.now, self.today)

    def _pick(self, which: int, *states: OrderState) -> Order:
        found = self.orders(*states)
        return found[which % len(found)]

    @invariant()
    def no_piece_is_lost_or_made(self) -> None:
        if not hasattr(self, "session"):
            return
        self.session.flush()
        self.session.expire_all()
        open_cards = select(func.sum(Asset.quantity)).where(Asset.state != AssetState.CLOSED)
        values = select(func.sum(Asset.original_value)).where(Asset.state != AssetState.CLOSED)
        assert self.session.scalar(open_cards) == PIECES
        assert str(self.session.scalar(values)) == "999.97"
        assert piece_ledger.differences(self.session) == []

    @invariant()
    def whoever_holds_holds_exactly_what_was_asked(self) -> None:
        if not hasattr(self, "session"):
            return
        held: dict[int, int] = dict(
            self.session.execute(
                select(
                    OrderLine.order_id,
                    func.sum(func.upper(Reservation.slots) - func.lower(Reservation.slots)),
                )
                .join(Reservation, Reservation.line_id == OrderLine.id)
                .group_by(OrderLine.order_id)
            ).all()
        )
        for order in self.session.scalars(select(Order)):
            wanted = order.lines[0].quantity if order.state in HOLDING else 0
            assert held.get(order.id, 0) == wanted, (order.state, order.kind)

    @invariant()
    def no_card_is_promised_beyond_what_it_has(self) -> None:
        if not hasattr(self, "session"):
            return
        for day in range(self.day, self.day + HORIZON, 3):
            date = TODAY + dt.timedelta(days=day)
            over = self.session.execute(
                select(Asset.id)
                .join(Reservation, Reservation.asset_id == Asset.id)
                .where(Reservation.during.contains(date))
                .group_by(Asset.id)
                .having(
                    func.sum(func.upper(Reservation.slots) - func.lower(Reservation.slots)) > Asset.quantity
                )
            ).all()
            assert over == []

    @invariant()
    def who_waits_has_not_and_what_ended_is_closed(self) -> None:
        if not hasattr(self, "session"):
            return
        for order in self.session.scalars(select(Order)):
            assert (order.closed_at is not None) == (order.state in ENDED)
            if order.state is OrderState.APPROVED and order.kind is OrderKind.TRANSFER:
                assert order.lines[0].asset.state is AssetState.RESERVED
            assert orders.open_steps(order) == [] or order.state is OrderState.SUBMITTED


def test_nothing_is_promised_twice_lost_or_made(engine: Engine) -> None:
    machine = type("Bound", (Warehouse,), {"engine": engine})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("MACHINE_EXAMPLES", "12")),
            stateful_step_count=25,
            deadline=None,
            print_blob=True,
        ),
    )
