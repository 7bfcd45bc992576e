"""Who may reach which address. Every route declares it; one that declares nothing is refused.

The declaration only opens the door. What may be done to which object is decided by the use cases,
by the same permissions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast
from urllib.parse import urlunsplit

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, logout_user
from werkzeug.wrappers import Response

from marketplace.db import actors
from marketplace.db.actors import Identity
from marketplace.db.session import driver_connection
from marketplace.domain.accounts import IDLE_SIGN_OUT, SESSION_LENGTH, password_expired
from marketplace.domain.permissions import Permission
from marketplace.edge.context import db, enter_gate, identity, leave_gate, now, services
from marketplace.edge.gate import Gate
from marketplace.edge.redirects import parts_of
from marketplace.use_cases import accounts

View = TypeVar("View", bound=Callable[..., Any])
SEEN_STEP = dt.timedelta(seconds=30)
"""How stale the kept time of the last action may be: it saves a cookie with each answer."""


KILO, MEGA = 1 << 10, 1 << 20
LITTLE = 64 * KILO
"""Bytes that anyone may send: a name and a password."""
SOME = 2 * MEGA
"""Bytes that a form, or a program, may send; addresses that take files say how much they take."""
ONE_FILE = 24 * MEGA
"""A photo or a document with the rest of its form."""
MANY_FILES = 512 * MEGA
"""Photos by the dozen, and registers of a million rows, which are uploaded whole."""


@dataclass(frozen=True, slots=True)
class Access:
    """What an address asks of whoever calls it."""

    public: bool = False
    permissions: tuple[Permission, ...] = ()
    """Any of these, anywhere; none: being signed in is enough."""
    passive: bool = False
    """Called by the page itself at intervals: it doesn't count as a sign of life."""
    anonymous: bool = False
    """The same for everyone: who is asking isn't even looked up, so it needs no database."""
    by_token: bool = False
    """Programs may call this with a token as well, though it is no part of the interface."""
    before_password_change: bool = False
    """Reachable while the password has to be changed."""
    takes: int = SOME
    """Bytes that may be sent; nobody reads what is beyond."""


_NOWHERE = Access(public=True, passive=True, takes=LITTLE)
"""An address that leads nowhere: whoever is signed in sees that on a page with the way on. Browsers ask
for such addresses by themselves, too."""


def public(view: View) -> View:
    """Anyone may call this, signed in or not."""
    return _declare(view, Access(public=True, takes=LITTLE))


def for_everyone(view: View) -> View:
    """Anyone may call this, and it answers everyone alike: nobody is looked up."""
    return _declare(view, Access(public=True, anonymous=True, takes=LITTLE))


def called_by_pages(view: View) -> View:
    """Open pages call this by themselves, even when their reader was signed out: the view says nothing then.

    It doesn't count as a sign of life, and nobody is taken away from a page over it.
    """
    return _declare(view, Access(public=True, passive=True, takes=LITTLE))


def signed_in(*, passive: bool = False, before_password_change: bool = False) -> Callable[[View], View]:
    """Any signed-in user may call this."""
    access = Access(passive=passive, before_password_change=before_password_change)
    return lambda view: _declare(view, access)


def needs(
    *permissions: Permission, passive: bool = False, by_token: bool = False, takes: int = SOME
) -> Callable[[View], View]:
    """Only holders of one of these permissions, over whatever unit, may call this."""
    access = Access(permissions=permissions, passive=passive, by_token=by_token, takes=takes)
    return lambda view: _declare(view, access)


def access_of(view: Callable[..., Any] | None) -> Access | None:
    """What a view declared; None when it declared nothing."""
    return getattr(view, "access", None)


def _declare(view: View, access: Access) -> View:
    cast(Any, view).access = access
    return view


