"""Reading values as people write them: money, dates, whole numbers, words from a list.

One reader for forms, the interface and imported registers, so the same cell means the same
everywhere. Each function takes text (or the value a spreadsheet already decoded) and returns the
value, or raises ``ValueError`` with a translatable message that says what would be accepted.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from marketplace.domain.text import N_, normalise

EXCEL_EPOCH = dt.date(1899, 12, 30)
"""Day 0 of spreadsheet serials; the fictitious 29 February 1900 lies before any date we accept."""
EARLIEST = dt.date(1900, 3, 1)
LATEST = dt.date(2100, 12, 31)
MAX_MONEY = Decimal("9999999999999999.99")

T = TypeVar("T", bound=StrEnum)

_DATE_PATTERNS = (
    re.compile(r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*日?(?:[ T].*)?"),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:\d{6})?"),
    re.compile(r"(?P<d>\d{1,2})[-/](?P<m>\d{1,2})[-/](?P<y>\d{4})(?: .*)?"),
    re.compile(r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*月?"),
)
_MONEY_NOISE = re.compile(r"[,\s¥¥$]|人民币|CNY|RMB|元", re.IGNORECASE)


def read_money(value: object) -> Decimal:
    """An amount in CNY with two decimals; accepts ``1,234.50``, ``¥1234.5``, ``1.2万元``.

    Raises:
        ValueError: not a number, negative, or more than two decimals.
    """
    text = _MONEY_NOISE.sub("", normalise(str(value)))
    factor = Decimal(10_000) if text.endswith("万") else Decimal(1)
    try:
        amount = Decimal(text.removesuffix("万")) * factor
    except InvalidOperation:
        raise ValueError(N_("应为金额，如 12,800.00")) from None
    if not amount.is_finite() or amount < 0:
        raise ValueError(N_("金额不能为负数"))
    if amount > MAX_MONEY:
        raise ValueError(N_("金额过大，请核对单位是否为元"))
    # Spreadsheets store 1698.56 as 1698.5599999999999: a float is rounded, typed text is not.
    exact = amount.quantize(Decimal("0.01"))
    if exact != amount and not isinstance(value, float):
        raise ValueError(N_("金额最多两位小数"))
    return exact


def read_integer(value: object) -> int:
    """A whole number of one or more; accepts ``20``, ``20.0`` and ``1,000``.

    Raises:
        ValueError: it is not one.
    """
    try:
        number = Decimal(normalise(str(value)).replace(",", ""))
        whole = int(number)
    except (InvalidOperation, ValueError, OverflowError):
        raise ValueError(N_("应为整数，如 1")) from None
    if whole != number or not 1 <= whole <= 1_000_000_000:
        raise ValueError(N_("应为大于0的整数"))
    return whole


def read_decimal(value: object) -> Decimal:
    """A measure of zero or more with at most two decimals (area, displacement, kilometres).

    Raises:
        ValueError: it is not one.
    """
    try:
        number = Decimal(normalise(str(value)).replace(",", ""))
    except InvalidOperation:
        raise ValueError(N_("应为数字，如 120.5")) from None
    if not number.is_finite() or not 0 <= number < 10_000_000_000:
        raise ValueError(N_("应为不小于0的数字"))
    return number.quantize(Decimal("0.01"))


def read_date(value: object) -> dt.date:
    """A day, from any of the shapes registers use: 2013-1-1, 20130101, 2013年1月, a spreadsheet serial.

    A month without a day means its first day, as the field's ledgers do.

    Raises:
        ValueError: no such day, or outside 1900 to 2100.
    """
    day = _read_day(value)
    if day is None or not EARLIEST <= day <= LATEST:
        raise ValueError(N_("应为日期，如 2013-01-01"))
    return day


def _read_day(value: object) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    text = normalise(str(value)).upper()
    for pattern in _DATE_PATTERNS:
        if match := pattern.fullmatch(text):
            return _day_of(match)
    if re.fullmatch(r"\d{4,5}(\.\d+)?", text):
        return _day_of_serial(float(text))
    return None


def _day_of(match: re.Match[str]) -> dt.date | None:
    parts = match.groupdict()
    try:
        return dt.date(int(parts["y"]), int(parts["m"]), int(parts.get("d") or 1))
    except ValueError:
        return None


def _day_of_serial(serial: float) -> dt.date | None:
    """Five digits are a spreadsheet's serial (from 1927 on); four are a year."""
    if serial < 10_000:
        return dt.date(int(serial), 1, 1)
    return EXCEL_EPOCH + dt.timedelta(days=int(serial))


def read_choice(value: object, words: Mapping[T, tuple[str, ...]]) -> T:
    """A word from a list, by its code or any name it goes by; the first name is the one shown.

    Raises:
        ValueError: the word is not in the list.
    """
    wanted = normalise(str(value))
    for code, names in words.items():
        if wanted == code or any(wanted == normalise(name) for name in names):
            return code
    raise ValueError(N_("不在可选值之内"))
