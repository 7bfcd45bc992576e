"""The demo's orders: every state, made as people would make them, and nothing of it mailed."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.audit import AuditEntry
from marketplace.db.messages import Mail, Message
from marketplace.db.orders import Award, DamageCase, Handover, Order, OrderLine, OrderStep
from marketplace.db.people import User
from marketplace.demo.load import add_orders
from marketplace.domain.orders import OrderKind, OrderState, StepState, shown_state
from marketplace.domain.permissions import Role
from marketplace.domain.states import AssetState
from marketplace.use_cases import order_endings, piece_ledger, waiting_lists
from tests.conftest import NOW

TODAY = NOW.date()


def test_there_are_orders_in_every_state_that_lasts(demo: Session) -> None:
    orders = demo.scalars(select(Order)).all()
    assert 60 <= len(orders) <= 100
    shown = {shown_state(order.state, order.ends_on, TODAY) for order in orders}
    passing = {OrderState.HANDED_OVER, OrderState.EXPIRED}
    assert shown >= set(OrderState) - passing | {"due", "overdue"}
    drafts = Counter(order.requester_id for order in orders if order.state is OrderState.DRAFT)
    assert len(drafts) == 2


def test_steps_wait_for_each_role_some_of_them_late(demo: Session) -> None:
    steps = demo.scalars(select(OrderStep).where(OrderStep.state == StepState.OPEN)).all()
    assert {step.role for step in steps} == {
        *(Role.UNIT_APPROVER, Role.UNIT_ASSET_OFFICER),
        *(Role.WAREHOUSE_MANAGER, Role.FINANCE_APPROVER),
    }
    deadlines = [step.deadline for step in steps if step.deadline]
    assert min(deadlines) < TODAY
    assert any(TODAY <= day <= TODAY + dt.timedelta(days=1) for day in deadlines)


def test_numbers_follow_the_order_of_time_without_gaps(demo: Session) -> None:
    for kind, prefix in ((OrderKind.TRANSFER, "DB"), (OrderKind.LOAN, "JY")):
        query = select(Order.number, Order.submitted_at).where(Order.kind == kind, Order.number.is_not(None))
        rows = demo.execute(query.order_by(Order.submitted_at, Order.id)).all()
        assert [int(number[8:]) for number, _ in rows] == list(range(1, len(rows) + 1))
        assert all(number.startswith(f"{prefix}{at:%Y%m}") for number, at in rows)
        assert all(at <= NOW for _, at in rows)


def test_everything_is_on_record_at_its_own_moment(demo: Session) -> None:
    entries = demo.execute(
        select(AuditEntry.object_id, AuditEntry.action, AuditEntry.at)
        .where(AuditEntry.object_kind == "order")
        .order_by(AuditEntry.id)
    ).all()
    moments = [at for _, _, at in entries]
    assert moments == sorted(moments)
    assert moments[-1] <= NOW
    submitted = {order_id for order_id, action, _ in entries if action == "order.submit"}
    assert submitted == set(demo.scalars(select(Order.id).where(Order.number.is_not(None))))


def test_completed_transfers_moved_their_cards_and_no_piece_was_lost(demo: Session) -> None:
    moved = demo.execute(
        select(Asset.unit_id, Order.receiver_unit_id)
        .join(OrderLine, OrderLine.new_asset_id == Asset.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.state == OrderState.COMPLETED, Order.kind == OrderKind.TRANSFER)
    ).all()
    assert len(moved) >= 10
    assert all(keeper == receiver for keeper, receiver in moved)
    assert piece_ledger.differences(demo) == []
    lent = select(func.count()).where(Asset.state == AssetState.ON_LOAN)
    assert demo.scalar(lent)


def test_hand_overs_were_signed_by_two_people(demo: Session) -> None:
    records = demo.scalars(select(Handover)).all()
    signed = [(row.giver_id, row.receiver_id) for row in records if row.giver_id and row.receiver_id]
    assert len(signed) > 20
    assert all(giver != receiver for giver, receiver in signed)
    assert any(row.receiver_at is None for row in records)


def test_a_damage_was_settled_another_is_open_and_a_window_awarded(demo: Session) -> None:
    settled = demo.scalars(select(DamageCase.settled_at)).all()
    assert [moment is None for moment in sorted(settled, key=str)] == [False, True]
    [award] = demo.scalars(select(Award)).all()
    assert [entry["awarded"] for entry in award.ranking] == [True, False, False]
    assert award.ranking[0]["urgency"] == "urgent"


def test_the_jobs_find_nothing_to_end(demo: Session) -> None:
    assert order_endings.count_due(demo, TODAY) == 0
    assert waiting_lists.due_windows(demo, TODAY) == []


def test_people_were_told_but_nothing_is_mailed(demo: Session) -> None:
    told = Counter(demo.scalars(select(User.username).join(Message, Message.user_id == User.id)))
    assert len(told) > 15
    assert demo.scalar(select(func.count()).select_from(Mail)) == 0
    recent = Message.created_at >= NOW - dt.timedelta(days=2)
    assert demo.scalar(select(func.count()).where(recent, Message.read_at.is_(None)))
    assert not demo.scalar(select(func.count()).where(~recent, Message.read_at.is_(None)))


def test_a_second_run_adds_nothing(demo: Session) -> None:
    before = demo.scalar(select(func.count()).select_from(Order))
    assert not add_orders(demo, NOW + dt.timedelta(days=1))
    assert demo.scalar(select(func.count()).select_from(Order)) == before
