"""What people type finds what they mean: everyday names, mistakes, pinyin, parts of numbers."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from marketplace.domain.finding import MARK_END, MARK_START, Wish
from search.finder import MeiliFinder
from tests import factories
from tests.search.conftest import EVERYTHING, names

GROUPS = {
    "便携式计算机": ("笔记本电脑", "笔记本", "手提电脑", "laptop", "移动电脑"),
    "台式计算机": ("台式机", "电脑", "PC", "电脑主机", "微机"),
    "平板式计算机": ("平板电脑", "平板", "pad"),
    "A4黑白打印机": ("激光打印机", "打印机"),
    "办公桌": ("写字台", "电脑桌", "大班台"),
    "办公椅": ("转椅", "椅子", "职员椅"),
    "文件柜": ("铁皮柜", "铁皮文件柜", "资料柜"),
    "轿车": ("小汽车", "公务车", "小轿车"),
    "空调机": ("空调", "柜机"),
}


def stock(session: Session) -> None:
    for canonical, words in GROUPS.items():
        factories.synonyms(session, canonical, *words)
    region = factories.unit(session, region_name="合肥市")
    holder = factories.unit(session, region, name="合肥市财政局", short_name="财政局")
    office = factories.unit(session, region, name="市政府办公室")
    laptop = factories.category(session, "A02010108", "便携式计算机", edition="test")
    things = (
        {"name": "便携式计算机", "brand": "联想", "model": "ThinkPad T480", "number": "ZC-2019-0042"},
        {"name": "ThinkPad X1", "category": laptop, "brand": "Lenovo", "number": "合财资字第0777号"},
        {"name": "台式计算机", "brand": "戴尔", "model": "OptiPlex7090MT", "number": "ZC20210000123"},
        {"name": "激光打印机", "brand": "惠普", "model": "LaserJet Pro M404dn"},
        {"name": "黑色办公转椅"},
        {"name": "会议桌", "location": "三楼会议室"},
        {"name": "五节铁皮柜"},
        {"name": "公务用轿车", "brand": "红旗", "model": "H5", "number": "皖A12345"},
        {"name": "平板电脑", "model": "MatePad 11"},
        {"name": "挂式空调", "brand": "格力", "model": "KFR－35GW"},
        {"name": "数码显微镜"},
    )
    for thing in things:
        category = thing.pop("category", None)
        key = {"category_edition": category.edition, "category_code": category.code} if category else {}
        factories.listed(session, holder, **thing, **key)
    factories.listed(session, office, "茶几")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("笔记本", {"便携式计算机", "ThinkPad X1"}),
        ("手提电脑", {"便携式计算机", "ThinkPad X1"}),
        ("laptop", {"便携式计算机", "ThinkPad X1"}),
        ("微机", {"台式计算机"}),
        ("椅子", {"黑色办公转椅"}),
        ("文件柜", {"五节铁皮柜"}),
        ("小汽车", {"公务用轿车"}),
        ("公务车", {"公务用轿车"}),
        ("汽车", {"公务用轿车"}),
        ("空调机", {"挂式空调"}),
        ("pad", {"平板电脑"}),
    ],
)
def test_everyday_names(finder: MeiliFinder, typed: str, expected: set[str]) -> None:
    assert names(finder.find(Wish(q=typed), EVERYTHING)) == expected


def test_the_longest_name_decides(finder: MeiliFinder) -> None:
    """A 电脑桌 would be a desk: the group of 电脑 must not claim what is called 办公桌."""
    assert names(finder.find(Wish(q="微型 桌"), EVERYTHING)) != {"会议桌", "办公桌"}
    assert "会议桌" not in names(finder.find(Wish(q="电脑"), EVERYTHING))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("bijiben", {"便携式计算机", "ThinkPad X1"}),
        ("bjb", {"便携式计算机", "ThinkPad X1"}),
        ("bjbdn", {"便携式计算机", "ThinkPad X1"}),
        ("dayinji", {"激光打印机"}),
        ("dyj", {"激光打印机"}),
        ("xianweijing", {"数码显微镜"}),
        ("xwj", {"数码显微镜"}),
        ("lianxiang bijiben", {"便携式计算机"}),
        ("zhuan yi", {"黑色办公转椅"}),
    ],
)
def test_pinyin_and_initials(finder: MeiliFinder, typed: str, expected: set[str]) -> None:
    found = finder.find(Wish(q=typed), EVERYTHING)
    assert names(found) == expected
    assert not found.relaxed


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("笔计本", "便携式计算机"),
        ("笔讫本", "便携式计算机"),
        ("比记本电脑", "便携式计算机"),
        ("便携式计算几", "便携式计算机"),
        ("打因机", "激光打印机"),
        ("文剑柜", "五节铁皮柜"),
        ("文建贵", "五节铁皮柜"),
        ("联想 笔计本", "便携式计算机"),
        ("thinkpda", "便携式计算机"),
        ("thnikpda", "便携式计算机"),
        ("optiplxe", "台式计算机"),
        ("lenvoo", "ThinkPad X1"),
        ("bijibem", "便携式计算机"),
        ("laserjte", "激光打印机"),
    ],
)
def test_one_or_two_mistakes(finder: MeiliFinder, typed: str, expected: str) -> None:
    assert expected in names(finder.find(Wish(q=typed), EVERYTHING))


def test_a_number_is_not_mistaken_for_another(finder: MeiliFinder) -> None:
    assert names(finder.find(Wish(q="t480"), EVERYTHING)) == {"便携式计算机"}
    found = finder.find(Wish(q="笔记本 t490"), EVERYTHING)
    assert found.relaxed or not found.items


@pytest.mark.parametrize("typed", ["笔", "笔记", "笔记本", "b", "bi", "biji", "Think", "thinkpad t4", "lap"])
def test_every_beginning_while_typing(finder: MeiliFinder, typed: str) -> None:
    assert "便携式计算机" in names(finder.find(Wish(q=typed), EVERYTHING))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("480", "便携式计算机"),
        ("T480", "便携式计算机"),
        ("t480", "便携式计算机"),
        ("0042", "便携式计算机"),
        ("2019-0042", "便携式计算机"),
        ("20190042", "便携式计算机"),
        ("ZC20190042", "便携式计算机"),
        ("0042 便携式", "便携式计算机"),
        ("7090", "台式计算机"),
        ("90mt", "台式计算机"),
        ("123", "台式计算机"),
        ("0000123", "台式计算机"),
        ("210000", "台式计算机"),
        ("404", "激光打印机"),
        ("0777", "ThinkPad X1"),
        ("合财资字第0777号", "ThinkPad X1"),
        ("12345", "公务用轿车"),
        ("皖a12345", "公务用轿车"),
        ("35GW", "挂式空调"),
        ("KFR-35", "挂式空调"),
    ],
)
def test_parts_of_models_and_numbers(finder: MeiliFinder, typed: str, expected: str) -> None:
    found = finder.find(Wish(q=typed), EVERYTHING)
    assert expected in names(found)
    assert not found.relaxed


def test_full_width_and_case(finder: MeiliFinder) -> None:
    for typed in ("Ｔ４８０", "ＴＨＩＮＫＰＡＤ　ｔ４８０", "thinkPAD　T480"):
        assert names(finder.find(Wish(q=typed), EVERYTHING)) == {"便携式计算机"}


@pytest.mark.parametrize(
    "typed",
    ["联想 笔记本", "笔记本 联想", "联想笔记本", "T480 联想 笔记本", "笔记本 lianxiang", "笔记本T480"],
)
def test_several_words_in_any_order(finder: MeiliFinder, typed: str) -> None:
    found = finder.find(Wish(q=typed), EVERYTHING)
    assert names(found) == {"便携式计算机"}
    assert not found.relaxed


def test_all_words_must_match_unless_nothing_would(finder: MeiliFinder) -> None:
    assert names(finder.find(Wish(q="戴尔 台式机"), EVERYTHING)) == {"台式计算机"}
    found = finder.find(Wish(q="台式机 qqqqqq"), EVERYTHING)
    assert found.relaxed
    assert names(found) == {"台式计算机"}
    assert found.total == 1


def test_words_of_places_help_only_where_needed(finder: MeiliFinder) -> None:
    found = finder.find(Wish(q="财政局 打印机"), EVERYTHING)
    assert names(found) == {"激光打印机"}
    assert not found.relaxed
    # 茶几 stands in an 办公室, which does not make it 办公 anything.
    assert "茶几" not in names(finder.find(Wish(q="办公"), EVERYTHING))


@pytest.mark.parametrize("typed", ["量子纠缠仪器", "zzzzzz", '"', "-", "的", "、。"])
def test_nonsense_is_no_error(finder: MeiliFinder, typed: str) -> None:
    found = finder.find(Wish(q=typed), EVERYTHING)
    assert found.total >= len(found.items)


def test_operators_of_the_engine_are_only_words(finder: MeiliFinder) -> None:
    assert names(finder.find(Wish(q='"笔记本" -联想'), EVERYTHING)) == {"便携式计算机"}


def test_matches_are_marked(finder: MeiliFinder) -> None:
    def marked(typed: str) -> dict[str, str]:
        highlight = finder.find(Wish(q=typed), EVERYTHING).items[0]["highlight"]
        return {
            name: text.translate({ord(MARK_START): "[", ord(MARK_END): "]"})
            for name, text in highlight.items()
        }

    assert marked("转椅") == {"name": "黑色办公[转椅]"}
    assert marked("椅") == {"name": "黑色办公转[椅]"}
    assert marked("联想 thinkpad")["brand"] == "[联想]"
    assert marked("t480 便携")["model"] == "ThinkPad [T480]"
    assert marked("480")["model"] == "ThinkPad T[480]"
    assert marked("0042")["number"] == "ZC-2019-[0042]"
    assert "[公务]" in marked("公务车")["name"]


def test_without_marks_the_same_is_found(finder: MeiliFinder) -> None:
    marked, plain = (finder.find(Wish(q="转椅", marked=marks), EVERYTHING).items for marks in (True, False))
    assert plain == [item | {"highlight": {}} for item in marked] != marked


def test_another_name_that_was_meant_is_shown(finder: MeiliFinder) -> None:
    [item] = finder.find(Wish(q="手提电脑 t480"), EVERYTHING).items
    assert item["highlight"]["alias"] == f"{MARK_START}手提电脑{MARK_END}"


def test_suggestions_are_names_once_each(finder: MeiliFinder) -> None:
    assert set(finder.suggest("笔记", EVERYTHING)) == {"便携式计算机", "ThinkPad X1"}
    assert finder.suggest("dayin", EVERYTHING) == ["激光打印机"]
    assert finder.suggest("  ", EVERYTHING) == []
