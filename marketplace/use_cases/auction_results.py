"""Results from the file of the platform that held the auction: judged row by row, then entered.

Entered results wait on the open lots until all of them are there and somebody announces them; until then
they can be corrected. The same file again changes nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from sqlalchemy import delete
from sqlalchemy.orm import Session

from marketplace.db.auctions import Auction, Lot, LotResult
from marketplace.domain import values
from marketplace.domain.auctions import AuctionAction, auction_step
from marketplace.domain.errors import Conflict, FieldError
from marketplace.domain.permissions import Actor, require
from marketplace.domain.text import N_, clean, normalise
from marketplace.registers.auction_results import ResultRow
from marketplace.registers.cells import mark_formula
from marketplace.use_cases import auctions
from marketplace.use_cases.auctions import Outcome

SOLD_WORDS = ("成交", "已成交", "竞价成功", "成功", "sold")
UNSOLD_WORDS = ("流拍", "已流拍", "未成交", "无人应价", "无人报名", "竞价失败", "撤拍", "unsold")


@dataclass(frozen=True, slots=True)
class Judged:
    """What would become of a row."""

    line: int
    lot: Lot | None
    outcome: Outcome | None
    errors: tuple[FieldError, ...] = ()
    known: bool = False
    """Whether exactly this is entered already."""
    other_name: str = ""
    """What the file calls the lot, where that is something else."""

    @property
    def good(self) -> bool:
        """Whether it can be entered, or is already."""
        return not self.errors


@dataclass(frozen=True, slots=True)
class Entered:
    """How many results were entered, were there already, and were refused."""

    new: int
    known: int
    refused: tuple[Judged, ...]


def preview(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    zone: dt.tzinfo,
    auction_id: int,
    rows: Sequence[ResultRow],
) -> list[Judged]:
    """What would become of each row; nothing is written.

    Raises:
        Conflict: the auction isn't published, or bidding is not over.
    """
    auction = auctions.load(session, actor, auction_id)
    check_over(actor, auction, now)
    return judge(auction, rows, now.astimezone(zone).date(), zone)


def enter(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    zone: dt.tzinfo,
    auction_id: int,
    rows: Sequence[ResultRow],
) -> Entered:
    """Enter what can be entered; each refused row says why. Entering the same again changes nothing.

    Raises:
        Conflict: the auction isn't published, or bidding is not over.
    """
    auction = auctions.load(session, actor, auction_id, for_update=True)
    check_over(actor, auction, now)
    judged = judge(auction, rows, now.astimezone(zone).date(), zone)
    fresh = [one for one in judged if one.good and not one.known]
    for one in fresh:
        assert one.lot is not None
        assert one.outcome is not None
        auctions.enter(actor, now, one.lot, one.outcome)
    session.flush()
    if fresh:
        lots = [one.lot.number for one in fresh if one.lot]
        auctions.note(session, actor, now, auction, "auction.enter_results", after={"lots": sorted(lots)})
    known = sum(one.known for one in judged)
    return Entered(len(fresh), known, tuple(one for one in judged if not one.good))


def forget(session: Session, auction: Auction) -> None:
    """Results that were entered and never announced go with an auction that is stopped."""
    session.execute(delete(LotResult).where(LotResult.lot_id.in_([lot.id for lot in auction.lots])))
    for lot in auction.lots:
        session.expire(lot, ["result"])


def check_over(actor: Actor, auction: Auction, now: dt.datetime) -> None:
    """Let pass whoever may enter results, once bidding is over.

    Raises:
        Conflict: it isn't published, or bidding is not over.
        NotAllowed: the actor enters no results there.
    """
    row = auction_step(auction.state, AuctionAction.CLOSE)
    if row.permission is not None:
        require(actor, row.permission, auction.project.unit.path)
    if auction.ends_at is None or now < auction.ends_at:
        raise Conflict(N_("竞价还没有结束，不能登记结果。"), state=auction.state, code="bidding")


def judge(auction: Auction, rows: Sequence[ResultRow], today: dt.date, zone: dt.tzinfo) -> list[Judged]:
    """Each row with the lot it is about and the outcome it says, or why it can't be accepted."""
    starts = auction.starts_at.astimezone(zone).date() if auction.starts_at else today
    seen: dict[int, int] = {}
    judged = []
    for row in rows:
        one = _Reading(auction, row, starts, today).judged()
        if one.lot is not None and (first := seen.setdefault(one.lot.number, row.line)) != row.line:
            repeated = FieldError("lot", N_("与第%(line)d行是同一个标的。"), {"line": first})
            one = replace(one, outcome=None, errors=(*one.errors, repeated), known=False)
        judged.append(one)
    return judged


