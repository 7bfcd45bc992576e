"""People at their desks, and with a phone in their hand, through whom an order passes."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from marketplace.demo.drawings import draw
from tests.browser.conftest import PHONE, OpenPage

FINGER = [(0.15, 0.3), (0.3, 0.8), (0.45, 0.25), (0.6, 0.75), (0.8, 0.4)]
"""Places on the pad, as parts of its width and height, that the finger passes."""


@dataclass
class Offices:
    """The desks of everyone involved: each page that somebody passes is looked at on the way."""

    open_page: OpenPage
    viewport: dict[str, int]
    folder: Path
    found: list[str] = field(default_factory=list)
    """What axe finds, and pages wider than their screen."""

    def desk(self, username: str) -> Page:
        """Somebody's own screen."""
        return self.open_page(username, self.viewport)

    def phone(self, username: str) -> Page:
        """Somebody's phone: narrow, and touched with a finger."""
        return self.open_page(username, PHONE, has_touch=True)

    def look(self, page: Page) -> Page:
        """Note down whatever is wrong with the page as it stands."""
        page.wait_for_load_state("networkidle")
        where = re.sub(r"^\w+://[^/]+", "", page.url)
        for one in Axe().run(page).response["violations"]:
            self.found.append(f"{where}: {one['id']} {one['nodes'][0]['html'][:200]}")
        if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
            self.found.append(f"{where}: wider than the screen")
        return page

    def agree(self, username: str, thing: str) -> None:
        """Find the thing in the inbox, read what agreeing will do, and agree."""
        page = self.desk(username)
        page.goto("/inbox")
        self.look(page)
        page.get_by_role("list", name="等您办理的事").get_by_role("link").filter(has_text=thing).first.click()
        expect(page.get_by_role("heading", name=thing).first).to_be_visible()
        self.look(page)
        page.get_by_role("button", name="同意", exact=True).click()
        expect(page.get_by_text(re.compile(r"^已同意(DB|JY)\d+。$"))).to_be_visible()
        self.look(page)
        page.context.close()

    def sign(self, username: str, asset: int, *, damage: str = "") -> str:
        """Scan the thing's label with the phone, photograph it, check it, and sign; gives the address."""
        page = self.phone(username)
        page.goto(f"/a/{asset}")
        page.wait_for_url("**/orders/*/*")
        address = page.url
        page.get_by_label("拍照", exact=True).set_input_files(self._photo())
        expect(page.get_by_role("list", name="现在的照片").get_by_role("img").first).to_be_visible()
        for box in page.get_by_role("group", name="逐项核对").get_by_role("checkbox").all():
            box.check()
        page.get_by_role("group", name="完好程度").get_by_role("radio").nth(1).check()
        if damage:
            page.get_by_label("损坏情况").fill(damage)
        draw_with_finger(page.get_by_role("img", name="签名区"))
        expect(page.get_by_role("button", name="清除重签")).to_be_enabled()
        self.look(page)
        page.get_by_role("button", name="签字确认").click()
        expect(page.get_by_text("已签字").first).to_be_visible()
        self.look(page)
        page.context.close()
        return address

    def verify(self, page: Page, link: str) -> str:
        """Open an order's paper and let a stranger type its code; gives the words on it, unspaced."""
        address = page.get_by_role("link", name=link).get_attribute("href")
        assert address is not None
        answer = page.request.get(address)
        assert answer.headers["content-type"] == "application/pdf"
        words = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(answer.body())).pages)
        code = re.search(r"\b(?:[A-Z2-9]{4}-){3}[A-Z2-9]{4}\b", words)
        assert code is not None, words
        stranger = self.open_page("", self.viewport)
        stranger.goto("/verify")
        self.look(stranger)
        stranger.get_by_label("核验码").fill(code[0])
        stranger.get_by_role("button", name="核验", exact=True).click()
        expect(stranger.get_by_text("单据属实", exact=True)).to_be_visible()
        self.look(stranger)
        stranger.context.close()
        return re.sub(r"\s", "", words)

    def _photo(self) -> Path:
        path = self.folder / "IMG_0002.jpg"
        draw("sofa", 3, (800, 600)).save(path, "JPEG")
        return path


def draw_with_finger(pad: Locator) -> None:
    """Touch the pad, go from place to place, and let go: as a finger does, not a mouse."""
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    client = pad.page.context.new_cdp_session(pad.page)
    for number, (x, y) in enumerate(FINGER):
        kind = "touchMove" if number else "touchStart"
        place = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
