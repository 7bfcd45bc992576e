"""Which requests have a session."""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, Request, session
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface

WITHOUT = ("/api/", "/auctions", "/sitemap.xml")
"""Addresses at which nobody has a session: programs, and pages that are the same for everyone."""


class PageSessions(SecureCookieSessionInterface):
    """Sessions of pages. A program shows its token with every call, and its cookies are not looked at."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of this browser; None, one that can't be written to, where there is nobody to know."""
        return None if request.path.startswith(WITHOUT) else super().open_session(app, request)


def has_session() -> bool:
    """Whether this request has a session that forms can rely on."""
    return not isinstance(cast(Any, session)._get_current_object(), NullSession)
