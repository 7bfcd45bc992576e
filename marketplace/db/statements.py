"""Queries that run with every page: put together once, and asked without SQLAlchemy's part where possible."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import URL, CompoundSelect, Select, TextClause, bindparam, text
from sqlalchemy.orm import Session

from marketplace.db.session import Driver

Source = Session | Driver
"""Within a transaction, or outside of any with the driver's own connection."""

Query = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]

_DIALECT = URL.create("postgresql+psycopg").get_dialect()()
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A query as it is sent, with the values that stand in it already."""

    sent: bytes
    clause: TextClause
    constants: dict[str, Any]


class Statement:
    """A query, put together once: that takes longer than the database takes to answer it.

    SQLAlchemy remembers what it made of a query, but has to go through all of it to find that.
    The values that differ from call to call are named with ``bindparam``. Rows are the driver's.
    """

    def __init__(self, query: Query) -> None:
        self._made: Query | _Compiled = query

    @property
    def _compiled(self) -> _Compiled:
        """Made when it is first asked: most processes ask few of all there are."""
        made = self._made
        if not isinstance(made, _Compiled):
            # Two threads may both make it; the query, which takes room, is let go of.
            made = self._made = _compile(made)
        return made

    def rows(self, source: Source, values: dict[str, Any]) -> Sequence[Sequence[Any]]:
        """What it finds."""
        made = self._compiled
        if isinstance(source, Session):
            return source.execute(made.clause, made.constants | values).all()
        return source.execute(made.sent, made.constants | values).fetchall()

    def within(self, **values: Any) -> TextClause:
        """The query with its values, to stand in brackets within another one."""
        named = self._compiled.constants | values
        # Names of their own keep them apart from those of the query around.
        return text(f"({self._compiled.clause.text})").bindparams(
            *(bindparam(name, value, unique=True) for name, value in named.items())
        )


def _compile(query: Query) -> _Compiled:
    compiled = query.compile(dialect=_DIALECT)
    to_come = {name: None for name, bind in compiled.binds.items() if bind.required}
    whole = compiled.construct_expanded_state(to_come)
    # What text() would read as a value or as a sign of its own is marked.
    marked = whole.statement.replace(":", "\\:").replace("%%", "%")
    return _Compiled(
        whole.statement.encode(),
        text(_PLACEHOLDER.sub(r":\1", marked)),
        {name: _plain(value) for name, value in whole.parameters.items()},
    )


def _plain(value: Any) -> Any:
    """A domain word as the driver takes it."""
    return value.value if isinstance(value, Enum) else value
