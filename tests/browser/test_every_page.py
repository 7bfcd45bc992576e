"""Every page, for whom it is made: nothing for axe to find, nothing wider than the screen."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import DESK, PHONE, OpenPage
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


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("username", list(PAGES))
def test_pages_are_accessible_and_fit(
    open_page: OpenPage, organisation: Organisation, username: str, viewport: dict[str, int]
) -> None:
    page = open_page(username, viewport)
    found = []
    for path in PAGES[username]:
        answer = page.goto(path.format(desk=organisation.desk, hidden=organisation.hidden))
        assert answer is not None
        assert answer.status == 200, path
        page.wait_for_load_state("networkidle")
        found += [
            f"{path}: {one['id']} {one['nodes'][0]['html'][:200]}"
            for one in Axe().run(page).response["violations"]
        ]
        if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
            found.append(f"{path}: wider than the screen")
    assert not found, "\n".join(found)
