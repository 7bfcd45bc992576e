"""Signing in and out, the language, the own password and tokens: end to end, by the forms a person uses."""

from __future__ import annotations

import dataclasses
import re
from html import unescape

import pytest
from sqlalchemy import func, select

from marketplace.app import create_app
from marketplace.config import Settings
from marketplace.db.audit import AuditEntry
from marketplace.db.people import ApiToken, Unit, User
from marketplace.db.session import transaction
from marketplace.domain.permissions import Role
from marketplace.edge.limits import limiter
from marketplace.use_cases import accounts
from search.finder import MeiliFinder
from tests import factories
from tests.factories import PASSWORD
from tests.web.conftest import Visitor, World

NEW_PASSWORD = "Neues-Passwort-7"
HERE = "/profile"
"""A page that every account may see."""


def _is_in(visitor: Visitor) -> bool:
    return visitor.get(HERE).status_code == 200


def _password_form(visitor: Visitor, old: str, new: str, repeat: str = "", **more: str) -> int:
    visitor.get("/profile/password")
    data = {"old_password": old, "password": new, "repeat": repeat or new, **more}
    return visitor.post("/profile/password", data).status_code


def _new_token(visitor: Visitor, name: str = "同步") -> str:
    visitor.get("/profile")
    page = visitor.post("/profile/tokens", {"name": name, "days": "30"}).text
    found = re.search(r'id="fresh-token" value="(gwc_[^"]+)"', page)
    assert found, page
    return found[1]


def _api(visitor: Visitor, token: str) -> int:
    return visitor.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_wrong_password_is_refused_and_what_was_typed_stays(world: World) -> None:
    world.account(Role.STAFF, username="li.lei")
    visitor = world.visitor()
    answer = visitor.sign_in("li.lei", "wrong-password", next="/profile?x=1")
    assert answer.status_code == 401
    assert "用户名或密码不正确" in answer.text
    assert 'value="li.lei"' in answer.text
    assert "wrong-password" not in answer.text
    assert 'name="next" value="/profile?x=1"' in answer.text
    assert not _is_in(visitor)


def test_an_unknown_user_is_told_the_same(world: World) -> None:
    world.account(Role.STAFF, username="li.lei")
    known = world.visitor().sign_in("li.lei", "wrong")
    unknown = world.visitor().sign_in("nobody", "wrong")
    assert (unknown.status_code, "用户名或密码不正确" in unknown.text) == (known.status_code, True)


def test_every_attempt_is_recorded_with_the_request_it_came_by(world: World) -> None:
    world.account(Role.STAFF, username="li.lei")
    answers = [
        world.visitor().sign_in(name, password)
        for name, password in (("li.lei", "wrong"), ("nobody", "wrong"), ("li.lei", PASSWORD))
    ]
    with world.sessions() as session:
        query = select(AuditEntry.outcome, AuditEntry.request_id).where(AuditEntry.action == "sign_in")
        noted = [tuple(row) for row in session.execute(query.order_by(AuditEntry.id))]
    ids = [answer.headers["X-Request-ID"] for answer in answers]
    assert noted == list(zip(("wrong", "wrong", "done"), ids, strict=True))


def test_the_user_name_is_read_without_regard_to_case_and_blanks(world: World) -> None:
    world.account(Role.STAFF, username="li.lei")
    assert world.visitor().sign_in(" Li.Lei ").status_code == 302


def test_five_failures_lock_the_account_and_say_until_when(world: World) -> None:
    world.account(Role.STAFF, username="li.lei")
    visitor = world.visitor()
    answers = [visitor.sign_in("li.lei", "wrong").text for _ in range(5)]
    assert "锁定至" not in "".join(answers[:4])
    # Ten in the morning in China, and a quarter of an hour.
    assert "账号已锁定至2026-09-01 10:15" in answers[4]
    refused = visitor.sign_in("li.lei")
    assert (refused.status_code, "10:15" in refused.text) == (401, True)


def test_a_lock_ends_by_itself(world: World) -> None:
    world.account(Role.STAFF, username="li.lei")
    visitor = world.visitor()
    for _ in range(5):
        visitor.sign_in("li.lei", "wrong")
    world.clock.advance(minutes=14, seconds=59)
    assert visitor.sign_in("li.lei").status_code == 401
    world.clock.advance(seconds=2)
    assert visitor.sign_in("li.lei").status_code == 302
    assert _is_in(visitor)


