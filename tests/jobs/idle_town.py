"""A school with its people and cards, for the jobs about idle assets; the same every time it is founded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs.means import Means
from marketplace.config import Settings
from marketplace.db.assets import Asset
from marketplace.db.audit import AuditEntry
from marketplace.db.idle import Event, IdleFlag, Screening
from marketplace.db.messages import Message
from marketplace.db.outbox import OutboxRow
from marketplace.db.people import Unit, User
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.permissions import Role
from marketplace.domain.states import AssetState
from marketplace.reference.catalogue import load_reference
from search.engine import Engine
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
        self.means = Means(settings, sessions, Engine(settings), lambda: NOW)
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


def everything(session: Session) -> dict[str, list[Any]]:
    """All that the jobs write, without what differs from run to run."""
    number = select(Asset.number).where(Asset.id == AuditEntry.object_id).scalar_subquery()
    person = select(User.username).where(User.id == Message.user_id).scalar_subquery()
    queries = {
        "cards": select(Asset.number, Asset.state, Asset.version),
        "flags": select(
            Asset.number, IdleFlag.rule, IdleFlag.evidence, IdleFlag.answer_by, IdleFlag.answer
        ).join(IdleFlag.asset),
        "stages": select(
            Asset.number,
            *(Screening.stage, Screening.stage_since, Screening.stage_until, Screening.days_left),
        ).join(Asset, Asset.id == Screening.asset_id),
        "record": select(number, AuditEntry.action, AuditEntry.before, AuditEntry.after),
        "told": select(person, Message.kind, Message.params, Message.needs_action),
        "queued": select(Asset.number).join(OutboxRow, OutboxRow.asset_id == Asset.id),
    }
    return {name: sorted(map(repr, session.execute(query))) for name, query in queries.items()}