class _Reading:
    """One row being read; whatever can't be is noted, and reading goes on."""

    def __init__(self, auction: Auction, row: ResultRow, starts: dt.date, today: dt.date) -> None:
        self._auction, self._row, self._starts, self._today = auction, row, starts, today
        self._errors: list[FieldError] = []

    def judged(self) -> Judged:
        lot = self._lot()
        outcome = self._outcome()
        if lot is not None and outcome is not None and not self._errors:
            self._errors += auctions.mistakes(lot, outcome)
            known = self._is_known(lot, outcome)
        else:
            known = False
        other = self._row.text("name")
        return Judged(
            self._row.line,
            lot,
            None if self._errors else outcome,
            tuple(self._errors),
            known and not self._errors,
            other if lot is not None and normalise(other) != normalise(lot.name) else "",
        )

    def _wrong(self, field: str, message: str, **params: object) -> None:
        self._errors.append(FieldError(field, message, params))

    def _lot(self) -> Lot | None:
        """By its number here; by its name where the platform has numbers of its own."""
        auction, given = self._auction, self._row.text("lot")
        of = self._row.text("auction")
        if of and normalise(of) != normalise(auction.number):
            self._wrong("auction", N_("这一行是“%(given)s”的，不是本场拍卖。"), given=of)
            return None
        number = _lot_number(given, auction.number)
        by_number = next((lot for lot in auction.lots if lot.number == number), None)
        name = normalise(self._row.text("name"))
        by_name = [lot for lot in auction.lots if name and normalise(lot.name) == name]
        if by_number is None and len(by_name) == 1:
            return by_name[0]
        if by_number is None:
            self._wrong("lot", N_("本场拍卖没有标的“%(given)s”。"), given=given or "—")
        elif by_name and by_number not in by_name:
            self._wrong("name", N_("标的号和标的名称不是同一个标的。"))
        return by_number

    def _outcome(self) -> Outcome | None:
        sold = self._sold()
        price = self._price() if sold else None
        day = self._day()
        winner, way = (self._plain(name) for name in ("winner", "way"))
        if self._errors or day is None:
            return None
        return Outcome(day, price, winner if sold else "", way if sold else "")

    def _sold(self) -> bool:
        said = normalise(self._row.text("state"))
        if said in map(normalise, UNSOLD_WORDS):
            if self._row.text("price") not in ("", "0", "—", "-", "/"):
                self._wrong("state", N_("写明流拍的，不应有成交价。"))
            return False
        if said and said not in map(normalise, SOLD_WORDS):
            self._wrong("state", N_("不明白结果“%(given)s”，请写“成交”或“流拍”。"), given=said[:20])
        return True

    def _price(self) -> Decimal | None:
        text = self._row.text("price")
        if not text:
            self._wrong("price", N_("没有成交价，也没有写明流拍。"))
            return None
        try:
            return values.read_money(text) if self._row.scale == 1 else _scaled(text, self._row.scale)
        except ValueError as error:
            self._wrong("price", str(error))
            return None

    def _day(self) -> dt.date | None:
        if not self._row.text("day"):
            self._wrong("day", N_("没有成交日期。"))
            return None
        try:
            day = values.read_date(self._row.text("day"))
        except ValueError as error:
            self._wrong("day", str(error))
            return None
        if not self._starts <= day <= self._today:
            self._wrong("day", N_("成交日期应在竞价开始之后、今天之前。"))
        return day

    def _plain(self, name: str) -> str:
        """A text that no spreadsheet would run when it is exported again."""
        text = clean(self._row.text(name))
        if text and mark_formula(text) != text:
            self._wrong(name, N_("以公式符号开头，请改为普通文字。"))
        return text

    def _is_known(self, lot: Lot, outcome: Outcome) -> bool:
        """Whether it is entered already; something else than what is entered is refused."""
        there = lot.result
        if there is None:
            return False
        kept = Outcome(there.concluded_on, there.price, there.winner, there.sale_way)
        if kept != outcome:
            self._wrong("lot", N_("这个标的已登记了不同的结果。确需更正的，请在下面的表单中修改。"))
        return kept == outcome


def _lot_number(text: str, auction_number: str) -> int | None:
    """``1``, ``01``, ``标的1``, ``PM20260001-1`` are all lot 1."""
    bare = normalise(text).removeprefix(normalise(auction_number))
    found = re.fullmatch(r"[^\d]*0*(\d{1,4})[^\d]*", bare)
    return int(found[1]) if found else None


def _scaled(text: str, scale: int) -> Decimal:
    """An amount under a header that names a larger unit, such as 万元."""
    try:
        amount = Decimal(normalise(text).replace(",", "")) * scale
    except InvalidOperation:
        raise ValueError(N_("应为金额，如 12,800.00")) from None
    return values.read_money(f"{amount.normalize():f}")
