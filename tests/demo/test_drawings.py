"""The pictures that the program draws itself."""

from __future__ import annotations

import pytest
from PIL import ImageChops, ImageStat

from marketplace.demo.drawings import ANYTHING, KINDS, draw, kind_for
from marketplace.demo.drawings_kinds import CLASSES, HEADS, WORDS
from marketplace.demo.goods import all_goods

SMALL = (320, 240)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_pictures_that_differ_by_seed_alone(kind: str) -> None:
    one, again, other = draw(kind, 1, SMALL), draw(kind, 1, SMALL), draw(kind, 2, SMALL)
    assert (one.size, one.mode) == (SMALL, "RGB")
    assert one.tobytes() == again.tobytes()
    assert sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) > 3


@pytest.mark.parametrize("kind", KINDS)
def test_no_picture_is_empty_or_dull(kind: str) -> None:
    for seed in range(3):
        picture = draw(kind, seed, SMALL)
        extrema = picture.convert("L").getextrema()
        assert isinstance(extrema[0], int | float)
        assert extrema[1] - extrema[0] > 110
        # Calm: bright on the whole, and without loud colours around the thing.
        assert 130 < ImageStat.Stat(picture.convert("L")).mean[0] < 240


@pytest.mark.parametrize("size", [(1600, 1200), (960, 720), (300, 300), (333, 251), (200, 400)])
def test_pictures_come_in_any_size(size: tuple[int, int]) -> None:
    assert draw("printer", 1, size).size == size


def test_a_smaller_picture_shows_the_same() -> None:
    large = draw("laptop", 4, (960, 720)).resize(SMALL)
    assert max(ImageStat.Stat(ImageChops.difference(large, draw("laptop", 4, SMALL))).mean) < 6


def test_an_unknown_kind_has_no_picture() -> None:
    with pytest.raises(KeyError):
        draw("unicorn", 1, SMALL)


def test_words_and_classes_lead_to_drawings() -> None:
    named = {
        *WORDS.values(),
        *HEADS.values(),
        *(kind for table in CLASSES.values() for kind in table.values()),
    }
    assert named <= set(KINDS)
    assert set(KINDS) <= named


@pytest.mark.parametrize(
    ("edition", "code", "name", "kind"),
    [
        ("2013", "A02010105", "ThinkPad T480", "laptop"),
        ("2022", "A02010105", "启天M428", "desktop"),
        ("2022", "A02010108", "", "laptop"),
        ("2010", "2010104", "OptiPlex 3080", "desktop"),
        ("2022", "A0206180", "", ANYTHING),
        ("2030", "A02010105", "", ANYTHING),
        (None, None, "", ANYTHING),
        (None, None, "一批低值易耗品", ANYTHING),
        ("2013", "A060205", "会议桌", "conference_table"),
        ("2013", "A060205", "茶几", "tea_table"),
        ("2013", "A060205", "", "desk"),
        (None, None, "电脑桌", "desk"),
        (None, None, "联想台式电脑(含显示器)", "desktop"),
        (None, None, "台式计算机、打印机", "desktop"),
        (None, None, "投影机幕布", "projection_screen"),
        (None, None, "会议室投影仪", "projector"),
        (None, None, "铁皮文件柜", "filing_cabinet"),
        (None, None, "密码文件柜", "safe"),
        (None, None, "办公室沙发", "sofa"),
        (None, None, "单人沙发", "armchair"),
        (None, None, "彩色激光打印机", "printer"),
        (None, None, "打印复印一体机", "multifunction"),
        (None, None, "LED显示屏", "all_in_one"),
        (None, None, "美的空调", "air_conditioner"),
        (None, None, "手推车", ANYTHING),
        (None, None, "CHAIR, OFFICE", "office_chair"),
        (None, None, "LAPTOP COMPUTER DESK", "desk"),
        (None, None, "INFANTRY BUSINESS ADVANCED", ANYTHING),
    ],
)
def test_the_name_decides_and_then_the_class_in_its_edition(
    edition: str | None, code: str | None, name: str, kind: str
) -> None:
    assert kind_for(edition, code, name) == kind


def test_everything_in_the_demo_has_a_drawing_of_its_own() -> None:
    without = {
        (edition, code, name)
        for goods in all_goods()
        for edition, code in goods.classes.items()
        for name in (*goods.names, "")
        if kind_for(edition, code, name) == ANYTHING
    }
    assert without == set()
