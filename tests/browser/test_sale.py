"""From an idle thing to its proceeds in a real browser, through every role, and past the public's eyes.

Weeks pass in between, so the application runs in this process, by a clock that the test sets.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from werkzeug.serving import make_server

from drill.installation import free_port
from jobs.idle import walk_timetable
from jobs.means import Means
from marketplace.app import create_app
from marketplace.config import Settings
from marketplace.db import migrate
from marketplace.db.assets import Asset
from marketplace.db.idle import Event
from marketplace.db.people import Unit
from marketplace.db.session import make_engine, make_sessions, transaction
from marketplace.demo.drawings import draw
from marketplace.domain.permissions import PLATFORM
from marketplace.domain.states import AssetState
from marketplace.media.store import FolderStore
from marketplace.use_cases import idle_flagging, photos
from search.engine import Engine
from search.finder import MeiliFinder
from search.nodes import Nodes
from tests import factories
from tests.browser.conftest import sign_in
from tests.browser.looking import DESK
from tests.browser.offices import Offices
from tests.browser.organisation import Organisation, found_organisation
from tests.conftest import NOW, own_database
from tests.web.conftest import Clock

pytestmark = pytest.mark.browser

ZONE = dt.timezone(dt.timedelta(hours=8))
WINNER = "欧阳振华"
ON_PHONES = frozenset({"keeper", "finance", ""})
TEXTS = {
    "公告标题": "医疗设备拍卖公告",
    "委托人": "江州市第一人民医院",
    "处置批复文号": "江财资〔2026〕8号",
    "拍卖平台": "江州市公共资源交易平台",
    "展示地点": "江州市学府路1号库房",
    "看样联系人": "李老师",
    "预约电话": "0570-1234567",
    "监督电话": "0570-7654321",
}


@dataclass
class Site:
    """The application with its clock, and screens in front of it."""

    organisation: Organisation
    means: Means
    clock: Clock
    offices: Offices

    def on(self, username: str, path: str) -> Page:
        """Somebody's own screen with a page open on it; nobody signs in twice a day."""
        page = self.offices.desk(username)
        page.goto(path)
        return page

    def wait(self, days: int) -> None:
        """Days pass, over which everybody is signed out."""
        self.clock.advance(days=days)
        self.offices.screens.clear()

    def flagged(self, name: str) -> int:
        """A thing of the hospital with a photo, bought for something that is over; the clock flags it."""
        sessions, today = self.organisation.sessions, self.clock.now.date()
        with transaction(sessions) as session:
            holder = session.get_one(Unit, self.organisation.hospital)
            event = Event(
                unit_id=holder.id, name="方舱医院", ends_on=today - dt.timedelta(days=9), created_at=NOW
            )
            session.add(event)
            session.flush()
            asset: int = factories.asset(session, holder, name, event_id=event.id).id
            store, picture = FolderStore(self.means.settings.media_dir), io.BytesIO()
            draw("sofa", asset, (800, 600)).save(picture, "JPEG")
            photos.add_photo(session, store, PLATFORM, NOW, asset, picture.getvalue(), "a.jpg")
            session.flush()
            round_ = idle_flagging.begin(session, self.clock.now, today, self.means.settings.time_zone)
            assert idle_flagging.flag_event_ended(session, round_)[0]
            idle_flagging.tell_holders(session, self.clock.now)
        return asset

    def nobody_wants(self, asset: int) -> None:
        """Days pass, until the thing has gone through its whole timetable."""
        for day in range(1, 120, 20):
            walk_timetable(self.means, self.clock.now + dt.timedelta(days=day), False)
            with self.organisation.sessions() as session:
                if session.get_one(Asset, asset).state is AssetState.DISPOSAL:
                    return
        raise AssertionError("somebody wants it")


@pytest.fixture(scope="module")
def own(settings: Settings, worker: str) -> Settings:
    """A database and an index in which weeks may pass: nothing that others offer grows old with it."""
    url = own_database(settings.database_url, f"sale_{worker}")
    engine = make_engine(url)
    migrate.upgrade(engine)
    engine.dispose()
    return dataclasses.replace(settings, database_url=url, index_name=f"sale_{worker}")


@pytest.fixture(scope="module")
def organisation(own: Settings) -> Organisation:
    """The same people as ever."""
    return found_organisation(make_sessions(make_engine(own.database_url)), Engine(own))


