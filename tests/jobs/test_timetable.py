"""What is on offer for good is walked along its timetable, a day at a time."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select, update

from jobs.idle import walk_timetable
from marketplace.config import Settings
from marketplace.db.assets import Listing
from marketplace.db.audit import AuditEntry
from marketplace.db.idle import IdlePolicyRow
from marketplace.db.messages import Message
from marketplace.db.orders import Order, OrderLine
from marketplace.db.outbox import OutboxRow
from marketplace.db.people import Unit
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.calendar import Calendar
from marketplace.domain.idle import IdlePolicy, plain
from marketplace.domain.orders import OrderKind, OrderState
from marketplace.domain.permissions import Role
from marketplace.domain.timetable import Lengths, Stage, Stand, advance, enter
from tests import factories
from tests.conftest import NOW
from tests.jobs.idle_town import DAY, TODAY, Town


@pytest.fixture
def town(settings: Settings, sessions: SessionFactory) -> Town:
    return Town(settings, sessions)


def walk(town: Town, day: dt.date) -> dict[str, int]:
    """One morning's walk."""
    moment = dt.datetime.combine(day, dt.time(0, 5), dt.timezone(dt.timedelta(hours=8)))
    return dict(walk_timetable(town.means, moment, False))


def days(first: dt.date, count: int) -> list[dt.date]:
    return [first + n * DAY for n in range(count)]


def test_an_offer_begins_with_the_day_it_was_listed(town: Town) -> None:
    town.card("inside", inside=True)
    town.card("open", listed=True)
    town.card("lent", listed=True, for_transfer=False)
    assert walk(town, TODAY + DAY)["begun"] == 2
    assert town.stages() == {
        "inside": (Stage.OWN_DEPARTMENT, TODAY, dt.date(2026, 9, 15), None),
        "open": (Stage.EVERYONE, TODAY, dt.date(2026, 10, 19), None),
    }
    assert not any(walk(town, TODAY + DAY).values())


def test_an_old_offer_begins_with_yesterday(town: Town) -> None:
    town.card("old", listed=True, listed_at=NOW - 90 * DAY)
    walk(town, TODAY)
    assert town.stages()["old"][:2] == (Stage.EVERYONE, TODAY - DAY)


def test_day_by_day_the_circle_widens_until_nobody_is_left_to_ask(town: Town) -> None:
    offer = town.card("offer", inside=True)
    seen: list[tuple[Stage, dt.date]] = []
    for day in days(TODAY + DAY, 70):
        walk(town, day)
        stage = town.stages()["offer"][0]
        if not seen or seen[-1][0] is not stage:
            seen.append((stage, day))
    assert [stage for stage, _ in seen] == [Stage.OWN_DEPARTMENT, Stage.EVERYONE, Stage.DISPOSAL]
    with town.sessions() as session:
        calendar = Calendar()
        actions = select(AuditEntry.action).order_by(AuditEntry.id)
        assert session.scalars(actions).all() == ["asset.stage", "asset.offer", "asset.dispose"]
        assert session.scalar(select(func.count()).select_from(OutboxRow)) == 2
    assert calendar.working_days_between(TODAY, seen[1][1] - DAY) == 10
    assert town.states(offer) == ["disposal"]
    [listing] = town.all(Listing)
    assert (listing.audience_unit_id, listing.end_reason != "", listing.ended_by) == (None, True, None)
    [message] = town.all(Message)
    assert (message.kind, message.params["count"]) == ("screening.over", 1)


def test_a_missed_week_takes_no_days_from_the_next_stage(town: Town) -> None:
    town.card("offer", inside=True)
    walk(town, TODAY + DAY)
    walk(town, dt.date(2026, 9, 28))
    stage, since, until, _ = town.stages()["offer"]
    assert (stage, since) == (Stage.EVERYONE, dt.date(2026, 9, 27))
    assert until is not None
    with town.sessions() as session:
        assert session.scalars(select(Listing.audience_unit_id)).all() == [None]


def test_sql_walks_as_the_rules_do(town: Town) -> None:
    """The twin in Python, without holidays named, as the town's calendar knows those of the year."""
    lengths = Lengths(own_department=2, everyone=3, donation=4)
    with transaction(town.sessions) as session:
        policy = IdlePolicy(own_department_days=2, everyone_days=3, donation_days=4)
        session.add(IdlePolicyRow(**plain(policy)))
    town.card("offer", inside=True)
    stand: Stand = enter(Stage.OWN_DEPARTMENT, TODAY, lengths, Calendar())
    for day in days(TODAY + DAY, 15):
        walk(town, day)
        stand = advance(stand, day, lengths, Calendar())
        assert town.stages()["offer"] == (stand.stage, stand.since, stand.until, stand.days_left), day
    assert stand.stage is Stage.DISPOSAL


def test_time_in_which_somebody_asks_does_not_count(town: Town, sessions: SessionFactory) -> None:
    offer = town.card("offer", listed=True)
    walk(town, TODAY + DAY)
    order = _asked(town, offer)
    assert walk(town, TODAY + 2 * DAY)["held"] == 1
    assert town.stages()["offer"] == (Stage.EVERYONE, TODAY, None, 29)
    assert not any(walk(town, TODAY + 90 * DAY).values())
    with transaction(sessions) as session:
        session.execute(update(Order).where(Order.id == order).values(state="rejected", closed_at=NOW))
    assert walk(town, dt.date(2026, 12, 1))["released"] == 1
    stage, _, until, left = town.stages()["offer"]
    assert (stage, left) == (Stage.EVERYONE, None)
    assert until == dt.date(2027, 1, 8), "29 working days from the first of December on"


def _asked(town: Town, asset_id: int) -> int:
    """An order of a neighbouring school for the offer, as far as the walk looks at it."""
    with transaction(town.sessions) as session:
        neighbour = factories.unit(session, session.get_one(Unit, town.bureau))
        person = factories.user(session, neighbour, Role.STAFF)
        order = Order(
            kind=OrderKind.TRANSFER,
            state=OrderState.SUBMITTED,
            number="DB2026090001",
            submitted_at=NOW,
            created_at=NOW,
            requester_id=person.id,
            receiver_unit_id=neighbour.id,
            giver_unit_id=town.school,
        )
        session.add(order)
        session.flush()
        order_line = OrderLine(
            order_id=order.id,
            asset_id=asset_id,
            quantity=1,
            number="offer",
            name="办公桌",
            unit_of_measure="件",
            original_value=1,
        )
        session.add(order_line)
        return order.id


def test_whoever_opens_an_offer_to_everyone_ends_the_first_stage(town: Town) -> None:
    town.card("offer", inside=True)
    walk(town, TODAY + DAY)
    with transaction(town.sessions) as session:
        session.execute(update(Listing).values(audience_unit_id=None))
    walk(town, TODAY + 2 * DAY)
    assert town.stages()["offer"][:2] == (Stage.EVERYONE, TODAY + DAY)


def test_only_looking_changes_nothing(town: Town) -> None:
    town.card("offer", inside=True)
    assert walk_timetable(town.means, NOW, True)["begun"] == 1
    assert town.stages() == {}
