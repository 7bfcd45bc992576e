"""A school with its people and cards, for the jobs about idle assets; the same every time it is founded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from jobs.means import Means
from marketplace.config import Settings
from marketplace.db.assets import Asset
from marketplace.db.idle import Event, IdleFlag, Screening
from marketplace.db.people import Unit
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.permissions import Role
from marketplace.domain.states import AssetState
from marketplace.reference.catalogue import load_reference
from search.nodes import Nodes
from tests import factories
from tests.conftest import NOW

DAY = dt.timedelta(days=1)
TODAY = NOW.date()
STAFF = 10
DESK = {"category_edition": "2022", "category_code": "A05010201"}


class Town:
    """A school with ten members of staff under a bureau, and what the jobs need."""

    def __init__(self, settings: Settings, sessions: SessionFactory) -> None:
        self.sessions = sessions
        self.means = Means(settings, sessions, Nodes(settings), lambda: NOW)
        with transaction(sessions) as session:
            load_reference(session)
            region = factories.unit(session, code="330000", region_code="330000")
            bureau = factories.unit(session, region, code="JY")
            school = factories.unit(session, bureau, code="JY-1", name="第一中学", headcount=STAFF)
            for role, at in ((Role.UNIT_ASSET_OFFICER, school), (Role.DEPARTMENT_APPROVER, bureau)):
                factories.user(session, at, role, username=role.value, name=role.value)
            self.bureau, self.school = bureau.id, school.id

    def card(self, number: str, *, listed: bool = False, inside: bool = False, **values: Any) -> int:
        """A card, used today unless told otherwise; ``inside``: offered to the own department only."""
        values = {"last_used_on": TODAY} | values
        with transaction(self.sessions) as session:
            if inside:
                values["audience"] = session.get_one(Unit, self.bureau)
            make = factories.listed if listed or inside else factories.asset
            return make(session, session.get_one(Unit, self.school), number=number, **values).id

    def event(self, name: str, ends_on: dt.date) -> int:
        """An event of the school."""
        with transaction(self.sessions) as session:
            event = Event(unit_id=self.school, name=name, ends_on=ends_on, created_at=NOW)
            session.add(event)
            session.flush()
            return event.id

    def all(self, what: Any, *where: Any) -> Sequence[Any]:
        """Rows of a table, in the order in which they were written."""
        with self.sessions() as session:
            return session.scalars(select(what).where(*where).order_by(what.id)).all()

    def states(self, *ids: int) -> list[AssetState]:
        """The states of cards."""
        with self.sessions() as session:
            return [session.get_one(Asset, asset_id).state for asset_id in ids]

    def flags(self) -> dict[str, IdleFlag]:
        """The flags by the numbers of their cards."""
        with self.sessions() as session:
            pairs = session.execute(select(Asset.number, IdleFlag).join(IdleFlag.asset))
            return dict(pairs.all())

    def stages(self) -> dict[str, tuple[Any, ...]]:
        """Where every offer stands: stage, since, until, days left."""
        columns = (Screening.stage, Screening.stage_since, Screening.stage_until, Screening.days_left)
        query = select(Asset.number, *columns).join(Asset, Asset.id == Screening.asset_id)
        with self.sessions() as session:
            return {number: tuple(rest) for number, *rest in session.execute(query)}
