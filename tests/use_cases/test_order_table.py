"""Every state × every action × everybody: what is allowed has its effect, what is refused has none.

``ALLOWED`` is written down here by itself, from the rules of the field, and not derived from the code.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from marketplace.db import tables
from marketplace.db.orders import Order
from marketplace.domain.errors import Conflict, NotFound
from marketplace.domain.orders import OrderAction, OrderKind, OrderState
from marketplace.domain.permissions import Actor, Role
from marketplace.use_cases import decisions, handovers, order_drafts, order_endings, orders
from marketplace.use_cases.order_actions import ACTIONS, Call, Given, perform
from tests import factories
from tests.conftest import NOW
from tests.use_cases.ordering import SIGNATURE, TODAY, Town, found_town

LOAN, TRANSFER = OrderKind.LOAN, OrderKind.TRANSFER
S, A = OrderState, OrderAction

REQUESTER, COLLEAGUE = "B.staff", "B.colleague"
RECEIVER_OFFICER, RECEIVER_APPROVER = "B.officer", "B.approver"
GIVER_STAFF, GIVER_OFFICER, GIVER_APPROVER = "A.staff", "A.officer", "A.approver"
EVERYBODY = (
    *(REQUESTER, COLLEAGUE, RECEIVER_OFFICER, RECEIVER_APPROVER, GIVER_STAFF, GIVER_OFFICER, GIVER_APPROVER),
    *("C.staff", "C.officer", "C.approver", "H.approver"),
    *("manager", "finance", "department", "auditor", "security", "system"),
)
BLIND = {"C.staff", "C.officer", "C.approver", "H.approver", "security", "system"}
"""Those who may not even know of an order between A and B."""

_TAKE_BACK = {REQUESTER, RECEIVER_OFFICER}
_OFFICERS = {RECEIVER_OFFICER, GIVER_OFFICER}


def _decided_by(who: str) -> dict[OrderAction, set[str]]:
    return {action: {who} for action in (A.APPROVE, A.REJECT, A.SEND_BACK)}


ALLOWED: dict[str, dict[OrderAction, set[str]]] = {
    "draft": {A.SUBMIT: {REQUESTER}, A.DISCARD: {REQUESTER}},
    "waiting": {A.WITHDRAW: _TAKE_BACK},
    "offered": {A.ACCEPT: _TAKE_BACK, A.DECLINE: _TAKE_BACK},
    "submitted": {**_decided_by(RECEIVER_APPROVER), A.WITHDRAW: _TAKE_BACK},
    "second step": {**_decided_by(GIVER_APPROVER), A.WITHDRAW: _TAKE_BACK},
    "correction": {A.SUBMIT: {REQUESTER}, A.WITHDRAW: _TAKE_BACK},
    "approved": {A.HAND_OVER: _OFFICERS, A.CALL_OFF: _OFFICERS | _TAKE_BACK},
    "signed by the giver": {A.HAND_OVER: {RECEIVER_OFFICER}, A.CALL_OFF: _OFFICERS | _TAKE_BACK},
    "completed": {},
    "loan, second step": {**_decided_by(GIVER_OFFICER), A.WITHDRAW: _TAKE_BACK},
    "on loan": {A.RENEW: _TAKE_BACK, A.RETURN: _OFFICERS},
    "returned": {},
    "rejected": {},
    "withdrawn": {},
    "expired": {},
}

TARGETS: dict[tuple[str, OrderAction], OrderState] = {
    ("draft", A.SUBMIT): S.SUBMITTED,
    ("waiting", A.WITHDRAW): S.WITHDRAWN,
    ("offered", A.ACCEPT): S.SUBMITTED,
    ("offered", A.DECLINE): S.WITHDRAWN,
    ("submitted", A.APPROVE): S.SUBMITTED,
    ("second step", A.APPROVE): S.APPROVED,
    ("loan, second step", A.APPROVE): S.APPROVED,
    ("correction", A.SUBMIT): S.SUBMITTED,
    ("approved", A.HAND_OVER): S.APPROVED,
    ("approved", A.CALL_OFF): S.WITHDRAWN,
    ("signed by the giver", A.HAND_OVER): S.COMPLETED,
    ("signed by the giver", A.CALL_OFF): S.WITHDRAWN,
    ("on loan", A.RENEW): S.SUBMITTED,
    ("on loan", A.RETURN): S.ON_LOAN,
}
"""Where an order is afterwards; a renewal answers with the order it made."""
_WHEREVER = {A.REJECT: S.REJECTED, A.SEND_BACK: S.CORRECTION, A.WITHDRAW: S.WITHDRAWN}


@pytest.fixture
def town(session: Session) -> Town:
    town = found_town(session)
    for name, unit, role in (
        ("B.colleague", "B", Role.STAFF),
        ("auditor", "A", Role.AUDITOR),
        ("security", "A", Role.SECURITY_ADMINISTRATOR),
        ("system", "A", Role.SYSTEM_ADMINISTRATOR),
        ("department", "A", Role.DEPARTMENT_APPROVER),
    ):
        town.users[name] = factories.user(session, town.units[unit], role)
    return town


def order_in(town: Town, stage: str) -> Order:
    """An order between A, which gives, and B, which asks, that has come so far."""
    session, asset = town.session, town.listed()
    if stage == "draft":
        return town.draft(asset)
    if stage in {"waiting", "offered"}:
        first = town.submitted(asset, "C.staff")
        order = town.submitted(asset)
        if stage == "offered":
            order_endings.give_up(session, town.actor("C.staff"), NOW, TODAY, first.id, A.WITHDRAW)
        return order
    if stage in {"loan, second step", "on loan", "returned"}:
        loan = town.agree(town.submitted(asset, kind=LOAN), RECEIVER_APPROVER)
        if stage == "loan, second step":
            return loan
        town.handed_over(town.agree(loan, GIVER_OFFICER))
        return town.given_back(loan) if stage == "returned" else loan
    order = town.submitted(asset)
    if stage in {"rejected", "correction"}:
        action = A.REJECT if stage == "rejected" else A.SEND_BACK
        decisions.decide(session, town.actor(RECEIVER_APPROVER), NOW, TODAY, order.id, action, "材料不全")
    if stage == "withdrawn":
        order_endings.give_up(session, town.actor(REQUESTER), NOW, TODAY, order.id, A.WITHDRAW)
    if stage == "second step":
        town.agree(order, RECEIVER_APPROVER)
    if stage in {"approved", "signed by the giver", "completed", "expired"}:
        town.agree(order, RECEIVER_APPROVER, GIVER_APPROVER)
    if stage == "signed by the giver":
        confirmation = handovers.Confirmation(signature=SIGNATURE)
        handovers.hand_over(session, town.actor(GIVER_OFFICER), NOW, TODAY, order.id, confirmation)
    if stage == "completed":
        town.handed_over(order)
    if stage == "expired":
        assert order.answer_by is not None
        order_endings.expire_due(session, NOW, order.answer_by + dt.timedelta(days=1))
    return order


def everything(session: Session) -> str:
    """A digest of all rows of all tables: database, record, messages and what the index is told alike."""
    session.flush()
    digest = hashlib.sha256()
    for table in tables.metadata.sorted_tables:
        rows = session.execute(
            text(f"SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM {table.name} t")
        )
        digest.update(f"{table.name}={rows.scalar_one()}".encode())
    return digest.hexdigest()


def attempts() -> Iterator[tuple[OrderAction, str]]:
    return ((action, who) for action in ACTIONS for who in EVERYBODY)


def given() -> Given:
    return Given(
        reason="理由充分",
        end=TODAY + dt.timedelta(days=20),
        confirmation=handovers.Confirmation(signature=SIGNATURE),
    )


@pytest.mark.parametrize("stage", ALLOWED)
def test_what_is_refused_changes_nothing(town: Town, session: Session, stage: str) -> None:
    order = order_in(town, stage)
    before = everything(session)
    people = {who: town.actor(who) for who in EVERYBODY}
    for action, who in attempts():
        if who in ALLOWED[stage].get(action, set()):
            continue
        hidden = who in BLIND or (stage == "draft" and who != REQUESTER)
        with pytest.raises(NotFound if hidden else Conflict) as refused:
            perform(Call(session, people[who], NOW, TODAY, order.id), action, given())
        if isinstance(refused.value, Conflict):
            assert refused.value.state == order.state
            allowed = {act for act, people in ALLOWED[stage].items() if who in people}
            assert set(refused.value.allowed) == allowed, (action, who)
    assert everything(session) == before


@pytest.mark.parametrize("stage", ALLOWED)
def test_what_is_allowed_does_exactly_its_effect(town: Town, session: Session, stage: str) -> None:
    for action, people in ALLOWED[stage].items():
        for who in sorted(people):
            with session.begin_nested() as savepoint:
                order = order_in(town, stage)
                made = perform(Call(session, town.actor(who), NOW, TODAY, order.id), action, given())
                if action is A.DISCARD:
                    assert made is None
                else:
                    assert made is not None
                    assert made.state == TARGETS.get((stage, action), _WHEREVER.get(action)), (action, who)
                savepoint.rollback()
            session.expire_all()


@pytest.mark.parametrize("stage", ALLOWED)
def test_buttons_are_drawn_where_the_action_is_accepted(town: Town, session: Session, stage: str) -> None:
    order = order_in(town, stage)
    for who in EVERYBODY:
        if who in BLIND:
            continue
        actor: Actor = town.actor(who)
        shown = set(orders.allowed_actions(session, actor, TODAY, order))
        wanted = {action for action, people in ALLOWED[stage].items() if who in people}
        assert shown == wanted, who


def test_a_draft_is_kept_apart_from_everybody_else(town: Town, session: Session) -> None:
    draft = order_in(town, "draft")
    mine = {who for who in EVERYBODY if order_drafts.drafts(session, town.actor(who))}
    assert mine == {REQUESTER}
    assert session.scalar(select(func.count()).where(Order.id == draft.id, Order.number.is_(None))) == 1
