"""Engines that are stopped but not gone answer nothing at all: public pages stay, the rest says so."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from drill.installation import standing_still
from marketplace.app import Application, create_app
from marketplace.config import Settings, from_environment
from marketplace.db import migrate
from marketplace.db.people import Unit
from marketplace.db.session import SessionFactory, make_engine, make_sessions, transaction
from marketplace.domain.permissions import PLATFORM, Role
from marketplace.edge.gate import PLACES
from marketplace.engines.embedded import engines
from marketplace.engines.process import wait_until
from marketplace.use_cases.accounts import issue_token
from search import rebuild
from search.engine import Engine
from search.finder import MeiliFinder
from tests import factories
from tests.conftest import NOW
from tests.use_cases.selling import office_at
from tests.web.conftest import Clock


@dataclass
class Site:
    """The application on engines of its own, which a test may stop."""

    app: Application
    clock: Clock
    settings: Settings
    number: str
    token: str

    def get(self, path: str) -> tuple[int, str]:
        answer = self.app.test_client().get(path)
        return answer.status_code, answer.text

    def as_program(self, path: str) -> int:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.app.test_client().get(f"/api/v1{path}", headers=headers).status_code


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("outage")
    clock = Clock()
    with engines(from_environment({"GWC_HOME": str(home)}), throwaway=True) as settings:
        database = make_engine(settings.database_url)
        migrate.upgrade(database)
        sessions = make_sessions(database)
        number, token = _found(sessions)
        rebuild.ensure_index(sessions, Engine(settings))
        app = create_app(settings, MeiliFinder(settings, sessions), clock=clock, testing=True)
        yield Site(app, clock, settings, number, token)
        app.extensions["gwc"].close()
        database.dispose()


def _found(sessions: SessionFactory) -> tuple[str, str]:
    with transaction(sessions) as session:
        region = factories.unit(session, code="330000", name="江州市", region_name="江州市")
        unit: Unit = factories.unit(session, region, code="JY-1", name="第一中学")
        desk = office_at(session, region, unit)
        staff = factories.user(session, unit, Role.STAFF)
        return desk.published(desk.card("奥迪轿车")).number, issue_token(session, PLATFORM, NOW, staff, "x")


def stopped(home: Path, program: str) -> AbstractContextManager[None]:
    """All processes of one engine stand still during the block."""
    found = [pid for pid in _tree(_supervisor(home)) if _runs(pid, program)]
    assert found
    return standing_still(found)


def _supervisor(home: Path) -> int:
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            said = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            if b"engines.supervisor" in said and str(home).encode() in said:
                return int(entry.name)
    raise AssertionError("no engines")


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from _tree(int(child))


def _runs(pid: int, program: str) -> bool:
    return Path(f"/proc/{pid}/comm").read_text().startswith(program)


def test_public_pages_outlast_a_database_that_answers_nothing(site: Site) -> None:
    known = ["/auctions", f"/auctions/{site.number}", f"/auctions/{site.number}/v1", "/auctions.json"]
    known += ["/auctions/feed.atom", "/sitemap.xml", f"/api/v1/auctions/{site.number}"]
    for path in known:
        assert site.get(path)[0] == 200, path
    assert site.as_program("/me") == 200
    refused: list[int] = []
    crowd = [
        threading.Thread(target=lambda: refused.append(site.as_program("/me")), daemon=True)
        for _ in range(2 * PLACES)
    ]
    with stopped(site.settings.home, "postgres"):
        for one in crowd:
            one.start()
        site.clock.advance(minutes=5)
        for path in known:
            status, page = site.get(path)
            assert status == 200, path
            assert ("暂时无法更新" in page) is page.startswith("<!doctype"), path
        assert site.get("/auctions?q=拖拉机")[0] == 503
        assert site.get(f"/auctions/media/{7:064x}/thumb.webp")[0] == 503
        assert site.get("/healthz")[0] == 200
        crowd[-1].join(20)
        # Whoever found all places taken was told so; the others still wait for an answer.
        assert set(refused) == {503}
    for one in crowd:
        one.join(30)
    assert sorted(refused) == [200] * PLACES + [503] * PLACES

    def recovered() -> bool:
        site.clock.advance(minutes=1)
        return "暂时无法更新" not in site.get("/auctions")[1]

    # Whoever comes before the first new connection stands sees the page from before once more.
    assert wait_until(recovered, seconds=30)
    assert site.as_program("/me") == 200


def test_public_pages_do_not_notice_a_stopped_search_engine(site: Site) -> None:
    with stopped(site.settings.home, "meili"):
        site.clock.advance(minutes=5)
        status, page = site.get(f"/auctions/{site.number}")
        assert (status, "暂时无法更新" in page) == (200, False)
        assert site.number in site.get("/auctions?q=奥迪")[1]
