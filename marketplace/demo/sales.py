"""The demo's disposals: a project in each stage and a notice in each phase, made by the use cases.

What is sold has photos, so this comes after they hang.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db import actors
from marketplace.db.assets import Asset, Listing
from marketplace.db.auctions import Auction
from marketplace.db.calendar import load_calendar
from marketplace.db.disposals import Project
from marketplace.db.orders import OrderLine
from marketplace.db.people import Unit, User
from marketplace.demo.chance import dice
from marketplace.demo.desks import CHINA
from marketplace.domain.disposals import REQUIREMENTS, Way, Why
from marketplace.domain.permissions import Actor
from marketplace.domain.states import AssetState
from marketplace.use_cases import (
    auction_drafts,
    auctions,
    disposal_decisions,
    disposal_preparation,
    notices,
    proceeds,
)
from marketplace.use_cases.auction_drafts import Dates
from marketplace.use_cases.auctions import Outcome

CITY = "380100"
MANAGER, FINANCE = "guo.warehouse", "luo.finance"
ONE_DAY = dt.timedelta(days=1)
OPENING = dt.time(10, tzinfo=CHINA)
_DEFECTS = (
    "外观有使用磨损，功能正常。",
    "长期停用，未通电检测。",
    "表面划痕较多，个别部件缺失。",
    "需维修后使用。",
)
_TERMS = {
    "consignor": "江州市公物仓",
    "decision": "江财资〔2026〕18号",
    "platform": "江州市公共资源交易平台",
    "viewing_place": "江州市建设路12号公物仓库房",
    "contact": "郭老师",
    "phone": "0000-8123456",
    "supervision": "0000-8123400",
}


class Depot:
    """Where a manager and the finance department dispose of what nobody wanted."""

    def __init__(self, session: Session, now: dt.datetime, seed: int) -> None:
        self.session, self.present = session, now
        self.manager, self.finance = (self._actor(name) for name in (MANAGER, FINANCE))
        self.calendar = load_calendar(session)
        self._chance = dice(seed, "sales")
        self._things = _unwanted(session)

    def day(self, ago: int) -> dt.date:
        """The working day so many days ago, or the last before it; a negative number lies ahead."""
        day = self.present.astimezone(CHINA).date() - ago * ONE_DAY
        while not self.calendar.is_working(day):
            day -= ONE_DAY
        return day

    def hour(self, day: dt.date) -> dt.datetime:
        """The opening hour of a day, at the latest the present."""
        return min(dt.datetime.combine(day, OPENING).astimezone(dt.UTC), self.present)

    def open(self, day: dt.date, title: str, count: int, way: Way = Way.AUCTION) -> Project:
        """A project of so many things."""
        things = {next(self._things).id: Why.CHOSEN for _ in range(count)}
        return disposal_preparation.open_project(
            self.session, self.manager, self.hour(day), day, way, title, things
        )

    def prepare(self, day: dt.date, title: str, count: int, way: Way = Way.AUCTION) -> Project:
        """The same with every condition met."""
        project = self.open(day, title, count, way)
        said = {"appraiser": "江州正衡资产评估有限公司", "appraised_on": day - 20 * ONE_DAY}
        if way is Way.DONATION:
            said["recipient"] = "江州市青禾希望小学"
        disposal_preparation.edit(self.session, self.manager, self.hour(day), project.id, said)
        worth = {item.id: (_appraised(item.asset), self._chance.choice(_DEFECTS)) for item in project.items}
        disposal_preparation.appraise(self.session, self.manager, self.hour(day), project.id, worth)
        for kind, row in REQUIREMENTS.items():
            if not row.automatic and way in row.ways:
                disposal_preparation.set_condition(
                    self.session, self.manager, self.hour(day), project.id, kind, "江资管〔2026〕27号"
                )
        return project

    def approved(self, day: dt.date, title: str, count: int, way: Way = Way.AUCTION) -> Project:
        """The same, submitted and approved."""
        project = self.prepare(day, title, count, way)
        disposal_decisions.submit(self.session, self.manager, self.hour(day), day, project.id)
        return disposal_decisions.approve(self.session, self.finance, self.hour(day), day, project.id)

    def draft(self, day: dt.date, title: str, count: int, starts: dt.date | None = None) -> Auction:
        """A draft of an auction with its texts, on the proposed days or from another on."""
        project = self.approved(day, title, count)
        auction = auction_drafts.draft(self.session, self.manager, self.hour(day), day, CHINA, project.id)
        auction_drafts.edit(
            self.session,
            self.manager,
            self.hour(day),
            auction.id,
            auction.version,
            _TERMS | {"title": f"{title}公告"},
            _dates(auction, starts),
            {},
        )
        return auction

    def published(self, day: dt.date, title: str, count: int, starts: dt.date | None = None) -> Auction:
        """The same, approved and announced."""
        auction, now = self.draft(day, title, count, starts), self.hour(day)
        auctions.submit(self.session, self.manager, now, auction.id)
        auctions.approve(self.session, self.finance, now, auction.id)
        notices.publish(self.session, self.manager, now, day, CHINA, auction.id)
        return auction

    def ended(self, day: dt.date, title: str, sold: Sequence[bool]) -> Auction:
        """The same, with a result for each lot."""
        auction = self.published(day, title, len(sold))
        assert auction.ends_at is not None
        now = auction.ends_at + dt.timedelta(hours=2)
        today = now.astimezone(CHINA).date()
        outcomes = {
            lot.number: Outcome(today, _price(lot.start_price), "江州顺达物资有限公司")
            if won
            else Outcome(today)
            for lot, won in zip(auction.lots, sold, strict=True)
        }
        notices.announce_results(self.session, self.manager, now, today, CHINA, auction.id, outcomes)
        return auction

    def paid(self, auction: Auction, *, remitted: bool) -> None:
        """What was bid came in, and perhaps reached the treasury."""
        assert auction.ends_at is not None
        now = min(auction.ends_at + 3 * ONE_DAY, self.present)
        day = now.astimezone(CHINA).date()
        for lot in auction.lots:
            if lot.result is None or lot.result.price is None:
                continue
            paper = f"{auction.number}-{lot.number}"
            receipt = proceeds.Receipt(lot.result.price, Decimal("0.00"), day, f"收{paper}")
            proceeds.record(self.session, self.manager, now, lot.id, receipt)
            if remitted:
                proceeds.confirm(self.session, self.finance, now, lot.id, day, f"缴{paper}")

    def _actor(self, username: str) -> Actor:
        user = self.session.scalars(select(User.id).where(User.username == username)).one()
        found = actors.by_user(self.session, user)
        assert found is not None
        return found.actor


def make_sales(session: Session, now: dt.datetime, seed: int) -> None:
    """Projects in every stage, and notices in every phase, in the order of time: numbers are given in it."""
    depot = Depot(session, now, seed)
    day = depot.day
    depot.paid(depot.ended(day(62), "第一批闲置资产拍卖", (True, True, False)), remitted=True)
    donation = depot.approved(day(48), "第一批闲置资产捐赠", 3, Way.DONATION)
    disposal_decisions.complete(session, depot.manager, depot.hour(day(45)), day(45), donation.id)
    depot.paid(depot.ended(day(34), "第二批闲置资产拍卖", (True, True)), remitted=False)
    depot.ended(day(24), "第三批闲置资产拍卖", (False,))
    stopped = depot.published(day(16), "第四批闲置资产拍卖", 2)
    depot.published(day(12), "第五批闲置资产拍卖", 4, starts=day(0))
    depot.published(day(7), "第六批闲置资产拍卖", 3, starts=day(-2))
    why = "有单位对其中一项标的提出权属异议，正在核实。"
    notices.suspend(session, depot.manager, depot.hour(day(6)), CHINA, stopped.id, why)
    depot.published(day(1), "第七批闲置资产拍卖", 3)
    depot.draft(day(1), "第八批闲置资产拍卖", 2)
    depot.approved(day(0), "第九批闲置资产拍卖", 3)
    waiting = depot.prepare(day(2), "第一批毁损资产核销", 2, Way.WRITE_OFF)
    disposal_decisions.submit(session, depot.manager, depot.hour(day(1)), day(1), waiting.id)
    depot.open(day(1), "第二批闲置资产捐赠", 3, Way.DONATION)
    depot.open(day(0), "第十批闲置资产拍卖", 4)


def _unwanted(session: Session) -> Iterator[Asset]:
    """What the city offers, longest first, and nobody asks for; each with a photo."""
    asked = select(OrderLine.id).where(OrderLine.asset_id == Asset.id)
    query = (
        select(Asset)
        .join(Unit, Unit.id == Asset.unit_id)
        .join(Listing, Listing.asset_id == Asset.id)
        .where(Unit.region_code == CITY, Asset.state == AssetState.LISTED, Listing.ended_at.is_(None))
        .where(Asset.cover_photo_id.is_not(None), ~asked.exists())
        .where(Asset.original_value.between(3_000, 300_000))
        .order_by(Listing.listed_at, Asset.id)
        .limit(100)
    )
    return iter(session.scalars(query).all())


def _dates(auction: Auction, starts: dt.date | None) -> Dates:
    """As proposed, or with the bidding on another day and the exhibition up to it."""
    if starts is None:
        return Dates(auction.viewing_from, auction.viewing_until, auction.starts_at, auction.ends_at)
    begin = dt.datetime.combine(starts, OPENING).astimezone(dt.UTC)
    return Dates(starts - 4 * ONE_DAY, starts - ONE_DAY, begin, begin + 3 * ONE_DAY)


def _appraised(asset: Asset) -> Decimal:
    """What it may still be worth, in whole hundreds."""
    return max(Decimal(100), (asset.original_value / 5).quantize(Decimal(1)) // 100 * 100) + Decimal("0.00")


def _price(start: Decimal) -> Decimal:
    """A tenth more than the bidding began with."""
    return (start * 11 / 10).quantize(Decimal("0.01"))
