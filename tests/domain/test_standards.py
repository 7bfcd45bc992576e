"""How much a standard allows, and which one holds."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from marketplace.domain.standards import Cap, Version, covers, has_served, in_force, is_over_price

DAY = dt.date(2026, 9, 1)
COPIERS = Cap(heads_each=20, beyond=100, heads_each_beyond=30)


@pytest.mark.parametrize(
    ("cap", "headcount", "allowed"),
    [
        (Cap(per_head=Decimal(1)), 7, 7),
        (Cap(per_head=Decimal("0.5")), 25, 12),
        (Cap(per_head=Decimal("0.03")), 33, 0),
        (Cap(per_head=Decimal("0.03")), 34, 1),
        (COPIERS, 1, 1),
        (COPIERS, 20, 1),
        (COPIERS, 21, 2),
        (COPIERS, 100, 5),
        (COPIERS, 101, 6),
        (COPIERS, 130, 6),
        (COPIERS, 131, 7),
        (Cap(), 50, None),
    ],
)
def test_what_a_unit_may_have(cap: Cap, headcount: int, allowed: int | None) -> None:
    assert cap.allowed(headcount) == allowed


NATIONAL = Version("national", "", dt.date(2016, 5, 17))
OLD = Version("old", "340000", dt.date(2013, 12, 31))
NEW = Version("new", "340000", dt.date(2026, 9, 2))
CITY = Version("city", "340100", dt.date(2020, 1, 1))


@pytest.mark.parametrize(
    ("region", "day", "code"),
    [
        ("330000", DAY, "national"),
        ("340200", DAY, "old"),
        ("340104", DAY, "city"),
        ("340200", DAY + dt.timedelta(days=1), "new"),
        ("340200", dt.date(2013, 1, 1), None),
    ],
)
def test_the_nearest_regions_newest_version_holds(region: str, day: dt.date, code: str | None) -> None:
    found = in_force([NATIONAL, OLD, NEW, CITY], region, day)
    assert (found.code if found else None) == code


def test_a_region_contains_its_places() -> None:
    assert covers("340000", "340104")
    assert covers("", "340104")
    assert not covers("340100", "340200")


def test_prices_are_capped_by_the_piece() -> None:
    assert not is_over_price(Decimal(5000), Decimal(10_000), 2)
    assert is_over_price(Decimal(5000), Decimal("10000.01"), 2)
    assert not is_over_price(None, Decimal(10**9))


@pytest.mark.parametrize(
    ("acquired_on", "served"),
    [(dt.date(2020, 9, 1), True), (dt.date(2020, 9, 2), False), (dt.date(2020, 2, 29), True), (None, False)],
)
def test_minimum_service_counts_whole_years(acquired_on: dt.date | None, served: bool) -> None:
    assert has_served(acquired_on, 6, DAY) is served
