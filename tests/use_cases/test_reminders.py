"""Reminders reason by reason: on which days, whom, how often; and what escalation does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from marketplace.db.audit import AuditEntry
from marketplace.db.calendar import CalendarDay, load_calendar, working_days_after
from marketplace.db.messages import Message
from marketplace.db.orders import Order
from marketplace.db.people import Unit
from marketplace.db.stand_ins import StandIn
from marketplace.domain.approvals import OnOverdue, levels_above
from marketplace.domain.errors import NotAllowed, RuleError
from marketplace.domain.idle import OnSilence
from marketplace.domain.inbox import Place, Task
from marketplace.domain.orders import OrderKind, StepState
from marketplace.domain.permissions import Role
from marketplace.use_cases import escalations, inbox, loans, orders, proceeds, reminders
from tests import factories
from tests.conftest import NOW
from tests.jobs.office_that_forgets import DAY, flag, lent, seller, unremitted, with_deadline
from tests.use_cases.ordering import TODAY, Town, found_town

Told = Callable[[str, dt.date], set[str]]


@pytest.fixture
def town(session: Session) -> Town:
    town = found_town(session)
    bureau = session.get_one(Unit, town.units["A"].parent_id)
    town.users["bureau"] = factories.user(session, bureau, Role.DEPARTMENT_APPROVER)
    return town


@pytest.fixture
def told(session: Session, town: Town) -> Told:
    """Reminds of one thing on a day; gives who was told something then."""

    def remind(kind: str, day: dt.date) -> set[str]:
        session.flush()
        last = session.scalar(select(Message.id).order_by(Message.id.desc()).limit(1)) or 0
        now = NOW + (day - TODAY)
        count = reminders.count(session, reminders.begin(session, now, day), kind)
        done = reminders.remind(session, reminders.begin(session, now, day), kind)
        found = session.scalars(select(Message.user_id).where(Message.id > last)).all()
        assert count == done == len(found)
        return {name for name, user in town.users.items() if user.id in found}

    return remind


def escalate(session: Session, day: dt.date = TODAY) -> int:
    session.flush()
    now = NOW + (day - TODAY)
    values = reminders.begin(session, now, day).values
    expected = escalations.count(session, values, now)
    assert escalations.escalate(session, values, now) == expected
    session.expire_all()
    return expected


def test_a_step_is_reminded_of_once_before_its_day_and_on_each_working_day_after_it(
    town: Town, told: Told
) -> None:
    step = with_deadline(town.submitted(town.listed()), TODAY + 3 * DAY)  # a Friday
    step.remind_days = 1
    assert told("step.reminder", TODAY + DAY) == set()
    assert told("step.reminder", TODAY + 2 * DAY) == {"B.approver"}
    assert told("step.reminder", TODAY + 3 * DAY) == set(), "once"
    days = [TODAY + count * DAY for count in range(3, 8)]
    found = [told("step.overdue", day) for day in days]
    assert found == [set(), set(), set(), {"B.approver"}, {"B.approver"}], "not on its day, nor at a weekend"
    assert told("step.overdue", days[-1]) == set()


def test_nobody_is_reminded_to_decide_on_a_day_off(town: Town, told: Told) -> None:
    monday = TODAY + 6 * DAY
    with_deadline(town.submitted(town.listed()), monday)
    assert told("step.reminder", monday - 2 * DAY) == set()
    assert told("step.reminder", monday - 3 * DAY) == {"B.approver"}, "the working day before"


def test_who_wants_no_reminder_gets_none_before_the_day(town: Town, told: Told) -> None:
    with_deadline(town.submitted(town.listed()), TODAY).remind_days = 0
    assert told("step.reminder", TODAY) == set()


def test_whoever_may_decide_is_reminded_and_nobody_else(town: Town, told: Told, session: Session) -> None:
    education = session.get_one(Unit, town.units["A"].parent_id)
    town.users["head"] = factories.user(session, education, Role.UNIT_APPROVER)
    town.users["everything"] = factories.user(
        session, education, Role.UNIT_APPROVER, Role.UNIT_ASSET_OFFICER, Role.WAREHOUSE_MANAGER
    )
    town.users["gone"] = factories.user(session, education, Role.UNIT_APPROVER, active=False)
    pairs = ("B.approver", "H.staff"), ("B.approver", "B.staff"), ("gone", "H.officer"), ("bureau", "C.staff")
    for principal, deputy in pairs:
        people = {"user_id": town.users[principal].id, "stand_in_id": town.users[deputy].id}
        # An approver has one stand-in at a time: the second has another day.
        days = {"starts_on": TODAY, "ends_on": TODAY} if deputy != "B.staff" else _other_day()
        session.add(StandIn(**people, **days, reason="出差", created_at=NOW))
    wishes = [town.submitted(town.listed(at=giver), f"{asker}.staff") for giver, asker in ("AB", "AH", "HC")]
    wishes.append(town.agree(town.submitted(town.listed(), "B.officer"), "everything"))
    for order in wishes:
        with_deadline(order, TODAY + DAY)
    with_deadline(wishes[1], TODAY - DAY).escalated_to = Role.WAREHOUSE_MANAGER
    with_deadline(wishes[2], TODAY - DAY).escalated_to = Role.DEPARTMENT_APPROVER
    told("step.reminder", TODAY)
    told("step.overdue", TODAY)
    query = select(Message.user_id, Message.link).where(Message.once != "")
    reminded = {(user_id, link) for user_id, link in session.execute(query)}
    assert reminded == {
        (town.users[name].id, f"/orders/{order.id}")
        for order in wishes
        for name in town.users
        if _decides(town, name, order)
    }
    assert len(reminded) > 10


def _other_day() -> dict[str, dt.date]:
    return {"starts_on": TODAY + DAY, "ends_on": TODAY + DAY}


def _decides(town: Town, name: str, order: Order) -> bool:
    if not town.users[name].active:
        return False
    [step] = orders.open_steps(order)
    try:
        orders.decides_for(town.session, town.actor(name), TODAY, order, step)
    except RuleError:
        return False
    return True


def test_an_overdue_step_goes_to_the_level_above_which_decides_as_well(town: Town, session: Session) -> None:
    order = town.submitted(town.listed())
    with_deadline(order, TODAY - DAY, OnOverdue.ESCALATE)
    assert _waiting(town, "bureau") == []
    with pytest.raises(NotAllowed):
        town.agree(order, "bureau")
    assert escalate(session) == 1
    [step] = orders.open_steps(order)
    assert (step.escalated_to, step.deadline) == (Role.DEPARTMENT_APPROVER, TODAY + 2 * DAY)
    assert step.roles == (Role.UNIT_APPROVER, Role.DEPARTMENT_APPROVER)
    assert _waiting(town, "bureau") == _waiting(town, "B.approver") == [order.id]
    [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "order.escalate"))
    assert (entry.object_id, entry.actor_id) == (order.id, None)
    assert entry.before == {"state": "submitted", "deadline": (TODAY - DAY).isoformat()}
    [message] = session.scalars(select(Message).where(Message.kind == "step.escalated"))
    assert message.user_id == town.users["bureau"].id
    assert message.params["role"] == Role.UNIT_APPROVER
    town.agree(order, "bureau")
    assert step.state is StepState.APPROVED
    assert (step.role, step.decided_by) == (Role.DEPARTMENT_APPROVER, town.users["bureau"].id)
    session.refresh(message)
    assert not message.needs_action


def test_after_escalation_the_first_asked_may_still_decide(town: Town, session: Session) -> None:
    order = town.submitted(town.listed())
    with_deadline(order, TODAY - DAY, OnOverdue.ESCALATE)
    escalate(session)
    [step] = orders.open_steps(order)
    town.agree(order, "B.approver")
    assert (step.role, step.decided_by) == (Role.UNIT_APPROVER, town.users["B.approver"].id)
    assert _waiting(town, "bureau") == []


def test_a_step_escalates_once_only_where_told_to_and_on_working_days(
    town: Town, session: Session, told: Told
) -> None:
    saturday = TODAY + 4 * DAY
    with_deadline(town.submitted(town.listed()), TODAY - DAY, OnOverdue.REMIND)
    order = town.submitted(town.listed())
    with_deadline(order, TODAY - DAY, OnOverdue.ESCALATE)
    assert escalate(session, saturday) == 0
    assert escalate(session) == 1
    assert escalate(session) == 0
    [step] = orders.open_steps(order)
    late = (step.deadline or TODAY) + DAY
    assert escalate(session, late) == 0
    assert told("step.overdue", late) == {"B.approver", "bureau"}


def test_a_level_that_nobody_fills_or_that_asked_is_passed_over(town: Town, session: Session) -> None:
    health = town.submitted(town.listed(), "H.staff")
    own = town.wish(town.listed(at="C"), "B.officer")
    town.users["bureau"].active = False
    orders_made = [health, town.submitted(town.listed(at="C"))]
    town.session.delete(own)
    for order in orders_made:
        with_deadline(order, TODAY - DAY, OnOverdue.ESCALATE)
    assert escalate(session) == 2
    for order in orders_made:
        [step] = orders.open_steps(order)
        assert step.escalated_to is Role.WAREHOUSE_MANAGER


def test_above_the_finance_department_is_nobody() -> None:
    assert levels_above(Role.FINANCE_APPROVER) == ()
    assert levels_above(Role.DEPARTMENT_APPROVER) == (Role.WAREHOUSE_MANAGER, Role.FINANCE_APPROVER)
    assert levels_above(Role.UNIT_ASSET_OFFICER)[0] is Role.DEPARTMENT_APPROVER


def _waiting(town: Town, name: str) -> list[int]:
    """Orders that somebody is asked to decide."""
    todos = inbox.page(town.session, town.actor(name), TODAY, Place(), 50).todos
    return [todo.order.id for todo in todos if todo.waiting.task is Task.DECIDE]


def test_a_loan_is_reminded_of_twice_before_and_twice_after_its_last_day(town: Town, told: Told) -> None:
    last = TODAY + 20 * DAY
    lent(town, last)
    kinds = ("loan.due_soon", "loan.overdue", "loan.overdue_lent")
    found = {
        (kind, count): names
        for count in range(-10, 15)
        for kind in kinds
        if (names := told(kind, last + count * DAY))
    }
    borrowers = {"B.staff", "B.officer"}
    assert found == {
        ("loan.due_soon", -7): borrowers,
        ("loan.due_soon", -1): borrowers,
        ("loan.overdue", 1): borrowers,
        ("loan.overdue_lent", 1): {"A.officer"},
        ("loan.overdue", 7): borrowers,
        ("loan.overdue_lent", 7): {"A.officer"},
    }


def test_a_day_without_reminders_is_made_up_for_and_a_long_time_is_not(town: Town, told: Told) -> None:
    last = TODAY + 20 * DAY
    lent(town, last)
    assert told("loan.due_soon", last - 5 * DAY) == {"B.staff", "B.officer"}
    lent(town, last)
    assert told("loan.due_soon", last - 4 * DAY) == set()


def test_a_prolonged_loan_is_reminded_of_anew_and_what_was_asked_is_settled(
    town: Town, told: Told, session: Session
) -> None:
    order = town.handed_over(town.approved(town.listed(), kind=OrderKind.LOAN, days=(0, 7)))
    assert told("loan.due_soon", TODAY) == {"B.staff", "B.officer"}
    end = TODAY + 20 * DAY
    renewal = loans.renew(session, town.actor("B.staff"), NOW, TODAY, order.id, end, "还在使用")
    town.agree(renewal, "B.approver", "A.officer")
    asked = select(Message.id).where(Message.kind == "loan.due_soon", Message.needs_action)
    assert session.scalars(asked).all() == []
    assert told("loan.due_soon", TODAY) == set()
    assert told("loan.due_soon", end - DAY) == {"B.staff", "B.officer"}


def test_what_was_given_back_is_no_reminder_to_the_borrower(town: Town, told: Told) -> None:
    order = lent(town, TODAY + 7 * DAY)
    order.returned_on = TODAY
    assert told("loan.due_soon", TODAY) == set()


def test_flags_are_reminded_of_three_working_days_ahead_and_weekly_where_they_wait(
    town: Town, told: Told, session: Session
) -> None:
    friday = TODAY + 3 * DAY
    flag(session, town.units["A"], friday)
    flag(session, town.units["A"], friday)
    flag(session, town.units["B"], friday, answer="confirmed")
    assert told("idle.reminder", TODAY - DAY) == set()
    assert told("idle.reminder", TODAY) == {"A.officer"}
    assert told("idle.reminder", TODAY + DAY) == set()
    flag(session, town.units["C"], TODAY - DAY, on_silence=OnSilence.WAIT, answer="silent")
    assert told("idle.overdue", TODAY) == {"C.officer"}
    assert told("idle.overdue", TODAY + 5 * DAY) == set(), "the same week"
    assert told("idle.overdue", TODAY + 6 * DAY) == {"C.officer"}
    [message] = session.scalars(select(Message).where(Message.kind == "idle.reminder"))
    assert message.params["count"] == 2


def test_missing_photos_are_told_once_a_week_for_a_whole_unit(
    town: Town, told: Told, session: Session
) -> None:
    for _ in range(3):
        factories.listed(session, town.units["A"], listed_at=NOW)
    assert told("listing.no_photos", TODAY + 2 * DAY) == set()
    assert told("listing.no_photos", TODAY + 4 * DAY) == {"A.officer"}
    assert told("listing.no_photos", TODAY + 5 * DAY) == set()
    assert told("listing.no_photos", TODAY + 6 * DAY) == {"A.officer"}


def test_proceeds_are_missed_after_their_working_days_until_they_are_remitted(
    town: Town, told: Told, session: Session
) -> None:
    region = town.users["manager"].home_unit
    town.users["second"] = factories.user(session, region, Role.WAREHOUSE_MANAGER)
    lot = unremitted(seller(town))
    assert lot.proceeds is not None
    lot.proceeds.received_on = TODAY - DAY
    last = load_calendar(session).add_working_days(TODAY - DAY, 10)
    assert told("proceeds.unremitted", last) == set()
    assert told("proceeds.unremitted", last + DAY) == {"finance", "manager", "second"}
    proceeds.confirm(session, town.actor("finance"), NOW, lot.id, TODAY, "JK-1")
    assert (
        session.scalars(select(Message).where(Message.needs_action, Message.link.like("%money"))).all() == []
    )
    assert told("proceeds.unremitted", last + 30 * DAY) == set()


@pytest.mark.parametrize("count", [1, 2, 10, 45])
def test_working_days_are_counted_alike_in_both_languages(session: Session, count: int) -> None:
    for offset, working in ((1, False), (4, True), (9, False), (10, False)):
        session.merge(CalendarDay(day=TODAY + offset * DAY, working=working, name="调休", official=False))
    session.flush()
    calendar = load_calendar(session)
    for offset in range(12):
        day = TODAY + offset * DAY
        found = session.scalar(text(f"SELECT {working_days_after(f'DATE {day.isoformat()!r}', str(count))}"))
        assert found == calendar.add_working_days(day, count)
