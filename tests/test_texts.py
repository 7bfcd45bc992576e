"""A language outside of a request."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from marketplace.texts import CATALOGUES, Texts

_PLACE = re.compile(r"%\(\w+\)[sd]")


@pytest.fixture
def catalogues(tmp_path: Path) -> Path:
    """English, of one text."""
    catalogue = Catalog(locale="en")
    catalogue.add("消息", "Messages")
    folder = tmp_path / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    return tmp_path


@pytest.mark.parametrize(
    ("locale", "tag", "text", "day"),
    [("zh_CN", "zh-CN", "消息", "2026年9月1日"), ("en", "en", "Messages", "September 1, 2026")],
)
def test_each_language_has_its_words_and_its_dates(
    catalogues: Path, locale: str, tag: str, text: str, day: str
) -> None:
    texts = Texts(locale, catalogues)
    assert (texts.tag, texts.translate("消息"), texts.day(dt.date(2026, 9, 1))) == (tag, text, day)
    assert texts.number(12800) == "12,800"


@pytest.mark.parametrize("source", ["没有译文的", ""])
def test_what_has_no_translation_stays_as_it_is(catalogues: Path, source: str) -> None:
    assert Texts("en", catalogues).translate(source) == source


def test_translations_name_the_values_of_their_source() -> None:
    with (CATALOGUES / "en" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="en")
    wrong = [
        (message.id, translation)
        for message in catalogue
        if message.id and isinstance(message.id, str) and isinstance(message.string, str)
        for translation in [message.string]
        if translation and set(_PLACE.findall(message.id)) != set(_PLACE.findall(translation))
    ]
    assert wrong == []
    assert len(catalogue) > 500
