"""How a call is declared: its address, what it takes and gives, and who may make it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

from marketplace.api.blueprint import TOKEN, blueprint
from marketplace.api.idempotency import once
from marketplace.domain.permissions import Permission
from marketplace.edge.access import needs

View = TypeVar("View", bound=Callable[..., Any])
Shape = type[BaseModel]


def reads(
    path: str, gives: Shape, summary: str, *permissions: Permission, query: Shape | None = None
) -> Callable[[View], View]:
    """A call with a token that changes nothing; ``query`` arrives as the argument of that name."""

    def declare(view: View) -> View:
        made: Any = needs(*permissions)(view)
        made = blueprint.doc(summary=summary, security=TOKEN)(made)
        made = blueprint.output(gives)(made)
        if query is not None:
            made = blueprint.input(query, location="query", arg_name="query")(made)
        blueprint.get(path)(made)
        return view

    return declare


def does(
    path: str,
    takes: Shape,
    gives: Shape,
    summary: str,
    *permissions: Permission,
    status: int = 200,
    description: str | None = None,
) -> Callable[[View], View]:
    """A call with a token that does something, once for each ``Idempotency-Key``; takes a ``body``."""

    def declare(view: View) -> View:
        made: Any = needs(*permissions)(once(view))
        made = blueprint.doc(summary=summary, description=description, security=TOKEN)(made)
        made = blueprint.output(gives, status_code=status)(made)
        made = blueprint.input(takes, location="json", arg_name="body")(made)
        blueprint.post(path)(made)
        return view

    return declare
