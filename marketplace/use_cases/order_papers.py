"""What the paper of an order says: 调拨单 for a transfer, 借用协议 for a loan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db.orders import Order, OrderLine, OrderStep
from marketplace.db.people import Unit, UnitKind, User
from marketplace.documents import contents
from marketplace.documents.contents import Content, Decision, Handover, Item, Party, Renewal, Signed
from marketplace.domain.approvals import Side
from marketplace.domain.assets import CONDITIONS
from marketplace.domain.errors import Conflict
from marketplace.domain.orders import OrderKind, OrderState, StepState
from marketplace.domain.permissions import ROLE_NAMES
from marketplace.domain.signatures import kept
from marketplace.domain.text import N_

PRINTED = frozenset(
    {
        OrderState.APPROVED,
        OrderState.HANDED_OVER,
        OrderState.COMPLETED,
        OrderState.ON_LOAN,
        OrderState.RETURNED,
    }
)
"""States in which there is a paper: from the approval on."""
_SIDES = {
    (OrderKind.TRANSFER, Side.GIVER): "调出方",
    (OrderKind.TRANSFER, Side.RECEIVER): "调入方",
    (OrderKind.LOAN, Side.GIVER): "出借方",
    (OrderKind.LOAN, Side.RECEIVER): "借用方",
}
_CONDITION_NAMES: dict[str, str] = {code: names[0] for code, names in CONDITIONS.items()}
_ONE_DAY = dt.timedelta(days=1)


def order_on_paper(session: Session, order: Order) -> Order:
    """The order whose paper it is: a renewal stands on the agreement of the loan that it prolongs.

    Raises:
        Conflict: nothing is approved, so there is nothing to print.
    """
    base = session.get_one(Order, order.renews_id) if order.renews_id is not None else order
    if base.state not in PRINTED:
        raise Conflict(
            N_("审批通过后才有可以打印的单据。"), code="not_approved", state=order.state, allowed=()
        )
    return base


def content_of(session: Session, order: Order, zone: dt.tzinfo) -> Content:
    """The paper's content as the order stands now; the same order gives the same content."""
    if order.kind is OrderKind.TRANSFER:
        return contents.transfer_slip(_transfer(session, order, zone), zone)
    return contents.loan_agreement(_loan(session, order, zone), zone)


def _transfer(session: Session, order: Order, zone: dt.tzinfo) -> contents.TransferSlip:
    giver, receiver = _parties(session, order)
    return contents.TransferSlip(
        number=order.number or "",
        date=_date(order, zone),
        giver=giver,
        receiver=receiver,
        items=[_item(line) for line in order.lines],
        reason=order.reason,
        decisions=_decisions(order),
        handover=_handover(order, "out"),
    )


def _loan(session: Session, order: Order, zone: dt.tzinfo) -> contents.LoanAgreement:
    owner, borrower = _parties(session, order)
    renewals = _renewals(session, order)
    first_end = renewals[0].starts_on - _ONE_DAY if renewals and renewals[0].starts_on else order.ends_on
    assert order.starts_on is not None
    assert first_end is not None
    return contents.LoanAgreement(
        number=order.number or "",
        date=_date(order, zone),
        owner=owner,
        borrower=borrower,
        items=[_item(line) for line in order.lines],
        reason=order.reason,
        starts_on=order.starts_on,
        ends_on=first_end,
        renewals=[Renewal(one.number or "", one.ends_on) for one in renewals if one.ends_on],
        decisions=_decisions(order),
        handover=_handover(order, "out"),
        returned=_handover(order, "back"),
    )


def _date(order: Order, zone: dt.tzinfo) -> dt.date:
    """The day of the last decision or signature on the paper: printing again doesn't change it."""
    moments = [step.decided_at for step in _agreed(order)]
    moments += [at for one in order.handovers for at in (one.giver_at, one.receiver_at)]
    return max(at for at in [order.submitted_at, *moments] if at is not None).astimezone(zone).date()


def _parties(session: Session, order: Order) -> tuple[Party, Party]:
    above = set(order.giver.path) | set(order.receiver.path)
    query = select(Unit).where(Unit.id.in_(above), Unit.kind == UnitKind.DEPARTMENT)
    departments = session.scalars(query).all()
    return _party(order.giver, departments), _party(order.receiver, departments)


def _party(unit: Unit, departments: Iterable[Unit]) -> Party:
    above = [one.name for one in departments if one.id in unit.path]
    return Party(unit.name, unit.credit_code or "", above[0] if above else "")


def _item(line: OrderLine) -> Item:
    return Item(
        number=line.number,
        name=line.name,
        specification=line.model,
        quantity=line.quantity,
        measure=line.unit_of_measure,
        original_value=line.original_value,
        depreciation=line.accumulated_depreciation,
        net_value=line.original_value - line.accumulated_depreciation,
    )


def _agreed(order: Order) -> list[OrderStep]:
    return [step for step in order.steps if step.round == order.round and step.state is StepState.APPROVED]


def _decisions(order: Order) -> list[Decision]:
    return [
        Decision(
            step=_SIDES[order.kind, Side(step.side)] + ROLE_NAMES[step.role],
            unit=step.unit.name,
            name=step.decider.name,
            verdict="同意",
            at=step.decided_at,
            comment=step.comment,
            principal=step.principal.name if step.principal else "",
        )
        for step in _agreed(order)
        if step.decider is not None and step.decided_at is not None
    ]


def _handover(order: Order, direction: str) -> Handover:
    """Who signed; for the way back the holder's side takes and the borrower's gives, by unit as before."""
    found = next((one for one in order.handovers if one.direction == direction), None)
    if found is None:
        return Handover()
    condition = _CONDITION_NAMES.get(found.condition, found.condition)
    return Handover(
        giver=_signed(found.giver, found.giver_at, found.giver_signature),
        receiver=_signed(found.receiver, found.receiver_at, found.receiver_signature),
        condition="。".join(text for text in (condition, found.note) if text),
    )


def _signed(user: User | None, at: dt.datetime | None, signature: dict[str, object] | None) -> Signed | None:
    if user is None or at is None or signature is None:
        return None
    return Signed(user.name, at, kept(signature))


def _renewals(session: Session, order: Order) -> Sequence[Order]:
    """The renewals that took effect, in the order of their periods."""
    query = select(Order).where(Order.renews_id == order.id, Order.state == OrderState.COMPLETED)
    return session.scalars(query.order_by(Order.starts_on, Order.id)).all()
