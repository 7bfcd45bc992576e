"""A public notice as it is read: by day and by night, on a phone, without scripts, and on paper."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from marketplace.db.people import Unit
from marketplace.db.session import transaction
from tests.browser.conftest import OpenPage
from tests.browser.looking import DESK, PHONE, faults
from tests.browser.organisation import Organisation
from tests.use_cases.selling import office_at

pytestmark = pytest.mark.browser

THING = "越野车"
WORDS = ("公务用车拍卖公告", "¥50,000.00", "漆面划痕", "江财资〔2026〕8号", "0570-7654321", "有保留价")


@pytest.fixture(scope="module")
def address(organisation: Organisation) -> str:
    """Where a notice can be read."""
    with transaction(organisation.sessions) as session:
        unit = session.get_one(Unit, organisation.hospital)
        region = session.get_one(Unit, unit.path[0])
        desk = office_at(session, region, unit)
        return f"/auctions/{desk.published(desk.card(THING)).number}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    open_page: OpenPage, address: str, scheme: str
) -> None:
    page, found = open_page(color_scheme=scheme), []
    for path in (
        address,
        f"{address}/v1?lang=en",
        "/auctions",
        "/auctions?q=没有这样东西",
        "/auctions/verify",
    ):
        page.goto(path)
        found += faults(page)
    assert not found, "\n".join(found)


def test_it_is_complete_without_scripts(open_page: OpenPage, address: str) -> None:
    page = open_page("", PHONE, java_script_enabled=False)
    page.goto(f"/auctions?q={THING}")
    page.get_by_role("link", name=WORDS[0]).click()
    for words in (THING, *WORDS):
        expect(page.locator("main")).to_contain_text(words)
    page.get_by_role("link", name="核验本公告").click()
    expect(page.get_by_text("公告属实")).to_be_visible()


def test_on_paper_it_is_the_whole_notice_and_nothing_to_press(open_page: OpenPage, address: str) -> None:
    page = open_page("", DESK)
    page.goto(address)
    sheets = PdfReader(io.BytesIO(page.pdf(format="A4", print_background=False))).pages
    # In a PDF's text, some characters are radicals that look the same.
    read = unicodedata.normalize("NFKC", "".join(sheet.extract_text() for sheet in sheets))
    printed = re.sub(r"\s", "", read)
    for words in ("50,000.00", "漆面划痕", "有保留价", "0570-7654321", "SHA-256"):
        assert words in printed, words
    for words in ("核验本公告", "键盘快捷键", "全部公告"):
        assert words not in printed, words
    assert [sheet.mediabox.width < sheet.mediabox.height for sheet in sheets] == [True] * len(sheets)
