"""Kept-alive connections to one HTTP server, with no more of a client than a search needs.

A search is answered in a few milliseconds, of which a general client takes one for itself. This one
sends JSON and reads JSON: no redirects, no compression, no cookies.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple, cast
from urllib.parse import urlsplit

KEPT = 32
"""Idle connections that are kept: several for each thread that searches in one process."""
BUFFER = 65_536


class Patience(NamedTuple):
    """Seconds to wait at most."""

    connect: float
    read: float
    """Between two pieces of a request or of an answer."""


class Request(NamedTuple):
    """What is asked of the server."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]


class Answer(NamedTuple):
    """What the server said."""

    status: int
    content: bytes
    is_last: bool = False
    """The server says no more on this connection."""


class Wire:
    """The connections to one server. Safe to share between threads: each request has one to itself."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._root = parts.hostname or "", parts.path.rstrip("/")
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._named = parts.netloc.rpartition("@")[2]
        self._idle: list[_Line] = []

    def ask(self, requests: Sequence[Request], patience: Patience) -> Iterator[Answer]:
        """The answers, in the order of the requests; the server works on all of them side by side.

        Whoever leaves off before the last one has the connections closed.

        Raises:
            OSError: an answer does not come, or not in time.
        """
        with contextlib.ExitStack() as lent:
            lines = [lent.enter_context(self._lent(patience)) for _ in requests]
            for line, request in zip(lines, requests, strict=True):
                line.send(self._written(request))
            for line in lines:
                yield line.receive()

    def _written(self, request: Request) -> bytes:
        headers = {"Host": self._named, "Content-Length": str(len(request.body)), **request.headers}
        named = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{request.method} {self._root}{request.path} HTTP/1.1\r\n{named}\r\n".encode() + request.body

    @contextlib.contextmanager
    def _lent(self, patience: Patience) -> Iterator[_Line]:
        """A connection; whoever fails on the way leaves it in an unknown state, so it is closed."""
        line = self._reused() or _Line(self._connected(patience.connect))
        line.wait_at_most(patience.read)
        try:
            yield line
        except BaseException:
            line.close()
            raise
        if line.is_over or len(self._idle) >= KEPT:
            line.close()
        else:
            self._idle.append(line)

    def _reused(self) -> _Line | None:
        """The connection used last, if the server has not closed it meanwhile."""
        with contextlib.suppress(IndexError):
            while line := self._idle.pop():
                if not line.is_readable():
                    return line
                line.close()
        return None

    def _connected(self, seconds: float) -> socket.socket:
        connected = socket.create_connection((self._host, self._port), seconds)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._tls.wrap_socket(connected, server_hostname=self._host) if self._tls else connected


class _Line:
    """One connection."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._stream = cast(BinaryIO, connected.makefile("rb", BUFFER))
        self.is_over = False

    def wait_at_most(self, seconds: float) -> None:
        self._socket.settimeout(seconds)

    def send(self, written: bytes) -> None:
        self._socket.sendall(written)

    def receive(self) -> Answer:
        answer = read_answer(self._stream)
        self.is_over = answer.is_last
        return answer

    def is_readable(self) -> bool:
        """A server has nothing to say unasked, except that it closed its side."""
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


def read_answer(stream: BinaryIO) -> Answer:
    """The next answer of a server.

    Raises:
        ConnectionError: it ends early, or is no HTTP.
    """
    try:
        status = int(stream.readline().split(maxsplit=2)[1])
        headers = dict(_headers(stream))
        is_last = headers.get(b"connection") == b"close"
        if headers.get(b"transfer-encoding") == b"chunked":
            return Answer(status, b"".join(_chunks(stream)), is_last)
        length = 0 if status == 204 else int(headers[b"content-length"])
        return Answer(status, _exactly(stream, length), is_last)
    except (IndexError, KeyError, ValueError) as error:
        raise ConnectionError("the answer is no HTTP") from error


def _headers(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.lower().partition(b":")
        yield name.strip(), value.strip()


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while size := int(stream.readline().partition(b";")[0], 16):
        yield _exactly(stream, size)
        stream.readline()
    for _trailer in _headers(stream):
        pass


def _exactly(stream: BinaryIO, length: int) -> bytes:
    content = stream.read(length)
    if len(content) < length:
        raise ConnectionError("the answer ended early")
    return content
