"""用户: the pages of security administrators for accounts and their roles."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import func, select

from marketplace.db.people import RoleGrant, Unit, User
from marketplace.db.session import transaction
from marketplace.domain.permissions import Role
from tests import factories
from tests.web.conftest import Visitor, World, sent

NEW = {"username": "han.meimei", "name": "韩梅梅", "unit_code": "JY-1"}


@pytest.fixture
def administrator(world: World) -> Visitor:
    """The security administrator of the city."""
    return world.signed_in(Role.SECURITY_ADMINISTRATOR, at="330000", home="JY", username="song")


def _user(world: World, username: str) -> User:
    with transaction(world.sessions) as session:
        return session.scalars(select(User).where(User.username == username)).one()


def _roles(world: World, username: str) -> set[tuple[str, str]]:
    query = select(RoleGrant.role, Unit.code).join(Unit, Unit.id == RoleGrant.unit_id)
    with transaction(world.sessions) as session:
        rows = session.execute(
            query.join(User, User.id == RoleGrant.user_id).where(User.username == username)
        )
        return {(str(role), code) for role, code in rows}


def _count(world: World) -> int:
    with transaction(world.sessions) as session:
        return session.scalar(select(func.count(User.id))) or 0


def _address(world: World, username: str) -> str:
    return f"/admin/users/{_user(world, username).id}"


def _names(page: str) -> list[str]:
    return re.findall(r'<a class="row-title" href="/admin/users/\d+" data-result>([^<]+)</a>', page)


def _passwords(page: str) -> list[str]:
    return re.findall(r'class="secret"><span class="code">([^<]+)</span>', page)


def _upload(visitor: Visitor, *lines: str) -> Any:
    visitor.get("/admin/users/import")
    file = (io.BytesIO("\n".join(lines).encode("utf-8-sig")), "users.csv")
    return visitor.post("/admin/users/import", {"file": file})


def test_the_list_shows_who_may_do_what_where(world: World, administrator: Visitor) -> None:
    world.account(Role.STAFF, home="JY-1", at="WS-1", username="li.lei", name="李雷")
    page = administrator.get("/admin/users?q=li.lei").text
    row = page.partition("<tbody>")[2].partition("</tbody>")[0]
    for text in ("李雷", "li.lei", "第一中学", "申请人", "中心医院", "正常", "从未"):
        assert text in row
    assert "共 1 个账号" in page


def test_the_list_shows_how_accounts_stand(world: World, administrator: Visitor) -> None:
    world.account(Role.STAFF, username="a.stopped", active=False)
    world.account(Role.STAFF, username="b.fresh", must_change_password=True)
    world.account(Role.STAFF, username="c.locked")
    for _ in range(5):
        world.visitor().sign_in("c.locked", "wrong")
    for username, said in (("a.stopped", "已停用"), ("b.fresh", "待改初始密码"), ("c.locked", "锁定至10:15")):
        assert said in administrator.get(f"/admin/users?q={username}").text
    world.clock.advance(minutes=16)
    administrator.sign_in("song")
    assert "锁定至" not in administrator.get("/admin/users?q=c.locked").text


@pytest.mark.parametrize("q", ["李", "li.", "LI.LEI", "第一", "JY-1"])
def test_an_account_is_found_by_name_and_unit(world: World, administrator: Visitor, q: str) -> None:
    world.account(Role.STAFF, username="li.lei", name="李雷")
    world.account(Role.STAFF, at="WS-1", username="wang", name="王芳")
    assert _names(administrator.get("/admin/users", query_string={"q": q}).text) == ["李雷"]


def test_the_list_pages_through_to_the_end_without_gaps(world: World, administrator: Visitor) -> None:
    with transaction(world.sessions) as session:
        home = session.get_one(Unit, world.units["WS-1"])
        for _ in range(120):
            factories.user(session, home)
    path, seen = "/admin/users", []
    while path:
        page = administrator.get(path).text
        seen += re.findall(r'<td><span class="code">([^<]+)</span></td>', page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        path = unescape(following[1]) if following else ""
    assert len(seen) == len(set(seen)) == 121
    assert seen == sorted(seen)


def test_accounts_of_other_regions_do_not_exist(world: World, administrator: Visitor) -> None:
    world.account(Role.STAFF, at="440000", username="far.away", name="远")
    assert _names(administrator.get("/admin/users?q=far.away").text) == []
    address = _address(world, "far.away")
    assert administrator.get(address).status_code == 404
    for path, data in (
        (address, NEW | {"version": "1"}),
        (f"{address}/active", {"active": "0"}),
        (f"{address}/password", {}),
        (f"{address}/unlock", {}),
    ):
        assert administrator.post(path, data).status_code == 404
    assert (_user(world, "far.away").name, _user(world, "far.away").active) == ("远", True)


def test_a_new_account_gets_roles_and_a_password_that_is_shown_once(
    world: World, administrator: Visitor
) -> None:
    administrator.get("/admin/users/new?unit=JY-1")
    roles = {"role": ["unit_asset_officer", "staff", ""], "role_unit": ["", "WS-1", "JY"]}
    answer = administrator.post("/admin/users/new", NEW | {"email": "han@example.org"} | roles)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    [password] = _passwords(answer.text)
    # A role without a unit is over the home unit; a row without a role asks for nothing.
    assert _roles(world, "han.meimei") == {("unit_asset_officer", "JY-1"), ("staff", "WS-1")}
    visitor = world.visitor()
    assert visitor.sign_in("han.meimei", password).location.startswith("/profile/password")
    assert password not in administrator.get(_address(world, "han.meimei")).text


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"username": "Han Meimei"}, "username", "以字母或数字开头"),
        ({"username": "li.lei"}, "username", "用户名“li.lei”已被使用"),
        ({"name": " "}, "name", "请填写姓名"),
        ({"unit_code": "NOPE"}, "unit_code", "没有编码为“NOPE”的启用中的单位"),
        ({"role": "staff", "role_unit": "NOPE"}, "roles", "没有编码为“NOPE”的启用中的单位"),
        ({"role": "emperor", "role_unit": "JY-1"}, "roles", "没有“emperor”这个角色"),
    ],
)
def test_a_mistake_is_shown_at_its_field_and_what_was_typed_stays(
    world: World, administrator: Visitor, changed: dict[str, str], field: str, message: str
) -> None:
    world.account(Role.STAFF, username="li.lei")
    before = _count(world)
    administrator.get("/admin/users/new")
    answer = administrator.post("/admin/users/new", NEW | {"phone": "0571-85"} | changed)
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert message in answer.text.partition(f'id="field-{field}-error"')[2].partition("</p>")[0]
    assert 'value="0571-85"' in answer.text
    assert _count(world) == before


def test_the_three_administrators_are_kept_apart_and_the_page_says_why(
    world: World, administrator: Visitor
) -> None:
    administrator.get("/admin/users/new")
    roles = {"role": ["auditor", "staff"], "role_unit": ["JY", "JY-1"]}
    answer = administrator.post("/admin/users/new", NEW | roles)
    assert answer.status_code == 422
    error = answer.text.partition('role="alert"')[2].partition("<form")[0]
    assert "三员分立" in error
    assert "GB/T 22239-2019" in error
    assert '<option value="auditor" selected>' in answer.text
    assert _count(world) == 1


def test_a_role_of_another_region_is_not_given(world: World, administrator: Visitor) -> None:
    administrator.get("/admin/users/new")
    answer = administrator.post("/admin/users/new", NEW | {"role": "staff", "role_unit": "440000"})
    assert answer.status_code == 403
    assert _count(world) == 1


def test_details_and_roles_are_changed_and_the_session_ends(world: World, administrator: Visitor) -> None:
    officer = world.signed_in(Role.STAFF, username="li.lei", name="李雷")
    address = _address(world, "li.lei")
    page = administrator.get(address).text
    assert '<option value="staff" selected>' in page
    assert 'name="role_unit" value="JY-1"' in page
    data = {"name": "李磊", "unit_code": "JY-2", "phone": "0571-1", "role": "unit_approver", "role_unit": ""}
    assert administrator.post(address, data | {"version": sent(page, "version")}).location == address
    assert "已保存“李磊”的账号" in administrator.get(address).text
    assert _roles(world, "li.lei") == {("unit_approver", "JY-2")}
    assert _user(world, "li.lei").home_unit_id == world.units["JY-2"]
    assert officer.get("/profile").status_code == 302


def test_a_lost_update_shows_what_the_other_saved(world: World, administrator: Visitor) -> None:
    world.account(Role.STAFF, username="li.lei", name="李雷")
    address = _address(world, "li.lei")
    seen = {"unit_code": "JY-1", "version": sent(administrator.get(address).text, "version")}
    colleague = world.signed_in(Role.SECURITY_ADMINISTRATOR, at="330000", username="du")
    approver = {"name": "李磊", "role": "unit_approver", "role_unit": ""}
    assert colleague.post(address, seen | approver).status_code == 302

    mine = {"name": "李雷", "phone": "0571-1", "role": "staff", "role_unit": "JY-2"}
    refused = administrator.post(address, seen | mine)
    assert refused.status_code == 409
    for theirs in ("姓名：李磊", "角色：单位审批人（第一中学）"):
        assert theirs in refused.text
    assert (sent(refused.text, "name"), sent(refused.text, "phone")) == ("李雷", "0571-1")
    assert '<option value="staff" selected>' in refused.text
    assert (_user(world, "li.lei").name, _roles(world, "li.lei")) == ("李磊", {("unit_approver", "JY-1")})

    again = seen | mine | {"version": sent(refused.text, "version")}
    assert administrator.post(address, again).status_code == 302
    assert (_user(world, "li.lei").phone, _roles(world, "li.lei")) == ("0571-1", {("staff", "JY-2")})


def test_roles_that_others_gave_are_shown_and_stay(world: World) -> None:
    with transaction(world.sessions) as session:
        home = session.get_one(Unit, world.units["JY-1"])
        user = factories.user(session, home, Role.STAFF, username="li.lei")
        elsewhere = world.units["WS-1"]
        session.add(RoleGrant(user_id=user.id, role=Role.UNIT_APPROVER, unit_id=elsewhere))
    administrator = world.signed_in(Role.SECURITY_ADMINISTRATOR, at="JY")
    address = _address(world, "li.lei")
    page = administrator.get(address).text
    assert "由上级安全管理员授予" in page
    data = {"name": "李雷", "unit_code": "JY-1", "version": sent(page, "version")}
    answer = administrator.post(address, data)
    assert answer.status_code == 302, answer.text
    assert _roles(world, "li.lei") == {("unit_approver", "WS-1")}
    data |= {"version": sent(administrator.get(address).text, "version"), "role": "auditor"}
    answer = administrator.post(address, data)
    assert (answer.status_code, "三员分立" in answer.text) == (422, True)


def test_nobody_takes_over_an_account_that_reaches_further(world: World, administrator: Visitor) -> None:
    deputy = world.signed_in(Role.SECURITY_ADMINISTRATOR, at="JY")
    address = _address(world, "song")
    page = deputy.get(address).text
    assert "请由上级安全管理员重置密码" in page
    assert f'action="{address}/password"' not in page
    assert deputy.post(f"{address}/password").status_code == 403
    assert administrator.get("/profile").status_code == 200


def test_the_own_account_is_only_shown(world: World, administrator: Visitor) -> None:
    address = _address(world, "song")
    page = administrator.get(address).text
    assert "自己的账号和角色由另一位安全管理员更改" in page
    assert [" disabled" in fieldset for fieldset in re.findall("<fieldset[^>]*>", page)] == [True, True]
    data = {"name": "x", "unit_code": "JY", "role": "staff", "version": "1"}
    for path, form in ((address, data), (f"{address}/active", {"active": "0"}), (f"{address}/password", {})):
        assert administrator.post(path, form).status_code == 403
    assert _roles(world, "song") == {("security_administrator", "330000")}


def test_stopping_asks_by_name_and_can_be_undone(world: World, administrator: Visitor) -> None:
    visitor = world.signed_in(Role.STAFF, username="li.lei", name="李雷")
    address = _address(world, "li.lei")
    assert 'data-confirm="停用“李雷”（li.lei）的账号吗？"' in administrator.get(address).text
    administrator.post(f"{address}/active", {"active": "0"})
    assert visitor.get("/profile").status_code == 302
    page = administrator.get(address).text
    assert "其登录立即失效" in page
    assert 'data-confirm="重新启用“李雷”（li.lei）的账号吗？"' in page
    administrator.post(f"{address}/active", {"active": "1"})
    assert world.visitor().sign_in("li.lei").status_code == 302


def test_a_reset_gives_a_first_password_and_ends_the_old_one(world: World, administrator: Visitor) -> None:
    visitor = world.signed_in(Role.STAFF, username="li.lei", name="李雷")
    address = _address(world, "li.lei")
    assert 'data-confirm="重置“李雷”（li.lei）的密码吗？"' in administrator.get(address).text
    answer = administrator.post(f"{address}/password")
    assert answer.headers["Cache-Control"] == "no-store"
    [password] = _passwords(answer.text)
    assert visitor.get("/profile").status_code == 302
    assert world.visitor().sign_in("li.lei").status_code == 401
    assert world.visitor().sign_in("li.lei", password).location.startswith("/profile/password")


def test_a_lock_is_ended_early(world: World, administrator: Visitor) -> None:
    world.account(Role.STAFF, username="li.lei")
    address = _address(world, "li.lei")
    assert "解锁" not in administrator.get(address).text
    for _ in range(5):
        world.visitor().sign_in("li.lei", "wrong")
    assert "解锁" in administrator.get(address).text
    administrator.post(f"{address}/unlock")
    assert world.visitor().sign_in("li.lei").status_code == 302


def test_the_template_file_goes_back_in(world: World, administrator: Visitor) -> None:
    template = administrator.get("/admin/users/import/template.csv").data
    assert template.startswith(b"\xef\xbb\xbf")
    header = template.decode("utf-8-sig").strip()
    answer = _upload(
        administrator,
        header,
        "li.lei,李雷,JY-1,单位资产管理员、申请人,li@example.org,0571-1",
        "",
        "han,韩梅梅,WS-1,unit_approver，staff,,",
        "guest,客人,JY,,,",
    )
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    passwords = _passwords(answer.text)
    assert len(set(passwords)) == 3
    assert _roles(world, "li.lei") == {("unit_asset_officer", "JY-1"), ("staff", "JY-1")}
    assert _roles(world, "han") == {("unit_approver", "WS-1"), ("staff", "WS-1")}
    assert _roles(world, "guest") == set()
    assert world.visitor().sign_in("han", passwords[1]).status_code == 302


def test_mistakes_in_a_file_are_named_by_line_and_nobody_is_made(
    world: World, administrator: Visitor
) -> None:
    answer = _upload(
        administrator,
        "用户名,姓名,单位编码,角色",
        "good.one,甲,JY-1,申请人",
        "Bad One,乙,JY-1,申请人",
        "c,丙,JY-1,皇帝",
        "good.one,丁,JY-1,",
        "e.five,戊,440000,",
        "f.six,己,JY-1,审计管理员、申请人",
    )
    assert answer.status_code == 422
    assert "文件中有5行需要修改，未导入任何账号" in answer.text
    problems = re.findall(r'<td class="num">(\d+)</td><td class="tight">([^<]*)</td>', answer.text)
    assert problems == [("3", "用户名"), ("4", "角色"), ("5", "用户名"), ("6", "整行"), ("7", "整行")]
    assert _count(world) == 1


def test_too_many_rows_are_refused_before_anybody_is_made(world: World, administrator: Visitor) -> None:
    rows = [f"u{number},某,JY-1," for number in range(301)]
    answer = _upload(administrator, "用户名,姓名,单位编码,角色", *rows)
    assert (answer.status_code, "一次最多导入300行" in answer.text) == (422, True)
    assert _count(world) == 1
