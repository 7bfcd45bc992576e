"""What an administrator may set for orders and loans, with its bounds (domain rules, section 4: config)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from marketplace.domain.errors import FieldError, Invalid
from marketplace.domain.text import N_


def _limit(default: int, label: str, unit: str, low: int, high: int) -> Any:
    return field(default=default, metadata={"label": label, "unit": unit, "low": low, "high": high})


@dataclass(frozen=True, slots=True)
class OrderLimits:
    """Limits and deadlines of orders; days are working days where the name says so."""

    longest_days: int = _limit(180, N_("一次最多借用"), N_("天"), 1, 3650)
    most_renewals: int = _limit(2, N_("最多续借"), N_("次"), 0, 20)
    ahead_days: int = _limit(365, N_("最多提前预约"), N_("天"), 1, 1095)
    overdue_blocks: int = _limit(1, N_("有逾期未还时，不得再借"), "", 0, 1)
    answer_working_days: int = _limit(3, N_("轮候确认期限"), N_("个工作日"), 1, 30)
    correction_working_days: int = _limit(5, N_("退回补正期限"), N_("个工作日"), 1, 60)
    hand_over_working_days: int = _limit(10, N_("交接期限"), N_("个工作日"), 1, 90)
    recent_days: int = _limit(365, N_("“近期获得配置”指最近"), N_("天"), 1, 3650)


def read_limits(given: Mapping[str, str]) -> OrderLimits:
    """The limits as they were typed.

    Raises:
        Invalid: with one entry for each value that is no whole number within its bounds.
    """
    values: dict[str, int] = {}
    wrong: list[FieldError] = []
    for one in fields(OrderLimits):
        text = given.get(one.name, "").strip()
        low, high = one.metadata["low"], one.metadata["high"]
        if text.isascii() and text.isdigit() and len(text) < 6 and low <= int(text) <= high:
            values[one.name] = int(text)
        else:
            params = {"low": low, "high": high}
            wrong.append(FieldError(one.name, N_("应为%(low)d到%(high)d之间的整数。"), params))
    if wrong:
        raise Invalid(N_("有 %(count)d 处需要修改"), fields=tuple(wrong), count=len(wrong))
    return OrderLimits(**values)
