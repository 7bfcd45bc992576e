"""What can go wrong by rule. Each error says what is wrong and how to mend it, in the user's words.

``message`` is the Chinese source text with ``%(name)s`` places; the edge translates it and fills
in ``params``. ``code`` is stable and may be relied on by programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


class RuleError(Exception):
    """Something that may not happen. Raised by rules and use cases, shown at the edge."""

    code = "refused"

    def __init__(self, message: str, *, code: str = "", basis: str = "", **params: Any) -> None:
        super().__init__(message % params if params else message)
        self.message = message
        self.params = params
        self.code = code or type(self).code
        self.basis = basis
        """The article that asks for this, when a law does."""


class NotAllowed(RuleError):
    """The actor lacks the permission for this object."""

    code = "not_allowed"


class NotFound(RuleError):
    """There is no such object, or none that the actor may know of: the two look the same."""

    code = "not_found"


class Conflict(RuleError):
    """The object is in a state, or a version, in which this can't be done."""

    code = "conflict"

    def __init__(
        self,
        message: str,
        *,
        state: str = "",
        allowed: tuple[str, ...] = (),
        code: str = "",
        **params: Any,
    ) -> None:
        super().__init__(message, code=code, **params)
        self.state = state
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that can't be accepted."""

    field: str
    message: str
    params: Mapping[str, object]
    row: int = 0
    """Which row of a file, counted from 1; 0 where there is only one record."""


class Invalid(RuleError):
    """Input that breaks a rule; ``fields`` names each place."""

    code = "invalid"

    def __init__(
        self, message: str, *, fields: tuple[FieldError, ...] = (), basis: str = "", **params: Any
    ) -> None:
        super().__init__(message, basis=basis, **params)
        self.fields = fields


def invalid_field(field: str, message: str, **params: Any) -> Invalid:
    """The common case: one field is wrong, and its message says it all."""
    return Invalid(message, fields=(FieldError(field, message, params),), **params)


def in_row(row: int, error: RuleError) -> tuple[FieldError, ...]:
    """What is wrong with one row of a file, place by place; a refusal of the whole row names no field."""
    fields = error.fields if isinstance(error, Invalid) else ()
    return tuple(replace(field, row=row) for field in fields) or (
        FieldError("", error.message, error.params, row),
    )
