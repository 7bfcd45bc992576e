"""Scheduled jobs through the interface."""

from __future__ import annotations

import datetime as dt

import pytest

from marketplace.db.jobs import JobRun, JobTurn
from marketplace.db.session import transaction
from marketplace.domain.jobs import PLANS
from marketplace.domain.permissions import Role
from tests.api.conftest import Program, World
from tests.conftest import NOW


@pytest.fixture
def system(world: World) -> Program:
    return world.program(Role.SYSTEM_ADMINISTRATOR, "330000")


def ran(world: World, name: str, times: int = 1, **values: object) -> None:
    with transaction(world.sessions) as session:
        for number in range(times):
            moment = NOW - dt.timedelta(days=times - number)
            row = {"figures": {"flagged": number}, "seconds": 1.5, "as_of": moment} | values
            session.add(JobRun(name=name, started_at=moment, **row))


def test_every_job_tells_schedule_last_and_next_run(world: World, system: Program) -> None:
    ran(world, "flag-idle")
    with transaction(world.sessions) as session:
        session.add_all(JobTurn(name=plan.name, done_for=NOW, alive_at=NOW) for plan in PLANS[1:])
    jobs = {one["name"]: one for one in system.get("/jobs").json["items"]}
    assert list(jobs) == [plan.name for plan in PLANS]
    idle = jobs["flag-idle"]
    assert (idle["daily_at"], idle["next_due"]) == ("01:00", "2026-09-01T17:00:00+00:00")
    assert (idle["last_run"]["figures"], idle["last_run"]["seconds"]) == ({"flagged": 0}, 1.5)
    assert [name for name, one in jobs.items() if one["late"]] == [PLANS[0].name]
    assert jobs["drain-outbox"]["every_seconds"] == 1
    assert system.get("/jobs/flag-idle").json == idle


def test_one_is_asked_for_by_hand_once(world: World, system: Program) -> None:
    asked = system.post("/jobs/tidy/run")
    assert (asked.status_code, asked.json["asked_at"]) == (202, NOW.isoformat())
    assert system.post("/jobs/tidy/run", {"force": True}).status_code == 422
    assert system.post("/jobs/nonsense/run").status_code == 404
    with world.sessions() as session:
        assert session.get_one(JobTurn, "tidy").asked_at == NOW


def test_runs_are_paged(world: World, system: Program) -> None:
    ran(world, "flag-idle", 3, error="Boom")
    first = system.get("/jobs/flag-idle/runs?limit=2").json
    rest = system.get(f"/jobs/flag-idle/runs?limit=2&cursor={first['next_cursor']}").json
    told = [run["figures"]["flagged"] for run in first["items"] + rest["items"]]
    assert (told, rest["next_cursor"], first["items"][0]["error"]) == ([2, 1, 0], None, "Boom")
    assert system.get("/jobs/nonsense/runs").status_code == 404


def test_an_auditor_looks_but_does_not_touch(world: World) -> None:
    auditor = world.program(Role.AUDITOR, "330000")
    assert auditor.get("/jobs").status_code == 200
    assert auditor.post("/jobs/tidy/run").status_code == 403
    with world.sessions() as session:
        assert session.get(JobTurn, "tidy") is None


@pytest.mark.parametrize("role", [Role.STAFF, Role.WAREHOUSE_MANAGER, Role.SECURITY_ADMINISTRATOR])
def test_others_see_no_jobs(world: World, role: Role) -> None:
    program = world.program(role, "330000")
    assert program.get("/jobs").status_code == 403
    assert program.get("/jobs/tidy").status_code == 403
