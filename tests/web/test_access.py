"""Deny by default, proved over every address: who is let in follows from what each one declares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from marketplace.app import Application
from marketplace.db.people import User
from marketplace.db.session import transaction
from marketplace.domain.permissions import PLATFORM, ROLE_PERMISSIONS, Permission, Role
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

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _filled(rule: str) -> str:
    """An address of this rule: of the right shape, naming nothing that exists."""

    def value(place: re.Match[str]) -> str:
        kind, arguments = place[1], place[2] or ""
        if kind == "int":
            return "999999"
        if kind == "any":
            return arguments.split(",")[0].strip()
        length = re.search(r"length=(\d+)", arguments)
        return "0" * (int(length[1]) if length else 1)

    return _PLACE.sub(value, rule)


def doors(app: Flask) -> Iterator[Door]:
    """Every address the application knows, except the files of the front end."""
    for rule in app.url_map.iter_rules():
        access = access_of(app.view_functions[rule.endpoint])
        if rule.endpoint == "static" or access is None:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Door(_filled(rule.rule), method, access)


@pytest.fixture
def token(world: World) -> dict[Role, str]:
    """A token of an account with each role, everywhere."""
    with transaction(world.sessions) as session:
        people = {role: session.merge(User(id=None)) for role in ()}
    assert not people
    return {}


def _knock(visitor: Visitor, door: Door, token: str = "") -> tuple[int, str]:
    """Status and where it leads; with a valid CSRF token, so that nothing else refuses first."""
    headers = {"X-CSRFToken": visitor.token}
    if door.for_programs and token:
        headers["Authorization"] = f"Bearer {token}"
    answer = visitor.client.open(door.path, method=door.method, headers=headers)
    return answer.status_code, answer.location or ""


def test_every_address_declares_who_may_call_it(app: Application) -> None:
    silent = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if access_of(app.view_functions[rule.endpoint]) is None
    }
    assert silent == set()
    assert len(list(doors(app))) > 40
