"""The clock finds idle things, asks about them, and acts on silence: each rule, each once."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from sqlalchemy import select, update

from jobs.idle import answer_silence, flag_idle
from marketplace.config import Settings
from marketplace.db.assets import Asset, Listing
from marketplace.db.audit import AuditEntry
from marketplace.db.catalogue import Category
from marketplace.db.idle import IdleFlag, IdlePolicyRow
from marketplace.db.messages import Message
from marketplace.db.outbox import OutboxRow
from marketplace.db.people import Unit
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.assets import Secrecy
from marketplace.domain.idle import Answer, IdlePolicy, IdleRule, OnSilence, plain, policy_of
from marketplace.domain.permissions import PLATFORM
from marketplace.use_cases import idle_policies
from tests.conftest import NOW
from tests.jobs.idle_town import DAY, DESK, STAFF, TODAY, Town

LONG_AGO = TODAY - 400 * DAY
AFTER_ANSWERS = dt.datetime(2026, 9, 22, 1, tzinfo=dt.UTC)
"""The day after the last on which flags of ``NOW`` can be answered."""


@pytest.fixture
def town(settings: Settings, sessions: SessionFactory) -> Town:
    return Town(settings, sessions)


def test_what_was_not_used_for_long_is_flagged_once_and_its_holder_told(town: Town) -> None:
    old = town.card("old", last_used_on=TODAY - 180 * DAY)
    others = [
        town.card("fresh", last_used_on=TODAY - 179 * DAY),
        town.card("new", last_used_on=None),
        town.card("secret", last_used_on=LONG_AGO, secrecy=Secrecy.SECRET),
        town.card("offered", last_used_on=LONG_AGO, listed=True),
    ]
    assert flag_idle(town.means, NOW, True) == {"event_ended": 0, "over_standard": 0, "unused": 1}
    assert town.states(old) == ["in_use"]
    assert flag_idle(town.means, NOW, False) == {"event_ended": 0, "over_standard": 0, "unused": 1}
    assert town.states(old, *others) == ["idle_flagged", "in_use", "in_use", "in_use", "listed"]
    [flag] = town.all(IdleFlag)
    assert (flag.asset_id, flag.rule, flag.answer) == (old, IdleRule.UNUSED, None)
    assert flag.evidence == {"since": "2026-03-05", "sign": None, "days": 180, "limit": 180}
    assert flag.answer_by == dt.date(2026, 9, 21), "the Sunday before is worked"
    [message] = town.all(Message)
    assert (message.kind, message.params["count"], message.link) == (
        "idle.flagged",
        1,
        f"/idle?unit={town.school}",
    )
    [entry] = town.all(AuditEntry, AuditEntry.action == "asset.flag")
    assert (entry.object_id, entry.after) == (old, {"state": "idle_flagged", "rule": "unused"})
    assert [row.asset_id for row in town.all(OutboxRow)] == [old]
    assert not any(flag_idle(town.means, NOW, False).values())
    assert len(town.all(Message)) == 1


def test_a_card_without_any_sign_counts_from_the_day_it_came_here(town: Town) -> None:
    came = town.card("came", last_used_on=None)
    assert flag_idle(town.means, NOW + 179 * DAY, False)["unused"] == 0
    assert flag_idle(town.means, NOW + 180 * DAY, False)["unused"] == 1
    assert town.flags()["came"].evidence["since"] == "2026-09-01"
    assert town.states(came) == ["idle_flagged"]


def test_what_belongs_to_an_event_is_asked_about_from_the_day_after_its_end(town: Town) -> None:
    ending, over = town.event("运动会", TODAY), town.event("工作专班", TODAY - DAY)
    town.card("ending", event_id=ending)
    town.card("over", event_id=over)
    assert flag_idle(town.means, NOW, False)["event_ended"] == 1
    flag = town.flags()["over"]
    assert flag.evidence == {"event_id": over, "event": "工作专班", "ended_on": "2026-08-31"}
    assert flag_idle(town.means, NOW + DAY, False)["event_ended"] == 1


def test_what_is_beyond_the_standard_is_flagged_from_what_was_longest_unused(town: Town) -> None:
    for number in range(STAFF - 1):
        town.card(f"desk{number}", **DESK)
    town.card("oldest", last_used_on=TODAY - 30 * DAY, quantity=2, **DESK)
    town.card("older", last_used_on=TODAY - 20 * DAY, quantity=3, **DESK)
    assert flag_idle(town.means, NOW, True)["over_standard"] == 2
    assert flag_idle(town.means, NOW, False)["over_standard"] == 2
    flags = town.flags()
    assert {number: flag.evidence["pieces"] for number, flag in flags.items()} == {"oldest": 2, "older": 2}
    evidence = flags["older"].evidence
    assert (evidence["held"], evidence["allowed"], evidence["headcount"]) == (14, 10, 10)
    assert (evidence["item"], evidence["standard"]) == ("办公桌", "财资〔2016〕27号")
    assert flag_idle(town.means, NOW, False)["over_standard"] == 0


def test_a_unit_of_unknown_size_is_held_to_no_standard(town: Town) -> None:
    with transaction(town.sessions) as session:
        session.execute(update(Unit).values(headcount=None))
    town.card("many", quantity=500, **DESK)
    assert flag_idle(town.means, NOW, False)["over_standard"] == 0


def test_an_accepted_objection_is_quiet_and_stands_beside_the_standard(town: Town) -> None:
    kept = town.card("kept", quantity=STAFF + 3, **DESK)
    until = {"quiet_until": TODAY + 10 * DAY, "closed_at": NOW, "answer": Answer.OBJECTED, "reason": "值班"}
    flag_idle(town.means, NOW, False)
    with transaction(town.sessions) as session:
        session.execute(update(IdleFlag).values(until))
        session.execute(update(Asset).where(Asset.id == kept).values(state="in_use"))
    other = town.card("other", quantity=STAFF, **DESK)
    assert not any(flag_idle(town.means, NOW + 10 * DAY, False).values())
    assert flag_idle(town.means, NOW + 11 * DAY, False)["over_standard"] > 0
    assert town.states(kept, other)[0] == "idle_flagged"


def test_the_first_rule_that_holds_is_the_one_that_is_told(town: Town) -> None:
    over = town.event("会议", TODAY - DAY)
    town.card("both", event_id=over, last_used_on=LONG_AGO)
    assert flag_idle(town.means, NOW, False) == {"event_ended": 1, "over_standard": 0, "unused": 0}


def test_silence_lists_as_unconfirmed_and_first_within_the_own_department(town: Town) -> None:
    silent = town.card("silent", last_used_on=LONG_AGO)
    confirmed = town.card("confirmed", last_used_on=LONG_AGO)
    objected = town.card("objected", last_used_on=LONG_AGO)
    flag_idle(town.means, NOW, False)
    with transaction(town.sessions) as session:
        for asset_id, answer in ((confirmed, Answer.CONFIRMED), (objected, Answer.OBJECTED)):
            session.execute(update(IdleFlag).where(IdleFlag.asset_id == asset_id).values(answer=answer))
    assert not any(answer_silence(town.means, AFTER_ANSWERS - DAY, False).values())
    assert answer_silence(town.means, AFTER_ANSWERS, True) == {"listed": 2, "waiting": 0}
    assert answer_silence(town.means, AFTER_ANSWERS, False) == {"listed": 2, "waiting": 0}
    assert town.states(silent, confirmed, objected) == ["listed", "listed", "idle_flagged"]
    first, second = town.all(Listing)
    assert (first.unconfirmed, second.unconfirmed) == (True, False)
    assert (first.audience_unit_id, first.contact_name) == (town.bureau, "unit_asset_officer")
    assert [town.flags()[number].answer for number in ("silent", "confirmed")] == ["silent", "confirmed"]
    assert Counter(message.kind for message in town.all(Message)) == {"idle.flagged": 1, "idle.listed": 1}
    assert not any(message.needs_action for message in town.all(Message))
    assert not any(answer_silence(town.means, AFTER_ANSWERS, False).values())


def test_of_what_is_beyond_the_standard_only_the_excess_is_listed(town: Town) -> None:
    town.card("desks", quantity=STAFF + 3, **DESK)
    flag_idle(town.means, NOW, False)
    answer_silence(town.means, AFTER_ANSWERS, False)
    assert [listing.quantity for listing in town.all(Listing)] == [3]


def test_where_the_policy_says_so_silence_is_only_noted(town: Town) -> None:
    with transaction(town.sessions) as session:
        session.add(IdlePolicyRow(**plain(IdlePolicy(on_silence=OnSilence.WAIT))))
    waits = town.card("waits", last_used_on=LONG_AGO)
    flag_idle(town.means, NOW, False)
    assert answer_silence(town.means, AFTER_ANSWERS, False) == {"listed": 0, "waiting": 1}
    assert (town.states(waits), town.flags()["waits"].answer) == (["idle_flagged"], Answer.SILENT)
    assert not any(answer_silence(town.means, AFTER_ANSWERS + DAY, False).values())


POLICIES = [
    IdlePolicy(days_unused=11),
    IdlePolicy("2022:A02000000", days_unused=22),
    IdlePolicy("2022:A02010105", days_unused=33),
    IdlePolicy("2013:A02010105", days_unused=0),
]


def test_the_nearest_policy_holds_in_sql_as_in_python(town: Town) -> None:
    with transaction(town.sessions) as session:
        session.add_all(IdlePolicyRow(**plain(policy)) for policy in POLICIES)
        session.execute(update(Unit).values(headcount=None))
    cards: dict[str, int] = {}
    with town.sessions() as session:
        classes = session.scalars(select(Category).where(Category.code.like("A02%"))).all()
        for one in classes:
            cards[f"{one.edition}:{one.code}"] = policy_of(POLICIES, one.edition, one.path).days_unused
            assert (
                idle_policies.for_category(session, one.edition, one.code).days_unused
                == (cards[f"{one.edition}:{one.code}"])
            )
    for name in cards:
        edition, _, code = name.partition(":")
        values = {"category_edition": edition, "category_code": code}
        town.card(name, last_used_on=LONG_AGO, **values)
    town.card("none", last_used_on=LONG_AGO)
    flag_idle(town.means, NOW, False)
    found = {number: flag.evidence["limit"] for number, flag in town.flags().items()}
    assert found == {name: days for name, days in cards.items() if days} | {"none": 11}
    assert set(found.values()) == {11, 22, 33}


def test_the_platform_is_who_flags(town: Town) -> None:
    town.card("old", last_used_on=LONG_AGO)
    flag_idle(town.means, NOW, False)
    [entry] = town.all(AuditEntry, AuditEntry.action == "asset.flag")
    assert (entry.actor_id, entry.actor_name, entry.unit_id) == (None, PLATFORM.name, town.school)
