"""A client of the interface, on the real application, database and index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine as Database
from werkzeug.test import TestResponse

from marketplace.app import Application, create_app
from marketplace.config import Settings
from marketplace.db.people import Unit, User
from marketplace.db.session import SessionFactory, make_sessions, transaction
from marketplace.domain.permissions import PLATFORM, Role
from marketplace.reference.catalogue import load_reference
from marketplace.use_cases.accounts import issue_token
from search import indexer, rebuild
from search.engine import Engine
from search.finder import MeiliFinder
from tests import factories
from tests.conftest import NOW
from tests.use_cases.selling import Office, office_at


@dataclass(frozen=True)
class Program:
    """A program that calls with one account's token."""

    client: FlaskClient
    token: str

    def call(
        self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any
    ) -> TestResponse:
        """One call below ``/api/v1``."""
        named = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return self.client.open(f"/api/v1{path}", method=method, headers=named, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.call("POST", path, json=body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> TestResponse:
        return self.call("PATCH", path, json=body, **options)


@dataclass
class World:
    """Two schools under one department, one hospital under another."""

    sessions: SessionFactory
    app: Application
    search: Engine
    units: dict[str, int]

    def program(self, role: Role, code: str) -> Program:
        """A program with the token of somebody who holds ``role`` over a unit."""
        with transaction(self.sessions) as session:
            home = session.get_one(Unit, self.units[code])
            account: User = factories.user(session, home, role)
            token = issue_token(session, PLATFORM, NOW, account, "test")
        return Program(self.app.test_client(), token)

    def index(self) -> None:
        """Bring the index up to the database, as the job does."""
        indexer.drain_outbox(self.sessions, self.search)


@pytest.fixture(scope="session")
def app(settings: Settings, engine: Database) -> Iterator[Application]:
    """The application, with an index of its own."""
    sessions = make_sessions(engine)
    rebuild.ensure_index(sessions, Engine(settings))
    made = create_app(settings, MeiliFinder(settings, sessions), clock=lambda: NOW, testing=True)
    yield made
    made.extensions["gwc"].close()


@pytest.fixture
def world(settings: Settings, app: Application, sessions: SessionFactory) -> World:
    """A little organisation, and an empty index."""
    search = Engine(settings)
    search.wait(search.call("DELETE", f"/indexes/{search.index}/documents"))
    with transaction(sessions) as session:
        load_reference(session)
        region = factories.unit(session, code="330000", region_code="330000", latitude=30.0, longitude=120.0)
        education = factories.unit(session, region, code="JY")
        health = factories.unit(session, region, code="WS")
        rows = {
            "330000": region,
            "JY": education,
            "JY-1": factories.unit(session, education, code="JY-1", name="第一中学"),
            "JY-2": factories.unit(session, education, code="JY-2", name="第二中学"),
            "WS-1": factories.unit(session, health, code="WS-1", name="中心医院"),
        }
        units = {code: row.id for code, row in rows.items()}
    return World(sessions, app, search, units)


@pytest.fixture
def officer(world: World) -> Program:
    """The asset officer of the first school."""
    return world.program(Role.UNIT_ASSET_OFFICER, "JY-1")


@pytest.fixture
def office(world: World) -> Callable[[Callable[[Office], int]], int]:
    """Does something in the office that sells what the first school no longer needs; gives an id."""

    def act(do: Callable[[Office], int]) -> int:
        with transaction(world.sessions) as session:
            region, unit = (session.get_one(Unit, world.units[code]) for code in ("330000", "JY-1"))
            return do(office_at(session, region, unit))

    return act


@pytest.fixture
def make_card(officer: Program) -> Callable[..., dict[str, Any]]:
    """Makes a card of the first school."""

    def make(number: str = "ZC-1", **values: Any) -> dict[str, Any]:
        answer = officer.post("/assets", card(number) | values)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.get_json()
        return made

    return make


def card(number: str) -> dict[str, Any]:
    """The least a new card says, with what tests look at."""
    return {
        "unit_code": "JY-1",
        "number": number,
        "name": "联想ThinkPad T480",
        "quantity": 3,
        "unit_of_measure": "台",
        "original_value": "12800.00",
        "acquired_on": "2020-03-01",
        "location": "主楼301室",
        "condition": "good",
        "brand": "联想",
        "model": "T480",
    }
