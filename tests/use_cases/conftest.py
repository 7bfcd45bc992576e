"""A school with its asset officer, and a stranger who keeps the register of another department's unit."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from marketplace.db.people import Unit
from marketplace.domain.permissions import Actor, Role
from tests import factories


@pytest.fixture
def region(session: Session) -> Unit:
    return factories.unit(session, code="330000", name="江州市", region_name="江州市")


@pytest.fixture
def school(session: Session, region: Unit) -> Unit:
    return factories.unit(session, factories.unit(session, region, name="教育局"), name="第一中学")


@pytest.fixture
def elsewhere(session: Session, region: Unit) -> Unit:
    return factories.unit(session, factories.unit(session, region, name="水务局"), name="水文站")


@pytest.fixture
def officer(school: Unit) -> Actor:
    return factories.actor((Role.UNIT_ASSET_OFFICER, school))


@pytest.fixture
def stranger(elsewhere: Unit) -> Actor:
    return factories.actor((Role.UNIT_ASSET_OFFICER, elsewhere))
