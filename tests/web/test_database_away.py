"""The database goes away while people are signed in: they are told so, not shown a fault."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.app import create_app
from marketplace.domain.permissions import Role
from tests.web.conftest import Visitor, World


@pytest.fixture
def reader(world: World, tmp_path: Path) -> Iterator[Visitor]:
    """Somebody who signed in while the database was there; it has gone since."""
    services = world.app.extensions["gwc"]
    there = world.signed_in(Role.UNIT_ASSET_OFFICER).client.get_cookie("gwc_session")
    assert there is not None
    gone = dataclasses.replace(
        services.settings, database_url=f"postgresql+psycopg://gwc@/gwc?host={tmp_path}"
    )
    app = create_app(gone, services.finder, clock=services.clock, testing=True)
    client = app.test_client()
    client.set_cookie("gwc_session", there.value)
    yield Visitor(client)
    app.extensions["gwc"].close()


@pytest.mark.parametrize("path", ["/inbox", "/search", "/orders", "/login"])
def test_pages_ask_to_come_again(reader: Visitor, path: str) -> None:
    answer = reader.get(path)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "请过几分钟刷新页面" in answer.text


def test_programs_are_asked_to_come_again(reader: Visitor) -> None:
    answer = reader.client.get("/api/v1/me", headers={"Authorization": "Bearer gwc_none"})
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]


def test_whoever_runs_it_is_told_which_part_is_away(reader: Visitor) -> None:
    answer = reader.client.application.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json["database"] == "unavailable"
