"""Amounts in capitals, as 支付结算办法 (annex 1) writes them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.domain.money import DIGITS, capitals

PLACES = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角整"),
        ("0.56", "伍角陆分"),
        ("1", "壹元整"),
        ("10", "壹拾元整"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("50010", "伍万零壹拾元整"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("10001000", "壹仟万壹仟元整"),
        ("10000100", "壹仟万零壹佰元整"),
        ("100000000", "壹亿元整"),
        ("100010000", "壹亿零壹万元整"),
        ("1000000001", "壹拾亿零壹元整"),
        ("10000000000000", "壹拾万亿元整"),
        ("1234567890123456.78", "壹仟贰佰叁拾肆万伍仟陆佰柒拾捌亿玖仟零壹拾贰万叁仟肆佰伍拾陆元柒角捌分"),
    ],
)
def test_capitals(amount: str, words: str) -> None:
    assert capitals(Decimal(amount)) == f"人民币{words}"


@pytest.mark.parametrize("amount", ["-0.01", "0.001", "10000000000000000", "NaN"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        capitals(Decimal(amount))


@given(st.integers(0, 10**18 - 1))
def test_capitals_say_the_amount_and_nothing_else(cents: int) -> None:
    words = capitals(Decimal(cents) / 100)
    assert "零零" not in words
    assert (words.endswith("整")) == (cents % 10 == 0)
    assert cents_of(words.removeprefix("人民币").removesuffix("整")) == cents


def cents_of(words: str) -> int:
    """Read capitals back."""
    yuan, _mark, change = words.rpartition("元") if "元" in words else ("", "", words)
    cents = number_of(yuan) * 100
    for sign, size in (("角", 10), ("分", 1)):
        if sign in change:
            cents += DIGITS.index(change[change.index(sign) - 1]) * size
    return cents


def number_of(words: str) -> int:
    if "亿" in words:
        high, low = words.split("亿")
        return number_of(high) * 10**8 + number_of(low)
    if "万" in words:
        high, low = words.split("万")
        return number_of(high) * 10**4 + number_of(low)
    total = digit = 0
    for character in words:
        if character in PLACES:
            total, digit = total + digit * PLACES[character], 0
        else:
            digit = DIGITS.index(character)
    return total + digit
