"""Orders for programs: ask, follow, decide, hand over."""

from __future__ import annotations

from flask import Response, url_for

from marketplace.api import order_views
from marketplace.api.blueprint import answer
from marketplace.api.calls import does, reads
from marketplace.api.order_schemas import OrderAct, OrderNew, OrderOut, OrderQuery, OrdersOut
from marketplace.db.orders import Order
from marketplace.db.people import Unit
from marketplace.domain.errors import invalid_field
from marketplace.domain.orders import OrderAction
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.context import actor, db, identity, now, today
from marketplace.use_cases import (
    assets,
    handovers,
    order_actions,
    order_drafts,
    order_lists,
    order_submission,
    orders,
)


@reads(
    "/orders", OrdersOut, "Orders that you may see, newest first", Permission.READ_ORDERS, query=OrderQuery
)
def find_orders(query: OrderQuery) -> Response:
    """A page of orders; follow next_cursor to the last one."""
    page = order_lists.newest(
        db(),
        actor(),
        today(),
        states=[state for state in query.state.split(",") if state],
        kind=query.kind,
        box=query.box,
        asset_id=query.asset_id,
        limit=query.limit + 1,
        before=int(query.cursor) if query.cursor else None,
    )
    shown = page[: query.limit]
    return answer(
        {
            "items": [order_views.summary(order, today()) for order in shown],
            "next_cursor": str(shown[-1].id) if len(page) > query.limit else None,
        }
    )


@does(
    "/orders",
    OrderNew,
    OrderOut,
    "Ask for a listed asset, for good or for a time",
    Permission.REQUEST_ASSETS,
    status=201,
)
def create_order(body: OrderNew) -> Response:
    """Submit a wish; when the thing is taken, the order waits in line."""
    draft = order_drafts.ask_for(
        db(), actor(), now(), body.asset_id, body.kind, body.quantity, _unit(body.unit_code)
    )
    details = order_drafts.Details(body.reason, body.urgency, body.start, body.end)
    order_drafts.save(db(), actor(), draft.id, details)
    if body.submit:
        order_submission.submit(db(), actor(), now(), today(), [draft.id])
    return _whole(draft, 201, Location=url_for("api.open_order", order_id=draft.id))


@reads(
    "/orders/<int:order_id>", OrderOut, "An order with its steps and what happened", Permission.READ_ORDERS
)
def open_order(order_id: int) -> Response:
    """Where the order stands, who has it, and what you may do."""
    return _whole(orders.load(db(), actor(), order_id, deciding_on=today()))


@does(
    "/orders/<int:order_id>/actions",
    OrderAct,
    OrderOut,
    "Decide, withdraw, hand over, renew, return …",
    Permission.READ_ORDERS,
    description="A refused action answers 409 with the state and what is allowed.",
)
def act_on_order(order_id: int, body: OrderAct) -> Response:
    """Do one thing with an order. A renewal answers with the order that it made."""
    call = order_actions.Call(db(), actor(), now(), today(), order_id)
    given = order_actions.Given(body.reason, body.step_id, body.end, body.side, _confirmation(body))
    done = order_actions.perform(call, OrderAction(body.action), given)
    if done is None:
        return Response(status=204)
    db().expire_all()
    return _whole(orders.load(db(), actor(), done.id, deciding_on=today()))


def _confirmation(body: OrderAct) -> handovers.Confirmation:
    """A program signs by whose token it holds: there are no strokes to keep."""
    return handovers.Confirmation(
        signature={"name": actor().name, "token": True},
        condition=body.condition,
        note=body.note,
        damage=body.damage,
    )


def _unit(code: str) -> Unit:
    if code:
        return assets.find_unit(db(), code)
    found = identity()
    unit = db().get(Unit, found.actor.home_unit_id) if found else None
    if unit is None:
        raise invalid_field("unit_code", N_("请填写申请单位的编码。"))
    return unit


def _whole(order: Order, status: int = 200, **headers: str) -> Response:
    return answer(order_views.whole(db(), actor(), today(), order), status, **headers)
