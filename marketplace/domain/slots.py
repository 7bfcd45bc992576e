"""Which pieces of a card are free.

A card of twenty equal things has the pieces 0 to 19. A reservation takes pieces for a span of days, and
the database forbids that two take the same piece on the same day. Which piece of paper stands for which
chair doesn't matter; that nothing is promised twice does.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from marketplace.domain.errors import Conflict
from marketplace.domain.text import N_

Span = tuple[int, int]
"""Pieces from the first up to, not including, the second."""


def free_spans(taken: Iterable[Span], offered: int) -> list[Span]:
    """What is left of the pieces ``0 … offered``."""
    free, start = [], 0
    for first, end in sorted(taken):
        if first > start:
            free.append((start, min(first, offered)))
        start = max(start, end)
    if start < offered:
        free.append((start, offered))
    return [(first, end) for first, end in free if first < end]


def allot(taken: Iterable[Span], offered: int, wanted: int) -> list[Span]:
    """The first free pieces that make up ``wanted``.

    Raises:
        Conflict: fewer are free; ``free`` says how many.
    """
    free = free_spans(taken, offered)
    available = sum(end - first for first, end in free)
    if available < wanted:
        raise Conflict(
            N_("可用数量不足：现可用%(free)d，申请%(wanted)d。"),
            code="not_available",
            free=available,
            wanted=wanted,
        )
    given: list[Span] = []
    for first, end in free:
        take = min(end - first, wanted)
        given.append((first, first + take))
        wanted -= take
        if not wanted:
            break
    return given


def share(amount: Decimal, pieces: int, of: int) -> Decimal:
    """The part of a card's value that falls to some of its pieces, in CNY, rounded to the cent.

    The rest is what remains of the whole, so that the two always add up to it.
    """
    return (amount * pieces / of).quantize(Decimal("0.01"), ROUND_HALF_UP) if pieces < of else amount
