"""Orders through the interface, from wish to hand-over."""

from __future__ import annotations

from typing import Any

import pytest

from marketplace.db.people import Unit
from marketplace.db.session import transaction
from marketplace.domain.finding import Mode
from marketplace.domain.listings import Offer
from marketplace.domain.permissions import PLATFORM, Role
from marketplace.use_cases import listings
from tests import factories
from tests.api.conftest import Program, World
from tests.conftest import NOW


@pytest.fixture
def listed(world: World) -> int:
    """A chair that the first school offers for good and for a time."""
    with transaction(world.sessions) as session:
        asset = factories.asset(session, session.get_one(Unit, world.units["JY-1"]), "会议椅")
        listings.list_asset(session, PLATFORM, NOW, asset.id, Offer(modes=frozenset(Mode)))
        return asset.id


def wish(asset_id: int, **more: Any) -> dict[str, Any]:
    return {"asset_id": asset_id, "kind": "transfer", "reason": "新设办公室", **more}


def act(program: Program, order: int, action: str, **more: Any) -> Any:
    return program.post(f"/orders/{order}/actions", {"action": action, **more})


def test_a_transfer_from_wish_to_new_card(world: World, listed: int) -> None:
    staff = world.program(Role.STAFF, "JY-2")
    made = staff.post("/orders", wish(listed))
    assert made.status_code == 201, made.text
    assert made.json["number"].startswith("DB202609")
    assert (made.json["state"], made.json["unit"]["code"]) == ("submitted", "JY-2")
    assert made.json["allowed_actions"] == ["withdraw"]
    order = made.json["id"]
    for role, unit in ((Role.UNIT_APPROVER, "JY-2"), (Role.UNIT_APPROVER, "JY-1")):
        answer = act(world.program(role, unit), order, "approve")
        assert answer.status_code == 200, answer.text
    assert answer.json["state"] == "approved"
    for unit in ("JY-1", "JY-2"):
        answer = act(world.program(Role.UNIT_ASSET_OFFICER, unit), order, "hand_over")
    assert answer.json["state"] == "completed"
    assert answer.json["items"][0]["new_asset_id"]
    assert [entry["action"] for entry in answer.json["timeline"]][-1] == "order.complete"


def test_a_refused_action_says_where_it_stands_and_what_is_possible(world: World, listed: int) -> None:
    staff = world.program(Role.STAFF, "JY-2")
    order = staff.post("/orders", wish(listed)).json["id"]
    refused = act(staff, order, "approve")
    assert refused.status_code == 409
    assert (refused.json["state"], refused.json["allowed_actions"]) == ("submitted", ["withdraw"])
    assert act(staff, order, "accept").status_code == 409
    assert staff.get(f"/orders/{order}").json["state"] == "submitted"


def test_the_same_key_asks_once(world: World, listed: int) -> None:
    staff = world.program(Role.STAFF, "JY-2")
    first, again = (staff.post("/orders", wish(listed), headers={"Idempotency-Key": "k-1"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json["id"] == again.json["id"]
    assert len(staff.get("/orders").json["items"]) == 1


def test_a_loan_with_both_days(world: World, listed: int) -> None:
    staff = world.program(Role.STAFF, "JY-2")
    made = staff.post("/orders", wish(listed, kind="loan", start="2026-09-02", end="2026-09-04"))
    assert (made.json["start"], made.json["end"]) == ("2026-09-02", "2026-09-04")
    other = world.program(Role.STAFF, "WS-1")
    late = other.post("/orders", wish(listed, kind="loan", start="2026-09-04", end="2026-09-05"))
    assert (late.json["state"], late.json["waiting_place"]) == ("waiting", 1)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"quantity": 2}, "quantity"),
        ({"reason": ""}, "reason"),
        ({"kind": "loan"}, "start"),
        ({"kind": "loan", "start": "2026-09-02", "end": "2026-09-01"}, "end"),
        ({"unit_code": "JY-1"}, ""),
        ({"unit_code": "nowhere"}, "unit_code"),
    ],
)
def test_a_wish_that_can_not_be_is_refused_with_its_field(
    world: World, listed: int, more: dict[str, Any], field: str
) -> None:
    staff = world.program(Role.STAFF, "JY-2")
    refused = staff.post("/orders", wish(listed, **more))
    assert refused.status_code in {403, 422}, refused.text
    if field:
        assert refused.json["errors"][0]["field"] == field
    assert staff.get("/orders").json["items"] == []


def test_the_list_shows_what_the_reader_may_see(world: World, listed: int) -> None:
    staff = world.program(Role.STAFF, "JY-2")
    staff.post("/orders", wish(listed))
    assert len(world.program(Role.UNIT_APPROVER, "JY-1").get("/orders?box=outgoing").json["items"]) == 1
    assert len(staff.get("/orders?state=submitted&kind=transfer").json["items"]) == 1
    assert staff.get("/orders?state=completed").json["items"] == []
    outsider = world.program(Role.STAFF, "WS-1")
    assert outsider.get("/orders").json["items"] == []
    assert outsider.get(f"/orders/{staff.get('/orders').json['items'][0]['id']}").status_code == 404


def test_pages_repeat_nothing_and_leave_nothing_out(world: World, listed: int) -> None:
    staff = world.program(Role.STAFF, "JY-2")
    made = [staff.post("/orders", wish(listed)).json["id"] for _ in range(5)]
    seen: list[int] = []
    cursor = ""
    while True:
        page = staff.get(f"/orders?limit=2&cursor={cursor}").json
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == sorted(made, reverse=True)
