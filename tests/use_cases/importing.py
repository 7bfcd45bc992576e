"""Running imports from a test: an organisation, files, runs to their end, and the cards that come of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.config import Settings
from marketplace.db.assets import Asset, PropertyCard, VehicleCard
from marketplace.db.people import Unit, User
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.assets import CARD_FIELDS, PROPERTY_FIELDS, VEHICLE_FIELDS
from marketplace.domain.permissions import Actor, Role
from marketplace.use_cases import register_import
from marketplace.use_cases.register_runs import Report
from tests import factories
from tests.conftest import NOW
from tests.registers.samples import Value, write_csv

PARTS = ((Asset, CARD_FIELDS), (VehicleCard, VEHICLE_FIELDS), (PropertyCard, PROPERTY_FIELDS))


@dataclass
class Clock:
    """A clock that a test sets."""

    now: dt.datetime = NOW

    def __call__(self) -> dt.datetime:
        return self.now


@dataclass
class Desk:
    """Whoever imports, for one unit."""

    sessions: SessionFactory
    settings: Settings
    folder: Path
    unit: Unit
    user: User
    actor: Actor
    clock: Clock = field(default_factory=Clock)

    def file(self, table: Sequence[Sequence[Value]], name: str = "register.csv") -> Path:
        """The table as a file to import."""
        return write_csv(self.folder / name, table)

    def begin(self, path: Path, *, unit: Unit | None = None, proceed: bool = False) -> int:
        """Upload a file; the id of the run."""
        with transaction(self.sessions) as session:
            unit = session.merge(unit or self.unit)
            return register_import.begin(
                session, self.settings, self.actor, self.clock(), unit, path, path.name, proceed=proceed
            ).id

    def advance(self, run_id: int, **options: Any) -> Report:
        """Let a worker do what there is to do."""
        register_import.advance(self.sessions, self.settings, run_id, self.clock, **options)
        return self.report(run_id)

    def report(self, run_id: int) -> Report:
        """How far the run is."""
        with self.sessions() as session:
            return register_import.report(session, run_id)

    def bring_in(self, path: Path, *, unit: Unit | None = None) -> Report:
        """Import a file to its end."""
        return self.advance(self.begin(path, unit=unit, proceed=True))

    def bring_in_table(self, table: Sequence[Sequence[Value]], *, unit: Unit | None = None) -> Report:
        """Import a table to its end."""
        return self.bring_in(self.file(table), unit=unit)

    def cards(self, unit: Unit | None = None) -> list[dict[str, Any]]:
        """All fields of the unit's cards, by number."""
        with self.sessions() as session:
            return cards(session, (unit or self.unit).id)

    def count(self, model: Any) -> int:
        """How many rows there are."""
        with self.sessions() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0


def make_desk(sessions: SessionFactory, settings: Settings, folder: Path) -> Desk:
    """A unit in its department and region, and its asset officer."""
    with transaction(sessions) as session:
        department = factories.unit(session, factories.unit(session))
        unit = factories.unit(session, department)
        user = factories.user(session, unit, Role.UNIT_ASSET_OFFICER)
        actor = factories.actor((Role.UNIT_ASSET_OFFICER, unit), user=user)
        return Desk(sessions, settings, folder, unit, user, actor)


def cards(session: Session, unit_id: int | None = None) -> list[dict[str, Any]]:
    """All fields of cards, with category, extras and the unit's code, by number."""
    columns = [getattr(model, f.name).label(f.name) for model, fields in PARTS for f in fields]
    query = (
        select(Unit.code, Asset.category_edition, Asset.category_code, Asset.extra, Asset.version, *columns)
        .join(Unit, Unit.id == Asset.unit_id)
        .outerjoin(VehicleCard, VehicleCard.asset_id == Asset.id)
        .outerjoin(PropertyCard, PropertyCard.asset_id == Asset.id)
        .order_by(Unit.code, Asset.number)
    )
    if unit_id is not None:
        query = query.where(Asset.unit_id == unit_id)
    return [dict(row) for row in session.execute(query).mappings()]
