"""Queries that run with every page: put together once, and asked without SQLAlchemy's part where possible."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import Any

from sqlalchemy import URL, CompoundSelect, Select, TextClause, bindparam, text
from sqlalchemy.orm import Session

from marketplace.db.session import Driver

Source = Session | Driver
"""Within a transaction, or outside of any with the driver's own connection."""

_DIALECT = URL.create("postgresql+psycopg").get_dialect()()
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


class Statement:
    """A query, put together once: that takes longer than the database takes to answer it.

    SQLAlchemy remembers what it made of a query, but has to go through all of it to find that.
    The values that differ from call to call are named with ``bindparam``. Rows are the driver's.
    """

    def __init__(self, query: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]) -> None:
        compiled = query.compile(dialect=_DIALECT)
        to_come = {name: None for name, bind in compiled.binds.items() if bind.required}
        whole = compiled.construct_expanded_state(to_come)
        self._text = whole.statement.encode()
        self._constants = {name: _plain(value) for name, value in whole.parameters.items()}
        # What text() would read as a value or as a sign of its own is marked.
        marked = whole.statement.replace(":", "\\:").replace("%%", "%")
        self._named = _PLACEHOLDER.sub(r":\1", marked)
        self._clause = text(self._named)

    def rows(self, source: Source, values: dict[str, Any]) -> Sequence[Sequence[Any]]:
        """What it finds."""
        if isinstance(source, Session):
            return source.execute(self._clause, self._constants | values).all()
        return source.execute(self._text, self._constants | values).fetchall()

    def within(self, **values: Any) -> TextClause:
        """The query with its values, to stand in brackets within another one."""
        named = self._constants | values
        # Names of their own keep them apart from those of the query around.
        return text(f"({self._named})").bindparams(
            *(bindparam(name, value, unique=True) for name, value in named.items())
        )


def _plain(value: Any) -> Any:
    """A domain word as the driver takes it."""
    return value.value if isinstance(value, Enum) else value
