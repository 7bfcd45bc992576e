"""What is typed into the basket: kept as far as it can be, and shown again as it was typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from flask import request
from flask_babel import gettext
from werkzeug.datastructures import FileStorage

from marketplace.db.orders import Order, OrderLine
from marketplace.domain import values
from marketplace.domain.errors import RuleError, invalid_field
from marketplace.domain.orders import OrderKind, Urgency
from marketplace.domain.text import N_
from marketplace.edge.context import actor, db, now
from marketplace.edge.i18n import message_of
from marketplace.use_cases import order_drafts, order_files
from marketplace.use_cases.order_drafts import Details

LABELS = {
    "kind": N_("方式"),
    "unit_code": N_("申请单位"),
    "reason": N_("用途和理由"),
    "urgency": N_("紧急程度"),
    "start": N_("借用开始"),
    "end": N_("归还日期"),
    "quantity": N_("数量"),
    "file": N_("附件"),
}
Mistake = dict[str, str]


def attempt(work: Callable[[], object], place: str = "", label: str = "") -> list[Mistake]:
    """Do something that can be refused by itself: what was kept before stays kept; gives what was wrong."""
    try:
        with db().begin_nested():
            work()
    except RuleError as error:
        return mistakes_of(error, place, label)
    return []


def mistakes_of(error: RuleError, place: str = "", label: str = "") -> list[Mistake]:
    """What was wrong, by field; ``place`` and ``label`` name the field where the rule can't know it."""
    names = [field.field for field in getattr(error, "fields", ())]
    found = place or next((name for name in names if name in LABELS and name not in _SEVERAL), "")
    title = label or (gettext(LABELS[found]) if found in LABELS else "")
    return [{"field": found, "label": title, "message": message_of(error)}]


_SEVERAL = frozenset({"quantity", "file"})
"""Fields that a page has once for each asset or order."""


def keep(orders: Sequence[Order]) -> list[Mistake]:
    """Keep all that was typed, each part for itself; gives what can't be kept."""
    form = request.form
    urgency = form.get("urgency", "")
    said = Details(reason=form.get("reason"), urgency=Urgency(urgency) if urgency in set(Urgency) else None)
    return [
        *attempt(lambda: _save(orders, said)),
        *attempt(lambda: _save([order for order in orders if order.kind is OrderKind.LOAN], _period())),
        *(mistake for order in orders for mistake in _quantities(order)),
    ]


def _save(orders: Sequence[Order], details: Details) -> None:
    for order in orders:
        order_drafts.save(db(), actor(), order.id, details)


def _period() -> Details:
    typed = {"start", "end"} <= request.form.keys()
    return Details(starts_on=read_day("start"), ends_on=read_day("end"), empties_days=typed)


def read_day(name: str) -> dt.date | None:
    """A day as it was typed; None where nothing was.

    Raises:
        Invalid: it is no day.
    """
    text = request.values.get(name, "").strip()
    try:
        return values.read_date(text) if text else None
    except ValueError as error:
        raise invalid_field(name, str(error)) from None


def _quantities(order: Order) -> Iterator[Mistake]:
    for line in list(order.lines):
        name = quantity_name(order, line)
        text = request.form.get(name, "").strip()
        if text and text != str(line.quantity):
            yield from attempt(partial(_set_quantity, order, line, text), name, line.name)


def _set_quantity(order: Order, line: OrderLine, text: str) -> None:
    try:
        quantity = values.read_integer(text)
    except ValueError as error:
        raise invalid_field("quantity", str(error)) from None
    if quantity == 0:
        raise invalid_field("quantity", N_("不再需要这一项时，请按“移除”。"))
    order_drafts.set_quantities(db(), actor(), order.id, {line.asset_id: quantity})


def quantity_name(order: Order, line: OrderLine) -> str:
    """The name of the field in which a line's quantity is typed."""
    return f"quantity-{order.id}-{line.asset_id}"


def attach(order_id: int) -> list[Mistake]:
    """Keep the documents that came along for an order."""
    name = f"file-{order_id}"
    files = [file for file in request.files.getlist(name) if file.filename]
    label = gettext(LABELS["file"])
    if not files:
        return [{"field": name, "label": label, "message": gettext("请先选择文件。")}]
    return [
        {**mistake, "message": f"{file.filename}：{mistake['message']}"}
        for file in files
        for mistake in attempt(partial(_attach, order_id, file), name, label)
    ]


def _attach(order_id: int, file: FileStorage) -> None:
    content = file.stream.read(order_files.LARGEST_FILE + 1)
    order_files.attach(db(), actor(), now(), order_id, file.filename or "", content)


def typed(orders: Sequence[Order], mistakes: Sequence[Mistake]) -> Mapping[str, Any]:
    """What the form shows: what was typed where something was wrong with it, else what is kept."""
    if mistakes:
        return request.form
    first = next((order for order in orders if order.reason), orders[0] if orders else None)
    loan = next((order for order in orders if order.starts_on), None)
    return {
        "reason": first.reason if first else "",
        "urgency": first.urgency if first else Urgency.NORMAL,
        "start": loan.starts_on if loan else "",
        "end": loan.ends_on if loan else "",
    }
