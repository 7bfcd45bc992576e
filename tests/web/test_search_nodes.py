"""Whoever runs several search nodes is told how each of them is."""

from __future__ import annotations

import dataclasses

from sqlalchemy import insert

from marketplace.app import create_app
from marketplace.db import search_nodes
from marketplace.db.outbox import OutboxRow
from marketplace.db.session import transaction
from search.finder import MeiliFinder
from search.nodes import Nodes
from tests.conftest import NOW
from tests.web.conftest import World

AWAY = "127.0.0.1:9"


def test_each_node_is_named(world: World) -> None:
    services = world.app.extensions["gwc"]
    two = dataclasses.replace(services.settings, meili_url=f"{services.settings.meili_url},http://{AWAY}")
    there = Nodes(two).names[0]
    app = create_app(two, MeiliFinder(two, world.sessions), clock=services.clock, testing=True)
    ready = app.test_client().get("/readyz").json
    assert ready["search_nodes"] == {there: "filling", AWAY: "away"}
    with transaction(world.sessions) as session:
        search_nodes.see(session, [there, AWAY], [there])
        session.execute(insert(OutboxRow).values(asset_id=1, node=AWAY, created_at=NOW))
    ready = app.test_client().get("/readyz").json
    assert ready["search_nodes"] == {there: "ok", AWAY: "away"}
    assert (ready["search"], ready["index_queue"]) == ("ok", "ok")
    figures = app.test_client().get("/metrics").text
    assert f'gwc_search_node_up{{node="{there}"}} 1.0' in figures
    assert f'gwc_search_node_up{{node="{AWAY}"}} 0.0' in figures
    assert f'gwc_search_node_complete{{node="{AWAY}"}} 0.0' in figures
    with transaction(world.sessions) as session:
        session.execute(insert(OutboxRow).values(asset_id=1, node=there, created_at=NOW))
    ready = app.test_client().get("/readyz").json
    assert (ready["search_nodes"][there], ready["index_queue"]) == ("late", "late")
    app.extensions["gwc"].close()
