"""Sessions: made anew by signing in, ended by what ends a right, and no longer than a working day."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.app import Application, create_app
from marketplace.db.people import RoleGrant, User
from marketplace.db.session import transaction
from marketplace.domain.accounts import SESSION_LENGTH
from marketplace.domain.permissions import PLATFORM, Role
from marketplace.edge.limits import limiter
from marketplace.use_cases import accounts
from tests.conftest import NOW
from tests.factories import PASSWORD
from tests.security.conftest import CSRF, Place

HERE = "/profile"
COOKIE = "gwc_session"


def held(client: FlaskClient) -> dict[str, object]:
    """What the session says."""
    with client.session_transaction() as session:
        return dict(session)


def sign_in(place: Place, client: FlaskClient, name: str, password: str = PASSWORD) -> int:
    form = {"csrf_token": place.csrf, "username": place.district.users[name], "password": password}
    return client.post("/login", data=form).status_code


def copy_of(place: Place, client: FlaskClient) -> FlaskClient:
    """Another browser, with the cookie of this one."""
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    other = place.app.test_client()
    other.set_cookie(COOKIE, cookie.value)
    return other


def is_in(client: FlaskClient) -> bool:
    return client.get(HERE).status_code == 200


def test_signing_in_keeps_nothing_of_the_session_before(lively_place: Place) -> None:
    client = lively_place.client()
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    before = copy_of(lively_place, client)
    assert sign_in(lively_place, client, "B.staff") == 302
    assert "planted" not in held(client)
    assert held(client).get("csrf_token") != CSRF
    assert is_in(client)
    assert not is_in(before)


def test_a_cookie_of_ones_own_making_is_no_session(lively_place: Place) -> None:
    signed = lively_place.client("B.staff").get_cookie(COOKIE)
    assert signed is not None
    body, moment, seal = signed.value.rsplit(".", 2)
    for forged in (
        f"{body}.{moment}.{seal[::-1]}",
        f"{body[::-1]}.{moment}.{seal}",
        body,
        "",
        "." * 3,
        "x" * 3000,
    ):
        client = lively_place.app.test_client()
        client.set_cookie(COOKIE, forged)
        assert client.get(HERE).status_code == 302


ENDS: dict[str, Callable[[Session, User], object]] = {
    "new password": lambda session, user: accounts.set_password(session, PLATFORM, NOW, user, "Anders-als-9"),
    "account stopped": lambda session, user: setattr(user, "active", False),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_ends_a_right_ends_the_session(
    lively_place: Place, end: Callable[[Session, User], object]
) -> None:
    client = lively_place.client("C.staff")
    assert is_in(client)
    with lively_place.sessions() as session:
        before = session.get_one(User, lively_place.user_id("C.staff"))
        kept = before.password_hash
    with transaction(lively_place.sessions) as session:
        end(session, session.get_one(User, lively_place.user_id("C.staff")))
    assert not is_in(client)
    with transaction(lively_place.sessions) as session:
        user = session.get_one(User, lively_place.user_id("C.staff"))
        user.active, user.password_hash = True, kept


def test_a_role_that_is_taken_is_gone_with_the_next_request(lively_place: Place) -> None:
    client = lively_place.client("C.officer")
    token = {"Authorization": f"Bearer {lively_place.district.tokens['C.officer']}"}
    assert client.get("/imports").status_code == 200
    with transaction(lively_place.sessions) as session:
        query = select(RoleGrant).where(RoleGrant.user_id == lively_place.user_id("C.officer"))
        grant = session.scalars(query).one()
        grant.role = Role.STAFF
    assert client.get("/imports").status_code == 403
    program = lively_place.app.test_client()
    assert program.patch("/api/v1/assets/1", json={}, headers=token).status_code == 403


def test_a_session_lasts_no_longer_than_a_day_of_work_however_busy(lively_place: Place) -> None:
    place, client = lively_place, lively_place.client()
    assert sign_in(place, client, "B.staff") == 302
    assert held(client)["since"] == place.clock.now.timestamp()
    with client.session_transaction() as session:
        session["since"] -= (SESSION_LENGTH - dt.timedelta(minutes=1)).total_seconds()
    assert is_in(client)
    copied = copy_of(place, client)
    place.clock.advance(minutes=1)
    try:
        assert not is_in(client)
        assert not is_in(copied)
        assert "您登录已满12小时" in client.get("/login").text
    finally:
        place.clock.advance(minutes=-1)


def test_signing_out_ends_copies_of_the_cookie_too(lively_place: Place) -> None:
    place, client = lively_place, lively_place.client()
    assert sign_in(place, client, "B.staff") == 302
    elsewhere = place.client()
    assert sign_in(place, elsewhere, "B.staff") == 302
    copied = copy_of(place, client)
    assert is_in(copied)
    with client.session_transaction() as session:
        session["csrf_token"] = CSRF
    assert client.post("/logout", data={"csrf_token": place.csrf}).status_code == 302
    assert not is_in(copied)
    assert is_in(elsewhere)
    with place.sessions() as database:
        assert accounts.forget_ended(database, place.clock.now + SESSION_LENGTH) == 0
        assert accounts.forget_ended(database, place.clock.now + 2 * SESSION_LENGTH) > 0
        database.rollback()


def test_every_cookie_is_out_of_reach_of_scripts_and_plain_connections(lively_place: Place) -> None:
    with strict(lively_place) as app:
        client = app.test_client()
        options = {"base_url": "https://localhost"}
        client.get("/login", **options)
        with client.session_transaction(**options) as session:
            session["csrf_token"] = CSRF
        form = {
            "csrf_token": lively_place.csrf,
            "username": lively_place.district.users["B.staff"],
            "password": PASSWORD,
            "remember_username": "1",
            "locale": "en",
        }
        said = {"Referer": "https://localhost/login"}
        answers = [client.post(path, data=form, headers=said, **options) for path in ("/locale", "/login")]
        cookies = [cookie for answer in answers for cookie in answer.headers.getlist("Set-Cookie")]
        assert {cookie.partition("=")[0] for cookie in cookies} == {COOKIE, "locale", "username"}
        for cookie in cookies:
            assert {"HttpOnly", "Secure", "SameSite=Lax"} <= set(cookie.split("; ")), cookie


@contextmanager
def strict(place: Place, **options: bool) -> Iterator[Application]:
    """The application as it is behind HTTPS."""
    own = dataclasses.replace(place.settings, secure_cookies=True)
    app = create_app(own, place.app.extensions["gwc"].finder, clock=place.clock, testing=True)
    yield app
    app.extensions["gwc"].close()


def test_nobody_guesses_the_old_password_of_an_open_session(
    lively_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "enabled", False)  # as it is for other tests, again after this one
    place = lively_place
    app = create_app(place.settings, place.app.extensions["gwc"].finder, clock=place.clock)
    client = dataclasses.replace(place, app=app).client("B.approver")
    limiter.reset()
    form = {
        "csrf_token": place.csrf,
        "old_password": "guess",
        "password": "Anders-als-9",
        "repeat": "Anders-als-9",
    }
    statuses = [client.post("/profile/password", data=form).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    app.extensions["gwc"].close()
