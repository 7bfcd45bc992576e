"""Queries that run with every page: put together once, and asked without SQLAlchemy's part where possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import URL, Select
from sqlalchemy.orm import Session

from marketplace.db.session import Driver

Source = Session | Driver
"""Within a transaction, or outside of any with the driver's own connection."""

_DIALECT = URL.create("postgresql+psycopg").get_dialect()()


class Statement:
    """A query, put together once: that takes longer than the database takes to answer it.

    Its values are all named with ``bindparam``.
    """

    def __init__(self, query: Select[*tuple[Any, ...]]) -> None:
        self._query = query
        self._text = str(query.compile(dialect=_DIALECT)).encode()

    def rows(self, source: Source, values: dict[str, Any]) -> Sequence[Sequence[Any]]:
        """What it finds."""
        if isinstance(source, Session):
            return source.execute(self._query, values).all()
        return source.execute(self._text, values).fetchall()
