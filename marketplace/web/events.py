"""活动与临时机构: what has an end, and the assets that come back from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from marketplace.db.idle import Event
from marketplace.domain.errors import RuleError
from marketplace.domain.events import read_event, read_numbers
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, identity, now, today
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import assets, events
from marketplace.web.assets import field_messages
from marketplace.web.bulk_selection import numbers
from marketplace.web.mistakes import mistakes_in

blueprint = Blueprint("events", __name__, url_prefix="/events")

Page = str | tuple[str, int] | Response
_LABELS = {
    "unit_code": N_("单位"),
    "name": N_("名称"),
    "ends_on": N_("结束日期"),
    "basis": N_("依据文件"),
    "numbers": N_("资产编号"),
}


@blueprint.get("")
@needs(Permission.LIST_ASSETS)
def page() -> Page:
    """Events of the units in scope, the latest end first."""
    return _list()


@blueprint.post("")
@needs(Permission.EDIT_ASSETS)
def create() -> Page:
    """Enter an event."""
    try:
        details = read_event(request.form)
        event = events.create(db(), actor(), now(), request.form.get("unit_code", ""), details)
    except RuleError as error:
        db().rollback()
        return _list(error)
    flash(gettext("已新增。接着把为它配置的资产加进来。"), "ok")
    return redirect(url_for("events.event", event_id=event.id))


@blueprint.get("/<int:event_id>")
@needs(Permission.LIST_ASSETS)
def event(event_id: int) -> Page:
    """One event with its assets."""
    return _event_page(events.find(db(), actor(), event_id))


@blueprint.post("/<int:event_id>")
@needs(Permission.EDIT_ASSETS)
def save(event_id: int) -> Page:
    """Change an event."""
    version = request.form.get("version", type=int) or 0
    try:
        events.edit(db(), actor(), now(), event_id, version, read_event(request.form))
    except RuleError as error:
        db().rollback()
        return _event_page(events.find(db(), actor(), event_id), error)
    flash(gettext("已保存。"), "ok")
    return redirect(url_for("events.event", event_id=event_id))


@blueprint.post("/<int:event_id>/assets")
@needs(Permission.EDIT_ASSETS)
def put_in(event_id: int) -> Page:
    """Put assets into it, by their numbers."""
    try:
        found = events.put_in(db(), actor(), now(), event_id, read_numbers(request.form.get("numbers", "")))
    except RuleError as error:
        db().rollback()
        return _event_page(events.find(db(), actor(), event_id), error)
    flash(ngettext("已加入%(num)d项。", "已加入%(num)d项。", len(found)), "ok")
    return redirect(url_for("events.event", event_id=event_id))


@blueprint.post("/<int:event_id>/take-out")
@needs(Permission.EDIT_ASSETS)
def take_out(event_id: int) -> Response:
    """Take assets out of it."""
    count = events.take_out(db(), actor(), now(), event_id, numbers(request.form.getlist("asset")))
    flash(ngettext("已移出%(num)d项。", "已移出%(num)d项。", count), "ok")
    return redirect(url_for("events.event", event_id=event_id))


def _list(error: RuleError | None = None) -> Page:
    found = events.search(db(), actor(), after=_after(), limit=events.PAGE + 1)
    rows = found[: events.PAGE]
    keeps = actor().may_anywhere(Permission.EDIT_ASSETS)
    last = rows[-1][0] if rows else None
    going_on = url_for("events.page", after=f"{last.ends_on}~{last.id}") if last else ""
    body = render_template(
        "events/list.html",
        rows=rows,
        today=today(),
        keeps=keeps,
        units=assets.editable_units(db(), actor()) if keeps else (),
        home=found_home.home_unit_code if (found_home := identity()) else "",
        first_url=url_for("events.page") if request.args.get("after") else "",
        next_url=going_on if len(found) > events.PAGE else "",
        **_form(error),
    )
    return (body, status_of(error)) if error else body


def _event_page(found: Event, error: RuleError | None = None) -> Page:
    after = request.args.get("after", 0, type=int)
    cards = events.cards(db(), found, after=after, limit=events.PAGE + 1)
    rows = cards[: events.PAGE]
    body = render_template(
        "events/event.html",
        event=found,
        cards=rows,
        today=today(),
        keeps=actor().may(Permission.EDIT_ASSETS, found.unit.path),
        version=found.version,
        first_url=url_for("events.event", event_id=found.id) if after else "",
        next_url=url_for("events.event", event_id=found.id, after=rows[-1].id)
        if len(cards) > events.PAGE
        else "",
        **_form(error),
    )
    return (body, status_of(error)) if error else body


def _form(error: RuleError | None) -> Mapping[str, Any]:
    """What the forms of both pages show."""
    labels = {name: gettext(label) for name, label in _LABELS.items()}
    return {
        "typed": request.form if error else {},
        "labels": labels,
        "error": message_of(error) if error else "",
        "errors": field_messages(error),
        "mistakes": mistakes_in(error, labels),
    }


def _after() -> tuple[dt.date, int] | None:
    day, _, number = request.args.get("after", "").partition("~")
    try:
        return dt.date.fromisoformat(day), int(number)
    except ValueError:
        return None
