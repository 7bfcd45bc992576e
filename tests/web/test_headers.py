"""What every answer tells the browser: run nothing foreign, guess no type, be framed by nobody."""

from __future__ import annotations

import dataclasses

import pytest

from marketplace.app import create_app
from marketplace.config import Settings
from marketplace.domain.permissions import Role
from search.finder import MeiliFinder
from tests.web.conftest import World

ADDRESSES = ("/login", "/search", "/auctions", "/nothing", "/api/v1/me", "/api/v1/openapi.json", "/healthz")


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_shuts_the_browser_in(world: World, address: str) -> None:
    for visitor in (world.visitor(), world.signed_in(Role.STAFF)):
        headers = visitor.get(address).headers
        policy = dict(
            part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == "'self'"
        assert (policy["frame-ancestors"], policy["object-src"]) == ("'none'", "'none'")
        assert policy["form-action"] == policy["base-uri"] == "'self'"
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in headers


def test_a_site_with_https_asks_for_nothing_else(world: World, settings: Settings) -> None:
    strict = dataclasses.replace(settings, secure_cookies=True)
    app = create_app(strict, MeiliFinder(strict, world.sessions), clock=world.clock, testing=True)
    answer = app.test_client().get("/login", base_url="https://localhost")
    assert "max-age=31556926" in answer.headers["Strict-Transport-Security"]
    app.extensions["gwc"].close()
