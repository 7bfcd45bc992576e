"""Putting cards on offer, changing the offer, and taking them off, on the real database."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing
from marketplace.db.audit import AuditEntry
from marketplace.db.outbox import OutboxRow
from marketplace.db.people import Unit
from marketplace.domain.assets import Condition, Secrecy
from marketplace.domain.errors import Conflict, Invalid, NotAllowed, NotFound, RuleError
from marketplace.domain.finding import Mode
from marketplace.domain.listings import Offer
from marketplace.domain.orders import OrderState
from marketplace.domain.permissions import Actor, Role
from marketplace.domain.states import AssetState
from marketplace.use_cases import assets, listings
from tests import factories
from tests.conftest import NOW
from tests.use_cases.ordering import BOTH, TODAY, Town, found_town


@pytest.fixture
def card(session: Session, school: Unit) -> Asset:
    """Twenty of them, in use."""
    return factories.asset(session, school, "联想ThinkPad T480", quantity=20)


def test_the_first_circle_is_the_own_department(
    session: Session, officer: Actor, stranger: Actor, school: Unit, card: Asset
) -> None:
    listings.list_asset(session, officer, NOW, card.id, Offer(modes=BOTH.modes, own_department_only=True))
    neighbour = factories.unit(session, session.get_one(Unit, school.parent_id))
    assert assets.load(session, factories.actor((Role.STAFF, neighbour)), card.id)
    with pytest.raises(NotFound):
        assets.load(session, stranger, card.id)


def test_listing_and_withdrawing(session: Session, officer: Actor, card: Asset) -> None:
    offer = Offer(modes=frozenset({Mode.LOAN}), quantity=5, condition=Condition.NEW, note="几乎未用")
    listing = listings.list_asset(session, officer, NOW, card.id, offer)
    assert (card.state, card.condition, listing.quantity) == (AssetState.LISTED, Condition.NEW, 5)
    assert (listing.for_transfer, listing.for_loan, listing.place) == (False, True, "主楼301室")
    with pytest.raises(Conflict) as refused:
        listings.list_asset(session, officer, NOW, card.id, offer)
    assert (refused.value.state, refused.value.allowed) == ("listed", ("withdraw",))
    listings.withdraw(session, officer, NOW, card.id, "本单位急用")
    assert card.state is AssetState.IN_USE
    assert card.listing is None
    with pytest.raises(Conflict):
        listings.withdraw(session, officer, NOW, card.id)


def test_a_classified_asset_is_never_listed(session: Session, officer: Actor, school: Unit) -> None:
    card = factories.asset(session, school, secrecy=Secrecy.CONFIDENTIAL)
    with pytest.raises(RuleError) as refused:
        listings.list_asset(session, officer, NOW, card.id, BOTH)
    assert refused.value.code == "classified"
    assert refused.value.basis


@pytest.mark.parametrize("quantity", [0, 21, -1])
def test_no_more_is_offered_than_there_is(
    session: Session, officer: Actor, card: Asset, quantity: int
) -> None:
    with pytest.raises(Invalid):
        listings.list_asset(session, officer, NOW, card.id, Offer(modes=BOTH.modes, quantity=quantity))
    assert card.state is AssetState.IN_USE


def test_bulk_listing_lists_what_it_can_and_says_why_not(
    session: Session, officer: Actor, stranger: Actor, school: Unit
) -> None:
    good = [factories.asset(session, school) for _ in range(3)]
    secret = factories.asset(session, school, secrecy="secret")
    taken = factories.listed(session, school)
    ids = [*(row.id for row in good), secret.id, taken.id, 10**12]
    listed, refused = listings.list_many(session, officer, NOW, ids, BOTH)
    assert listed == [row.id for row in good]
    assert {key: error.code for key, error in refused.items()} == {
        secret.id: "classified",
        taken.id: "wrong_state",
        10**12: "not_found",
    }
    assert listings.list_many(session, stranger, NOW, [taken.id, secret.id], BOTH)[0] == []
    with pytest.raises(Invalid):
        listings.list_many(session, officer, NOW, range(listings.BULK_LIMIT + 1), BOTH)


LESS = Offer(
    modes=frozenset({Mode.LOAN}),
    quantity=5,
    condition=Condition.FAIR,
    place="二号楼门厅",
    contact_name="李雷",
    contact_phone="0571-8500",
    note="缺电源",
    own_department_only=True,
)


def test_an_open_offer_is_changed_recorded_and_found_anew(
    session: Session, officer: Actor, stranger: Actor, card: Asset
) -> None:
    listing = listings.list_asset(session, officer, NOW, card.id, BOTH)
    version, waiting = card.version, len(session.scalars(select(OutboxRow)).all())
    changed = listings.change(session, officer, NOW, TODAY, card.id, LESS, version=version)
    assert (changed.id, card.state, card.condition) == (listing.id, AssetState.LISTED, Condition.FAIR)
    assert listings.offered_with(card) == {
        "modes": ["loan"],
        "quantity": 5,
        "condition": "fair",
        "place": "二号楼门厅",
        "contact_name": "李雷",
        "contact_phone": "0571-8500",
        "note": "缺电源",
        "award_rule": "first_come",
        "window_days": 5,
        "audience": "department",
    }
    assert len(session.scalars(select(OutboxRow)).all()) == waiting + 1
    entry = assets.history(session, officer, card.id)[0]
    assert (entry.action, entry.before["quantity"], entry.after["quantity"]) == ("asset.offer", 20, 5)
    with pytest.raises(NotFound):
        assets.load(session, stranger, card.id)


def test_an_offer_that_stays_as_it_is_leaves_no_trace(session: Session, officer: Actor, card: Asset) -> None:
    listings.list_asset(session, officer, NOW, card.id, LESS)
    before = card.version, session.scalars(select(AuditEntry.id)).all()
    listings.change(session, officer, NOW, TODAY, card.id, dataclasses.replace(LESS, condition=None))
    assert (card.version, session.scalars(select(AuditEntry.id)).all()) == before


@pytest.mark.parametrize("wrong", [{"modes": frozenset()}, {"quantity": 0}, {"quantity": 21}])
def test_an_offer_is_not_changed_into_a_wrong_one(
    session: Session, officer: Actor, card: Asset, wrong: dict[str, Any]
) -> None:
    listings.list_asset(session, officer, NOW, card.id, BOTH)
    with pytest.raises(Invalid):
        listings.change(session, officer, NOW, TODAY, card.id, dataclasses.replace(LESS, **wrong))
    assert listings.offered_with(card)["quantity"] == 20


def test_a_lost_update_of_an_offer_is_a_conflict(session: Session, officer: Actor, card: Asset) -> None:
    listings.list_asset(session, officer, NOW, card.id, BOTH)
    shown = card.version
    listings.change(session, officer, NOW, TODAY, card.id, LESS, version=shown)
    with pytest.raises(Conflict):
        listings.change(session, officer, NOW, TODAY, card.id, BOTH, version=shown)
    assert listings.offered_with(card)["note"] == "缺电源"


def test_only_the_holder_changes_an_offer_and_only_while_it_is_open(
    session: Session, officer: Actor, stranger: Actor, card: Asset
) -> None:
    with pytest.raises(Conflict):
        listings.change(session, officer, NOW, TODAY, card.id, BOTH)
    listings.list_asset(session, officer, NOW, card.id, BOTH)
    with pytest.raises(NotAllowed):
        listings.change(session, stranger, NOW, TODAY, card.id, LESS)
    listings.withdraw(session, officer, NOW, card.id)
    with pytest.raises(Conflict):
        listings.change(session, officer, NOW, TODAY, card.id, LESS)
    assert session.scalars(select(Listing.quantity)).all() == [20]


@pytest.fixture
def town(session: Session) -> Town:
    return found_town(session)


def test_no_fewer_are_offered_than_are_promised(town: Town) -> None:
    card, holder = town.listed(quantity=20), town.actor("A.officer")
    town.submitted(card, quantity=8)
    listings.change(town.session, holder, NOW, TODAY, card.id, dataclasses.replace(BOTH, quantity=8))
    with pytest.raises(Invalid) as refused:
        listings.change(town.session, holder, NOW, TODAY, card.id, dataclasses.replace(BOTH, quantity=7))
    assert refused.value.fields[0].params == {"promised": 8}


def test_more_on_offer_serves_whoever_waits(town: Town) -> None:
    card = town.listed(quantity=20, offer=dataclasses.replace(BOTH, quantity=2))
    town.submitted(card, "B.staff", quantity=2)
    waiting = town.submitted(card, "H.staff", quantity=2)
    assert waiting.state is OrderState.WAITING
    listings.change(town.session, town.actor("A.officer"), NOW, TODAY, card.id, BOTH)
    assert waiting.state is OrderState.OFFERED
