"""运行: whether the clock works, for administrators and auditors."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.domain.permissions import Permission
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now, services
from marketplace.use_cases import jobs

blueprint = Blueprint("jobs", __name__, url_prefix="/admin/jobs")

ROWS = 30


@blueprint.get("")
@needs(Permission.SEE_JOBS)
def page() -> str:
    """Every job with its schedule, last and next run, what it did, and whether it is late."""
    zone = ZoneInfo(services().settings.time_zone)
    return render_template(
        "admin/jobs.html",
        standings=jobs.standings(db(), now(), zone),
        may_run=actor().may_anywhere(Permission.RUN_JOBS),
    )


@blueprint.get("/<name>")
@needs(Permission.SEE_JOBS)
def runs(name: str) -> str:
    """The runs of one job that did something, failed, or were asked for."""
    found = jobs.runs(db(), name, before=request.args.get("before", type=int), limit=ROWS + 1)
    shown = found[:ROWS]
    following = shown[-1].id if len(found) > ROWS else None
    return render_template(
        "admin/job_runs.html",
        plan=jobs.plan_of(name),
        runs=shown,
        next_url=url_for("jobs.runs", name=name, before=following) if following else "",
    )


@blueprint.post("/<name>/run")
@needs(Permission.RUN_JOBS)
def run(name: str) -> Response:
    """Have a job run as soon as a job process is free."""
    jobs.ask(db(), actor(), now(), name)
    label = gettext(jobs.plan_of(name).label)
    flash(gettext("已安排运行“%(name)s”，稍后刷新本页可看到结果。", name=label), "ok")
    return redirect(url_for("jobs.page"))
