"""Every page, for whom it is made: nothing for axe to find, nothing wider than the screen."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.looking import faults
from tests.browser.organisation import Organisation

pytestmark = pytest.mark.browser

PAGES = {
    "": ["/login", "/verify", "/verify?code=abc"],
    "staff": [
        "/search",
        "/search?q=办公桌",
        "/search?q=没有这样东西",
        "/search?view=table",
        "/assets/{desk}",
        "/profile",
        "/messages",
        "/inbox",
        "/orders",
        "/orders?box=waiting",
        "/orders?box=ended&q=没有这样东西",
        "/basket",
    ],
    "officer": [
        "/inbox",
        "/assets",
        "/assets?q=没有这样东西",
        "/assets/new",
        "/assets/labels?ids={desk}",
        "/imports",
        "/profile/password",
        "/profile/stand-ins",
        "/idle",
        "/idle?show=answered",
        "/events",
    ],
    "keeper": ["/assets/{desk}", "/assets/{desk}/edit", "/assets/{desk}/photos", "/assets/{desk}/listing"],
    "manager": [
        "/admin/synonyms",
        "/admin/policies",
        "/assets",
        "/assets/{desk}",
        "/idle?show=review",
        "/admin/idle-policies",
        "/admin/idle-policies?add=1",
    ],
    "auditor": ["/search", "/assets/{hidden}", "/admin/audit", "/admin/audit?words=没有这样的理由"],
    "system": ["/admin/calendar", "/admin/calendar?year=2027"],
    "security": [
        "/admin/units",
        "/admin/units/new",
        "/admin/units/import",
        "/admin/users",
        "/admin/users/new",
    ],
}


@pytest.mark.parametrize("username", list(PAGES))
def test_pages_are_accessible_and_fit_on_a_desk_and_on_a_phone(
    open_page: OpenPage, organisation: Organisation, username: str
) -> None:
    page = open_page(username)
    found = []
    for path in PAGES[username]:
        answer = page.goto(path.format(desk=organisation.desk, hidden=organisation.hidden))
        assert answer is not None
        assert answer.status == 200, path
        found += faults(page)
    assert not found, "\n".join(found)
