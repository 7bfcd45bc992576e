"""Units and classes are found by what registers call them, and never by a code alone."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from marketplace.domain.permissions import PLATFORM, Role
from marketplace.registers.columns import Refused
from marketplace.registers.rows import CategoryWords
from marketplace.use_cases.register_lookup import Directory, Units
from tests import factories


@pytest.fixture
def directory(session: Session) -> Directory:
    factories.category(session, "A02010105", "台式计算机", edition="2022")
    factories.category(session, "A02010104", "服务器", edition="2022")
    factories.category(session, "A02010104", "台式计算机", edition="2013")
    factories.category(session, "A02010105", "便携式计算机", edition="2013")
    factories.category(session, "2010104", "台式机", edition="2010")
    factories.category(session, "A05010201", "试验其他柜", edition="2022")
    factories.category(session, "A05010202", "试验其他柜", edition="2022")
    factories.synonyms(session, "台式计算机", "台式电脑", "微机")
    unit = factories.unit(session)
    return Directory(session, factories.actor((Role.UNIT_ASSET_OFFICER, unit)), unit.id)


@pytest.mark.parametrize(
    ("edition", "code", "name", "asset", "found"),
    [
        ("2022", "A02010105", "", "", ("2022", "A02010105")),
        ("GB/T 14885-2013", "A02010105", "", "", ("2013", "A02010105")),
        ("2013", "a02010105", "随便", "", ("2013", "A02010105")),
        ("", "A02010104", "台式计算机", "", ("2013", "A02010104")),
        ("", "A02010104", "服务器", "", ("2022", "A02010104")),
        ("", "A02010105", "微机", "", ("2022", "A02010105")),
        ("", "A02010104", "", "台式计算机", ("2013", "A02010104")),
        ("", "A02010104", "", "会议桌", None),
        ("", "A02010104", "会议桌", "台式计算机", None),
        ("", "", "台式计算机", "", ("2022", "A02010105")),
        ("", "", "台式电脑", "", ("2022", "A02010105")),
        ("", "", "ＴＡＩＳＨＩ", "", None),
        ("", "", "试验其他柜", "", None),
        ("", "", "A02010105 台式计算机", "", ("2022", "A02010105")),
        ("", "A02010105-便携式计算机", "", "", ("2013", "A02010105")),
        ("", "2010104", "台式机", "", ("2010", "2010104")),
        ("1999", "A02010105", "", "", None),
        ("2022", "A99999999", "台式计算机", "", ("2022", "A02010105")),
        ("", "", "3000W电源", "", None),
    ],
)
def test_a_class_is_found_by_code_and_edition_or_by_name(
    directory: Directory, edition: str, code: str, name: str, asset: str, found: tuple[str, str] | None
) -> None:
    assert directory.category(CategoryWords(edition, code, name, asset)) == found
    assert directory.category(CategoryWords(edition, code, name, asset)) == found, "remembered"


@pytest.mark.parametrize(
    ("word", "explained"),
    [
        *(
            ("A02010105", True),
            ("台式计算机", True),
            ("微机", True),
            ("2022", True),
            ("GB/T 14885-2022", True),
        ),
        *(
            ("A02010105 台式计算机", True),
            ("A02010104", False),
            ("服务器", False),
            ("2013", False),
            ("办公", False),
        ),
    ],
)
def test_words_that_a_class_does_not_say_are_told(directory: Directory, word: str, explained: bool) -> None:
    assert directory.explains(("2022", "A02010105"), word) is explained


def test_units_go_by_code_credit_code_and_names(session: Session) -> None:
    codes = {"code": "001", "credit_code": "11330000002482006E"}
    unit = factories.unit(session, name="Ａ市财政局", short_name="市财政", **codes)
    directory = Directory(session, PLATFORM, 0)
    for word in ("001", "11330000002482006e", "a市财政局", "市财政"):
        assert directory.unit(word, "") == directory.unit("", word) == unit.id
    assert directory.unit("404", "市财政") == unit.id
    assert Units(session).known(["001", "404"]) == {"001"}


def test_a_name_that_two_units_share_needs_a_code(session: Session) -> None:
    one, _ = factories.unit(session, code="001", name="办公室"), factories.unit(session, name="办公室")
    directory = Directory(session, PLATFORM, 0)
    assert directory.unit("001", "办公室") == one.id
    with pytest.raises(Refused, match="请填写单位编码"):
        directory.unit("", "办公室")
