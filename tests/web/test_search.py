"""广场 as a browser gets it: whole and in parts, its address, filters, notices, and who finds what."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from drill.installation import free_port
from marketplace.app import create_app
from marketplace.config import Settings
from marketplace.db.assets import Asset, Photo
from marketplace.db.catalogue import Category
from marketplace.db.people import Unit
from marketplace.db.session import transaction
from marketplace.domain.permissions import Role
from marketplace.reference.catalogue import load_reference
from search import indexer
from search.engine import Engine
from search.finder import MeiliFinder
from tests import factories
from tests.conftest import NOW
from tests.web.conftest import Visitor, World

PART = {"HX-Request": "true"}
Stock = Callable[[Callable[[Session, dict[str, Unit]], object]], None]


@pytest.fixture
def stock(world: World, settings: Settings) -> Stock:
    """Puts cards into database and index."""

    index = Engine(settings)
    index.wait(index.call("DELETE", f"/indexes/{index.index}/documents"))

    def fill(make: Callable[[Session, dict[str, Unit]], object]) -> None:
        with transaction(world.sessions) as session:
            make(session, {code: session.get_one(Unit, key) for code, key in world.units.items()})
            indexer.write(session, index, index.index, session.scalars(select(Asset.id)).all())

    return fill


@pytest.fixture
def reader(world: World, stock: Stock) -> Visitor:
    """Staff of a school, in front of a few things on offer."""
    stock(_a_few_things)
    return world.signed_in(Role.STAFF, at="JY-1")


def _a_few_things(session: Session, units: dict[str, Unit]) -> None:
    load_reference(session)
    laptops, computing, furniture = (
        session.get_one(Category, ("2022", code)) for code in ("A02010108", "A02010000", "A05000000")
    )
    factories.listed(
        session, units["JY-2"], "联想笔记本电脑", category=laptops, original_value="5600.00", for_loan=False
    )
    factories.listed(
        session, units["WS-1"], "戴尔笔记本电脑", category=laptops, original_value="7800.00", condition="fair"
    )
    factories.listed(session, units["WS-1"], "投影仪", category=computing, original_value="9000.00")
    factories.listed(
        session, units["440000"], "会议桌", category=furniture, original_value="400.00", for_transfer=False
    )


def _found(html: str) -> list[str]:
    """Names of what is shown, in order."""
    names = re.findall(r"data-result>(.*?)</a>", html)
    return [re.sub(r"<[^>]+>", "", unescape(name)) for name in names]


def _shown_ids(html: str) -> list[str]:
    return re.findall(r'id="asset-(\d+)"', html)


def _link(html: str, label: str) -> str:
    """Where the link with this label leads."""
    for address, text in re.findall(r'<a[^>]*? href="([^"]+)"[^>]*>(.*?)</a>', html, re.S):
        if label in re.sub(r"<[^>]+>", "", text):
            return unescape(address)
    raise AssertionError(f"no link {label!r}")


def _total(html: str) -> str:
    found = re.search(r'id="total"[^>]*>([^<]+)<', html)
    assert found, html[:400]
    return found[1].strip()


def _is_ticked(html: str, control: str) -> bool:
    found = re.search(rf'<input[^>]*id="{re.escape(control)}"[^>]*>', html)
    assert found, f"no {control}"
    return " checked" in found[0]


# Whole and in parts


def test_the_page_comes_whole_and_while_typing_in_parts(reader: Visitor) -> None:
    whole, part = reader.get("/search?q=笔记本"), reader.get("/search?q=笔记本", headers=PART)
    assert whole.text.startswith("<!doctype html>")
    assert "data-search" in whole.text
    assert "<html" not in part.text
    assert "data-search " not in part.text, "the box that is being typed into is never replaced"
    assert _found(whole.text) == _found(part.text) == ["联想笔记本电脑", "戴尔笔记本电脑"]
    assert 'hx-target="#facets"' in part.text
    assert "HX-Request" in whole.headers["Vary"]
    assert whole.headers["Cache-Control"] == "private, no-store"


def test_going_back_asks_for_the_whole_page(reader: Visitor) -> None:
    answer = reader.get("/search?q=笔记本", headers=PART | {"HX-History-Restore-Request": "true"})
    assert answer.text.startswith("<!doctype html>")


def test_the_names_of_things_cannot_bring_markup_along(world: World, stock: Stock) -> None:
    stock(lambda session, units: factories.listed(session, units["JY-2"], "<b>桌子</b>&<script>"))
    page = world.signed_in(Role.STAFF).get("/search?q=桌子").text
    assert "&lt;b&gt;<mark>桌子</mark>&lt;/b&gt;&amp;&lt;script&gt;" in page


# The address


def test_typing_goes_on_in_the_same_place_and_a_filter_is_a_step(reader: Visitor) -> None:
    here = PART | {"HX-Current-URL": "http://localhost/search?q=%E7%AC%94"}
    typed = reader.get("/search?q=笔记", headers=here)
    assert typed.headers["HX-Replace-Url"] == "/search?q=%E7%AC%94%E8%AE%B0"
    assert "HX-Push-Url" not in typed.headers
    chosen = reader.get("/search?q=笔&condition=good", headers=here)
    assert chosen.headers["HX-Push-Url"] == "/search?q=%E7%AC%94&condition=good"
    assert "HX-Replace-Url" not in chosen.headers


def test_the_address_says_the_same_search_in_one_way(reader: Visitor) -> None:
    long = "/search?view=cards&sort=relevance&condition=good&condition=fair&min_value=&q=+笔+&within_km="
    address = reader.get(long, headers=PART).headers["HX-Push-Url"]
    assert address == "/search?q=%E7%AC%94&condition=good,fair"
    assert reader.get(long).headers["Location"] == address, "a form without scripts leaves blanks behind"


def test_an_address_brings_the_whole_search_back(reader: Visitor) -> None:
    address = (
        "/search?q=笔记本&mode=loan&category=2022:A02010108&condition=fair&unit=WS-1&min_value=1000"
        "&max_value=8000&sort=value_high&view=table"
    )
    page = reader.get(address).text
    assert _found(page) == ["戴尔笔记本电脑"]
    assert re.search(r'<input type="search"[^>]* name="q" value="笔记本"', page)
    for control in ("mode-loan", "category-2022:A02010108", "condition-fair", "unit-WS-1"):
        assert _is_ticked(page, f"facet-{control}")
    assert not _is_ticked(page, "facet-mode-transfer")
    assert _is_ticked(page, "view-table")
    assert '<option value="value_high" selected>' in page
    assert re.search(r'name="min_value" value="1000"', page)
    assert re.search(r'name="max_value" value="8000"', page)
    for chip in ("可借用", "便携式计算机", "可用", "中心医院", "不低于1000元", "不高于8000元"):
        assert f"去掉条件：{chip}" in page


def test_an_amount_with_a_comma_is_one_amount(reader: Visitor) -> None:
    page = reader.get("/search?min_value=5,600.00&max_value=8,000").text
    assert sorted(_found(page)) == ["戴尔笔记本电脑", "联想笔记本电脑"]
    assert "不低于5,600.00元" in page
    assert "不高于8,000元" in _found_chips(reader.get(_link(page, "不低于5,600.00元")).text)


def _found_chips(html: str) -> list[str]:
    return re.findall(r'aria-label="去掉条件：([^"]+)"', html)


# Filters


def test_taking_a_condition_back_leaves_the_others(reader: Visitor) -> None:
    page = reader.get("/search?mode=loan&condition=good").text
    assert _found_chips(page) == ["可借用", "良好"]
    fewer = reader.get(_link(page, "可借用")).text
    assert _found_chips(fewer) == ["良好"]
    assert not _is_ticked(fewer, "facet-mode-loan")
    assert _found_chips(reader.get(_link(page, "清除全部")).text) == []


def test_clearing_keeps_the_words(reader: Visitor) -> None:
    page = reader.get("/search?q=笔记本&condition=fair").text
    assert parse_qs(urlsplit(_link(page, "清除全部")).query) == {"q": ["笔记本"]}


def test_a_step_of_the_value_is_put_in_and_taken_out_by_the_same_link(reader: Visitor) -> None:
    page = reader.get("/search").text
    narrowed = reader.get(_link(page, "5,000–10,000元")).text
    assert sorted(_found(narrowed)) == ["戴尔笔记本电脑", "投影仪", "联想笔记本电脑"]
    assert _found_chips(narrowed) == ["5,000–10,000元"]
    inside = narrowed[narrowed.index('id="facet-value"') :]
    assert _total(reader.get(_link(inside, "5,000–10,000元")).text) == _total(page)


def test_choices_say_what_choosing_them_would_give(reader: Visitor) -> None:
    page = reader.get("/search?condition=fair").text
    counts = dict(re.findall(r'id="facet-condition-(\w+)".*?class="count">(\d+)<', page, re.S))
    assert counts == {"good": "3", "fair": "1"}, "each counted as if the facet itself were not filtered"


def test_classes_and_units_stand_below_each_other(reader: Visitor) -> None:
    page = reader.get("/search").text
    below = page.index('id="below-category-2022:A02000000"')
    assert below < page.index('id="facet-category-2022:A02010108"')
    assert page.index('id="facet-category-2022:A02000000"') < below
    assert 'id="below-unit-WS"' in page
    assert "facet-unit-330000" not in page, "regions have a facet of their own"
    assert 'id="facet-region-' in page


def test_what_leads_to_a_chosen_class_is_open(reader: Visitor) -> None:
    page = reader.get("/search?category=2022:A02010108").text
    for code in ("A02000000", "A02010000"):
        assert f'<details id="below-category-2022:{code}" open>' in page


def test_the_two_squares_are_always_there(reader: Visitor) -> None:
    page = reader.get("/search?q=会议桌").text
    toggles = page[page.index('id="toggles"') : page.index('id="facets"')]
    assert re.findall(r"(可调剂|可借用) <small>(\d+)</small>", toggles) == [("可调剂", "0"), ("可借用", "1")]


def test_an_amount_that_cannot_be_read_is_named_and_the_rest_still_finds(reader: Visitor) -> None:
    page = reader.get("/search?min_value=abc&condition=fair").text
    assert _found(page) == ["戴尔笔记本电脑"]
    assert "应为金额，如 12,800.00" in page
    assert 'value="abc"' in page


@pytest.mark.parametrize("broken", ["sort=best", "year=last", "mode=theft", "within_km=far", "cursor=x"])
def test_a_broken_address_still_shows_something(reader: Visitor, broken: str) -> None:
    answer = reader.get(f"/search?q=笔记本&{broken}")
    assert answer.status_code == 200
    assert len(_found(answer.text)) == 2


@pytest.mark.parametrize(
    "unknown", ["category=abc:x", "category=x", "unit=nowhere", "region=00", "condition=worn", "state=lost"]
)
def test_what_nobody_knows_finds_nothing_and_can_be_taken_back(reader: Visitor, unknown: str) -> None:
    page = reader.get(f"/search?{unknown}").text
    assert _found(page) == []
    assert len(_found(reader.get(_link(page, "清除全部")).text)) == 4


def test_only_things_with_photos(reader: Visitor, world: World, stock: Stock) -> None:
    def photograph(session: Session, units: dict[str, Unit]) -> None:
        asset = factories.listed(session, units["WS-1"], "扫描仪")
        photo = Photo(
            asset_id=asset.id, position=0, digest="a" * 64, fingerprint=1, width=8, height=6, uploaded_at=NOW
        )
        session.add(photo)
        session.flush()
        asset.cover_photo_id = photo.id

    stock(photograph)
    page = reader.get("/search?has_photo=1").text
    assert _found(page) == ["扫描仪"]
    assert f"/media/{'a' * 64}/thumb.webp" in page
    assert _found_chips(page) == ["有照片"]


# How it is shown


def test_cards_and_table_show_the_same(reader: Visitor) -> None:
    cards, table = (
        reader.get("/search?sort=value_low").text,
        reader.get("/search?sort=value_low&view=table").text,
    )
    assert _found(cards) == _found(table) == ["会议桌", "联想笔记本电脑", "戴尔笔记本电脑", "投影仪"]
    assert "<table" not in cards
    assert 'aria-sort="ascending"' in table
    assert "value_high" in _link(table, "账面原值")


def test_what_matches_is_marked(reader: Visitor) -> None:
    assert "<mark>笔记本</mark>" in reader.get("/search?q=笔记本").text.replace(
        "<mark>笔记本电脑</mark>", "<mark>笔记本</mark>"
    )


# Going on


@pytest.fixture
def long_list(world: World, stock: Stock) -> Visitor:
    """Somebody in front of 60 chairs."""
    stock(lambda session, units: [factories.listed(session, units["WS-1"], f"椅子{n:02}") for n in range(60)])
    return world.signed_in(Role.STAFF)


def _pages(visitor: Visitor, address: str) -> Iterator[str]:
    page = visitor.get(address).text
    yield page
    while more := re.search(r'class="btn" href="[^"]*" hx-get="([^"]+)"', page):
        page = visitor.get(unescape(more[1]), headers=PART).text
        yield page


@pytest.mark.parametrize("address", ["/search", "/search?q=椅子", "/search?sort=name&view=table"])
def test_results_go_on_to_the_last_one_without_repeats(long_list: Visitor, address: str) -> None:
    pages = list(_pages(long_list, address))
    seen = [number for page in pages for number in _shown_ids(page)]
    assert [len(_shown_ids(page)) for page in pages] == [24, 24, 12]
    assert len(set(seen)) == 60
    assert "已显示 48 项，共 60 项" in pages[1]
    assert "已全部显示，共 60 项" in pages[2]


def test_coming_back_shows_as_many_as_were_seen(long_list: Visitor) -> None:
    first, *_ = _pages(long_list, "/search?q=椅子")
    more = re.search(r'hx-get="([^"]+cursor=[^"]+)"', first)
    assert more
    part = long_list.get(unescape(more[1]), headers=PART)
    kept = part.headers["HX-Replace-Url"]
    assert parse_qs(urlsplit(kept).query)["shown"] == ["48"]
    again = long_list.get(kept).text
    assert _shown_ids(again) == _shown_ids(first) + _shown_ids(part.text)
    assert "已显示 48 项，共 60 项" in again


def test_without_scripts_the_same_button_leads_to_a_longer_page(long_list: Visitor) -> None:
    page = long_list.get("/search").text
    assert len(_shown_ids(long_list.get(_link(page, "加载更多")).text)) == 48


def test_a_place_that_is_none_any_more_says_so(long_list: Visitor) -> None:
    answer = long_list.get("/search?q=椅子&cursor=xyz&shown=24", headers=PART)
    assert "结果有变化，请从头查看" in answer.text
    assert _shown_ids(answer.text) == []


# When little or nothing is found


def test_what_comes_close_is_called_so(reader: Visitor) -> None:
    page = reader.get("/search?q=投影仪+外星飞船").text
    assert "没有完全符合“投影仪 外星飞船”的资产" in page
    assert _found(page) == ["投影仪"]


def test_nothing_found_says_what_to_try(reader: Visitor) -> None:
    page = reader.get("/search?q=投影仪&condition=fair&mode=loan").text
    assert _found(page) == []
    assert "没有找到“投影仪”" in page
    assert "不加筛选条件，有1项" in page
    assert len(_found_chips(page)) == 2
    assert _found(reader.get(_link(page, "清除全部条件")).text) == ["投影仪"]


def test_nothing_found_offers_fewer_words(reader: Visitor) -> None:
    page = reader.get("/search?q=xqzzv+wvvkj").text
    assert parse_qs(urlsplit(_link(page, "xqzzv")).query) == {"q": ["xqzzv"]}
    assert "如“bijiben”“bjb”" in page


@pytest.mark.parametrize(
    ("role", "said"), [(Role.STAFF, "各单位的资产管理员"), (Role.UNIT_ASSET_OFFICER, "新建资产卡片")]
)
def test_an_empty_warehouse_says_how_it_fills(world: World, stock: Stock, role: Role, said: str) -> None:
    stock(lambda session, units: None)
    page = world.signed_in(role).get("/search").text
    assert "仓里还没有资产" in page
    assert said in page


def test_without_the_search_engine_the_database_answers_and_says_so(
    world: World, stock: Stock, settings: Settings
) -> None:
    stock(_a_few_things)
    away = dataclasses.replace(settings, meili_url=f"http://127.0.0.1:{free_port()}")
    app = create_app(away, MeiliFinder(away, world.sessions), clock=world.clock, testing=True)
    page = dataclasses.replace(world, app=app).signed_in(Role.STAFF).get("/search?q=笔记本").text
    assert "搜索服务暂时不可用" in page
    assert sorted(_found(page)) == ["戴尔笔记本电脑", "联想笔记本电脑"]
    app.extensions["gwc"].close()


# Who finds what


@pytest.fixture
def secrets(world: World, stock: Stock) -> World:
    """Things that not everybody may know of."""

    def hide(session: Session, units: dict[str, Unit]) -> None:
        factories.asset(session, units["WS-1"], "未上架显微镜")
        factories.listed(session, units["WS-1"], "只给卫健的显微镜", audience=units["WS"])
        factories.listed(session, units["WS-1"], "大家的显微镜")
        factories.listed(session, units["JY-1"], "涉密显微镜", secrecy="secret")

    stock(hide)
    return world


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("JY-1", ["大家的显微镜"]),
        ("WS-1", ["只给卫健的显微镜", "大家的显微镜"]),
        ("440000", ["大家的显微镜"]),
    ],
)
def test_everyone_finds_counts_and_is_suggested_what_is_offered_to_them(
    secrets: World, at: str, expected: list[str]
) -> None:
    visitor = secrets.signed_in(Role.STAFF, at=at)
    page = visitor.get("/search?q=显微镜").text
    assert sorted(_found(page)) == sorted(expected)
    assert _total(page) == f"共 {len(expected)} 项"
    assert sorted(visitor.get("/search/suggest?q=显微").json or ()) == sorted(expected)
    counts = re.findall(r'id="facet-mode-transfer".*?<small>(\d+)</small>', page, re.S)
    assert counts == [str(len(expected))]


def test_whoever_may_not_find_has_no_square(secrets: World) -> None:
    assert secrets.signed_in(Role.SYSTEM_ADMINISTRATOR).get("/search").status_code == 403
    assert secrets.signed_in(Role.SYSTEM_ADMINISTRATOR).get("/search/suggest?q=显").status_code == 403
    assert secrets.visitor().get("/search?q=显微镜").headers["Location"].startswith("/login?next=/search")


def test_a_hit_leads_to_its_page(reader: Visitor, world: World) -> None:
    page = reader.get("/search?q=投影仪").text
    with world.sessions() as session:
        asset = session.get_one(Asset, int(_shown_ids(page)[0]))
        assert asset.name == "投影仪"
    assert reader.get(_link(page, "投影仪")).status_code == 200
