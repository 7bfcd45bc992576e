"""Amounts of money in capitals (人民币大写), as a paper that moves property writes them.

The rules are those for filling in bills and settlement vouchers (支付结算办法, 银发〔1997〕393号, annex 1).
Where they leave a choice, no 零 is written: 柒仟元伍角, 壹拾亿壹仟万.
"""

from __future__ import annotations

from decimal import Decimal

DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_LARGEST = Decimal(10) ** 16


def capitals(amount: Decimal) -> str:
    """``Decimal("107000.53")`` → 人民币壹拾万柒仟元伍角叁分; whole yuan and whole jiao end with 整.

    Raises:
        ValueError: negative, finer than a cent, or 10,000,000,000,000,000 yuan and more.
    """
    if not 0 <= amount < _LARGEST or amount != amount.quantize(Decimal("0.01")):
        raise ValueError(f"no amount to write in capitals: {amount}")
    yuan, cents = divmod(int(amount * 100), 100)
    jiao, fen = divmod(cents, 10)
    whole = f"{_whole(yuan)}元" if yuan else ""
    return f"人民币{whole}{_change(jiao, fen, bool(yuan))}" if yuan or cents else "人民币零元整"


def _change(jiao: int, fen: int, after_yuan: bool) -> str:
    """What stands behind 元."""
    if not fen:
        return f"{DIGITS[jiao]}角整" if jiao else "整"
    if jiao:
        return f"{DIGITS[jiao]}角{DIGITS[fen]}分"
    return f"{'零' if after_yuan else ''}{DIGITS[fen]}分"


def _whole(number: int) -> str:
    """A whole number above zero; 亿 counts what lies above eight digits, 万 what lies above four."""
    for size, name in ((10**8, "亿"), (10**4, "万")):
        if number >= size:
            high, low = divmod(number, size)
            return f"{_whole(high)}{name}{_rest(low, size)}"
    return _below_ten_thousand(number)


def _rest(number: int, size: int) -> str:
    """What follows 亿 or 万: a gap in its highest place is read as one 零."""
    if not number:
        return ""
    return f"{'零' if number < size // 10 else ''}{_whole(number)}"


def _below_ten_thousand(number: int) -> str:
    text, gap = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            text += f"{'零' if gap else ''}{DIGITS[digit]}{_PLACES[place]}"
            gap = False
        else:
            gap = bool(text)
    return text
