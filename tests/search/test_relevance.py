"""The order of relevance: many hits of many ranks, read to the last one."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing
from marketplace.domain.finding import PAGE_LIMIT, Wish
from marketplace.domain.states import AssetState
from search.finder import MeiliFinder
from tests import factories
from tests.conftest import NOW
from tests.search.conftest import EVERYTHING, Stocked, ids, pages

RANKS = (
    *({"name": "办公桌"}, {"name": "写字台"}, {"name": "实木办公桌"}, {"name": "办公桌（带文件柜）"}),
    *(
        {"name": "会议桌", "brand": "办公桌世家"},
        {"name": "办公用桌"},
        {"name": "办公室长桌", "model": "办公桌"},
    ),
)
"""What matches 办公桌 in different ways, best and less well."""
EACH = 800
"""Of each: what matches by pinyin alone is beyond any usual cap, too."""


def stock(session: Session) -> list[int]:
    factories.synonyms(session, "办公桌", "写字台")
    holder = factories.unit(session)
    card = {
        "unit_id": holder.id,
        "state": AssetState.LISTED,
        "original_value": "800.00",
        "created_at": NOW,
        "updated_at": NOW,
    }
    # The ranks alternate, so that none of them is a stretch of ids.
    cards = [card | {"number": f"ZC{n:05d}", **RANKS[n % len(RANKS)]} for n in range(EACH * len(RANKS))]
    made = list(session.scalars(insert(Asset).returning(Asset.id), cards))
    offer = {"for_transfer": True, "for_loan": True, "quantity": 1, "listed_at": NOW}
    session.execute(insert(Listing).values(offer), [{"asset_id": asset_id} for asset_id in made])
    return sorted(made)


@pytest.mark.parametrize("q", ["办公桌", "bangongzhuo", "bgz", "办公桌 qqqqq"])
def test_every_hit_of_every_rank_once(stocked: Stocked, q: str) -> None:
    """Also where partial matches are shown, and where what is typed is an initial."""
    wish = Wish(q=q, limit=PAGE_LIMIT, facets=False)
    found = list(pages(lambda wish: stocked.finder.find(wish, EVERYTHING), wish))
    seen = [asset_id for page in found for asset_id in ids(page.items)]
    assert max(Counter(seen).values()) == 1
    assert len(seen) > 3_000
    assert {page.total for page in found} == {len(seen)}
    at_once = stocked.finder.find(Wish(q=q, limit=len(stocked.made), facets=False), EVERYTHING)
    assert seen == ids(at_once.items)


def test_all_cards_are_found_and_the_thing_itself_first(stocked: Stocked) -> None:
    found = stocked.finder.find(Wish(q="办公桌", limit=len(stocked.made)), EVERYTHING)
    assert sorted(ids(found.items)) == stocked.made
    assert {item["name"] for item in found.items[:EACH]} == {"办公桌"}
    assert found.total == sum(found.facets["mode"].values()) // 2 == len(stocked.made)


def test_the_engine_reads_ten_words_and_more_are_said_to_match_in_part(finder: MeiliFinder) -> None:
    typed = "办公桌 " * 10
    ten, more = (finder.find(Wish(q=q), EVERYTHING) for q in (typed, f"{typed} qqqqq"))
    assert (ten.relaxed, more.relaxed) == (False, True)
    assert ten.total == more.total > 0
