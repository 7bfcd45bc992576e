"""A viewer finds, counts and is suggested what the scope allows, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.people import Unit
from marketplace.domain.assets import CLASSIFIED, Secrecy
from marketplace.domain.finding import Found, Reach, Wish, reach_of
from marketplace.domain.permissions import Permission, Role
from marketplace.domain.states import AssetState
from search import fallback, queries
from search.engine import Engine
from search.finder import MeiliFinder
from tests import factories
from tests.search.conftest import Stocked, fill, ids, names


@dataclass
class Made:
    bureau: Unit
    office: Unit
    other: Unit


def stock(session: Session) -> Made:
    here, there = (factories.unit(session, region_code=code) for code in ("340100", "340200"))
    bureau = factories.unit(session, here, code="D1")
    office = factories.unit(session, bureau, code="U1")
    other = factories.unit(session, there, code="D2")
    factories.listed(session, office, "给大家的办公桌", condition="good")
    factories.listed(session, office, "给本系统的办公椅", audience=bureau, condition="fair")
    factories.listed(session, other, "邻区的文件柜", audience=there, condition="new")
    factories.asset(session, office, "自用的保险柜", condition="repair")
    factories.listed(session, office, "涉密的打印机", secrecy=Secrecy.SECRET)
    factories.asset(session, office, "已销账的相机", state=AssetState.CLOSED)
    return Made(bureau, office, other)


@pytest.fixture(params=["engine", "database"])
def find(request: pytest.FixtureRequest, stocked: Stocked) -> Callable[[Wish, Reach], Found]:
    """The same rules from either side."""
    if request.param == "engine":
        return stocked.finder.find
    return lambda wish, reach: fallback.find(stocked.session, wish, reach, None)


Find = Callable[[Wish, Reach], Found]


def test_listings_are_found_by_those_they_are_offered_to(find: Find, stocked: Stocked) -> None:
    made: Made = stocked.made
    sibling = reach_of(factories.actor((Role.STAFF, made.bureau)))
    assert names(find(Wish(), sibling)) == {"给大家的办公桌", "给本系统的办公椅"}
    stranger = reach_of(factories.actor((Role.STAFF, made.other)))
    assert names(find(Wish(), stranger)) == {"给大家的办公桌", "邻区的文件柜"}


def test_cards_are_found_within_the_own_scope_only(find: Find, stocked: Stocked) -> None:
    made: Made = stocked.made
    officer = reach_of(factories.actor((Role.UNIT_ASSET_OFFICER, made.bureau)))
    own = {"给大家的办公桌", "给本系统的办公椅", "自用的保险柜", "涉密的打印机", "已销账的相机"}
    assert names(find(Wish(listed=False), officer)) == own
    stranger = reach_of(factories.actor((Role.UNIT_ASSET_OFFICER, made.other)))
    assert names(find(Wish(listed=False), stranger)) == {"邻区的文件柜"}


def test_who_may_find_nothing_finds_nothing(find: Find, stocked: Stocked) -> None:
    administrator = reach_of(factories.actor((Role.SYSTEM_ADMINISTRATOR, stocked.made.office)))
    for listed in (True, False):
        found = find(Wish(listed=listed), administrator)
        assert (found.items, found.total, sum(map(len, found.facets.values()))) == ([], 0, 0)


def test_what_is_hidden_is_not_counted(find: Find, stocked: Stocked) -> None:
    stranger = reach_of(factories.actor((Role.STAFF, stocked.made.other)))
    facets = find(Wish(), stranger).facets
    assert facets["condition"] == {"good": 1, "new": 1}
    assert facets["unit"]["U1"] == 1
    assert facets["state"] == {"listed": 2}
    # Counts beside a chosen filter are within the scope as well.
    facets = find(Wish(conditions=("fair",)), stranger).facets
    assert facets["condition"] == {"good": 1, "new": 1}
    assert not facets.get("unit")


def test_classified_is_never_on_offer(find: Find, stocked: Stocked) -> None:
    everyone = Reach(frozenset(), frozenset(), everything=True)
    assert "涉密的打印机" not in names(find(Wish(), everyone))
    assert "涉密的打印机" in names(find(Wish(listed=False), everyone))


def test_what_is_hidden_is_not_suggested(stocked: Stocked) -> None:
    stranger = reach_of(factories.actor((Role.STAFF, stocked.made.other)))
    assert stocked.finder.suggest("办公", stranger) == ["给大家的办公桌"]
    assert fallback.suggest(stocked.session, "办公", stranger, 8) == ["给大家的办公桌"]
    nobody = Reach(frozenset(), frozenset())
    assert stocked.finder.suggest("办公", nobody) == []


def test_mistakes_lead_to_nothing_hidden(finder: MeiliFinder, stocked: Stocked) -> None:
    stranger = reach_of(factories.actor((Role.STAFF, stocked.made.other)))
    for typed in ("保险贵", "给本系统的办公倚", "自用 qqq"):
        assert names(finder.find(Wish(q=typed), stranger)) <= {"给大家的办公桌", "邻区的文件柜"}


@dataclass
class Organisation:
    """A forest of units, cards with and without offers, and somebody's grants; units by position."""

    parents: list[int | None]
    cards: list[tuple[int, AssetState, int | None, Secrecy]]
    grants: list[tuple[Role, int]]


