"""Results page through to the last one, each once, whatever happens meanwhile."""

from __future__ import annotations

import base64
import dataclasses

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing
from marketplace.domain.errors import Invalid
from marketplace.domain.finding import PAGE_LIMIT, Sort, Wish
from marketplace.domain.states import AssetState
from search import cursors, documents, fallback, indexer
from search.finder import MeiliFinder
from tests import factories
from tests.conftest import NOW
from tests.search.conftest import EVERYTHING, Stocked, ids, pages

COUNT = 3_200
HERE = (31.8, 117.2)


def stock(session: Session) -> list[int]:
    """More cards than any usual cap, equal in all that a result can be sorted by.

    Two holders are at one place, and nobody knows where the third is.
    """
    place = {"latitude": 31.9, "longitude": 117.3}
    holders = [factories.unit(session, **at) for at in (place, place, {})]
    card = {
        "state": AssetState.LISTED,
        "name": "办公桌",
        "original_value": "800.00",
        "created_at": NOW,
        "updated_at": NOW,
    }
    cards = [{"number": f"ZC{n:05d}", "unit_id": holders[n * 3 // COUNT].id} for n in range(COUNT)]
    made = list(session.scalars(insert(Asset).values(card).returning(Asset.id), cards))
    offer = {"for_transfer": True, "for_loan": False, "quantity": 1, "listed_at": NOW}
    session.execute(insert(Listing).values(offer), [{"asset_id": asset_id} for asset_id in made])
    return sorted(made)


@pytest.mark.parametrize(
    "wish", [Wish(), *(Wish(sort=sort) for sort in Sort), Wish(q="办公桌"), Wish(q="zc00")]
)
def test_every_page_to_the_last_hit(stocked: Stocked, wish: Wish) -> None:
    wish = dataclasses.replace(wish, limit=PAGE_LIMIT, facets=False, origin=HERE)
    found = list(pages(lambda wish: stocked.finder.find(wish, EVERYTHING), wish))
    expected = stocked.made if wish.q != "zc00" else stocked.made[:1000]
    assert [asset_id for page in found for asset_id in ids(page.items)] == expected
    assert {page.total for page in found} == {len(expected)}
    assert found[-1].next_cursor is None


def test_counts_stay_whole_on_later_pages(finder: MeiliFinder) -> None:
    first = finder.find(Wish(), EVERYTHING)
    second = finder.find(Wish(cursor=first.next_cursor or ""), EVERYTHING)
    assert first.facets == second.facets
    assert second.facets["state"] == {"listed": COUNT}


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.VALUE_HIGH, Sort.NAME, Sort.NEAREST])
def test_changes_meanwhile_make_neither_repeats_nor_gaps(stocked: Stocked, sort: Sort) -> None:
    """Hits already shown go away, and one comes back, while somebody is reading on."""
    finder, index = stocked.finder, stocked.finder.engines[0]
    wish = Wish(sort=sort, limit=50, facets=False, origin=HERE)
    first = finder.find(wish, EVERYTHING)
    shown = ids(first.items)
    index.wait(index.delete_documents(index.index, shown[10:40]))
    second = finder.find(dataclasses.replace(wish, cursor=first.next_cursor or ""), EVERYTHING)
    indexer.write(stocked.session, index, index.index, shown[10:40])
    third = finder.find(dataclasses.replace(wish, cursor=second.next_cursor or ""), EVERYTHING)
    assert shown + ids(second.items) + ids(third.items) == stocked.made[:150]


@pytest.mark.parametrize("sort", [Sort.VALUE_LOW, Sort.OLDEST, Sort.NAME, Sort.NEAREST])
def test_a_page_begun_in_the_engine_goes_on_in_the_database(stocked: Stocked, sort: Sort) -> None:
    wish = Wish(sort=sort, limit=30, facets=False, origin=HERE)
    first = stocked.finder.find(wish, EVERYTHING)
    wish = dataclasses.replace(wish, cursor=first.next_cursor or "")
    second = fallback.find(stocked.session, wish, EVERYTHING, cursors.read(wish))
    assert ids(first.items) + ids(second.items) == stocked.made[:60]
    wish = dataclasses.replace(wish, cursor=second.next_cursor or "")
    assert ids(stocked.finder.find(wish, EVERYTHING).items) == stocked.made[60:90]


@pytest.mark.parametrize("sort", list(Sort))
def test_partial_matches_go_on_as_partial_matches(stocked: Stocked, sort: Sort) -> None:
    wish = Wish(q="办公桌 qqqqq", limit=40, facets=False, sort=sort, origin=HERE)
    first = stocked.finder.find(wish, EVERYTHING)
    second = stocked.finder.find(dataclasses.replace(wish, cursor=first.next_cursor or ""), EVERYTHING)
    assert (first.relaxed, second.relaxed) == (True, True)
    assert ids(first.items) + ids(second.items) == stocked.made[:80]
    assert (first.total, second.total) == (COUNT, COUNT)


def test_a_cursor_belongs_to_one_search(finder: MeiliFinder) -> None:
    wish = Wish(sort=Sort.NEWEST)
    cursor = finder.find(wish, EVERYTHING).next_cursor or ""
    for other in (Wish(), Wish(sort=Sort.OLDEST), Wish(sort=Sort.NEWEST, q="桌"), Wish(listed=False)):
        with pytest.raises(Invalid):
            finder.find(dataclasses.replace(other, cursor=cursor), EVERYTHING)


def _forged(wish: Wish, *content: object) -> str:
    """A cursor of this wish with other content."""
    own = orjson.loads(base64.urlsafe_b64decode(cursors.write(wish, cursors.Skip(0)) + "=="))
    return base64.urlsafe_b64encode(orjson.dumps([own[0], *content])).decode()


SORTED, RANKED, NEAR = Wish(sort=Sort.NEWEST), Wish(q="办公桌"), Wish(sort=Sort.NEAREST, origin=HERE)


@pytest.mark.parametrize(
    ("wish", "content"),
    [
        (SORTED, ["Behind", "", "", "1 OR listed = false", 5]),
        (SORTED, ["Behind", "", "", "xff", 5]),
        (SORTED, ["Behind", "", "", True, 5]),
        (SORTED, ["Behind", "", "", 1, "5) OR (id > 0"]),
        (SORTED, ["Behind", "", "", 1, -1]),
        (SORTED, ["Behind", "", "", 1]),
        (SORTED, ["Skip", "", "", 5]),
        (SORTED, []),
        (Wish(sort=Sort.NAME), ["Behind", "", "", 'x" OR listed = false', 5]),
        (RANKED, ["Behind", "", "", 1, 5]),
        (RANKED, ["Skip", "", "", -1]),
        (RANKED, ["Skip", "a", "unheard-of", 1]),
        (RANKED, ["Skip", "", "", 1.5]),
        (RANKED, ["Past", "", "", 1.5, 1, 1]),
        (NEAR, ["Skip", "", "", 5]),
        (NEAR, ["Past", "", "", 1.5, "1 OR id > 0", 1]),
        (NEAR, ["Past", "", "", 1.5, 1, -1]),
        (NEAR, ["Past", "a", "unheard-of", 1.5, 1, 1]),
    ],
)
def test_a_forged_cursor_is_refused(finder: MeiliFinder, wish: Wish, content: list[object]) -> None:
    with pytest.raises(Invalid):
        finder.find(dataclasses.replace(wish, cursor=_forged(wish, *content)), EVERYTHING)


@pytest.mark.parametrize(
    ("wish", "content"),
    [
        (SORTED, ["Behind", "", "", 1e308, 2**53]),
        (SORTED, ["Behind", "", "", -1e308, 0]),
        (RANKED, ["Skip", "", "", 2**53]),
        (RANKED, ["Skip", "办公桌", "frequency", 0]),
        (Wish(sort=Sort.NAME), ["Behind", "", "", "x", 0]),
        (NEAR, ["Past", "", "", 0.0, 2**53, 0]),
    ],
)
def test_a_forged_place_is_only_another_place(finder: MeiliFinder, wish: Wish, content: list[object]) -> None:
    forged = dataclasses.replace(wish, cursor=_forged(wish, *content))
    found = finder.find(forged, EVERYTHING)
    assert not found.degraded
    assert found.total == COUNT


@given(
    text=st.text(min_size=1) | st.binary(min_size=1).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
)
@example(text="W10=")
@example(text="A" * 5_000)
@settings(max_examples=80, deadline=None)
def test_no_text_is_taken_for_a_cursor(text: str) -> None:
    for wish in (SORTED, RANKED):
        with pytest.raises(Invalid):
            cursors.read(dataclasses.replace(wish, cursor=text))


def test_names_sort_as_the_database_sorts_them(session: Session) -> None:
    """The key in the documents and the one the database works out are the same."""
    holder = factories.unit(session)
    names = ["打印机", "安全柜", "ＡＢＣ桌", "abc桌", "《桌》", "𠮷桌", "办" * 80, "Ⅻ号", "ſ桌"]
    for name in names:
        factories.asset(session, holder, name)
    key = fallback.conditions.order_value("name_order")
    found = session.execute(fallback.conditions.joined(select(Asset.name, key)))
    assert dict(found.all()) == {name: documents.name_order(name) for name in names}
