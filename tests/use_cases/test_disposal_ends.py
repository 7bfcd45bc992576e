"""How disposals that are no sale end, and what keeps a project from going on."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.audit import AuditEntry
from marketplace.db.disposals import Project
from marketplace.db.messages import Message
from marketplace.db.people import Unit
from marketplace.db.quantity_moves import QuantityMove
from marketplace.domain.assets import AcquisitionMethod, Secrecy
from marketplace.domain.auction_rules import Rules
from marketplace.domain.disposals import ProjectState, Way
from marketplace.domain.errors import Conflict, Invalid, NotAllowed
from marketplace.domain.permissions import PLATFORM, Role
from marketplace.domain.states import AssetState
from marketplace.use_cases import (
    auction_drafts,
    auction_rules,
    auctions,
    disposal_decisions,
    disposal_preparation,
    notices,
    piece_ledger,
)
from tests import factories
from tests.conftest import NOW
from tests.use_cases.selling import TODAY, ZONE, Office, office


@pytest.fixture
def selling(session: Session) -> Office:
    return office(session)


def ready(selling: Office, way: Way, *cards: Asset, **facts: object) -> Project:
    """A project of which every condition is met, with what else is known of it."""
    project = selling.project(*(cards or (selling.card(),)), way=way)
    disposal_preparation.edit(selling.session, selling.manager, NOW, project.id, facts)
    return project


def approved(selling: Office, way: Way, *cards: Asset, **facts: object) -> Project:
    project = ready(selling, way, *cards, **facts)
    disposal_decisions.submit(selling.session, selling.manager, NOW, TODAY, project.id)
    return disposal_decisions.approve(selling.session, selling.second, NOW, TODAY, project.id)


def complete(selling: Office, project: Project) -> Project:
    return disposal_decisions.complete(selling.session, selling.manager, NOW, TODAY, project.id)


def neighbour(selling: Office) -> Unit:
    return factories.unit(selling.session, selling.unit.parent, name="第二中学")


@pytest.mark.parametrize("way", [Way.DONATION, Way.EXCHANGE, Way.GRATUITOUS_TRANSFER])
def test_what_somebody_gets_names_who(selling: Office, way: Way) -> None:
    project = ready(selling, way)
    with pytest.raises(Invalid) as refused:
        disposal_decisions.submit(selling.session, selling.manager, NOW, TODAY, project.id)
    assert [error.field for error in refused.value.fields] == ["recipient"]
    assert project.state is ProjectState.DRAFT


@pytest.mark.parametrize(
    ("way", "state"),
    [
        (Way.DONATION, AssetState.DONATED),
        (Way.EXCHANGE, AssetState.CLOSED),
        (Way.WRITE_OFF, AssetState.CLOSED),
        (Way.GRATUITOUS_TRANSFER, AssetState.CLOSED),
    ],
)
def test_each_way_has_its_end(selling: Office, way: Way, state: AssetState) -> None:
    card = selling.card()
    project = complete(selling, approved(selling, way, card, recipient="江州市福利院"))
    selling.session.refresh(card)
    assert (project.state, card.state) == (ProjectState.COMPLETED, state)
    query = select(AuditEntry).where(AuditEntry.object_kind == "asset", AuditEntry.object_id == card.id)
    last = selling.session.scalars(query.order_by(AuditEntry.id.desc())).first()
    assert last is not None
    assert last.after is not None
    assert (last.after["cause"], last.basis) == (project.number, "财资〔2021〕127号第三条")


def test_a_gratuitous_transfer_opens_the_receivers_card(selling: Office) -> None:
    card = selling.card(quantity=3, original_value="3000.00", accumulated_depreciation=Decimal("700.00"))
    other = neighbour(selling)
    officer = factories.user(selling.session, other, Role.UNIT_ASSET_OFFICER)
    project = complete(selling, approved(selling, Way.GRATUITOUS_TRANSFER, card, receiver_id=other.id))
    session = selling.session
    session.refresh(card)
    received = session.scalars(select(Asset).where(Asset.unit_id == other.id)).one()
    assert (card.state, received.state) == (AssetState.CLOSED, AssetState.IN_USE)
    assert received.origin_id == card.id
    assert (received.quantity, received.original_value) == (3, Decimal("3000.00"))
    assert received.accumulated_depreciation == Decimal("700.00")
    assert received.acquisition_method is AcquisitionMethod.TRANSFER
    assert [photo.digest for photo in received.photos] == [photo.digest for photo in card.photos]
    moves = session.scalars(select(QuantityMove).where(QuantityMove.project_id == project.id)).all()
    assert sorted((move.asset_id, move.pieces) for move in moves) == [(card.id, -3), (received.id, 3)]
    assert list(piece_ledger.differences(session)) == []
    assert not any(item.open for item in project.items)
    told = session.scalars(select(Message).where(Message.user_id == officer.id)).one()
    assert (told.kind, told.link) == ("disposal.received", f"/assets?unit={other.id}")


def test_nothing_is_transferred_to_its_holder(selling: Office) -> None:
    project = selling.project(selling.card(), way=Way.GRATUITOUS_TRANSFER)
    for unit in (selling.unit, selling.unit.parent and selling.unit.parent.parent):
        assert unit is not None
        with pytest.raises(Invalid):
            disposal_preparation.edit(
                selling.session, selling.manager, NOW, project.id, {"receiver_id": unit.id}
            )
    assert project.receiver_id is None


def test_a_receiver_that_closed_meanwhile_gets_nothing(selling: Office) -> None:
    card, other = selling.card(), neighbour(selling)
    project = approved(selling, Way.GRATUITOUS_TRANSFER, card, receiver_id=other.id)
    other.active = False
    selling.session.flush()
    with pytest.raises(Invalid), selling.session.begin_nested():
        complete(selling, project)
    selling.session.refresh(card)
    assert card.state is AssetState.DISPOSAL


def test_a_classified_card_goes_no_further(selling: Office) -> None:
    auction = selling.approve(selling.draft(card := selling.card()))
    card.secrecy = Secrecy.SECRET
    selling.session.flush()
    with pytest.raises(Conflict) as refused:
        notices.publish(selling.session, selling.manager, NOW, TODAY, ZONE, auction.id)
    assert refused.value.code == "classified"


def test_publishing_looks_at_the_conditions_again(selling: Office) -> None:
    auction = selling.approve(selling.draft(card := selling.card()))
    for photo in card.photos:
        photo.removed_at = NOW
    selling.session.flush()
    with pytest.raises(Invalid) as refused:
        notices.publish(selling.session, selling.manager, NOW, TODAY, ZONE, auction.id)
    assert ([error.field for error in refused.value.fields], refused.value.basis) == (
        ["photos"],
        "拍卖法第四十六条",
    )


def test_what_is_published_is_what_was_approved(selling: Office) -> None:
    auction = selling.approve(selling.draft(card := selling.card()))
    card.quantity = 7
    selling.session.flush()
    with pytest.raises(Conflict) as refused:
        notices.publish(selling.session, selling.manager, NOW, TODAY, ZONE, auction.id)
    assert refused.value.code == "card_changed"
    auctions.send_back(selling.session, selling.manager, NOW, auction.id, "卡片改过，重新核对")
    assert selling.publish(auction).content["lots"][0]["items"][0]["quantity"] == 7


def test_a_picture_that_nobody_approved_is_not_published(selling: Office) -> None:
    auction = selling.approve(selling.draft(card := selling.card()))
    for photo in card.photos:
        photo.digest = "f" * 64
    selling.session.flush()
    with pytest.raises(Conflict) as refused:
        notices.publish(selling.session, selling.manager, NOW, TODAY, ZONE, auction.id)
    assert refused.value.code == "card_changed"


def test_what_is_proposed_follows_the_rules_of_the_place(selling: Office) -> None:
    mine = Rules(
        extension_minutes=3, deposit_percent=20, increment_percent=5, bidding_hours=48, notice_days=14
    )
    auction_rules.save(selling.session, PLATFORM, NOW, mine, Rules())
    auction = selling.draft()
    [lot] = auction.lots
    assert (lot.deposit, lot.increment) == (Decimal("10000.00"), Decimal("5000.00"))
    assert auction.starts_at is not None
    assert auction.ends_at is not None
    assert auction.ends_at - auction.starts_at == dt.timedelta(hours=48)
    assert (auction.starts_at.astimezone(ZONE).date() - TODAY).days >= 14
    assert auction.terms["extension"].startswith("结束前3分钟内")
    assert auction_drafts.breaches(selling.session, auction, TODAY, ZONE) == []


def test_the_approval_threshold_is_a_setting(selling: Office) -> None:
    lower = Rules(approval_threshold=Decimal("100.00"))
    auction_rules.save(selling.session, PLATFORM, NOW, lower, Rules())
    project = ready(selling, Way.DONATION, recipient="江州市福利院")
    disposal_decisions.submit(selling.session, selling.manager, NOW, TODAY, project.id)
    with pytest.raises(NotAllowed) as refused:
        disposal_decisions.approve(selling.session, selling.second, NOW, TODAY, project.id)
    assert "100.00" in str(refused.value)
    done = disposal_decisions.approve(selling.session, selling.finance, NOW, TODAY, project.id)
    assert done.state is ProjectState.APPROVED
