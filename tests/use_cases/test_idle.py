"""Answering idle flags, deciding on objections, and steering the timetable, on the real database."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing
from marketplace.db.audit import AuditEntry
from marketplace.db.idle import Event, IdleFlag, IdlePolicyRow, Screening
from marketplace.db.messages import Message
from marketplace.db.people import Unit
from marketplace.domain.assets import UseStatus
from marketplace.domain.disposals import Way, Why
from marketplace.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from marketplace.domain.events import EventDetails
from marketplace.domain.idle import Answer, IdlePolicy, IdleRule, OnSilence, Review, UseSign
from marketplace.domain.orders import OrderKind
from marketplace.domain.permissions import PLATFORM, Actor, Role
from marketplace.domain.states import AssetState
from marketplace.domain.timetable import Stage
from marketplace.reference.catalogue import load_reference
from marketplace.use_cases import (
    disposal_preparation,
    events,
    idle,
    idle_flagging,
    idle_policies,
    idle_silence,
    listings,
    timetable,
    timetable_walk,
    use_signs,
)
from marketplace.use_cases.idle import Show
from tests import factories
from tests.conftest import NOW
from tests.use_cases.ordering import BOTH, TODAY, Town, found_town

DAY = dt.timedelta(days=1)
ZONE = "Asia/Shanghai"


@pytest.fixture
def town(session: Session) -> Town:
    load_reference(session)
    town = found_town(session)
    bureau = session.get_one(Unit, town.units["A"].parent_id)
    town.users["department"] = factories.user(session, bureau, Role.DEPARTMENT_APPROVER)
    return town


def flagged(town: Town, at: str = "A", **values: Any) -> IdleFlag:
    """A card that its holder is asked about."""
    card = factories.asset(town.session, town.units[at], state=AssetState.IDLE_FLAGGED, **values)
    flag = IdleFlag(
        asset=card,
        unit_id=card.unit_id,
        rule=IdleRule.UNUSED,
        evidence={"since": "2026-01-01", "sign": None, "days": 243, "limit": 180},
        flagged_at=NOW,
        answer_by=TODAY + 20 * DAY,
        on_silence=OnSilence.LIST,
        quiet_days=365,
    )
    town.session.add(flag)
    town.session.flush()
    return flag


def told(town: Town, who: str) -> list[str]:
    query = select(Message.kind).where(Message.user_id == town.users[who].id).order_by(Message.id)
    return list(town.session.scalars(query))


def test_listing_answers_the_flag_whichever_way_it_is_done(town: Town) -> None:
    here, elsewhere = flagged(town), flagged(town)
    officer = town.actor("A.officer")
    outcome = idle.put_on_offer(town.session, officer, NOW, [here.id])
    assert (outcome.done, outcome.refused) == ([here.id], {})
    listings.list_asset(town.session, officer, NOW, elsewhere.asset_id, BOTH)
    for flag in (here, elsewhere):
        town.session.refresh(flag)
        assert (flag.answer, flag.closed_at, flag.answered_by) == (Answer.LISTED, NOW, officer.user_id)
        assert flag.asset.state is AssetState.LISTED
    listing = town.session.scalars(select(Listing).where(Listing.asset_id == here.asset_id)).one()
    assert (listing.unconfirmed, listing.contact_name) == (False, town.users["A.officer"].name)
    assert listing.audience_unit_id == town.units["A"].parent_id, "the own department comes first"


def test_taking_it_to_disposal_confirms_the_flag_and_asks_nobody_any_more(town: Town) -> None:
    flag, objected = flagged(town), flagged(town)
    idle_flagging.tell_holders(town.session, NOW)
    idle.object_to(town.session, town.actor("A.officer"), NOW, [objected.id], "还要用")
    manager, cards = town.actor("manager"), {flag.asset_id: Why.CHOSEN, objected.asset_id: Why.CHOSEN}
    open_project = disposal_preparation.open_project
    open_project(town.session, manager, NOW, TODAY, Way.WRITE_OFF, "清查损失", cards)
    for one in (flag, objected):
        town.session.refresh(one)
        assert (one.answer, one.closed_at) == (Answer.CONFIRMED, NOW)
        assert one.asset.state is AssetState.DISPOSAL
    assert not town.session.scalars(select(Message.id).where(Message.needs_action)).all()
    before = told(town, "A.officer")
    idle_silence.tell_holders(town.session, NOW)
    assert told(town, "A.officer") == before, "nothing of it was listed"


def test_of_an_excess_only_the_excess_is_offered(town: Town) -> None:
    flag = flagged(town, quantity=12)
    flag.rule, flag.evidence = IdleRule.OVER_STANDARD, {"pieces": 5}
    idle.put_on_offer(town.session, town.actor("A.officer"), NOW, [flag.id])
    assert town.session.scalars(select(Listing.quantity)).all() == [5]


def test_confirming_marks_the_card_and_leaves_the_offer_to_come(town: Town) -> None:
    flag = flagged(town)
    idle.confirm(town.session, town.actor("A.officer"), NOW, [flag.id])
    assert (flag.answer, flag.closed_at, flag.asset.use_status) == (Answer.CONFIRMED, None, UseStatus.IDLE)
    assert flag.asset.state is AssetState.IDLE_FLAGGED


def test_several_are_answered_at_once_and_the_others_say_why_not(town: Town) -> None:
    mine, other, done = flagged(town), flagged(town, "H"), flagged(town)
    officer = town.actor("A.officer")
    idle.put_on_offer(town.session, officer, NOW, [done.id])
    outcome = idle.confirm(town.session, officer, NOW, [mine.id, other.id, done.id, 10**12])
    assert outcome.done == [mine.id]
    codes = {flag_id: error.code for flag_id, error in outcome.refused.items()}
    assert codes == {other.id: "not_found", done.id: "already_answered", 10**12: "not_found"}
    assert other.answer is None
    with pytest.raises(NotAllowed):
        raise idle.confirm(town.session, town.actor("A.staff"), NOW, [mine.id]).refused[mine.id]
    for ids in ([], range(1, idle.BULK_LIMIT + 2)):
        with pytest.raises(Invalid):
            idle.confirm(town.session, officer, NOW, ids)


def test_an_accepted_objection_is_a_sign_of_use_and_quiet_for_a_time(town: Town) -> None:
    flag = flagged(town)
    idle.object_to(town.session, town.actor("A.officer"), NOW, [flag.id], "备用机，防汛值班用")
    assert told(town, "department") == ["idle.to_review"]
    assert idle.search(town.session, town.actor("department"), Show.REVIEW) == [flag]
    idle.review(town.session, town.actor("department"), NOW, TODAY, flag.id, accept=True)
    town.session.expire_all()
    assert (flag.review, flag.quiet_until) == (Review.ACCEPTED, TODAY + 365 * DAY)
    assert flag.asset.state is AssetState.IN_USE
    assert (flag.asset.last_used_on, flag.asset.last_used_by) == (TODAY, UseSign.CONFIRMED)
    assert told(town, "A.officer") == ["idle.accepted"]
    assert not town.session.scalars(select(Message).where(Message.needs_action)).all()
    with pytest.raises(Conflict):
        idle.review(town.session, town.actor("department"), NOW, TODAY, flag.id, accept=True)


def test_a_refused_objection_asks_the_holder_again_who_cannot_object_twice(town: Town) -> None:
    flag = flagged(town)
    officer, reviewer = town.actor("A.officer"), town.actor("department")
    idle.object_to(town.session, officer, NOW, [flag.id], "还要用")
    with pytest.raises(Invalid):
        idle.review(town.session, reviewer, NOW, TODAY, flag.id, accept=False)
    later = TODAY + 30 * DAY
    idle.review(town.session, reviewer, NOW, later, flag.id, accept=False, note="没有说明由谁使用")
    assert (flag.review, flag.answer, flag.closed_at) == (Review.REFUSED, None, None)
    assert flag.answer_by > later
    outcome = idle.object_to(town.session, officer, NOW, [flag.id], "真的要用")
    assert outcome.refused[flag.id].code == "already_reviewed"
    assert idle.put_on_offer(town.session, officer, NOW, [flag.id]).done == [flag.id]
    assert told(town, "A.officer") == ["idle.refused"]


def test_nobody_decides_on_their_own_objection_and_only_above_the_unit(town: Town) -> None:
    flag = flagged(town)
    manager = town.actor("manager")
    idle.object_to(town.session, manager, NOW, [flag.id], "正在调配")
    for who in ("manager", "A.approver", "A.officer"):
        with pytest.raises(NotAllowed):
            idle.review(town.session, town.actor(who), NOW, TODAY, flag.id, accept=True)
    with pytest.raises(NotFound):
        idle.review(town.session, town.actor("H.approver"), NOW, TODAY, flag.id, accept=True)
    assert flag.review is None


def test_a_list_of_flags_is_paged_without_gap_or_repeat(town: Town) -> None:
    flags = [flagged(town) for _ in range(7)]
    flags[3].answer_by = TODAY + DAY
    town.session.flush()
    officer, seen, after = town.actor("A.officer"), [], None
    while page := idle.search(town.session, officer, Show.OPEN, after=after, limit=2):
        seen += [flag.id for flag in page]
        after = (page[-1].answer_by, page[-1].id)
    assert seen == [flags[3].id, *(flag.id for flag in flags if flag is not flags[3])]
    assert idle.counts(town.session, officer) == {Show.OPEN: 7, Show.REVIEW: 0}
    assert idle.search(town.session, town.actor("H.officer"), Show.OPEN) == []


def test_loans_and_confirmations_are_signs_of_use(town: Town) -> None:
    card = town.listed()
    order = town.approved(card, kind=OrderKind.LOAN)
    town.handed_over(order)
    town.session.refresh(card)
    assert (card.last_used_on, card.last_used_by) == (TODAY, UseSign.LOAN)
    town.given_back(order, TODAY + 3 * DAY)
    town.session.refresh(card)
    assert card.last_used_on == TODAY + 3 * DAY
    use_signs.note(town.session, [card.id], TODAY, UseSign.STOCKTAKE)
    town.session.refresh(card)
    assert card.last_used_by is UseSign.LOAN, "an older sign changes nothing"
    desk = factories.asset(town.session, town.units["A"])
    version = desk.version
    idle.confirm_in_use(town.session, town.actor("A.officer"), NOW, TODAY, desk.id)
    assert (desk.last_used_on, desk.last_used_by, desk.version) == (TODAY, UseSign.CONFIRMED, version)
    with pytest.raises(Conflict):
        idle.confirm_in_use(town.session, town.actor("A.officer"), NOW, TODAY, card.id)


def test_a_policy_is_changed_by_whom_it_was_shown_to(town: Town) -> None:
    system = factories.actor((Role.SYSTEM_ADMINISTRATOR, town.units["A"]))
    assert idle_policies.versions(town.session) == [(IdlePolicy(), 0)]
    idle_policies.save(town.session, system, NOW, IdlePolicy(days_unused=90), 0)
    idle_policies.save(town.session, system, NOW, IdlePolicy("2022:A02010105", days_unused=60), 0)
    assert [policy.days_unused for policy in idle_policies.current(town.session)] == [90, 60]
    with pytest.raises(Conflict):
        idle_policies.save(town.session, system, NOW, IdlePolicy(days_unused=1), 0)
    with pytest.raises(Invalid):
        idle_policies.save(town.session, system, NOW, IdlePolicy("2022:nothing"), 0)
    with pytest.raises(NotAllowed):
        idle_policies.save(town.session, town.actor("A.officer"), NOW, IdlePolicy(days_unused=1), 1)
    idle_policies.remove(town.session, system, NOW, "2022:A02010105", 1)
    assert [row.days_unused for row in town.session.scalars(select(IdlePolicyRow))] == [90]
    actions = select(AuditEntry.action).where(AuditEntry.object_kind == "idle_policy").order_by(AuditEntry.id)
    assert town.session.scalars(actions).all() == ["idle_policy.save"] * 2 + ["idle_policy.remove"]


def test_an_event_takes_cards_of_its_unit_or_none(town: Town) -> None:
    officer = town.actor("A.officer")
    details = EventDetails("运动会", TODAY + 30 * DAY)
    event = events.create(town.session, officer, NOW, town.units["A"].code, details)
    own = [factories.asset(town.session, town.units["A"]) for _ in range(3)]
    foreign = factories.asset(town.session, town.units["B"])
    with pytest.raises(Invalid):
        events.put_in(town.session, officer, NOW, event.id, [own[0].number, foreign.number])
    assert list(events.cards(town.session, event)) == []
    events.put_in(town.session, officer, NOW, event.id, [card.number for card in own])
    events.take_out(town.session, officer, NOW, event.id, [own[0].id, foreign.id])
    assert list(events.cards(town.session, event)) == own[1:]
    assert events.search(town.session, officer) == [(event, 2)]
    assert events.search(town.session, town.actor("B.officer")) == []
    with pytest.raises(NotFound):
        events.put_in(town.session, town.actor("B.officer"), NOW, event.id, [foreign.number])
    with pytest.raises(NotAllowed):
        events.edit(town.session, town.actor("A.staff"), NOW, event.id, 1, details)
    with pytest.raises(Conflict):
        events.edit(town.session, officer, NOW, event.id, 7, details)
    assert town.session.scalars(select(Event.version)).all() == [1]


def offered(town: Town, day: dt.date = TODAY) -> Asset:
    """A card on offer whose timetable runs."""
    card = town.listed()
    walk = timetable_walk.begin(town.session, NOW, day, ZONE)
    timetable_walk.start_new(town.session, walk)
    return card


def screening(town: Town) -> Screening:
    town.session.expire_all()
    return town.session.scalars(select(Screening)).one()


def test_the_page_foretells_what_the_walk_will_do(town: Town) -> None:
    card = town.listed()
    before = timetable.of_asset(town.session, card, TODAY, ZONE)
    timetable_walk.start_new(town.session, timetable_walk.begin(town.session, NOW, TODAY, ZONE))
    after = timetable.of_asset(town.session, card, TODAY, ZONE)
    assert before is not None
    assert after is not None
    assert list(before.line) == list(after.line)
    assert [stand.stage for stand in after.line] == [Stage.EVERYONE, Stage.DISPOSAL]


def test_the_manager_stops_the_clock_and_lets_it_go_on(town: Town) -> None:
    card, manager = offered(town), town.actor("manager")
    until = screening(town).stage_until
    with pytest.raises(NotAllowed):
        timetable.stop_clock(town.session, town.actor("A.officer"), NOW, TODAY, card.id, "等待修理")
    timetable.stop_clock(town.session, manager, NOW, TODAY, card.id, "等待修理")
    with pytest.raises(Conflict):
        timetable.stop_clock(town.session, manager, NOW, TODAY, card.id, "等待修理")
    timetable_walk.release(town.session, timetable_walk.begin(town.session, NOW, TODAY + DAY, ZONE))
    assert (screening(town).stage_until, screening(town).reason) == (None, "等待修理")
    timetable.let_go_on(town.session, manager, NOW, TODAY, card.id)
    assert screening(town).stage_until == until
    with pytest.raises(Conflict):
        timetable.let_go_on(town.session, manager, NOW, TODAY, card.id)


def test_a_stage_is_skipped_for_a_reason_but_not_past_somebody_who_asks(town: Town) -> None:
    card, manager = offered(town), town.actor("manager")
    with pytest.raises(Invalid):
        timetable.skip(town.session, manager, NOW, TODAY, card.id, "")
    order = town.submitted(card)
    with pytest.raises(Conflict):
        timetable.skip(town.session, manager, NOW, TODAY, card.id, "已无使用价值")
    order.closed_at = NOW
    town.session.flush()
    timetable.skip(town.session, manager, NOW, TODAY, card.id, "已无使用价值")
    assert (screening(town).stage, card.state) == (Stage.DISPOSAL, AssetState.DISPOSAL)
    assert card.listing is None
    standing = timetable.of_asset(town.session, card, TODAY, ZONE)
    assert standing is not None
    assert ([one.stage for one in standing.line], standing.reason) == ([Stage.DISPOSAL], "已无使用价值")


def test_what_somebody_asked_for_after_the_first_look_is_not_disposed_of(town: Town) -> None:
    card = offered(town)
    town.session.execute(update(Screening).values(stage_until=TODAY - DAY))
    town.submitted(card)
    walk = timetable_walk.begin(town.session, NOW, TODAY, ZONE)
    assert timetable_walk.dispose(town.session, walk)[0] == 0
    assert town.session.get_one(Asset, card.id).state is AssetState.LISTED


def test_the_platform_may_look_at_everything(town: Town) -> None:
    flag = flagged(town)
    everyone: Actor = PLATFORM
    assert idle.find(town.session, everyone, flag.id) is flag
