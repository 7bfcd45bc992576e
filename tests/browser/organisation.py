"""The little organisation that the browser tests act in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from marketplace.db.outbox import OutboxRow, reindex_soon
from marketplace.db.people import Unit
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.permissions import Role
from marketplace.engines.process import wait_until
from marketplace.reference.catalogue import load_reference
from search import rebuild
from search.engine import Engine
from tests import factories

HIDDEN = "不上架的笔记本电脑"


@dataclass(frozen=True)
class Organisation:
    """What tests need to know of it."""

    sessions: SessionFactory
    hospital: int
    desk: int
    hidden: int

    def on_offer(self, name: str, **values: Any) -> int:
        """Something that the hospital offers; its number."""
        with transaction(self.sessions) as session:
            holder = session.get_one(Unit, self.hospital)
            asset = factories.listed(session, holder, name, **values)
            reindex_soon(session, [asset.id])
            return asset.id

    def settle(self) -> None:
        """Wait until the job process has brought the index up to the database."""
        assert wait_until(self._is_indexed, seconds=60)

    def _is_indexed(self) -> bool:
        with self.sessions() as session:
            waiting = select(OutboxRow.id).where(OutboxRow.drained_at.is_(None)).limit(1)
            return session.scalar(waiting) is None


def found_organisation(sessions: SessionFactory, search: Engine) -> Organisation:
    """Two schools under one department and a hospital under another, with people for each role."""
    with transaction(sessions) as session:
        load_reference(session)
        region = factories.unit(
            session,
            code="380100",
            name="江州市",
            region_code="380100",
            region_name="江州市",
            latitude=30.0,
            longitude=120.0,
        )
        education = factories.unit(
            session, region, code="JY", name="江州市教育局", latitude=30.01, longitude=120.01
        )
        school = factories.unit(
            session, education, code="JY-1", name="江州市第一中学", latitude=30.02, longitude=120.02
        )
        health = factories.unit(
            session, region, code="WS", name="江州市卫生健康委", latitude=30.1, longitude=120.1
        )
        hospital = factories.unit(
            session, health, code="WS-1", name="江州市第一人民医院", latitude=30.11, longitude=120.1
        )
        factories.user(session, school, Role.UNIT_ASSET_OFFICER, username="officer", name="王晓岚")
        factories.user(session, school, Role.STAFF, username="teacher", name="林小雨")
        factories.user(session, school, Role.UNIT_APPROVER, username="principal", name="陈志远")
        factories.user(session, hospital, Role.STAFF, username="staff", name="周静")
        factories.user(session, hospital, Role.UNIT_ASSET_OFFICER, username="keeper", name="马丽")
        factories.user(session, hospital, Role.UNIT_APPROVER, username="director", name="高翔")
        factories.user(session, region, Role.WAREHOUSE_MANAGER, username="manager", name="余航")
        factories.user(session, region, Role.FINANCE_APPROVER, username="finance", name="罗敏")
        factories.user(session, region, Role.AUDITOR, username="auditor", name="蔡敏")
        factories.user(session, region, Role.SECURITY_ADMINISTRATOR, username="security", name="杜威")
        factories.user(session, region, Role.SYSTEM_ADMINISTRATOR, username="system", name="叶知秋")
        desk = factories.listed(session, hospital, "办公桌", brand="圣奥", model="SA-1400", quantity=6)
        hidden = factories.asset(session, hospital, HIDDEN)
        reindex_soon(session, [desk.id, hidden.id])
        made = Organisation(sessions, hospital.id, desk.id, hidden.id)
    rebuild.rebuild(sessions, search)
    return made
