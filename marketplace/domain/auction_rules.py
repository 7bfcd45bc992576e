"""The numbers of disposals and auctions that places set for themselves, and the least that the law allows.

Domain rules, section 4: what is marked config is set by an administrator; 拍卖法 gives two of them a floor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from marketplace.domain.errors import FieldError, Invalid
from marketplace.domain.text import N_
from marketplace.domain.values import read_money

NOTICE_BASIS = "拍卖法第四十五条"
EXHIBITION_BASIS = "拍卖法第四十八条"
TREASURY_BASIS = "行政事业性国有资产管理条例第二十五条"
Number = int | Decimal


def _rule(default: int, *about: Any, **more: Any) -> Any:
    return field(default=default, metadata=_about(*about, **more))


def _about(
    label: str, unit: str, low: int, high: int, *, basis: str = "", law: bool = False
) -> dict[str, Any]:
    """``law``: ``low`` is what the law asks for at least, by the article in ``basis``."""
    return {"label": label, "unit": unit, "low": low, "high": high, "basis": basis, "law": law}


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of disposals and auctions; percentages are whole."""

    notice_days: int = _rule(7, N_("公告至拍卖日不少于"), N_("日"), 7, 90, basis=NOTICE_BASIS, law=True)
    exhibition_days: int = _rule(2, N_("拍卖前展示不少于"), N_("日"), 2, 60, basis=EXHIBITION_BASIS, law=True)
    floor_percent: int = _rule(90, N_("低于评估价的这一比例须重新报批"), "%", 1, 100)
    relist_percent: int = _rule(90, N_("再次上拍低于上次价格的这一比例须重新报批"), "%", 1, 100)
    deposit_percent: int = _rule(10, N_("保证金一般为起拍价的"), "%", 0, 100)
    most_deposit_percent: int = _rule(20, N_("保证金最多为起拍价的"), "%", 1, 100)
    increment_percent: int = _rule(1, N_("加价幅度约为起拍价的"), "%", 1, 20)
    bidding_hours: int = _rule(24, N_("竞价时间不少于"), N_("小时"), 1, 720)
    extension_minutes: int = _rule(5, N_("每次延时"), N_("分钟"), 1, 60)
    objection_days: int = _rule(5, N_("结果公示期"), N_("个工作日"), 1, 60)
    remittance_days: int = _rule(10, N_("收款后上缴国库的期限"), N_("个工作日"), 1, 120, basis=TREASURY_BASIS)
    approval_threshold: Decimal = field(
        default=Decimal("500000.00"),
        metadata=_about(N_("账面原值达到此数的处置由财政审批人批准"), N_("元"), 0, 1_000_000_000),
    )


FIELDS = fields(Rules)


def read_rules(given: Mapping[str, str]) -> Rules:
    """The rules as they were typed.

    Raises:
        Invalid: with one entry for each value out of bounds; what the law asks for is named by its article.
    """
    values: dict[str, Any] = {}
    wrong: list[FieldError] = []
    for one in FIELDS:
        read = _money if isinstance(one.default, Decimal) else _whole
        number = read(given.get(one.name, "").strip())
        if number is None or not one.metadata["low"] <= number <= one.metadata["high"]:
            wrong.append(_out_of_bounds(one.name, one.metadata, number))
        else:
            values[one.name] = number
    if not wrong and values["deposit_percent"] > values["most_deposit_percent"]:
        wrong.append(FieldError("deposit_percent", N_("一般的保证金不能超过最多的保证金。"), {}))
    if wrong:
        raise Invalid(
            N_("有 %(count)d 处需要修改"),
            fields=tuple(wrong),
            basis=next((str(one.params["basis"]) for one in wrong if "basis" in one.params), ""),
            count=len(wrong),
        )
    return Rules(**values)


def _out_of_bounds(name: str, about: Mapping[str, Any], number: Number | None) -> FieldError:
    bounds = {"low": about["low"], "high": about["high"]}
    if about["law"] and number is not None and number < about["low"]:
        return FieldError(
            name, N_("不能少于%(low)d：%(basis)s。"), {"low": about["low"], "basis": about["basis"]}
        )
    if about["unit"] == N_("元"):
        return FieldError(name, N_("应为%(low)d到%(high)d元之间的金额。"), bounds)
    return FieldError(name, N_("应为%(low)d到%(high)d之间的整数。"), bounds)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _money(text: str) -> Decimal | None:
    try:
        return read_money(text)
    except ValueError:
        return None


def as_json(rules: Rules) -> dict[str, Any]:
    """For keeping: amounts as text."""
    values = {one.name: getattr(rules, one.name) for one in FIELDS}
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def from_json(kept: Mapping[str, Any]) -> Rules:
    """What :func:`as_json` gave, never below the law; names of other releases are passed over."""
    values: dict[str, Any] = {}
    for one in FIELDS:
        value = kept.get(one.name, one.default)
        value = Decimal(value) if isinstance(one.default, Decimal) else value
        values[one.name] = max(value, one.metadata["low"]) if one.metadata["law"] else value
    return Rules(**values)