@st.composite
def organisations(draw: st.DrawFn) -> Organisation:
    size = draw(st.integers(1, 6))
    unit = st.integers(0, size - 1)
    states = st.sampled_from([AssetState.LISTED, AssetState.LISTED, AssetState.IN_USE, AssetState.CLOSED])
    secrecy = st.sampled_from([Secrecy.NONE, Secrecy.NONE, Secrecy.CONFIDENTIAL])
    return Organisation(
        parents=[draw(st.none() | st.integers(0, n - 1)) if n else None for n in range(size)],
        cards=draw(st.lists(st.tuples(unit, states, st.none() | unit, secrecy), min_size=1, max_size=8)),
        grants=draw(st.lists(st.tuples(st.sampled_from(Role), unit), max_size=3)),
    )


@given(made=organisations())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_engine_database_and_rule_agree(made: Organisation, session: Session, index: Engine) -> None:
    units: list[Unit] = []
    for parent in made.parents:
        units.append(factories.unit(session, None if parent is None else units[parent]))
    offers: list[tuple[Asset, int | None]] = []
    for holder, state, audience, secrecy in made.cards:
        to = None if audience is None else units[audience]
        asset = factories.listed(session, units[holder], audience=to, secrecy=secrecy)
        asset.state = state
        offers.append((asset, to.id if to else None))
    session.flush()
    fill(session, index)
    actor = factories.actor(*((role, units[at]) for role, at in made.grants))
    paths = {unit.id: frozenset(unit.path) for unit in units}
    reach = reach_of(actor)

    def offered(asset: Asset, audience: int | None) -> bool:
        is_listed = asset.state is AssetState.LISTED and asset.secrecy not in CLASSIFIED
        in_circle = bool(reach.circles) and (audience is None or audience in actor.circles())
        return is_listed and (in_circle or actor.may(Permission.READ_ASSETS, paths[asset.unit_id]))

    rules: dict[bool, Callable[[Asset, int | None], bool]] = {
        True: offered,
        False: lambda asset, _: actor.may(Permission.READ_ASSETS, paths[asset.unit_id]),
    }
    for listed, rule in rules.items():
        expected = sorted(asset.id for asset, audience in offers if rule(asset, audience))
        scope = queries.scope(reach, listed=listed)
        answers = [] if scope is None else index.search({"filter": [scope], "limit": 100})
        assert sorted(asset_id for answer in answers for asset_id in ids(answer["hits"])) == expected
        assert sorted(ids(fallback.find(session, Wish(listed=listed), reach, None).items)) == expected
    session.rollback()
    index.wait(index.call("DELETE", f"/indexes/{index.index}/documents"))
