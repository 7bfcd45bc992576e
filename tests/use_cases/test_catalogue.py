"""Classes to pick from, and colloquial names that managers edit."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.audit import AuditEntry
from marketplace.db.catalogue import SynonymGroup
from marketplace.db.outbox import OutboxRow
from marketplace.db.people import Unit
from marketplace.db.session import SessionFactory
from marketplace.domain.errors import Conflict, Invalid, NotAllowed, NotFound, RuleError
from marketplace.domain.permissions import PLATFORM, Actor, Grant, Role
from marketplace.reference.catalogue import load_reference
from marketplace.use_cases import catalogue
from tests.conftest import NOW

MANAGER = Actor(user_id=1, name="管理员", grants=(Grant(Role.WAREHOUSE_MANAGER, 1, (1,)),))
OFFICER = Actor(user_id=2, name="资产员", grants=(Grant(Role.UNIT_ASSET_OFFICER, 1, (1,)),))


@pytest.fixture
def stocked(session: Session) -> Session:
    """The classes, and four assets: two chairs, a laptop, a thing without a class."""
    load_reference(session)
    unit = session.scalars(
        insert(Unit).returning(Unit.id),
        [{"code": "T1", "name": "测试单位", "kind": "unit", "region_code": "990100", "region_name": "某市"}],
    ).one()
    things = (
        ("人体工学座椅", "A05010301"),
        ("折叠躺椅", "A05010399"),
        ("ThinkPad 100%", "A02010108"),
        ("量子仪", None),
    )
    rows = [
        {
            "unit_id": unit,
            "number": name,
            "name": name,
            "category_edition": code and "2022",
            "category_code": code,
            "original_value": 1,
            "extra": {},
            "created_at": NOW,
            "updated_at": NOW,
        }
        for name, code in things
    ]
    session.execute(insert(Asset), rows)
    return session


def test_the_tree_lists_each_class_below_its_parent(stocked: Session) -> None:
    nodes = catalogue.category_tree(stocked)
    assert [node.edition for node in nodes] == sorted((node.edition for node in nodes), reverse=True)
    at = [(node.edition, node.code) for node in nodes].index(("2022", "A02010108"))
    trail = [max(i for i in range(at + 1) if nodes[i].depth == depth) for depth in range(4)]
    assert [nodes[i].name for i in trail] == ["设备", "信息化设备", "计算机", "便携式计算机"]


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("便携式计算机", ("2022", "A02010108")),
        ("笔记本", ("2022", "A02010108")),
        ("a02010105", ("2022", "A02010105")),
        ("Ａ０５０１０３０１", ("2022", "A05010301")),
        ("2010104", ("2010", "2010104")),
        ("办公", ("2022", "A05010301")),
    ],
)
def test_classes_are_found_by_code_name_and_colloquial_name(
    stocked: Session, q: str, first: tuple[str, str]
) -> None:
    found = catalogue.find_categories(stocked, q)
    assert first in [(node.edition, node.code) for node in found[:3]]
    assert len(found) <= 20


def test_nothing_asked_and_signs_of_patterns_find_nothing(stocked: Session) -> None:
    assert catalogue.find_categories(stocked, "  ") == []
    assert catalogue.find_categories(stocked, "%") == []
    assert catalogue.find_categories(stocked, "_") == []


def test_a_new_group_is_recorded_and_reindexes_what_its_words_name(stocked: Session) -> None:
    group = catalogue.create_synonyms(
        stocked, MANAGER, NOW, "人体工学椅", ["工学座椅", " 护腰椅 ", "工学座椅"]
    )
    assert (group.canonical, group.words, group.version) == ("人体工学椅", ["工学座椅", "护腰椅"], 1)
    assert _waiting(stocked) == {"人体工学座椅"}
    entry = stocked.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.object_id, entry.actor_id) == ("synonyms.create", group.id, 1)
    assert entry.after == {"canonical": "人体工学椅", "words": ["工学座椅", "护腰椅"]}


def test_a_change_reindexes_by_old_and_new_words_and_by_class_names(stocked: Session) -> None:
    group = _group(stocked, "办公椅")
    kept = catalogue.update_synonyms(
        stocked, MANAGER, NOW, group.id, group.version, "办公椅", ["躺椅", "转椅"]
    )
    assert kept.version == 2
    assert _waiting(stocked) == {"人体工学座椅", "折叠躺椅"}
    assert catalogue.find_categories(stocked, "躺椅")[0].name == "办公椅"


def test_a_change_to_the_same_words_changes_and_records_nothing(stocked: Session) -> None:
    group = _group(stocked, "办公椅")
    same = catalogue.update_synonyms(stocked, MANAGER, NOW, group.id, group.version, "办公椅", group.words)
    assert same.version == 1
    assert _waiting(stocked) == set()
    assert stocked.scalar(select(func.count()).select_from(AuditEntry)) == 0


def test_a_deleted_group_no_longer_finds_and_reindexes_what_it_named(stocked: Session) -> None:
    group = _group(stocked, "便携式计算机")
    catalogue.delete_synonyms(stocked, MANAGER, NOW, group.id, group.version)
    assert catalogue.find_categories(stocked, "手提电脑") == []
    assert _waiting(stocked) == {"ThinkPad 100%"}


def test_signs_of_patterns_are_taken_literally(stocked: Session) -> None:
    catalogue.create_synonyms(stocked, PLATFORM, NOW, "纯羊毛", ["100%", "d_d"])
    assert _waiting(stocked) == {"ThinkPad 100%"}


def test_groups_are_searched_and_paged_by_any_word(stocked: Session) -> None:
    assert [group.canonical for group in catalogue.list_synonyms(stocked, MANAGER, "ＮＯＴＥＢＯＯＫ")] == [
        "便携式计算机"
    ]
    everything = catalogue.list_synonyms(stocked, MANAGER)
    first = catalogue.list_synonyms(stocked, MANAGER, limit=10)
    rest = catalogue.list_synonyms(stocked, MANAGER, after=first[-1].canonical)
    assert [g.id for g in (*first, *rest)] == [g.id for g in everything]
    assert len(first) == 10


@pytest.mark.parametrize(
    ("canonical", "words", "field"),
    [
        ("", ["工学座椅"], "canonical"),
        (" \u3000 ", ["工学座椅"], "canonical"),
        ("椅" * 61, ["工学座椅"], "canonical"),
        ("工学椅", [], "words"),
        ("工学椅", ["", "  ", "工学椅"], "words"),
        ("工学椅", ["座" * 61], "words"),
        ("工学椅", [f"椅{i}" for i in range(51)], "words"),
        ("工学椅", ["笔记本"], "words"),
        ("工学椅", ["ＬＡＰＴＯＰ"], "words"),
        ("工学椅", ["办公椅"], "words"),
        ("办公椅", ["工学座椅"], "canonical"),
        ("转椅", ["工学座椅"], "canonical"),
    ],
)
def test_unacceptable_words_are_refused_and_nothing_changes(
    stocked: Session, canonical: str, words: list[str], field: str
) -> None:
    target = _group(stocked, "碎纸机")
    with pytest.raises(Invalid) as created:
        catalogue.create_synonyms(stocked, MANAGER, NOW, canonical, words)
    assert [error.field for error in created.value.fields] == [field]
    _unchanged_after(stocked, Invalid, target, canonical, words)


def test_a_refusal_names_each_taken_word_and_its_group(stocked: Session) -> None:
    with pytest.raises(Invalid) as refused:
        catalogue.create_synonyms(stocked, MANAGER, NOW, "工学椅", ["笔记本", "空调"])
    told = [error.message % error.params for error in refused.value.fields]
    assert len(told) == 2
    assert "“笔记本”已在“便携式计算机”一组中" in told[0]
    assert "“空调”已在“空调机”一组中" in told[1]


def test_a_group_may_keep_its_own_words(stocked: Session) -> None:
    group = _group(stocked, "碎纸机")
    renamed = catalogue.update_synonyms(
        stocked, MANAGER, NOW, group.id, 1, "粉碎机(纸)", ["碎纸机", "文件销毁机"]
    )
    assert (renamed.canonical, renamed.words) == ("粉碎机(纸)", ["碎纸机", "文件销毁机"])


def test_an_outdated_version_is_a_conflict_and_nothing_changes(stocked: Session) -> None:
    group = _group(stocked, "办公椅")
    catalogue.update_synonyms(stocked, MANAGER, NOW, group.id, 1, "办公椅", ["靠背椅"])
    before = _counts(stocked)
    with pytest.raises(Conflict):
        catalogue.update_synonyms(stocked, MANAGER, NOW, group.id, 1, "办公椅", ["凳子"])
    with pytest.raises(Conflict):
        catalogue.delete_synonyms(stocked, MANAGER, NOW, group.id, 1)
    assert _group(stocked, "办公椅").words == ["靠背椅"]
    assert _counts(stocked) == before


def test_a_group_that_is_gone_is_not_found(stocked: Session) -> None:
    group = _group(stocked, "办公椅")
    catalogue.delete_synonyms(stocked, MANAGER, NOW, group.id, 1)
    with pytest.raises(NotFound):
        catalogue.delete_synonyms(stocked, MANAGER, NOW, group.id, 1)


def test_only_a_manager_of_the_catalogue_may_see_or_change_synonyms(stocked: Session) -> None:
    group = _group(stocked, "办公椅")
    with pytest.raises(NotAllowed):
        catalogue.list_synonyms(stocked, OFFICER)
    with pytest.raises(NotAllowed):
        catalogue.create_synonyms(stocked, OFFICER, NOW, "工学椅", ["工学座椅"])
    with pytest.raises(NotAllowed):
        catalogue.update_synonyms(stocked, OFFICER, NOW, group.id, 1, "办公椅", ["凳子"])
    with pytest.raises(NotAllowed):
        catalogue.delete_synonyms(stocked, OFFICER, NOW, group.id, 1)
    assert _group(stocked, "办公椅").words == group.words
    assert _counts(stocked)[1:] == (0, 0)


def test_two_managers_can_not_give_one_word_to_two_groups(sessions: SessionFactory) -> None:
    with sessions() as mine, sessions() as theirs:
        catalogue.create_synonyms(mine, MANAGER, NOW, "人体工学椅", ["护腰椅"])
        theirs.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            catalogue.create_synonyms(theirs, MANAGER, NOW, "靠背椅", ["护腰椅"])
        theirs.rollback()
        mine.commit()
        with pytest.raises(Invalid):
            catalogue.create_synonyms(theirs, MANAGER, NOW, "靠背椅", ["护腰椅"])


def test_words_typed_in_one_box_are_told_apart() -> None:
    assert catalogue.split_words("转椅、电脑椅,职员椅，大班椅;\n U盘 ；") == [
        "转椅",
        "电脑椅",
        "职员椅",
        "大班椅",
        "U盘",
    ]


def _group(session: Session, canonical: str) -> SynonymGroup:
    return session.scalars(select(SynonymGroup).where(SynonymGroup.canonical == canonical)).one()


def _waiting(session: Session) -> set[str]:
    return set(session.scalars(select(Asset.name).join(OutboxRow, OutboxRow.asset_id == Asset.id)))


def _counts(session: Session) -> tuple[int | None, ...]:
    return tuple(
        session.scalar(select(func.count()).select_from(table))
        for table in (SynonymGroup, AuditEntry, OutboxRow)
    )


def _unchanged_after(
    session: Session, error: type[RuleError], group: SynonymGroup, canonical: str, words: list[str]
) -> None:
    before = (group.canonical, list(group.words), group.version, _counts(session))
    with pytest.raises(error):
        catalogue.update_synonyms(session, MANAGER, NOW, group.id, group.version, canonical, words)
    session.refresh(group)
    assert (group.canonical, list(group.words), group.version, _counts(session)) == before
