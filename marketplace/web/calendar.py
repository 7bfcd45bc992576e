"""工作日历: a year at a glance, and changing it, for system administrators."""

from __future__ import annotations

import datetime as dt
import tempfile
from calendar import Calendar as Weeks
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.db.calendar import CalendarChange
from marketplace.domain.calendar import Calendar, Span, joined, read_days, read_schedule, read_span
from marketplace.domain.errors import Conflict, NotFound, RuleError, invalid_field
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import ONE_FILE, needs
from marketplace.edge.context import actor, db, now, today
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.registers import encoding
from marketplace.use_cases import calendar
from marketplace.web.assets import field_messages
from marketplace.web.mistakes import mistakes_in

blueprint = Blueprint("calendar", __name__, url_prefix="/admin/calendar")

Page = str | tuple[str, int] | Response
FIRST_YEAR, LAST_YEAR = 2020, 2099
LARGEST_FILE = 64 * 1024
"""Bytes; a year's schedule has fewer than a thousand."""
LABELS = {
    "first": N_("第一天"),
    "last": N_("最后一天"),
    "what": N_("安排"),
    "name": N_("名称"),
    "schedule": N_("放假安排"),
    "basis": N_("通知文号"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A day as a month shows it."""

    day: dt.date
    working: bool
    name: str
    """Empty for an ordinary day."""


@blueprint.get("")
@needs(Permission.MANAGE_SETTINGS)
def page() -> Page:
    """A year; ``first`` and ``last`` put days into the form."""
    year = request.args.get("year", today().year, type=int)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NotFound(N_("日历只到%(last)d年。"), last=LAST_YEAR)
    return _page(year, request.args)


@blueprint.post("/days")
@needs(Permission.MANAGE_SETTINGS)
def change_days() -> Page:
    """Name days, or make them ordinary again."""
    form = request.form
    try:
        if form.get("what") == "week":
            first, last = read_days(form.get("first"), form.get("last"))
            calendar.clear_days(db(), actor(), now(), _seen(), first, last)
        else:
            span = read_span(
                form.get("first"), form.get("last"), form.get("what") == "work", form.get("name", "")
            )
            first = span.first
            calendar.set_days(db(), actor(), now(), _seen(), span)
    except RuleError as error:
        return _page(_shown_year(), form, error=error)
    flash(gettext("日历已更新。如有差错，可在“最近的改动”中撤销。"), "success")
    return redirect(url_for("calendar.page", year=first.year))


@blueprint.post("/import")
@needs(Permission.MANAGE_SETTINGS, takes=ONE_FILE)
def import_schedule() -> Page:
    """Enter a whole schedule from what was pasted or uploaded."""
    form = request.form
    try:
        spans = read_schedule(_uploaded() or form.get("schedule", ""))
        official = "official" in form
        basis = form.get("basis", "")
        calendar.import_schedule(db(), actor(), now(), _seen(), spans, official=official, basis=basis)
    except RuleError as error:
        return _page(_shown_year(), form, error=error, importing=True)
    flash(gettext("放假安排已导入。如有差错，可在“最近的改动”中撤销。"), "success")
    return redirect(url_for("calendar.page", year=spans[0].first.year))


@blueprint.post("/changes/<int:change_id>/undo")
@needs(Permission.MANAGE_SETTINGS)
def undo(change_id: int) -> Response:
    """Take a change back."""
    try:
        change = calendar.undo(db(), actor(), now(), change_id)
        flash(gettext("已撤销，这些日期恢复了原来的安排。"), "success")
        return redirect(url_for("calendar.page", year=min(change.before)[:4]))
    except Conflict as error:
        db().rollback()
        flash(message_of(error), "danger")
        return redirect(url_for("calendar.page", year=_shown_year()))


def _page(
    year: int, typed: Mapping[str, str], *, error: RuleError | None = None, importing: bool = False
) -> Page:
    if error:
        db().rollback()
    spans = calendar.spans_of(db(), year)
    changes = calendar.recent_changes(db())
    labels = {name: gettext(label) for name, label in LABELS.items()}
    official = calendar.official_years(db())
    body = render_template(
        "admin/calendar.html",
        year=year,
        this_year=today().year,
        years=range(max(year - 1, FIRST_YEAR), min(year + 1, LAST_YEAR) + 1),
        months=_months(year, spans),
        spans=spans,
        official=official,
        missing=[
            y for y in {year, today().year, today().year + 1} if y not in official and y >= today().year
        ],
        version=calendar.version(db()),
        changes=[(change, *_said(change)) for change in changes],
        undone=calendar.undone(db(), changes),
        typed=typed,
        importing=importing,
        labels=labels,
        error=message_of(error) if error else "",
        conflict=isinstance(error, Conflict),
        errors=field_messages(error),
        mistakes=_mistakes(error, labels),
    )
    return (body, status_of(error)) if error else body


def _months(year: int, spans: Sequence[Span]) -> list[list[list[Cell | None]]]:
    """Twelve months of weeks from Monday on; days of neighbouring months are left out."""
    named = {day: span for span in spans for day in span.days()}
    days = Calendar({day: span.working for day, span in named.items()})

    def cell(day: dt.date, month: int) -> Cell | None:
        name = named[day].name if day in named else ""
        return Cell(day, days.is_working(day), name) if day.month == month else None

    weeks = Weeks(firstweekday=0)
    return [
        [[cell(day, month) for day in week] for week in weeks.monthdatescalendar(year, month)]
        for month in range(1, 13)
    ]


def _said(change: CalendarChange) -> tuple[list[tuple[Span, bool]], int]:
    """What a change did, as spans that say whether the days became ordinary; and how many days."""
    spans = [_span(day, entry or change.before[day], entry is None) for day, entry in change.after.items()]
    made = [(span, False) for span in joined(span for span, cleared in spans if not cleared)]
    cleared = [(span, True) for span in joined(span for span, was in spans if was)]
    return made + cleared, len(spans)


def _span(day: str, entry: Mapping[str, object], cleared: bool) -> tuple[Span, bool]:
    date = dt.date.fromisoformat(day)
    return Span(date, date, bool(entry["working"]), str(entry["name"])), cleared


def _mistakes(error: RuleError | None, labels: Mapping[str, str]) -> list[dict[str, str]]:
    """With the line of a schedule in which the mistake is."""
    found = mistakes_in(error, labels)
    for mistake, place in zip(found, getattr(error, "fields", ()), strict=False):
        if place.row:
            mistake["label"] = gettext("第%(row)d行", row=place.row)
    return found


def _uploaded() -> str:
    """The text of the file that came along, in whichever encoding it is; empty without one."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return ""
    with tempfile.NamedTemporaryFile() as kept:
        kept.write(file.stream.read(LARGEST_FILE + 1))
        kept.flush()
        if kept.tell() > LARGEST_FILE:
            raise invalid_field("schedule", N_("文件过大，一年的安排只有几十行。"))
        path = Path(kept.name)
        return path.read_text(encoding=encoding.detect(path)).removeprefix("\ufeff")


def _seen() -> int:
    return request.form.get("version", type=int) or 0


def _shown_year() -> int:
    year = request.form.get("year", type=int) or today().year
    return year if FIRST_YEAR <= year <= LAST_YEAR else today().year
