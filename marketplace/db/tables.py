"""Every table, imported once, so that ``Base.metadata`` is complete for migrations and tests."""

from marketplace.db import assets, audit, catalogue, imports, outbox, people, views
from marketplace.db.base import Base

metadata = Base.metadata

__all__ = ["assets", "audit", "catalogue", "imports", "metadata", "outbox", "people", "views"]
