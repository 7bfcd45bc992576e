"""Working days: the week, and the days on which it doesn't hold (节假日 and 调休).

Deadlines of approvals count working days. The State Council announces each year's holidays and the
weekend days worked in exchange; places add days of their own.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from marketplace.domain import values
from marketplace.domain.errors import FieldError, Invalid, invalid_field
from marketplace.domain.text import N_, clean, normalise

SATURDAY = 5
LONGEST_SPAN = 60
"""Days that one entry may cover."""
MOST_ENTRIES = 100
"""Lines that one import may have: a year's schedule has fewer than 20."""
NAME_LENGTH = 30
ONE_DAY = dt.timedelta(days=1)

WORKING_WORDS = {True: ("班", "上班", "工作日", "work"), False: ("休", "放假", "休息", "假", "rest")}
"""What an imported line may say of its days; the first of each is the one shown."""

_SEPARATORS = re.compile(r"[,，;；\t|]+")
_UNTIL = re.compile(r"\s*(?:[~～至到—–]|\.\.|\bto\b)\s*")


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked: the named days, and Monday to Friday otherwise."""

    days: Mapping[dt.date, bool] = field(default_factory=dict)
    """Exceptions to the week: True where a day is worked."""

    def is_working(self, day: dt.date) -> bool:
        """Whether the day is worked."""
        return self.days.get(day, day.weekday() < SATURDAY)

    def add_working_days(self, day: dt.date, count: int) -> dt.date:
        """The ``count``-th working day after ``day``; ``day`` itself, worked or not, for none.

        Raises:
            ValueError: ``count`` is negative.
        """
        if count < 0:
            raise ValueError("working days are counted forwards")
        while count:
            day += ONE_DAY
            count -= self.is_working(day)
        return day

    def working_days_between(self, start: dt.date, end: dt.date) -> int:
        """Working days after ``start`` up to and with ``end``; negative when ``end`` comes first."""
        if end < start:
            return -self.working_days_between(end, start)
        return sum(map(self.is_working, days_from(start + ONE_DAY, end)))


@dataclass(frozen=True, slots=True)
class Span:
    """Days in a row that are all worked, or all off, for the same occasion; both ends belong to it."""

    first: dt.date
    last: dt.date
    working: bool
    name: str
    basis: str = ""
    """The document that orders it."""
    official: bool = False
    """Part of the State Council's schedule."""

    def days(self) -> Iterator[dt.date]:
        """Each day of it."""
        return days_from(self.first, self.last)

    @property
    def length(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    def same_occasion(self, other: Span) -> bool:
        """Whether the two say the same of their days."""
        return (self.working, self.name, self.basis, self.official) == (
            *(other.working, other.name, other.basis, other.official),
        )


def days_from(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Each day from ``first`` to ``last``, both included."""
    return (first + dt.timedelta(days=after) for after in range((last - first).days + 1))


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, with neighbours of the same occasion made one."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda one: one.first):
        before = found[-1] if found else None
        if before and before.same_occasion(span) and before.last + ONE_DAY == span.first:
            found[-1] = Span(
                before.first, span.last, span.working, span.name, span.basis, official=span.official
            )
        else:
            found.append(span)
    return found


def read_span(first: object, last: object, working: bool, name: str) -> Span:
    """One entry as it was typed; without a last day it is a single day.

    Raises:
        Invalid: a day can't be read, the order is wrong, the span is too long, or it has no name.
    """
    start, end = read_days(first, last)
    label = clean(name)
    if not 1 <= len(label) <= NAME_LENGTH:
        raise invalid_field("name", N_("请填写名称，如“国庆节”，最多%(length)d字。"), length=NAME_LENGTH)
    return Span(start, end, working, label)


def read_days(first: object, last: object) -> tuple[dt.date, dt.date]:
    """The first and the last of some days in a row, as they were typed; no last one means a single day.

    Raises:
        Invalid: a day can't be read, the order is wrong, or they are too many.
    """
    start = _read_day("first", first)
    end = _read_day("last", last) if str(last or "").strip() else start
    if end < start:
        raise invalid_field("last", N_("最后一天不能早于第一天。"))
    if (end - start).days >= LONGEST_SPAN:
        raise invalid_field("last", N_("一次最多设置%(days)d天。"), days=LONGEST_SPAN)
    return start, end


def read_schedule(text: str) -> list[Span]:
    """A schedule in lines ``2026-02-15~2026-02-23,休,春节``: days, 休 or 班, name.

    Raises:
        Invalid: with one entry per line that can't be read, or two lines speak of the same day.
    """
    lines = [(row, line) for row, line in enumerate(text.splitlines(), 1) if clean(line)]
    if lines and not any(map(str.isdigit, lines[0][1])):
        lines = lines[1:]
    if not 1 <= len(lines) <= MOST_ENTRIES:
        raise invalid_field("schedule", N_("请填写1至%(count)d行安排。"), count=MOST_ENTRIES)
    spans, wrong = [], []
    for row, line in lines:
        try:
            spans.append(_read_line(line))
        except Invalid as error:
            wrong.append(_at_row(row, error))
    if wrong:
        raise Invalid(N_("有 %(count)d 处需要修改"), fields=tuple(wrong), count=len(wrong))
    _check_distinct(spans)
    return spans


def _read_line(line: str) -> Span:
    parts = [part.strip() for part in _SEPARATORS.split(clean(line).lstrip("\ufeff"))]
    if len(parts) < 3:
        raise invalid_field("schedule", N_("应为“日期,休或班,名称”，如 2026-02-15~2026-02-23,休,春节"))
    first, *rest = _UNTIL.split(parts[0], maxsplit=1)
    return read_span(first, rest[0] if rest else "", _read_working(parts[1]), parts[2])


def _read_working(word: str) -> bool:
    for working, words in WORKING_WORDS.items():
        if normalise(word) in words:
            return working
    raise invalid_field("working", N_("第二项应为“休”或“班”"))


def _read_day(name: str, typed: object) -> dt.date:
    try:
        return values.read_date(typed or "")
    except ValueError as error:
        raise invalid_field(name, str(error)) from None


def _check_distinct(spans: Iterable[Span]) -> None:
    for one, next_one in pairwise(sorted(spans, key=lambda span: span.first)):
        if next_one.first <= one.last:
            raise invalid_field(
                "schedule",
                N_("%(day)s 在两行中都有安排，请只留一行。"),
                day=next_one.first.isoformat(),
            )


def _at_row(row: int, error: Invalid) -> FieldError:
    place = error.fields[0]
    return FieldError("schedule", place.message, place.params, row)
