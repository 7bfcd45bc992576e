"""Kept-alive connections to one HTTP server, with no more of a client than a search needs.

Searches are answered in a few milliseconds, of which a general client takes a fair part for itself.
"""

from __future__ import annotations

import contextlib
import select
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit

WireError = (HTTPException, OSError)
"""What :meth:`Wire.ask` raises when there is no answer."""


class Patience(NamedTuple):
    """Seconds to wait at most."""

    connect: float
    read: float
    """Between two pieces of the request or of the answer."""


class Answer(NamedTuple):
    """What the server said."""

    status: int
    content: bytes


class Wire:
    """The connections to one server. Safe to share between threads: each request has one to itself."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port = parts.hostname or "", parts.port
        self._root = parts.path.rstrip("/")
        self._idle: list[HTTPConnection] = []

    def ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], patience: Patience
    ) -> Answer:
        """One request and its answer.

        Raises:
            WireError: no answer, or not in time.
        """
        connection = self._reused(patience) or self._new(patience)
        try:
            connection.request(method, self._root + path, body, dict(headers))
            response = connection.getresponse()
            answer = Answer(response.status, response.read())
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return answer

    def _reused(self, patience: Patience) -> HTTPConnection | None:
        """The connection used last, if the server has not closed it meanwhile."""
        with contextlib.suppress(IndexError):
            while connection := self._idle.pop():
                if connection.sock is not None and not _is_readable(connection.sock.fileno()):
                    connection.sock.settimeout(patience.read)
                    return connection
                connection.close()
        return None

    def _new(self, patience: Patience) -> HTTPConnection:
        connection = self._kind(self._host, self._port, timeout=patience.connect)
        connection.connect()
        connection.sock.settimeout(patience.read)
        return connection


def _is_readable(descriptor: int) -> bool:
    """A server has nothing to say unasked, except that it closed its side."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
