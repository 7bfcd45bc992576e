"""How much lies in the reader's basket, for the frame of every page."""

from __future__ import annotations

from sqlalchemy.exc import OperationalError

from marketplace.db.session import driver_connection
from marketplace.domain.permissions import Permission
from marketplace.edge.context import actor, services
from marketplace.use_cases import order_drafts
from marketplace.web.results import is_part


def in_basket() -> int | None:
    """How many things wait to be submitted; None for whoever can't ask, and on a piece of a page."""
    who = actor()
    if who.user_id is None or is_part() or not who.may_anywhere(Permission.REQUEST_ASSETS):
        return None
    try:
        with driver_connection(services().lookup) as connection:
            return order_drafts.count_drafts(connection, who.user_id)
    except OperationalError:
        # The page that says that the database is away has a frame, too.
        return None
