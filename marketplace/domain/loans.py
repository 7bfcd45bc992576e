"""Rules for loans (借用): how long, how often renewed, and who may not borrow."""

from __future__ import annotations

import datetime as dt

from marketplace.domain.errors import Conflict, invalid_field
from marketplace.domain.order_limits import OrderLimits
from marketplace.domain.text import N_


def check_period(start: dt.date | None, end: dt.date | None, today: dt.date, limits: OrderLimits) -> None:
    """Refuse a period that can't be lent; both days are part of it.

    Raises:
        Invalid: a day is missing, in the past, in the wrong order, too far ahead, or the span too long.
    """
    if start is None:
        raise invalid_field("start", N_("请选择借用开始日期。"))
    if end is None:
        raise invalid_field("end", N_("请选择归还日期。"))
    if start < today:
        raise invalid_field("start", N_("开始日期不能早于今天。"))
    if end < start:
        raise invalid_field("end", N_("归还日期不能早于开始日期。"))
    if (start - today).days > limits.ahead_days:
        raise invalid_field("start", N_("最多可提前%(days)d天预约。"), days=limits.ahead_days)
    _check_length((end - start).days + 1, limits)


def check_renewal(
    ends_on: dt.date, new_end: dt.date | None, renewals: int, today: dt.date, limits: OrderLimits
) -> None:
    """Refuse a renewal that comes too late, too often or for too long.

    Raises:
        Conflict: the loan is overdue or was renewed as often as is allowed.
        Invalid: the new last day is missing, not later, or too late.
    """
    if today > ends_on:
        raise Conflict(
            N_("借用已于%(day)s到期，逾期不能续借，请先归还。"), code="overdue", day=ends_on.isoformat()
        )
    if renewals >= limits.most_renewals:
        raise Conflict(
            N_("已续借%(times)d次，不能再续。请归还后重新申请。"), code="renewed_out", times=renewals
        )
    if new_end is None or new_end <= ends_on:
        raise invalid_field("end", N_("新的归还日期应晚于%(day)s。"), day=ends_on.isoformat())
    _check_length((new_end - ends_on).days, limits)


def _check_length(days: int, limits: OrderLimits) -> None:
    if days > limits.longest_days:
        raise invalid_field(
            "end", N_("一次最多借%(limit)d天，您选了%(days)d天。"), limit=limits.longest_days, days=days
        )
