"""Auctions (拍卖): what the law asks of dates, prices and texts, and their life as a table.

:func:`check` lists every breach, with its article where a law asks for it; nothing is published while there
is one. Numbers that places set for themselves are in :mod:`marketplace.domain.auction_rules`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from enum import StrEnum

from marketplace.domain.auction_rules import EXHIBITION_BASIS, NOTICE_BASIS, Rules
from marketplace.domain.auction_terms import TERMS
from marketplace.domain.calendar import Calendar
from marketplace.domain.permissions import Permission
from marketplace.domain.step_tables import Step, find_step
from marketplace.domain.text import N_

CONTENT_BASIS = "拍卖法第四十六条"
UNSOLD_BASIS = "拍卖法第五十条"
APPRAISAL_BASIS = "行政事业性国有资产管理条例第三十六条"
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class LotTerms:
    """What the rules look at of a lot; amounts in CNY."""

    number: int
    appraised: Decimal | None
    start: Decimal
    reserve: Decimal | None
    """None: sold without reserve, which the notice has to say (art. 50)."""
    deposit: Decimal
    increment: Decimal
    last_price: Decimal | None = None
    """The price at which it went unsold before."""
    price_approval: str = ""
    """The document that approves a price below the rule."""
    items: int = 1
    photos: int = 1

    @property
    def floor(self) -> Decimal:
        """The least it can be sold for."""
        return max(self.start, self.reserve or self.start)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the rules look at of an auction. Times are in the organisation's zone."""

    noticed_on: dt.date
    """The day of the announcement, or of the last one that changed its terms."""
    viewing_from: dt.date | None
    viewing_until: dt.date | None
    starts: dt.datetime | None
    ends: dt.datetime | None
    lots: tuple[LotTerms, ...]
    terms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that is broken: where, which article, and how to mend it."""

    place: str
    """A field of the auction, or ``lot-N.field``."""
    basis: str
    """The article; empty for a rule of this place."""
    message: str
    params: Mapping[str, object] = field(default_factory=dict)


def check(plan: Plan, calendar: Calendar, rules: Rules) -> list[Breach]:
    """Everything that keeps the auction from being published; empty when it is lawful."""
    return [*_texts(plan), *_times(plan, calendar, rules), *_lots(plan, rules)]


def _texts(plan: Plan) -> Iterator[Breach]:
    for term in TERMS:
        if term.required and not plan.terms.get(term.name, "").strip():
            yield Breach(term.name, CONTENT_BASIS, N_("请填写“%(label)s”。"), {"label": term.label})


def _times(plan: Plan, calendar: Calendar, rules: Rules) -> Iterator[Breach]:
    if plan.starts is None or plan.ends is None:
        yield Breach("starts", CONTENT_BASIS, N_("请填写竞价开始和结束时间。"))
    else:
        yield from _bidding(plan.noticed_on, plan.starts, plan.ends, calendar, rules)
    if plan.viewing_from is None or plan.viewing_until is None:
        yield Breach("viewing_from", EXHIBITION_BASIS, N_("请填写展示的起止日期。"))
    else:
        yield from _exhibition(plan, plan.viewing_from, plan.viewing_until, rules)


def _bidding(
    noticed: dt.date, starts: dt.datetime, ends: dt.datetime, calendar: Calendar, rules: Rules
) -> Iterator[Breach]:
    earliest = noticed + dt.timedelta(days=rules.notice_days)
    if starts.date() < earliest:
        yield Breach(
            "starts",
            NOTICE_BASIS,
            N_("公告应在拍卖日%(days)d日前发布：%(noticed)s公告，竞价最早%(earliest)s开始。"),
            {"days": rules.notice_days, "noticed": noticed.isoformat(), "earliest": earliest.isoformat()},
        )
    if not calendar.is_working(starts.date()):
        yield Breach(
            "starts",
            "",
            N_("竞价不能在节假日或休息日开始，请改为工作日。"),
            {"day": starts.date().isoformat()},
        )
    if ends < starts + dt.timedelta(hours=rules.bidding_hours):
        yield Breach("ends", "", N_("竞价时间不能少于%(hours)d小时。"), {"hours": rules.bidding_hours})


def _exhibition(plan: Plan, first: dt.date, last: dt.date, rules: Rules) -> Iterator[Breach]:
    if (last - first).days + 1 < rules.exhibition_days:
        yield Breach(
            "viewing_until",
            EXHIBITION_BASIS,
            N_("拍卖前展示标的不得少于%(days)d日。"),
            {"days": rules.exhibition_days},
        )
    if plan.starts is not None and last >= plan.starts.date():
        yield Breach("viewing_until", EXHIBITION_BASIS, N_("展示应在竞价开始之前结束。"))
    if first < plan.noticed_on:
        yield Breach("viewing_from", EXHIBITION_BASIS, N_("展示不能早于公告发布之日开始。"))


def _lots(plan: Plan, rules: Rules) -> Iterator[Breach]:
    if not plan.lots:
        yield Breach("lots", CONTENT_BASIS, N_("至少要有一个标的。"))
    for lot in plan.lots:
        yield from (
            Breach(f"lot-{lot.number}.{name}", basis, message, {"lot": lot.number, **params})
            for name, basis, message, params in _lot(lot, rules)
        )


def _lot(lot: LotTerms, rules: Rules) -> Iterator[tuple[str, str, str, Mapping[str, object]]]:
    if not lot.items:
        yield "items", CONTENT_BASIS, N_("标的%(lot)d没有资产。"), {}
    if not lot.photos:
        yield "photos", CONTENT_BASIS, N_("标的%(lot)d没有照片。"), {}
    if lot.start <= 0:
        yield "start", CONTENT_BASIS, N_("标的%(lot)d的起拍价应大于0。"), {}
    if lot.increment <= 0:
        yield "increment", CONTENT_BASIS, N_("标的%(lot)d的加价幅度应大于0。"), {}
    if lot.deposit * 100 > lot.start * rules.most_deposit_percent:
        limit = {"percent": rules.most_deposit_percent}
        yield "deposit", "", N_("标的%(lot)d的保证金不能超过起拍价的%(percent)d%%。"), limit
    yield from _prices(lot, rules)


def _prices(lot: LotTerms, rules: Rules) -> Iterator[tuple[str, str, str, Mapping[str, object]]]:
    if lot.appraised is None or lot.appraised <= 0:
        yield "appraised", APPRAISAL_BASIS, N_("标的%(lot)d没有评估价。"), {}
    elif (
        not lot.price_approval and lot.last_price is None and _below(lot, lot.appraised, rules.floor_percent)
    ):
        percent = {"percent": rules.floor_percent}
        message = N_("标的%(lot)d低于评估价的%(percent)d%%，须暂停并重新报批，取得批复后填写文号。")
        yield "price_approval", "", message, percent
    if (
        lot.last_price is not None
        and not lot.price_approval
        and _below(lot, lot.last_price, rules.relist_percent)
    ):
        percent = {"percent": rules.relist_percent}
        message = N_("标的%(lot)d再次拍卖的价格低于上次的%(percent)d%%，须重新报批，取得批复后填写文号。")
        yield "price_approval", "", message, percent


def _below(lot: LotTerms, price: Decimal, percent: int) -> bool:
    return lot.floor * 100 < price * percent


def propose_increment(start: Decimal, rules: Rules) -> Decimal:
    """About that share of the starting price, on 1, 2 or 5 and zeros; 10 CNY at least."""
    least = start * rules.increment_percent / 100
    step = Decimal(10)
    while True:
        for factor in (1, 2, 5):
            if step * factor >= least:
                return (step * factor).quantize(CENT)
        step *= 10


def propose_deposit(start: Decimal, rules: Rules) -> Decimal:
    """A share of the starting price; whole hundreds upwards unless that is more than may be asked."""
    plain = start * rules.deposit_percent / 100
    rounded = (plain / 100).quantize(Decimal(1), ROUND_CEILING) * 100
    return (rounded if rounded * 100 <= start * rules.most_deposit_percent else plain).quantize(
        CENT, ROUND_HALF_UP
    )


def propose_relist_price(last: Decimal, rules: Rules) -> Decimal:
    """The lowest price for an unsold lot that needs no new approval."""
    return (last * rules.relist_percent / 100).quantize(CENT, ROUND_CEILING)


@dataclass(frozen=True, slots=True)
class Days:
    """Lawful days for an auction announced on a given day."""

    viewing_from: dt.date
    viewing_until: dt.date
    starts: dt.date


def propose_days(noticed: dt.date, calendar: Calendar, rules: Rules) -> Days:
    """The first lawful working day for the auction, with the exhibition on the days before it.

    One working day of the notice period is left over, so that the announcement can be published a day late.
    """
    starts = noticed + dt.timedelta(days=rules.notice_days + 1)
    while not calendar.is_working(starts):
        starts += dt.timedelta(days=1)
    until = starts - dt.timedelta(days=1)
    first, found = until, 0
    while True:
        found += calendar.is_working(first)
        if found >= rules.exhibition_days or first - dt.timedelta(days=1) <= noticed:
            return Days(first, until, starts)
        first -= dt.timedelta(days=1)


class AuctionState(StrEnum):
    """Where an auction stands with those who prepare it."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    PUBLISHED = "published"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
    CLOSED = "closed"


