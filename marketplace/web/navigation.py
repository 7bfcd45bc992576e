"""The main navigation: what this user may reach, in the order of daily work."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, g, request, url_for
from flask_babel import gettext
from sqlalchemy.exc import OperationalError

from marketplace.db import inbox
from marketplace.db.session import driver_connection
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.text import N_
from marketplace.edge.context import actor, is_partial, services, today


@dataclass(frozen=True, slots=True)
class Entry:
    """One place to go to."""

    endpoint: str
    label: str
    icon: str
    permissions: tuple[Permission, ...]
    section: str
    """The entry is marked while an address below this path is open."""


INBOX = "inbox.page"
PLAZA, REGISTER = "/search", "/assets"
"""Sections in which an asset is found."""
ENTRIES = (
    Entry(
        INBOX,
        N_("待办"),
        "inbox",
        (Permission.DECIDE, Permission.HAND_OVER, Permission.REQUEST_ASSETS),
        "/inbox",
    ),
    Entry("search.page", N_("广场"), "search", (Permission.FIND,), PLAZA),
    Entry("order_lists.page", N_("办件"), "clipboard-list", (Permission.READ_ORDERS,), "/orders"),
    Entry("register.page", N_("资产"), "archive", (Permission.READ_ASSETS,), REGISTER),
    Entry("idle.page", N_("闲置"), "flag", (Permission.LIST_ASSETS, Permission.REVIEW_IDLE), "/idle"),
    Entry("disposals.board", N_("处置"), "gavel", (Permission.READ_DISPOSALS,), "/disposals"),
    Entry("imports.page", N_("导入"), "file-import", (Permission.IMPORT_ASSETS,), "/imports"),
    Entry("synonyms.page", N_("俗称"), "vocabulary", (Permission.MANAGE_CATALOGUE,), "/admin/synonyms"),
    Entry("policies.page", N_("审批规则"), "list-check", (Permission.MANAGE_POLICIES,), "/admin/policies"),
    Entry(
        "idle_policies.page",
        N_("闲置规则"),
        "flag-cog",
        (Permission.MANAGE_POLICIES,),
        "/admin/idle-policies",
    ),
    Entry("calendar.page", N_("工作日历"), "calendar", (Permission.MANAGE_SETTINGS,), "/admin/calendar"),
    Entry("units.page", N_("单位"), "building", (Permission.MANAGE_UNITS,), "/admin/units"),
    Entry("users.page", N_("用户"), "users", (Permission.MANAGE_USERS,), "/admin/users"),
    Entry("settings.page", N_("参数"), "adjustments", (Permission.MANAGE_SETTINGS,), "/admin/settings"),
    Entry("audit.page", N_("审计"), "history", (Permission.READ_AUDIT,), "/admin/audit"),
    Entry("jobs.page", N_("运行"), "activity", (Permission.SEE_JOBS,), "/admin/jobs"),
)


def navigation(who: Actor) -> list[dict[str, object]]:
    """The entries for this actor, ready to draw."""
    return [
        {
            "url": url_for(entry.endpoint),
            "label": gettext(entry.label),
            "icon": entry.icon,
            "active": g.get("section", request.path).startswith(entry.section),
            "badge": _waiting() if entry.endpoint == INBOX else None,
        }
        for entry in ENTRIES
        if entry.endpoint in current_app.view_functions and any(map(who.may_anywhere, entry.permissions))
    ]


def mark(section: str) -> None:
    """Mark this entry, whatever the address says: what is found in several places has one address."""
    g.section = section


def _waiting() -> int:
    """How many things wait for whoever is signed in; none on a piece of a page, which has no navigation."""
    who = actor()
    if is_partial() or who.user_id is None:
        return 0
    try:
        with driver_connection(services().lookup) as connection:
            return inbox.count(connection, who.user_id, today())
    except OperationalError:
        # The page that says that the database is away has a navigation, too.
        return 0


def home_endpoint(who: Actor) -> str:
    """Where this actor's day begins: with what waits, if anything does."""
    for entry in ENTRIES:
        if entry.endpoint == INBOX and not _waiting():
            continue
        if entry.endpoint in current_app.view_functions and any(map(who.may_anywhere, entry.permissions)):
            return entry.endpoint
    return "auth.profile"
