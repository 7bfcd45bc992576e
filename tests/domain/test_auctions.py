"""The rules of auctions: what is proposed is lawful, and each thing that isn't is named with its article."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.domain.auction_rules import Rules, as_json, from_json, read_rules
from marketplace.domain.auction_terms import TERMS
from marketplace.domain.auctions import (
    AUCTION_STEPS,
    AuctionAction,
    AuctionState,
    LotTerms,
    Phase,
    Plan,
    auction_step,
    check,
    phase_of,
    propose_days,
    propose_deposit,
    propose_increment,
    propose_relist_price,
)
from marketplace.domain.calendar import Calendar
from marketplace.domain.errors import Conflict, Invalid
from marketplace.domain.notices import masked_winner

DAY = dt.timedelta(days=1)
ZONE = dt.timezone(dt.timedelta(hours=8))
NOTICED = dt.date(2026, 9, 1)
STARTS = dt.datetime(2026, 9, 9, 10, tzinfo=ZONE)
LOT = LotTerms(
    number=1,
    appraised=Decimal("50000.00"),
    start=Decimal("50000.00"),
    reserve=Decimal("50000.00"),
    deposit=Decimal("5000.00"),
    increment=Decimal("500.00"),
)
LAWFUL = Plan(
    noticed_on=NOTICED,
    viewing_from=dt.date(2026, 9, 7),
    viewing_until=dt.date(2026, 9, 8),
    starts=STARTS,
    ends=STARTS + DAY,
    lots=(LOT,),
    terms={term.name: "有" for term in TERMS},
)
MONEY = st.decimals("0.01", "99999999.99", places=2)


def found(plan: Plan, **days: bool) -> list[tuple[str, str]]:
    calendar = Calendar({dt.date.fromisoformat(day.replace("_", "-")[1:]): on for day, on in days.items()})
    return [(one.place, one.basis) for one in check(plan, calendar, Rules())]


def test_a_lawful_plan_has_no_breach() -> None:
    assert found(LAWFUL) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"noticed_on": dt.date(2026, 9, 2)}, []),
        ({"noticed_on": dt.date(2026, 9, 3)}, [("starts", "拍卖法第四十五条")]),
        ({"viewing_from": dt.date(2026, 9, 8)}, [("viewing_until", "拍卖法第四十八条")]),
        ({"viewing_until": dt.date(2026, 9, 9)}, [("viewing_until", "拍卖法第四十八条")]),
        ({"viewing_from": None}, [("viewing_from", "拍卖法第四十八条")]),
        ({"viewing_from": dt.date(2026, 8, 31)}, [("viewing_from", "拍卖法第四十八条")]),
        ({"ends": STARTS + dt.timedelta(hours=23)}, [("ends", "")]),
        ({"starts": None}, [("starts", "拍卖法第四十六条")]),
        ({"lots": ()}, [("lots", "拍卖法第四十六条")]),
        ({"terms": LAWFUL.terms | {"phone": " "}}, [("phone", "拍卖法第四十六条")]),
    ],
)
def test_each_breach_of_time_and_text_names_its_article(
    change: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert found(replace(LAWFUL, **change)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"start": Decimal("45000.00"), "reserve": None}, []),
        ({"start": Decimal("44999.99"), "reserve": None}, ["price_approval"]),
        ({"start": Decimal("44999.99"), "reserve": None, "price_approval": "江财资〔2026〕9号"}, []),
        ({"start": Decimal("30000.00"), "reserve": Decimal("45000.00"), "deposit": Decimal(3000)}, []),
        ({"appraised": None}, ["appraised"]),
        ({"last_price": Decimal("55000.00")}, []),
        ({"last_price": Decimal("60000.00")}, ["price_approval"]),
        ({"deposit": Decimal("10000.01")}, ["deposit"]),
        ({"increment": Decimal(0)}, ["increment"]),
        ({"items": 0}, ["items"]),
        ({"photos": 0}, ["photos"]),
    ],
)
def test_each_breach_of_a_lot_is_named(change: dict[str, Any], expected: list[str]) -> None:
    places = [place for place, _ in found(replace(LAWFUL, lots=(replace(LOT, **change),)))]
    assert places == [f"lot-1.{name}" for name in expected]


def test_bidding_starts_on_a_working_day() -> None:
    assert found(LAWFUL, _2026_09_09=False) == [("starts", "")]


@given(st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 31)), st.sets(st.integers(0, 40)))
def test_proposed_days_are_lawful_in_any_calendar(noticed: dt.date, off: set[int]) -> None:
    calendar = Calendar({noticed + DAY * after: False for after in off})
    days = propose_days(noticed, calendar, Rules())
    starts = dt.datetime.combine(days.starts, dt.time(10), ZONE)
    plan = replace(
        LAWFUL,
        noticed_on=noticed,
        viewing_from=days.viewing_from,
        viewing_until=days.viewing_until,
        starts=starts,
        ends=starts + DAY,
    )
    assert check(plan, calendar, Rules()) == []


@given(MONEY)
def test_proposed_amounts_break_no_rule(start: Decimal) -> None:
    lot = replace(
        LOT,
        appraised=start,
        start=start,
        reserve=start,
        deposit=propose_deposit(start, Rules()),
        increment=propose_increment(start, Rules()),
    )
    assert found(replace(LAWFUL, lots=(lot,))) == []
    again = replace(lot, start=propose_relist_price(start, Rules()), reserve=None, last_price=start)
    places = {place for place, _ in found(replace(LAWFUL, lots=(again,)))}
    assert "lot-1.price_approval" not in places


def test_the_phase_changes_at_the_moment_it_says() -> None:
    ends = STARTS + DAY
    moments = {
        STARTS - 3 * DAY: Phase.UPCOMING,
        STARTS - 2 * DAY: Phase.VIEWING,
        STARTS - dt.timedelta(seconds=1): Phase.VIEWING,
        STARTS: Phase.BIDDING,
        ends - dt.timedelta(seconds=1): Phase.BIDDING,
        ends: Phase.FINISHED,
    }
    for now, phase in moments.items():
        assert phase_of(dt.date(2026, 9, 7), STARTS, ends, now, now.date()) is phase, now


def test_every_state_and_action_is_in_the_table_or_refused() -> None:
    table = {(row.source, row.action): row.target for row in AUCTION_STEPS}
    for state in AuctionState:
        for action in AuctionAction:
            if (state, action) in table:
                assert auction_step(state, action).target is table[state, action]
            else:
                with pytest.raises(Conflict):
                    auction_step(state, action)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("", ""), ("李", "*"), ("张三", "张*"), ("张三丰", "张*丰"), ("江州商贸公司", "江****司")],
)
def test_buyers_are_masked(name: str, shown: str) -> None:
    assert masked_winner(name) == shown


def typed_rules(**changes: object) -> dict[str, str]:
    return {name: str(value) for name, value in (as_json(Rules()) | changes).items()}


def test_rules_are_read_as_they_are_kept() -> None:
    assert read_rules(typed_rules()) == from_json(as_json(Rules())) == from_json({}) == Rules()
    changed = read_rules(typed_rules(notice_days="15", approval_threshold="80万"))
    assert (changed.notice_days, changed.approval_threshold) == (15, Decimal("800000.00"))


@pytest.mark.parametrize(
    ("name", "basis"), [("notice_days", "拍卖法第四十五条"), ("exhibition_days", "拍卖法第四十八条")]
)
def test_rules_below_the_law_are_refused_with_the_article(name: str, basis: str) -> None:
    least = getattr(Rules(), name)
    with pytest.raises(Invalid) as refused:
        read_rules(typed_rules(**{name: least - 1}))
    assert [error.field for error in refused.value.fields] == [name]
    assert refused.value.basis == basis
    assert getattr(from_json({name: least - 1}), name) == least


@pytest.mark.parametrize(
    "change",
    [
        {"notice_days": "x"},
        {"bidding_hours": "0"},
        {"floor_percent": "101"},
        {"approval_threshold": "-1"},
        {"remittance_days": ""},
        {"deposit_percent": "30"},
    ],
)
def test_rules_out_of_bounds_are_refused(change: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        read_rules(typed_rules(**change))
    assert [error.field for error in refused.value.fields] == list(change)
