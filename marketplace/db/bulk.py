"""Statements over whole registers, written as SQL where several tables change together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ARRAY, Date, Integer, Text, TextClause, bindparam, text
from sqlalchemy.orm import Session

_NAMES = re.compile(r"(?<![:\w]):(\w+)")
_LISTS = {str: ARRAY(Text()), int: ARRAY(Integer())}


def bound(sql: str, values: Mapping[str, Any]) -> TextClause:
    """The statement with those of the values that it names; lists are arrays of their first item's type."""
    named = set(_NAMES.findall(sql)) & values.keys()
    return text(sql).bindparams(*(bindparam(name, values[name], type_=_type(values[name])) for name in named))


Done = tuple[int, int | None]
"""How many rows a batch did, and the last of them; None when there were none. The next begins behind it."""


def batch(session: Session, sql: str, values: Mapping[str, Any]) -> Done:
    """Run a statement that ends by counting what it did and naming the last of it."""
    count, last = session.execute(bound(sql, values)).one()
    return int(count), last


def _type(value: Any) -> Any:
    if not isinstance(value, list):
        return None
    kind = type(value[0]) if value else str
    return _LISTS.get(kind, ARRAY(Date()))
