"""What the public reads: complete, alike for everyone, never a draft, there when the database isn't."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from decimal import Decimal
from xml.etree import ElementTree as Xml

import pytest
from sqlalchemy import text

from marketplace.db.auctions import Auction
from marketplace.db.people import Unit
from marketplace.db.session import transaction
from marketplace.use_cases import notices
from marketplace.use_cases.auctions import Outcome
from tests.conftest import NOW
from tests.use_cases.selling import ZONE, Office, office_at
from tests.web.conftest import World

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(autouse=True)
def _empty_shelf(world: World) -> None:
    world.app.extensions["shelf"].clear()


def sell(world: World, do: Callable[[Office], Auction]) -> str:
    """Do something in an office; gives the number of the auction it is about."""
    with transaction(world.sessions) as session:
        region = session.get_one(Unit, world.units["330000"])
        unit = session.get_one(Unit, world.units["JY-1"])
        return do(office_at(session, region, unit)).number


def published(world: World) -> str:
    return sell(world, lambda office: office.published(office.card("奥迪轿车")))


def test_a_notice_carries_everything_and_needs_no_session(world: World) -> None:
    number = published(world)
    answer = world.visitor().get(f"/auctions/{number}")
    assert answer.status_code == 200
    for words in (
        "公务用车拍卖公告",
        "¥50,000.00",
        "江财资〔2026〕8号",
        "0570-1234567",
        "漆面划痕",
        "有保留价",
    ):
        assert words in answer.text, words
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert answer.headers["Cache-Control"].startswith("public")
    assert "csrf" not in answer.text


def test_a_browser_that_has_the_page_gets_none(world: World) -> None:
    number = published(world)
    first = world.visitor().get(f"/auctions/{number}")
    again = world.visitor().get(f"/auctions/{number}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert world.visitor().get(f"/auctions/{number}", headers=since).status_code == 304


def test_no_address_leads_to_a_draft(world: World) -> None:
    number = sell(world, lambda office: office.approve(office.draft(office.card("奥迪轿车"))))
    visitor = world.visitor()
    for path in (f"/auctions/{number}", f"/auctions/{number}/v1", f"/api/v1/auctions/{number}"):
        assert visitor.get(path).status_code == 404, path
    for path in ("/auctions", "/auctions.json", "/auctions/feed.atom", "/sitemap.xml", "/api/v1/auctions"):
        answer = visitor.get(path)
        assert answer.status_code == 200, path
        assert number not in answer.text, path


def test_photos_of_a_published_lot_are_public_and_no_others(world: World) -> None:
    ids: list[int] = []

    def draft(office: Office) -> Auction:
        ids.append(office.card("没有上拍的").id)
        return office.published(office.card("奥迪轿车"))

    sell(world, draft)
    answer = world.visitor().get(f"/auctions/media/{ids[0]:064x}/thumb.webp")
    assert answer.status_code == 404
    assert world.visitor().get(f"/media/{ids[0]:064x}/thumb.webp").status_code == 302


def test_every_version_stays_readable_and_an_old_one_says_so(world: World) -> None:
    def change(office: Office) -> Auction:
        auction = office.published()
        notices.suspend(office.session, office.manager, NOW, ZONE, auction.id, "有人提出权属异议")
        return auction

    number = sell(world, change)
    old, new = (world.visitor().get(f"/auctions/{number}/v{version}").text for version in (1, 2))
    assert "已有更新的一版" in old
    assert "权属异议" not in old
    assert "权属异议" in new
    assert "已有更新的一版" not in new
    assert world.visitor().get(f"/auctions/{number}/v3").status_code == 404
    assert "中止公告" in world.visitor().get(f"/auctions/{number}").text


def test_a_result_masks_the_buyer_everywhere(world: World) -> None:
    def finish(office: Office) -> Auction:
        auction = office.published()
        assert auction.ends_at
        now = auction.ends_at + dt.timedelta(hours=1)
        outcome = {1: Outcome(now.date(), Decimal("61000.00"), "张三丰")}
        notices.announce_results(office.session, office.manager, now, now.date(), ZONE, auction.id, outcome)
        return auction

    number = sell(world, finish)
    for path in (
        f"/auctions/{number}",
        f"/api/v1/auctions/{number}",
        "/auctions/feed.atom",
        "/auctions.json",
    ):
        assert "张三丰" not in world.visitor().get(path).text, path
    assert "张*丰" in world.visitor().get(f"/auctions/{number}").text


def test_the_list_is_searched_without_signing_in(world: World) -> None:
    number = published(world)
    visitor = world.visitor()
    assert number in visitor.get("/auctions").text
    assert number in visitor.get("/auctions?q=奥迪&region=江州市&phase=upcoming").text
    empty = visitor.get("/auctions?q=拖拉机")
    assert number not in empty.text
    assert "没有符合条件的公告" in empty.text
    assert visitor.get("/auctions?phase=nonsense&before=x").status_code == 200
    assert [one["number"] for one in json.loads(visitor.get("/auctions.json?q=奥迪").text)["items"]] == [
        number
    ]


def test_feed_and_map_are_what_their_readers_expect(world: World) -> None:
    number = published(world)
    feed = Xml.fromstring(world.visitor().get("/auctions/feed.atom").data)
    assert feed.tag == f"{ATOM}feed"
    assert [feed.find(ATOM + name) is not None for name in ("id", "title", "updated")] == [True] * 3
    (entry,) = feed.findall(f"{ATOM}entry")
    for name in ("id", "title", "updated", "author", "link", "summary"):
        assert entry.find(ATOM + name) is not None, name
    site = Xml.fromstring(world.visitor().get("/sitemap.xml").data)
    assert [loc.text or "" for loc in site.iter(f"{MAP}loc")][-1].endswith(f"/auctions/{number}")


def test_machines_find_the_sale_in_the_page(world: World) -> None:
    number = published(world)
    page = world.visitor().get(f"/auctions/{number}").text
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert found
    data = json.loads(found[1])
    assert (data["@type"], data["identifier"]) == ("SaleEvent", number)
    assert data["offers"][0]["price"] == "50000.00"
    assert 'property="og:title"' in page


def test_the_interface_gives_the_same_without_a_token(world: World) -> None:
    number = published(world)
    visitor = world.visitor()
    listed = visitor.get("/api/v1/auctions").get_json()
    assert [one["number"] for one in listed["items"]] == [number]
    whole = visitor.get(f"/api/v1/auctions/{number}").get_json()
    assert whole["lots"][0]["start_price"] == "50000.00"
    assert [one["version"] for one in whole["versions"]] == [1]


def test_anybody_can_verify_a_notice(world: World) -> None:
    number = published(world)
    visitor = world.visitor()
    digest = json.loads(visitor.get("/auctions.json").text)["items"][0]["digest"]
    assert "公告属实" in visitor.get(f"/auctions/verify?number={number}&digest={digest[:16]}").text
    forged = visitor.get(f"/auctions/verify?number={number}&digest={'0' * 16}")
    assert forged.status_code == 404
    assert "请勿采信" in forged.text


def test_the_page_from_before_serves_while_the_database_is_slow(world: World) -> None:
    number = published(world)
    visitor = world.visitor()
    before = visitor.get(f"/auctions/{number}")
    world.clock.advance(minutes=1)
    with world.sessions() as session, session.begin():
        session.execute(text("LOCK TABLE notices IN ACCESS EXCLUSIVE MODE"))
        session.execute(text("SET LOCAL statement_timeout = 0"))
        slow = visitor.get(f"/auctions/{number}")
    assert slow.status_code == 200
    assert "奥迪轿车" in slow.text
    assert "暂时无法更新" in slow.text
    assert "暂时无法更新" not in before.text
    assert int(slow.headers["Age"]) == 60
    assert slow.headers["ETag"] != before.headers["ETag"]


def test_another_language_is_another_address(world: World) -> None:
    number = published(world)
    assert '<html lang="en"' in world.visitor().get(f"/auctions/{number}?lang=en").text
    assert '<html lang="zh-CN"' in world.visitor().get(f"/auctions/{number}").text


def test_without_any_notice_the_list_says_so_and_a_wrong_number_leads_to_the_list(world: World) -> None:
    assert "目前没有拍卖公告" in world.visitor().get("/auctions").text
    assert "没有符合条件的公告" in world.visitor().get("/auctions?phase=bidding").text
    lost = world.visitor().get("/auctions/PM20990001")
    assert lost.status_code == 404
    assert "没有找到这份公告" in lost.text
    assert "全部公告" in lost.text
    assert "全部公告" not in world.visitor().get("/nowhere").text
