"""Deny by default, proved over every address: who is let in follows from what each one declares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.app import Application
from marketplace.db.people import User
from marketplace.db.session import transaction
from marketplace.domain.permissions import PLATFORM, ROLE_PERMISSIONS, Role
from marketplace.edge.access import Access, access_of
from marketplace.use_cases.accounts import issue_token
from tests.conftest import NOW
from tests.web.conftest import Visitor, World

_PLACE = re.compile(r"<(?:(\w+)(?:\(([^)]*)\))?:)?(\w+)>")


@dataclass(frozen=True)
class Door:
    """One address by one method, and what it asks of whoever calls it."""

    path: str
    method: str
    access: Access

    @property
    def for_programs(self) -> bool:
        return self.path.startswith("/api/")

    def opens_to(self, role: Role) -> bool:
        asked = self.access.permissions
        return self.access.public or not asked or not ROLE_PERMISSIONS[role].isdisjoint(asked)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    leads_to: str
    kind: str


@dataclass(frozen=True)
class Caller:
    """Somebody at a browser or, with a token, a program."""

    visitor: Visitor
    token: str = ""

    def knock(self, door: Door) -> Answer:
        """Call, with a CSRF token of this session, so that nothing but the access check refuses."""
        headers = {"X-CSRFToken": self.visitor.token}
        if door.for_programs and self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        answer = self.visitor.client.open(door.path, method=door.method, headers=headers)
        return Answer(answer.status_code, answer.location or "", answer.content_type or "")


def doors(app: Flask) -> Iterator[Door]:
    """Every address the application knows, except the files of the front end."""
    for rule in app.url_map.iter_rules():
        access = access_of(app.view_functions[rule.endpoint])
        if rule.endpoint == "static" or access is None:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Door(_PLACE.sub(_value, rule.rule), method, access)


def _value(place: re.Match[str]) -> str:
    """Something of the right shape that names nothing that exists."""
    kind, arguments = place[1], place[2] or ""
    if kind == "int":
        return "999999"
    if kind == "any":
        return arguments.split(",")[0].strip(" '\"")
    length = re.search(r"length=(\d+)", arguments)
    return "0" * (int(length[1]) if length else 1)


def _caller(world: World, role: Role) -> Caller:
    """Somebody with the role over the whole city, at a browser and by a program."""
    name = world.account(role, at="330000")
    with transaction(world.sessions) as session:
        user = session.scalars(select(User).where(User.username == name)).one()
        token = issue_token(session, PLATFORM, NOW, user, "test")
    visitor = world.visitor()
    visitor.enter(name)
    return Caller(visitor, token)


def test_every_address_declares_who_may_call_it(app: Application) -> None:
    rules = list(app.url_map.iter_rules())
    silent = {rule.rule for rule in rules if access_of(app.view_functions[rule.endpoint]) is None}
    assert silent == set()
    assert len(rules) > 40


def test_only_these_addresses_are_open_to_everyone(app: Application) -> None:
    public = {(door.method, door.path) for door in doors(app) if door.access.public}
    assert public == {
        ("GET", "/verify"),
        ("GET", "/verify/0"),
        ("GET", "/auctions"),
        ("GET", "/auctions/0"),
        ("GET", "/auctions/0/v999999"),
        ("GET", "/auctions/verify"),
        ("GET", f"/auctions/media/{'0' * 64}/0.webp"),
        ("GET", f"/auctions/0/v999999/files/{'0' * 64}"),
        ("GET", "/auctions/feed.atom"),
        ("GET", "/auctions.json"),
        ("GET", "/sitemap.xml"),
        ("GET", "/api/v1/auctions"),
        ("GET", "/api/v1/auctions/0"),
        ("GET", "/"),
        ("GET", "/login"),
        ("POST", "/login"),
        ("POST", "/locale"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/messages/count"),
        ("GET", "/api/v1/openapi.json"),
    }


def test_only_these_addresses_are_reachable_with_a_first_password(app: Application) -> None:
    early = {(door.method, door.path) for door in doors(app) if door.access.before_password_change}
    assert early == {("POST", "/logout"), ("GET", "/profile/password"), ("POST", "/profile/password")}


def test_strangers_are_sent_to_the_sign_in_page_and_programs_refused(world: World, app: Application) -> None:
    visitor = world.visitor()
    visitor.get("/login")
    stranger = Caller(visitor)
    wrong = []
    for door in doors(app):
        if door.access.public:
            continue
        answer = stranger.knock(door)
        if door.for_programs:
            good = (answer.status, answer.kind) == (401, "application/problem+json")
        else:
            good = answer.status == 302 and answer.leads_to.startswith("/login?next=")
        if not good:
            wrong.append((door, answer))
    assert wrong == []


def test_a_browser_session_does_not_open_the_interface(world: World, app: Application) -> None:
    signed_in = Caller(_caller(world, Role.STAFF).visitor)
    answers = {signed_in.knock(d).status for d in doors(app) if d.for_programs and not d.access.public}
    assert answers == {401}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_refused_wherever_its_permissions_do_not_reach(
    world: World, app: Application, role: Role
) -> None:
    caller = _caller(world, role)
    closed = [door for door in doors(app) if not door.opens_to(role)]
    assert closed
    let_in = [(door, answer) for door in closed if (answer := caller.knock(door)).status != 403]
    assert let_in == []


@pytest.mark.parametrize("role", list(Role))
def test_a_role_finds_what_its_permissions_reach(world: World, app: Application, role: Role) -> None:
    caller = _caller(world, role)
    open_to = [door for door in doors(app) if door.opens_to(role) and door.method == "GET"]
    refused = [(door, answer) for door in open_to if _is_refusal(answer := caller.knock(door))]
    assert refused == []


def _is_refusal(answer: Answer) -> bool:
    return answer.status in (401, 403) or answer.status >= 500 or answer.leads_to.startswith("/login")
