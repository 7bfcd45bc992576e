"""Every table, imported once, so that ``Base.metadata`` is complete for migrations and tests."""

from marketplace.db import (
    assets,
    auctions,
    audit,
    calendar,
    catalogue,
    disposals,
    idle,
    imports,
    jobs,
    messages,
    orders,
    outbox,
    papers,
    people,
    policies,
    quantity_moves,
    search_nodes,
    stand_ins,
    standards,
    views,
)
from marketplace.db.base import Base

metadata = Base.metadata

__all__ = [
    "assets",
    "auctions",
    "audit",
    "calendar",
    "catalogue",
    "disposals",
    "idle",
    "imports",
    "jobs",
    "messages",
    "metadata",
    "orders",
    "outbox",
    "papers",
    "people",
    "policies",
    "quantity_moves",
    "search_nodes",
    "stand_ins",
    "standards",
    "views",
]