AUCTION_STATE_NAMES = {
    AuctionState.DRAFT: N_("编制中"),
    AuctionState.SUBMITTED: N_("待审核"),
    AuctionState.APPROVED: N_("待发布"),
    AuctionState.PUBLISHED: N_("已发布"),
    AuctionState.SUSPENDED: N_("已中止"),
    AuctionState.TERMINATED: N_("已终止"),
    AuctionState.CLOSED: N_("已结束"),
}


OVER = frozenset({AuctionState.TERMINATED, AuctionState.CLOSED})


class AuctionAction(StrEnum):
    """A named transition of an auction."""

    SUBMIT = "submit"
    APPROVE = "approve"
    SEND_BACK = "send_back"
    PUBLISH = "publish"
    REVISE = "revise"
    SUSPEND = "suspend"
    TERMINATE = "terminate"
    CLOSE = "close"


AUCTION_ACTION_NAMES = {
    AuctionAction.SUBMIT: N_("送审"),
    AuctionAction.APPROVE: N_("审核通过"),
    AuctionAction.SEND_BACK: N_("退回修改"),
    AuctionAction.PUBLISH: N_("发布公告"),
    AuctionAction.REVISE: N_("变更"),
    AuctionAction.SUSPEND: N_("中止"),
    AuctionAction.TERMINATE: N_("终止"),
    AuctionAction.CLOSE: N_("登记结果"),
}


