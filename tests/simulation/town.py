"""A region with departments, units, people and cards to spend a year with; the same for the same seed."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Row, delete, insert, select, text
from sqlalchemy.orm import Session

from jobs.means import Means
from marketplace.config import Settings
from marketplace.db import actors
from marketplace.db.assets import Asset, Photo
from marketplace.db.idle import Event
from marketplace.db.people import RoleGrant, Unit, User
from marketplace.db.session import SessionFactory, transaction
from marketplace.db.standards import Standard
from marketplace.domain.assets import Condition
from marketplace.domain.errors import RuleError
from marketplace.domain.permissions import Actor, Role
from marketplace.reference.catalogue import load_reference
from search.nodes import Nodes
from tests import factories

T = TypeVar("T")
FIRST_DAY = dt.date(2026, 1, 1)
"""Of a year whose holidays are known."""
BATCH = 5_000
THINGS = (
    *(("办公桌", "A05010201", 1), ("办公椅", "A05010301", 4), ("台式计算机", "A02010105", 1)),
    *(("空调机", "A02061804", 1), ("投影仪", "A02020200", 2), ("轿车", "A02030501", 1)),
)
"""Name, class of the 2022 edition, and most pieces on one card."""
_CLASSES = [f"2022:{code}" for _, code, _ in THINGS]
OFFICES = (Role.STAFF, Role.STAFF, Role.UNIT_APPROVER, Role.UNIT_ASSET_OFFICER)


@dataclass
class Town:
    """The place, its clock, and the chance by which its people act."""

    means: Means
    chance: random.Random
    now: dt.datetime
    path: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Of each unit that holds cards: from the region down to it."""
    staffed: dict[tuple[Role, int], list[int]] = field(default_factory=lambda: defaultdict(list))
    """Who has a role at exactly a unit."""
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _actors: dict[int, Actor] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """Where it is."""
        return ZoneInfo(self.means.settings.time_zone)

    @property
    def today(self) -> dt.date:
        """The day that its people live."""
        return self.means.day(self.now)

    @property
    def units(self) -> Sequence[int]:
        """Those that hold cards."""
        return tuple(self.path)

    def likely(self, share: float) -> bool:
        """Whether something happens that does in this share of cases."""
        return self.chance.random() < share

    def moment(self, day: dt.date, hour: int) -> dt.datetime:
        """An hour of a day there."""
        return dt.datetime.combine(day, dt.time(hour), self.zone).astimezone(dt.UTC)

    def holder(self, role: Role, unit_id: int) -> int | None:
        """Somebody who has the role over the unit: there, or else above."""
        places = [place for place in reversed(self.path[unit_id]) if self.staffed.get((role, place))]
        return self.chance.choice(self.staffed[role, places[0]]) if places else None

    def officer(self, unit_id: int) -> int:
        """Who keeps the unit's cards."""
        return self.staffed[Role.UNIT_ASSET_OFFICER, unit_id][0]

    @property
    def managers(self) -> Sequence[int]:
        """The two of the warehouse: what one prepares, the other approves."""
        return self.staffed[Role.WAREHOUSE_MANAGER, self.path[self.units[0]][0]]

    @property
    def treasurer(self) -> int:
        """The finance approver."""
        return self.staffed[Role.FINANCE_APPROVER, self.path[self.units[0]][0]][0]

    def rows(self, sql: str, **values: Any) -> Sequence[Row[Any]]:
        """What stands in the database; what chance chooses from is in the order of lasting keys."""
        with self.means.sessions() as session:
            return session.execute(text(sql), values).all()

    def count_rows(self) -> None:
        """Tell the planner what the database finds out by itself in a minute, which is months here."""
        with transaction(self.means.sessions) as session:
            session.execute(text("ANALYZE assets, listings, screenings, idle_flags, orders, order_lines"))

    def attempt(self, what: str, who: int | None, act: Callable[..., T], *args: Any, **more: Any) -> T | None:
        """Somebody does something, in a transaction of its own; the rules may refuse it."""
        if who is None:
            return None
        self.now += dt.timedelta(seconds=1)
        try:
            with transaction(self.means.sessions) as session:
                found = act(session, self._actor(session, who), self.now, *args, **more)
        except RuleError as error:
            self.refused[f"{what}: {error.code}"] += 1
            return None
        self.done[what] += 1
        return found

    def _actor(self, session: Session, user_id: int) -> Actor:
        if user_id not in self._actors:
            identity = actors.by_user(session, user_id)
            assert identity is not None
            self._actors[user_id] = identity.actor
        return self._actors[user_id]


