"""审批规则: the policy edited in place, its preview, its versions."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from marketplace.db.session import transaction
from marketplace.domain.approvals import DEFAULT_POLICY
from marketplace.domain.permissions import Role
from marketplace.reference.working_days import load_default_policy
from marketplace.use_cases import policies
from marketplace.web.policy_rows import Row, rows_of
from tests.web.conftest import Visitor, World

PAGE = "/admin/policies"


@pytest.fixture
def manager(world: World) -> Visitor:
    """The city's warehouse manager, with the default policy in force."""
    with transaction(world.sessions) as session:
        load_default_policy(session)
    visitor = world.signed_in(Role.WAREHOUSE_MANAGER, at="330000", name="郭建平")
    visitor.get(PAGE)
    return visitor


def _form(rows: list[Row], **more: str) -> MultiDict[str, str]:
    """What a browser sends of these rows."""
    fields = [(name, value) for row in rows for name, value in row.items()]
    return MultiDict([*fields, *{"version": "1", "note": "按季度调整", **more}.items()])


def _post(visitor: Visitor, path: str, form: MultiDict[str, str]) -> Any:
    return visitor.client.post(path, data=MultiDict([*form.items(multi=True), ("csrf_token", visitor.token)]))


def _version(world: World) -> int:
    with world.sessions() as session:
        return policies.current(session)[0]


def _shown(page: str, name: str) -> list[str]:
    """The chosen or typed values of one field, row by row."""
    chosen = re.findall(rf'<select[^>]* name="{name}"[^>]*>(.*?)</select>', page, re.S)
    if chosen:
        return [re.search(r'value="([^"]*)" selected', options)[1] for options in chosen]  # type: ignore[index]
    tags = re.findall(rf'<input[^>]* name="{name}"[^>]*>', page)
    return [re.search(r' value="([^"]*)"', tag)[1] for tag in tags]  # type: ignore[index]


DEFAULT_ROLES = [str(step.role) for step in DEFAULT_POLICY]


def test_the_version_in_force_is_shown_ready_to_edit(manager: Visitor) -> None:
    page = manager.get(PAGE).text
    assert "现行第1版" in page
    assert _shown(page, "role") == DEFAULT_ROLES
    assert _shown(page, "deadline_days") == ["2", "2", "3", "5", "2", "2"]
    assert _shown(page, "min_value")[3] == "500000.00"
    assert "随系统" in page


def test_a_change_makes_a_new_version(world: World, manager: Visitor) -> None:
    rows = rows_of(DEFAULT_POLICY)
    rows[0]["deadline_days"] = "4"
    answer = _post(manager, PAGE, _form(rows))
    assert (answer.status_code, answer.location) == (302, PAGE)
    page = manager.get(PAGE).text
    assert "现行第2版" in page
    assert "按季度调整" in page
    assert "调剂：单位审批人（调入方），期限由“2个工作日”改为“4个工作日”" in page
    assert _version(world) == 2


def test_an_older_version_is_taken_up_again(manager: Visitor) -> None:
    rows = rows_of(DEFAULT_POLICY)
    rows[0]["deadline_days"] = "4"
    _post(manager, PAGE, _form(rows))
    page = manager.get(f"{PAGE}?from=1").text
    assert _shown(page, "deadline_days")[0] == "2"
    assert 'name="version" value="2"' in page


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("add-transfer", [*DEFAULT_ROLES[:4], "unit_approver", *DEFAULT_ROLES[4:]]),
        ("add-loan", [*DEFAULT_ROLES, "unit_approver"]),
        ("remove-3", [*DEFAULT_ROLES[:2], *DEFAULT_ROLES[3:]]),
        ("up-4", [*DEFAULT_ROLES[:2], "finance_approver", "warehouse_manager", *DEFAULT_ROLES[4:]]),
        ("down-5", [*DEFAULT_ROLES[:4], "unit_asset_officer", "unit_approver"]),
        # A step stays with its kind.
        ("up-5", DEFAULT_ROLES),
        ("down-4", DEFAULT_ROLES),
        ("remove-99", DEFAULT_ROLES),
        ("preview", DEFAULT_ROLES),
    ],
)
def test_rows_come_go_and_move_without_being_saved(
    world: World, manager: Visitor, what: str, expected: list[str]
) -> None:
    rows = rows_of(DEFAULT_POLICY)
    rows[1]["deadline_days"] = "9"
    answer = _post(manager, f"{PAGE}/draft", _form(rows, do=what))
    assert answer.status_code == 200
    assert _shown(answer.text, "role") == expected
    assert "9" in _shown(answer.text, "deadline_days")
    assert _shown(answer.text, "note") == ["按季度调整"]
    assert _version(world) == 1


