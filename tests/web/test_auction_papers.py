"""Files, results and papers of an auction through the pages, and the settings of auctions."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import select

from marketplace.db.auctions import LotResult
from marketplace.db.audit import AuditEntry
from marketplace.domain.auction_rules import Rules, as_json
from marketplace.domain.permissions import Role
from marketplace.use_cases.auction_rules import rules_of
from tests.use_cases.test_auction_files import PDF
from tests.web.conftest import Visitor, World, sent
from tests.web.test_disposals import Desk, approved, desk, drafted, opened, proven

__all__ = ["desk"]


def upload(visitor: Visitor, path: str, content: bytes, name: str) -> object:
    return visitor.post(path, {"file": (io.BytesIO(content), name)}, content_type="multipart/form-data")


def published(desk: Desk, auction: str) -> str:
    """The number of the auction, which is public."""
    desk.manager.post(f"{auction}/submit")
    desk.second.post(f"{auction}/approve")
    assert desk.manager.post(f"{auction}/publish").status_code == 302
    number = re.search(r"PM\d+", desk.manager.get(auction).text)
    assert number
    return number[0]


@pytest.fixture
def ended(desk: Desk) -> str:
    """An auction whose bidding is over."""
    auction = drafted(desk)
    published(desk, auction)
    desk.world.clock.advance(days=12)
    desk.sign_in()
    desk.manager.get(auction)
    return auction


def results(line: str) -> bytes:
    return f"标的号,成交价,成交日期,竞得人,成交方式\n{line}\n".encode()


def test_a_file_is_public_with_its_version_and_not_before(desk: Desk) -> None:
    auction = drafted(desk)
    assert upload(desk.manager, f"{auction}/files", PDF, "看样须知.pdf").status_code == 302
    page = desk.manager.get(auction).text
    inside = re.search(rf'href="({auction}/files/\d+)"', page)
    assert inside
    assert desk.manager.get(inside[1]).data == PDF
    assert "看样须知.pdf" in desk.manager.get(f"{auction}/preview").text
    stranger = desk.world.visitor()
    assert stranger.get(inside[1]).status_code == 302

    number = published(desk, auction)
    public = stranger.get(f"/auctions/{number}").text
    link = re.search(rf'href="(/auctions/{number}/v1/files/[0-9a-f]{{64}})"', public)
    assert link
    answer = stranger.get(link[1])
    assert (answer.data, answer.mimetype) == (PDF, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "immutable" in answer.headers["Cache-Control"]
    assert stranger.get(link[1], headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    for other in (link[1].replace("/v1/", "/v2/"), link[1][:-1] + ("0" if link[1][-1] != "0" else "1")):
        assert stranger.get(other).status_code == 404


def test_what_is_no_document_is_refused_in_place(desk: Desk) -> None:
    auction = drafted(desk)
    answer = upload(desk.manager, f"{auction}/files", b"<html>", "报告.pdf")
    assert answer.status_code == 422
    assert "附件请用PDF或图片" in answer.text
    assert desk.manager.post(f"{auction}/files").status_code == 422
    assert "还没有附件" in desk.manager.get(auction).text


def test_results_are_previewed_entered_and_then_announced(desk: Desk, ended: str) -> None:
    line = "1,61000.50,2026-09-12,张三丰,网络竞价"
    previewed = upload(desk.manager, f"{ended}/results/preview", results(line), "结果.csv")
    assert "可以登记" in previewed.text
    with desk.world.sessions() as session:
        assert session.scalars(select(LotResult)).all() == []
    rows = sent(previewed.text, "rows")
    assert desk.manager.post(f"{ended}/results/enter", {"rows": rows}).status_code == 302
    page = desk.manager.get(ended).text
    assert "已登记，待公布" in page
    assert sent(page, "price-1") == "61000.50"
    again = upload(desk.manager, f"{ended}/results/preview", results(line), "结果.csv")
    assert "没有需要登记的" in again.text

    form = {name: sent(page, name) for name in ("price-1", "winner-1", "concluded_on-1", "way-1")}
    assert desk.manager.post(f"{ended}/results", form).status_code == 302
    number = re.search(r"PM\d+", page)
    assert number
    public = desk.world.visitor().get(f"/auctions/{number[0]}").text
    assert "成交（网络竞价）" in public
    assert "张*丰" in public
    assert "张三丰" not in public
    _confirmation(desk, ended)


def _confirmation(desk: Desk, auction: str) -> None:
    """The paper is for insiders; whoever holds it can verify it, and reads no name."""
    link = re.search(r'href="(/disposals/lots/\d+/confirmation\.pdf)"', desk.manager.get(auction).text)
    assert link
    answer = desk.manager.get(link[1])
    assert (answer.status_code, answer.mimetype, answer.data[:5]) == (200, "application/pdf", b"%PDF-")
    assert "no-store" in answer.headers["Cache-Control"]
    assert desk.world.visitor().get(link[1]).status_code == 302
    assert desk.world.signed_in(Role.WAREHOUSE_MANAGER, at="440000").get(link[1]).status_code == 404
    with desk.world.sessions() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "paper.issue")).one()
        assert entry.object_kind == "auction"
        code = session.connection().exec_driver_sql("SELECT code FROM papers").scalar_one()
    record = desk.world.visitor().get(f"/verify/{code}").text
    assert "单据属实" in record
    assert "陆万壹仟元伍角整" in record
    assert "张三丰" not in record


def test_bad_rows_are_listed_with_their_reasons(desk: Desk, ended: str) -> None:
    page = upload(desk.manager, f"{ended}/results/preview", results("1,49999,2026-09-12,张三,"), "结果.csv")
    assert "低于起拍价或保留价" in page.text
    assert 'name="rows"' not in page.text
    refused = upload(desk.manager, f"{ended}/results/preview", b"%PDF-1.7", "结果.csv")
    assert refused.status_code == 422
    assert desk.manager.post(f"{ended}/results/enter", {"rows": "[1]"}).status_code == 422
    with desk.world.sessions() as session:
        assert session.scalars(select(LotResult)).all() == []


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_can_be_filled_in_and_read(desk: Desk, ended: str, kind: str) -> None:
    answer = desk.manager.get(f"{ended}/results/template.{kind}")
    assert answer.status_code == 200
    page = upload(desk.manager, f"{ended}/results/preview", answer.data, f"结果.{kind}")
    assert "没有成交价，也没有写明流拍" in page.text


def test_results_wait_for_the_end_of_bidding(desk: Desk) -> None:
    auction = drafted(desk)
    published(desk, auction)
    line = results("1,61000,2026-09-12,张三,")
    assert upload(desk.manager, f"{auction}/results/preview", line, "结果.csv").status_code == 409


def test_a_second_draft_is_refused_in_place(desk: Desk) -> None:
    project = approved(desk)
    assert desk.manager.post(f"{project}/auction").status_code == 302
    answer = desk.manager.post(f"{project}/auction")
    assert answer.status_code == 409
    assert "旧车处置" in answer.text
    assert "已有拍卖在办" in answer.text


def test_a_reason_that_is_too_short_stays_in_its_form(desk: Desk) -> None:
    project = opened(desk)
    proven(desk, project)
    answer = desk.manager.post(f"{project}/cancel", {"reason": "嗯"})
    assert answer.status_code == 422
    assert ">嗯</textarea>" in answer.text


def test_the_board_is_searched_and_says_when_nothing_fits(desk: Desk) -> None:
    project = opened(desk)
    assert project in desk.manager.get("/disposals").text
    for args, found in (
        ("q=旧车", True),
        ("way=auction&state=draft", True),
        ("state=completed", False),
        ("q=拖拉机", False),
        ("way=nonsense&before=9", True),
    ):
        page = desk.manager.get(f"/disposals?{args}").text
        assert (project in page, "没有符合条件的项目" in page) == (found, not found), args


def rules_form(world: World, **changes: object) -> dict[str, object]:
    with world.sessions() as session:
        shown = as_json(rules_of(session))
    return {**shown, **{f"was_{name}": value for name, value in shown.items()}, **changes}


def test_the_rules_of_auctions_are_set_within_the_law(world: World) -> None:
    visitor = world.signed_in(Role.SYSTEM_ADMINISTRATOR, at="330000")
    assert "拍卖法第四十五条" in visitor.get("/admin/settings/auctions").text
    path = "/admin/settings/auctions"
    refused = visitor.post(path, rules_form(world, notice_days="6", bidding_hours="48"))
    assert refused.status_code == 422
    assert "不能少于7：拍卖法第四十五条" in refused.text
    assert 'value="48"' in refused.text
    changed = rules_form(world, notice_days="10", approval_threshold="300,000.00")
    assert visitor.post(path, changed).status_code == 302
    assert visitor.post(path, changed | {"notice_days": "12"}).status_code == 409
    with world.sessions() as session:
        assert rules_of(session) == Rules(
            notice_days=10, approval_threshold=Rules().approval_threshold * 3 / 5
        )
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "settings.change")).one()
        assert entry.after == {"notice_days": 10, "approval_threshold": "300000.00"}
    assert world.signed_in(Role.WAREHOUSE_MANAGER).get(path).status_code == 403
