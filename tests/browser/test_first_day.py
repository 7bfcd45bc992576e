"""The first day: a register goes in, one thing is photographed and listed, another unit finds it."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from marketplace.demo.drawings import draw
from tests.browser.conftest import OpenPage
from tests.browser.looking import SIZES, too_wide
from tests.browser.organisation import HIDDEN, Organisation

pytestmark = pytest.mark.browser

HEADER = "State,Agency Name,NSN,Item Name,Quantity,UI,Acquisition Value,DEMIL Code,Ship Date"
ROWS = 240


@pytest.fixture
def surplus(tmp_path: Path) -> Path:
    """Like the US federal surplus list: no numbers, equal rows, quoted commas, zero values."""
    file = tmp_path / "surplus.csv"
    lines = [HEADER]
    for row in range(ROWS):
        item = "笔记本电脑 ThinkPad T480" if row == 100 else '"TRUCK,UTILITY"'
        stock, value = f"2320-01-371-95{row % 9:02}", row % 5 * 1000
        lines.append(f"AL,ABBEVILLE POLICE DEPT,{stock},{item},1,Each,{value},C,2016-09-29 00:00:00")
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def _import(page: Page, file: Path) -> None:
    page.goto("/imports")
    page.locator("input[type=file]").set_input_files(file)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/imports/*")


def _upright_picture(tmp_path: Path) -> Path:
    """A photo as phones write it: stored on its side, with the turn in its metadata."""
    picture = draw("laptop", 7, (800, 600)).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=exif)
    path = tmp_path / "IMG_0001.jpg"
    path.write_bytes(file.getvalue())
    return path


def test_from_a_register_to_a_find(
    open_page: OpenPage, organisation: Organisation, surplus: Path, tmp_path: Path
) -> None:
    officer = open_page("officer")
    _import(officer, surplus)
    officer.locator("select[name=column-2]").select_option("serial_number")
    officer.get_by_role("button", name="检查数据，看预览").click()
    officer.get_by_role("button", name="开始导入").click()
    expect(officer.get_by_text("全部导入")).to_be_visible(timeout=60_000)

    # The same file again: the corrected column is remembered, and nothing is to be written.
    _import(officer, surplus)
    expect(officer.get_by_text("列的对应沿用上次确认的")).to_be_visible(timeout=60_000)
    expect(officer.get_by_role("heading", name="与现有资产卡片完全一致")).to_be_visible()

    organisation.settle()
    officer.goto("/assets?q=T480")
    officer.locator("main table tbody a").first.click()
    officer.wait_for_url("**/assets/*")
    address = officer.url

    officer.get_by_role("link", name="添加照片").click()
    officer.locator("input[type=file]").first.set_input_files(_upright_picture(tmp_path))
    send = officer.get_by_role("button", name="上传")
    if send.count() and send.first.is_visible():
        send.first.click()
    photo = officer.locator("main img[src*='/media/']").first
    expect(photo).to_be_visible()
    assert photo.evaluate("image => image.decode().then(() => image.naturalWidth > image.naturalHeight)")

    officer.goto(address)
    officer.get_by_role("button", name="上架", exact=True).click()
    expect(officer.locator("main")).to_contain_text("在仓")
    organisation.settle()

    staff = open_page("staff")
    for typed in ("手提电脑", "bijiben", "bjb", "笔计本电脑", "thinkpda", "Ｔ４８０"):
        staff.goto("/search")
        expect(staff.locator("input[name=q]")).to_be_focused()
        staff.keyboard.type(typed, delay=40)
        # The hospital's own desk is on offer too: only what was typed leaves the laptop alone.
        staff.wait_for_url(lambda url, typed=typed: quote(typed) in url)
        found = staff.locator("[data-result]")
        expect(found, typed).to_have_count(1)
        expect(found).to_contain_text("ThinkPad T480")
    found.click()
    staff.wait_for_url(address)
    expect(staff.locator("main")).to_contain_text("江州市第一中学")
    staff.go_back()
    expect(staff.locator("input[name=q]")).to_have_value("Ｔ４８０")


def test_what_the_scope_hides_is_not_found_counted_or_opened(
    open_page: OpenPage, organisation: Organisation
) -> None:
    officer = open_page("officer")
    officer.goto("/search?q=不上架")
    expect(officer.get_by_text(HIDDEN)).to_have_count(0)
    officer.goto("/search?q=办公桌")
    expect(officer.locator("[data-result]")).to_have_count(1)
    answer = officer.goto(f"/assets/{organisation.hidden}")
    assert answer is not None
    assert answer.status == 404
    assert officer.request.get(f"/search/suggest?q={HIDDEN[:3]}").json() == []


def test_search_works_without_javascript(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.goto("/login")
    page.locator("input[name=username]").fill("staff")
    page.locator("input[name=password]").fill("Correct-Horse-9")
    page.get_by_role("button", name="登录", exact=True).click()
    page.locator("input[name=q]").fill("办公桌")
    page.get_by_role("button", name="搜索").first.click()
    expect(page.locator("[data-result]")).to_have_count(1)


def test_a_filter_chosen_stays_in_the_address(open_page: OpenPage) -> None:
    for size in SIZES:
        page = open_page("staff", size)
        page.goto("/search")
        page.get_by_text("可借用").first.click()
        page.wait_for_url("**mode=loan**")
        page.reload()
        expect(page.locator("[data-result]").first).to_be_visible()
        assert "mode=loan" in page.url
        assert not too_wide(page)
