"""The shortest way to a public page: what was just given out goes out again, past the application.

Most of a kept page's time is spent on the way to it; a crowd that reads one notice is spared that.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import Headers

Environ = dict[str, Any]
Start = Callable[..., Any]
Wsgi = Callable[[Environ, Start], Iterable[bytes]]
FLAG = "gwc.fresh"
"""Where a view says from when and until when its answer is everybody's."""
MOST = 400
_OWN = ("X-Request-ID", "Age", "Content-Length")
"""Headers that each answer has of its own."""


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer as it went out."""

    headers: list[tuple[str, str]]
    body: bytes
    etag: str
    made_at: dt.datetime
    until: dt.datetime


@dataclass(frozen=True, slots=True)
class Span:
    """From when an answer is, and until when it may be given to everybody."""

    made_at: dt.datetime
    until: dt.datetime


class Express:
    """Stands before the application."""

    def __init__(self, inner: Wsgi, clock: Callable[[], dt.datetime]) -> None:
        self._inner, self._clock = inner, clock
        self._ready: dict[tuple[str, str, bool], Ready] = {}

    def clear(self) -> None:
        """Forget every answer."""
        self._ready.clear()

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answer at once, or by the application."""
        key = _key(environ)
        ready = self._ready.get(key)
        if ready is None or environ["REQUEST_METHOD"] != "GET":
            return self._by_application(key, environ, start)
        now = self._clock()
        if not ready.made_at <= now < ready.until:
            return self._by_application(key, environ, start)
        headers = [
            *ready.headers,
            ("X-Request-ID", uuid.uuid4().hex),
            ("Age", str(int((now - ready.made_at).total_seconds()))),
        ]
        if _has(environ, ready):
            start("304 NOT MODIFIED", headers)
            return ()
        start("200 OK", [*headers, ("Content-Length", str(len(ready.body)))])
        return (ready.body,)

    def _by_application(self, key: tuple[str, str, bool], environ: Environ, start: Start) -> Iterable[bytes]:
        said: list[Any] = []

        def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            said[:] = status, headers
            return start(status, headers, *rest)

        body = self._inner(environ, begin)
        span = environ.get(FLAG)
        if isinstance(span, Span) and said[0] == "200 OK" and environ["REQUEST_METHOD"] == "GET":
            whole = b"".join(body)
            self._keep(key, Headers(said[1]), whole, span)
            return (whole,)
        return body

    def _keep(self, key: tuple[str, str, bool], headers: Headers, body: bytes, span: Span) -> None:
        etag = headers.get("ETag", "")
        for name in _OWN:
            headers.remove(name)
        while len(self._ready) >= MOST:
            self._ready.pop(next(iter(self._ready)), None)
        self._ready[key] = Ready(list(headers), body, etag, span.made_at, span.until)


def _key(environ: Environ) -> tuple[str, str, bool]:
    """Address, and whether the connection is safe: headers differ by that."""
    safe = "https" in (environ.get("HTTP_X_FORWARDED_PROTO"), environ["wsgi.url_scheme"])
    return environ["PATH_INFO"], environ.get("QUERY_STRING", ""), safe


def _has(environ: Environ, ready: Ready) -> bool:
    """Whether the browser has this answer: its tag counts before its date."""
    tags = environ.get("HTTP_IF_NONE_MATCH")
    if tags is not None:
        return any(tag.strip().removeprefix("W/") in (ready.etag, "*") for tag in tags.split(","))
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    return since is not None and ("Last-Modified", since) in ready.headers
