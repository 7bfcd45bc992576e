"""What a cell holds, as text and in the one form that does not depend on the file's format.

A spreadsheet hands out numbers and dates already decoded, a text file only text. Both must read the
same, so that a register gives the same cards whether it was saved as .xlsx or as .csv.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal, InvalidOperation

Cell = str | int | float | dt.date | dt.datetime
"""A cell as the readers yield it; an empty one is the empty text."""

EXACT_DIGITS = 15
"""Spreadsheets keep numbers to this many digits; what was beyond them is lost."""

_FORMULA_STARTS = (*"=+-@＝＋－＠", "\t", "\r", "\n", "'")
"""What spreadsheet programs begin a formula with; in Chinese ones also the wide forms."""
_MARK = "'"

_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|0|[1-9]\d*)(?:\.\d+)?")
_DAY = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日)"
    r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)


def is_blank(cell: Cell) -> bool:
    """Whether nothing is written in the cell."""
    return cell == "" or (isinstance(cell, str) and not cell.strip())


def as_text(cell: Cell) -> str:
    """The cell as its reader would write it: whole numbers without a point, days as 2013-01-01."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, dt.datetime):
        day, clock = cell.date().isoformat(), cell.time()
        return f"{day} {clock.isoformat()}" if clock != dt.time() else day
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return plain_number(cell)


def plain_number(number: int | float) -> str:
    """A number as people type it: no exponent, no trailing zeros, no digit that was not meant."""
    if isinstance(number, int) or number.is_integer():
        return str(int(number))
    return f"{Decimal(f'{number:.{EXACT_DIGITS}g}'):f}"


def canonical(cell: Cell) -> str:
    """The same text for the same content, however the format wrote it.

    ``1,698.50`` and the number 1698.5 are one, and so are ``2013/1/1``, ``2013-01-01 00:00:00`` and the
    decoded day. Of a moment only the day counts, because formats round its seconds differently. Text
    that a spreadsheet would not take for a number (``007``) stays itself.
    """
    if isinstance(cell, dt.date):
        return cell.isoformat()[:10]
    text = " ".join(unicodedata.normalize("NFKC", as_text(cell)).split())
    if not text or not (text[0].isdigit() or text[0] in "+-"):
        return text
    if _NUMBER.fullmatch(text):
        return _canonical_number(text)
    if match := _DAY.fullmatch(text):
        return _canonical_day(match)
    return text


def _canonical_number(text: str) -> str:
    digits = text.replace(",", "").removeprefix("+")
    if sum(map(str.isdigit, digits)) > EXACT_DIGITS:
        return text
    try:
        return f"{Decimal(digits).normalize():f}"
    except InvalidOperation:
        return text


def _canonical_day(match: re.Match[str]) -> str:
    year, *parts = match.groups()
    month, day = (part for part in parts if part is not None)
    return f"{year}-{int(month):02}-{int(day):02}"


def mark_formula(text: str) -> str:
    """Text that no spreadsheet program runs as a formula when it opens a text file.

    The mark is the apostrophe that spreadsheets use for it; :func:`unmark_formula` takes it away again.
    """
    return _MARK + text if text.startswith(_FORMULA_STARTS) else text


def unmark_formula(text: str) -> str:
    """What :func:`mark_formula` was given."""
    return text[1:] if text[:1] == _MARK and text[1:].startswith(_FORMULA_STARTS) else text
