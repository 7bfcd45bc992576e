"""Stand-ins: somebody who decides in an approver's place for a while (domain rules, section 4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from marketplace.domain import values
from marketplace.domain.errors import FieldError, Invalid
from marketplace.domain.text import N_, clean

LONGEST = 180
"""Days for which a stand-in may be named at once."""
REASON_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """A stand-in as an approver asks for one; both days are part of the period."""

    username: str
    starts_on: dt.date
    ends_on: dt.date
    reason: str


def read_wanted(raw: Mapping[str, str], today: dt.date) -> Wanted:
    """What was typed.

    Raises:
        Invalid: nobody is named, a day can't be read, the period lies in the past or is too long, or no
            reason is given; with one entry per field.
    """
    wrong: list[FieldError] = []
    starts, ends = _day(raw, "starts_on", wrong), _day(raw, "ends_on", wrong)
    username, reason = clean(raw.get("stand_in", "")), clean(raw.get("reason", ""))
    if not username:
        wrong.append(FieldError("stand_in", N_("请选择代理人。"), {}))
    if not 2 <= len(reason) <= REASON_LENGTH:
        wrong.append(FieldError("reason", N_("请写明原因，如“出差”，最多%(n)d字。"), {"n": REASON_LENGTH}))
    if starts and ends:
        wrong += _out_of_order(starts, ends, today)
    if wrong or not (starts and ends):
        raise Invalid(N_("有 %(count)d 处需要修改"), fields=tuple(wrong), count=len(wrong))
    return Wanted(username, starts, ends, reason)


def _out_of_order(starts: dt.date, ends: dt.date, today: dt.date) -> list[FieldError]:
    if starts < today:
        return [FieldError("starts_on", N_("开始日期不能早于今天。"), {})]
    if ends < starts:
        return [FieldError("ends_on", N_("结束日期不能早于开始日期。"), {})]
    if (ends - starts).days >= LONGEST:
        return [FieldError("ends_on", N_("一次最长%(days)d天。"), {"days": LONGEST})]
    return []


def _day(raw: Mapping[str, str], name: str, wrong: list[FieldError]) -> dt.date | None:
    try:
        return values.read_date(raw.get(name, ""))
    except ValueError as error:
        wrong.append(FieldError(name, str(error), {}))
        return None
