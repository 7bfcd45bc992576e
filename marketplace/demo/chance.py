"""Chance that repeats: the same seed gives the same demo on every machine."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

Dice = random.Random


def dice(seed: int, purpose: str) -> Dice:
    """A source of chance for one purpose, so that a change of one part leaves the others as they are."""
    return random.Random(f"{seed}/{purpose}")  # noqa: S311 - nothing secret hangs on it


def weighted(chance: Dice, weights: Mapping[T, float]) -> T:
    """One of the keys, as often as its weight says."""
    return chance.choices(tuple(weights), tuple(weights.values()))[0]


def day_between(chance: Dice, first: dt.date, last: dt.date) -> dt.date:
    """Any day from ``first`` to ``last``."""
    return first + dt.timedelta(days=chance.randint(0, max(0, (last - first).days)))


def apportion(shares: Sequence[int], total: int) -> list[int]:
    """Whole numbers in proportion to ``shares`` that add up to ``total`` (largest remainders)."""
    exact = [share * total / sum(shares) for share in shares]
    counts = [int(part) for part in exact]
    by_remainder = sorted(range(len(shares)), key=lambda at: counts[at] - exact[at])
    for at in by_remainder[: total - sum(counts)]:
        counts[at] += 1
    return counts
