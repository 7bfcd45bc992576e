"""People at their desks, and with a phone in their hand, through whom an order passes."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from marketplace.demo.drawings import draw
from tests.browser.conftest import OpenPage
from tests.browser.looking import DESK, PHONE, SIZES, faults, place

FINGER = [(0.15, 0.3), (0.3, 0.8), (0.45, 0.25), (0.6, 0.75), (0.8, 0.4)]
"""Places on the pad, as parts of its width and height, that the finger passes."""


@dataclass
class Offices:
    """The screens of everyone involved: each page that somebody passes is looked at on the way."""

    open_page: OpenPage
    folder: Path
    on_phones: frozenset[str] = frozenset()
    """Who does all of it on a phone."""
    found: list[str] = field(default_factory=list)
    """What axe finds, and pages wider than their screen."""
    screens: dict[tuple[str, bool], Page] = field(default_factory=dict)
    seen: set[tuple[str, int]] = field(default_factory=set)
    """Kinds of pages, by their addresses, that axe has been through, and at which width."""

    def desk(self, username: str = "") -> Page:
        """Somebody's own screen, on which they stay signed in."""
        return self._screen(username, False)

    def phone(self, username: str) -> Page:
        """Somebody's phone: narrow, and touched with a finger."""
        return self._screen(username, True)

    def _screen(self, username: str, touch: bool) -> Page:
        if (username, touch) not in self.screens:
            size = PHONE if touch or username in self.on_phones else DESK
            self.screens[username, touch] = self.open_page(username, size, has_touch=touch)
        return self.screens[username, touch]

    def look(self, page: Page) -> Page:
        """Note down whatever is wrong with the page as it stands, and once for its kind at the other size."""
        own, kind = page.viewport_size, re.sub(r"\d+", "0", place(page))
        assert own is not None
        self.seen.add((kind, own["width"]))
        other = [size for size in SIZES if (kind, size["width"]) not in self.seen]
        self.seen.update((kind, size["width"]) for size in other)
        self.found += faults(page, [own, *other])
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
        stranger = self.desk()
        stranger.goto("/verify")
        self.look(stranger)
        stranger.get_by_label("核验码").fill(code[0])
        stranger.get_by_role("button", name="核验", exact=True).click()
        expect(stranger.get_by_text("单据属实", exact=True)).to_be_visible()
        self.look(stranger)
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
