"""Which values of a facet are named and drawn when there are more than anybody reads."""

from __future__ import annotations

import pytest
from flask import request
from sqlalchemy import select

from marketplace.db.people import Unit
from marketplace.domain.finding import Found
from marketplace.web import facet_names, facets
from marketplace.web.facets import Group
from tests.web.conftest import World

HOLDERS = {"330000": 90, "JY": 60, "JY-1": 40, "WS": 30, "440000": 10, "WS-1": 5}
"""Two regions among them, which have a facet of their own."""


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are drawn, and two are named at once."""
    monkeypatch.setattr(facet_names, "NAMED", 2)
    for module in (facet_names, facets):
        monkeypatch.setattr(module, "LISTED", 2)


def group(world: World, name: str, counts: dict[str, int], address: str = "/search") -> Group:
    found = Found(items=[], total=100, facets={name: counts})
    with world.app.test_request_context(address):
        groups = facets.facet_groups(request.args, found, facet_names.names_of(found))
    return next(group for group in groups if group.name == name)


def labels(found: Group) -> list[tuple[str, int]]:
    return [(entry.label, entry.count) for entry in found.all]


def test_holders_with_the_most_hits_are_drawn_and_the_rest_is_counted(world: World) -> None:
    found = group(world, "unit", HOLDERS)
    assert labels(found) == [("教育局", 60), ("第一中学", 40)]
    assert [entry.label for entry in found.entries] == ["教育局"], "the school stands below its department"
    assert found.left_out == len(HOLDERS) - len({"330000", "JY", "JY-1"})


def test_what_is_chosen_is_drawn_however_few_hits_it_has(world: World) -> None:
    found = group(world, "unit", HOLDERS, "/search?unit=WS-1,JY-2")
    assert labels(found) == [("教育局", 60), ("第一中学", 40), ("中心医院", 5), ("第二中学", 0)]
    assert found.chosen == 2


@pytest.fixture
def regions(world: World) -> list[str]:
    """Codes of 江州市 and 云川市."""
    with world.sessions() as session:
        found = select(Unit.region_code).where(Unit.code.in_(["330000", "440000"])).order_by(Unit.id)
        return list(session.scalars(found))


def test_regions_are_drawn_by_their_hits_too(world: World, regions: list[str]) -> None:
    found = group(world, "region", {regions[1]: 10, regions[0]: 90, "no such region": 1})
    assert labels(found) == [("江州市", 90), ("云川市", 10)]
    assert found.left_out == 1


def test_a_place_that_nobody_knows_has_its_code_for_a_name(world: World, regions: list[str]) -> None:
    found = group(world, "region", {regions[0]: 90}, "/search?region=999999")
    assert labels(found) == [("江州市", 90), ("999999", 0)]