def test_failures_of_one_account_do_not_lock_another(world: World) -> None:
    world.account(Role.STAFF, username="li.lei")
    world.account(Role.STAFF, username="han.meimei")
    for _ in range(5):
        world.visitor().sign_in("li.lei", "wrong")
    assert world.visitor().sign_in("han.meimei").status_code == 302


def test_ten_idle_minutes_sign_out_and_the_page_says_why(world: World) -> None:
    visitor = world.signed_in(Role.STAFF, username="li.lei")
    world.clock.advance(minutes=9, seconds=59)
    assert _is_in(visitor)
    world.clock.advance(minutes=10, seconds=1)
    sent = visitor.get("/profile?from=here")
    assert (sent.status_code, sent.location) == (302, "/login?next=/profile?from%3Dhere")
    page = visitor.get(sent.location)
    assert "您已10分钟没有操作" in page.text
    assert "您已10分钟没有操作" not in visitor.get("/login").text
    back = visitor.sign_in("li.lei", next="/profile?from=here")
    assert back.location == "/profile?from=here"


def test_every_action_starts_the_ten_minutes_anew(world: World) -> None:
    visitor = world.signed_in(Role.STAFF)
    for _ in range(4):
        world.clock.advance(minutes=6)
        assert _is_in(visitor)


def test_a_page_that_asks_by_itself_is_no_sign_of_life(world: World) -> None:
    visitor = world.signed_in(Role.UNIT_ASSET_OFFICER)
    for _ in range(3):
        world.clock.advance(minutes=4)
        # There is no such import; whether it may be asked for is checked first.
        answer = visitor.client.get("/imports/999999/progress")
    assert answer.status_code == 302
    assert answer.location.startswith("/login")


def test_what_programs_read_is_no_sign_of_life(world: World) -> None:
    visitor = world.signed_in(Role.STAFF)
    token = _new_token(visitor)
    for _ in range(3):
        world.clock.advance(minutes=4)
        assert _api(visitor, token) == 200
        answer = visitor.client.get("/api/v1/openapi.json")
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
    assert not _is_in(visitor)


