"""Kept-alive connections to one HTTP server, with no more of a client than a search needs.

Searches are answered in a few milliseconds, of which a general client takes a fair part for itself.
"""

from __future__ import annotations

import contextlib
import select
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit

KEPT = 32
"""Idle connections that are kept: several for each thread that searches in one process."""
WireError = (HTTPException, OSError)
"""What is raised when there is no answer, or not in time."""


class Patience(NamedTuple):
    """Seconds to wait at most."""

    connect: float
    read: float
    """Between two pieces of a request or of an answer."""


class Request(NamedTuple):
    """What is asked of the server."""

    method: str
    path: str
    body: bytes | None
    headers: Mapping[str, str]


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

    def ask(self, requests: Sequence[Request], patience: Patience) -> Iterator[Answer]:
        """Send all requests before the first answer is taken, so that the server works on them side by side.

        Answers come in the order of the requests; until the next one is taken there is time for other
        things. Raises ``WireError``.
        """
        with contextlib.ExitStack() as lent:
            connections = [lent.enter_context(self._lent(patience)) for _ in requests]
            for connection, request in zip(connections, requests, strict=True):
                path = self._root + request.path
                connection.request(request.method, path, request.body, dict(request.headers))
            for connection in connections:
                response = connection.getresponse()
                yield Answer(response.status, response.read())

    @contextlib.contextmanager
    def _lent(self, patience: Patience) -> Iterator[HTTPConnection]:
        """A connection; whoever fails on the way leaves it in an unknown state, so it is closed."""
        connection = self._reused(patience) or self._new(patience)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if len(self._idle) < KEPT:
            self._idle.append(connection)
        else:
            connection.close()

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
