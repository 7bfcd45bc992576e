"""Words under which things are found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search import spellings
from search.synonyms import Synonyms


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("T480", {"t480", "480", "80"}),
        ("ZC-2019-0042", {"zc20190042", "20190042", "0042", "042", "2019", "zc", "zc2019"}),
        ("OptiPlex7090MT", {"7090mt", "090mt", "optiplex", "7090", "mt"}),
        ("皖A12345", {"a12345", "12345", "345"}),
        ("Ｔ４８０", {"t480", "480"}),
    ],
)
def test_parts_of_numbers(number: str, expected: set[str]) -> None:
    assert expected <= spellings.number_parts(number, shortest=2)


@given(st.from_regex(r"[A-Z]{1,3}-?[0-9]{4}-?[0-9]{3,8}", fullmatch=True), st.data())
def test_any_run_of_digits_in_a_number_begins_one_of_its_parts(number: str, data: st.DataObject) -> None:
    digits = number.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ-").replace("-", "")
    start = data.draw(st.integers(0, len(digits) - 3))
    typed = digits[start : data.draw(st.integers(start + 3, len(digits)))]
    assert any(part.startswith(typed) for part in spellings.number_parts(number))


def test_a_long_text_in_a_number_makes_few_parts() -> None:
    assert len(spellings.number_parts("1" * 10_000)) < 100


@given(st.text(max_size=200))
def test_any_text_falls_into_words_and_characters(text: str) -> None:
    assert all(word and not set(word) & {" ", '"'} for word in spellings.words(text))
    assert all(len(run) == 1 for run in spellings.HAN.findall(spellings.chars(text)))


def test_homophones_are_spelled_alike() -> None:
    assert spellings.in_pinyin("联想 笔计本T480") == spellings.in_pinyin("联想 笔记本t480")


def test_chinese_and_latin_are_kept_apart() -> None:
    assert spellings.words("笔记本T480 55寸") == ("笔记本", "t480", "55", "寸")
    assert spellings.chars("A4黑白") == "a4 黑 白"


GROUPS = (("便携式计算机", ("笔记本", "ＰＣ", "pad")), ("办公桌", ("电脑桌",)), ("台式计算机", ("电脑",)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("联想笔记本", {"便携式计算机", "笔记本", "ＰＣ", "pad"}),
        ("我的pc", {"便携式计算机", "笔记本", "ＰＣ", "pad"}),
        ("ThinkPad", set()),
        ("iPad", set()),
        ("电脑桌", {"办公桌", "电脑桌"}),
        ("电脑和电脑桌", {"办公桌", "电脑桌", "台式计算机", "电脑"}),
        ("笔记本电脑桌", {"办公桌", "电脑桌", "便携式计算机", "笔记本", "ＰＣ", "pad"}),
        ("", set()),
    ],
)
def test_words_of_a_group_name_it(name: str, expected: set[str]) -> None:
    assert set(Synonyms(GROUPS).of(name)) == expected


def test_known_words_are_cut_out_of_what_is_written_together() -> None:
    assert Synonyms(GROUPS).split("联想笔记本黑色") == ["联想", "笔记本", "黑色"]
    assert Synonyms(()).split("联想笔记本") == ["联想笔记本"]
