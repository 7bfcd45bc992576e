"""What no row could hold, sent in an address or a form, is refused in words and breaks nothing."""

from __future__ import annotations

import pytest
from flask import Response
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy.exc import OperationalError

from marketplace.domain.permissions import Role
from tests.web.conftest import World


@pytest.mark.parametrize("path", ["/assets/{}", "/assets/{}/photos", "/imports/{}", "/assets/{}/listing"])
def test_a_number_beyond_every_row_leads_nowhere(world: World, path: str) -> None:
    officer = world.signed_in(Role.UNIT_ASSET_OFFICER)
    for number in (2**63 - 1, 2**63, 10**40):
        assert officer.get(path.format(number)).status_code == 404


def test_text_that_the_database_refuses_is_the_senders_mistake(world: World) -> None:
    administrator = world.signed_in(Role.SECURITY_ADMINISTRATOR, at="330000")
    answer = administrator.get("/admin/users?after=%00")
    assert (answer.status_code, "这个请求看不懂" in answer.text) == (400, True)
    data = {"username": "a.b", "name": "甲", "unit_code": "JY\0"}
    administrator.get("/admin/users/new")
    assert administrator.post("/admin/users/new", data).status_code == 400
    assert administrator.get("/admin/users").status_code == 200


@pytest.mark.parametrize("waited", [LockNotAvailable(), DeadlockDetected()])
def test_who_waited_in_vain_for_others_is_told_so_and_to_try_again(world: World, waited: Exception) -> None:
    for path, said in (("/orders/1", "什么都没有改动"), ("/api/v1/orders/1", '"code":"busy"')):
        with world.app.test_request_context(path):
            answer = world.app.handle_user_exception(OperationalError("SELECT 1", {}, waited))
        assert isinstance(answer, Response)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert said in answer.get_data(as_text=True)
