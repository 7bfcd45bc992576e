"""Where pages of an order are, for the pages beside them."""

from __future__ import annotations

from flask import url_for

from marketplace.domain.inbox import Task, Waiting
from marketplace.use_cases.handovers import OUT


def order_url(order_id: int) -> str:
    """The order's own page."""
    return url_for("orders.page", order_id=order_id)


def signing_url(order_id: int, direction: str) -> str:
    """Where both sides sign for a hand-over, or for a return."""
    return url_for("handovers.hand_over" if direction == OUT else "handovers.give_back", order_id=order_id)


def todo_url(waiting: Waiting, after: str = "") -> str:
    """One thing in the inbox; ``after`` is where the page of the list begins that it is shown with."""
    return url_for("inbox.show", task=waiting.task, number=waiting.id, after=after or None)


def task_of(name: str) -> Task | None:
    """The task that an address names."""
    return Task(name) if name in set(Task) else None
