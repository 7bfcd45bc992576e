"""Idle flags through the interface: seen, answered and decided on by whom they concern."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from marketplace.db.idle import IdleFlag
from marketplace.db.people import Unit
from marketplace.db.session import transaction
from marketplace.domain.idle import IdleRule, OnSilence
from marketplace.domain.permissions import Role
from marketplace.domain.states import AssetState
from tests import factories
from tests.api.conftest import Program, World
from tests.conftest import NOW


@pytest.fixture
def flag(world: World) -> int:
    return flagged(world)


def flagged(world: World, at: str = "JY-1") -> int:
    """A thing that its holder is asked about."""
    with transaction(world.sessions) as session:
        unit = session.get_one(Unit, world.units[at])
        card = factories.asset(session, unit, "会议桌", state=AssetState.IDLE_FLAGGED)
        row = IdleFlag(
            asset_id=card.id,
            unit_id=unit.id,
            rule=IdleRule.UNUSED,
            evidence={"since": "2026-01-01", "sign": None, "days": 243, "limit": 180},
            flagged_at=NOW,
            answer_by=NOW.date() + dt.timedelta(days=20),
            on_silence=OnSilence.LIST,
            quiet_days=365,
        )
        session.add(row)
        session.flush()
        return row.id


def act(program: Program, flag: int, action: str, reason: str = "") -> Any:
    return program.post(f"/flags/{flag}/actions", {"action": action, "reason": reason})


def test_a_flag_says_which_rule_and_which_evidence(flag: int, officer: Program) -> None:
    shown = officer.get(f"/flags/{flag}").json
    assert (shown["state"], shown["rule"], shown["evidence"]["days"]) == ("open", "unused", 243)
    assert shown["answer_by"] == "2026-09-21"
    assert shown["allowed_actions"] == ["list", "confirm", "object"]
    assert officer.get("/flags").json["items"] == [shown]


def test_an_objection_goes_up_and_is_decided_there(world: World, flag: int, officer: Program) -> None:
    assert act(officer, flag, "object").status_code == 422
    objected = act(officer, flag, "object", "实验课每周使用").json
    assert (objected["state"], objected["allowed_actions"]) == ("review", [])
    refused = act(officer, flag, "confirm")
    assert refused.status_code == 409
    assert (refused.json["state"], refused.json["allowed_actions"]) == ("review", [])
    above = world.program(Role.DEPARTMENT_APPROVER, "JY")
    assert above.get("/flags?show=review").json["items"][0]["allowed_actions"] == ["accept", "refuse"]
    assert act(above, flag, "refuse").status_code == 422
    back = act(above, flag, "refuse", "没有使用记录").json
    assert (back["state"], back["review"]) == ("open", "refused")
    assert officer.get(f"/flags/{flag}").json["allowed_actions"] == ["list", "confirm"]
    assert act(officer, flag, "object", "确有需要").json["code"] == "already_reviewed"
    done = act(officer, flag, "list").json
    assert (done["state"], done["answer"], done["asset"]["state"]) == ("closed", "listed", "listed")
    assert officer.get("/flags?show=answered").json["items"] == [done]


def test_who_only_looks_is_refused_with_what_is_possible(world: World, flag: int) -> None:
    above = world.program(Role.DEPARTMENT_APPROVER, "JY")
    refused = act(above, flag, "confirm")
    assert (refused.status_code, refused.json["state"], refused.json["allowed_actions"]) == (409, "open", [])
    assert above.get(f"/flags/{flag}").json["answer"] is None


def test_the_same_key_answers_once(flag: int, officer: Program) -> None:
    key = {"Idempotency-Key": "k-1"}
    first, again = (officer.post(f"/flags/{flag}/actions", {"action": "list"}, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json == again.json


def test_flags_are_paged_and_stay_within_the_scope(world: World, officer: Program) -> None:
    mine = {flagged(world) for _ in range(5)}
    other = flagged(world, "WS-1")
    for show, path in (("open", ""), ("answered", "?show=answered")):
        seen: list[int] = []
        page = officer.get(f"/flags{path or '?show=open'}&limit=2").json
        while True:
            seen += [one["id"] for one in page["items"]]
            if not page["next_cursor"]:
                break
            page = officer.get(
                "/flags", query_string={"show": show, "limit": 2, "cursor": page["next_cursor"]}
            ).json
        assert (len(seen), set(seen)) == (5, mine)
        for one in mine:
            act(officer, one, "list")
    assert officer.get(f"/flags/{other}").status_code == 404
    assert act(officer, other, "list").status_code == 404
    region = world.program(Role.WAREHOUSE_MANAGER, "330000")
    assert [one["id"] for one in region.get("/flags?unit=WS-1").json["items"]] == [other]


@pytest.mark.parametrize("query", ["show=all", "cursor=x", "cursor=2026-09-01~x", "unit=nowhere", "limit=0"])
def test_unreadable_filters_are_refused(officer: Program, query: str) -> None:
    assert officer.get(f"/flags?{query}").status_code == 422


@pytest.mark.parametrize("role", [Role.STAFF, Role.AUDITOR, Role.SYSTEM_ADMINISTRATOR])
def test_others_know_of_no_flags(world: World, flag: int, role: Role) -> None:
    program = world.program(role, "330000")
    assert program.get("/flags").status_code == 403
    assert act(program, flag, "list").status_code == 403
