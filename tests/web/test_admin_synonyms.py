"""俗称: the page on which warehouse managers keep the words people use for the same thing."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select

from marketplace.db.catalogue import SynonymGroup
from marketplace.db.session import transaction
from marketplace.domain.permissions import Role
from tests import factories
from tests.web.conftest import Visitor, World

PAGE = "/admin/synonyms"


@pytest.fixture
def manager(world: World) -> Visitor:
    """The warehouse manager of the city; three groups are there."""
    with transaction(world.sessions) as session:
        for canonical, *words in (("台式机", "电脑", "PC"), ("办公桌", "写字台"), ("轿车", "小车")):
            factories.synonyms(session, canonical, *words)
    return world.signed_in(Role.WAREHOUSE_MANAGER, at="330000")


def _groups(world: World) -> dict[str, list[str]]:
    with transaction(world.sessions) as session:
        return {group.canonical: group.words for group in session.scalars(select(SynonymGroup))}


def _group(world: World, canonical: str) -> tuple[str, str]:
    """Address of a group, and its version."""
    with transaction(world.sessions) as session:
        row = session.scalars(select(SynonymGroup).where(SynonymGroup.canonical == canonical)).one()
        return f"{PAGE}/{row.id}", str(row.version)


def test_every_group_is_a_row_of_words(manager: Visitor) -> None:
    page = manager.get(PAGE).text
    assert set(re.findall(r'class="group-name">([^<]+)<', page)) == {"办公桌", "台式机", "轿车"}
    assert '<span class="chip chip-still">PC</span>' in page
    assert "搜一个词，也找到以同组其他词登记的资产" in page


@pytest.mark.parametrize("q", ["pc", "ＰＣ", "电", "台式"])
def test_a_group_is_found_by_any_of_its_words(manager: Visitor, q: str) -> None:
    page = manager.get(PAGE, query_string={"q": q}).text
    assert re.findall(r'class="group-name">([^<]+)<', page) == ["台式机"]


def test_nothing_found_says_what_to_do(manager: Visitor) -> None:
    assert "没有哪一组包含“xyz”" in manager.get(f"{PAGE}?q=xyz").text


def test_a_new_group(world: World, manager: Visitor) -> None:
    manager.get(PAGE)
    answer = manager.post(PAGE, {"canonical": "投影仪", "words": "投影机、幻灯机，投影机；ＰＪ"})
    assert answer.status_code == 302
    assert _groups(world)["投影仪"] == ["投影机", "幻灯机", "PJ"]
    assert "已新增“投影仪”一组" in manager.get(unescape(answer.location)).text


@pytest.mark.parametrize(
    ("canonical", "words", "message"),
    [
        ("", "投影机", "请填写标准名称"),
        ("投影仪", "", "请填写1至50个与标准名称不同的俗称"),
        ("投影仪", "投影仪", "请填写1至50个与标准名称不同的俗称"),
        ("投影仪", "写字台", "“写字台”已在“办公桌”一组中"),
        ("小车", "车", "“小车”已在“轿车”一组中"),
        ("投影仪", "长" * 61, "过长"),
    ],
)
def test_a_group_that_can_not_be_accepted_stays_in_the_form(
    world: World, manager: Visitor, canonical: str, words: str, message: str
) -> None:
    before = _groups(world)
    manager.get(PAGE)
    answer = manager.post(PAGE, {"canonical": canonical, "words": words})
    assert (answer.status_code, message in answer.text) == (422, True)
    assert f'id="canonical-new" name="canonical" value="{canonical}"' in answer.text
    assert f'id="words-new" name="words" value="{words}"' in answer.text
    assert _groups(world) == before


def test_one_row_opens_for_editing_and_is_saved_where_it_stands(world: World, manager: Visitor) -> None:
    address, version = _group(world, "台式机")
    number = address.rpartition("/")[2]
    page = manager.get(f"{PAGE}?q=台&edit={number}").text
    assert 'id="words-edit" name="words" value="电脑、PC"' in page
    data = {"canonical": "台式计算机", "words": "电脑、台式机", "version": version}
    answer = manager.post(f"{address}?q=台", data)
    assert answer.location == f"{PAGE}?q=%E5%8F%B0#group-{number}"
    assert _groups(world)["台式计算机"] == ["电脑", "台式机"]


def test_a_mistake_while_editing_stays_in_the_row(world: World, manager: Visitor) -> None:
    address, version = _group(world, "台式机")
    manager.get(PAGE)
    data = {"canonical": "台式机", "words": "电脑、写字台", "version": version}
    answer = manager.post(address, data)
    assert answer.status_code == 422
    assert 'id="words-edit" name="words" value="电脑、写字台"' in answer.text
    assert "“写字台”已在“办公桌”一组中" in answer.text
    assert 'id="words-new" name="words" value=""' in answer.text
    assert _groups(world)["台式机"] == ["电脑", "PC"]


def test_a_lost_update_shows_what_the_other_saved(world: World, manager: Visitor) -> None:
    address, version = _group(world, "台式机")
    manager.get(PAGE)
    data = {"canonical": "台式机", "version": version}
    assert manager.post(address, data | {"words": "电脑、微机"}).status_code == 302
    refused = manager.post(address, data | {"words": "电脑、主机"})
    assert refused.status_code == 409
    assert "他人保存的内容：台式机 — 电脑、微机" in refused.text
    assert 'value="电脑、主机"' in refused.text
    current = _group(world, "台式机")[1]
    assert f'name="version" value="{current}"' in refused.text
    assert manager.post(address, data | {"words": "电脑、主机", "version": current}).status_code == 302
    assert _groups(world)["台式机"] == ["电脑", "主机"]


def test_words_for_a_group_that_is_gone_are_not_lost(world: World, manager: Visitor) -> None:
    address, version = _group(world, "轿车")
    manager.get(PAGE)
    manager.post(f"{address}/delete", {"version": version})
    answer = manager.post(address, {"canonical": "轿车", "words": "小车、卧车", "version": version})
    assert answer.status_code == 404
    assert "可能已被他人删除" in answer.text
    assert 'id="words-new" name="words" value="小车、卧车"' in answer.text


def test_deleting_asks_by_name(world: World, manager: Visitor) -> None:
    address, version = _group(world, "轿车")
    assert 'data-confirm="删除“轿车”一组吗？"' in manager.get(PAGE).text
    assert manager.post(f"{address}/delete?q=车", {"version": version}).location == f"{PAGE}?q=%E8%BD%A6"
    assert "轿车" not in _groups(world)


def test_a_group_that_was_changed_meanwhile_is_not_deleted(world: World, manager: Visitor) -> None:
    address, version = _group(world, "轿车")
    manager.get(PAGE)
    manager.post(address, {"canonical": "轿车", "words": "小车、卧车", "version": version})
    manager.post(f"{address}/delete", {"version": version})
    assert "刚被他人修改过" in manager.get(PAGE).text
    assert _groups(world)["轿车"] == ["小车", "卧车"]


def test_the_list_pages_through_to_the_end_without_gaps(world: World, manager: Visitor) -> None:
    with transaction(world.sessions) as session:
        for number in range(97):
            factories.synonyms(session, f"物品{number:03d}", f"俗称{number:03d}")
    path, seen, pages = PAGE, [], 0
    while path:
        pages += 1
        page = manager.get(path).text
        seen += re.findall(r'class="group-name">([^<]+)<', page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        path = unescape(following[1]) if following else ""
    # A hundred groups are two full pages, and nothing leads to an empty third one.
    assert pages == 2
    assert len(seen) == len(set(seen)) == 100
