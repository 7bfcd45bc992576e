"""Counting working days, and reading a schedule as people write it."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.domain.calendar import Calendar, Span, joined, read_schedule, read_span
from marketplace.domain.errors import Invalid

DAYS = st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31))
CALENDARS = st.dictionaries(DAYS, st.booleans(), max_size=60).map(Calendar)
PLAIN = Calendar()


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_without_exceptions_the_week_decides() -> None:
    monday = _day("2026-09-07")
    worked = [PLAIN.is_working(monday + dt.timedelta(days=n)) for n in range(7)]
    assert worked == [True] * 5 + [False] * 2


def test_a_holiday_and_the_sunday_worked_for_it() -> None:
    calendar = Calendar({_day("2026-09-20"): True, **{dt.date(2026, 10, n): False for n in range(1, 8)}})
    assert calendar.is_working(_day("2026-09-20"))
    # Wednesday, then eight days off with the weekend, then Thursday.
    assert calendar.add_working_days(_day("2026-09-30"), 1) == _day("2026-10-08")
    assert calendar.working_days_between(_day("2026-09-18"), _day("2026-09-20")) == 1


def test_the_day_itself_does_not_count() -> None:
    friday = _day("2026-09-04")
    assert PLAIN.add_working_days(friday, 0) == friday
    assert PLAIN.add_working_days(friday, 1) == _day("2026-09-07")
    assert PLAIN.working_days_between(friday, friday) == 0


def test_days_are_not_counted_backwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        PLAIN.add_working_days(_day("2026-09-04"), -1)


@given(CALENDARS, DAYS, st.integers(0, 80))
def test_adding_and_counting_agree(calendar: Calendar, day: dt.date, count: int) -> None:
    assert calendar.working_days_between(day, calendar.add_working_days(day, count)) == count


@given(CALENDARS, DAYS, st.integers(1, 80))
def test_a_deadline_is_a_working_day_and_the_first_that_fits(
    calendar: Calendar, day: dt.date, count: int
) -> None:
    end = calendar.add_working_days(day, count)
    assert calendar.is_working(end)
    assert calendar.working_days_between(day, end - dt.timedelta(days=1)) == count - 1


@given(CALENDARS, DAYS, DAYS, DAYS)
def test_spans_add_up_in_any_direction(calendar: Calendar, a: dt.date, b: dt.date, c: dt.date) -> None:
    between = calendar.working_days_between
    assert between(a, b) + between(b, c) == between(a, c)


@given(CALENDARS, DAYS, st.integers(0, 40), st.integers(0, 40))
def test_adding_in_two_steps_is_adding_at_once(
    calendar: Calendar, day: dt.date, one: int, other: int
) -> None:
    add = calendar.add_working_days
    assert add(add(day, one), other) == add(day, one + other)


def test_neighbouring_days_of_one_occasion_are_one_span() -> None:
    days = [Span(_day(f"2026-10-0{n}"), _day(f"2026-10-0{n}"), False, "国庆节") for n in (3, 1, 2)]
    other = Span(_day("2026-10-04"), _day("2026-10-04"), True, "值守")
    assert [(span.length, span.name) for span in joined([*days, other])] == [(3, "国庆节"), (1, "值守")]


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-14,班,春节调休\n2026-02-15~2026-02-23,休,春节",
        "日期,安排,名称\n2026/2/14，上班，春节调休\n2026年2月15日至2026年2月23日；放假；春节\n",
        "\ufeff20260214\twork\t春节调休\n\n20260215 to 20260223\trest\t春节",
    ],
)
def test_a_schedule_is_read_as_people_write_it(text: str) -> None:
    assert read_schedule(text) == [
        Span(_day("2026-02-14"), _day("2026-02-14"), True, "春节调休"),
        Span(_day("2026-02-15"), _day("2026-02-23"), False, "春节"),
    ]


@pytest.mark.parametrize(
    ("text", "row", "message"),
    [
        ("2026-02-14,班", 1, "应为“日期,休或班,名称”"),
        ("2026-02-14,班,调休\n2026-02-30,休,春节", 2, "应为日期"),
        ("2026-02-14,也许,春节", 1, "应为“休”或“班”"),
        ("2026-02-23~2026-02-15,休,春节", 1, "最后一天不能早于第一天"),
        ("2026-02-15~2026-09-23,休,春节", 1, "一次最多设置"),
        (f"2026-02-15,休,{'长' * 31}", 1, "请填写名称"),
        ("", 0, "请填写1至%(count)d行安排"),
        ("2026-02-15,休,春节\n" * 101, 0, "请填写1至%(count)d行安排"),
        ("2026-02-15~2026-02-17,休,春节\n2026-02-17,班,调休", 0, "在两行中都有安排"),
    ],
)
def test_what_is_wrong_in_a_schedule_is_named_by_line(text: str, row: int, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_schedule(text)
    (place,) = caught.value.fields
    assert (place.row, message in place.message) == (row, True)


def test_a_span_without_a_last_day_is_one_day() -> None:
    assert read_span("2026-03-03", " ", False, " 三月三 ") == Span(
        _day("2026-03-03"), _day("2026-03-03"), False, "三月三"
    )
