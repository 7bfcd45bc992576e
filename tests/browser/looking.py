"""Looking at a page as it stands: what axe finds, and whether it fits its screen."""

from __future__ import annotations

import re
from collections.abc import Iterable

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
SIZES = (DESK, PHONE)

_AT_REST = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  await document.fonts.ready;
  do {
    await frame();
    await frame();
  } while (document.querySelector(".htmx-request"));
}"""
# What axe would fetch once more, style sheets and sounds, is for rules about what plays: nothing does here.
_VIOLATIONS = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false });
  return violations.map(({ id, nodes }) => `${id} ${nodes[0].html.slice(0, 200)}`);
}"""


def place(page: Page) -> str:
    """The page's path and query."""
    return re.sub(r"^\w+://[^/]+", "", page.url)


def rest(page: Page) -> None:
    """Wait until nothing is being fetched into the page and what came is drawn."""
    page.evaluate(_AT_REST)


def faults(page: Page, sizes: Iterable[ViewportSize] = SIZES) -> list[str]:
    """What axe finds at each size, and where the page is wider than the screen; then its own size again."""
    own = page.viewport_size
    assert own is not None
    found = []
    for size in sorted(sizes, key=lambda size: size != own):
        _resize(page, size)
        found += [f"{place(page)} at {size['width']}: {fault}" for fault in _at_this_size(page)]
    _resize(page, own)
    return found


def too_wide(page: Page) -> bool:
    """Whether one would have to move the page sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def _resize(page: Page, size: ViewportSize) -> None:
    if page.viewport_size != size:
        page.set_viewport_size(size)
    rest(page)


def _at_this_size(page: Page) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    violations: list[str] = page.evaluate(_VIOLATIONS)
    return violations + (["wider than the screen"] if too_wide(page) else [])
