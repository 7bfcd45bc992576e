"""Keeping the calendar: naming days, entering a schedule, taking a change back. By system administrators."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, extract, func, select
from sqlalchemy.dialects.postgresql import array, insert
from sqlalchemy.orm import Session, joinedload

from marketplace.db.calendar import CalendarChange, CalendarDay
from marketplace.domain.calendar import Span, days_from, joined
from marketplace.domain.errors import Conflict, NotAllowed, NotFound, invalid_field
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.text import N_, clean
from marketplace.use_cases import audit

CALENDAR_LOCK = 7_351_104
"""Advisory lock: changes come one after the other, so that none is made over days another one touched."""

Entry = dict[str, Any] | None
"""What is known of a day; None for an ordinary one."""


def spans_of(session: Session, year: int) -> list[Span]:
    """The named days of a year, those in a row made one."""
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    rows = session.scalars(select(CalendarDay).where(CalendarDay.day.between(first, last)))
    return joined(Span(r.day, r.day, r.working, r.name, r.source, official=r.official) for r in rows)


def official_years(session: Session) -> list[int]:
    """Years for which the State Council's schedule is there."""
    year = extract("year", CalendarDay.day)
    return list(map(int, session.scalars(select(year).where(CalendarDay.official).distinct().order_by(year))))


def version(session: Session) -> int:
    """Names the calendar as it is now; a change that was made looking at an older one is checked."""
    return session.scalar(select(func.coalesce(func.max(CalendarChange.id), 0))) or 0


def recent_changes(session: Session, limit: int = 10) -> Sequence[CalendarChange]:
    """What was changed lately, newest first."""
    query = select(CalendarChange).options(joinedload(CalendarChange.author))
    return session.scalars(query.order_by(CalendarChange.id.desc()).limit(limit)).all()


def undone(session: Session, changes: Iterable[CalendarChange]) -> set[int]:
    """Which of these changes were taken back."""
    ids = [change.id for change in changes]
    query = select(CalendarChange.undoes).where(CalendarChange.undoes.in_(ids))
    return {found for found in session.scalars(query) if found is not None}


def set_days(session: Session, actor: Actor, now: dt.datetime, seen: int, span: Span) -> CalendarChange:
    """Make days worked or off, under a name; ``seen`` is the version that was looked at.

    Raises:
        Conflict: somebody changed one of these days since.
        Invalid: the days are so already.
        NotAllowed: the actor may not change settings.
    """
    entry = _entry(span)
    return _apply(session, actor, now, seen, dict.fromkeys(span.days(), entry), "calendar.set")


def clear_days(
    session: Session, actor: Actor, now: dt.datetime, seen: int, first: dt.date, last: dt.date
) -> CalendarChange:
    """Let days be again what the week says.

    Raises:
        Conflict: somebody changed one of these days since.
        Invalid: they are ordinary days already.
        NotAllowed: the actor may not change settings.
    """
    return _apply(session, actor, now, seen, dict.fromkeys(days_from(first, last)), "calendar.clear")


def import_schedule(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    seen: int,
    spans: Sequence[Span],
    *,
    official: bool,
    basis: str,
) -> CalendarChange:
    """Enter a whole schedule at once; the document that orders it has to be named for an official one.

    Raises:
        Conflict: somebody changed one of these days since.
        Invalid: an official schedule without its document, or nothing would change.
        NotAllowed: the actor may not change settings.
    """
    document = clean(basis)
    if (official and not document) or len(document) > 60:
        raise invalid_field("basis", N_("请填写通知的文号，如“国办发明电〔2025〕7号”，最多60字。"))
    wanted: dict[dt.date, Entry] = {}
    for span in spans:
        entry = {**_entry(span), "source": document, "official": official}
        wanted |= dict.fromkeys(span.days(), entry)
    return _apply(session, actor, now, seen, wanted, "calendar.import")


def undo(session: Session, actor: Actor, now: dt.datetime, change_id: int) -> CalendarChange:
    """Take a change back, as long as its days are still as it left them.

    Raises:
        Conflict: it was taken back already, or its days were changed again.
        NotAllowed: the actor may not change settings.
        NotFound: there is no such change.
    """
    _begin(session, actor)
    change = session.get(CalendarChange, change_id)
    if change is None:
        raise NotFound(N_("没有找到这次改动。"))
    wanted = {dt.date.fromisoformat(day): entry for day, entry in change.before.items()}
    return _apply(session, actor, now, change.id, wanted, "calendar.undo", undoes=change.id)


def _apply(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    seen: int,
    wanted: Mapping[dt.date, Entry],
    action: str,
    undoes: int | None = None,
) -> CalendarChange:
    """The one way in which the calendar changes: checked, written, remembered."""
    _begin(session, actor)
    _refuse_changed_since(session, seen, wanted)
    before = _entries(session, wanted)
    touched = {day: entry for day, entry in wanted.items() if before[day] != entry}
    if not touched:
        raise invalid_field("first", N_("这些日期已经是这样安排的，没有改动。"))
    _write(session, touched)
    change = CalendarChange(
        at=now,
        changed_by=actor.user_id,
        before={day.isoformat(): before[day] for day in touched},
        after={day.isoformat(): entry for day, entry in touched.items()},
        undoes=undoes,
    )
    session.add(change)
    session.flush()
    audit.record(session, actor, now, action, "calendar", change.id, before=change.before, after=change.after)
    return change


def _begin(session: Session, actor: Actor) -> None:
    if not actor.may_anywhere(Permission.MANAGE_SETTINGS):
        raise NotAllowed(N_("工作日历由系统管理员维护。如需调整，请与系统管理员联系。"))
    session.execute(select(func.pg_advisory_xact_lock(CALENDAR_LOCK)))


def _refuse_changed_since(session: Session, seen: int, days: Iterable[dt.date]) -> None:
    named = array([day.isoformat() for day in days])
    later = select(CalendarChange).where(CalendarChange.id > seen, CalendarChange.before.has_any(named))
    change = session.scalar(later.order_by(CalendarChange.id.desc()).limit(1))
    if change is not None:
        raise Conflict(
            N_("%(name)s刚改动过其中的日期，请核对下面的最新安排后再保存。"),
            code="version_conflict",
            name=change.author.name if change.author else N_("平台"),
        )


def _entries(session: Session, days: Iterable[dt.date]) -> dict[dt.date, Entry]:
    found: dict[dt.date, Entry] = dict.fromkeys(days)
    for row in session.scalars(select(CalendarDay).where(CalendarDay.day.in_(found))):
        found[row.day] = {
            "working": row.working,
            "name": row.name,
            "source": row.source,
            "official": row.official,
        }
    return found


def _write(session: Session, wanted: Mapping[dt.date, Entry]) -> None:
    session.execute(
        delete(CalendarDay).where(CalendarDay.day.in_(wanted)).execution_options(synchronize_session=False)
    )
    rows = [{"day": day, **entry} for day, entry in wanted.items() if entry]
    if rows:
        session.execute(insert(CalendarDay), rows)
    session.expire_all()


def _entry(span: Span) -> dict[str, Any]:
    return {"working": span.working, "name": span.name, "source": span.basis, "official": span.official}
