"""A real Chromium against the running program: web server, job process and both engines."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import Engine

from marketplace.config import Settings
from marketplace.db.session import SessionFactory, make_sessions
from marketplace.engines import process
from marketplace.serve import child_environment
from tests.servers import free_port

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--lang=zh-CN",
]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


@pytest.fixture(scope="session")
def chromium(root: Path) -> str:
    """Path of a Chromium: the machine's own, else the one from npm."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    unpacked = subprocess.run(
        ["node", "tests/browser/chromium.mjs"], cwd=root, capture_output=True, text=True, check=False
    )
    path = unpacked.stdout.strip()
    missing = (
        subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout if path else ""
    )
    if unpacked.returncode or "not found" in missing:
        pytest.fail(f"No Chromium can run here. On Debian: apt install chromium\n{unpacked.stderr}{missing}")
    return path


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for all tests of this worker."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def running(settings: Settings, engine: Engine) -> Iterator[str]:
    """Address of the whole program, as ``gwc run`` starts it, on this worker's database and index."""
    own = dataclasses.replace(settings, port=free_port(), workers=1)
    env = child_environment(own) | {"MEILI_INDEX": own.index_name}
    log = settings.home / "program.log"
    children = [
        process.spawn([sys.executable, "-m", "marketplace.cli", part], env=env, log=log)
        for part in ("web", "jobs")
    ]
    address = f"http://127.0.0.1:{own.port}"
    try:
        if not process.wait_until(lambda: _answers(address), seconds=60):
            pytest.fail(f"The program did not start:\n{process.tail(log, 40)}")
        yield address
    finally:
        for child in children:
            process.stop(child)


@pytest.fixture
def open_page(browser: Browser, running: str) -> Iterator[Callable[..., Page]]:
    """Opens pages of the program, each in a context of its own; any error on a page fails the test."""
    with contextlib.ExitStack() as stack:
        problems: list[str] = []

        def opened(viewport: dict[str, int] = DESK, **options: object) -> Page:
            context: BrowserContext = browser.new_context(
                base_url=running,
                viewport=viewport,
                locale="zh-CN",
                **options,  # type: ignore[arg-type]
            )
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(20_000)
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on(
                "console",
                lambda line: problems.append(line.text) if "Content Security" in line.text else None,
            )
            return page

        yield opened
        assert not problems, problems


@pytest.fixture
def committed(sessions: SessionFactory, engine: Engine) -> SessionFactory:
    """Sessions whose rows the running program sees; emptied after the test."""
    return make_sessions(engine)


def _answers(address: str) -> bool:
    try:
        return urllib3.request("GET", f"{address}/readyz", timeout=2, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False
