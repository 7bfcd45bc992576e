"""Results from the platform's file: judged row by row, entered once, announced when all are there."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db.auctions import Auction, LotResult
from marketplace.db.audit import AuditEntry
from marketplace.domain.auctions import AuctionState, LotState
from marketplace.domain.errors import Conflict, Invalid, NotAllowed
from marketplace.domain.permissions import Role
from marketplace.registers.auction_results import ResultRow, packed, read_results, unpacked
from marketplace.use_cases import auction_results, notices, proceeds
from marketplace.use_cases.auctions import Outcome
from marketplace.use_cases.proceeds import Receipt
from tests import factories
from tests.conftest import NOW
from tests.use_cases.selling import ZONE, Office, office

HEADER = "标的号,标的名称,成交价,成交日期,竞得人,成交方式"


@pytest.fixture
def selling(session: Session) -> Office:
    return office(session)


@pytest.fixture
def auction(selling: Office) -> Auction:
    return selling.published(selling.card("轿车"), selling.card("越野车"), selling.card("客车"))


def over(auction: Auction) -> dt.datetime:
    assert auction.ends_at is not None
    return auction.ends_at + dt.timedelta(hours=1)


def rows_of(folder: Path, text: str, encoding: str = "utf-8") -> list[ResultRow]:
    path = folder / "results.csv"
    path.write_bytes(text.encode(encoding))
    return read_results(path)


def day_of(auction: Auction) -> str:
    return over(auction).astimezone(ZONE).date().isoformat()


def enter(selling: Office, auction: Auction, rows: list[ResultRow]) -> auction_results.Entered:
    now = over(auction)
    return auction_results.enter(selling.session, selling.manager, now, ZONE, auction.id, rows)


def preview(selling: Office, auction: Auction, rows: list[ResultRow]) -> list[auction_results.Judged]:
    now = over(auction)
    return auction_results.preview(selling.session, selling.manager, now, ZONE, auction.id, rows)


def entered(session: Session) -> dict[int, tuple[Decimal | None, str]]:
    return {row.lot_id: (row.price, row.winner) for row in session.scalars(select(LotResult))}


def test_good_rows_go_in_and_bad_ones_say_why(selling: Office, auction: Auction, tmp_path: Path) -> None:
    day = day_of(auction)
    text = (
        f"江州平台成交结果,,,,,\n{HEADER}\n1,轿车,61000,{day},张三丰,网络竞价\n"
        f"2,越野车,49999.99,{day},李四,网络竞价\n7,客车二号,1,{day},王五,\n合计,,110999.99,,,\n"
    )
    result = enter(selling, auction, rows_of(tmp_path, text))
    assert (result.new, result.known) == (1, 0)
    reasons = [(one.line, one.errors[0].message % one.errors[0].params) for one in result.refused]
    assert reasons == [
        (4, "标的2的成交价低于起拍价或保留价，应为流拍。"),
        (5, "本场拍卖没有标的“7”。"),
    ]
    assert entered(selling.session) == {auction.lots[0].id: (Decimal("61000.00"), "张三丰")}
    assert auction.lots[0].state is LotState.OPEN
    assert auction.state is AuctionState.PUBLISHED


def test_the_same_file_again_changes_nothing(selling: Office, auction: Auction, tmp_path: Path) -> None:
    rows = rows_of(tmp_path, f"{HEADER}\n1,轿车,61000,{day_of(auction)},张三丰,\n")
    assert enter(selling, auction, rows).new == 1
    before = entered(selling.session)
    again = enter(selling, auction, rows)
    assert (again.new, again.known, again.refused) == (0, 1, ())
    assert entered(selling.session) == before
    query = select(func.count()).where(AuditEntry.action == "auction.enter_results")
    assert selling.session.scalar(query) == 1


def test_another_result_for_the_same_lot_is_refused(
    selling: Office, auction: Auction, tmp_path: Path
) -> None:
    day = day_of(auction)
    enter(selling, auction, rows_of(tmp_path, f"{HEADER}\n1,轿车,61000,{day},张三丰,\n"))
    result = enter(selling, auction, rows_of(tmp_path, f"{HEADER}\n1,轿车,62000,{day},张三丰,\n"))
    assert "已登记了不同的结果" in result.refused[0].errors[0].message
    assert entered(selling.session)[auction.lots[0].id][0] == Decimal("61000.00")


def test_a_preview_writes_nothing(selling: Office, auction: Auction, tmp_path: Path) -> None:
    judged = preview(selling, auction, rows_of(tmp_path, f"{HEADER}\n1,轿车,61000,{day_of(auction)},张三,\n"))
    assert [(one.good, one.known) for one in judged] == [(True, False)]
    assert entered(selling.session) == {}


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("1,轿车,六万,DAY,张三,", "price"),
        ("1,轿车,,DAY,张三,", "price"),
        ("1,轿车,61000.005,DAY,张三,", "price"),
        ("1,轿车,61000,,张三,", "day"),
        ("1,轿车,61000,2026-13-01,张三,", "day"),
        ("1,轿车,61000,2026-09-02,张三,", "day"),
        ("1,轿车,61000,2027-09-02,张三,", "day"),
        ("1,轿车,61000,DAY,,", "lot-1"),
        ('1,轿车,61000,DAY,"=HYPERLINK(""http://x"")",', "winner"),
        ("1,轿车,61000,DAY,张三,@SUM(A1)", "way"),
        ("1,轿车,=61000+1,DAY,张三,", "price"),
        ("1,客车,61000,DAY,张三,", "name"),
        ("九,没有,61000,DAY,张三,", "lot"),
    ],
)
def test_what_is_wrong_with_a_row_is_named(
    selling: Office, auction: Auction, tmp_path: Path, line: str, field: str
) -> None:
    text = f"{HEADER}\n{line.replace('DAY', day_of(auction))}\n"
    [judged] = preview(selling, auction, rows_of(tmp_path, text))
    assert [error.field for error in judged.errors] == [field]
    assert enter(selling, auction, rows_of(tmp_path, text)).new == 0


def test_a_lot_stands_in_a_file_once(selling: Office, auction: Auction, tmp_path: Path) -> None:
    day = day_of(auction)
    text = f"{HEADER}\n1,轿车,61000,{day},张三,\n01,轿车,62000,{day},李四,\n"
    judged = preview(selling, auction, rows_of(tmp_path, text))
    assert [one.good for one in judged] == [True, False]


def test_rows_of_another_auction_are_refused(selling: Office, auction: Auction, tmp_path: Path) -> None:
    text = f"拍卖编号,标的号,成交价,成交日期,竞得人\nPM20990001,1,61000,{day_of(auction)},张三\n"
    [judged] = preview(selling, auction, rows_of(tmp_path, text))
    assert [error.field for error in judged.errors] == ["auction"]


def test_platforms_call_things_in_their_own_ways(selling: Office, auction: Auction, tmp_path: Path) -> None:
    day = day_of(auction).replace("-", "")
    text = (
        "拍品编号,标的物名称,交易状态,成交金额（万元）,成交时间,受让方\n"
        f"{auction.number}-1,轿车,成交,6.1,{day},江州商贸公司\n"
        f"标的2,越野车,流拍,,{day},\nZC-9981,客车,竞价成功,12.345678,{day},赵六\n"
    )
    assert enter(selling, auction, rows_of(tmp_path, text, "gb18030")).new == 3
    found = entered(selling.session)
    assert [found[lot.id] for lot in auction.lots] == [
        (Decimal("61000.00"), "江州商贸公司"),
        (None, ""),
        (Decimal("123456.78"), "赵六"),
    ]


def test_a_workbook_is_read_and_its_formulas_are_only_values(
    selling: Office, auction: Auction, tmp_path: Path
) -> None:
    path = tmp_path / "results.xlsx"
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("说明").write_row(0, 0, ["请核对后上传"])
    sheet = book.add_worksheet("结果")
    sheet.write_row(0, 0, ["成交结果一览"])
    sheet.write_row(1, 0, HEADER.split(","))
    sheet.write_row(2, 0, [1, "轿车"])
    sheet.write_formula(2, 2, "=60000+1000.1", None, 61000.1)
    sheet.write_row(2, 3, [day_of(auction), "张三", "网络竞价"])
    book.close()
    assert enter(selling, auction, read_results(path)).new == 1
    assert entered(selling.session)[auction.lots[0].id] == (Decimal("61000.10"), "张三")


@pytest.mark.parametrize("text", ["", "标的号,备注\n1,好\n", f"{HEADER}\n", "%PDF-1.7 x"])
def test_a_file_without_results_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid):
        rows_of(tmp_path, text)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '[[1, {"lot": "1"}, 7]]', '[["x", {}, 1]]', '[[1, "a", 1]]']
)
def test_a_preview_that_was_tampered_with_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        unpacked(text)


def test_rows_survive_the_way_through_the_page(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, f"{HEADER}\n1,“轿车”<b>,61000,2026-09-11,张三,\n")
    assert unpacked(packed(rows)) == rows


def test_results_wait_until_bidding_is_over_and_for_who_may(
    selling: Office, auction: Auction, tmp_path: Path
) -> None:
    rows = rows_of(tmp_path, f"{HEADER}\n1,轿车,61000,{day_of(auction)},张三,\n")
    with pytest.raises(Conflict):
        auction_results.enter(selling.session, selling.manager, NOW, ZONE, auction.id, rows)
    auditor = factories.actor((Role.AUDITOR, auction.project.unit))
    with pytest.raises(NotAllowed):
        auction_results.preview(selling.session, auditor, over(auction), ZONE, auction.id, rows)
    assert entered(selling.session) == {}


def announce(selling: Office, auction: Auction, outcomes: dict[int, Outcome]) -> Any:
    now = over(auction)
    return notices.announce_results(
        selling.session, selling.manager, now, now.date(), ZONE, auction.id, outcomes
    )


def test_entered_results_are_announced_masked_with_the_way_of_sale(
    selling: Office, auction: Auction, tmp_path: Path
) -> None:
    day = day_of(auction)
    text = f"{HEADER}\n1,轿车,61000,{day},张三丰,网络竞价\n2,越野车,流拍,{day},,\n"
    enter(selling, auction, rows_of(tmp_path, text.replace("2,越野车,流拍", "2,越野车,52000")))
    when = over(auction).date()
    outcomes = {
        1: Outcome(when, Decimal("61000.00"), "张三丰", "网络竞价"),
        2: Outcome(when),
        3: Outcome(when, Decimal("50000.00"), "李四"),
    }
    notice = announce(selling, auction, outcomes)
    shown = [(row["winner"], row["way"]) for row in notice.content["results"]]
    assert shown == [("张*丰", "网络竞价"), ("", ""), ("李*", "")]
    assert "张三丰" not in str(notice.content)
    assert [lot.state for lot in auction.lots] == [LotState.SOLD, LotState.UNSOLD, LotState.SOLD]


def test_a_stopped_auction_forgets_what_was_not_announced(
    selling: Office, auction: Auction, tmp_path: Path
) -> None:
    enter(selling, auction, rows_of(tmp_path, f"{HEADER}\n1,轿车,61000,{day_of(auction)},张三,\n"))
    notices.suspend(selling.session, selling.manager, over(auction), ZONE, auction.id, "有人提出异议")
    assert entered(selling.session) == {}


prices = st.lists(
    st.one_of(st.none(), st.decimals("50000.00", "99999999.99", places=2)), min_size=3, max_size=3
)


@settings(max_examples=10, deadline=None)
@given(prices)
def test_what_was_sold_for_adds_up_to_the_cent(engine: Any, found: list[Decimal | None]) -> None:
    with engine.connect() as connection, connection.begin() as outer:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            selling = office(session)
            auction = selling.published(*(selling.card(name) for name in ("轿车", "越野车", "客车")))
            when = over(auction).date()
            outcomes = {
                number: Outcome(when, price, "买受人" if price else "")
                for number, price in enumerate(found, 1)
            }
            announce(selling, auction, outcomes)
            sold = [price for price in found if price is not None]
            total = sum(sold, Decimal(0))
            assert proceeds.sums(session, selling.manager).sold == total
            lots = [lot for lot in auction.lots if lot.state is LotState.SOLD]
            for lot in lots[::2]:
                assert lot.result is not None
                assert lot.result.price is not None
                receipt = Receipt(lot.result.price, Decimal("0.01"), when, "SK-1")
                proceeds.record(session, selling.manager, NOW, lot.id, receipt)
                proceeds.confirm(session, selling.finance, NOW, lot.id, when, "JK-1")
            sums = proceeds.sums(session, selling.manager)
            waiting = [lot.result for lot in proceeds.owed(session, selling.manager)]
            owed = sum((row.price for row in waiting if row and row.price), Decimal(0))
            assert (sums.owed, sums.remitted + owed, sums.received) == (owed, total, sums.remitted)
        outer.rollback()
