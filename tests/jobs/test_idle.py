"""The clock finds idle things, asks, acts on silence, and walks what is on offer along its timetable."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select

from jobs.idle import answer_silence, flag_idle, walk_timetable
from jobs.means import Means
from marketplace.config import Settings
from marketplace.db.assets import Asset, Listing
from marketplace.db.audit import AuditEntry
from marketplace.db.idle import Event, IdleFlag, IdlePolicyRow, Screening
from marketplace.db.messages import Message
from marketplace.db.orders import Order
from marketplace.db.outbox import OutboxRow
from marketplace.db.people import Unit
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.assets import Secrecy
from marketplace.domain.idle import Answer, IdlePolicy, IdleRule, OnSilence, plain
from marketplace.domain.permissions import Role
from marketplace.domain.states import AssetState
from marketplace.domain.timetable import Stage
from marketplace.reference.catalogue import load_reference
from search.engine import Engine
from tests import factories
from tests.conftest import NOW

DAY = dt.timedelta(days=1)
LONG_AGO = NOW - dt.timedelta(days=400)
DESK = {"category_edition": "2022", "category_code": "A05010201"}


class Town:
    """A school with ten members of staff and an asset officer, and the clock's jobs."""

    def __init__(self, settings: Settings, sessions: SessionFactory) -> None:
        self.sessions = sessions
        self.means = Means(settings, sessions, Engine(settings), lambda: NOW)
        with transaction(sessions) as session:
            load_reference(session)
            region = factories.unit(session, code="330000", region_code="330000")
            bureau = factories.unit(session, region)
            self.school = factories.unit(session, bureau, headcount=10).id
            self.officer = factories.user(
                session, session.get_one(Unit, self.school), Role.UNIT_ASSET_OFFICER
            ).id
            self.bureau = bureau.id

    def card(self, *, listed: bool = False, **values: Any) -> int:
        with transaction(self.sessions) as session:
            make = factories.listed if listed else factories.asset
            values.setdefault("last_used_on", NOW.date())
            if values.get("audience"):
                values["audience"] = session.get_one(Unit, values["audience"])
            return make(session, session.get_one(Unit, self.school), **values).id

    def add(self, *rows: Any) -> None:
        with transaction(self.sessions) as session:
            session.add_all(rows)

    def of(self, what: Any, *where: Any) -> Any:
        with self.sessions() as session:
            return session.scalars(
                select(what).where(*where).order_by(what if hasattr(what, "key") else what.id)
            ).all()

    def states(self, *ids: int) -> list[AssetState]:
        with self.sessions() as session:
            return [session.get_one(Asset, asset_id).state for asset_id in ids]


@pytest.fixture
def town(settings: Settings, sessions: SessionFactory) -> Town:
    return Town(settings, sessions)


def test_what_was_not_used_for_long_is_flagged_once_and_its_holder_told(town: Town) -> None:
    old = town.card(last_used_on=NOW.date() - 180 * DAY)
    fresh = town.card(last_used_on=NOW.date() - 179 * DAY)
    secret = town.card(last_used_on=LONG_AGO.date(), secrecy=Secrecy.SECRET)
    figures = flag_idle(town.means, NOW, False)
    assert figures == {"event_ended": 0, "over_standard": 0, "unused": 1}
    assert town.states(old, fresh, secret) == ["idle_flagged", "in_use", "in_use"]
    [flag] = town.of(IdleFlag)
    assert (flag.asset_id, flag.rule, flag.answer) == (old, IdleRule.UNUSED, None)
    assert flag.evidence == {"since": "2026-03-05", "sign": None, "days": 180, "limit": 180}
    assert flag.answer_by == dt.date(2026, 9, 21), "the Sunday before is worked"
    [message] = town.of(Message)
    assert (message.user_id, message.kind, message.params["count"]) == (town.officer, "idle.flagged", 1)
    [entry] = town.of(AuditEntry, AuditEntry.action == "asset.flag")
    assert (entry.object_id, entry.after) == (old, {"state": "idle_flagged", "rule": "unused"})
    assert town.of(OutboxRow.asset_id, OutboxRow.asset_id == old)
    assert not any(flag_idle(town.means, NOW, False).values())
    assert len(town.of(Message)) == 1
