"""Calling the program as its users do, and noting down what it acknowledged and what else it answered."""

from __future__ import annotations

import itertools
import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import orjson
import urllib3

from marketplace.demo.people import PASSWORD

AGAIN = frozenset({429, 503, 507})
"""Statuses that ask to come again."""
HELPFUL = ("请过几分钟刷新页面", "请联系系统管理员清理空间")
"""What the pages say that ask to come again."""
PATIENCE = urllib3.Timeout(connect=5, read=60)
PAUSE = 0.3
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Book:
    """What was acknowledged, and what else was answered. Shared by all people of one fault."""

    cards: dict[str, int] = field(default_factory=dict)
    """Number of the card: its id."""
    names: dict[int, str] = field(default_factory=dict)
    """Id of the card: what it was last called."""
    listings: list[int] = field(default_factory=list)
    photos: list[tuple[int, int]] = field(default_factory=list)
    """Card and photo."""
    wishes: list[str] = field(default_factory=list)
    """The reason of each order that was ever asked for, acknowledged or not: no other has it."""
    orders: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Its reason: id and number."""
    decisions: list[tuple[int, int]] = field(default_factory=list)
    """Order and step."""
    answers: Counter[str] = field(default_factory=Counter)
    degraded: int = 0
    """Searches that the database answered."""
    wrong: list[str] = field(default_factory=list)
    """Answers that nobody should get."""
    refused: list[str] = field(default_factory=list)
    """Refusals by rule."""

    def next_page(self) -> Book:
        """The same acknowledgements, which stay what they are; the rest begins anew."""
        kept = ("cards", "names", "listings", "photos", "wishes", "orders", "decisions")
        return Book(**{name: getattr(self, name) for name in kept})

    @property
    def acknowledged(self) -> int:
        """How many writes were."""
        by_key = len(self.cards) + len(self.names) + len(self.orders)
        return by_key + len(self.listings) + len(self.photos) + len(self.decisions)

    @property
    def retried(self) -> int:
        """How often somebody had to come again."""
        return sum(count for answer, count in self.answers.items() if not answer.startswith(("2", "3")))


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the program."""

    status: int
    text: str
    headers: Mapping[str, str]

    def json(self) -> Any:
        """What it says to a program."""
        return orjson.loads(self.text)


class Client:
    """Whoever calls the program, with a look at each answer.

    Of several web nodes each call takes the next, as a proxy would that stands before them: one that does
    not listen is passed over, and nobody notices.
    """

    def __init__(self, addresses: Sequence[str], book: Book, over: threading.Event) -> None:
        self.addresses, self.book, self.over = addresses, book, over
        self.pool = urllib3.PoolManager(retries=False, timeout=PATIENCE)
        self.turn = itertools.count()

    @property
    def address(self) -> str:
        """Where one of the nodes is."""
        return self.addresses[0]

    def once(self, method: str, path: str, headers: Mapping[str, str], **sent: Any) -> Answer | None:
        """One try; None where no whole answer came."""
        got = self._asked(method, path, headers, **sent)
        if got is None:
            self.book.answers["cut off"] += 1
            return None
        answer = Answer(got.status, got.data.decode(errors="replace"), got.headers)
        self.book.answers[str(answer.status)] += 1
        self._look(method, path, answer)
        return answer

    def _asked(
        self, method: str, path: str, headers: Mapping[str, str], **sent: Any
    ) -> urllib3.BaseHTTPResponse | None:
        first = next(self.turn)
        for number in range(len(self.addresses)):
            address = self.addresses[(first + number) % len(self.addresses)]
            try:
                return self.pool.request(
                    method, address + path, headers=dict(headers), redirect=False, **sent
                )
            except urllib3.exceptions.NewConnectionError:
                continue
            except urllib3.exceptions.HTTPError:
                return None
        return None

    def insist(self, method: str, path: str, headers: Mapping[str, str], **sent: Any) -> Answer | None:
        """Try until there is an answer that doesn't ask to come again; None when the drill is over."""
        while not self.over.is_set():
            answer = self.once(method, path, headers, **sent)
            if answer is not None and answer.status not in AGAIN:
                return answer
            self.over.wait(PAUSE)
        return None

    def _look(self, method: str, path: str, answer: Answer) -> None:
        said = f"{method} {path.partition('?')[0]}: {answer.status}"
        if answer.status in AGAIN and "Retry-After" not in answer.headers:
            self.book.wrong.append(f"{said} without Retry-After")
        elif answer.status in AGAIN and not _helps(path, answer.text):
            self.book.wrong.append(f"{said} without a helpful word")
        elif answer.status >= 500 and answer.status not in AGAIN:
            self.book.wrong.append(said)
        if "Traceback (most recent call last)" in answer.text:
            self.book.wrong.append(f"{said} with a traceback")


def _helps(path: str, text: str) -> bool:
    if path.startswith("/api/"):
        return bool(orjson.loads(text).get("detail"))
    return any(words in text for words in HELPFUL)


class Visitor:
    """Somebody with a browser: cookies, and forms that carry their token."""

    def __init__(self, client: Client, username: str = "") -> None:
        self.client, self.username = client, username
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer | None:
        """Look at a page; one try."""
        return self._kept(self.client.once("GET", path, self._headers()))

    def send(self, page: str, path: str, **fields: str) -> Answer | None:
        """Open a page and send one of its forms; one try each."""
        shown = self.get(page)
        found = _TOKEN.search(shown.text) if shown else None
        if found is None:
            return None
        headers = self._headers() | {"Referer": self.client.address + page}
        values = {"csrf_token": unescape(found[1]), **fields}
        return self._kept(self.client.once("POST", path, headers, fields=values, encode_multipart=False))

    def sign_in(self) -> bool:
        """Sign in with the password of the demo; whether that worked."""
        self.cookies.clear()
        answer = self.send("/login", "/login", username=self.username, password=PASSWORD)
        return answer is not None and answer.status == 302

    def _headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def _kept(self, answer: Answer | None) -> Answer | None:
        if answer is not None and isinstance(answer.headers, urllib3.HTTPHeaderDict):
            for cookie in answer.headers.getlist("Set-Cookie"):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
        return answer
