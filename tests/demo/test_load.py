"""The loaded demo: what it promises in numbers, and that it keeps the rules that people must keep."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from marketplace.db import actors
from marketplace.db.assets import Asset, Listing, Photo, PropertyCard, VehicleCard
from marketplace.db.audit import AuditEntry
from marketplace.db.catalogue import Category
from marketplace.db.outbox import OutboxRow
from marketplace.db.people import RoleGrant, Unit, UnitKind, User
from marketplace.db.session import make_engine
from marketplace.demo.load import SEED, hang_photos, is_loaded, load_demo
from marketplace.demo.people import PASSWORD
from marketplace.demo.places import CITIES
from marketplace.demo.specials import check_digit
from marketplace.domain import credit_code
from marketplace.domain.assets import CARD_FIELDS, CLASSIFIED, Condition, read_card
from marketplace.domain.permissions import Permission, Role
from marketplace.domain.states import AssetState
from marketplace.media.images import SIZES
from marketplace.media.store import FolderStore, key
from marketplace.use_cases.accounts import SignInOutcome, sign_in
from tests.conftest import NOW

CAPS = {
    "A02010105": 5_000,
    "A02010108": 7_000,
    "A02021003": 1_200,
    "A02021004": 2_000,
    "A02021001": 7_600,
    "A02020100": 35_000,
    "A02020400": 3_000,
    "A05010201": 3_000,
    "A05010301": 800,
    "A05010302": 800,
    "A05010303": 800,
    "A05010401": 3_000,
    "A05010402": 1_500,
    "A05010501": 1_200,
    "A05010502": 1_000,
    "A05010503": 1_000,
    "A05010504": 3_000,
    "A05010505": 1_500,
}
"""Highest prices of one piece by class of 2022, in CNY (财资〔2016〕27号)."""


@pytest.fixture(scope="module")
def demo(loaded: str) -> Iterator[Session]:
    """What was loaded, as it was."""
    engine = make_engine(loaded)
    with Session(engine) as session:
        yield session
        session.rollback()
    engine.dispose()


def test_two_regions_with_departments_units_and_parts_of_units(demo: Session) -> None:
    kinds = Counter(demo.scalars(select(Unit.kind)))
    assert kinds[UnitKind.REGION] == 2
    assert sum(kinds.values()) - 2 >= 40
    assert all(kinds[kind] >= 8 for kind in (UnitKind.DEPARTMENT, UnitKind.UNIT, UnitKind.SUB_UNIT))
    departments = Counter(demo.scalars(select(Unit.region_code).where(Unit.kind == UnitKind.DEPARTMENT)))
    assert departments.keys() == CITIES.keys()
    assert min(departments.values()) >= 8


def test_the_tree_of_units_is_whole(demo: Session) -> None:
    units = {unit.id: unit for unit in demo.scalars(select(Unit))}
    levels = list(UnitKind)
    for unit in units.values():
        above = units[unit.parent_id].path if unit.parent_id else []
        assert unit.path == [*above, unit.id]
        assert levels.index(unit.kind) == len(unit.path) - 1
        assert unit.region_code == units[unit.path[0]].code


def test_units_are_identified_and_placed_within_their_city(demo: Session) -> None:
    units = demo.scalars(select(Unit).where(Unit.kind != UnitKind.REGION)).all()
    assert all(unit.credit_code and credit_code.is_valid(unit.credit_code) for unit in units)
    assert all(unit.address and unit.headcount for unit in units)
    for unit in units:
        city = CITIES[unit.region_code]
        assert unit.latitude is not None
        assert unit.longitude is not None
        assert abs(unit.latitude - city.latitude) < 0.15
        assert abs(unit.longitude - city.longitude) < 0.15


def test_every_role_is_granted_in_both_regions(demo: Session) -> None:
    granted = demo.execute(select(Unit.region_code, RoleGrant.role).join(Unit, Unit.id == RoleGrant.unit_id))
    assert {tuple(row) for row in granted} == {(city, role) for city in CITIES for role in Role}


def test_a_demo_account_signs_in(demo: Session) -> None:
    assert sign_in(demo, NOW, "wang.officer", PASSWORD).outcome is SignInOutcome.DONE
    assert sign_in(demo, NOW, "wang.officer", PASSWORD + "x").outcome is SignInOutcome.WRONG


def test_five_thousand_cards_in_two_editions_of_which_many_stand_in_the_warehouse(demo: Session) -> None:
    states = Counter(demo.scalars(select(Asset.state)))
    assert sum(states.values()) == 5_000
    assert states[AssetState.LISTED] > 1_500
    editions = Counter(demo.scalars(select(Asset.category_edition)))
    assert editions["2022"] > 4_000
    assert editions["2013"] > 200
    assert demo.scalar(select(func.count(func.distinct(Asset.unit_id)))) > 40


def test_many_chairs_and_computers_few_vehicles_and_houses(demo: Session) -> None:
    chairs, computers = _count(demo, "A050103%"), _count(demo, "A020101%")
    vehicles, houses = _count(demo, "A0203%"), _count(demo, "A01%")
    assert chairs > 600
    assert computers > 600
    assert 30 < vehicles < 120
    assert 10 < houses < 40
    many = demo.scalar(select(func.count()).where(Asset.quantity.between(10, 60)))
    assert many is not None
    assert many > 100


def test_every_card_would_be_accepted_from_a_person(demo: Session) -> None:
    columns = [getattr(Asset, field.name) for field in CARD_FIELDS]
    for row in demo.execute(select(*columns)).mappings():
        card = read_card(dict(row), fields=CARD_FIELDS)
        assert card["original_value"] == row["original_value"]


def test_things_were_acquired_from_2008_on_and_before_today(demo: Session) -> None:
    first, last, booked = demo.execute(
        select(func.min(Asset.acquired_on), func.max(Asset.acquired_on), func.max(Asset.booked_on))
    ).one()
    assert first.year == 2008
    assert last.year == 2026
    assert max(last, booked) <= NOW.date()


def test_prices_keep_the_caps_of_their_time(demo: Session) -> None:
    rows = demo.execute(
        select(Asset.category_code, Asset.original_value / Asset.quantity, Asset.name).where(
            Asset.category_edition == "2022",
            Asset.category_code.in_(CAPS),
            Asset.acquired_on >= dt.date(2017, 1, 1),
        )
    ).all()
    assert len(rows) > 1_000
    assert [row for row in rows if row[1] > CAPS[row[0]]] == []


def test_what_outlived_its_service_life_is_fully_depreciated(demo: Session) -> None:
    life = func.make_interval(Asset.minimum_service_years)
    over = Asset.acquired_on + life < NOW.date()
    regular = Asset.accumulated_depreciation.is_not(None)
    old = _values(demo, over & regular)
    young = _values(demo, ~over & regular & (Asset.original_value > 10))
    assert len(old) > 500
    assert all(value == depreciated for value, depreciated in old)
    assert sum(0 < depreciated < value for value, depreciated in young) > 0.97 * len(young)


def test_vehicles_and_estates_have_their_extensions(demo: Session) -> None:
    vehicles = demo.scalars(select(VehicleCard)).all()
    assert len(vehicles) == _count(demo, "A0203%")
    assert len({vehicle.vin for vehicle in vehicles}) == len(vehicles)
    assert len({vehicle.plate_number for vehicle in vehicles}) == len(vehicles)
    for vehicle in vehicles:
        assert vehicle.vin is not None
        assert check_digit(vehicle.vin[:8] + "0" + vehicle.vin[9:]) == vehicle.vin[8]
    areas = demo.scalars(select(PropertyCard.area)).all()
    assert len(areas) >= _count(demo, "A01%") > 0
    assert all(area and area > 500 for area in areas)


def test_a_handful_of_cards_is_classified_and_never_listed(demo: Session) -> None:
    classified = demo.scalars(select(Asset).where(Asset.secrecy.in_(CLASSIFIED))).all()
    assert 5 <= len(classified) <= 30
    assert {asset.state for asset in classified} == {AssetState.IN_USE}
    listed = select(Listing.asset_id).where(Listing.asset_id.in_([asset.id for asset in classified]))
    assert demo.scalars(listed).all() == []


def test_listed_means_on_offer_and_the_offer_is_within_the_card(demo: Session) -> None:
    pairs = demo.execute(select(Asset, Listing).outerjoin(Listing, Listing.asset_id == Asset.id)).all()
    for asset, listing in pairs:
        assert (asset.state is AssetState.LISTED) == (listing is not None)
        if listing is not None:
            assert 1 <= listing.quantity <= asset.quantity
            assert asset.condition is not Condition.BROKEN
            assert asset.updated_at == listing.listed_at
    assert any(listing and listing.quantity < asset.quantity for asset, listing in pairs)


def test_offers_of_every_mode_came_within_the_last_ninety_days(demo: Session) -> None:
    offers = demo.scalars(select(Listing)).all()
    modes = Counter((offer.for_transfer, offer.for_loan) for offer in offers)
    assert modes.keys() == {(True, False), (False, True), (True, True)}
    assert min(modes.values()) > 200
    assert all(NOW - dt.timedelta(days=90) <= offer.listed_at <= NOW for offer in offers)
    assert len({offer.listed_at.date() for offer in offers}) > 50
    assert all(offer.place and offer.contact_name for offer in offers)
    assert all(offer.contact_phone.startswith("0000-") for offer in offers)


def test_most_offers_are_for_everyone_the_rest_for_the_own_department(demo: Session) -> None:
    rows = demo.execute(
        select(Listing.audience_unit_id, Unit.path).select_from(Listing).join(Asset).join(Asset.unit)
    ).all()
    own = [(audience, path) for audience, path in rows if audience is not None]
    assert all(audience == path[1] for audience, path in own)
    assert 0.05 < len(own) / len(rows) < 0.25


def test_offers_were_made_by_people_who_may_make_them(demo: Session) -> None:
    rows = demo.execute(
        select(Listing.listed_by, Unit.path).select_from(Listing).join(Asset).join(Asset.unit).distinct()
    ).all()
    people = {user_id: actors.by_user(demo, user_id) for user_id in {row[0] for row in rows}}
    for user_id, path in rows:
        identity = people[user_id]
        assert identity is not None
        assert identity.actor.may(Permission.LIST_ASSETS, path)


def test_every_listed_asset_shows_photos_that_are_in_the_store(demo: Session, photos: FolderStore) -> None:
    rows = demo.execute(select(Photo, Asset).join(Asset, Asset.id == Photo.asset_id)).all()
    by_asset: dict[int, list[int]] = {}
    for photo, asset in rows:
        assert asset.state is AssetState.LISTED
        assert (asset.cover_photo_id == photo.id) == (photo.position == 0)
        by_asset.setdefault(asset.id, []).append(photo.position)
    assert len(by_asset) == demo.scalar(select(func.count()).where(Asset.state == AssetState.LISTED))
    assert all(sorted(places) == list(range(len(places))) for places in by_asset.values())
    assert Counter(map(len, by_asset.values())).keys() == {1, 2, 3, 4}
    digests = {photo.digest for photo, _ in rows}
    assert all(photos.exists(key(digest, size)) for digest in digests for size in SIZES)


def test_every_card_waits_to_be_indexed_and_again_once_it_has_photos(demo: Session) -> None:
    waiting = Counter(demo.scalars(select(OutboxRow.asset_id).where(OutboxRow.drained_at.is_(None))))
    pictured = set(demo.scalars(select(Asset.id).where(Asset.cover_photo_id.is_not(None))))
    assert waiting == {asset: 2 if asset in pictured else 1 for asset in demo.scalars(select(Asset.id))}


def test_the_history_of_a_card_tells_how_it_came_and_was_listed(demo: Session) -> None:
    asset = demo.scalars(select(Asset).where(Asset.state == AssetState.LISTED).limit(1)).one()
    entries = demo.scalars(
        select(AuditEntry)
        .where(AuditEntry.object_kind == "asset", AuditEntry.object_id == asset.id)
        .order_by(AuditEntry.id)
    ).all()
    assert [entry.action for entry in entries] == ["asset.create", "asset.list"]
    listing = demo.scalars(select(Listing).where(Listing.asset_id == asset.id)).one()
    offered = (("transfer", listing.for_transfer), ("loan", listing.for_loan))
    assert [entry.at for entry in entries] == [asset.created_at, asset.updated_at]
    assert entries[1].after == {
        "state": "listed",
        "modes": sorted(mode for mode, is_open in offered if is_open),
        "quantity": listing.quantity,
        "condition": asset.condition,
    }
    assert entries[1].actor_name == demo.scalar(select(User.name).where(User.id == entries[1].actor_id))


def test_a_second_run_finds_the_demo_and_changes_nothing(demo: Session, photos: FolderStore) -> None:
    before = _sizes(demo)
    assert is_loaded(demo)
    assert not load_demo(demo, NOW, seed=SEED + 1)
    assert not hang_photos(demo, photos, NOW)
    assert _sizes(demo) == before


def _count(session: Session, codes: str) -> int:
    query = select(func.count()).where(Asset.category_edition == "2022", Asset.category_code.like(codes))
    return session.scalar(query) or 0


def _values(session: Session, condition: ColumnElement[bool]) -> Sequence[Row[Any]]:
    query = select(Asset.original_value, Asset.accumulated_depreciation)
    return session.execute(query.where(condition)).all()


def _sizes(session: Session) -> list[int | None]:
    tables = (Unit, User, Asset, Listing, Photo, OutboxRow, AuditEntry, Category)
    return [session.scalar(select(func.count()).select_from(table)) for table in tables]
