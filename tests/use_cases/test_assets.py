"""Cards and listings on the real database."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing
from marketplace.db.audit import AuditEntry
from marketplace.db.outbox import OutboxRow
from marketplace.db.people import Unit
from marketplace.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from marketplace.domain.finding import Mode
from marketplace.domain.listings import Offer
from marketplace.domain.permissions import Actor
from marketplace.use_cases import assets, listings
from tests.conftest import NOW

CARD = {
    "number": "GDZC-001",
    "name": "联想ThinkPad T480",
    "quantity": "20",
    "original_value": "12,800.00",
    "acquired_on": "2020年3月",
    "location": "主楼301室",
    "plate_number": "",
}
BOTH = Offer(modes=frozenset({Mode.TRANSFER, Mode.LOAN}))


def _traces(session: Session) -> tuple[int, int, int]:
    return tuple(  # type: ignore[return-value]
        session.scalar(select(func.count()).select_from(table)) for table in (AuditEntry, OutboxRow, Listing)
    )


def test_a_card_is_read_kept_recorded_and_put_in_the_outbox(
    session: Session, officer: Actor, school: Unit
) -> None:
    card = assets.create(session, officer, NOW, school.code, CARD)
    assert (card.quantity, card.original_value, card.net_value) == (
        20,
        Decimal("12800.00"),
        Decimal("12800.00"),
    )
    assert card.acquired_on is not None
    assert card.acquired_on.isoformat() == "2020-03-01"
    assert card.vehicle is None
    assert _traces(session) == (1, 1, 0)


def test_all_mistakes_are_named_at_once(session: Session, officer: Actor, school: Unit) -> None:
    wrong = CARD | {"quantity": "2.5", "original_value": "abc", "name": " ", "accumulated_depreciation": "5"}
    with pytest.raises(Invalid) as refused:
        assets.create(session, officer, NOW, school.code, wrong)
    assert {error.field for error in refused.value.fields} == {"quantity", "original_value", "name"}
    assert _traces(session) == (0, 0, 0)


def test_a_number_is_used_once_in_a_unit(session: Session, officer: Actor, school: Unit) -> None:
    assets.create(session, officer, NOW, school.code, CARD)
    with pytest.raises(Invalid) as refused:
        assets.create(session, officer, NOW, school.code, CARD)
    assert refused.value.fields[0].field == "number"


def test_depreciation_is_checked_against_the_value_that_is_kept(
    session: Session, officer: Actor, school: Unit
) -> None:
    card = assets.create(session, officer, NOW, school.code, CARD)
    with pytest.raises(Invalid) as refused:
        assets.edit(session, officer, NOW, card.id, card.version, {"accumulated_depreciation": "12800.01"})
    assert refused.value.fields[0].field == "accumulated_depreciation"


def test_a_lost_update_is_a_conflict(session: Session, officer: Actor, school: Unit) -> None:
    card = assets.create(session, officer, NOW, school.code, CARD)
    shown = card.version
    assets.edit(session, officer, NOW, card.id, shown, {"location": "仓库"})
    with pytest.raises(Conflict) as refused:
        assets.edit(session, officer, NOW, card.id, shown, {"location": "地下室"})
    assert refused.value.code == "version_conflict"
    assert session.get_one(Asset, card.id).location == "仓库"


def test_an_edit_that_changes_nothing_leaves_no_trace(session: Session, officer: Actor, school: Unit) -> None:
    card = assets.create(session, officer, NOW, school.code, CARD)
    before = (_traces(session), card.version)
    assets.edit(session, officer, NOW, card.id, card.version, {"location": "主楼301室", "quantity": "20.0"})
    assert (_traces(session), card.version) == before


def test_the_history_says_what_changed(session: Session, officer: Actor, school: Unit) -> None:
    card = assets.create(session, officer, NOW, school.code, CARD)
    assets.edit(session, officer, NOW, card.id, card.version, {"location": "仓库", "vin": "LSVX"})
    newest = assets.history(session, officer, card.id)[0]
    assert newest.before == {"location": "主楼301室", "vin": None}
    assert newest.after == {"location": "仓库", "vin": "LSVX"}


def test_the_vehicle_part_goes_when_it_says_nothing(session: Session, officer: Actor, school: Unit) -> None:
    card = assets.create(session, officer, NOW, school.code, CARD | {"plate_number": "江A00001"})
    assert card.vehicle is not None
    edited = assets.edit(session, officer, NOW, card.id, card.version, {"plate_number": ""})
    assert edited.vehicle is None


def test_an_unlisted_card_does_not_exist_for_others(
    session: Session, officer: Actor, stranger: Actor, school: Unit
) -> None:
    card = assets.create(session, officer, NOW, school.code, CARD)
    for attempt in (
        lambda: assets.load(session, stranger, card.id),
        lambda: assets.edit(session, stranger, NOW, card.id, None, {"location": "x"}),
        lambda: listings.list_asset(session, stranger, NOW, card.id, BOTH),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_a_listed_card_is_seen_but_not_touched_by_others(
    session: Session, officer: Actor, stranger: Actor, school: Unit
) -> None:
    card = assets.create(session, officer, NOW, school.code, CARD)
    listings.list_asset(session, officer, NOW, card.id, BOTH)
    assert assets.load(session, stranger, card.id).id == card.id
    assert not assets.may_read_card(stranger, card)
    before = _traces(session)
    with pytest.raises(NotAllowed):
        assets.edit(session, stranger, NOW, card.id, None, {"location": "x"})
    with pytest.raises(NotAllowed):
        listings.withdraw(session, stranger, NOW, card.id)
    with pytest.raises(NotAllowed):
        assets.history(session, stranger, card.id)
    assert _traces(session) == before


def test_a_listed_asset_is_not_made_secret_or_smaller_than_its_offer(
    session: Session, officer: Actor, school: Unit
) -> None:
    card = assets.create(session, officer, NOW, school.code, CARD)
    listings.list_asset(session, officer, NOW, card.id, BOTH)
    for change in ({"secrecy": "秘密"}, {"quantity": "19"}):
        with pytest.raises(Invalid):
            assets.edit(session, officer, NOW, card.id, None, change)
