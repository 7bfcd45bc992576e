"""Keeping the calendar, on the real database."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db.audit import AuditEntry
from marketplace.db.calendar import CalendarChange, CalendarDay, load_calendar
from marketplace.db.people import User
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.calendar import Span
from marketplace.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from marketplace.domain.permissions import Actor, Grant, Role
from marketplace.reference.working_days import holidays, load_holidays
from marketplace.use_cases import calendar
from tests import factories
from tests.conftest import NOW

DAY = dt.date(2026, 11, 3)
FLOOD = Span(DAY, DAY + dt.timedelta(days=1), False, "防汛演练")


@pytest.fixture
def admin(session: Session) -> Actor:
    load_holidays(session)
    return _admin(session)


def _admin(session: Session) -> Actor:
    city = factories.unit(session)
    user = factories.user(session, city, Role.SYSTEM_ADMINISTRATOR)
    return factories.actor((Role.SYSTEM_ADMINISTRATOR, city), user=user)


def _changes(session: Session) -> int:
    return session.scalar(select(func.count(CalendarChange.id))) or 0


def test_a_span_is_named_counted_and_written_down(session: Session, admin: Actor) -> None:
    change = calendar.set_days(session, admin, NOW, 0, FLOOD)
    found = load_calendar(session)
    assert not found.is_working(DAY)
    assert found.working_days_between(DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=2)) == 1
    assert FLOOD in calendar.spans_of(session, 2026)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "calendar.set")).one()
    assert (entry.object_id, entry.actor_id) == (change.id, admin.user_id)
    assert entry.before == {"2026-11-03": None, "2026-11-04": None}
    assert entry.after["2026-11-03"]["name"] == "防汛演练"


def test_a_day_becomes_ordinary_again(session: Session, admin: Actor) -> None:
    holiday = dt.date(2026, 10, 5)
    calendar.clear_days(session, admin, NOW, 0, holiday, holiday)
    assert load_calendar(session).is_working(holiday)
    assert session.get(CalendarDay, holiday) is None


def test_a_change_is_taken_back_exactly_once(session: Session, admin: Actor) -> None:
    holiday = dt.date(2026, 10, 5)
    before = calendar.spans_of(session, 2026)
    change = calendar.set_days(session, admin, NOW, 0, Span(holiday, holiday, True, "值守"))
    reverse = calendar.undo(session, admin, NOW, change.id)
    assert calendar.spans_of(session, 2026) == before
    assert calendar.undone(session, [change, reverse]) == {change.id}
    with pytest.raises(Conflict):
        calendar.undo(session, admin, NOW, change.id)
    calendar.undo(session, admin, NOW, reverse.id)
    assert load_calendar(session).is_working(holiday)


def test_what_was_changed_again_is_not_taken_back(session: Session, admin: Actor) -> None:
    change = calendar.set_days(session, admin, NOW, 0, FLOOD)
    calendar.clear_days(session, admin, NOW, change.id, DAY, DAY)
    with pytest.raises(Conflict, match="刚改动过其中的日期"):
        calendar.undo(session, admin, NOW, change.id)
    assert load_calendar(session).is_working(DAY)


def test_a_change_made_over_an_unseen_one_is_refused_and_elsewhere_is_not(
    session: Session, admin: Actor
) -> None:
    seen = calendar.version(session)
    calendar.set_days(session, admin, NOW, seen, FLOOD)
    with pytest.raises(Conflict) as caught:
        calendar.set_days(session, admin, NOW, seen, Span(FLOOD.last, FLOOD.last, True, "上班"))
    assert caught.value.code == "version_conflict"
    assert _changes(session) == 1
    day = dt.date(2026, 12, 1)
    calendar.set_days(session, admin, NOW, seen, Span(day, day, False, "停电"))
    assert _changes(session) == 2


def test_nothing_to_change_is_said(session: Session, admin: Actor) -> None:
    with pytest.raises(Invalid, match="没有改动"):
        calendar.clear_days(session, admin, NOW, 0, DAY, DAY)
    assert _changes(session) == 0


def test_a_schedule_names_its_document(session: Session, admin: Actor) -> None:
    spans = [Span(dt.date(2031, 1, 1), dt.date(2031, 1, 1), False, "元旦")]
    with pytest.raises(Invalid, match="请填写通知的文号"):
        calendar.import_schedule(session, admin, NOW, 0, spans, official=True, basis=" ")
    assert calendar.official_years(session) == [2025, 2026]
    calendar.import_schedule(session, admin, NOW, 0, spans, official=True, basis="某发〔2030〕1号")
    assert calendar.official_years(session) == [2025, 2026, 2031]
    assert [span.basis for span in calendar.spans_of(session, 2031)] == ["某发〔2030〕1号"]


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SYSTEM_ADMINISTRATOR}))
def test_others_change_nothing(session: Session, role: Role) -> None:
    other = Actor(user_id=1, name="a", grants=(Grant(role, 1, (1,)),))
    with pytest.raises(NotAllowed):
        calendar.set_days(session, other, NOW, 0, FLOOD)
    with pytest.raises(NotAllowed):
        calendar.undo(session, other, NOW, 1)
    assert _changes(session) == 0


def test_a_change_that_is_not_there(session: Session, admin: Actor) -> None:
    with pytest.raises(NotFound):
        calendar.undo(session, admin, NOW, 999_999)


def test_two_administrators_at_once(sessions: SessionFactory) -> None:
    with transaction(sessions) as session:
        _admin(session)
        _admin(session)

    def attempt(user_id: int, name: str) -> str:
        actor = Actor(user_id=user_id, name=name, grants=(Grant(Role.SYSTEM_ADMINISTRATOR, 1, (1,)),))
        try:
            with transaction(sessions) as session:
                calendar.set_days(session, actor, NOW, 0, Span(DAY, DAY, False, name))
        except Conflict:
            return ""
        return name

    with sessions() as session:
        users = session.scalars(select(User.id)).all()
    with ThreadPoolExecutor(2) as pool:
        won = [name for name in pool.map(attempt, users, ("甲", "乙")) if name]
    with sessions() as session:
        assert [span.name for span in calendar.spans_of(session, 2026)] == won
        assert _changes(session) == len(won) == 1


def test_the_schedules_of_a_release_are_whole() -> None:
    spans = holidays()
    off = {2025: 28, 2026: 33}
    worked = {2025: 5, 2026: 6}
    for year in (2025, 2026):
        of_year = [span for span in spans if span.first.year == year]
        assert sum(span.length for span in of_year if not span.working) == off[year]
        assert sum(span.length for span in of_year if span.working) == worked[year]
        assert {span.basis for span in of_year} == {of_year[0].basis}
        # Days worked in exchange are days that the week would give.
        assert all(span.first.weekday() >= 5 for span in of_year if span.working)
    assert {span.first.year for span in spans} == {2025, 2026}


def test_loading_again_leaves_the_administrators_days(session: Session, admin: Actor) -> None:
    holiday = dt.date(2026, 10, 5)
    calendar.clear_days(session, admin, NOW, 0, holiday, holiday)
    calendar.set_days(session, admin, NOW, 0, FLOOD)
    before = calendar.spans_of(session, 2026)
    load_holidays(session)
    assert calendar.spans_of(session, 2026) == before
