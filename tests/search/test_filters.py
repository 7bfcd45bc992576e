"""Filters and facets, by the engine and by the database alike."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.orm import Session

from marketplace.db.assets import Photo
from marketplace.domain.finding import Found, Mode, Reach, Sort, Wish
from search import cursors, fallback
from search.engine import Engine
from search.finder import MeiliFinder
from tests import factories
from tests.conftest import NOW
from tests.search.conftest import EVERYTHING, Stocked, ids, pages

HERE = (31.8206, 117.2272)


def stock(session: Session) -> None:
    """Twelve cards that differ in everything there is a filter for."""
    near = factories.unit(session, region_code="340100", latitude=HERE[0], longitude=HERE[1], code="R1")
    bureau = factories.unit(session, near, code="D1", latitude=31.85, longitude=117.23)
    office = factories.unit(session, bureau, code="U1")
    far = factories.unit(session, region_code="340200", latitude=31.35, longitude=118.43, code="R2")
    top = factories.category(session, "T", "设备", edition="x")
    pc = factories.category(session, "T01", "计算机", edition="x", above=["T"])
    same = factories.category(session, "T01", "家具", edition="y")
    classes = [top, pc, same, None]
    values = ["0.00", "499.99", "500.00", "999.99", "5000.00", "12345.67", "200000.00", "9999999.99"]
    for n in range(12):
        kind = classes[n % 4]
        card = factories.listed(
            session,
            [near, bureau, office, far][n // 3],
            f"第{n % 5}种物品",
            condition=["new", "good", "fair"][n % 3],
            original_value=values[n % 8],
            acquired_on=dt.date(2015 + n % 4, 3, 1) if n else None,
            listed_at=NOW - dt.timedelta(hours=n % 3),
            for_transfer=n % 3 != 0,
            for_loan=n % 3 != 1,
            category_edition=kind.edition if kind else None,
            category_code=kind.code if kind else None,
        )
        if n % 4 == 0:
            photo = {"asset_id": card.id, "position": 1, "digest": f"{n:064x}", "fingerprint": n, "width": 1}
            session.execute(insert(Photo).values(**photo, height=1, uploaded_at=NOW))


WISHES = [
    Wish(),
    Wish(categories=("x:T",)),
    Wish(categories=("x:T01",)),
    Wish(categories=("y:T01", "x:T01")),
    Wish(categories=("z:T01",)),
    Wish(regions=("340200",)),
    Wish(units=("D1",)),
    Wish(units=("U1", "R2")),
    Wish(conditions=("new", "fair")),
    Wish(conditions=("unheard-of",)),
    Wish(modes=(Mode.LOAN,)),
    Wish(modes=(Mode.LOAN, Mode.TRANSFER)),
    Wish(states=("listed",)),
    Wish(states=("in_use",)),
    Wish(years=(2016, 2018)),
    Wish(min_value=Decimal(500), max_value=Decimal("999.99")),
    Wish(max_value=Decimal(0)),
    Wish(min_value=Decimal("12345.67"), max_value=Decimal("12345.67")),
    Wish(within_km=5),
    Wish(within_km=300),
    Wish(within_km=50, origin=None),
    Wish(has_photo=True),
    Wish(conditions=("new",), modes=(Mode.LOAN,), years=(2015, 2016, 2017), regions=("340100",)),
]


PAIRS = [*((Wish(), sort) for sort in Sort), *zip(WISHES, itertools.cycle(Sort), strict=False)]


@pytest.mark.parametrize(("wish", "sort"), PAIRS)
def test_engine_and_database_answer_alike(stocked: Stocked, wish: Wish, sort: Sort) -> None:
    origin = None if wish.within_km == 50 else HERE
    asked = dataclasses.replace(wish, sort=sort, origin=origin, limit=5)
    by_engine = list(pages(lambda wish: stocked.finder.find(wish, EVERYTHING), asked))
    by_database = list(pages(lambda wish: _from_database(stocked.session, wish), asked))
    assert [ids(page.items) for page in by_engine] == [ids(page.items) for page in by_database]
    assert {page.total for page in by_engine} == {page.total for page in by_database}
    for ours, theirs in zip(by_engine, by_database, strict=True):
        assert [_shown(item) for item in ours.items] == [_shown(item) for item in theirs.items]
        assert _counts(ours) == _counts(theirs)


@pytest.mark.parametrize(("wish", "sort"), PAIRS)
def test_a_busy_engine_answers_the_same(
    stocked: Stocked, monkeypatch: pytest.MonkeyPatch, wish: Wish, sort: Sort
) -> None:
    asked = dataclasses.replace(wish, sort=sort, origin=HERE, limit=5, q="种物品")

    def answered() -> list[Found]:
        found = pages(lambda wish: stocked.finder.find(wish, EVERYTHING), asked)
        return [dataclasses.replace(page, took_ms=0) for page in found]

    calm = answered()
    monkeypatch.setattr(Engine, "is_busy", True)
    assert answered() == calm


def _from_database(session: Session, wish: Wish, reach: Reach = EVERYTHING) -> Found:
    return fallback.find(session, wish, reach, cursors.read(wish))


def _shown(item: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in item.items() if value is not None}


def _counts(found: Found) -> dict[str, dict[str, int]]:
    return {facet: dict(counts) for facet, counts in found.facets.items() if counts}


def test_a_facet_is_counted_as_if_it_were_not_filtered(finder: MeiliFinder) -> None:
    free = finder.find(Wish(origin=HERE), EVERYTHING).facets
    chosen = finder.find(Wish(conditions=("new",), within_km=20, origin=HERE), EVERYTHING)
    near_only = finder.find(Wish(within_km=20, origin=HERE), EVERYTHING)
    assert chosen.facets["condition"] == near_only.facets["condition"] == {"fair": 2, "good": 2, "new": 2}
    assert chosen.facets["distance"] == {"5": 2, "20": 2, "50": 2, "100": 2, "300": 3}
    assert free["distance"] == {"5": 6, "20": 6, "50": 6, "100": 6, "300": 9}
    assert chosen.facets["mode"] == {"loan": 2}
    assert chosen.total == 2


def test_every_level_of_classes_and_units_is_counted(finder: MeiliFinder) -> None:
    facets = finder.find(Wish(), EVERYTHING).facets
    assert facets["category"] == {"x:T": 6, "x:T01": 3, "y:T01": 3}
    assert facets["unit"] == {"R1": 9, "D1": 6, "U1": 3, "R2": 3}
    assert facets["region"] == {"340100": 9, "340200": 3}
    assert facets["value"]["0-500"] == 4
    assert facets["value"]["200000+"] == 2
    assert sum(facets["year"].values()) == 11


def test_no_facets_unless_asked_for(finder: MeiliFinder) -> None:
    assert finder.find(Wish(facets=False, conditions=("new",)), EVERYTHING).facets == {}


def test_distances_stand_beside_the_items(finder: MeiliFinder) -> None:
    items = finder.find(Wish(sort=Sort.NEAREST, origin=HERE), EVERYTHING).items
    assert [item["distance_km"] for item in items] == [0.0] * 3 + [3.3] * 3 + [125.4] * 3 + [None] * 3
    assert finder.find(Wish(), EVERYTHING).items[0]["distance_km"] is None


@given(
    text=st.text(max_size=30)
    | st.sampled_from(
        [
            '"',
            "\\",
            '\\"',
            '" OR listed = false OR unit_codes = "',
            "'] OR listed EXISTS",
            "U1\\",
            "\x00",
            "_geo(",
        ]
    )
)
@settings(max_examples=30, deadline=None)
def test_nothing_typed_widens_a_filter(stocked: Stocked, text: str) -> None:
    """Values of filters are data: none is an error, and none finds more than is there by that name."""
    for field in ("units", "regions", "categories", "conditions", "states"):
        wish = Wish(**{field: (text,)}, facets=False)
        found = stocked.finder.find(wish, EVERYTHING)
        assert not found.degraded
        assert _from_database(stocked.session, wish).total <= found.total
        known = {"U1", "D1", "R1", "R2", "340100", "340200", "new", "good", "fair", "listed"}
        assert found.total == 0 or text.strip() in known | {name.lower() for name in known}


@given(text=st.text(max_size=40))
@settings(max_examples=30, deadline=None)
def test_nothing_typed_is_an_error(stocked: Stocked, text: str) -> None:
    found = stocked.finder.find(Wish(q=text, facets=False), EVERYTHING)
    assert not found.degraded
    assert found.total <= 12
    assert _from_database(stocked.session, Wish(q=text, facets=False)).total <= 12
