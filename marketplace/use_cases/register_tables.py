"""The tables that staging and merging write to set by set, past the mapped classes."""

from __future__ import annotations

from sqlalchemy import Table

from marketplace.db.assets import Asset, Listing, PropertyCard, VehicleCard
from marketplace.db.base import Base
from marketplace.db.imports import ImportRow


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


rows = _table(ImportRow)
assets = _table(Asset)
vehicles, estates = _table(VehicleCard), _table(PropertyCard)
listings = _table(Listing)
