"""A small organisation that sells what nobody needs, for tests of disposal and auction."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Photo
from marketplace.db.auctions import Auction, Notice
from marketplace.db.disposals import Project
from marketplace.db.people import Unit
from marketplace.domain.assets import Condition
from marketplace.domain.disposals import REQUIREMENTS, Way, Why
from marketplace.domain.permissions import Actor, Role
from marketplace.use_cases import (
    auction_drafts,
    auctions,
    disposal_decisions,
    disposal_preparation,
    notices,
)
from marketplace.use_cases.auction_drafts import Dates
from tests import factories
from tests.conftest import NOW

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = NOW.astimezone(ZONE).date()
TERMS = {
    "title": "公务用车拍卖公告",
    "consignor": "江州市教育局",
    "decision": "江财资〔2026〕8号",
    "platform": "江州市公共资源交易平台",
    "viewing_place": "江州市学府路1号",
    "contact": "李老师",
    "phone": "0570-1234567",
    "supervision": "0570-7654321",
}


@dataclass
class Office:
    """Two managers, a finance approver, and the unit whose things are sold."""

    session: Session
    unit: Unit
    manager: Actor
    second: Actor
    finance: Actor

    def card(self, name: str = "轿车", photo: bool = True, **values: object) -> Asset:
        """A card that is broken, with a photo."""
        values.setdefault("condition", Condition.BROKEN)
        row = factories.asset(self.session, self.unit, name, **values)
        if photo:
            self.session.add(
                Photo(
                    asset_id=row.id,
                    position=0,
                    digest=f"{row.id:064x}",
                    fingerprint=row.id,
                    width=800,
                    height=600,
                    uploaded_at=NOW,
                )
            )
            self.session.flush()
        return row

    def project(self, *cards: Asset, way: Way = Way.AUCTION, appraised: str = "50000.00") -> Project:
        """A project in preparation of which every condition is met."""
        project = disposal_preparation.open_project(
            self.session,
            self.manager,
            NOW,
            TODAY,
            way,
            "报废车辆处置",
            {card.id: Why.BROKEN for card in cards},
        )
        values = {"appraiser": "江州评估有限公司", "appraised_on": dt.date(2026, 7, 31)}
        disposal_preparation.edit(self.session, self.manager, NOW, project.id, values)
        worth = {item.id: (Decimal(appraised), "漆面划痕") for item in project.items}
        disposal_preparation.appraise(self.session, self.manager, NOW, project.id, worth)
        for kind, row in REQUIREMENTS.items():
            if not row.automatic:
                disposal_preparation.set_condition(
                    self.session, self.manager, NOW, project.id, kind, "江财资〔2026〕8号"
                )
        return project

    def approved(self, *cards: Asset, way: Way = Way.AUCTION) -> Project:
        """A project that somebody else approved."""
        project = self.project(*cards, way=way)
        disposal_decisions.submit(self.session, self.manager, NOW, TODAY, project.id)
        return disposal_decisions.approve(self.session, self.second, NOW, TODAY, project.id)

    def draft(self, *cards: Asset) -> Auction:
        """A complete draft of an auction."""
        project = self.approved(*(cards or (self.card(),)))
        auction = auction_drafts.draft(self.session, self.manager, NOW, TODAY, ZONE, project.id)
        return self.fill(auction)

    def fill(self, auction: Auction, **terms: str) -> Auction:
        """Complete its texts, at the dates it has."""
        dates = Dates(auction.viewing_from, auction.viewing_until, auction.starts_at, auction.ends_at)
        wanted = TERMS | terms
        return auction_drafts.edit(
            self.session, self.manager, NOW, auction.id, auction.version, wanted, dates, {}
        )

    def approve(self, auction: Auction, now: dt.datetime = NOW) -> Auction:
        """Sent by one, approved by another."""
        auctions.submit(self.session, self.manager, now, auction.id)
        return auctions.approve(self.session, self.second, now, auction.id)

    def publish(self, auction: Auction, now: dt.datetime = NOW) -> Notice:
        """Approved and published."""
        self.approve(auction, now)
        today = now.astimezone(ZONE).date()
        return notices.publish(self.session, self.manager, now, today, ZONE, auction.id)

    def published(self, *cards: Asset) -> Auction:
        """A published auction."""
        auction = self.draft(*cards)
        self.publish(auction)
        return auction


def office(session: Session) -> Office:
    """The organisation, in a region of its own."""
    region = factories.unit(session, name="江州市", region_name="江州市")
    department = factories.unit(session, region, name="教育局")
    return office_at(session, region, factories.unit(session, department, name="第一中学"))


def office_at(session: Session, region: Unit, unit: Unit) -> Office:
    """People who may sell over a region, and a unit of it that has something to sell."""
    people = [
        factories.actor((role, region), user=factories.user(session, region, role))
        for role in (Role.WAREHOUSE_MANAGER, Role.WAREHOUSE_MANAGER, Role.FINANCE_APPROVER)
    ]
    return Office(session, unit, *people)
