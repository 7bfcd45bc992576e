"""A register goes in: cards, updates, refusals, each once; and only by those who may."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from marketplace.config import Settings
from marketplace.db.assets import Asset
from marketplace.db.audit import AuditEntry
from marketplace.db.imports import ImportRow, ImportRun, ImportState
from marketplace.db.outbox import OutboxRow
from marketplace.db.people import RoleGrant, Unit, User
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.assets import AcquisitionMethod, UseStatus
from marketplace.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from marketplace.domain.permissions import Permission, Role
from marketplace.domain.states import AssetState
from marketplace.registers.reader import Choice
from marketplace.registers.writer import FileKind, write
from marketplace.use_cases import register_import
from marketplace.use_cases.register_preview import preview, reason, refusals
from tests import factories
from tests.conftest import NOW
from tests.registers import samples
from tests.registers.samples import write_xlsx
from tests.use_cases.importing import Desk, make_desk

HEADERS = ["资产编号", "资产名称", "数量", "原值", "使用人", "备注"]


@pytest.fixture
def desk(sessions: SessionFactory, settings: Settings, tmp_path: Path) -> Desk:
    return make_desk(sessions, settings, tmp_path)


def reasons(desk: Desk, run_id: int) -> dict[int, str]:
    """Why rows were refused, by row number."""
    with desk.sessions() as session:
        rows = refusals(session, desk.settings, desk.actor, run_id).rows
        return {row[0]: row[1] for row in rows if isinstance(row[0], int) and isinstance(row[1], str)}


def test_a_finance_export_becomes_cards(desk: Desk) -> None:
    report = desk.bring_in(write_xlsx(desk.folder / "r.xlsx", samples.finance_sheet(20)))
    assert (report.state, report.total, report.created) == (ImportState.DONE, 20, 20)
    assert report.skipped == {"total": 1}
    table = samples.rows(samples.FINANCE, 20)
    first = dict(zip(samples.FINANCE, table[0], strict=True))
    card = next(card for card in desk.cards() if card["number"] == first["资产编号"])
    assert card["name"] == first["资产名称"]
    assert card["original_value"] == Decimal(str(first["资产原值"]))
    assert card["unit_of_measure"] == first["计量单位"]
    assert card["acquisition_method"] in (
        *(AcquisitionMethod.PURCHASE, AcquisitionMethod.TRANSFER, AcquisitionMethod.DONATION),
    )
    assert card["extra"]["部门名称"] == first["部门名称"]


def test_a_register_without_numbers_goes_in_once_however_often(desk: Desk) -> None:
    path = desk.file([samples.SURPLUS, *samples.surplus(3_569)])
    first = desk.bring_in(path)
    assert (first.created, first.refused) == (3_569, 0)
    cards, entries, waiting = desk.cards(), desk.count(AuditEntry), desk.count(OutboxRow)
    assert len(cards) == 3_569
    assert {card["original_value"] for card in cards} >= {Decimal("0.00"), Decimal("9042.25")}
    assert {'CHAIR, 18" SEAT', "TRUCK,UTILITY"} <= {card["name"] for card in cards}
    again = desk.bring_in(path)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 3_569)
    assert desk.cards() == cards
    assert desk.count(OutboxRow) == waiting == 3_569
    assert desk.count(AuditEntry) == entries + 1, "only that an import was begun"


def test_the_same_content_gets_the_same_numbers_from_text_and_from_a_workbook(desk: Desk) -> None:
    table = [samples.SURPLUS, *samples.surplus(40)]
    typed = [[_decoded(cell) for cell in row] for row in table]
    desk.bring_in(desk.file(table))
    report = desk.bring_in(write_xlsx(desk.folder / "r.xlsx", typed))
    assert (report.created, report.unchanged) == (0, 40)


def _decoded(cell: samples.Value) -> samples.Value:
    if isinstance(cell, str) and cell.endswith("00:00:00"):
        return dt.date.fromisoformat(cell[:10])
    return float(cell) if isinstance(cell, str) and cell.isdigit() else cell


def test_a_person_looks_before_anything_is_written(desk: Desk) -> None:
    desk.bring_in_table([HEADERS, ["A1", "办公桌", 1, 100, "", ""], ["A2", "椅", 1, 50, "", ""]])
    table = [
        HEADERS,
        ["A1", "办公桌", 1, 120, "", ""],
        ["A2", "椅", 1, 50, "", ""],
        ["A3", "柜", 1, 9, "", ""],
    ]
    run_id = desk.begin(desk.file([*table, ["A4", "灯", "半", 9, "", ""]]))
    assert desk.advance(run_id).state is ImportState.PREVIEW
    with desk.sessions() as session:
        seen = preview(session, desk.actor, run_id)
    assert (seen.create, seen.update, seen.unchanged, seen.refused) == (1, 1, 1, 1)
    assert [(row.row_no, row.number, row.name) for row in seen.refusals] == [(5, "A4", "灯")]
    assert reason(seen.refusals[0].problems[0]) == "数量“半”：应为整数，如 1"
    assert [(row.row_no, row.verdict) for row in seen.sample] == [
        (2, "update"),
        (3, "unchanged"),
        (4, "create"),
    ]
    assert len(desk.cards()) == 2
    with transaction(desk.sessions) as session:
        register_import.confirm(session, desk.actor, NOW, run_id)
    report = desk.advance(run_id)
    assert report.state is ImportState.DONE
    assert (report.created, report.updated, report.unchanged, report.refused) == (1, 1, 1, 1)
    assert reasons(desk, run_id) == {5: "数量“半”：应为整数，如 1"}


def test_a_confirmed_mapping_is_offered_for_the_next_file_of_the_source(desk: Desk) -> None:
    table = [["编号", "名称", "责任科室", "用途"], ["A1", "桌", "财务科", "办公"]]
    run_id = desk.begin(desk.file(table))
    with transaction(desk.sessions) as session:
        register_import.remap(
            session, desk.settings, desk.actor, NOW, run_id, {0: "number", 1: "name", 2: "using_department"}
        )
    desk.advance(run_id)
    with transaction(desk.sessions) as session:
        register_import.confirm(session, desk.actor, NOW, run_id)
    desk.advance(run_id)
    assert desk.cards()[0]["using_department"] == "财务科"
    turned = [row[::-1] for row in table]
    next_id = desk.begin(desk.file([*turned, ["", "", "椅", "A2"]]))
    with desk.sessions() as session:
        run = session.get_one(ImportRun, next_id)
        assert run.mapping["columns"] == {"1": "using_department", "2": "name", "3": "number"}
        assert {note["message"] for note in run.notes} == {"沿用上次确认的对应关系"}


def test_a_corrected_mapping_is_read_anew(desk: Desk) -> None:
    run_id = desk.begin(desk.file([["资产编号", "资产名称", "品名"], ["A1", "桌", "实木办公桌"]]))
    desk.advance(run_id)
    with transaction(desk.sessions) as session:
        register_import.remap(session, desk.settings, desk.actor, NOW, run_id, {0: "number", 2: "name"})
    assert desk.advance(run_id).state is ImportState.PREVIEW
    with desk.sessions() as session:
        [row] = preview(session, desk.actor, run_id).sample
    assert row.values["name"] == "实木办公桌"


def test_another_sheet_or_header_row_can_be_chosen(desk: Desk) -> None:
    register = [["资产编号", "资产名称"], ["A1", "桌"]]
    other = [["资产编号", "资产名称", "原值"], ["B1", "椅", 5], ["B2", "柜", 6]]
    run_id = desk.begin(write_xlsx(desk.folder / "r.xlsx", other, register))
    with transaction(desk.sessions) as session:
        register_import.relocate(session, desk.settings, desk.actor, NOW, run_id, Choice(sheet="Sheet2"))
    desk.advance(run_id)
    with transaction(desk.sessions) as session:
        register_import.confirm(session, desk.actor, NOW, run_id)
    desk.advance(run_id)
    assert [card["number"] for card in desk.cards()] == ["A1"]
    with transaction(desk.sessions) as session, pytest.raises(Conflict, match="已写入"):
        register_import.remap(session, desk.settings, desk.actor, NOW, run_id, {0: "name"})


def test_a_file_without_a_name_waits_for_its_mapping(desk: Desk) -> None:
    path = desk.file([["甲", "乙"], ["A1", "桌"]])
    run_id = desk.begin(path)
    assert desk.advance(run_id).state is ImportState.MAPPING
    with pytest.raises(Invalid, match="没有一列对应“资产名称”"):
        desk.begin(path, proceed=True)


def test_the_words_of_an_edition_can_be_given_for_the_whole_file(desk: Desk) -> None:
    with transaction(desk.sessions) as session:
        factories.category(session, "A02010105", "台式计算机", edition="2022")
        factories.category(session, "A02010105", "便携式计算机", edition="2013")
    run_id = desk.begin(desk.file([["资产编号", "资产名称", "分类代码"], ["A1", "电脑", "A02010105"]]))
    with transaction(desk.sessions) as session:
        columns = {0: "number", 1: "name", 2: "category_code"}
        register_import.remap(session, desk.settings, desk.actor, NOW, run_id, columns, edition="2013")
    desk.advance(run_id)
    with transaction(desk.sessions) as session:
        register_import.confirm(session, desk.actor, NOW, run_id)
    desk.advance(run_id)
    assert (desk.cards()[0]["category_edition"], desk.cards()[0]["category_code"]) == ("2013", "A02010105")


def test_an_update_changes_only_what_the_register_speaks_of(desk: Desk) -> None:
    first = [*HEADERS, "车牌号", "用途"]
    desk.bring_in_table(
        [first, ["A1", "轿车", 2, 100, "张伟", "旧", "京A1", "公务"], ["A2", "桌", 1, 5, "", "", "", ""]]
    )
    before = desk.cards()
    waiting = desk.count(OutboxRow)
    report = desk.bring_in_table(
        [
            ["资产编号", "资产名称", "使用人", "发动机号", "颜色"],
            ["A1", "轿车", "", "F-9", "黑"],
            ["A2", "桌", "", "", ""],
        ]
    )
    assert (report.created, report.updated, report.unchanged) == (0, 1, 1)
    changed = {"engine_number": "F-9", "extra": {"用途": "公务", "颜色": "黑"}, "version": 2}
    assert desk.cards() == [{**before[0], **changed}, before[1]]
    assert desk.count(OutboxRow) == waiting + 1
    with desk.sessions() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "asset.edit"))
        asset = session.scalars(select(Asset).where(Asset.number == "A1")).one()
    assert (entry.object_kind, entry.object_id, entry.unit_id) == ("asset", asset.id, desk.unit.id)
    assert entry.actor_id == desk.user.id
    assert entry.before == {"engine_number": None, "extra": {"用途": "公务"}}
    assert entry.after == {"engine_number": "F-9", "extra": {"用途": "公务", "颜色": "黑"}}


def test_amounts_and_days_are_recorded_as_text(desk: Desk) -> None:
    headers = ["资产编号", "资产名称", "原值", "取得日期", "数量"]
    desk.bring_in_table([headers, ["A1", "桌", 100, "2013-1-1", 1]])
    desk.bring_in_table([headers, ["A1", "桌", 120.5, "2014-1-1", 2]])
    with desk.sessions() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "asset.edit"))
    assert entry.before == {"original_value": "100.00", "acquired_on": "2013-01-01", "quantity": 1}
    assert entry.after == {"original_value": "120.50", "acquired_on": "2014-01-01", "quantity": 2}


def test_creations_are_recorded_per_chunk(desk: Desk) -> None:
    report = desk.bring_in_table([HEADERS, ["A1", "桌", 1, 1, "", ""], ["A2", "椅", 1, 1, "", ""]])
    with desk.sessions() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "asset.import"))
    assert (entry.object_kind, entry.object_id, entry.unit_id) == ("import_run", report.id, desk.unit.id)
    assert entry.after == {"created": 2, "after_row": 0, "last_row": 3}


def test_a_word_that_is_understood_later_is_no_extra_any_more(desk: Desk) -> None:
    headers = ["资产编号", "资产名称", "使用状况"]
    desk.bring_in_table([headers, ["A1", "桌", "长期外调"]])
    assert desk.cards()[0]["extra"] == {"使用状况": "长期外调"}
    desk.bring_in_table([headers, ["A1", "桌", ""]])
    assert desk.cards()[0]["extra"] == {"使用状况": "长期外调"}
    desk.bring_in_table([headers, ["A1", "桌", "在用"]])
    assert desk.cards()[0]["extra"] == {}
    assert desk.cards()[0]["use_status"] is UseStatus.IN_USE


def test_of_rows_with_one_number_equal_ones_count_once_and_different_ones_not_at_all(desk: Desk) -> None:
    report = desk.bring_in_table(
        [
            HEADERS,
            ["A1", "桌", 1, 100, "", ""],
            ["A2", "椅", 1, 50, "", ""],
            ["A1", "桌", "1", "100.00", "", ""],
            ["A2", "椅", 1, 60, "", ""],
            ["A2", "椅", 1, 50, "", ""],
            ["A3", "柜", 1, 70, "", ""],
        ]
    )
    assert {card["number"] for card in desk.cards()} == {"A1", "A3"}
    assert (report.created, report.refused) == (2, 4)
    told = reasons(desk, report.id)
    twin = next(row for row in (2, 4) if row in told)
    assert told.pop(twin) == f"资产编号“A1”：与第{6 - twin}行完全相同，只导入一次"
    assert told == {
        3: "资产编号“A2”：资产编号与第5、6行相同而内容不同，请核对编号",
        5: "资产编号“A2”：资产编号与第3、6行相同而内容不同，请核对编号",
        6: "资产编号“A2”：资产编号与第3、5行相同而内容不同，请核对编号",
    }


@pytest.mark.parametrize("number", ["A1", ""])
def test_rows_that_say_the_same_in_other_words_do_not_depend_on_their_order(desk: Desk, number: str) -> None:
    with transaction(desk.sessions) as session:
        other = factories.unit(session, session.merge(desk.unit))
    rows = [[number, "桌", "1.0"], [number, "桌", "1"], [number, "桌", "1.00"]]
    desk.bring_in_table([["资产编号", "资产名称", "型号"], *rows])
    desk.bring_in_table([["资产编号", "资产名称", "型号"], *rows[::-1]], unit=other)
    kept = [(card["number"], card["model"]) for card in desk.cards()]
    assert len(kept) == (1 if number else 3)
    assert kept == [(card["number"], card["model"]) for card in desk.cards(other)]


def test_a_number_that_all_rows_share_is_refused_without_naming_them_all(desk: Desk) -> None:
    report = desk.bring_in_table([HEADERS, *(["同号", "桌", 1, at, "", ""] for at in range(1, 301))])
    assert report.refused == 300
    assert (
        reasons(desk, report.id)[2] == "资产编号“同号”：资产编号与第3、4、5、6、7行相同而内容不同，请核对编号"
    )


def test_good_rows_go_in_beside_bad_ones_and_the_bad_ones_come_back_to_be_mended(desk: Desk) -> None:
    table = [["清单"], HEADERS, ["A1", "桌", 1, 100, "", '说"好"'], ["A2", "", 1, "八千", "=1", ""]]
    report = desk.bring_in(write_xlsx(desk.folder / "r.xlsx", table))
    assert (report.created, report.refused) == (1, 1)
    back = desk.folder / "back.csv"
    with desk.sessions() as session, back.open("wb") as file:
        assert write(refusals(session, desk.settings, desk.actor, report.id), FileKind.CSV, file) == 1
    text = back.read_text("utf-8-sig")
    assert text.splitlines() == [
        "原行号,未导入原因,资产编号,资产名称,数量,原值,使用人,备注",
        '4,"原值“八千”：应为金额，如 12,800.00；资产名称：必填，不能空白",A2,,1,八千,\'=1,',
    ]
    back.write_text(text.replace("A2,,", "A2,椅,").replace(",八千,", ",8000,"), "utf-8-sig")
    mended = desk.bring_in(back)
    assert (mended.created, mended.refused) == (1, 0)
    assert desk.cards()[1]["extra"] == {}
    assert desk.cards()[1]["using_person"] == "=1"


ENGLISH = {
    "原行号": "Original row",
    "未导入原因": "Why not imported",
    "；": "; ",
    "%(label)s：%(message)s": "%(label)s: %(message)s",
    "%(label)s“%(value)s”：%(message)s": "%(label)s “%(value)s”: %(message)s",
}


def test_the_bad_ones_come_back_in_the_readers_language(desk: Desk) -> None:
    report = desk.bring_in_table([HEADERS, ["A1", "", 1, "八千", "", ""]])
    back = desk.folder / "back.csv"
    with desk.sessions() as session, back.open("wb") as file:
        said = refusals(
            session, desk.settings, desk.actor, report.id, say=lambda text: ENGLISH.get(text, text)
        )
        write(said, FileKind.CSV, file)
    text = back.read_text("utf-8-sig")
    assert text.splitlines() == [
        "Original row,Why not imported,资产编号,资产名称,数量,原值,使用人,备注",
        '2,"原值 “八千”: 应为金额，如 12,800.00; 资产名称: 必填，不能空白",A1,,1,八千,,',
    ]
    back.write_text(text.replace("A1,,", "A1,椅,").replace(",八千,", ",8000,"), "utf-8-sig")
    assert desk.bring_in(back).created == 1
    assert desk.cards()[0]["extra"] == {}


def test_a_closed_card_is_not_changed(desk: Desk) -> None:
    desk.bring_in_table([HEADERS, ["A1", "桌", 1, 100, "", ""], ["A2", "椅", 1, 100, "", ""]])
    with transaction(desk.sessions) as session:
        for asset in session.scalars(select(Asset)):
            asset.state = AssetState.SOLD
    report = desk.bring_in_table([HEADERS, ["A1", "桌", 1, 90, "", ""], ["A2", "椅", 1, 100, "", ""]])
    assert (report.updated, report.unchanged, report.refused) == (0, 1, 1)
    assert reasons(desk, report.id) == {2: "资产编号：卡片已销账，不再更新"}
    assert {card["original_value"] for card in desk.cards()} == {Decimal(100)}


def test_state_and_listing_stay_and_their_rules_hold(desk: Desk) -> None:
    with transaction(desk.sessions) as session:
        unit = session.merge(desk.unit)
        for number in ("A1", "A2", "A3"):
            factories.listed(session, unit, number=number, quantity=5)
    headers = ["资产编号", "资产名称", "数量", "密级"]
    table = [headers, ["A1", "办公桌", 4, ""], ["A2", "办公桌", 5, "机密"], ["A3", "实木办公桌", 6, "内部"]]
    run_id = desk.begin(desk.file(table))
    desk.advance(run_id)
    with desk.sessions() as session:
        seen = preview(session, desk.actor, run_id)
    assert (seen.update, seen.refused) == (1, 2)
    report = desk.bring_in_table(table)
    assert (report.updated, report.refused) == (1, 2)
    assert reasons(desk, report.id) == {
        2: "数量：资产正在仓内展示，数量不能少于上架数量。请先撤回或修改上架数量",
        3: "密级：资产正在仓内展示，不能改为涉密。请先撤回",
    }
    with desk.sessions() as session:
        assert set(session.scalars(select(Asset.state))) == {AssetState.LISTED}


def test_depreciation_is_held_against_the_value_that_the_card_has(desk: Desk) -> None:
    desk.bring_in_table([HEADERS, ["A1", "桌", 1, 100, "", ""]])
    headers = ["资产编号", "资产名称", "累计折旧"]
    report = desk.bring_in_table([headers, ["A1", "桌", 101], ["A2", "椅", 1], ["A3", "柜", ""]])
    assert (report.created, report.updated, report.refused) == (1, 0, 2)
    assert reasons(desk, report.id) == dict.fromkeys((2, 3), "累计折旧：累计折旧不能大于账面原值")


def test_new_cards_start_with_defaults_where_the_register_says_nothing(desk: Desk) -> None:
    desk.bring_in_table([["资产名称", "数量"], ["桌", ""]])
    [card] = desk.cards()
    assert card["quantity"] == 1
    assert (card["original_value"], card["unit_of_measure"]) == (Decimal(0), "件")
    assert (card["use_status"], card["location"], card["acquired_on"]) == (UseStatus.IN_USE, None, None)


def test_rows_go_to_the_units_that_they_name_as_far_as_the_actor_may(desk: Desk) -> None:
    with transaction(desk.sessions) as session:
        below = factories.unit(session, session.merge(desk.unit), name="下属中心")
        foreign = factories.unit(session, name="外单位")
        closed = factories.unit(session, session.merge(desk.unit), name="撤销科", active=False)
    headers = ["单位编码", "单位名称", "资产编号", "资产名称"]
    report = desk.bring_in_table(
        [
            headers,
            [below.code, "", "A1", "桌"],
            ["", "下属中心", "A2", "桌"],
            ["", "", "A3", "桌"],
            ["", foreign.name, "A4", "桌"],
            ["", closed.name, "A5", "桌"],
            ["", "没有的单位", "A6", "桌"],
            [below.code, foreign.name, "A7", "桌"],
        ]
    )
    assert [card["number"] for card in desk.cards(below)] == ["A1", "A2"]
    assert [card["number"] for card in desk.cards()] == ["A3"]
    assert desk.count(Asset) == 3
    assert {row: told.partition("：")[2] for row, told in reasons(desk, report.id).items()} == {
        5: "您不能向这个单位导入资产，请由该单位资产管理员导入",
        6: "单位已停用，不能导入",
        7: "没有这个单位，请核对单位编码或名称",
        8: "单位编码与单位名称不是同一个单位，请核对",
    }


def test_only_those_who_may_import_for_the_unit_can(desk: Desk) -> None:
    path = desk.file([HEADERS, ["A1", "桌", 1, 1, "", ""]])
    run_id = desk.begin(path)
    with transaction(desk.sessions) as session:
        other = factories.unit(session)
        closed = factories.unit(session, session.merge(desk.unit), active=False)
        staff = factories.actor((Role.STAFF, session.merge(desk.unit)))
        stranger = factories.actor((Role.UNIT_ASSET_OFFICER, other))
    with pytest.raises(NotAllowed):
        desk.begin(path, unit=other)
    with pytest.raises(Conflict, match="已停用"):
        desk.begin(path, unit=closed)
    for outsider in (staff, stranger):
        for act in (register_import.confirm, register_import.stop, register_import.resume):
            with desk.sessions() as session, pytest.raises(NotFound):
                act(session, outsider, NOW, run_id)
        with desk.sessions() as session:
            with pytest.raises(NotFound):
                preview(session, outsider, run_id)
            with pytest.raises(NotFound):
                refusals(session, desk.settings, outsider, run_id)
            assert register_import.recent(session, outsider) == []
    with desk.sessions() as session:
        assert [run.id for run in register_import.recent(session, desk.actor)] == [run_id]
        assert register_import.recent(session, desk.actor, before=run_id) == []
        assert register_import.load(session, desk.actor, run_id, Permission.IMPORT_ASSETS).id == run_id


@pytest.mark.parametrize("lost", ["grant", "account", "unit"])
def test_a_right_that_was_taken_away_ends_the_run(desk: Desk, lost: str) -> None:
    run_id = desk.begin(desk.file([HEADERS, ["A1", "桌", 1, 1, "", ""]]), proceed=True)
    with transaction(desk.sessions) as session:
        if lost == "grant":
            session.delete(session.scalars(select(RoleGrant)).one())
        elif lost == "account":
            session.get_one(User, desk.user.id).active = False
        else:
            session.get_one(Unit, desk.unit.id).active = False
    report = desk.advance(run_id)
    assert report.state is ImportState.FAILED
    assert report.error
    assert desk.cards() == []


def test_a_right_over_a_named_unit_that_was_taken_away_ends_the_run_before_merging(desk: Desk) -> None:
    with transaction(desk.sessions) as session:
        below = factories.unit(session, session.merge(desk.unit), name="下属中心")
    run_id = desk.begin(desk.file([["单位名称", "资产编号", "资产名称"], ["下属中心", "A1", "桌"]]))
    desk.advance(run_id)
    with transaction(desk.sessions) as session:
        register_import.confirm(session, desk.actor, NOW, run_id)
        session.get_one(Unit, below.id).active = False
    report = desk.advance(run_id)
    assert (report.state, report.error_params) == (ImportState.FAILED, {"unit": "下属中心"})
    assert desk.count(Asset) == 0


def test_a_second_click_is_the_same_run(desk: Desk) -> None:
    path = desk.file([HEADERS, ["A1", "桌", 1, 1, "", ""]])
    run_id = desk.begin(path)
    assert desk.begin(path) == run_id
    desk.advance(run_id)
    assert desk.begin(path) == run_id
    with transaction(desk.sessions) as session:
        register_import.confirm(session, desk.actor, NOW, run_id)
        assert register_import.confirm(session, desk.actor, NOW, run_id).state is ImportState.MERGING
    assert desk.begin(path) == run_id
    desk.advance(run_id)
    assert desk.begin(path) != run_id
    with transaction(desk.sessions) as session, pytest.raises(Conflict, match="不能确认导入"):
        register_import.confirm(session, desk.actor, NOW, run_id)


def test_old_runs_are_forgotten_but_for_what_cards_name(desk: Desk) -> None:
    bad = [HEADERS, ["A1", "桌", "半", 1, "", ""]]
    report = desk.bring_in_table(bad)
    recent = desk.begin(desk.file([HEADERS, ["A2", "桌", 1, 1, "", ""]]))
    later = dt.datetime.now(dt.UTC) + register_import.FILES_KEPT
    with transaction(desk.sessions) as session:
        session.get_one(ImportRun, recent).created_at = later
        assert register_import.clear_old(session, desk.settings, later) >= 1
    assert desk.report(report.id).refused == 1
    assert desk.count(ImportRow) == 0
    with desk.sessions() as session, pytest.raises(Conflict, match="重新上传"):
        refusals(session, desk.settings, desk.actor, report.id)
    assert desk.advance(recent).state is ImportState.PREVIEW