AuctionStep = Step[AuctionState, AuctionAction]
_S, _A, _P = AuctionState, AuctionAction, Permission
AUCTION_STEPS = (
    AuctionStep(_S.DRAFT, _A.SUBMIT, _S.SUBMITTED, _P.DISPOSE),
    AuctionStep(_S.SUBMITTED, _A.APPROVE, _S.APPROVED, _P.APPROVE_DISPOSAL),
    AuctionStep(_S.SUBMITTED, _A.SEND_BACK, _S.DRAFT, _P.APPROVE_DISPOSAL),
    AuctionStep(_S.APPROVED, _A.SEND_BACK, _S.DRAFT, _P.PUBLISH),
    AuctionStep(_S.APPROVED, _A.PUBLISH, _S.PUBLISHED, _P.PUBLISH),
    AuctionStep(_S.PUBLISHED, _A.REVISE, _S.DRAFT, _P.DISPOSE),
    AuctionStep(_S.SUSPENDED, _A.REVISE, _S.DRAFT, _P.DISPOSE),
    AuctionStep(_S.PUBLISHED, _A.SUSPEND, _S.SUSPENDED, _P.PUBLISH),
    AuctionStep(_S.PUBLISHED, _A.TERMINATE, _S.TERMINATED, _P.PUBLISH),
    AuctionStep(_S.SUSPENDED, _A.TERMINATE, _S.TERMINATED, _P.PUBLISH),
    AuctionStep(_S.DRAFT, _A.TERMINATE, _S.TERMINATED, _P.PUBLISH),
    AuctionStep(_S.PUBLISHED, _A.CLOSE, _S.CLOSED, _P.PUBLISH),
)


def auction_step(state: AuctionState, action: AuctionAction) -> AuctionStep:
    """The row that leads from ``state`` by ``action``.

    Raises:
        Conflict: there is none.
    """
    message = N_("拍卖目前为“%(state_name)s”，不能%(action_name)s。请刷新页面查看最新状态。")
    return find_step(AUCTION_STEPS, state, action, message, AUCTION_STATE_NAMES, AUCTION_ACTION_NAMES)


class Phase(StrEnum):
    """Where a published auction stands for the public."""

    UPCOMING = "upcoming"
    VIEWING = "viewing"
    BIDDING = "bidding"
    FINISHED = "finished"


PHASE_NAMES = {
    Phase.UPCOMING: N_("即将开始"),
    Phase.VIEWING: N_("正在展示"),
    Phase.BIDDING: N_("正在竞价"),
    Phase.FINISHED: N_("已结束"),
}


def phase_of(
    viewing_from: dt.date, starts: dt.datetime, ends: dt.datetime, now: dt.datetime, today: dt.date
) -> Phase:
    """The phase by the clock; whoever is suspended, ended or closed says so elsewhere."""
    if now >= ends:
        return Phase.FINISHED
    if now >= starts:
        return Phase.BIDDING
    return Phase.VIEWING if today >= viewing_from else Phase.UPCOMING


class LotState(StrEnum):
    """What became of a lot."""

    OPEN = "open"
    SOLD = "sold"
    UNSOLD = "unsold"
    RELISTED = "relisted"


LOT_STATE_NAMES = {
    LotState.OPEN: N_("待拍"),
    LotState.SOLD: N_("成交"),
    LotState.UNSOLD: N_("流拍"),
    LotState.RELISTED: N_("流拍，已再次上拍"),
}
