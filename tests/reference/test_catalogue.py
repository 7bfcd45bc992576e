"""The classification and the synonyms that a release brings are whole, and loading them is repeatable."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.catalogue import Category, SynonymGroup
from marketplace.db.outbox import OutboxRow
from marketplace.db.people import Unit
from marketplace.domain.text import normalise
from marketplace.reference.catalogue import EDITIONS, categories, load_reference, synonym_groups
from tests.conftest import NOW

SHAPES = {"2022": r"A\d{8}", "2013": r"A\d{2}(\d{2})*", "2010": r"\d{7}"}


def test_codes_have_the_shape_of_their_edition_and_stand_once() -> None:
    rows = categories()
    assert {row["edition"] for row in rows} == set(EDITIONS) == set(SHAPES)
    assert all(re.fullmatch(SHAPES[row["edition"]], row["code"]) for row in rows)
    assert len({(row["edition"], row["code"]) for row in rows}) == len(rows)


def test_every_path_leads_from_a_top_class_through_classes_of_the_same_edition() -> None:
    known = {(row["edition"], row["code"]): row for row in categories()}
    for (edition, code), row in known.items():
        above = [known[edition, step] for step in row["path"]]
        assert above[-1] is row
        assert above[0]["parent_code"] is None
        parents = [step["parent_code"] for step in above]
        assert parents[1:] == row["path"][:-1], code


def test_every_row_says_how_sure_it_is() -> None:
    assert all(row["name"].strip() and row["evidence"] for row in categories())


@pytest.mark.parametrize(
    ("edition", "code", "name"),
    [
        ("2013", "A02010105", "便携式计算机"),
        ("2022", "A02010105", "台式计算机"),
        ("2022", "A02010108", "便携式计算机"),
        ("2010", "2010104", "台式计算机"),
    ],
)
def test_the_same_code_means_what_its_edition_says(edition: str, code: str, name: str) -> None:
    assert [row["name"] for row in categories() if (row["edition"], row["code"]) == (edition, code)] == [name]


def test_synonyms_name_known_classes_and_no_word_stands_in_two_groups() -> None:
    classes = {row["name"] for row in categories()}
    groups = synonym_groups()
    assert [group["canonical"] for group in groups if group["canonical"] not in classes] == []
    words = [normalise(word) for group in groups for word in (group["canonical"], *group["words"])]
    assert all(words)
    assert len(set(words)) == len(words)


def test_loading_twice_changes_nothing(session: Session) -> None:
    load_reference(session)
    first = _contents(session)
    load_reference(session)
    assert _contents(session) == first
    assert first["classes"] == len(categories())
    assert first["groups"] == len(synonym_groups())


def test_a_release_corrects_classes_and_reindexes_what_carries_their_names(session: Session) -> None:
    load_reference(session)
    carrier, other = _assets_of(session, ["A02010108", "A05010301"])
    session.execute(
        update(Category).where(Category.edition == "2022", Category.code == "A02010100").values(name="旧名")
    )
    load_reference(session)
    assert session.scalar(select(Category.name).where(Category.code == "A02010100")) == "计算机"
    waiting = set(session.scalars(select(OutboxRow.asset_id)))
    assert carrier in waiting
    assert other not in waiting


def test_synonyms_of_a_running_installation_are_left_alone(session: Session) -> None:
    session.execute(insert(SynonymGroup).values(canonical="办公椅", words=["凳子"]))
    load_reference(session)
    assert session.execute(select(SynonymGroup.canonical, SynonymGroup.words)).all() == [("办公椅", ["凳子"])]


def _contents(session: Session) -> dict[str, object]:
    rows = session.execute(select(Category.edition, Category.code, Category.name, Category.path)).all()
    return {
        "classes": len(rows),
        "rows": sorted(map(str, rows)),
        "groups": session.scalar(select(func.count()).select_from(SynonymGroup)),
        "waiting": session.scalar(select(func.count()).select_from(OutboxRow)),
    }


def _assets_of(session: Session, codes: list[str]) -> list[int]:
    unit = session.scalars(
        insert(Unit).returning(Unit.id),
        [{"code": "T1", "name": "测试单位", "kind": "unit", "region_code": "990100", "region_name": "某市"}],
    ).one()
    rows = [
        {
            "unit_id": unit,
            "number": code,
            "name": "物品",
            "category_edition": "2022",
            "category_code": code,
            "original_value": 1,
            "extra": {},
            "created_at": NOW,
            "updated_at": NOW,
        }
        for code in codes
    ]
    return list(session.scalars(insert(Asset).returning(Asset.id, sort_by_parameter_order=True), rows))
