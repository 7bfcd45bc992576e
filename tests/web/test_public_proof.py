"""What the public reads holds up to its readers: browsers, feed readers, search engines, and the curious."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import feedparser
import pytest
from PIL import Image
from sqlalchemy import text

from marketplace.db.assets import Photo
from marketplace.db.auctions import Auction
from marketplace.db.people import Unit
from marketplace.db.session import transaction
from marketplace.edge.access import access_of
from marketplace.media.images import SIZES
from marketplace.media.store import key
from marketplace.use_cases import auctions, notices
from marketplace.use_cases.auctions import Outcome
from tests.conftest import NOW
from tests.use_cases.selling import ZONE, Office, office_at
from tests.web.conftest import World

WINNER = "欧阳振华"
SECRET = "未公布的发电机组"
RESERVE = Decimal("73131.00")


@pytest.fixture(autouse=True)
def _empty_shelf(world: World) -> None:
    world.app.extensions["shelf"].clear()


def in_office(world: World, do: Callable[[Office], list[str]]) -> list[str]:
    """Do something in an office; gives the numbers that came of it."""
    with transaction(world.sessions) as session:
        region, unit = (session.get_one(Unit, world.units[code]) for code in ("330000", "JY-1"))
        return do(office_at(session, region, unit))


def finished(office: Office) -> str:
    """An auction with three versions: announced, suspended, sold."""
    auction = office.published(office.card("奥迪轿车"), office.card("丰田面包车"))
    assert auction.ends_at
    now = auction.ends_at + dt.timedelta(hours=1)
    outcomes = {lot.number: Outcome(now.date(), Decimal("61000.00"), WINNER) for lot in auction.lots}
    notices.announce_results(office.session, office.manager, now, now.date(), ZONE, auction.id, outcomes)
    return auction.number


def hidden(office: Office) -> Iterator[Auction]:
    """Auctions that nobody has published, one in each state that there is before."""
    for advance in range(3):
        auction = office.draft(office.card(SECRET))
        for lot in auction.lots:
            lot.reserve_price = RESERVE
        if advance:
            auctions.submit(office.session, office.manager, NOW, auction.id)
        if advance > 1:
            auctions.approve(office.session, office.second, NOW, auction.id)
        yield auction


def test_pages_are_valid_html(world: World, root: Path, tmp_path: Path) -> None:
    visitor = world.visitor()
    empty = visitor.get("/auctions").text
    world.app.extensions["shelf"].clear()
    old, over = in_office(world, lambda office: [office.published(office.card()).number, finished(office)])
    paths = ["/auctions", "/auctions?q=没有这样东西", f"/auctions/{old}", f"/auctions/{old}?lang=en"]
    paths += [f"/auctions/{over}", f"/auctions/{over}/v1", "/auctions/verify", "/auctions/PM20990001"]
    paths += ["/verify", "/verify?code=abc", f"/auctions/verify?number={over}&digest={'0' * 16}"]
    pages = [empty, *(visitor.get(path).text for path in paths)]
    world.clock.advance(minutes=5)
    with world.sessions() as session, session.begin():
        session.execute(text("LOCK TABLE notices IN ACCESS EXCLUSIVE MODE"))
        pages.append(visitor.get(f"/auctions/{old}").text)
    assert "暂时无法更新" in pages[-1]
    for number, page in enumerate(pages):
        (tmp_path / f"{number}.html").write_text(page)
    said = subprocess.run(
        [
            root / "node_modules/.bin/html-validate",
            *("--config", root / "tests/web/html-validate.json", "--formatter", "text", tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stdout) == (0, ""), said.stdout + said.stderr


def test_a_feed_reader_takes_the_feed(world: World) -> None:
    (number,) = in_office(world, lambda office: [finished(office)])
    feed = feedparser.parse(world.visitor().get("/auctions/feed.atom").data)
    assert (feed.bozo, feed.version) == (False, "atom10")
    kinds = [entry.title.partition("：")[0] for entry in feed.entries]
    assert kinds == ["结果公告", "拍卖公告"]
    assert len({entry.id for entry in feed.entries}) == 2
    for entry in feed.entries:
        assert urlsplit(entry.link).path.startswith(f"/auctions/{number}/v")
        assert world.visitor().get(urlsplit(entry.link).path).status_code == 200
        assert entry.updated_parsed
        assert entry.author


def test_search_engines_read_a_sale_and_its_picture(world: World) -> None:
    digests: list[str] = []

    def published(office: Office) -> list[str]:
        card = office.card("奥迪轿车")
        digests.append(office.session.query(Photo).filter_by(asset_id=card.id).one().digest)
        return [office.published(card).number]

    (number,) = in_office(world, published)
    store = world.app.extensions["gwc"].photos
    for size in SIZES:
        picture = io.BytesIO()
        Image.new("RGB", (8, 6), "navy").save(picture, "WEBP")
        store.put(key(digests[0], size), picture.getvalue())
    page = world.visitor().get(f"/auctions/{number}").text
    data = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)[0])
    assert (data["@context"], data["@type"]) == ("https://schema.org", "SaleEvent")
    for moment in (data["startDate"], data["endDate"]):
        assert dt.datetime.fromisoformat(moment).tzinfo
    assert {"name", "location", "organizer", "offers", "eventStatus", "image"} <= data.keys()
    assert [offer["priceCurrency"] for offer in data["offers"]] == ["CNY"]
    (shared,) = re.findall(r'property="og:image" content="([^"]+)"', page)
    for address in (shared, *data["image"]):
        answer = world.visitor().get(urlsplit(address).path)
        assert (answer.status_code, answer.mimetype) == (200, "image/webp"), address
        assert Image.open(io.BytesIO(answer.data)).size == (8, 6)


def test_no_public_address_tells_of_a_draft_a_bidder_or_a_reserve_price(world: World) -> None:
    numbers: list[str] = []
    digests: list[str] = []

    def play(office: Office) -> list[str]:
        numbers.append(finished(office))
        for auction in hidden(office):
            numbers.append(auction.number)
            digests.extend(
                photo.digest for photo in office.session.query(Photo).filter_by(asset_id=_card(auction))
            )
        return numbers

    in_office(world, play)
    published, *drafts = numbers
    asked = 0
    for address in _public_addresses(world, numbers, digests):
        answer = world.visitor().get(address)
        asked += 1
        assert answer.status_code < 500, address
        for secret in (WINNER, SECRET, str(RESERVE), f"{RESERVE:,}", *drafts):
            if secret not in address:
                assert secret not in answer.text, (secret, address)
        path = urlsplit(address).path
        if any(draft in path for draft in drafts) and not path.startswith("/verify"):
            assert answer.status_code in (404, 302), address
        if any(digest in address for digest in digests):
            assert answer.status_code == 404, address
    assert asked > 60
    assert WINNER[0] in world.visitor().get(f"/auctions/{published}").text


def _card(auction: Auction) -> int:
    return auction.lots[0].items[0].project_item.asset_id


def _public_addresses(world: World, numbers: list[str], digests: list[str]) -> Iterator[str]:
    """Every address that is open to everyone, with whatever could be tried in it."""
    tried = {
        "number": numbers,
        "code": numbers,
        "version": ["1", "2", "3"],
        "digest": digests,
        "size": list(SIZES),
        "filename": [],
    }
    for rule in world.app.url_map.iter_rules():
        access = access_of(world.app.view_functions[rule.endpoint])
        if access is None or not access.public or "GET" not in (rule.methods or ()):
            continue
        assert rule.arguments <= tried.keys(), f"say what can be tried in {rule.rule}"
        names = sorted(rule.arguments)
        for values in itertools.product(*(tried[name] for name in names)):
            with world.app.test_request_context():
                yield world.app.url_for(rule.endpoint, **dict(zip(names, values, strict=True)))
    for number in numbers:
        for query in (f"?q={number}", f"?q={SECRET}", f"?q={WINNER}"):
            yield from (f"{path}{query}" for path in ("/auctions", "/auctions.json", "/api/v1/auctions"))
        yield f"/auctions/verify?number={number}&digest={'0' * 16}"
