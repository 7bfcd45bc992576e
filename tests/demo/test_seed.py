"""The same seed gives the same demo; another one gives another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing
from marketplace.db.people import Unit, User
from marketplace.demo.load import load_registers
from marketplace.demo.painting import paint
from marketplace.domain.assets import CARD_FIELDS
from marketplace.reference.catalogue import load_reference
from tests.conftest import NOW


def test_the_seed_decides_everything(session: Session) -> None:
    load_reference(session)
    first, again, other = (_registers(session, seed) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def _registers(session: Session, seed: int) -> list[Sequence[Any]]:
    """Cards, offers and accounts that a seed gives, without the ids that the database gave them."""
    with session.begin_nested() as trial:
        load_registers(session, NOW, seed)
        cards = select(
            Unit.code, Unit.credit_code, Unit.latitude, *(getattr(Asset, field.name) for field in CARD_FIELDS)
        ).join(Asset, Asset.unit_id == Unit.id)
        offers = select(Asset.number, Listing.quantity, Listing.listed_at, User.username).select_from(Listing)
        offers = offers.join(Asset, Asset.id == Listing.asset_id).join(User, User.id == Listing.listed_by)
        found: list[Sequence[Any]] = [_sorted(session, cards), _sorted(session, offers)]
        trial.rollback()
    session.expunge_all()
    return found


def _sorted(session: Session, query: Select[Any]) -> list[Row[Any]]:
    return sorted(session.execute(query), key=str)


def test_pictures_come_in_the_order_asked_for_and_are_the_same_each_time() -> None:
    subjects = [("laptop", 1), ("desk", 1), ("laptop", 2), ("laptop", 1), ("car", 1)]
    digests = [picture.digest for picture in paint(subjects)]
    assert digests[0] == digests[3]
    assert len(set(digests)) == 4
    assert [picture.digest for picture in paint(subjects[2:4])] == digests[2:4]
    assert paint([]) == []
