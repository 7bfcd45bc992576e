"""What waits for whom: the statement over all tasks against the rules that are asked one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db import inbox as queries
from marketplace.db.orders import Award, Consent, DamageCase, Order, OrderStep
from marketplace.db.stand_ins import StandIn
from marketplace.domain.errors import Conflict, NotFound, RuleError
from marketplace.domain.inbox import Place, Task, Waiting, read_place
from marketplace.domain.orders import OrderAction, OrderKind, OrderState, StepState, Urgency
from marketplace.domain.permissions import Role
from marketplace.use_cases import (
    decisions,
    handovers,
    inbox,
    loans,
    order_endings,
    orders,
    waiting_lists,
)
from tests import factories
from tests.conftest import NOW
from tests.use_cases.ordering import SIGNATURE, TODAY, Town, found_town

LOAN = OrderKind.LOAN


@pytest.fixture
def town(session: Session) -> Town:
    return found_town(session)


def days(count: int) -> dt.date:
    return TODAY + dt.timedelta(days=count)


def waits(town: Town, name: str, today: dt.date = TODAY) -> list[tuple[Task, int]]:
    """What waits for somebody, with the number of the order that it is about."""
    return [(waiting.task, waiting.subject_id) for waiting in line(town, name, today)]


def line(town: Town, name: str, today: dt.date = TODAY) -> list[Waiting]:
    """What waits for somebody, found place by place and all at once alike."""
    [(few, counted), (many, counted_too)] = (_line(town, name, today, most) for most in (10_000, 0))
    assert few == many
    assert counted == counted_too == len(few)
    return few


def _line(town: Town, name: str, today: dt.date, few_places: int) -> tuple[list[Waiting], int]:
    user_id = town.users[name].id
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queries, "FEW_PLACES", few_places)
        found = queries.line(town.session, user_id, today, Place(), queries.COUNTED)
        return found, queries.count(town.session, user_id, today)


def everyone_for(town: Town, task: Task, today: dt.date = TODAY) -> set[str]:
    """Everybody in town who is asked to do such a thing."""
    return {name for name in town.users if any(found is task for found, _ in waits(town, name, today))}


def stand_in(session: Session, town: Town, principal: str, deputy: str) -> None:
    session.add(
        StandIn(
            user_id=town.users[principal].id,
            stand_in_id=town.users[deputy].id,
            starts_on=TODAY,
            ends_on=TODAY,
            reason="出差",
            created_at=NOW,
        )
    )
    session.flush()


def decidable(session: Session, town: Town, steps: Iterable[OrderStep]) -> set[tuple[str, int]]:
    """Who may decide which step, as the rule says when it is asked step by step."""
    found = set()
    for step in steps:
        order = session.get_one(Order, step.order_id)
        for name in town.users:
            try:
                orders.decides_for(session, town.actor(name), TODAY, order, step)
            except RuleError:
                continue
            found.add((name, step.id))
    return found


def test_the_statement_and_the_rule_agree_on_who_may_decide(town: Town, session: Session) -> None:
    _crowd(session, town)
    wishes = [
        town.submitted(town.listed(at=giver, original_value=value), f"{asker}.{role}", kind=kind)
        for giver, asker in (("A", "B"), ("A", "H"), ("H", "C"))
        for kind in OrderKind
        for role, value in (("staff", "900.00"), ("officer", "600000.00"))
    ]
    seen = 0
    for _round in range(4):
        session.expire_all()
        open_steps = session.scalars(select(OrderStep).where(OrderStep.state == StepState.OPEN)).all()
        by_rule = decidable(session, town, open_steps)
        by_statement = {
            (name, waiting.id)
            for name in town.users
            for waiting in line(town, name)
            if waiting.task is Task.DECIDE
        }
        assert by_statement == by_rule
        seen += len(by_rule)
        for order in wishes:
            _anybody_agrees(session, town, order, by_rule)
    assert seen > 50


def _crowd(session: Session, town: Town) -> None:
    """People with more than one role, at more than one height, and some who stand in for others."""
    education = session.get_one(type(town.units["A"]), town.units["A"].parent_id)
    town.users["everywhere"] = factories.user(
        session, education, Role.UNIT_APPROVER, Role.UNIT_ASSET_OFFICER, Role.WAREHOUSE_MANAGER
    )
    town.users["gone"] = factories.user(session, town.units["A"], Role.UNIT_APPROVER, active=False)
    town.users["head"] = factories.user(session, education, Role.UNIT_APPROVER)
    for principal, deputy in (
        ("A.approver", "C.staff"),
        ("B.approver", "B.staff"),
        ("B.staff", "H.staff"),
        ("H.approver", "A.approver"),
        ("B.officer", "A.officer"),
        ("gone", "H.officer"),
        ("manager", "B.officer"),
    ):
        stand_in(session, town, principal, deputy)
    town.users.pop("gone")


def _anybody_agrees(session: Session, town: Town, order: Order, who: set[tuple[str, int]]) -> None:
    for name, step_id in sorted(who):
        step = session.get_one(OrderStep, step_id)
        if step.order_id == order.id and step.state is StepState.OPEN:
            decisions.decide(
                session, town.actor(name), NOW, TODAY, order.id, OrderAction.APPROVE, step_id=step.id
            )
            return


def test_a_stand_in_from_elsewhere_finds_and_decides_what_is_entrusted(town: Town, session: Session) -> None:
    order = town.submitted(town.listed())
    stand_in(session, town, "B.approver", "H.staff")
    assert waits(town, "H.staff") == [(Task.DECIDE, order.id)]
    decisions.decide(session, town.actor("H.staff"), NOW, TODAY, order.id, OrderAction.APPROVE)
    assert order.steps[0].principal_id == town.users["B.approver"].id
    assert waits(town, "H.staff") == []


def test_what_is_sent_back_waits_for_whoever_asked(town: Town, session: Session) -> None:
    order = town.submitted(town.listed())
    approver = town.actor("B.approver")
    decisions.decide(session, approver, NOW, TODAY, order.id, OrderAction.SEND_BACK, "请补充用途")
    assert everyone_for(town, Task.CORRECT) == {"B.staff"}
    assert waits(town, "B.approver") == []


def test_an_offer_waits_for_whoever_asked_and_the_units_officer(town: Town, session: Session) -> None:
    asset = town.listed()
    first, second = town.submitted(asset), town.submitted(asset, "C.staff")
    order_endings.give_up(session, town.actor("B.staff"), NOW, TODAY, first.id, OrderAction.WITHDRAW)
    assert second.state == OrderState.OFFERED
    assert everyone_for(town, Task.ACCEPT) == {"C.staff", "C.officer"}


def test_a_hand_over_waits_for_the_side_that_has_not_signed(town: Town, session: Session) -> None:
    order = town.approved(town.listed())
    assert everyone_for(town, Task.HAND_OVER) == {"A.officer", "B.officer"}
    confirmation = handovers.Confirmation(signature=SIGNATURE)
    handovers.hand_over(session, town.actor("A.officer"), NOW, TODAY, order.id, confirmation)
    assert everyone_for(town, Task.HAND_OVER) == {"B.officer"}
    handovers.hand_over(session, town.actor("B.officer"), NOW, TODAY, order.id, confirmation)
    assert everyone_for(town, Task.HAND_OVER) == set()


def test_who_signed_for_one_side_is_not_asked_to_sign_for_the_other(town: Town, session: Session) -> None:
    region = town.users["manager"].home_unit
    town.users["both"] = factories.user(session, region, Role.UNIT_ASSET_OFFICER)
    order = town.approved(town.listed())
    assert "both" in everyone_for(town, Task.HAND_OVER)
    confirmation = handovers.Confirmation(signature=SIGNATURE)
    handovers.hand_over(session, town.actor("both"), NOW, TODAY, order.id, confirmation, "giver")
    assert everyone_for(town, Task.HAND_OVER) == {"B.officer"}


def test_a_later_loan_is_handed_over_from_its_first_day_and_has_time_for_it(town: Town) -> None:
    order = town.approved(town.listed(), kind=LOAN, days=(60, 80))
    assert order.answer_by is not None
    assert days(60) < order.answer_by <= days(80)
    assert everyone_for(town, Task.HAND_OVER) == set()
    assert everyone_for(town, Task.HAND_OVER, days(60)) == {"A.officer", "B.officer"}


def test_what_is_lent_for_a_few_days_is_handed_over_within_them(town: Town) -> None:
    order = town.approved(town.listed(), kind=LOAN, days=(0, 2))
    assert order.answer_by == days(2)


def test_a_loan_is_asked_for_when_it_is_due_and_then_to_be_taken_back(town: Town, session: Session) -> None:
    order = town.handed_over(town.approved(town.listed(), kind=LOAN, days=(0, 29)))
    assert everyone_for(town, Task.GIVE_BACK) == set()
    late = days(25)
    assert everyone_for(town, Task.GIVE_BACK, late) == {"B.officer"}
    assert everyone_for(town, Task.RENEW_OR_RETURN, late) == {"B.staff"}
    confirmation = handovers.Confirmation(signature=SIGNATURE)
    handovers.give_back(session, town.actor("B.officer"), NOW, late, order.id, confirmation)
    assert everyone_for(town, Task.GIVE_BACK, late) == set()
    assert everyone_for(town, Task.RENEW_OR_RETURN, late) == set()
    assert everyone_for(town, Task.TAKE_BACK, late) == {"A.officer"}


def test_damage_waits_for_the_holder_until_it_is_settled(town: Town, session: Session) -> None:
    order = town.handed_over(town.approved(town.listed(), kind=LOAN))
    broken = handovers.Confirmation(signature=SIGNATURE, damage="屏幕碎裂")
    handovers.give_back(session, town.actor("A.officer"), NOW, TODAY, order.id, broken)
    assert everyone_for(town, Task.DAMAGE) == {"A.officer"}
    assert everyone_for(town, Task.GIVE_BACK) == {"B.officer"}
    case = session.scalars(select(DamageCase)).one()
    handovers.settle_damage(session, town.actor("A.officer"), NOW, order.id, case.id, Decimal(0), "已修复")
    assert everyone_for(town, Task.DAMAGE) == set()


def blocked_transfer(town: Town) -> tuple[Order, Order]:
    """A transfer that waits for nothing but a later loan."""
    asset = town.listed()
    loan = town.submitted(asset, "C.staff", kind=LOAN, days=(30, 40))
    return town.submitted(asset), loan


def test_the_holder_is_told_that_a_loan_is_in_the_way_and_the_borrower_is_asked(
    town: Town, session: Session
) -> None:
    transfer, loan = blocked_transfer(town)
    assert transfer.state == OrderState.WAITING
    assert everyone_for(town, Task.MAKE_WAY) == {"A.officer"}
    loans.ask_consent(session, town.actor("A.officer"), NOW, TODAY, transfer.id, loan.id, "急需调剂")
    assert everyone_for(town, Task.MAKE_WAY) == set()
    assert everyone_for(town, Task.CONSENT) == {"C.staff", "C.officer"}
    [consent] = session.scalars(select(Consent))
    loans.answer_consent(session, town.actor("C.staff"), NOW, TODAY, consent.id, agreed=True)
    assert everyone_for(town, Task.CONSENT) == set()
    assert transfer.state == OrderState.OFFERED


def test_a_transfer_behind_another_one_is_not_the_holders_to_unblock(town: Town) -> None:
    asset = town.listed()
    town.submitted(asset)
    town.submitted(asset, "C.staff")
    assert everyone_for(town, Task.MAKE_WAY) == set()


def test_a_question_lapses_with_the_transfer_and_cannot_be_answered_then(
    town: Town, session: Session
) -> None:
    transfer, loan = blocked_transfer(town)
    loans.ask_consent(session, town.actor("A.officer"), NOW, TODAY, transfer.id, loan.id, "急需调剂")
    order_endings.give_up(session, town.actor("B.staff"), NOW, TODAY, transfer.id, OrderAction.WITHDRAW)
    assert everyone_for(town, Task.CONSENT) == set()
    [consent] = session.scalars(select(Consent))
    with pytest.raises(Conflict, match="不妨碍"):
        loans.answer_consent(session, town.actor("C.staff"), NOW, TODAY, consent.id, agreed=True)
    assert loan.state == OrderState.SUBMITTED


def test_the_soonest_comes_first_and_pages_neither_repeat_nor_drop(town: Town, session: Session) -> None:
    made = [town.submitted(town.listed()) for _ in range(7)]
    for index, order in enumerate(made):
        order.steps[0].deadline = days(index % 3)
        order.urgency = Urgency.URGENT if index == 6 else Urgency.NORMAL
    session.flush()
    actor = town.actor("B.approver")
    seen, after = [], Place()
    while True:
        line = inbox.page(session, actor, TODAY, after, 2)
        seen += [todo.order.id for todo in line.todos]
        if line.more is None:
            break
        after = read_place(str(line.more))
    expected = sorted(made, key=lambda one: (one.steps[0].deadline, one.urgency != "urgent", one.id))
    assert seen == [order.id for order in expected]
    assert queries.count(session, actor.user_id or 0, TODAY) == 7


def test_the_count_is_the_same_outside_of_sqlalchemy(town: Town, session: Session) -> None:
    town.submitted(town.listed())
    town.approved(town.listed())
    driver = session.connection().connection.driver_connection
    for name, user in town.users.items():
        assert queries.count(driver, user.id, TODAY) == len(waits(town, name))


def test_after_the_last_thing_the_line_begins_again(town: Town, session: Session) -> None:
    orders_made = [town.submitted(town.listed()) for _ in range(2)]
    actor = town.actor("B.approver")
    first, last = inbox.page(session, actor, TODAY, Place()).todos
    following = inbox.following(session, actor, TODAY, first.waiting.place)
    assert following is not None
    assert following.subject_id == orders_made[1].id
    following = inbox.following(session, actor, TODAY, last.waiting.place)
    assert following is not None
    assert following.subject_id == orders_made[0].id


def test_what_does_not_wait_for_the_reader_is_not_found(town: Town, session: Session) -> None:
    order = town.submitted(town.listed())
    with pytest.raises(NotFound):
        inbox.load(session, town.actor("A.approver"), TODAY, Task.DECIDE, order.steps[0].id)


def test_what_agreeing_does_follows_the_chain(town: Town, session: Session) -> None:
    order = town.submitted(town.listed())
    first, second = order.steps
    found = inbox.consequence(order, first)
    assert (found.effect, list(found.steps)) == (inbox.Effect.NEXT, [second])
    town.agree(order, "B.approver")
    assert inbox.consequence(order, second).effect is inbox.Effect.SET_ASIDE
    loan = town.submitted(town.listed(), kind=LOAN)
    town.agree(loan, "B.approver")
    assert inbox.consequence(loan, loan.steps[1]).effect is inbox.Effect.LEND
    town.handed_over(town.agree(loan, "A.officer"))
    renewal = loans.renew(session, town.actor("B.staff"), NOW, TODAY, loan.id, days(20), "还要使用")
    town.agree(renewal, "B.approver")
    assert inbox.consequence(renewal, renewal.steps[1]).effect is inbox.Effect.PROLONG


def test_of_two_who_decide_at_once_the_other_is_named(town: Town) -> None:
    order = town.submitted(town.listed())
    one, other = order.steps
    other.position, other.state = one.position, StepState.OPEN
    found = inbox.consequence(order, one)
    assert (found.effect, list(found.steps)) == (inbox.Effect.OTHERS_STILL, [other])


def test_competitors_stand_in_the_order_of_the_waiting_list(town: Town, session: Session) -> None:
    asset = town.listed()
    town.submitted(asset)
    waiting = [town.submitted(asset, name) for name in ("C.staff", "H.staff", "C.officer")]
    assert waiting[0].state == OrderState.WAITING
    ranking = [{"order_id": order.id} for order in (waiting[2], waiting[0])]
    session.add(Award(listing_id=asset.listing.id, decided_at=NOW, ranking=ranking))  # type: ignore[union-attr]
    session.flush()
    found = inbox.rivals_for(session, [asset.id])[asset.id]
    assert found.total == 3
    assert [order.id for order in found.orders] == [
        order.id for order in waiting_lists.waiting_for(session, asset.id)
    ]
    besides = inbox.rivals_for(session, [asset.id], besides=waiting[0].id)[asset.id]
    assert [order.id for order in besides.orders] == [waiting[2].id, waiting[1].id]


def test_many_are_agreed_to_at_once_and_what_cannot_be_is_named(town: Town, session: Session) -> None:
    made = [town.submitted(town.listed()) for _ in range(4)]
    steps = [order.steps[0].id for order in made]
    actor = town.actor("B.approver")
    decisions.decide(session, actor, NOW, TODAY, made[1].id, OrderAction.REJECT, "不需要")
    foreign = town.submitted(town.listed(), "H.staff").steps[0].id
    done = inbox.approve_many(session, actor, NOW, TODAY, [*steps, foreign], "同意")
    assert {(one.order.id, one.error is None) for one in done} == {
        (order.id, order is not made[1]) for order in made
    }
    assert [order.steps[0].state for order in made] == ["approved", "rejected", "approved", "approved"]
    assert made[0].steps[0].comment == "同意"


def test_a_label_leads_to_what_is_to_be_signed(town: Town, session: Session) -> None:
    asset = town.listed(quantity=3)
    order = town.approved(asset, quantity=2)
    officer, borrower = town.actor("A.officer"), town.actor("C.officer")
    pending = handovers.pending_for(session, officer, order.lines[0].asset_id)
    assert pending == handovers.Pending(order.id, "out")
    assert handovers.pending_for(session, officer, asset.id) == pending, "the label of the undivided card"
    assert handovers.pending_for(session, borrower, asset.id) is None
    loan = town.handed_over(town.approved(town.listed(), "C.staff", kind=LOAN))
    lent = loan.lines[0].asset_id
    assert handovers.pending_for(session, borrower, lent) == handovers.Pending(loan.id, "back")
    handovers.give_back(session, borrower, NOW, TODAY, loan.id, handovers.Confirmation(signature=SIGNATURE))
    assert handovers.pending_for(session, borrower, lent) is None
    assert handovers.pending_for(session, officer, lent) == handovers.Pending(loan.id, "back")


def test_an_actor_without_an_account_has_no_inbox(session: Session, town: Town) -> None:
    nobody = factories.actor((Role.UNIT_APPROVER, town.units["B"]))
    town.submitted(town.listed())
    assert inbox.page(session, nobody, TODAY, Place()).todos == []
