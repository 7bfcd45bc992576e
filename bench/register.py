"""A register of a chosen size: the demo's 5,000 believable cards, multiplied with variations in SQL."""

from __future__ import annotations

import datetime as dt
import math

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.demo.load import SEED, load_registers
from marketplace.reference.catalogue import load_reference

NOW = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)


def build(session: Session, cards: int) -> None:
    """Fill an empty database with at least ``cards`` cards, a third of them on offer."""
    load_reference(session)
    load_registers(session, NOW, SEED)
    have = session.scalar(select(func.count()).select_from(Asset)) or 0
    copies = max(0, math.ceil(cards / have) - 1)
    if copies:
        session.execute(text(_MULTIPLY), {"copies": copies})
        session.execute(text(_OFFER))
    session.execute(text("DELETE FROM outbox"))


_COLUMNS = [
    column.name
    for column in Asset.__table__.columns
    if column.name
    not in {"id", "number", "original_value", "net_value", "accumulated_depreciation", "acquired_on"}
]

_MULTIPLY = f"""
    INSERT INTO assets (number, original_value, accumulated_depreciation, acquired_on, {", ".join(_COLUMNS)})
    SELECT number || '-' || lpad(copy::text, 3, '0'),
           round(original_value * (0.80 + 0.40 * ((id * 7919 + copy * 104729) % 1000) / 1000.0), 2),
           NULL,
           acquired_on - ((id * 31 + copy * 17) % 900)::int,
           {", ".join(_COLUMNS)}
    FROM assets CROSS JOIN generate_series(1, :copies) AS copy
"""

_OFFER = """
    INSERT INTO listings (asset_id, for_transfer, for_loan, quantity, place, contact_name, contact_phone,
                          note, audience_unit_id, listed_at, listed_by)
    SELECT copied.id, l.for_transfer, l.for_loan, l.quantity, l.place, l.contact_name, l.contact_phone,
           l.note, l.audience_unit_id, l.listed_at - (copied.id % 5000) * interval '1 minute', l.listed_by
    FROM assets copied
    JOIN assets original
      ON original.unit_id = copied.unit_id
     AND original.number = regexp_replace(copied.number, '-[0-9]{3}$', '')
     AND original.id < copied.id
    JOIN listings l ON l.asset_id = original.id AND l.ended_at IS NULL
    WHERE copied.state = 'listed'
      AND NOT EXISTS (SELECT 1 FROM listings own WHERE own.asset_id = copied.id)
"""
