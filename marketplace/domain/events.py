"""Large events and temporary bodies (大型活动、临时机构): what belongs to one comes back when it ends."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from marketplace.domain import values
from marketplace.domain.errors import FieldError, Invalid, invalid_field
from marketplace.domain.text import N_, clean

NAME_LENGTH = 120
BASIS_LENGTH = 200
MOST_NUMBERS = 500
"""Numbers that are put into an event at once."""

_SEPARATORS = re.compile(r"[\s,，;；、]+")


@dataclass(frozen=True, slots=True)
class EventDetails:
    """What an event is called, when it ends, and which document set it up."""

    name: str
    ends_on: dt.date
    """The last day of it."""
    basis: str = ""


def read_event(given: Mapping[str, str]) -> EventDetails:
    """An event as it was typed.

    Raises:
        Invalid: with one entry for each value that can't be accepted.
    """
    name, basis = clean(given.get("name", "")), clean(given.get("basis", ""))
    wrong: list[FieldError] = []
    if not 2 <= len(name) <= NAME_LENGTH:
        wrong.append(FieldError("name", N_("请填写名称，2到%(length)d字。"), {"length": NAME_LENGTH}))
    if len(basis) > BASIS_LENGTH:
        wrong.append(FieldError("basis", N_("最多%(length)d字。"), {"length": BASIS_LENGTH}))
    try:
        ends_on = values.read_date(given.get("ends_on", ""))
    except ValueError as error:
        wrong.append(FieldError("ends_on", str(error), {}))
    if wrong:
        raise Invalid(N_("有 %(count)d 处需要修改"), fields=tuple(wrong), count=len(wrong))
    return EventDetails(name, ends_on, basis)


def read_numbers(typed: str) -> list[str]:
    """Numbers of cards, one to a line or with commas between, each once.

    Raises:
        Invalid: there is none, or there are too many.
    """
    numbers = list(dict.fromkeys(filter(None, _SEPARATORS.split(typed))))
    if not 1 <= len(numbers) <= MOST_NUMBERS:
        raise invalid_field("numbers", N_("请填写1至%(count)d个资产编号，每行一个。"), count=MOST_NUMBERS)
    return numbers
