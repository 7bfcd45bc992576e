"""The page that shows whether the clock works."""

from __future__ import annotations

import datetime as dt

import orjson
from sqlalchemy import select

from marketplace.db.jobs import JobRun, JobTurn
from marketplace.db.session import transaction
from marketplace.domain.jobs import PLANS
from marketplace.domain.permissions import Role
from tests.conftest import NOW
from tests.web.conftest import World


def all_done(world: World) -> None:
    with transaction(world.sessions) as session:
        session.add_all(JobTurn(name=plan.name, done_for=NOW, alive_at=NOW) for plan in PLANS)


def test_a_job_that_has_not_run_raises_an_alarm_everywhere(world: World) -> None:
    all_done(world)
    visitor = world.signed_in(Role.SYSTEM_ADMINISTRATOR, at="330000")
    assert "未按时运行" not in visitor.get("/admin/jobs").text
    assert orjson.loads(visitor.get("/readyz").data)["jobs_late"] == []
    with transaction(world.sessions) as session:
        session.get_one(JobTurn, "tidy").done_for = NOW - dt.timedelta(days=2)
    assert "未按时运行" in visitor.get("/admin/jobs").text
    assert orjson.loads(visitor.get("/readyz").data)["jobs_late"] == ["tidy"]
    assert 'gwc_job_late{job="tidy"} 1.0' in visitor.get("/metrics").text


def test_a_job_is_asked_for_by_hand(world: World) -> None:
    visitor = world.signed_in(Role.SYSTEM_ADMINISTRATOR, at="330000")
    visitor.get("/admin/jobs")
    assert visitor.post("/admin/jobs/tidy/run").status_code == 302
    with world.sessions() as session:
        assert session.get_one(JobTurn, "tidy").asked_at == NOW
    assert visitor.post("/admin/jobs/nonsense/run").status_code == 404


def test_an_auditor_looks_but_does_not_touch(world: World) -> None:
    visitor = world.signed_in(Role.AUDITOR)
    assert "立即运行" not in visitor.get("/admin/jobs").text
    visitor.get("/admin/jobs")
    assert visitor.post("/admin/jobs/tidy/run").status_code == 403
    with world.sessions() as session:
        assert session.scalars(select(JobTurn)).all() == []


def test_others_see_no_jobs(world: World) -> None:
    for role in (Role.STAFF, Role.WAREHOUSE_MANAGER, Role.SECURITY_ADMINISTRATOR):
        assert world.signed_in(role).get("/admin/jobs").status_code == 403


def test_runs_are_told_with_what_they_did(world: World) -> None:
    with transaction(world.sessions) as session:
        session.add_all(
            JobRun(name="tidy", started_at=NOW, seconds=3, as_of=NOW, figures={"answers": 1200}, error=error)
            for error in ("", "OSError: disk full")
        )
    page = world.signed_in(Role.SYSTEM_ADMINISTRATOR, at="330000").get("/admin/jobs/tidy").text
    assert "1,200" in page
    assert "disk full" in page
