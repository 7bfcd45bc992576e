"""Takes the README's screenshots from a running demo: ``python -m tests.browser.screenshots ADDRESS``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from marketplace.demo.people import demo_accounts

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
REGISTER = """资产编号,资产名称,规格型号,数量,计量单位,原值,购置日期,存放地点
ZC-2019-0001,联想ThinkPad E14笔记本电脑,E14,3,台,4999.00,2019-06-12,主楼302室
ZC-2019-0002,会议桌,3.6m,1,张,3200.00,2019/6/12,主楼会议室
ZC-2019-0003,格力柜式空调,KFR-72LW,2,台,八千,43628,主楼会议室
合计,,,6,,,,
"""


def main(address: str) -> None:
    """Sign in as an asset officer and take each picture at 1280 pixels."""
    account = next(one for one in demo_accounts() if "unit_asset_officer" in one["roles"])
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--lang=zh-CN"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 860}, locale="zh-CN", base_url=address)
        page.goto("/login")
        page.locator("input[name=username]").fill(account["username"])
        page.locator("input[name=password]").fill(account["password"])
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        _take(page, "/search?q=笔记本", "search")
        page.locator("[data-result]").first.click()
        page.wait_for_url("**/assets/*")
        _take(page, page.url, "asset")
        _take(page, "/assets?sort=newest", "register")
        page.goto("/imports")
        page.locator("input[type=file]").set_input_files(
            {"name": "register.csv", "mimeType": "text/csv", "buffer": REGISTER.encode("gb18030")}
        )
        page.locator("main form button[type=submit]").first.click()
        page.get_by_role("button", name="检查数据，看预览").click()
        page.get_by_role("button", name="开始导入").wait_for()
        _take(page, page.url, "import")
        browser.close()


def _take(page: Page, path: str, name: str) -> None:
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1])
