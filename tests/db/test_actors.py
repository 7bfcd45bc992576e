"""Who is asking, by session and by the driver's own connection."""

from __future__ import annotations

import datetime as dt

from marketplace.config import Settings
from marketplace.db import actors
from marketplace.db.people import User
from marketplace.db.session import SessionFactory, driver_connection, make_lookup, transaction
from marketplace.domain.permissions import PLATFORM, Grant, Role
from marketplace.use_cases.accounts import issue_token, revoke_token, token_digest
from tests import factories
from tests.conftest import NOW

UNTIL = NOW + dt.timedelta(days=30)


def test_both_ways_say_the_same_and_forget_at_once(sessions: SessionFactory, settings: Settings) -> None:
    with transaction(sessions) as session:
        region = factories.unit(session, latitude=30.0, longitude=120.0)
        school = factories.unit(session, region)
        user = factories.user(session, region, Role.STAFF, Role.UNIT_APPROVER, at=school)
        bare = factories.user(session, school)
        digest = token_digest(issue_token(session, PLATFORM, NOW, user, "test", UNTIL))
    lookup = make_lookup(settings.database_url)
    with driver_connection(lookup) as driver, sessions() as session:
        found = actors.by_token(driver, digest, NOW)
        assert found is not None
        assert found == actors.by_token(session, digest, NOW)
        path = (region.id, school.id)
        assert found.actor.grants == tuple(
            Grant(role, school.id, path) for role in (Role.STAFF, Role.UNIT_APPROVER)
        ), "in an order of their own, however the database finds them"
        assert all(isinstance(grant.role, Role) for grant in found.actor.grants)
        assert found.home_position == (30.0, 120.0)
        for account in (user, bare):
            assert actors.by_user(driver, account.id) == actors.by_user(session, account.id) is not None
        assert actors.by_token(driver, digest, UNTIL) is None
    with transaction(sessions) as session:
        assert found.token_id is not None
        revoke_token(session, found.actor, NOW, found.token_id)
        session.get_one(User, bare.id).active = False
    with driver_connection(lookup) as driver:
        assert actors.by_token(driver, digest, NOW) is None
        assert actors.by_user(driver, bare.id) is None
        assert actors.by_user(driver, user.id) is not None
    lookup.dispose()