class SignedInUser(UserMixin):
    """Flask-Login's view of an identity; its id carries the epoch that ends old sessions."""

    def __init__(self, found: Identity) -> None:
        self.identity = found

    def get_id(self) -> str:
        """User and epoch: a session from before a password change names another epoch."""
        return f"{self.identity.actor.user_id}:{self.identity.session_epoch}"


def init_access(app: Flask) -> None:
    """Check every request against its route's declaration: pages by session, programs by token."""
    # Templates ask our own context. Flask-Login's looks the reader up, also for the page that says that
    # the database is away.
    login = LoginManager(app, add_context_processor=False)
    login.session_protection = None
    login.user_loader(_load_user)
    app.extensions["gate"] = Gate()
    app.before_request(_check)
    app.teardown_request(leave_gate)


def _load_user(user_id: str) -> SignedInUser | None:
    number, _, epoch = user_id.partition(":")
    if not number.isdigit():
        return None
    enter_gate()
    with driver_connection(services().lookup) as connection:
        found = actors.by_session(connection, int(number), session.get("key", ""))
    return SignedInUser(found) if found and str(found.session_epoch) == epoch else None


def _check() -> Response | None:
    if request.endpoint is None:
        _check_page(_NOWHERE)
        return None
    access = access_of(current_app.view_functions[request.endpoint])
    if access is None:
        abort(403)
    # Before anything looks into the body: what is sent as a file lies on the disk from then on.
    request.max_content_length = access.takes
    if request.blueprint == "api" or (access.by_token and "Authorization" in request.headers):
        _check_token(access)
        return None
    return _check_page(access)


def _check_page(access: Access) -> Response | None:
    if access.anonymous:
        return None
    _identify_session(access)
    if access.public:
        return None
    found = identity()
    if found is None:
        return _to_sign_in()
    if _must_change(found) and not access.before_password_change:
        return redirect(url_for("auth.password"))
    _check_permissions(access, found)
    return None


def _identify_session(access: Access) -> None:
    if not current_user.is_authenticated:
        return
    seen, since = session.get("seen"), session.get("since")
    moment = now().timestamp()
    if seen is None or moment - seen > IDLE_SIGN_OUT.total_seconds():
        _sign_out("signed_out_idle")
        return
    if since is None or moment - since >= SESSION_LENGTH.total_seconds():
        _sign_out("signed_out_long")
        return
    if not access.passive and moment - seen > SEEN_STEP.total_seconds():
        session["seen"] = moment
    _remember(current_user.identity)


def _sign_out(why: str) -> None:
    logout_user()
    session.clear()
    session[why] = True


def _check_token(access: Access) -> None:
    if access.public:
        return
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.casefold() != "bearer":
        abort(401)
    enter_gate()
    with driver_connection(services().lookup) as connection:
        found = accounts.identify_token(connection, now(), token.strip())
    if found is None:
        abort(401)
    if found.token_last_used_on != now().date():
        accounts.note_token_use(db(), now(), found)
    _remember(found)
    _check_permissions(access, found)


def _remember(found: Identity) -> None:
    g.identity = replace(found, actor=replace(found.actor, request_id=g.get("request_id", "")))


def _check_permissions(access: Access, found: Identity) -> None:
    if access.permissions and not any(map(found.actor.may_anywhere, access.permissions)):
        abort(403)


def _must_change(found: Identity) -> bool:
    return found.must_change_password or password_expired(found.password_changed_at, now())


def _came_from() -> str:
    """The page of this site on which a form was sent, so that what was typed there can be sent again."""
    page = parts_of(request.headers.get("Referer", ""))
    return urlunsplit(("", "", page.path, page.query, "")) if page.netloc == request.host else "/"


def _to_sign_in() -> Response:
    target = request.full_path if request.method == "GET" else _came_from()
    address = url_for("auth.sign_in", next=target.rstrip("?"))
    if request.headers.get("HX-Request") == "true":
        return Response(status=401, headers={"HX-Redirect": address})
    return redirect(address)
