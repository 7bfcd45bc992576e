"""Queries that run with every page: put together once, and asked without SQLAlchemy's part where possible."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from sqlalchemy import URL, CompoundSelect, Select
from sqlalchemy.orm import Session

from marketplace.db.session import Driver

Source = Session | Driver
"""Within a transaction, or outside of any with the driver's own connection."""

_DIALECT = URL.create("postgresql+psycopg").get_dialect()()


class Statement:
    """A query, put together once: that takes longer than the database takes to answer it.

    The values that differ from call to call are named with ``bindparam``.
    """

    def __init__(self, query: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]) -> None:
        self._query = query
        compiled = query.compile(dialect=_DIALECT)
        to_come = {name: None for name, bind in compiled.binds.items() if bind.required}
        whole = compiled.construct_expanded_state(to_come)
        self._text = whole.statement.encode()
        self._constants = {name: _plain(value) for name, value in whole.parameters.items()}

    def rows(self, source: Source, values: dict[str, Any]) -> Sequence[Sequence[Any]]:
        """What it finds."""
        if isinstance(source, Session):
            return source.execute(self._query, values).all()
        return source.execute(self._text, self._constants | values).fetchall()


def _plain(value: Any) -> Any:
    """A domain word as the driver takes it."""
    return value.value if isinstance(value, Enum) else value
