"""Public pages are kept ready: made once while fresh, and there when they can't be made anew."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from marketplace.edge.copies import Copies
from marketplace.edge.gate import Busy, Gate
from marketplace.edge.makers import Makers
from marketplace.edge.pages import Page
from marketplace.edge.shelf import Shelf
from tests.conftest import NOW

MINUTE = dt.timedelta(minutes=1)


class Press:
    """Makes pages until it is told to refuse, or to hang."""

    def __init__(self) -> None:
        self.made = 0
        self.away = False
        self.goes_on = threading.Event()
        self.goes_on.set()

    def __call__(self) -> Page:
        self.goes_on.wait()
        if self.away:
            raise OperationalError("SELECT 1", {}, Exception("away"))
        self.made += 1
        return Page(str(self.made).encode(), "text/plain", NOW)


@pytest.fixture
def press() -> Iterator[Press]:
    press = Press()
    yield press
    press.goes_on.set()


@pytest.fixture(autouse=True)
def _request() -> Iterator[None]:
    with Flask(__name__).test_request_context():
        yield


def shelf_at(folder: Path, most: int = 400, patience: float = 30) -> Shelf:
    return Shelf(Makers(2, patience, patience), Copies(folder), most=most)


def test_a_page_is_made_once_while_it_is_fresh(tmp_path: Path, press: Press) -> None:
    shelf = shelf_at(tmp_path)
    assert [shelf.get("a", NOW, press).page.body for _ in range(3)] == [b"1"] * 3
    assert shelf.get("a", NOW + MINUTE, press).page.body == b"2"


def test_the_page_from_before_serves_while_none_can_be_made(tmp_path: Path, press: Press) -> None:
    shelf = shelf_at(tmp_path)
    first = shelf.get("a", NOW, press)
    press.away = True
    assert shelf.get("a", NOW + MINUTE, press) == first
    with pytest.raises(OperationalError):
        shelf.get("b", NOW, press)
    press.away = False
    assert shelf.get("a", NOW + 2 * MINUTE, press).page.body == b"2"
    assert shelf.get("b", NOW, press).page.body == b"3"


def test_a_press_that_hangs_keeps_nobody_waiting_for_long(tmp_path: Path, press: Press) -> None:
    kept = {key: shelf_at(tmp_path).get(key, NOW, press) for key in "abcdef"}
    press.goes_on.clear()
    shelf = shelf_at(tmp_path, patience=0.1)
    assert {key: shelf.get(key, NOW + MINUTE, press) for key in "abcdef"} == kept
    for key in "uvwxyz":
        with pytest.raises(Busy):
            shelf.get(key, NOW, press)


def test_what_one_process_made_another_shows_after_it(tmp_path: Path, press: Press) -> None:
    made = shelf_at(tmp_path).get(("notice", "PM1"), NOW, press)
    shelf_at(tmp_path).get("own search", NOW, press, passing=True)
    press.away = True
    assert shelf_at(tmp_path).get(("notice", "PM1"), NOW + MINUTE, press) == made
    with pytest.raises(OperationalError):
        shelf_at(tmp_path).get("own search", NOW, press, passing=True)


def test_a_shelf_forgets_what_was_unused_longest(tmp_path: Path, press: Press) -> None:
    shelf = shelf_at(tmp_path, most=2)
    for key in ("a", "b", "a", "c", "a", "b"):
        shelf.get(key, NOW, press)
    assert press.made == 4


def test_searches_push_no_notice_off_the_shelf(tmp_path: Path, press: Press) -> None:
    shelf = shelf_at(tmp_path, most=2)
    shelf.get("notice", NOW, press)
    for number in range(200):
        shelf.get(number, NOW, press, passing=True)
    assert shelf.get("notice", NOW, press).page.body == b"1"


def test_a_gate_lets_in_who_waits_as_soon_as_somebody_leaves() -> None:
    gate, inside = Gate(places=1, patience=20), threading.Event()

    def come() -> None:
        gate.enter()
        inside.set()

    gate.enter()
    threading.Thread(target=come, daemon=True).start()
    assert not inside.is_set()
    gate.leave()
    assert inside.wait(20)


def test_nobody_waits_at_a_gate_where_nothing_moves() -> None:
    gate = Gate(places=1, patience=0.1)
    gate.enter()
    with pytest.raises(Busy):
        gate.enter()
    gate.leave()
    gate.enter()
