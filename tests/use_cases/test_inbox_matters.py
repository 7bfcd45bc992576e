"""What waits besides orders: the statement over all tasks against what the use cases let people do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from marketplace.db import inbox as queries
from marketplace.db.auctions import Lot
from marketplace.db.messages import Message
from marketplace.domain.errors import NotFound, RuleError
from marketplace.domain.inbox import Place, Subject, Task
from marketplace.domain.permissions import Actor, Role
from marketplace.use_cases import auctions, disposal_decisions, idle, inbox, proceeds
from tests import factories
from tests.conftest import NOW
from tests.jobs.office_that_forgets import DAY, flag, unremitted
from tests.use_cases.selling import TODAY, Office, office

OTHERS = (Role.UNIT_ASSET_OFFICER, Role.UNIT_APPROVER, Role.DEPARTMENT_APPROVER, Role.AUDITOR)


@pytest.fixture
def selling(session: Session) -> Office:
    return office(session)


@pytest.fixture
def people(session: Session, selling: Office) -> dict[str, Actor]:
    """Everybody who could be asked, and some who could not."""
    other = factories.unit(session)
    found = {"manager": selling.manager, "second": selling.second, "finance": selling.finance}
    for role in OTHERS:
        found[role] = factories.actor((role, selling.unit), user=factories.user(session, selling.unit, role))
    for role in (Role.WAREHOUSE_MANAGER, Role.FINANCE_APPROVER):
        found[f"{role} elsewhere"] = factories.actor((role, other), user=factories.user(session, other, role))
    return found


def asked(session: Session, people: dict[str, Actor], task: Task, today: dt.date = TODAY) -> set[str]:
    """Who finds such a task in the inbox; the badge counts as many."""
    session.flush()
    names = set()
    for name, actor in people.items():
        todos = inbox.page(session, actor, today, Place(), 50).todos
        assert queries.count(session, actor.user_id or 0, today) == len(todos)
        if any(todo.waiting.task is task for todo in todos):
            names.add(name)
    return names


def able(session: Session, people: dict[str, Actor], act: Callable[[Actor], object]) -> set[str]:
    """Who may do it, as the use case says; what they did is undone."""
    names = set()
    for name, actor in people.items():
        attempt = session.begin_nested()
        try:
            act(actor)
            names.add(name)
        except RuleError:
            pass
        attempt.rollback()
        session.expire_all()
    return names


@pytest.mark.parametrize("value", ["1200.00", "500000.00"])
def test_a_project_waits_for_whoever_may_approve_it(
    session: Session, selling: Office, people: dict[str, Actor], value: str
) -> None:
    project = selling.project(selling.card(original_value=value))
    assert asked(session, people, Task.APPROVE_DISPOSAL) == set()
    disposal_decisions.submit(session, selling.manager, NOW, TODAY, project.id)
    expected = able(
        session, people, lambda actor: disposal_decisions.approve(session, actor, NOW, TODAY, project.id)
    )
    assert expected == ({"finance"} if value == "500000.00" else {"second", "finance"})
    assert asked(session, people, Task.APPROVE_DISPOSAL) == expected
    assert told(session, people, "disposal.to_approve") == expected
    disposal_decisions.approve(session, selling.finance, NOW, TODAY, project.id)
    assert asked(session, people, Task.APPROVE_DISPOSAL) == set()
    assert told(session, people, "disposal.approved") == {"manager"}
    assert still_asked(session) == []


def test_what_was_sent_back_is_told_with_the_reason(
    session: Session, selling: Office, people: dict[str, Actor]
) -> None:
    project = selling.project(selling.card())
    disposal_decisions.submit(session, selling.manager, NOW, TODAY, project.id)
    disposal_decisions.send_back(session, selling.second, NOW, project.id, "缺少照片")
    [message] = [one for one in messages(session) if one.kind == "disposal.sent_back"]
    assert (message.user_id, message.params["reason"]) == (selling.manager.user_id, "缺少照片")
    assert asked(session, people, Task.APPROVE_DISPOSAL) == set()
    assert still_asked(session) == ["disposal.sent_back"]


def test_an_auction_waits_for_those_who_did_not_prepare_it(
    session: Session, selling: Office, people: dict[str, Actor]
) -> None:
    auction = selling.draft()
    auctions.submit(session, selling.manager, NOW, auction.id)
    expected = able(session, people, lambda actor: auctions.approve(session, actor, NOW, auction.id))
    assert expected == {"second", "finance"}
    assert asked(session, people, Task.APPROVE_AUCTION) == expected
    assert told(session, people, "auction.to_approve") == expected
    auctions.approve(session, selling.second, NOW, auction.id)
    assert asked(session, people, Task.APPROVE_AUCTION) == set()
    assert told(session, people, "auction.approved") == {"manager"}


def test_flags_of_a_unit_are_one_thing_to_do_for_its_officers(
    session: Session, selling: Office, people: dict[str, Actor]
) -> None:
    first, last = (flag(session, selling.unit, TODAY + days * DAY) for days in (3, 9))
    assert asked(session, people, Task.ANSWER_IDLE) == {Role.UNIT_ASSET_OFFICER}
    officer = people[Role.UNIT_ASSET_OFFICER]
    [todo] = inbox.page(session, officer, TODAY, Place()).todos
    assert (todo.waiting.subject, todo.waiting.subject_id) == (Subject.UNIT, selling.unit.id)
    assert todo.waiting.deadline == TODAY + 3 * DAY
    idle.confirm(session, officer, NOW, [first.id])
    [todo] = inbox.page(session, officer, TODAY, Place()).todos
    assert todo.waiting.deadline == TODAY + 9 * DAY
    last.answer = "silent"
    assert asked(session, people, Task.ANSWER_IDLE) == {Role.UNIT_ASSET_OFFICER}, "it can still be answered"
    idle.object_to(session, officer, NOW, [last.id], "值班使用")
    assert asked(session, people, Task.ANSWER_IDLE) == set()


def test_an_objection_waits_for_those_who_may_decide_on_it(
    session: Session, selling: Office, people: dict[str, Actor]
) -> None:
    objected = flag(session, selling.unit, TODAY + 9 * DAY)
    officer = people[Role.UNIT_ASSET_OFFICER]
    idle.object_to(session, officer, NOW, [objected.id], "值班使用")
    expected = able(
        session, people, lambda actor: idle.review(session, actor, NOW, TODAY, objected.id, accept=True)
    )
    assert Role.DEPARTMENT_APPROVER in expected
    assert asked(session, people, Task.REVIEW_IDLE) == expected
    idle.review(session, people[Role.DEPARTMENT_APPROVER], NOW, TODAY, objected.id, accept=True)
    assert asked(session, people, Task.REVIEW_IDLE) == set()


def test_the_money_of_a_sale_waits_until_it_is_in_the_treasury(
    session: Session, selling: Office, people: dict[str, Actor]
) -> None:
    lot = unremitted(selling)
    assert asked(session, people, Task.RECORD_PROCEEDS) == set()
    assert asked(session, people, Task.CONFIRM_PROCEEDS) == {"finance"}
    [todo] = inbox.page(session, selling.finance, TODAY, Place()).todos
    assert (todo.waiting.subject, todo.waiting.id) == (Subject.LOT, lot.id)
    assert todo.waiting.deadline is not None
    assert todo.waiting.deadline < TODAY
    proceeds.confirm(session, selling.finance, NOW, lot.id, TODAY, "JK-1")
    assert asked(session, people, Task.CONFIRM_PROCEEDS) == set()


def test_what_was_sold_waits_for_its_money_to_be_noted(
    session: Session, selling: Office, people: dict[str, Actor]
) -> None:
    lot = unremitted(selling)
    session.delete(lot.proceeds)
    session.flush()
    session.expire_all()
    assert asked(session, people, Task.RECORD_PROCEEDS) == {"manager", "second"}
    receipt = proceeds.Receipt(lot.start_price, 0 * lot.start_price, TODAY, "SK-2")
    expected = able(session, people, lambda actor: proceeds.record(session, actor, NOW, lot.id, receipt))
    assert expected == {"manager", "second"}


def test_a_thing_to_do_is_opened_by_those_alone_for_whom_it_waits(
    session: Session, selling: Office, people: dict[str, Actor]
) -> None:
    lot = unremitted(selling)
    assert isinstance(lot, Lot)
    todo = inbox.load(session, selling.finance, TODAY, Task.CONFIRM_PROCEEDS, lot.id)
    assert todo.matter == inbox.page(session, selling.finance, TODAY, Place()).todos[0].matter
    with pytest.raises(NotFound):
        inbox.load(session, selling.manager, TODAY, Task.CONFIRM_PROCEEDS, lot.id)
    assert inbox.about(session, selling.finance, TODAY, lot.id) is None, "a lot's number is no order's"


def messages(session: Session) -> list[Message]:
    session.flush()
    return list(session.query(Message).order_by(Message.id))


def told(session: Session, people: dict[str, Actor], kind: str) -> set[str]:
    ids = {message.user_id for message in messages(session) if message.kind == kind}
    return {name for name, actor in people.items() if actor.user_id in ids}


def still_asked(session: Session) -> list[str]:
    session.expire_all()
    return [message.kind for message in messages(session) if message.needs_action]
