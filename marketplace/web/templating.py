"""What every template has at hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Flask, url_for
from flask_babel import get_locale, gettext
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from jinja2 import Undefined
from markupsafe import Markup, escape
from werkzeug.local import LocalProxy

from marketplace.domain.assets import BY_NAME, CONDITIONS, USE_STATUSES
from marketplace.domain.finding import MARK_END, MARK_START
from marketplace.domain.permissions import ROLE_NAMES, Permission
from marketplace.domain.states import STATE_NAMES
from marketplace.edge import i18n
from marketplace.edge.context import actor, identity, is_partial, now
from marketplace.edge.sessions import has_session
from marketplace.web.assets_manifest import asset_url
from marketplace.web.basket_count import in_basket
from marketplace.web.facet_rows import rows
from marketplace.web.icons import draw
from marketplace.web.messages import unread
from marketplace.web.navigation import navigation

LINKS = {
    "home": "auth.home",
    "profile": "auth.profile",
    "sign_in": "auth.sign_in",
    "sign_out": "auth.sign_out",
    "language": "auth.choose_locale",
    "messages": "messages.page",
    "notices": "public_auctions.index",
}
"""Where the frame of every page leads."""


def init_templates(app: Flask) -> None:
    """Register filters and the common context."""
    app.jinja_env.filters |= {
        "money": i18n.money,
        "day": i18n.day,
        "long_day": i18n.long_day,
        "minute": i18n.minute,
        "number": i18n.number,
        "marked": marked,
    }
    app.jinja_env.tests["known"] = _is_known
    # Macros are imported without the context, so what they need is global.
    app.jinja_env.globals |= {"asset_url": asset_url, "draw": draw, "facet_rows": rows}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(_context)


def _is_known(value: object) -> bool:
    """Whether there is anything to say; a zero is known."""
    return not (value is None or value == "" or isinstance(value, Undefined))


def marked(text: str | None) -> Markup:
    """A highlighted text from the search engine as safe HTML."""
    safe = str(escape(text or ""))
    return Markup(safe.replace(MARK_START, "<mark>").replace(MARK_END, "</mark>"))  # noqa: S704 - escaped above


def _person() -> dict[str, str] | None:
    """Whoever is signed in, as the masthead names them."""
    found = identity()
    if found is None:
        return None
    roles = (gettext(name) for role, name in ROLE_NAMES.items() if role in found.actor.roles())
    return {"name": found.actor.name, "unit": found.home_unit_name, "roles": gettext("、").join(roles)}


def _links() -> dict[str, str]:
    """Where the frame leads; what takes a form is left out where no form can be sent."""
    return {
        name: url_for(endpoint) for name, endpoint in LINKS.items() if name != "language" or has_session()
    }


def _later(make: Callable[[], object]) -> object:
    """What only the frame of a page shows, made when it does: a part of a page has none."""
    return LocalProxy(cache(make))


def _context() -> dict[str, Any]:
    who = actor()
    return {
        "actor": who,
        "account": identity(),
        "person": _later(_person),
        "links": _later(_links),
        "current_user": current_user,
        "locale": str(get_locale() or "zh_CN"),
        "navigation": _later(lambda: navigation(who)),
        "csrf_token": generate_csrf,
        "partial": is_partial(),
        "now": now(),
        "unread": unread,
        "in_basket": in_basket,
        "Permission": Permission,
        "state_names": STATE_NAMES,
        "conditions": CONDITIONS,
        "use_statuses": USE_STATUSES,
        "card_fields": BY_NAME,
    }
