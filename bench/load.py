"""Asking for one page over many connections at once, faster than the server can answer."""

from __future__ import annotations

import selectors
import socket
import time
from concurrent.futures import Executor
from dataclasses import dataclass, field

CLIENTS = 2
"""Processes that ask: one alone would be what is measured."""


@dataclass(slots=True)
class _Line:
    socket: socket.socket
    left: int = 0
    head: bytearray = field(default_factory=bytearray)


def rate(pool: Executor, port: int, path: str, connections: int, seconds: float, **headers: str) -> float:
    """Answers a second over so many connections, shared out among the clients."""
    each = max(1, connections // CLIENTS)
    asked = [pool.submit(_ask, port, path, each, seconds, headers) for _ in range(CLIENTS)]
    return sum(one.result() for one in asked)


def _ask(port: int, path: str, connections: int, seconds: float, headers: dict[str, str]) -> float:
    said = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    question = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{said}\r\n".encode()
    expected = b" 304 " if "If_None_Match" in headers else b" 200 "
    with selectors.DefaultSelector() as ready:
        for _ in range(connections):
            line = _Line(socket.create_connection(("127.0.0.1", port)))
            line.socket.sendall(question)
            ready.register(line.socket, selectors.EVENT_READ, line)
        answers, started = 0, time.perf_counter()
        while (passed := time.perf_counter() - started) < seconds:
            for key, _ in ready.select(1):
                if _is_whole(key.data, expected):
                    answers += 1
                    key.data.socket.sendall(question)
        for key in list(ready.get_map().values()):
            key.data.socket.close()
    return answers / passed


def _is_whole(line: _Line, expected: bytes) -> bool:
    """Take what has come; whether an answer has ended with it."""
    piece = line.socket.recv(1 << 18)
    if not piece:
        raise ConnectionError("the server hung up")
    if line.left:
        line.left -= len(piece)
        return line.left == 0
    line.head += piece
    end = line.head.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = bytes(line.head[:end]).lower()
    assert expected in head[:20], head
    at = head.find(b"content-length:")
    length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    line.left = end + 4 + length - len(line.head)
    line.head.clear()
    return line.left == 0