def test_htmx_is_sent_to_the_sign_in_page_as_a_whole(world: World) -> None:
    answer = world.visitor().get("/profile", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login?next=/profile")


def test_a_first_password_must_be_changed_before_anything_else(world: World) -> None:
    name = world.account(Role.STAFF, must_change_password=True)
    visitor = world.visitor()
    sent = visitor.sign_in(name, next="/profile?tab=1")
    assert sent.location == "/profile/password?next=/profile?tab%3D1"
    assert "请先修改初始密码" in visitor.get(sent.location).text
    for path in (HERE, "/search", "/assets"):
        assert visitor.get(path).location == "/profile/password"
    data = {"old_password": PASSWORD, "password": NEW_PASSWORD, "repeat": NEW_PASSWORD}
    done = visitor.post("/profile/password", data | {"next": "/profile?tab=1"})
    assert (done.status_code, done.location) == (302, "/profile?tab=1")
    assert _is_in(visitor)


def test_who_must_change_the_password_may_leave_instead(world: World) -> None:
    visitor = world.visitor()
    visitor.sign_in(world.account(Role.STAFF, must_change_password=True))
    visitor.get("/profile/password")
    assert visitor.post("/logout").location == "/login"


def test_a_password_of_ninety_days_has_to_be_changed(world: World) -> None:
    name = world.account(Role.STAFF)
    world.clock.advance(days=90)
    assert world.visitor().sign_in(name).location == "/"
    world.clock.advance(minutes=1)
    visitor = world.visitor()
    sent = visitor.sign_in(name)
    assert sent.location.startswith("/profile/password")
    assert "密码已使用满90天" in visitor.get(sent.location).text
    assert _password_form(visitor, PASSWORD, NEW_PASSWORD) == 302
    assert _is_in(visitor)


@pytest.mark.parametrize(
    ("old", "new", "repeat", "message"),
    [
        ("not-it", NEW_PASSWORD, NEW_PASSWORD, "原密码不正确"),
        (PASSWORD, "short", "short", "密码至少10位"),
        (PASSWORD, "alllowercaseletters", "alllowercaseletters", "密码至少10位"),
        (PASSWORD, "Li.Lei-20260901", "Li.Lei-20260901", "密码不能包含用户名"),
        (PASSWORD, PASSWORD, PASSWORD, "新密码不能与原密码相同"),
        (PASSWORD, NEW_PASSWORD, "Something-else-7", "两次输入的新密码不一致"),
    ],
)
def test_a_password_that_can_not_be_accepted_changes_nothing(
    world: World, old: str, new: str, repeat: str, message: str
) -> None:
    visitor = world.signed_in(Role.STAFF, username="li.lei")
    visitor.get("/profile/password")
    answer = visitor.post("/profile/password", {"old_password": old, "password": new, "repeat": repeat})
    assert (answer.status_code, message in answer.text) == (422, True)
    assert world.visitor().sign_in("li.lei").status_code == 302


def test_a_new_password_ends_the_sessions_elsewhere_and_not_this_one(world: World) -> None:
    here = world.signed_in(Role.STAFF, username="li.lei")
    elsewhere = world.visitor()
    elsewhere.sign_in("li.lei")
    assert _password_form(here, PASSWORD, NEW_PASSWORD) == 302
    assert (_is_in(here), _is_in(elsewhere)) == (True, False)
    assert world.visitor().sign_in("li.lei").status_code == 401
    assert world.visitor().sign_in("li.lei", NEW_PASSWORD).status_code == 302


@pytest.mark.parametrize("target", ["/profile", "/search?q=%E6%A1%8C&view=table", "/assets/7#photos"])
def test_signing_in_goes_on_to_the_page_that_was_wanted(world: World, target: str) -> None:
    answer = world.visitor().sign_in(world.account(Role.STAFF), next=target)
    assert answer.location == target.partition("#")[0]


@pytest.mark.parametrize(
    "target",
    [
        "https://example.org/",
        "//example.org/",
        "/\\example.org/",
        "\\\\example.org",
        "/\t/example.org",
        "////example.org",
        "javascript:alert(1)",
        "example.org",
        " https://example.org",
        "http:///example.org",
    ],
)
def test_signing_in_never_leads_to_another_site(world: World, target: str) -> None:
    name = world.account(Role.STAFF)
    assert world.visitor().sign_in(name, next=target).location == "/"
    visitor = world.signed_in(Role.STAFF)
    assert visitor.get("/login", query_string={"next": target}).location == "/"
    assert visitor.post("/locale", {"locale": "en", "next": target}).location == "/"


def test_signing_out_ends_this_session_only(world: World) -> None:
    here = world.signed_in(Role.STAFF, username="li.lei")
    elsewhere = world.visitor()
    elsewhere.sign_in("li.lei")
    assert here.post("/logout").location == "/login"
    assert (_is_in(here), _is_in(elsewhere)) == (False, True)


def test_a_stopped_account_is_out_at_once(world: World) -> None:
    visitor = world.signed_in(Role.STAFF, username="li.lei")
    token = _new_token(visitor)
    with transaction(world.sessions) as session:
        session.scalars(select(User).where(User.username == "li.lei")).one().active = False
    assert not _is_in(visitor)
    assert _api(visitor, token) == 401
    assert world.visitor().sign_in("li.lei").status_code == 401


def test_visitors_choose_their_language_and_stay_where_they_are(world: World) -> None:
    visitor = world.visitor()
    page = visitor.get("/login?next=/profile")
    assert '<html lang="zh-CN"' in page.text
    chosen = visitor.post(
        "/locale", {"locale": "en"}, headers={"Referer": "http://localhost/login?next=/profile"}
    )
    assert chosen.location == "/login?next=/profile"
    assert '<html lang="en"' in visitor.get(chosen.location).text


def test_an_account_keeps_its_language_on_every_device(world: World) -> None:
    visitor = world.signed_in(Role.STAFF, username="li.lei")
    assert visitor.post("/locale", {"locale": "en", "next": "/profile"}).location == "/profile"
    elsewhere = world.visitor()
    elsewhere.sign_in("li.lei")
    assert '<html lang="en"' in elsewhere.get("/profile").text


def test_an_unknown_language_changes_nothing(world: World) -> None:
    visitor = world.visitor()
    visitor.get("/login")
    visitor.post("/locale", {"locale": "tlh"})
    assert '<html lang="zh-CN"' in visitor.get("/login").text


def test_choosing_a_language_does_not_lead_to_where_only_forms_are_sent(world: World) -> None:
    visitor = world.signed_in(Role.STAFF)
    for referrer in ("http://localhost/profile/tokens", "http://example.org/profile", "http://localhost/no"):
        assert visitor.post("/locale", {"locale": "en"}, headers={"Referer": referrer}).location == "/"


def test_a_form_without_its_token_does_nothing_and_says_what_to_do(world: World) -> None:
    world.account(Role.STAFF, username="li.lei")
    visitor = world.visitor()
    answer = visitor.post("/login", {"username": "li.lei", "password": PASSWORD})
    assert answer.status_code == 400
    assert "表单已经失效" in answer.text
    assert not _is_in(visitor)
    administrator = world.signed_in(Role.SECURITY_ADMINISTRATOR, at="330000")
    administrator.token = "forged"
    data = {"code": "NEW", "name": "新单位", "kind": "unit", "parent_code": "JY"}
    assert administrator.post("/admin/units/new", data).status_code == 400
    with transaction(world.sessions) as session:
        assert session.scalar(select(func.count(Unit.id)).where(Unit.code == "NEW")) == 0


def test_a_token_of_another_session_is_no_good(world: World) -> None:
    visitor, other = world.signed_in(Role.STAFF), world.signed_in(Role.STAFF)
    visitor.token = other.token
    assert visitor.post("/logout").status_code == 400
    assert _is_in(visitor)


def test_cookies_stay_out_of_reach_of_scripts_and_other_sites(world: World, settings: Settings) -> None:
    answer = world.visitor().sign_in(world.account(Role.STAFF))
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("gwc_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    strict = dataclasses.replace(settings, secure_cookies=True)
    app = create_app(strict, MeiliFinder(strict, world.sessions), clock=world.clock, testing=True)
    client = app.test_client()
    assert "Secure" in client.get("/login", base_url="https://localhost").headers["Set-Cookie"]
    app.extensions["gwc"].close()


def test_the_user_name_is_remembered_where_that_was_asked_for(world: World) -> None:
    name = world.account(Role.STAFF, username="li.lei")
    visitor = world.visitor()
    visitor.sign_in(name, remember_username="1")
    visitor.get(HERE)
    visitor.post("/logout")
    page = visitor.get("/login").text
    assert 'value="li.lei"' in page
    assert PASSWORD not in page
    visitor.sign_in(name)
    visitor.get(HERE)
    visitor.post("/logout")
    assert 'value="li.lei"' not in visitor.get("/login").text


def test_demo_accounts_are_offered_by_the_demo_alone(world: World, settings: Settings) -> None:
    assert "演示账号" not in world.visitor().get("/login").text
    demo = {"username": "d.emo", "password": "Demo-pass-1", "unit": "JY-1", "roles": ["staff"]}
    finder = MeiliFinder(settings, world.sessions)
    app = create_app(settings, finder, clock=world.clock, demo_accounts=[demo], testing=True)
    page = app.test_client().get("/login").text
    assert "d.emo" in page
    assert "申请人 · 第一中学" in page
    app.extensions["gwc"].close()


def test_one_address_may_fail_thirty_times_a_minute(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "enabled", False)  # as it is for other tests, again after this one
    monkeypatch.setattr(accounts, "decoy", lambda: factories.QUICK_HASH)
    app = create_app(settings, MeiliFinder(settings, world.sessions), clock=world.clock)
    world = dataclasses.replace(world, app=app)
    username = world.account(Role.STAFF)
    assert {world.visitor().sign_in(username).status_code for _ in range(31)} == {302}
    visitor = world.visitor()
    visitor.get("/login")
    stranger = {"username": "nobody", "password": "wrong"}
    assert {visitor.post("/login", stranger).status_code for _ in range(30)} == {401}
    refused = visitor.post("/login", stranger)
    assert (refused.status_code, "操作过于频繁" in refused.text) == (429, True)
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["Retry-After"]
    assert visitor.get("/login").status_code == 200
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert visitor.post("/login", stranger, environ_base=elsewhere).status_code == 401
    app.extensions["gwc"].close()


def test_every_attempt_is_on_record(world: World) -> None:
    world.account(Role.STAFF, username="li.lei")
    visitor = world.visitor()
    visitor.sign_in("li.lei", "wrong")
    visitor.sign_in("nobody", "wrong")
    visitor.sign_in("li.lei")
    visitor.get(HERE)
    visitor.post("/logout")
    with transaction(world.sessions) as session:
        rows = session.execute(select(AuditEntry.action, AuditEntry.outcome).order_by(AuditEntry.id))
        assert [tuple(row) for row in rows] == [
            ("sign_in", "wrong"),
            ("sign_in", "wrong"),
            ("sign_in", "done"),
            ("sign_out", "done"),
        ]


def test_the_profile_says_who_one_is_and_what_one_may_do_where(world: World) -> None:
    visitor = world.signed_in(Role.UNIT_ASSET_OFFICER, name="李雷", username="li.lei")
    page = visitor.get("/profile").text
    for text in ("李雷", "li.lei", "单位资产管理员", "第一中学及其下级", "维护本单位的资产卡片"):
        assert text in page
    assert "2026-11-30" in page  # the password has to be changed by then


def test_a_token_is_shown_once_and_opens_the_interface(world: World) -> None:
    visitor = world.signed_in(Role.STAFF)
    visitor.get("/profile")
    answer = visitor.post("/profile/tokens", {"name": "每日<同步>", "days": "30"})
    assert answer.headers["Cache-Control"] == "no-store"
    token = re.search(r"gwc_[\w-]{40,}", answer.text)
    assert token
    assert _api(visitor, token[0]) == 200
    page = visitor.get("/profile").text
    assert token[0] not in page
    assert f"{token[0][:8]}…" in page
    assert "每日<同步>" in unescape(page)
    assert "2026-10-01" in page


def test_a_token_ends_on_its_day_and_is_told_apart(world: World) -> None:
    visitor = world.signed_in(Role.STAFF, username="li.lei")
    token = _new_token(visitor)
    world.clock.advance(days=30)
    assert _api(visitor, token) == 401
    visitor.sign_in("li.lei")
    assert "已到期" in visitor.get("/profile").text


def test_a_revoked_token_is_good_for_nothing(world: World) -> None:
    visitor = world.signed_in(Role.STAFF)
    token, kept = _new_token(visitor, "一"), _new_token(visitor, "二")
    with transaction(world.sessions) as session:
        token_id = session.scalars(select(ApiToken.id).where(ApiToken.name == "一")).one()
    assert visitor.post(f"/profile/tokens/{token_id}/revoke").location == "/profile"
    assert (_api(visitor, token), _api(visitor, kept)) == (401, 200)
    assert "已作废" in visitor.get("/profile").text


def test_tokens_of_others_are_out_of_reach(world: World) -> None:
    owner, other = world.signed_in(Role.STAFF), world.signed_in(Role.STAFF)
    token = _new_token(owner)
    with transaction(world.sessions) as session:
        token_id = session.scalars(select(ApiToken.id)).one()
    assert other.post(f"/profile/tokens/{token_id}/revoke").status_code == 404
    assert _api(owner, token) == 200
    assert "同步" not in other.get("/profile").text.partition('id="tokens"')[2].partition("<table")[2]


@pytest.mark.parametrize("name", ["", " ", "长" * 61])
def test_a_token_without_a_purpose_is_not_made(world: World, name: str) -> None:
    visitor = world.signed_in(Role.STAFF)
    answer = visitor.post("/profile/tokens", {"name": name, "days": "365"})
    assert answer.status_code == 422
    assert "请用1至60个字说明令牌的用途" in answer.text
    assert '<option value="365" selected' in answer.text
    with transaction(world.sessions) as session:
        assert session.scalar(select(func.count(ApiToken.id))) == 0


def test_signed_in_pages_are_not_left_in_the_browser(world: World) -> None:
    world.account(Role.STAFF, username="li.lei")
    visitor = world.visitor()
    visitor.sign_in("li.lei")
    assert visitor.get("/profile").headers["Cache-Control"] == "private, no-store"


def test_an_address_that_leads_nowhere_still_knows_who_is_signed_in(world: World) -> None:
    visitor = world.signed_in(Role.STAFF)
    answer = visitor.get("/no/such/place")
    assert answer.status_code == 404
    assert 'action="/logout"' in answer.text
    assert visitor.get("/logout").status_code == 405
    world.clock.advance(minutes=6)
    assert 'action="/logout"' in visitor.get("/no/such/place").text
    # Asking for what does not exist is no sign of life.
    world.clock.advance(minutes=5)
    assert 'action="/logout"' not in visitor.get("/no/such/place").text
    assert not _is_in(visitor)


def test_a_stranger_at_an_address_that_leads_nowhere_is_shown_the_way_in(world: World) -> None:
    answer = world.visitor().get("/no/such/place")
    assert (answer.status_code, 'action="/logout"' in answer.text) == (404, False)
