"""The main navigation: what this user may reach, in the order of daily work."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request, url_for
from flask_babel import gettext

from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.text import N_


@dataclass(frozen=True, slots=True)
class Entry:
    """One place to go to."""

    endpoint: str
    label: str
    icon: str
    permissions: tuple[Permission, ...]
    section: str
    """The entry is marked while an address below this path is open."""


ENTRIES = (
    Entry("search.page", N_("广场"), "search", (Permission.FIND,), "/search"),
    Entry("order_lists.page", N_("办件"), "clipboard-list", (Permission.READ_ORDERS,), "/orders"),
    Entry("register.page", N_("资产"), "archive", (Permission.READ_ASSETS,), "/assets"),
    Entry("imports.page", N_("导入"), "file-import", (Permission.IMPORT_ASSETS,), "/imports"),
    Entry("synonyms.page", N_("俗称"), "vocabulary", (Permission.MANAGE_CATALOGUE,), "/admin/synonyms"),
    Entry("policies.page", N_("审批规则"), "list-check", (Permission.MANAGE_POLICIES,), "/admin/policies"),
    Entry("calendar.page", N_("工作日历"), "calendar", (Permission.MANAGE_SETTINGS,), "/admin/calendar"),
    Entry("units.page", N_("单位"), "building", (Permission.MANAGE_UNITS,), "/admin/units"),
    Entry("users.page", N_("用户"), "users", (Permission.MANAGE_USERS,), "/admin/users"),
    Entry("audit.page", N_("审计"), "history", (Permission.READ_AUDIT,), "/admin/audit"),
    Entry("jobs.page", N_("运行"), "activity", (Permission.SEE_JOBS,), "/admin/jobs"),
)


def navigation(actor: Actor) -> list[dict[str, object]]:
    """The entries for this actor, ready to draw."""
    return [
        {
            "url": url_for(entry.endpoint),
            "label": gettext(entry.label),
            "icon": entry.icon,
            "active": request.path.startswith(entry.section),
            "badge": None,
        }
        for entry in ENTRIES
        if entry.endpoint in current_app.view_functions and any(map(actor.may_anywhere, entry.permissions))
    ]


def home_endpoint(actor: Actor) -> str:
    """Where this actor's day begins."""
    for entry in ENTRIES:
        if entry.endpoint in current_app.view_functions and any(map(actor.may_anywhere, entry.permissions)):
            return entry.endpoint
    return "auth.profile"
