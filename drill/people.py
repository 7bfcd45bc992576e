"""People at work while something fails: they repeat what was not answered, and note down what was."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import orjson
import urllib3

from drill.town import MANAGER, PEOPLE, Town, picture
from marketplace.demo.people import PASSWORD

AGAIN = frozenset({429, 503, 507})
"""Statuses that ask to come again."""
HELPFUL = ("请过几分钟刷新页面", "请联系系统管理员清理空间")
"""What the pages say that ask to come again."""
PATIENCE = urllib3.Timeout(connect=5, read=60)
PAUSE = 0.3
PAGES = ("/search?q=电脑", "/search?q=bangongzhuo&mode=transfer", "/inbox", "/orders", "/auctions", "/login")
DEGRADED = "搜索服务暂时不可用"
"""What the page says where the database answered a search."""
CARD = {"name": "演练用办公桌", "original_value": "900.00", "location": "主楼", "acquired_on": "2019-05-06"}
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_serial = itertools.count(1)


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
    """Whoever calls the program, with a look at each answer."""

    def __init__(self, address: str, book: Book, over: threading.Event) -> None:
        self.address, self.book, self.over = address, book, over
        self.pool = urllib3.PoolManager(retries=False, timeout=PATIENCE)

    def once(self, method: str, path: str, headers: Mapping[str, str], **sent: Any) -> Answer | None:
        """One try; None where no whole answer came."""
        try:
            got = self.pool.request(
                method, self.address + path, headers=dict(headers), redirect=False, **sent
            )
        except urllib3.exceptions.HTTPError:
            self.book.answers["cut off"] += 1
            return None
        answer = Answer(got.status, got.data.decode(errors="replace"), got.headers)
        self.book.answers[str(answer.status)] += 1
        self._look(method, path, answer)
        return answer

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


class Desk(threading.Thread):
    """An officer who makes and lists cards, others who ask for them and decide: one wish after another."""

    def __init__(self, client: Client, town: Town, giver: str, receiver: str, number: int) -> None:
        super().__init__(daemon=True)
        self.client, self.town, self.giver, self.receiver = client, town, giver, receiver
        self.number, self.book = number, client.book

    def run(self) -> None:
        while not self.client.over.is_set():
            card = self._make()
            if card is not None and self._list(card):
                self._photograph(card)
                self._rename(card)
                self._ask(card)

    def _make(self) -> int | None:
        number = f"DRILL-{self.number}-{next(_serial):05d}"
        given = {"unit_code": self.giver, "number": number} | CARD
        made = self._post(self.giver, "unit_asset_officer", "/assets", given)
        if made is None:
            return None
        self.book.cards[number] = made["id"]
        return int(made["id"])

    def _list(self, card: int) -> bool:
        offer = {"modes": ["transfer"], "condition": "good", "place": "主楼", "contact_name": "王老师"}
        offer["contact_phone"] = "0570-1234567"
        listed = self._post(self.giver, "unit_asset_officer", f"/assets/{card}/list", offer)
        if listed is not None:
            self.book.listings.append(card)
        return listed is not None

    def _photograph(self, card: int) -> None:
        file = {"file": ("桌.jpg", picture(card), "image/jpeg")}
        who = PEOPLE[self.giver]["unit_asset_officer"]
        added = self._call(who, "POST", f"/assets/{card}/photos", fields=file)
        if added is not None:
            self.book.photos.append((card, added["id"]))

    def _rename(self, card: int) -> None:
        name = f"演练用办公桌{card}"
        who = PEOPLE[self.giver]["unit_asset_officer"]
        changed = self._call(who, "PATCH", f"/assets/{card}", json={"name": name}, headers={"If-Match": "*"})
        if changed is not None:
            self.book.names[card] = name

    def _ask(self, card: int) -> None:
        reason = f"演练{self.number}-{next(_serial):05d}"
        self.book.wishes.append(reason)
        order = {"asset_id": card, "kind": "transfer", "reason": reason}
        made = self._post(self.receiver, "staff", "/orders", order)
        if made is not None:
            self.book.orders[reason] = made["id"], made["number"]
            self._decide(made)

    def _decide(self, order: dict[str, Any] | None) -> None:
        """Everybody who has to agree does, but for every third order, which stays in between."""
        while order is not None and order["id"] % 3 and (step := _open_step(order)):
            unit, role = step["unit"]["code"], step["role"]
            who = PEOPLE.get(unit, {}).get(role, MANAGER)
            act = {"action": "approve", "step_id": step["id"]}
            order = self._call(who, "POST", f"/orders/{order['id']}/actions", json=act)
            if order is not None:
                self.book.decisions.append((order["id"], step["id"]))

    def _post(self, unit: str, role: str, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        return self._call(PEOPLE[unit][role], "POST", path, json=body)

    def _call(
        self, who: str, method: str, path: str, headers: Mapping[str, str] | None = None, **sent: Any
    ) -> dict[str, Any] | None:
        """One wish with a key of its own, repeated with the same key until it is answered."""
        named = {
            "Authorization": f"Bearer {self.town.tokens[who]}",
            "Idempotency-Key": f"drill {self.number} {next(_serial)}",
            **(headers or {}),
        }
        answer = self.client.insist(method, f"/api/v1{path}", named, **sent)
        if answer is None:
            return None
        if answer.status >= 400:
            self.book.refused.append(f"{method} {path}: {answer.status} {answer.text[:300]}")
            self.client.over.wait(PAUSE)
            return None
        found: dict[str, Any] = answer.json()
        return found


def _open_step(order: Mapping[str, Any]) -> dict[str, Any] | None:
    return next((step for step in order["steps"] if step["state"] == "open"), None)


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


class Reader(threading.Thread):
    """Somebody who looks at pages, one after the other, and signs in again where that is asked for."""

    def __init__(self, client: Client, username: str) -> None:
        super().__init__(daemon=True)
        self.visitor, self.book, self.over = Visitor(client, username), client.book, client.over

    def run(self) -> None:
        signed_in = False
        for path in self._paths():
            if not signed_in:
                signed_in = self.visitor.sign_in()
            answer = self.visitor.get(path)
            if answer is None or answer.status in AGAIN:
                self.over.wait(PAUSE)
            elif answer.status >= 400:
                self.book.refused.append(f"GET {path}: {answer.status}")
            elif "/login" in answer.headers.get("Location", ""):
                signed_in = False
            elif DEGRADED in answer.text:
                self.book.degraded += 1

    def _paths(self) -> Iterator[str]:
        for path in itertools.cycle(PAGES):
            if self.over.is_set():
                return
            yield path
            self.over.wait(0.05)


class Crowd:
    """Everybody at work on one installation, from ``with`` to its end."""

    def __init__(
        self, address: str, town: Town, book: Book | None = None, *, desks: int = 3, readers: int = 2
    ) -> None:
        self.book, self._address, self._over = book or Book(), address, threading.Event()
        units = list(PEOPLE)
        self._threads: Sequence[threading.Thread] = [
            *(
                Desk(self.client(), town, units[at % 3], units[(at + 1) % 3], next(_serial))
                for at in range(desks)
            ),
            *(Reader(self.client(), PEOPLE[units[at % 3]]["staff"]) for at in range(readers)),
        ]

    def client(self) -> Client:
        """Somebody else who calls the program while the crowd is at work."""
        return Client(self._address, self.book, self._over)

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(90)

    def works(self, some: int, *, most: float) -> float | None:
        """Seconds until so many more writes were acknowledged; None when they were not in time."""
        began, before = time.monotonic(), self.book.acknowledged
        while self.book.acknowledged < before + some:
            if time.monotonic() > began + most:
                return None
            time.sleep(0.05)
        return time.monotonic() - began
