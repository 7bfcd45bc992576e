"""Pages as a browser gets them: the real application, database and index, and a clock that tests set."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
from flask import session as cookie
from flask.testing import FlaskClient
from sqlalchemy import Engine as Database
from sqlalchemy import select
from werkzeug.test import TestResponse

from marketplace.app import Application, create_app
from marketplace.config import Settings
from marketplace.db import actors
from marketplace.db.people import Unit, User
from marketplace.db.session import SessionFactory, make_sessions, transaction
from marketplace.domain.permissions import Role
from marketplace.edge.context import db
from marketplace.web.auth import begin_session
from search import rebuild
from search.engine import Engine
from search.finder import MeiliFinder
from tests import factories
from tests.conftest import NOW
from tests.factories import PASSWORD

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def sent(page: str, name: str) -> str:
    """What a field of a page's form holds."""
    found = re.search(rf'name="{name}"[^>]*?\bvalue="([^"]*)"', page) or re.search(
        rf'value="([^"]*)"[^>]*?\bname="{name}"', page
    )
    assert found, name
    return unescape(found[1])


@dataclass
class Clock:
    """The application's clock; it stands still until a test moves it."""

    now: dt.datetime = NOW

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += dt.timedelta(**span)


@dataclass
class Visitor:
    """Somebody with a browser of their own: it keeps cookies and the CSRF token of the page last read."""

    client: FlaskClient
    token: str = field(default="")

    def get(self, path: str, **options: Any) -> TestResponse:
        answer = self.client.get(path, **options)
        if answer.mimetype == "text/html" and (found := _TOKEN.search(answer.text)):
            self.token = found[1]
        return answer

    def post(self, path: str, data: Mapping[str, Any] | None = None, **options: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **(data or {})}, **options)

    def enter(self, username: str) -> None:
        """Be signed in at once: the form, and its check of the password, have tests of their own."""
        with self.client.application.test_request_context():
            found = actors.by_user(db(), db().scalars(select(User.id).where(User.username == username)).one())
            assert found
            begin_session(found)
            begun = dict(cookie)
        with self.client.session_transaction() as kept:
            kept.clear()
            kept.update(begun)
        assert self.get("/profile").status_code == 200

    def sign_in(self, username: str, password: str = PASSWORD, **more: str) -> TestResponse:
        """Fill in the sign-in form; further fields (``next``) go along."""
        self.get("/login")
        return self.post("/login", {"username": username, "password": password, **more})


@dataclass
class World:
    """Two schools under one department, a hospital under another, and a city next to theirs."""

    sessions: SessionFactory
    app: Application
    clock: Clock
    units: dict[str, int]

    def account(self, *roles: Role, at: str = "JY-1", home: str = "", **values: Any) -> str:
        """User name of a new account with ``roles`` over a unit."""
        with transaction(self.sessions) as session:
            scope = session.get_one(Unit, self.units[at])
            own = session.get_one(Unit, self.units[home or at])
            return factories.user(session, own, *roles, at=scope, **values).username

    def visitor(self) -> Visitor:
        """Somebody who isn't signed in."""
        return Visitor(self.app.test_client())

    def signed_in(self, *roles: Role, at: str = "JY-1", **values: Any) -> Visitor:
        """Somebody with ``roles``, signed in."""
        visitor = self.visitor()
        visitor.enter(self.account(*roles, at=at, **values))
        return visitor


@pytest.fixture(scope="session")
def clock() -> Clock:
    """The clock of the application that all tests of this worker share."""
    return Clock()


@pytest.fixture(scope="session")
def app(settings: Settings, engine: Database, clock: Clock) -> Iterator[Application]:
    """The application, with an index of its own."""
    sessions = make_sessions(engine)
    rebuild.ensure_index(sessions, Engine(settings))
    made = create_app(settings, MeiliFinder(settings, sessions), clock=clock, testing=True)
    yield made
    made.extensions["gwc"].close()


@pytest.fixture
def world(app: Application, clock: Clock, sessions: SessionFactory) -> World:
    """A little organisation, and the clock set to ``NOW``."""
    clock.now = NOW
    with transaction(sessions) as session:
        region = factories.unit(session, code="330000", name="江州市", region_name="江州市")
        education = factories.unit(session, region, code="JY", name="教育局")
        health = factories.unit(session, region, code="WS", name="卫生健康委员会")
        rows = [
            region,
            education,
            health,
            factories.unit(session, education, code="JY-1", name="第一中学"),
            factories.unit(session, education, code="JY-2", name="第二中学"),
            factories.unit(session, health, code="WS-1", name="中心医院"),
            factories.unit(session, code="440000", name="云川市", region_name="云川市"),
        ]
        units = {row.code: row.id for row in rows}
    return World(sessions, app, clock, units)
