"""办件: the orders that somebody has a part in, what needs attention first."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.db.order_lists import Box
from marketplace.domain.errors import Invalid
from marketplace.domain.orders import ENDED, KIND_NAMES, STATE_NAMES, OrderState
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, today
from marketplace.use_cases import order_drafts, order_lists
from marketplace.use_cases.order_lists import Row, Wish
from marketplace.web import order_words

blueprint = Blueprint("order_lists", __name__)

BOXES = {
    Box.MINE: N_("我的申请"),
    Box.INCOMING: N_("调入借入"),
    Box.OUTGOING: N_("调出借出"),
    Box.WAITING: N_("排队轮候"),
    Box.ENDED: N_("已结束"),
}
_IN_LINE = (OrderState.OFFERED, OrderState.WAITING)
_UNDER_WAY = (OrderState.SUBMITTED, OrderState.CORRECTION, OrderState.APPROVED, OrderState.ON_LOAN)
STATES = {
    Box.WAITING: _IN_LINE,
    Box.ENDED: tuple(state for state in OrderState if state in ENDED),
}
"""The states that a box can be narrowed to; the other boxes share theirs."""
_OPEN_STATES = (*_UNDER_WAY, "due", "overdue", *_IN_LINE)
LONGEST = 80
"""Characters of a search that are looked at."""

Page = str | tuple[str, int] | Response


@blueprint.get("/orders")
@needs(Permission.READ_ORDERS)
def page() -> Page:
    """One box of orders, narrowed to what is asked for."""
    box = _box(request.args.get("box", ""))
    wish = _wish(box)
    cursor = request.args.get("after", "")
    try:
        found = order_lists.find(db(), actor(), today(), box, wish, cursor)
    except Invalid:
        found, cursor = order_lists.find(db(), actor(), today(), box, wish), ""
    return render_template(
        "orders/list.html",
        box=box,
        boxes=_tabs(box, wish),
        wish=wish,
        filtered=wish != Wish(),
        rows=[_row(row) for row in found.rows],
        first=_address(box, wish) if cursor else "",
        following=_address(box, wish, after=found.cursor) if found.cursor else "",
        cleared=_address(box, Wish()),
        kinds=[(kind, gettext(name)) for kind, name in KIND_NAMES.items()],
        states=[(state, gettext(STATE_NAMES[state])) for state in STATES.get(box, _OPEN_STATES)],
        drafts=order_drafts.count_drafts(db(), actor().user_id or 0),
        may_ask=actor().may_anywhere(Permission.REQUEST_ASSETS),
    )


def _box(text: str) -> Box:
    """The box that the address names, else where the reader's own work lies."""
    if text in set(Box):
        return Box(text)
    return Box.MINE if actor().may_anywhere(Permission.REQUEST_ASSETS) else Box.OUTGOING


def _wish(box: Box) -> Wish:
    """What is asked for; a state that the box doesn't have, or an unknown kind, doesn't count."""
    args = request.args
    kind, state = args.get("kind", ""), args.get("state", "")
    return Wish(
        kind=kind if kind in set(KIND_NAMES) else "",
        state=state if state in STATES.get(box, _OPEN_STATES) else "",
        unit=args.get("unit", "").strip()[:LONGEST],
        q=args.get("q", "").strip()[:LONGEST],
    )


def _address(box: Box, wish: Wish, *, after: str = "") -> str:
    said = {name: getattr(wish, name) or None for name in ("kind", "state", "unit", "q")}
    return url_for("order_lists.page", box=box.value, **said, after=after or None)


def _tabs(box: Box, wish: Wish) -> list[dict[str, object]]:
    """The boxes with what each holds of what is asked for; a state is asked for in one box only."""
    wishes = {name: wish if name is box else replace(wish, state="") for name in BOXES}
    counts = order_lists.counts(db(), actor(), today(), wishes)
    return [
        {
            "label": gettext(label),
            "url": _address(name, wishes[name]),
            "active": name is box,
            "count": counts[name],
            "most": order_lists.MOST_COUNTED,
        }
        for name, label in BOXES.items()
    ]


def _row(row: Row) -> dict[str, object]:
    order = row.order
    return {
        "order": order,
        "kind": order_words.kind_name(order),
        "things": row.things,
        "standing": order_words.standing(order, row.holders, today()),
    }
