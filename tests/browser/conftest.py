"""A real Chromium against the running program: web server, job process and both engines."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from playwright.sync_api import Browser, Page, StorageState, ViewportSize, sync_playwright

from drill.installation import free_port
from marketplace.config import Settings
from marketplace.db import migrate
from marketplace.db.session import make_engine, make_sessions
from marketplace.engines import process
from marketplace.serve import child_environment
from search.engine import Engine
from tests.browser.looking import DESK
from tests.browser.organisation import Organisation, found_organisation
from tests.conftest import own_database
from tests.factories import PASSWORD

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--lang=zh-CN",
]

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium(root: Path) -> str:
    """Path of a Chromium: the one that ``CHROMIUM`` names, else npm's, else the machine's own.

    npm's goes first because it has no windows to care for: a page costs it half of what it costs others.
    """
    if named := os.environ.get("CHROMIUM"):
        return named
    folder = root / "var" / "chromium"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unpacked = _output(
            "node", "tests/browser/chromium.mjs", cwd=root, env=os.environ | {"TMPDIR": str(folder)}
        )
    path = unpacked.strip()
    missing = _output("ldd", path) if path else "npm's is not there"
    if path and "not found" not in missing:
        return path
    for name in NAMES:
        if found := shutil.which(name):
            return found
    pytest.fail(f"No Chromium can run here. On Debian: apt install chromium\n{missing}")


def _output(*command: str, **options: Any) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False, **options).stdout


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for all tests of this worker."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def own(settings: Settings, worker: str) -> Settings:
    """Settings with a database and an index that only the running program and its tests touch."""
    url = own_database(settings.database_url, f"browser_{worker}")
    engine = make_engine(url)
    migrate.upgrade(engine)
    engine.dispose()
    return dataclasses.replace(
        settings, database_url=url, index_name=f"browser_{worker}", port=free_port(), workers=1
    )


@pytest.fixture(scope="package")
def organisation(own: Settings) -> Organisation:
    """Two schools and a hospital, their people, and some things that they own."""
    return found_organisation(make_sessions(make_engine(own.database_url)), Engine(own))


@pytest.fixture(scope="package")
def running(own: Settings, organisation: Organisation) -> Iterator[str]:
    """Address of the whole program, as ``gwc run`` starts it."""
    env = child_environment(own) | {"MEILI_INDEX": own.index_name}
    log = own.home / "program.log"
    children = [
        process.spawn([sys.executable, "-m", "marketplace.cli", part], env=env, log=log)
        for part in ("web", "jobs")
    ]
    address = f"http://127.0.0.1:{own.port}"
    try:
        if not process.wait_until(lambda: _answers(address), seconds=240):
            pytest.fail(f"The program did not start:\n{process.tail(log, 40)}")
        yield address
    finally:
        for child in children:
            process.stop(child)


@pytest.fixture(scope="package")
def signed_in() -> dict[str, StorageState]:
    """What the browsers of people who signed in keep of it, by their names."""
    return {}


@pytest.fixture
def open_page(browser: Browser, running: str, signed_in: dict[str, StorageState]) -> Iterator[OpenPage]:
    """Opens pages, each in a context of its own; an error on a page or a blocked resource fails the test."""
    with contextlib.ExitStack() as stack:
        problems: list[str] = []

        def opened(username: str = "", viewport: ViewportSize = DESK, **options: Any) -> Page:
            context = browser.new_context(
                base_url=running,
                viewport=viewport,
                locale="zh-CN",
                reduced_motion="reduce",
                storage_state=signed_in.get(username),
                **options,
            )
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(30_000)
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on(
                "console",
                lambda line: problems.append(line.text) if "Content Security" in line.text else None,
            )
            if username and username not in signed_in:
                sign_in(page, username)
                signed_in[username] = context.storage_state()
            return page

        yield opened
        assert not problems, problems


def sign_in(page: Page, username: str) -> None:
    """Through the sign-in page, as everybody does."""
    page.goto("/login")
    page.get_by_label("用户名", exact=True).fill(username)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url(lambda url: "/login" not in url)


def _answers(address: str) -> bool:
    try:
        return urllib3.request("GET", f"{address}/readyz", timeout=2, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False
