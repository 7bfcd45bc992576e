"""Which requests have a session."""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface


class PageSessions(SecureCookieSessionInterface):
    """Sessions of pages. A program shows its token with every call, and its cookies are not looked at."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of this browser; None, one that can't be written to, for a program."""
        return None if request.path.startswith("/api/") else super().open_session(app, request)
