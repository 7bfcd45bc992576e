"""Allocation standards (配置标准): how many a unit may have, at what price, and how long they must serve.

A version holds for a region from a day on. National ones have no region; where the region has a version
of its own, that one holds (domain rules, section 5).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Cap:
    """How many a unit may have; a standard that counts anything else than its staff has none."""

    per_head: Decimal | None = None
    """So many for each member of staff; a part of a piece is none."""
    heads_each: int | None = None
    """One for each group of so many, a smaller last group included."""
    beyond: int | None = None
    """Staff above this number is grouped by ``heads_each_beyond``."""
    heads_each_beyond: int | None = None

    def allowed(self, headcount: int) -> int | None:
        """Pieces for so many people (编制内实有人数); None where it depends on something else."""
        if self.per_head is not None:
            return math.floor(self.per_head * headcount)
        if self.heads_each is None:
            return None
        if self.beyond is None or self.heads_each_beyond is None or headcount <= self.beyond:
            return math.ceil(headcount / self.heads_each)
        above = math.ceil((headcount - self.beyond) / self.heads_each_beyond)
        return math.ceil(self.beyond / self.heads_each) + above


@dataclass(frozen=True, slots=True)
class Version:
    """A standard as it was issued."""

    code: str
    region_code: str
    """GB/T 2260; empty for a national one."""
    effective_on: dt.date


def in_force(versions: Iterable[Version], region_code: str, day: dt.date) -> Version | None:
    """The version that holds in a region on a day: the nearest region's, and of these the newest."""
    held = [
        version
        for version in versions
        if version.effective_on <= day and covers(version.region_code, region_code)
    ]
    return max(held, key=lambda one: (len(_stem(one.region_code)), one.effective_on, one.code), default=None)


def covers(region: str, place: str) -> bool:
    """Whether a region (a province, a city, a district) contains a place."""
    return place.startswith(_stem(region))


def _stem(region_code: str) -> str:
    """What the codes of all places in the region begin with: pairs of zeros stand for the whole."""
    stem = region_code
    while stem.endswith("00"):
        stem = stem[:-2]
    return stem


def is_over_price(price_cap: Decimal | None, price: Decimal, quantity: int = 1) -> bool:
    """Whether so many pieces cost more than the standard allows; never without a cap."""
    return price_cap is not None and price > price_cap * quantity


def has_served(acquired_on: dt.date | None, minimum_years: int, today: dt.date) -> bool:
    """Whether an asset has reached its minimum service life (最低使用年限); not where its age isn't known."""
    if acquired_on is None:
        return False
    return (today.year - minimum_years, today.month, today.day) >= (
        *(acquired_on.year, acquired_on.month, acquired_on.day),
    )
