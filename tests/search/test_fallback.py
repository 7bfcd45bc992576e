"""While the engine is away the database finds by words as well, as they are typed."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from marketplace.domain.finding import MARK_END, MARK_START, Wish
from search import cursors, fallback
from tests import factories
from tests.search.conftest import EVERYTHING, names


@pytest.fixture
def things(session: Session) -> Session:
    factories.synonyms(session, "便携式计算机", "笔记本", "laptop")
    kind = factories.category(session, "T9", "便携式计算机", edition="x")
    office = factories.unit(session, name="市财政局")
    key = {"category_edition": kind.edition, "category_code": kind.code}
    factories.listed(session, office, "便携式计算机", brand="联想", model="Ｔ４８０", number="ZC-0042")
    factories.listed(session, office, "ThinkPad X1", brand="Lenovo", number="100%_A", **key)
    factories.listed(session, office, "办公桌", number="100xyA")
    return session


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("便携式", {"便携式计算机", "ThinkPad X1"}),
        ("笔记本", {"便携式计算机", "ThinkPad X1"}),
        ("LAPTOP", {"便携式计算机", "ThinkPad X1"}),
        ("联想笔记本", {"便携式计算机"}),
        ("笔记本 t480", {"便携式计算机"}),
        ("ｔ４８０", {"便携式计算机"}),
        ("0042", {"便携式计算机"}),
        ("lenovo x1", {"ThinkPad X1"}),
        ("办公桌 财政局", {"办公桌"}),
        ("100%_", {"ThinkPad X1"}),
        ("100", {"ThinkPad X1", "办公桌"}),
        ("'; --", set()),
        ("办公桌 笔记本", set()),
    ],
)
def test_words(things: Session, typed: str, expected: set[str]) -> None:
    found = fallback.find(things, Wish(q=typed), EVERYTHING, None)
    assert names(found) == expected
    assert (found.total, found.degraded) == (len(expected), True)


def test_what_stands_literally_is_marked(things: Session) -> None:
    [item] = fallback.find(things, Wish(q="x1 lenovo"), EVERYTHING, None).items
    marked = {"name": f"ThinkPad {MARK_START}X1{MARK_END}", "brand": f"{MARK_START}Lenovo{MARK_END}"}
    assert item["highlight"] == marked


def test_pages_of_words(things: Session) -> None:
    first = fallback.find(things, Wish(q="100", limit=1), EVERYTHING, None)
    wish = Wish(q="100", limit=1, cursor=first.next_cursor or "")
    second = fallback.find(things, wish, EVERYTHING, cursors.read(wish))
    assert names(first) | names(second) == {"ThinkPad X1", "办公桌"}
    assert second.next_cursor is None


def test_suggestions(things: Session) -> None:
    assert fallback.suggest(things, "笔记本", EVERYTHING, 8) == ["ThinkPad X1", "便携式计算机"]
    assert fallback.suggest(things, "笔记本", EVERYTHING, 1) == ["ThinkPad X1"]
