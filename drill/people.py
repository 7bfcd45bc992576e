"""People at work while something fails: they repeat what was not answered, and note down what was."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from drill.calls import AGAIN, PAUSE, Book, Client, Visitor
from drill.town import MANAGER, PEOPLE, Town, picture

PAGES = ("/search?q=电脑", "/search?q=bangongzhuo&mode=transfer", "/inbox", "/orders", "/auctions", "/login")
DEGRADED = "搜索服务暂时不可用"
"""What the page says where the database answered a search."""
CARD = {"name": "演练用办公桌", "original_value": "900.00", "location": "主楼", "acquired_on": "2019-05-06"}
_serial = itertools.count(1)


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
        self,
        addresses: Sequence[str],
        town: Town,
        book: Book | None = None,
        *,
        desks: int = 3,
        readers: int = 2,
    ) -> None:
        self.book, self._addresses, self._over = book or Book(), addresses, threading.Event()
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
        return Client(self._addresses, self.book, self._over)

    @property
    def size(self) -> int:
        """How many they are, each with one request at a time."""
        return len(self._threads)

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
