"""The limits of orders as an administrator set them."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, fields

from sqlalchemy.orm import Session

from marketplace.domain.order_limits import OrderLimits
from marketplace.domain.permissions import Actor
from marketplace.use_cases import settings

NAME = "order_limits"


def current(session: Session) -> OrderLimits:
    """What holds now; what nobody ever set has its default."""
    known = {one.name for one in fields(OrderLimits)}
    kept = settings.kept(session, NAME)
    return OrderLimits(**{name: value for name, value in kept.items() if name in known})


def save(
    session: Session, actor: Actor, now: dt.datetime, limits: OrderLimits, shown: OrderLimits
) -> OrderLimits:
    """Change the limits that were ``shown``; they hold for what happens from now on.

    Raises:
        Conflict: somebody else changed them meanwhile.
        NotAllowed: the actor sets nothing.
    """
    return settings.change(session, actor, now, NAME, current, asdict, limits, shown)
