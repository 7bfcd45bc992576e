"""Asking over HTTP as one person or many would, with no more of a client than that takes."""

from __future__ import annotations

import itertools
import selectors
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

CLIENTS = 2
"""Processes that ask where throughput is measured: one alone would be what is measured."""

GOOD = frozenset({b"200", b"304"})
Script = Sequence[bytes]
"""What one person asks for, one after the other; whoever is done takes the next script."""


def question(path: str, body: bytes = b"", **headers: str) -> bytes:
    """A request as it goes over the wire: a GET, or a POST where there is a body."""
    said = {"Host": "127.0.0.1", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if body:
        said |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def drive(
    port: int,
    scripts: Iterable[Script],
    users: int = 1,
    seconds: float = 1e9,
    refused: list[float] | None = None,
) -> list[float]:
    """Milliseconds that each answer took, asked for by so many users at once, until time or scripts end.

    An answer that asks to come again goes to ``refused``, as does a connection that the server ended before
    the answer did, which is made again as browsers do; without such a list either ends the measurement.
    """
    left = iter(scripts)
    times: list[float] = []
    started = time.perf_counter()
    with selectors.DefaultSelector() as ready:
        for _ in range(users):
            _Line(port, left).join(ready)
        while ready.get_map() and time.perf_counter() - started < seconds:
            for key, _ in ready.select(1):
                line: _Line = key.data
                try:
                    whole = line.is_whole()
                except ConnectionError:
                    if refused is None:
                        raise
                    refused.append((time.perf_counter() - line.asked) * 1000)
                    line.ask_again(ready)
                    continue
                if whole:
                    assert line.status in GOOD or refused is not None, line.status
                    kept = times if line.status in GOOD or refused is None else refused
                    kept.append((time.perf_counter() - line.asked) * 1000)
                    line.go_on(ready)
        for key in list(ready.get_map().values()):
            key.data.socket.close()
    return times


def rate(pool: Executor, port: int, asked: bytes, connections: int, seconds: float) -> float:
    """Answers a second over so many connections, shared out among the clients."""
    each = connections // CLIENTS
    counts = [pool.submit(_count, port, asked, each, seconds) for _ in range(CLIENTS)]
    return sum(count.result() for count in counts) / seconds


def _count(port: int, asked: bytes, connections: int, seconds: float) -> int:
    return len(drive(port, itertools.repeat([asked]), connections, seconds))


@dataclass(slots=True)
class _Line:
    port: int
    scripts: Iterator[Script]
    asked: float = 0.0
    question: bytes = b""
    socket: socket.socket = field(init=False)
    script: Iterator[bytes] = field(default_factory=lambda: iter(()))
    left: int = 0
    status: bytes = b""
    head: bytearray = field(default_factory=bytearray)

    def join(self, ready: selectors.BaseSelector) -> None:
        self._connect(ready)
        self.go_on(ready)

    def ask_again(self, ready: selectors.BaseSelector) -> None:
        """The last question, over a connection of its own."""
        ready.unregister(self.socket)
        self.socket.close()
        self.left = 0
        self.head.clear()
        self._connect(ready)
        self._ask(self.question)

    def _connect(self, ready: selectors.BaseSelector) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ready.register(self.socket, selectors.EVENT_READ, self)

    def _ask(self, question: bytes) -> None:
        self.question, self.asked = question, time.perf_counter()
        self.socket.sendall(question)

    def go_on(self, ready: selectors.BaseSelector) -> None:
        """Ask the next question; hang up where there is none."""
        asked = next(self.script, None)
        while asked is None:
            script = next(self.scripts, None)
            if script is None:
                ready.unregister(self.socket)
                self.socket.close()
                return
            self.script = iter(script)
            asked = next(self.script, None)
        self._ask(asked)

    def is_whole(self) -> bool:
        """Take what has come; whether an answer has ended with it."""
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise ConnectionError("the server hung up")
        if self.left:
            self.left -= len(piece)
            return self.left == 0
        self.head += piece
        end = self.head.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self.head[:end]).lower()
        self.status = head[9:12]
        assert self.status in {*GOOD, b"503"}, bytes(self.head[:2000]).decode(errors="replace")
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        self.left = end + 4 + length - len(self.head)
        self.head.clear()
        return self.left == 0
