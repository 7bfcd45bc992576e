"""Projects of disposal through the interface: found, read and taken a step on within one's scope."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from marketplace.db.disposals import Project
from marketplace.db.people import User
from marketplace.domain.disposals import Way
from marketplace.domain.permissions import Role
from tests.api.conftest import Program, World
from tests.use_cases.selling import Office

Act = Callable[[Callable[[Office], int]], int]


def act(program: Program, project: int, action: str, **more: str) -> object:
    return program.post(f"/disposals/{project}/actions", {"action": action, **more})


@pytest.fixture
def manager(world: World) -> Program:
    return world.program(Role.WAREHOUSE_MANAGER, "330000")


def test_a_project_tells_its_cards_conditions_and_lots(office: Act, manager: Program) -> None:
    ids: list[int] = []

    def published(office: Office) -> int:
        auction = office.published(office.card("奥迪轿车", original_value="230000.00"))
        ids.append(auction.project_id)
        return auction.project_id

    project = manager.get(f"/disposals/{office(published)}").json
    assert (project["state"], project["way"], project["asset_count"]) == ("running", "auction", 1)
    assert project["items"][0] | {"asset_id": 0, "number": ""} == {
        "asset_id": 0,
        "number": "",
        "name": "奥迪轿车",
        "original_value": "230000.00",
        "why": "broken",
        "appraised": "50000.00",
        "defects": "漆面划痕",
        "open": True,
    }
    assert project["conditions"]
    assert all(one["met"] for one in project["conditions"])
    (lot,) = project["auctions"][0]["lots"]
    assert (lot["start_price"], lot["state"], lot["sold_for"]) == ("50000.00", "open", None)
    assert "reserve" not in str(project)


def test_what_is_missing_is_named_and_nothing_moves(office: Act, manager: Program) -> None:
    def unready(office: Office) -> int:
        return office.project(office.card(photo=False)).id

    project = office(unready)
    refused = act(manager, project, "submit")
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "photos")
    assert manager.get(f"/disposals/{project}").json["state"] == "draft"


def test_a_project_goes_from_hand_to_hand(world: World, office: Act, manager: Program) -> None:
    project = office(lambda office: office.project(office.card(), way=Way.WRITE_OFF).id)
    first = act(manager, project, "submit")
    assert (first.status_code, first.json["state"]) == (200, "submitted"), first.json
    refused = act(manager, project, "submit")
    assert refused.status_code == 409
    assert (refused.json["state"], refused.json["allowed_actions"]) == (
        "submitted",
        ["approve", "send_back", "cancel"],
    )
    finance = world.program(Role.FINANCE_APPROVER, "330000")
    assert act(finance, project, "approve").json["allowed_actions"] == []
    done = act(manager, project, "complete")
    assert (done.json["state"], done.json["items"][0]["open"]) == ("completed", False)


def test_nobody_is_offered_to_approve_their_own(world: World, office: Act) -> None:
    def submitted(office: Office) -> int:
        project = office.project(office.card(), way=Way.WRITE_OFF)
        return project.id

    project = office(submitted)
    own = world.program(Role.WAREHOUSE_MANAGER, "330000")
    own_id = own.get("/me").json["username"]
    assert own_id
    with world.sessions() as session, session.begin():
        row = session.get_one(Project, project)
        row.prepared_by = _user_of(world, own_id)
    act(own, project, "submit")
    refused = act(own, project, "approve")
    assert (refused.status_code, refused.json["code"]) == (409, "own_work")
    assert refused.json["allowed_actions"] == ["send_back", "cancel"]


def test_the_same_key_acts_once(office: Act, manager: Program) -> None:
    project = office(lambda office: office.project(office.card(), way=Way.WRITE_OFF).id)
    key = {"Idempotency-Key": "k-1"}
    body = {"action": "cancel", "reason": "重复立项"}
    first, again = (manager.post(f"/disposals/{project}/actions", body, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json == again.json
    assert manager.get(f"/disposals/{project}").json["version"] == first.json["version"]


def test_the_list_is_filtered_paged_and_scoped(world: World, office: Act, manager: Program) -> None:
    def several(office: Office) -> int:
        for way in (Way.WRITE_OFF, Way.DONATION, Way.WRITE_OFF):
            office.project(office.card(), way=way)
        return 0

    office(several)
    first = manager.get("/disposals?limit=2").json
    rest = manager.get(f"/disposals?limit=2&cursor={first['next_cursor']}").json
    ids = [one["id"] for one in first["items"] + rest["items"]]
    assert (ids, rest["next_cursor"]) == (sorted(ids, reverse=True), None)
    assert len(set(ids)) == 3
    assert len(manager.get("/disposals?way=donation&state=draft").json["items"]) == 1
    assert manager.get("/disposals?q=没有这样的").json["items"] == []
    assert manager.get("/disposals?state=nonsense").status_code == 422
    hospital = world.program(Role.FINANCE_APPROVER, "WS-1")
    assert hospital.get("/disposals").json["items"] == []
    assert hospital.get(f"/disposals/{ids[0]}").status_code == 404
    assert act(hospital, ids[0], "approve").status_code == 404


@pytest.mark.parametrize("role", [Role.STAFF, Role.UNIT_ASSET_OFFICER, Role.SYSTEM_ADMINISTRATOR])
def test_others_know_of_no_projects(world: World, role: Role) -> None:
    program = world.program(role, "330000")
    assert program.get("/disposals").status_code == 403
    assert act(program, 1, "approve").status_code == 403


def _user_of(world: World, username: str) -> int:
    with world.sessions() as session:
        return session.scalars(select(User.id).where(User.username == username)).one()
