"""成交确认书: one for each sold lot, genuine by its code, with the buyer's name for insiders alone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from marketplace.db.auctions import Auction
from marketplace.domain.errors import Conflict, NotFound
from marketplace.domain.papers import PaperKind
from marketplace.domain.permissions import Role
from marketplace.use_cases import notices, papers
from marketplace.use_cases.auctions import Outcome
from tests import factories
from tests.conftest import NOW
from tests.use_cases.selling import TODAY, ZONE, Office, office


@pytest.fixture
def selling(session: Session) -> Office:
    return office(session)


@pytest.fixture
def sold(selling: Office) -> Auction:
    """The first lot found a buyer, the second didn't."""
    auction = selling.published(selling.card("轿车", model="A6"), selling.card("越野车"))
    assert auction.ends_at is not None
    now = auction.ends_at + dt.timedelta(hours=1)
    outcomes = {1: Outcome(now.date(), Decimal("61000.50"), "张三丰", "网络竞价"), 2: Outcome(now.date())}
    notices.announce_results(selling.session, selling.manager, now, now.date(), ZONE, auction.id, outcomes)
    return auction


def test_it_says_what_was_sold_to_whom_for_how_much(selling: Office, sold: Auction) -> None:
    lot = sold.lots[0]
    paper = papers.issue_for_lot(selling.session, selling.manager, NOW, "secret", lot.id)
    content = paper.content
    assert (paper.kind, paper.lot_id, paper.order_id) == (PaperKind.SALE_CONFIRMATION, lot.id, None)
    assert content["number"] == f"{sold.number}-1"
    assert (content["price"], content["in_capitals"]) == ("61000.50", "人民币陆万壹仟元伍角整")
    assert [party["name"] for party in content["parties"]] == ["江州市教育局", "张三丰"]
    assert (content["way"], content["platform"]) == ("网络竞价", "江州市公共资源交易平台")
    assert [item["name"] for item in content["items"]] == ["轿车"]
    assert "reserve" not in str(content)


def test_the_same_sale_is_one_paper_and_verifies(selling: Office, sold: Auction) -> None:
    first = papers.issue_for_lot(selling.session, selling.manager, NOW, "secret", sold.lots[0].id)
    again = papers.issue_for_lot(selling.session, selling.finance, NOW, "secret", sold.lots[0].id)
    assert first.id == again.id
    found = papers.verify(selling.session, TODAY, "secret", first.code.lower())
    assert (found.paper.id, found.genuine, found.newer, found.state) == (first.id, True, None, "sold")
    assert not papers.verify(selling.session, TODAY, "another", first.code).genuine


def test_what_was_not_sold_has_none(selling: Office, sold: Auction) -> None:
    with pytest.raises(Conflict):
        papers.issue_for_lot(selling.session, selling.manager, NOW, "secret", sold.lots[1].id)


def test_the_buyer_is_for_those_who_may_know_of_the_auction(selling: Office, sold: Auction) -> None:
    elsewhere = factories.unit(selling.session, name="云川市", region_name="云川市")
    for stranger in (
        factories.actor((Role.WAREHOUSE_MANAGER, elsewhere)),
        factories.actor((Role.UNIT_ASSET_OFFICER, selling.unit)),
    ):
        with pytest.raises(NotFound):
            papers.issue_for_lot(selling.session, stranger, NOW, "secret", sold.lots[0].id)
