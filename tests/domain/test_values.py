"""Reading what people write in cells and forms."""

from __future__ import annotations

import contextlib
import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.domain import values
from marketplace.domain.assets import CONDITIONS, Condition

DAYS = st.dates(values.EARLIEST, values.LATEST)


@pytest.mark.parametrize(
    "written",
    [
        "2013-1-1",
        "2013-01-01",
        "20130101",
        "20130101000000",
        "2013/1/1",
        "2013.1.1",
        "2013年1月1日",
        "2013年1月",
        "2013-01",
        "2013",
        "2013-01-01 08:04:47.999000",
        "2013-01-01T08:04:47",
        "41275",
        "41275.5",
        41275,
        41275.75,
        dt.date(2013, 1, 1),
        dt.datetime(2013, 1, 1, 8, 4, tzinfo=dt.UTC),
    ],
)
def test_every_shape_of_a_date_is_read(written: object) -> None:
    assert values.read_date(written) == dt.date(2013, 1, 1)


@pytest.mark.parametrize(
    "written", ["2013-13-01", "2013-02-30", "昨天", "99999999", "1", "0", "1899-01-01", "1-1-1"]
)
def test_what_is_no_date_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="应为日期"):
        values.read_date(written)


@given(DAYS)
def test_a_date_survives_each_way_of_writing(day: dt.date) -> None:
    serial = (day - values.EXCEL_EPOCH).days
    for written in (
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y/%m/%d}",
    ):
        assert values.read_date(written) == day
    if serial >= 10_000:
        assert values.read_date(serial) == day


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("12800", "12800.00"),
        ("12,800.00", "12800.00"),
        ("¥1,234.5", "1234.50"),
        ("1.2万元", "12000.00"),
        ("12800元", "12800.00"),
        (1698.56, "1698.56"),
        (1698.5600000000002, "1698.56"),
        (0, "0.00"),
    ],
)
def test_amounts_are_read_exactly(written: object, amount: str) -> None:
    assert str(values.read_money(written)) == amount


@pytest.mark.parametrize("written", ["-1", "1.234", "abc", "nan", "inf", "1e30", "--", "1.2.3"])
def test_what_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        values.read_money(written)


@given(st.decimals(0, values.MAX_MONEY, places=2))
def test_an_amount_survives_being_written(amount: Decimal) -> None:
    assert values.read_money(f"{amount:,.2f}") == amount
    assert values.read_money(str(amount)) == amount


@pytest.mark.parametrize(
    ("written", "whole"), [("20", 20), ("20.0", 20), ("1,000", 1000), (3.0, 3), ("２０", 20)]
)
def test_whole_numbers(written: object, whole: int) -> None:
    assert values.read_integer(written) == whole


@pytest.mark.parametrize("written", ["0", "-3", "2.5", "x", "1e99", "inf", "nan"])
def test_no_whole_numbers(written: str) -> None:
    with pytest.raises(ValueError):
        values.read_integer(written)


@given(st.text(max_size=30))
def test_readers_raise_nothing_but_value_errors(text: str) -> None:
    for read in (values.read_money, values.read_integer, values.read_decimal, values.read_date):
        with contextlib.suppress(ValueError):
            read(text)


def test_a_word_is_known_by_its_code_and_all_its_names() -> None:
    for word in ("good", "良好", "完好", " 正常 "):
        assert values.read_choice(word, CONDITIONS) is Condition.GOOD
    with pytest.raises(ValueError):
        values.read_choice("不知道", CONDITIONS)