def found(settings: Settings, sessions: SessionFactory, cards: int, seed: int) -> Town:
    """Fill an empty database: twelve units for 2,000 cards, more for more, each with people and events."""
    town = Town(
        Means(settings, sessions, Nodes(settings), lambda: town.now),
        random.Random(seed),
        dt.datetime.combine(FIRST_DAY, dt.time(), ZoneInfo(settings.time_zone)).astimezone(dt.UTC),
    )
    departments = max(3, min(12, cards // 8_000))
    with transaction(sessions) as session:
        load_reference(session)
        # Of standards for things that nobody has here, flagging would find nothing, once a day each.
        session.execute(delete(Standard).where(~Standard.classes.overlap(_CLASSES)))
        region = factories.unit(session, code="330000", region_code="330000", name="江州市")
        _staff(session, town, region, Role.WAREHOUSE_MANAGER, Role.WAREHOUSE_MANAGER, Role.FINANCE_APPROVER)
        for department in range(departments):
            above = factories.unit(session, region, code=f"D{department}", name=f"主管部门{department}")
            _staff(session, town, above, Role.DEPARTMENT_APPROVER)
            for number in range(4 if cards <= BATCH else 8):
                unit = factories.unit(
                    session,
                    above,
                    code=f"D{department}-{number}",
                    name=f"单位{department}-{number}",
                    headcount=max(4, cards // departments // 80),
                )
                _staff(session, town, unit, *OFFICES)
                town.path[unit.id] = tuple(unit.path)
        events = _events(session, town)
        _cards(session, town, cards, events)
    town.count_rows()
    town.means.nodes.ensure(sessions)
    return town


def _staff(session: Session, town: Town, unit: Unit, *roles: Role) -> None:
    for number, role in enumerate(roles):
        name = f"{unit.code}.{role}.{number}"
        # Mails are written to disk one by one: a few show what there is to see.
        email = f"{unit.code}.{number}@example.org" if unit.code in {"D0", "D0-0"} else ""
        user = User(
            username=name,
            name=name[:60],
            password_hash="!",
            home_unit_id=unit.id,
            email=email,
            phone="0570-1234567",
            password_changed_at=town.now,
            created_at=town.now,
        )
        session.add(user)
        session.flush()
        session.add(RoleGrant(user_id=user.id, role=role, unit_id=unit.id))
        town.staffed[role, unit.id].append(user.id)
    session.flush()


def _events(session: Session, town: Town) -> Mapping[int, Sequence[int]]:
    """Events of each unit that end in the course of the year."""
    made = {
        unit: [
            Event(
                unit_id=unit,
                name=f"活动{number}",
                ends_on=FIRST_DAY + dt.timedelta(days=town.chance.randrange(10, 350)),
                created_at=town.now,
            )
            for number in range(2)
        ]
        for unit in town.units
    }
    session.add_all(event for events in made.values() for event in events)
    session.flush()
    return {unit: [event.id for event in events] for unit, events in made.items()}


def _cards(session: Session, town: Town, count: int, events: Mapping[int, Sequence[int]]) -> None:
    for first in range(0, count, BATCH):
        numbers = range(first, min(count, first + BATCH))
        session.execute(insert(Asset), [_card(town, number, events) for number in numbers])
    ids = session.scalars(select(Asset.id).order_by(Asset.id)).all()
    for first in range(0, count, BATCH):
        pictured = [asset_id for asset_id in ids[first : first + BATCH] if town.likely(0.9)]
        session.execute(insert(Photo), [_photo(town, asset_id) for asset_id in pictured])


def _card(town: Town, number: int, events: Mapping[int, Sequence[int]]) -> dict[str, Any]:
    chance, unit = town.chance, town.units[number % len(town.units)]
    name, code, most = chance.choice(THINGS)
    value = Decimal(chance.randrange(50_000, 2_000_000 if name != "轿车" else 60_000_000)) / 100
    return {
        "number": f"ZC{number:07d}",
        "unit_id": unit,
        "name": name,
        "category_edition": "2022",
        "category_code": code,
        "quantity": chance.randint(1, most),
        "location": "主楼301室",
        "original_value": value,
        "accumulated_depreciation": (value * chance.randrange(100) / 100).quantize(Decimal("0.01")),
        "condition": chance.choices([Condition.GOOD, Condition.BROKEN], [95, 5])[0],
        "acquired_on": FIRST_DAY - dt.timedelta(days=chance.randrange(100, 3_000)),
        "minimum_service_years": chance.choice([6, 8, None]),
        "last_used_on": FIRST_DAY - dt.timedelta(days=chance.randrange(-330, 170)),
        "event_id": chance.choice(events[unit]) if chance.random() < 0.03 else None,
        "created_at": town.now,
        "updated_at": town.now,
    }


def _photo(town: Town, asset_id: int) -> dict[str, Any]:
    return {
        "asset_id": asset_id,
        "position": 0,
        "digest": f"{asset_id:064x}",
        "fingerprint": asset_id,
        "width": 800,
        "height": 600,
        "uploaded_at": town.now,
    }
