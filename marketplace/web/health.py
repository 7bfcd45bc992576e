"""For whoever runs it: alive, ready, figures."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import orjson
from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from marketplace.db import search_nodes
from marketplace.db.assets import Asset
from marketplace.db.migrate import is_current
from marketplace.edge.access import for_everyone, public
from marketplace.edge.context import db, now, services
from marketplace.use_cases import jobs, mailing

blueprint = Blueprint("health", __name__)
LAG_ALARM_SECONDS = 60
"""Changes that wait longer for the index mean that the job process is not running."""


@blueprint.get("/healthz")
@for_everyone
def alive() -> Response:
    """The process answers."""
    return Response("ok\n", content_type="text/plain")


@blueprint.get("/readyz")
@public
def ready() -> Response:
    """Database, schema, search engine and the queue between them; 503 when users would notice.

    A search engine that is away is reported, but does not take the site down: the database answers.
    """
    checks: dict[str, object] = {}
    try:
        db().execute(text("SELECT 1"))
        checks["database"] = "ok"
        checks["migration"] = "ok" if is_current(db().connection()) else "outdated"
        lag = search_nodes.lag_seconds(db())
        checks["index_lag_seconds"] = lag
        checks["index_queue"] = "ok" if lag < LAG_ALARM_SECONDS else "late"
        checks["jobs_late"] = jobs.late(db(), now(), _zone())
    except SQLAlchemyError:
        # Else the commit at the end finds the broken transaction.
        db().rollback()
        checks["database"] = "unavailable"
    up = services().finder.nodes()
    checks["search"] = "ok" if any(up.values()) else "degraded"
    if len(up) > 1:
        checks["search_nodes"] = _nodes(up) if "migration" in checks else up
    good = checks.get("database") == "ok" and checks.get("migration") == "ok"
    return Response(
        orjson.dumps({"ready": good, **checks}), 200 if good else 503, content_type="application/json"
    )


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """Prometheus figures; nothing in them names an asset or a unit."""
    registry = CollectorRegistry()
    _search_metrics(registry)
    cards = Gauge("gwc_assets", "Cards by state", ["state"], registry=registry)
    for state, count in db().execute(select(Asset.state, func.count()).group_by(Asset.state)):
        cards.labels(state).set(count)
    late = Gauge("gwc_job_late", "Whether a job has not run when it should have", ["job"], registry=registry)
    failures = Gauge("gwc_job_failures", "Failed runs of a job in a row", ["job"], registry=registry)
    for standing in jobs.standings(db(), now(), _zone()):
        late.labels(standing.plan.name).set(standing.late)
        failures.labels(standing.plan.name).set(standing.turn.failures if standing.turn else 0)
    mails = Gauge("gwc_mails", "Mails that wait, and mails that were given up", ["state"], registry=registry)
    for name, count in mailing.standing(db()).items():
        mails.labels(name).set(count)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _zone() -> ZoneInfo:
    return ZoneInfo(services().settings.time_zone)


def _search_metrics(registry: CollectorRegistry) -> None:
    lag = Gauge("gwc_index_lag_seconds", "Age of the oldest change not yet in any index", registry=registry)
    lag.set(search_nodes.lag_seconds(db()))
    up = services().finder.nodes()
    Gauge("gwc_search_up", "Whether a search node answers", registry=registry).set(any(up.values()))
    answers = Gauge("gwc_search_node_up", "Whether the node answers", ["node"], registry=registry)
    for name, does in up.items():
        answers.labels(name).set(does)
    complete = Gauge("gwc_search_node_complete", "Whether the node may be asked", ["node"], registry=registry)
    behind = Gauge(
        "gwc_search_node_lag_seconds", "Age of the node's oldest change", ["node"], registry=registry
    )
    for node in search_nodes.standings(db()):
        complete.labels(node.name).set(node.complete)
        behind.labels(node.name).set(node.lag)


def _nodes(up: Mapping[str, bool]) -> Mapping[str, str]:
    """How each search node is: away, being filled, late or in order."""
    standings = {node.name: node for node in search_nodes.standings(db())}

    def state(name: str) -> str:
        node = standings.get(name)
        if not up[name]:
            return "away"
        if node is None or not node.complete:
            return "filling"
        return "ok" if node.lag < LAG_ALARM_SECONDS else "late"

    return {name: state(name) for name in up}
