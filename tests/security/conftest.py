"""One district for all tests of a module, in a database of its own, and the application that serves it."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import Engine as Database

from marketplace.app import Application, create_app
from marketplace.config import Settings
from marketplace.db import actors, migrate
from marketplace.db.session import SessionFactory, make_engine, make_sessions, transaction
from marketplace.edge.access import SignedInUser
from search import rebuild
from search.engine import Engine
from search.finder import MeiliFinder
from tests.conftest import NOW, own_database
from tests.security.district import District, found
from tests.web.conftest import Clock

CSRF = "a" * 40
PLAIN, SAFE = "http://localhost", "https://localhost"


@dataclass
class Place:
    """The district, the application in front of it, and whoever comes."""

    settings: Settings
    database: Database
    sessions: SessionFactory
    app: Application
    clock: Clock
    district: District

    @property
    def csrf(self) -> str:
        """The token of every browser here, as forms carry it."""
        return str(URLSafeTimedSerializer(self.settings.secret_key, salt="wtf-csrf-token").dumps(CSRF))

    def client(self, name: str = "", app: Application | None = None, base: str = PLAIN) -> FlaskClient:
        """A browser in which somebody is signed in, as the sign-in form leaves it; nobody without a name."""
        client = (app or self.app).test_client()
        with client.session_transaction(base_url=base) as held:
            held["csrf_token"] = CSRF
            if name:
                held["_user_id"] = self._cookie_id(name)
                held["_fresh"] = True
                held["seen"] = held["since"] = self.clock.now.timestamp()
        return client

    def _cookie_id(self, name: str) -> str:
        with self.sessions() as session:
            found = actors.by_user(session, self.user_id(name))
        assert found is not None
        return SignedInUser(found).get_id()

    def user_id(self, name: str) -> int:
        """Whose account this is."""
        return self.district.user_ids[name]


@contextlib.contextmanager
def opened(settings: Settings, name: str, folder: Path) -> Iterator[Place]:
    """A district and its application, until it is left."""
    own = dataclasses.replace(
        settings,
        database_url=own_database(settings.database_url, name),
        index_name=name,
        home=folder,
    )
    database = make_engine(own.database_url)
    migrate.upgrade(database)
    sessions = make_sessions(database)
    with transaction(sessions) as session:
        district = found(session, own, folder)
    rebuild.rebuild(sessions, Engine(own))
    clock = Clock(NOW)
    app = create_app(own, MeiliFinder(own, sessions), clock=clock, testing=True)
    yield Place(own, database, sessions, app, clock, district)
    app.extensions["gwc"].close()
    database.dispose()


@pytest.fixture(scope="session")
def place(settings: Settings, worker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A district that tests leave as it was."""
    with opened(settings, f"district_{worker}", tmp_path_factory.mktemp("district")) as made:
        yield made


@pytest.fixture(scope="session")
def lively_place(
    settings: Settings, worker: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """A district in which tests leave traces: none may count on what it has no part in."""
    with opened(settings, f"lively_{worker}", tmp_path_factory.mktemp("lively")) as made:
        yield made


@pytest.fixture(scope="module")
def wild_place(settings: Settings, worker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A district for tests that do there whatever comes to their mind."""
    with opened(settings, f"wild_{worker}", tmp_path_factory.mktemp("wild")) as made:
        yield made
