"""How often one caller may ask, by whose address that is counted, and who may say what it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from marketplace.app import Application, create_app
from marketplace.config import Settings, from_environment
from marketplace.edge.limits import limiter
from tests.web.conftest import World

CODE = "ABCD-EFGH-JKLM-NPQR"
Make = Callable[[int], FlaskClient]


@pytest.fixture
def behind(world: World, settings: Settings) -> Iterator[Make]:
    """Makes the application with its limits, behind so many proxies."""
    made: list[Application] = []

    def make(proxies: int) -> FlaskClient:
        app = create_app(
            dataclasses.replace(settings, trusted_proxies=proxies),
            world.app.extensions["gwc"].finder,
            clock=world.clock,
        )
        made.append(app)
        limiter.reset()
        return app.test_client()

    yield make
    # There is one limiter in a process, and the other tests do without.
    limiter.enabled = False
    for app in made:
        app.extensions["gwc"].close()


def asked(client: FlaskClient, path: str, times: int, caller: str = "") -> list[int]:
    headers = {"X-Forwarded-For": caller} if caller else {}
    return [client.get(path, headers=headers).status_code for _ in range(times)]


@pytest.mark.parametrize(
    ("path", "most"), [(f"/verify/{CODE}", 30), ("/verify", 60), ("/auctions/verify", 60)]
)
def test_nobody_tries_codes_by_the_hundred(behind: Make, path: str, most: int) -> None:
    client = behind(0)
    statuses = asked(client, path, most + 1)
    assert 429 not in statuses[:-1]
    assert statuses[-1] == 429
    assert "Retry-After" in client.get(path).headers


def test_behind_a_trusted_proxy_everybody_is_counted_alone(behind: Make) -> None:
    client, path = behind(1), f"/verify/{CODE}"
    assert asked(client, path, 31, "203.0.113.7")[-1] == 429
    assert asked(client, path, 1, "203.0.113.8") == [404]
    # What the caller itself wrote before the proxy's word counts for nothing.
    assert asked(client, path, 1, "198.51.100.1, 203.0.113.7") == [429]


def test_without_one_nobody_is_believed_about_their_address(behind: Make) -> None:
    client = behind(0)
    statuses = [asked(client, f"/verify/{CODE}", 1, f"203.0.113.{one}")[0] for one in range(31)]
    assert statuses[-1] == 429


def test_the_number_of_proxies_is_a_setting(tmp_path: object) -> None:
    assert from_environment({"GWC_HOME": str(tmp_path)}).trusted_proxies == 0
    assert from_environment({"GWC_HOME": str(tmp_path), "TRUSTED_PROXIES": "2"}).trusted_proxies == 2
