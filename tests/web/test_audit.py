"""审计: who may read which entries, and that what is filtered is what is shown and taken along."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Sequence
from html import unescape
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, insert, select, text, update

from marketplace.db.audit import AuditEntry
from marketplace.db.orders import Order
from marketplace.db.people import Unit, User
from marketplace.db.session import transaction
from marketplace.domain.audit_chain import FIELDS, Seal, content_of, digest_of
from marketplace.domain.orders import OrderKind
from marketplace.domain.permissions import ROLE_PERMISSIONS, Permission, Role
from marketplace.registers.cells import unmark_formula
from marketplace.use_cases import audit_chain
from marketplace.use_cases.audit_export import READABLE, SEALED_HEADER, SEALS
from tests import factories
from tests.conftest import NOW
from tests.web.conftest import Visitor, World

REASONS = re.compile(r'<p class="mb-0">理由：([^<]*)</p>')


def note(world: World, reason: str, unit: str | None = "JY-1", **values: Any) -> int:
    """An entry about something of a unit, told from others by its reason."""
    entry = {
        "at": NOW,
        "actor_name": "王晓岚",
        "action": "asset.edit",
        "object_kind": "asset",
        "object_id": 900_000,
        "unit_id": world.units[unit] if unit else None,
        "reason": reason,
    }
    with transaction(world.sessions) as session:
        entry_id = session.scalar(insert(AuditEntry).values(**entry | values).returning(AuditEntry.id))
    assert entry_id is not None
    return entry_id


def auditor(world: World, at: str = "330000") -> Visitor:
    return world.signed_in(Role.AUDITOR, at=at)


def reasons(visitor: Visitor, **query: Any) -> list[str]:
    """The noted entries that a search shows, in their order."""
    answer = visitor.get("/admin/audit", query_string={key.rstrip("_"): v for key, v in query.items()})
    assert answer.status_code == 200, answer.text
    return [unescape(found) for found in REASONS.findall(answer.text)]


def test_an_auditor_reads_what_lies_below_the_own_grant(world: World) -> None:
    for unit in ("330000", "JY", "JY-1", "WS-1", "440000", None):
        note(world, str(unit), unit)
    assert set(reasons(auditor(world))) == {"330000", "JY", "JY-1", "WS-1", "None"}
    assert set(reasons(auditor(world, "JY"))) == {"JY", "JY-1"}
    assert set(reasons(auditor(world, "JY-1"))) == {"JY-1"}
    assert set(reasons(auditor(world, "440000"))) == {"440000", "None"}


def test_both_sides_of_an_order_account_for_it_once_it_was_submitted(world: World) -> None:
    auditors = {unit: auditor(world, unit) for unit in ("JY-1", "WS-1", "440000")}
    submitted = {"number": "DB2026090001", "submitted_at": NOW}
    for reason, values in (("提交了", submitted), ("还是草稿", {})):
        with transaction(world.sessions) as session:
            order = Order(
                kind=OrderKind.TRANSFER,
                requester_id=session.scalars(select(User.id)).first(),
                receiver_unit_id=world.units["JY-1"],
                giver_unit_id=world.units["WS-1"],
                created_at=NOW,
                **values,
            )
            session.add(order)
            session.flush()
            order_id = order.id
        note(world, reason, "JY-1", object_kind="order", object_id=order_id)
    seen = {unit: reasons(visitor) for unit, visitor in auditors.items()}
    assert seen == {"JY-1": ["还是草稿", "提交了"], "WS-1": ["提交了"], "440000": []}
    assert reasons(auditors["WS-1"], unit="WS-1") == ["提交了"]


def test_nobody_else_reads_the_record_and_nothing_is_noted_of_the_attempt(world: World) -> None:
    note(world, "秘密")
    for role in Role:
        if Permission.READ_AUDIT in ROLE_PERMISSIONS[role]:
            continue
        visitor = world.signed_in(role, at="330000")
        assert "/admin/audit" not in visitor.get("/profile").text
        with transaction(world.sessions) as session:
            before = session.scalar(select(func.count(AuditEntry.id)))
        for answer in (
            visitor.get("/admin/audit"),
            visitor.get("/admin/audit/export.csv"),
            visitor.post("/admin/audit/verify"),
        ):
            assert answer.status_code == 403
            assert "秘密" not in answer.text
        with transaction(world.sessions) as session:
            assert session.scalar(select(func.count(AuditEntry.id))) == before


def test_each_filter_finds_its_entries_only(world: World) -> None:
    visitor = auditor(world)
    with transaction(world.sessions) as session:
        school = session.get_one(Unit, world.units["JY-1"])
        desk = factories.asset(session, school, number="ZC-77")
        person = factories.user(session, school, username="li.lei", name="李雷")
    note(world, "甲", object_id=desk.id)
    note(world, "乙", "WS-1", actor_name="李雷", actor_id=person.id, action="asset.list", outcome="wrong")
    note(world, "丙", object_kind="user", object_id=person.id, at=NOW - dt.timedelta(days=3))
    note(world, "100%", object_id=4711, at=NOW - dt.timedelta(days=5))
    for query, found in (
        ({"actor": "李"}, ["乙"]),
        ({"actor": "LI.LEI"}, ["乙"]),
        ({"unit": "WS"}, ["乙"]),
        ({"unit": "JY"}, ["甲", "丙", "100%"]),
        ({"action": "asset.list"}, ["乙"]),
        ({"outcome": "wrong"}, ["乙"]),
        ({"kind": "user", "words": "丙"}, ["丙"]),
        ({"kind": "asset", "number": "ZC-77"}, ["甲"]),
        ({"number": "ZC-77"}, ["甲"]),
        ({"number": "li.lei"}, ["丙"]),
        ({"number": "4711"}, ["100%"]),
        ({"kind": "user", "number": "4711"}, []),
        ({"number": "9" * 30}, []),
        ({"words": "0%"}, ["100%"]),
        ({"words": "%"}, ["100%"]),
        ({"from_": "2026-08-30", "kind": "asset"}, ["乙", "甲"]),
        ({"to": "2026-08-29"}, ["丙", "100%"]),
        ({"from_": "2026-08-29", "to": "20260829"}, ["丙"]),
    ):
        assert reasons(visitor, **query) == found, query


def test_a_day_is_a_whole_day_where_the_organisation_is(world: World) -> None:
    visitor = auditor(world)
    midnight = dt.datetime(2026, 8, 30, 16, 0, tzinfo=dt.UTC)
    for name, at in (
        ("前", midnight - dt.timedelta(microseconds=1)),
        ("始", midnight),
        ("终", midnight + dt.timedelta(days=1, microseconds=-1)),
        ("后", midnight + dt.timedelta(days=1)),
    ):
        note(world, name, at=at)
    assert reasons(visitor, from_="2026-08-31", to="2026-08-31") == ["终", "始"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=gestern", "应为日期"),
        ("from=2026-09-02&to=2026-09-01", "截止日期不能早于起始日期"),
        ("unit=NO-1", "没有编码为“NO-1”的单位"),
        ("unit=440000", "没有编码为“440000”的单位"),
        ("after=x", "翻页位置无效"),
        ("after=99999999999999999999-1", "翻页位置无效"),
    ],
)
def test_a_mistaken_filter_is_said_and_shows_nothing(world: World, query: str, said: str) -> None:
    note(world, "甲")
    visitor = auditor(world)
    answer = visitor.get(f"/admin/audit?{query}&actor=王")
    assert answer.status_code == 422
    assert said in answer.text
    assert not REASONS.findall(answer.text)
    assert 'value="王"' in answer.text, "what was typed stays"
    if "after" not in query:
        assert visitor.get(f"/admin/audit/export.csv?{query}").status_code == 422


def test_pages_follow_each_other_without_repeats_or_gaps(world: World) -> None:
    """Many entries of one moment, and new ones that come in while somebody reads."""
    visitor = auditor(world)
    for number in range(130):
        note(world, f"第{number}", at=NOW - dt.timedelta(seconds=number // 60))
    path, seen = "/admin/audit?actor=王晓岚", []
    while path:
        page = visitor.get(path).text
        seen += REASONS.findall(page)
        note(world, "新来的")
        following = re.search(r'href="([^"]+)" rel="next"', page)
        path = unescape(following[1]) if following else ""
    newest_first = sorted(range(130), key=lambda number: (number // 60, -number))
    assert seen == [f"第{number}" for number in newest_first]


def test_an_entry_is_told_in_words_with_its_place_in_the_chain(world: World) -> None:
    visitor = auditor(world)
    with transaction(world.sessions) as session:
        school = session.get_one(Unit, world.units["JY-1"])
        desk = factories.asset(session, school, "会议桌", number="ZC-77")
        person = factories.user(session, school, username="li.lei", name="李雷")
    note(
        world,
        "清查",
        object_id=desk.id,
        before={"state": "in_use", "original_value": "1200.00"},
        after={"state": "listed", "original_value": "1300.00", "secret_code": "x"},
        basis="第十一条",
        request_id="req-1",
    )
    held = [f"staff@{world.units['JY-1']}"]
    note(world, "换岗", object_kind="user", object_id=person.id, action="user.roles", before={"roles": held})
    note(world, "未来", action="dream.dreamt", object_kind="dream", object_id=5, outcome="odd")
    audit_chain.seal_waiting(world.sessions)
    page = unescape(visitor.get("/admin/audit").text)
    for said in (
        "修改卡片",
        "会议桌 ZC-77</a>",
        f'href="/assets/{desk.id}"',
        "状态：在用 → 在仓",
        "账面原值：¥1,200.00 → ¥1,300.00",
        "secret_code：x",
        "理由：清查",
        "第十一条",
        "req-1",
        "2026-09-01 10:00:00",
        "角色：申请人（第一中学） → 未填写",
        "李雷 li.lei",
        "dream.dreamt",
        "#5",
    ):
        assert said in page, said
    assert f'href="/admin/users/{person.id}"' not in page, "not an auditor's page"
    with world.sessions() as session:
        end = audit_chain.end(session)
    assert f"第{end.position}位" in page
    assert end.digest.hex()[:12] in page
    note(world, "刚刚")
    assert "待封存" in visitor.get("/admin/audit?words=刚刚").text


def exported(visitor: Visitor, kind: str, query: str = "") -> list[list[str]]:
    """The rows of an export, its header first, as texts."""
    answer = visitor.get(f"/admin/audit/export.{kind}?{query}")
    assert answer.status_code == 200
    if kind == "csv":
        rows = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
        return [[unmark_formula(cell) for cell in row] for row in rows]
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0)
    assert sheet.name == "审计记录"
    return [[_plain(cell) for cell in row] for row in sheet.to_python()]


def _plain(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_can_be_checked_without_this_program(world: World, kind: str) -> None:
    """Each seal follows from the fields beside it, and the file holds what the page shows."""
    visitor = auditor(world)
    note(world, "=1+1", after={"name": '说"好",\n再说'}, before={"name": None}, actor_id=3)
    note(world, "-5", "WS-1", object_id=None)
    note(world, "甲", "440000")
    audit_chain.seal_waiting(world.sessions)
    header, *rows = exported(visitor, kind, "actor=王晓岚")
    assert header == [*READABLE, *SEALED_HEADER, *SEALS]
    assert [row[header.index("理由")] for row in rows] == ["=1+1", "-5"]
    assert rows[0][:7] == [
        rows[0][0],
        "2026-09-01 10:00:00",
        "王晓岚",
        "第一中学",
        "修改卡片",
        "资产",
        "完成",
    ]
    for row in rows:
        fields = _typed(row[len(READABLE) : -len(SEALS)])
        previous, digest = (bytes.fromhex(cell) for cell in row[-len(SEALS) :])
        assert digest_of(previous, int(row[0]), content_of(fields)) == digest


def _typed(cells: Sequence[str]) -> list[int | str | None]:
    """The sealed fields from their cells: numbers, texts, and nothing where there was none."""
    numbers, optional = {"id", "actor_id", "unit_id", "object_id"}, {"before", "after"}
    return [
        (int(cell) if cell else None) if name in numbers else (cell or None) if name in optional else cell
        for name, cell in zip(FIELDS, cells, strict=True)
    ]


def test_an_export_holds_all_that_was_filtered_and_is_recorded_itself(world: World) -> None:
    visitor = auditor(world)
    for number in range(70):
        note(world, f"第{number}")
    assert len(exported(visitor, "csv", "actor=王晓岚&from=2026-09-01")) == 71
    with world.sessions() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "audit.export"))
    assert entry.after == {
        "rows": 70,
        "format": "csv",
        "filter": {"actor": "王晓岚", "since": "2026-09-01 00:00:00+08:00"},
    }
    assert entry.unit_id == world.units["330000"]


def test_a_value_too_long_for_a_cell_says_so_and_is_whole_in_a_text_file(world: World) -> None:
    visitor = auditor(world)
    note(world, "长" * 40_000)
    place = len(READABLE) + SEALED_HEADER.index("理由")
    assert exported(visitor, "csv", "actor=王晓岚")[1][place] == "长" * 40_000
    cut = exported(visitor, "xlsx", "actor=王晓岚")[1][place]
    assert len(cut) == 32_767
    assert cut.endswith("完整内容请导出 .csv）")


def test_the_chain_is_checked_at_the_push_of_a_button_and_that_is_recorded(world: World) -> None:
    visitor = auditor(world)
    entry = note(world, "甲")
    audit_chain.seal_waiting(world.sessions)
    page = visitor.post("/admin/audit/verify", follow_redirects=True)
    assert "记录完好" in page.text
    with transaction(world.sessions) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(update(AuditEntry).where(AuditEntry.id == entry).values(reason="乙"))
    page = visitor.post("/admin/audit/verify", follow_redirects=True)
    assert f"记录 {entry}（第 " in page.text
    assert "或其封印被改动" in page.text
    with world.sessions() as session:
        checks = session.scalars(select(AuditEntry).where(AuditEntry.action == "audit.verify")).all()
    assert [check.outcome for check in checks] == ["done", "broken"]


def test_the_page_says_what_the_nightly_check_found(world: World) -> None:
    visitor = auditor(world)
    note(world, "甲")
    audit_chain.seal_waiting(world.sessions)
    verdict = audit_chain.verify(world.sessions)
    with transaction(world.sessions) as session:
        audit_chain.note(session, factories.actor(), NOW, verdict, whole=True)
    assert f"核验全部{verdict.checked}条记录，完好" in visitor.get("/admin/audit").text
    fault = audit_chain.Fault(audit_chain.FaultKind.REMOVED, 7, 5)
    with transaction(world.sessions) as session:
        audit_chain.note(
            session, factories.actor(), NOW, audit_chain.Verdict(4, Seal(4, b"x"), fault), whole=True
        )
    page = visitor.get("/admin/audit").text
    assert "核验发现异常" in page
    assert "removed entry=7 position=5" in page


def test_a_search_without_a_hit_leads_back(world: World) -> None:
    page = auditor(world).get("/admin/audit?words=没有&kind=asset").text
    assert "没有符合条件的记录" in page
    assert 'href="/admin/audit"' in page
