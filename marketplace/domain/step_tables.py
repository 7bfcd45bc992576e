"""A life as a table: from where, by which action, to where, by whose right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from marketplace.domain.errors import Conflict
from marketplace.domain.permissions import Permission

S = TypeVar("S", bound=StrEnum)
A = TypeVar("A", bound=StrEnum)


@dataclass(frozen=True)  # a generic class with slots cannot be made through its alias
class Step(Generic[S, A]):
    """One row of a table."""

    source: S
    action: A
    target: S
    permission: Permission | None
    """None: it only follows from something else, so nobody is offered it."""


def find_step(
    rows: Sequence[Step[S, A]],
    state: S,
    action: A,
    message: str,
    state_names: Mapping[S, str],
    action_names: Mapping[A, str],
) -> Step[S, A]:
    """The row that leads from ``state`` by ``action``.

    Raises:
        Conflict: there is none; ``message`` says so with the names of both, and the error what is possible.
    """
    found = next((row for row in rows if row.source is state and row.action is action), None)
    if found is None:
        raise Conflict(
            message,
            state=state,
            allowed=tuple(row.action for row in rows if row.source is state and row.permission),
            code="wrong_state",
            state_name=state_names[state],
            action_name=action_names[action],
        )
    return found
