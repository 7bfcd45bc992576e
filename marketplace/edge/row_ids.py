"""Numbers of rows in addresses."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**63 - 1
"""What the database can hold."""


class RowId(IntegerConverter):
    """``<int:…>`` in every address: a number too large for any row leads nowhere instead of to an error."""

    def __init__(self, map: Map, max: int = LARGEST, **options: Any) -> None:  # noqa: A002 - as Werkzeug calls them
        super().__init__(map, max=max, **options)