def test_a_mistake_is_named_by_kind_and_step_and_what_was_typed_stays(world: World, manager: Visitor) -> None:
    rows = rows_of(DEFAULT_POLICY)
    rows[4]["deadline_days"] = "两天"
    rows[3]["min_value"] = ""
    answer = _post(manager, PAGE, _form(rows))
    assert answer.status_code == 422
    assert "借用第1步 期限：应为整数" in answer.text
    assert 'href="#field-deadline_days-5"' in answer.text
    assert _shown(answer.text, "deadline_days")[4] == "两天"
    rows[4]["deadline_days"] = "2"
    assert "财政审批须写明从多少金额起" in _post(manager, PAGE, _form(rows)).text
    assert _version(world) == 1


def test_a_policy_without_a_sure_step_is_refused(world: World, manager: Visitor) -> None:
    answer = _post(manager, PAGE, _form(rows_of(DEFAULT_POLICY)[:4]))
    assert (answer.status_code, "“借用”至少要有一个不带条件的步骤" in answer.text) == (422, True)
    assert _version(world) == 1


def test_a_lost_update_keeps_what_was_typed_and_shows_the_other(world: World, manager: Visitor) -> None:
    other = world.signed_in(Role.SYSTEM_ADMINISTRATOR, at="330000", name="郑启明")
    other.get(PAGE)
    rows, mine = rows_of(DEFAULT_POLICY), rows_of(DEFAULT_POLICY)
    rows[0]["deadline_days"], mine[0]["deadline_days"] = "4", "6"
    assert _post(other, PAGE, _form(rows, note="先保存")).status_code == 302
    refused = _post(manager, PAGE, _form(mine))
    assert refused.status_code == 409
    assert "郑启明刚保存了第2版" in refused.text
    assert "先保存" in refused.text
    assert _shown(refused.text, "deadline_days")[0] == "6"
    assert 'name="version" value="2"' in refused.text
    assert _post(manager, PAGE, _form(mine, version="2")).status_code == 302
    assert _version(world) == 3


def test_the_preview_names_steps_people_and_days(world: World, manager: Visitor) -> None:
    world.account(Role.UNIT_APPROVER, at="JY-1", name="赵文静")
    asked = {"preview_kind": "transfer", "preview_giver": "WS-1", "preview_receiver": "JY-1"}
    page = _post(manager, f"{PAGE}/draft", _form(rows_of(DEFAULT_POLICY), do="preview", **asked)).text
    way = re.search(r'<ol class="policy-way">.*?</ol>', page, re.S)[0]  # type: ignore[index]
    assert re.findall(r"<strong>([^<]+)</strong>", way) == [
        "单位审批人（调入方）",
        "单位审批人（调出方）",
        "公物仓管理员",
    ]
    assert "赵文静" in way
    assert "郭建平" in way
    assert way.count("没有人能办理这一步") == 1
    # Ten in the morning of 1 September, seven working days on.
    assert "最长7个工作日。今天提交，最迟2026年9月10日审批完毕。" in page


@pytest.mark.parametrize(
    ("asked", "changes", "hint"),
    [
        ({}, {}, "选择调出单位和调入单位"),
        ({"preview_giver": "没有", "preview_receiver": "JY-1"}, {}, "选择调出单位和调入单位"),
        (
            {"preview_giver": "WS-1", "preview_receiver": "JY-1", "preview_value": "很多"},
            {},
            "账面原值：应为金额",
        ),
        ({"preview_giver": "WS-1", "preview_receiver": "JY-1"}, {"deadline_days": ""}, "还有没填好的地方"),
    ],
)
def test_a_preview_that_can_not_be_given_says_why(
    manager: Visitor, asked: dict[str, str], changes: dict[str, str], hint: str
) -> None:
    rows = rows_of(DEFAULT_POLICY)
    rows[0] |= changes
    answer = _post(manager, f"{PAGE}/draft", _form(rows, do="preview", **asked))
    assert (answer.status_code, hint in answer.text) == (200, True)


def test_before_there_is_a_policy_the_default_is_offered(world: World) -> None:
    admin = world.signed_in(Role.SYSTEM_ADMINISTRATOR, at="330000")
    page = admin.get(PAGE).text
    assert ("尚未生效" in page, _shown(page, "role")) == (True, DEFAULT_ROLES)
    assert _post(admin, PAGE, _form(rows_of(DEFAULT_POLICY), version="0")).status_code == 302
    assert _version(world) == 1
