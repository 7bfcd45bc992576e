"""Naming a stand-in, ending it early, and for whom somebody may decide on a day."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db.audit import AuditEntry
from marketplace.db.messages import Message
from marketplace.db.people import RoleGrant, Unit, User
from marketplace.db.session import SessionFactory, transaction
from marketplace.db.stand_in_queries import principals_of
from marketplace.db.stand_ins import StandIn
from marketplace.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from marketplace.domain.permissions import Actor, Role
from marketplace.use_cases import stand_ins
from tests import factories
from tests.conftest import NOW

TODAY = NOW.date()
TRIP = {"starts_on": "2026-09-07", "ends_on": "2026-09-11", "reason": "出差"}


@dataclass
class Office:
    """A school with an approver, a second approver, a member of staff, and people elsewhere."""

    school: Unit
    approver: User
    second: User
    staff: User
    outsider: User
    administrator: User

    def acting(self, user: User, role: Role = Role.UNIT_APPROVER) -> Actor:
        return factories.actor((role, self.school), user=user)


@pytest.fixture
def office(session: Session) -> Office:
    return _office(session)


def _office(session: Session) -> Office:
    city = factories.unit(session)
    education, health = factories.unit(session, city), factories.unit(session, city)
    school, hospital = factories.unit(session, education), factories.unit(session, health)
    return Office(
        school,
        factories.user(session, school, Role.UNIT_APPROVER),
        factories.user(session, school, Role.UNIT_APPROVER),
        factories.user(session, education, Role.STAFF),
        factories.user(session, hospital, Role.UNIT_APPROVER),
        factories.user(session, school, Role.SYSTEM_ADMINISTRATOR),
    )


def _name(session: Session, office: Office, person: User, by: User | None = None, **changes: str) -> StandIn:
    raw = TRIP | {"stand_in": person.username} | changes
    return stand_ins.name_stand_in(session, office.acting(by or office.approver), NOW, TODAY, raw)


@pytest.mark.parametrize(
    ("day", "holds"),
    [("2026-09-06", False), ("2026-09-07", True), ("2026-09-11", True), ("2026-09-12", False)],
)
def test_a_stand_in_holds_from_the_first_day_to_the_last(
    session: Session, office: Office, day: str, holds: bool
) -> None:
    row = _name(session, office, office.staff)
    found = principals_of(session, office.staff.id, dt.date.fromisoformat(day))
    assert found == ({office.approver.id} if holds else set())
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "stand_in.name")).one()
    assert (entry.object_id, entry.reason, entry.after["ends_on"]) == (row.id, "出差", "2026-09-11")


def test_rights_are_not_handed_on(session: Session, office: Office) -> None:
    _name(session, office, office.second)
    # The second may go away too: the approver then decides again, and the chain gives nothing.
    _name(session, office, office.staff, by=office.second)
    day = dt.date(2026, 9, 8)
    assert principals_of(session, office.staff.id, day) == {office.second.id}
    assert principals_of(session, office.second.id, day) == {office.approver.id}


def test_who_is_away_too_can_not_stand_in(session: Session, office: Office) -> None:
    _name(session, office, office.staff, by=office.second, starts_on="2026-09-10", ends_on="2026-09-20")
    with pytest.raises(Invalid, match="代理不能转托"):
        _name(session, office, office.second)
    _name(session, office, office.second, ends_on="2026-09-09")


def test_ending_early_takes_the_right_at_once(session: Session, office: Office) -> None:
    row = _name(session, office, office.staff, starts_on=TODAY.isoformat())
    acting = office.acting(office.approver)
    stand_ins.end_early(session, acting, NOW, TODAY, row.id)
    assert principals_of(session, office.staff.id, TODAY) == set()
    with pytest.raises(Conflict, match="已经结束"):
        stand_ins.end_early(session, acting, NOW, TODAY, row.id)
    # The days are free again.
    _name(session, office, office.second, starts_on=TODAY.isoformat())
    assert [r.revoked_at is None for r in stand_ins.own(session, acting)] == [True, False]


def test_only_the_own_are_ended(session: Session, office: Office) -> None:
    row = _name(session, office, office.staff)
    with pytest.raises(NotFound):
        stand_ins.end_early(session, office.acting(office.second), NOW, TODAY, row.id)
    assert row.revoked_at is None


def test_one_at_a_time(session: Session, office: Office) -> None:
    _name(session, office, office.staff)
    with pytest.raises(Invalid, match="这段时间里您已请了代理人"):
        _name(session, office, office.second, starts_on="2026-09-11", ends_on="2026-09-30")
    _name(session, office, office.second, starts_on="2026-09-12", ends_on="2026-09-30")


def test_only_who_decides_names_a_stand_in(session: Session, office: Office) -> None:
    staff = office.acting(office.staff, Role.STAFF)
    with pytest.raises(NotAllowed):
        stand_ins.name_stand_in(session, staff, NOW, TODAY, TRIP | {"stand_in": office.second.username})
    assert session.scalar(select(func.count(StandIn.id))) == 0


@pytest.mark.parametrize("who", ["approver", "outsider", "administrator", "stopped"])
def test_who_can_not_stand_in_is_neither_offered_nor_accepted(
    session: Session, office: Office, who: str
) -> None:
    office.second.active = False
    person = office.second if who == "stopped" else getattr(office, who)
    offered = stand_ins.candidates(session, office.acting(office.approver))
    assert {user.id for user in offered} == {office.staff.id}
    with pytest.raises(Invalid, match="不能作代理人"):
        _name(session, office, person)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"stand_in": ""}, "stand_in"),
        ({"starts_on": "2026-08-31"}, "starts_on"),
        ({"starts_on": "明天"}, "starts_on"),
        ({"ends_on": "2026-09-06"}, "ends_on"),
        ({"ends_on": "2027-09-06"}, "ends_on"),
        ({"reason": ""}, "reason"),
    ],
)
def test_what_is_wrong_is_named(
    session: Session, office: Office, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        _name(session, office, office.staff, **changes)
    assert [place.field for place in caught.value.fields] == [field]


def test_a_stopped_principal_or_a_new_administrator_ends_the_right(session: Session, office: Office) -> None:
    _name(session, office, office.staff)
    day = dt.date(2026, 9, 8)
    office.approver.active = False
    assert principals_of(session, office.staff.id, day) == set()
    office.approver.active = True
    session.add(RoleGrant(user_id=office.staff.id, role=Role.AUDITOR, unit_id=office.school.id))
    assert principals_of(session, office.staff.id, day) == set()


def test_two_requests_at_once_give_one_stand_in(sessions: SessionFactory) -> None:
    with transaction(sessions) as session:
        office = _office(session)
        acting = office.acting(office.approver)
        names = [office.staff.username, office.second.username]

    def attempt(username: str) -> bool:
        try:
            with transaction(sessions) as session:
                stand_ins.name_stand_in(session, acting, NOW, TODAY, TRIP | {"stand_in": username})
        except Invalid:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, names)) == [False, True]
    with sessions() as session:
        assert session.scalar(select(func.count(StandIn.id))) == 1


def test_a_stand_in_is_told_when_named_and_when_it_is_over(session: Session, office: Office) -> None:
    actor = office.acting(office.approver)
    row = stand_ins.name_stand_in(session, actor, NOW, TODAY, {"stand_in": office.second.username, **TRIP})
    stand_ins.end_early(session, actor, NOW, TODAY, row.id)
    found = session.execute(select(Message.user_id, Message.kind, Message.link).order_by(Message.id)).all()
    assert found == [
        (office.second.id, kind, "/profile/stand-ins") for kind in ("stand_in.named", "stand_in.ended")
    ]
