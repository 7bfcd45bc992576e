"""A town in which something of everything is close to its last day or past it, for the reminders."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from marketplace.db.auctions import Lot
from marketplace.db.audit import AuditEntry
from marketplace.db.idle import IdleFlag
from marketplace.db.messages import Digest, Message
from marketplace.db.orders import Order, OrderStep
from marketplace.db.people import Unit, User
from marketplace.domain.approvals import OnOverdue
from marketplace.domain.idle import IdleRule, OnSilence
from marketplace.domain.orders import OrderKind, StepState
from marketplace.domain.permissions import Role
from marketplace.use_cases import auctions, proceeds
from tests import factories
from tests.conftest import NOW
from tests.use_cases.ordering import TODAY, Town, found_town
from tests.use_cases.selling import Office

DAY = dt.timedelta(days=1)


def forgetful(session: Session) -> Town:
    """People with addresses, and a thing for each reminder: found on ``TODAY``, a Tuesday."""
    town = found_town(session)
    region = town.users["manager"].home_unit
    bureau = session.get_one(Unit, town.units["A"].parent_id)
    town.users["bureau"] = factories.user(session, bureau, Role.DEPARTMENT_APPROVER)
    town.users["second"] = factories.user(session, region, Role.WAREHOUSE_MANAGER)
    for name, user in town.users.items():
        user.email, user.username = f"{name}@example.org", name
    session.flush()
    with_deadline(town.submitted(town.listed()), TODAY + DAY)
    with_deadline(town.submitted(town.listed()), TODAY - DAY)
    with_deadline(town.submitted(town.listed()), TODAY - DAY, OnOverdue.ESCALATE)
    for days in (7, -1):
        lent(town, TODAY + days * DAY)
    flag(session, town.units["A"], TODAY + 2 * DAY)
    flag(session, town.units["A"], TODAY - 2 * DAY, on_silence=OnSilence.WAIT)
    factories.listed(session, town.units["C"], listed_at=NOW - 5 * DAY)
    unremitted(seller(town))
    return town


def seller(town: Town) -> Office:
    """The town's people who sell what school A needs no more."""
    people = (town.actor(name) for name in ("manager", "second", "finance"))
    return Office(town.session, town.units["A"], *people)


def with_deadline(order: Order, deadline: dt.date, on_overdue: OnOverdue = OnOverdue.REMIND) -> OrderStep:
    """The open step of an order, with this last day."""
    [step] = [step for step in order.steps if step.state is StepState.OPEN]
    step.deadline, step.on_overdue = deadline, on_overdue
    return step


def lent(town: Town, ends_on: dt.date) -> Order:
    """A loan that ends on a day."""
    order = town.handed_over(town.approved(town.listed(), kind=OrderKind.LOAN))
    town.session.flush()
    town.session.execute(
        update(Order).where(Order.id == order.id).values(starts_on=ends_on - 20 * DAY, ends_on=ends_on)
    )
    town.session.expire(order)
    return order


def flag(session: Session, unit: Unit, answer_by: dt.date, **values: Any) -> IdleFlag:
    """A flag that nobody answered."""
    row = IdleFlag(
        asset_id=factories.asset(session, unit, state="idle_flagged").id,
        unit_id=unit.id,
        rule=IdleRule.UNUSED,
        evidence={},
        flagged_at=NOW - 20 * DAY,
        answer_by=answer_by,
        on_silence=values.pop("on_silence", OnSilence.LIST),
        quiet_days=365,
        **values,
    )
    session.add(row)
    session.flush()
    return row


def unremitted(office: Office) -> Lot:
    """A sold lot whose money came in long ago."""
    auction = office.published()
    auction.starts_at = auction.ends_at = NOW - 40 * DAY
    [lot] = auction.lots
    outcome = auctions.Outcome((NOW - 39 * DAY).date(), lot.start_price, "江州贸易公司")
    auctions.conclude(office.session, office.manager, NOW, auction.id, {lot.number: outcome})
    receipt = proceeds.Receipt(lot.start_price, 0 * lot.start_price, TODAY - 30 * DAY, "SK-1")
    proceeds.record(office.session, office.manager, NOW, lot.id, receipt)
    return lot


def told(session: Session) -> dict[str, list[str]]:
    """Who was reminded of what, by kind."""
    query = (
        select(Message.kind, User.username)
        .join(User, User.id == Message.user_id)
        .where(Message.once != "")
        .order_by(Message.kind, User.username, Message.once)
    )
    found: dict[str, list[str]] = {}
    for kind, name in session.execute(query):
        found.setdefault(kind, []).append(name)
    return found


def everything(session: Session) -> dict[str, list[Any]]:
    """All that the job writes, without what differs from run to run."""
    person = select(User.username).where(User.id == Message.user_id).scalar_subquery()
    digest = select(User.username).join(Digest, Digest.user_id == User.id)
    queries = {
        "told": select(person, Message.kind, Message.once, Message.digest_id.is_not(None)),
        "mails": digest.add_columns(Digest.day),
        "steps": select(OrderStep.id, OrderStep.deadline, OrderStep.escalated_to),
        "record": select(AuditEntry.object_id, AuditEntry.after).where(AuditEntry.action == "order.escalate"),
    }
    return {name: sorted(map(repr, session.execute(query))) for name, query in queries.items()}
