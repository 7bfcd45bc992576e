"""工作日历: a year at a glance, and changing it."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from sqlalchemy import select

from marketplace.db.calendar import CalendarDay
from marketplace.db.session import transaction
from marketplace.domain.permissions import Role
from marketplace.reference.working_days import load_holidays
from marketplace.use_cases import calendar
from tests.web.conftest import Visitor, World

PAGE = "/admin/calendar"
DAY = {
    "first": "2026-11-03",
    "last": "2026-11-04",
    "what": "rest",
    "name": "防汛演练",
    "version": "0",
    "year": "2026",
}


@pytest.fixture
def admin(world: World) -> Visitor:
    """The city's system administrator, on the calendar with the schedules of this release."""
    with transaction(world.sessions) as session:
        load_holidays(session)
    visitor = world.signed_in(Role.SYSTEM_ADMINISTRATOR, at="330000")
    visitor.get(PAGE)
    return visitor


def _named(world: World, year: int = 2026) -> set[str]:
    with world.sessions() as session:
        return {span.name for span in calendar.spans_of(session, year)}


def _day(world: World, day: str) -> CalendarDay | None:
    with world.sessions() as session:
        return session.scalar(select(CalendarDay).where(CalendarDay.day == dt.date.fromisoformat(day)))


def test_a_year_shows_what_is_off_and_what_is_worked(admin: Visitor) -> None:
    page = admin.get(PAGE, query_string={"year": 2026}).text
    assert page.count('class="month"') == 12
    assert 'aria-label="2026年10月1日，国庆节，休息"' in page
    assert 'aria-label="2026年9月20日，国庆节调休上班，上班"' in page
    assert "国办发明电〔2025〕7号" in page
    # Written in the day, not only coloured.
    assert page.count('<b aria-hidden="true">休</b></a>') == 33
    assert page.count('<b aria-hidden="true">班</b></a>') == 6


def test_the_years_without_an_official_schedule_are_named(admin: Visitor) -> None:
    page = admin.get(PAGE).text
    assert "缺少2027年的放假安排" in page
    assert "这些年份目前只按周末计算" in page
    assert "缺少" not in admin.get(PAGE, query_string={"year": 2026}).text.replace("缺少2027年的放假安排", "")


def test_a_year_beyond_the_calendar(admin: Visitor) -> None:
    assert admin.get(PAGE, query_string={"year": 2150}).status_code == 404


def test_days_are_named_and_the_change_taken_back(world: World, admin: Visitor) -> None:
    answer = admin.post(f"{PAGE}/days", DAY)
    assert (answer.status_code, answer.location) == (302, f"{PAGE}?year=2026")
    assert "防汛演练" in _named(world)
    undo = re.findall(r'action="([^"]+/undo)"', admin.get(answer.location).text)
    assert len(undo) == 1
    assert admin.post(undo[0], {"year": "2026"}).status_code == 302
    assert "防汛演练" not in _named(world)
    # A second time there is nothing to take back.
    admin.post(undo[0], {"year": "2026"})
    assert "刚改动过其中的日期" in admin.get(PAGE).text


def test_a_day_becomes_what_the_week_says(world: World, admin: Visitor) -> None:
    admin.post(f"{PAGE}/days", DAY | {"first": "2026-10-05", "last": "", "what": "week", "name": ""})
    assert _day(world, "2026-10-05") is None
    assert _day(world, "2026-10-06") is not None


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"first": "某天"}, "first", "应为日期"),
        ({"last": "2026-11-01"}, "last", "最后一天不能早于第一天"),
        ({"name": ""}, "name", "请填写名称"),
    ],
)
def test_a_mistake_stays_in_the_form(
    world: World, admin: Visitor, changes: dict[str, str], field: str, message: str
) -> None:
    before = _named(world)
    typed = DAY | changes
    answer = admin.post(f"{PAGE}/days", typed)
    assert (answer.status_code, message in answer.text) == (422, True)
    assert f'href="#field-{field}"' in answer.text
    assert all(f'value="{typed[name]}"' in answer.text for name in ("first", "last", "name"))
    assert _named(world) == before


def test_a_lost_update_is_refused_and_what_was_typed_stays(world: World, admin: Visitor) -> None:
    other = world.signed_in(Role.SYSTEM_ADMINISTRATOR, at="330000", name="郑启明")
    other.get(PAGE)
    assert other.post(f"{PAGE}/days", DAY).status_code == 302
    refused = admin.post(f"{PAGE}/days", DAY | {"name": "停电检修", "last": ""})
    assert refused.status_code == 409
    assert "郑启明刚改动过其中的日期" in refused.text
    assert 'value="停电检修"' in refused.text
    seen = re.search(r'name="version" value="(\d+)"', refused.text)[1]  # type: ignore[index]
    assert _day(world, "2026-11-03").name == "防汛演练"  # type: ignore[union-attr]
    again = admin.post(f"{PAGE}/days", DAY | {"name": "停电检修", "last": "", "version": seen})
    assert again.status_code == 302
    assert _named(world) >= {"停电检修", "防汛演练"}


SCHEDULE = "2031-01-01,休,元旦\n2031-01-04,班,元旦调休"


def test_a_schedule_is_pasted(world: World, admin: Visitor) -> None:
    data = {"schedule": SCHEDULE, "official": "1", "basis": "某发〔2030〕1号", "version": "0"}
    answer = admin.post(f"{PAGE}/import", data)
    assert answer.location == f"{PAGE}?year=2031"
    assert _named(world, 2031) == {"元旦", "元旦调休"}
    assert "缺少2027年的放假安排" in admin.get(answer.location).text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_schedule_comes_in_a_file(world: World, admin: Visitor, encoding: str) -> None:
    file = (io.BytesIO(f"日期,安排,名称\r\n{SCHEDULE}".encode(encoding)), "2031.csv")
    admin.post(f"{PAGE}/import", {"file": file, "version": "0"}, content_type="multipart/form-data")
    assert _named(world, 2031) == {"元旦", "元旦调休"}
    assert _day(world, "2031-01-04").working  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("schedule", "basis", "message"),
    [
        ("2031-01-01,休,元旦\n2031-02-30,休,春节", "某发〔2030〕1号", "第2行"),
        (SCHEDULE, "", "请填写通知的文号"),
    ],
)
def test_a_schedule_with_a_mistake_enters_nothing(
    world: World, admin: Visitor, schedule: str, basis: str, message: str
) -> None:
    data = {"schedule": schedule, "official": "1", "basis": basis, "version": "0"}
    answer = admin.post(f"{PAGE}/import", data)
    assert (answer.status_code, message in answer.text) == (422, True)
    assert schedule.splitlines()[0] in answer.text
    assert '<details class="card fold" open>' in answer.text
    assert _named(world, 2031) == set()
