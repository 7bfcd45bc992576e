"""审计: the record of every action, for auditors to search, to take along and to check."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.domain import values
from marketplace.domain.audit_names import ACTIONS, OBJECT_NAMES, OUTCOME_NAMES
from marketplace.domain.errors import Invalid, invalid_field
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_, clean
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now, services, today
from marketplace.edge.i18n import message_of
from marketplace.registers.writer import FileKind
from marketplace.use_cases import audit_chain, audit_export, audit_search
from marketplace.use_cases.audit_search import Place, Wish
from marketplace.web.assets import field_messages
from marketplace.web.audit_rows import fault_in_words, rows_of, short
from marketplace.web.downloads import attachment
from marketplace.web.mistakes import mistakes_in

blueprint = Blueprint("audit", __name__, url_prefix="/admin/audit")

LABELS = {"from": N_("起始日期"), "to": N_("截止日期"), "unit": N_("单位")}
"""Filters that can be mistaken."""
WORDS = ("actor", "unit", "action", "kind", "number", "outcome", "words")
DAYS = ("from", "to")
MORE = ("unit", "kind", "number", "outcome", "words")
"""Filters that are folded away while none of them is used."""


@blueprint.get("")
@needs(Permission.READ_AUDIT)
def page() -> str | tuple[str, int]:
    """Entries of the own scope, newest first."""
    try:
        wish = _wish(request.args)
        after = audit_search.read_place(request.args.get("after", ""))
        lines, following = audit_search.find(db(), actor(), wish, after)
    except Invalid as error:
        return _page([], None, error), 422
    return _page(lines, following)


@blueprint.get("/export.<any(xlsx, csv):suffix>")
@needs(Permission.READ_AUDIT)
def export(suffix: str) -> Response:
    """All filtered entries as a file, with their seals."""
    service = services()
    pieces = audit_export.stream(
        service.sessions, actor(), now(), _zone(), _wish(request.args), FileKind(suffix)
    )
    return attachment(pieces, FileKind(suffix), f"audit-{today():%Y%m%d}")


@blueprint.post("/verify")
@needs(Permission.READ_AUDIT)
def verify() -> Response:
    """Check the newest entries while the auditor waits; the whole record is checked every night."""
    verdict = audit_chain.verify_recent(db())
    audit_chain.note(db(), actor(), now(), verdict, whole=False)
    if verdict.fault:
        flash(gettext("审计记录异常：%(fault)s", fault=fault_in_words(verdict.fault)), "error")
    else:
        flash(
            gettext(
                "最近%(count)s条记录完好：没有改动、缺失或插入。核验到第%(position)s位，封印%(digest)s。",
                count=f"{verdict.checked:,}",
                position=f"{verdict.last.position:,}",
                digest=short(verdict.last.digest),
            ),
            "ok",
        )
    return redirect(url_for("audit.page"))


def _page(lines: list[audit_search.Line], following: Place | None, error: Invalid | None = None) -> str:
    session, who = db(), actor()
    names = audit_search.names_of(session, [line.entry for line in lines])
    filters = {name: value for name in (*DAYS, *WORDS) if (value := request.args.get(name, "").strip())}
    return render_template(
        "audit/page.html",
        rows=rows_of(lines, names, who),
        filters=filters,
        open_more=any(name in filters for name in MORE),
        following=str(following) if following else "",
        after=request.args.get("after", ""),
        error=message_of(error) if error else "",
        errors=field_messages(error),
        mistakes=mistakes_in(error, {name: gettext(label) for name, label in LABELS.items()}),
        units=audit_search.units(session, who),
        actions=ACTIONS,
        kinds=_choices(OBJECT_NAMES),
        outcomes=_choices(OUTCOME_NAMES),
        **_chain(),
    )


def _choices(names: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(code, gettext(name)) for code, name in names.items()]


def _chain() -> dict[str, Any]:
    """How far the record is sealed, and what the last check of all of it found."""
    end = audit_chain.end(db())
    return {
        "end": end,
        "short_digest": short(end.digest),
        "waiting": audit_chain.waiting(db(), up_to=10_000),
        "check": audit_chain.last_check(db()),
        "recent": audit_chain.RECENT,
    }


def _wish(args: Mapping[str, str]) -> Wish:
    """What the address asks for; days are whole days where the organisation is.

    Raises:
        Invalid: a day can't be read, or the last one is before the first.
    """
    first, last = (_day(name, args.get(name, "")) for name in DAYS)
    if first and last and last < first:
        raise invalid_field("to", N_("截止日期不能早于起始日期"))
    words = {name: clean(args.get(name, "")) for name in WORDS}
    return Wish(
        since=_midnight(first) if first else None,
        until=_midnight(last + dt.timedelta(days=1)) if last else None,
        **words,
    )


def _day(name: str, text: str) -> dt.date | None:
    if not text.strip():
        return None
    try:
        return values.read_date(text)
    except ValueError as error:
        raise invalid_field(name, str(error)) from None


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), _zone())


def _zone() -> ZoneInfo:
    return ZoneInfo(services().settings.time_zone)
