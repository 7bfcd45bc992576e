"""The rules of disposals and auctions as an administrator set them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from marketplace.domain.auction_rules import Rules, as_json, from_json
from marketplace.domain.permissions import Actor
from marketplace.use_cases import settings

NAME = "auction_rules"


def rules_of(session: Session) -> Rules:
    """What holds now; what nobody ever set has its default, and nothing is below the law."""
    return from_json(settings.kept(session, NAME))


def save(session: Session, actor: Actor, now: dt.datetime, rules: Rules, shown: Rules) -> Rules:
    """Change the rules that were ``shown``; they hold for what is drafted, approved or published from now on.

    Raises:
        Conflict: somebody else changed them meanwhile.
        NotAllowed: the actor sets nothing.
    """
    return settings.change(session, actor, now, NAME, rules_of, as_json, rules, shown)
