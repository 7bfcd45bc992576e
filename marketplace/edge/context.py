"""What one request has at hand: its transaction, its actor, its moment.

Everything below this layer takes these as arguments; only views ask here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import Response, current_app, g, has_request_context, request
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from marketplace.config import Settings
from marketplace.db.actors import Identity
from marketplace.db.session import SessionFactory
from marketplace.domain.finding import Finder
from marketplace.domain.permissions import Actor
from marketplace.edge.gate import Gate
from marketplace.media.store import PhotoStore

NOBODY = Actor(user_id=None, name="")
"""Whoever isn't signed in: no grants, so nothing but public pages."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the application was made with."""

    settings: Settings
    sessions: SessionFactory
    lookup: Engine
    """For single reads outside any transaction: who is asking, with every request."""
    finder: Finder
    photos: PhotoStore
    clock: Callable[[], dt.datetime]
    demo_accounts: tuple[Mapping[str, Any], ...] = ()
    """Offered on the sign-in page of a demonstration; empty everywhere else."""

    def close(self) -> None:
        """Give all database connections back, when the application has served its time."""
        self.lookup.dispose()
        cast(Engine, self.sessions.kw["bind"]).dispose()


def services() -> Services:
    """The application's services."""
    return cast(Services, current_app.extensions["gwc"])


def db() -> Session:
    """The request's session; it is committed once, when the view has returned.

    Raises:
        Busy: too many wait for a database that doesn't answer.
    """
    if "session" not in g:
        enter_gate()
        g.session = services().sessions()
    return cast(Session, g.session)


def now() -> dt.datetime:
    """The moment of this request, the same throughout it."""
    if "now" not in g:
        g.now = services().clock()
    return cast(dt.datetime, g.now)


def today() -> dt.date:
    """The day of this request where the organisation is."""
    return now().astimezone(ZoneInfo(services().settings.time_zone)).date()


def enter_gate() -> None:
    """Take one of the places of those who wait for the database, unless this request has one.

    Raises:
        Busy: all are taken, and nobody comes to an end.
    """
    if "has_place" not in g:
        cast(Gate, current_app.extensions["gate"]).enter()
        g.has_place = True


def leave_gate(_error: BaseException | None = None) -> None:
    """Give the place back, at the end of the request."""
    if g.pop("has_place", False):
        cast(Gate, current_app.extensions["gate"]).leave()


def identity() -> Identity | None:
    """Whoever is signed in or holds the token, set by the access check."""
    return cast("Identity | None", g.get("identity"))


def actor() -> Actor:
    """Who acts in this request."""
    found = identity()
    return found.actor if found else NOBODY


def commit() -> None:
    """Make the request's work lasting. Called once, by the application."""
    if "session" in g:
        db().commit()


def close(_error: BaseException | None = None) -> None:
    """Give the connection back; whatever was not committed is undone."""
    session = g.pop("session", None)
    if session is not None:
        session.close()


def is_partial() -> bool:
    """Whether only a part of the page is asked for."""
    return has_request_context() and request.headers.get("HX-Request") == "true"


def conditional(response: Response, etag: str) -> Response:
    """Add an ETag, answering 304 where the client has this version already."""
    response.set_etag(etag)
    return cast(Response, response.make_conditional(request))