@pytest.fixture
def site(browser: Browser, own: Settings, organisation: Organisation, tmp_path: Path) -> Iterator[Site]:
    clock, port = Clock(), free_port()
    address = f"http://127.0.0.1:{port}"
    sessions = organisation.sessions
    app = create_app(own, MeiliFinder(own, sessions), clock=clock)
    server = make_server("127.0.0.1", port, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with contextlib.ExitStack() as stack:
        stack.callback(app.extensions["gwc"].close)
        stack.callback(server.shutdown)

        def opened(username: str = "", viewport: ViewportSize = DESK, **options: Any) -> Page:
            options |= {"base_url": address, "locale": "zh-CN", "reduced_motion": "reduce"}
            context = browser.new_context(viewport=viewport, **options)
            stack.callback(context.close)
            page = context.new_page()
            if username:
                sign_in(page, username)
            return page

        means = Means(own, sessions, Nodes(own), clock)
        yield Site(organisation, means, clock, Offices(opened, tmp_path, ON_PHONES))


def test_from_an_idle_flag_to_the_treasury(site: Site) -> None:
    thing = "移动护理站"
    asset = site.flagged(thing)
    _offer(site, thing)
    site.nobody_wants(asset)
    project = _prepare(site, thing)
    _press(site.on("finance", project), "批准")
    auction = _draft(site, project, thing)
    _press(site.on("finance", auction), "审核通过")
    _press(site.on("manager", auction), "发布公告", sure=True)
    number = _read_notice(site, thing)

    site.wait(30)
    _conclude(site, auction)
    _read_result(site, number)
    _pay(site, auction)
    card = site.on("keeper", f"/assets/{asset}")
    expect(card.locator("main")).to_contain_text("已成交")
    site.offices.look(card)
    assert not site.offices.found, "\n".join(site.offices.found)


def _offer(site: Site, thing: str) -> None:
    page = site.offices.look(site.on("keeper", "/idle"))
    row = page.get_by_role("row").filter(has_text=thing)
    expect(row).to_contain_text("方舱医院")
    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="上架").click()
    expect(page.get_by_text("已上架1项。")).to_be_visible()


def _prepare(site: Site, thing: str) -> str:
    page = site.on("manager", f"/disposals/new?q={thing}")
    page.get_by_role("checkbox", name=f"选择{thing}").check()
    page.get_by_label("项目名称").fill("方舱医院物资处置")
    page.get_by_label("处置方式").select_option("auction")
    _press(page, "建立处置项目")
    page.get_by_label("评估机构").fill("江州评估有限公司")
    page.get_by_label("评估基准日").fill("2026-08-20")
    page.get_by_label(f"{thing}的评估价").fill("50000")
    page.get_by_label(f"{thing}的已知瑕疵").fill("漆面划痕")
    _press(page, "保存")
    for place in range(page.get_by_role("button", name="登记", exact=True).count()):
        form = page.locator("form").filter(has=page.get_by_role("button", name="登记", exact=True)).nth(place)
        form.get_by_role("textbox").fill("江财资〔2026〕8号")
        with page.expect_navigation():
            form.get_by_role("button", name="登记", exact=True).click()
    site.offices.look(page)
    expect(page.get_by_text("未满足")).to_have_count(0)
    _press(page, "报送批准")
    return page.url


def _draft(site: Site, project: str, thing: str) -> str:
    page = site.on("manager", project)
    _press(page, "编制拍卖")
    for label, words in TEXTS.items():
        page.get_by_label(label, exact=True).fill(words)
    _press(page, "保存")
    site.offices.look(page)
    expect(page.get_by_text("日期、价格和内容均符合规定")).to_be_visible()
    stranger = site.on("", "/auctions")
    expect(stranger.locator("main")).not_to_contain_text(thing)
    _press(page, "送审")
    return page.url


def _read_notice(site: Site, thing: str) -> str:
    """A stranger finds it, reads it, sees the picture, and verifies it."""
    page = site.on("", f"/auctions?q={thing}")
    site.offices.look(page)
    page.get_by_role("link", name=TEXTS["公告标题"]).click()
    expect(page.get_by_role("heading", name=TEXTS["公告标题"])).to_be_visible()
    for words in (thing, "¥50,000.00", "漆面划痕", TEXTS["处置批复文号"], TEXTS["监督电话"]):
        expect(page.locator("main")).to_contain_text(words)
    picture = page.locator(".gallery img").first
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    site.offices.look(page)
    address = page.url
    page.get_by_role("link", name="核验本公告").click()
    expect(page.get_by_text("公告属实")).to_be_visible()
    site.offices.look(page)
    return address


def _conclude(site: Site, auction: str) -> None:
    page = site.on("manager", auction)
    page.get_by_label("成交价").fill("61000")
    page.get_by_label("买受人").fill(WINNER)
    page.get_by_label("成交日期").fill(site.clock.now.astimezone(ZONE).date().isoformat())
    _press(page, "公布结果", sure=True)
    site.offices.look(page)


def _read_result(site: Site, address: str) -> None:
    page = site.on("", address)
    expect(page.locator("main")).to_contain_text("¥61,000.00")
    expect(page.locator("body")).not_to_contain_text(WINNER)
    site.offices.look(page)


def _pay(site: Site, auction: str) -> None:
    today = site.clock.now.astimezone(ZONE).date().isoformat()
    page = site.on("manager", auction)
    page.get_by_label("收款日期").fill(today)
    page.get_by_label("收款凭证号").fill("收-2026-17")
    _press(page, "登记收入")
    page = site.on("finance", auction)
    expect(page.locator("main")).to_contain_text("未上缴")
    page.get_by_label("上缴日期").fill(today)
    page.get_by_label("缴库凭证号").fill("缴-2026-17")
    _press(page, "确认上缴")
    expect(page.locator("main")).not_to_contain_text("未上缴")
    site.offices.look(page)


def _press(page: Page, name: str, *, sure: bool = False) -> None:
    """Press a button, say that one is sure where that is asked, and wait for the page that follows."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).first.click()
        if sure:
            page.get_by_role("dialog").get_by_role("button").last.click()
