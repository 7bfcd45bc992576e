"""Several people at once, on connections of their own: one notice, one result, and every cent once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from marketplace.db.assets import Asset
from marketplace.db.auctions import Auction, LotResult, Notice, Proceeds
from marketplace.db.papers import Paper
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.auctions import AuctionState
from marketplace.domain.disposals import Way
from marketplace.domain.errors import RuleError
from marketplace.domain.permissions import Actor
from marketplace.domain.states import AssetState
from marketplace.registers.auction_results import ResultRow
from marketplace.use_cases import (
    auction_results,
    auctions,
    disposal_decisions,
    disposal_preparation,
    notices,
    papers,
    piece_ledger,
    proceeds,
)
from marketplace.use_cases.auctions import Outcome
from marketplace.use_cases.proceeds import Receipt
from tests import factories
from tests.conftest import NOW
from tests.use_cases.selling import TODAY, ZONE, Office, office

AT_ONCE = 6
PRICE = Decimal("61000.37")


def together(
    sessions: SessionFactory, work: Callable[[Session], Any], *others: Callable[[Session], Any]
) -> list[Any]:
    """The same work several times at one moment, and other work with it; a refusal is a result."""
    tasks = [*[work] * AT_ONCE, *others]
    gate = Barrier(len(tasks))

    def run(task: Callable[[Session], Any]) -> Any:
        gate.wait()
        try:
            with transaction(sessions) as session:
                return task(session)
        except (RuleError, StaleDataError) as error:
            return error

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def refusals(results: list[Any]) -> int:
    return sum(isinstance(one, RuleError | StaleDataError) for one in results)


def prepared(sessions: SessionFactory, make: Callable[[Office], Any]) -> tuple[Any, Actor, Actor]:
    with transaction(sessions) as session:
        selling = office(session)
        return make(selling), selling.manager, selling.finance


def over(sessions: SessionFactory, auction_id: int) -> dt.datetime:
    with sessions() as session:
        ends = session.get_one(Auction, auction_id).ends_at
        assert ends is not None
        return ends + dt.timedelta(hours=1)


def test_an_auction_is_published_once(sessions: SessionFactory) -> None:
    auction_id, manager, _ = prepared(sessions, lambda o: o.approve(o.draft(o.card())).id)
    done = together(
        sessions, lambda session: notices.publish(session, manager, NOW, TODAY, ZONE, auction_id).id
    )
    assert refusals(done) == AT_ONCE - 1
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Notice)) == 1
        assert session.get_one(Auction, auction_id).state is AuctionState.PUBLISHED


def test_a_card_edited_while_it_is_published_shows_as_approved_or_stops_it(sessions: SessionFactory) -> None:
    def make(selling: Office) -> tuple[int, int]:
        card = selling.card()
        return selling.approve(selling.draft(card)).id, card.id

    (auction_id, card_id), manager, _ = prepared(sessions, make)

    def edit(session: Session) -> None:
        card = session.get_one(Asset, card_id, with_for_update=True)
        card.model = "改过的型号"

    together(
        sessions, lambda session: notices.publish(session, manager, NOW, TODAY, ZONE, auction_id).id, edit
    )
    with sessions() as session:
        for notice in session.scalars(select(Notice)):
            assert "改过的型号" not in str(notice.content)


def test_results_are_announced_once_and_sold_once(sessions: SessionFactory) -> None:
    auction_id, manager, _ = prepared(sessions, lambda o: o.published(o.card()).id)
    now = over(sessions, auction_id)
    outcome = {1: Outcome(now.date(), PRICE, "张三丰")}
    row = ResultRow(
        2,
        {"lot": "1", "price": str(PRICE), "day": now.astimezone(ZONE).date().isoformat(), "winner": "张三丰"},
    )

    def announce(session: Session) -> int:
        return notices.announce_results(session, manager, now, now.date(), ZONE, auction_id, outcome).id

    def enter(session: Session) -> Any:
        return auction_results.enter(session, manager, now, ZONE, auction_id, [row])

    done = together(sessions, announce, enter, enter)
    assert refusals(done[:AT_ONCE]) == AT_ONCE - 1
    with sessions() as session:
        assert [row.price for row in session.scalars(select(LotResult))] == [PRICE]
        assert session.scalar(select(func.count()).select_from(Notice)) == 2
        assert proceeds.sums(session, manager).sold == PRICE
        assert session.scalars(select(Asset.state)).all() == [AssetState.SOLD]


def test_the_same_file_by_several_is_entered_once(sessions: SessionFactory) -> None:
    auction_id, manager, _ = prepared(sessions, lambda o: o.published(o.card(), o.card("客车")).id)
    now = over(sessions, auction_id)
    day = now.astimezone(ZONE).date().isoformat()
    rows = [
        ResultRow(line, {"lot": str(line), "price": str(PRICE), "day": day, "winner": "张三丰"})
        for line in (1, 2)
    ]
    done = together(
        sessions, lambda session: auction_results.enter(session, manager, now, ZONE, auction_id, rows)
    )
    assert sorted((one.new, one.known) for one in done) == [(0, 2)] * (AT_ONCE - 1) + [(2, 0)]


def test_money_is_received_remitted_and_printed_once(sessions: SessionFactory) -> None:
    auction_id, manager, finance = prepared(sessions, lambda o: o.published(o.card()).id)
    now = over(sessions, auction_id)
    outcome = {1: Outcome(now.date(), PRICE, "张三丰")}
    with transaction(sessions) as session:
        notices.announce_results(session, manager, now, now.date(), ZONE, auction_id, outcome)
        lot_id = auctions.load(session, manager, auction_id).lots[0].id
    receipt = Receipt(PRICE, Decimal("0.37"), now.date(), "SK-1")
    assert (
        refusals(together(sessions, lambda s: proceeds.record(s, manager, now, lot_id, receipt).lot_id)) == 0
    )
    done = together(sessions, lambda s: proceeds.confirm(s, finance, now, lot_id, now.date(), "JK-1").lot_id)
    assert refusals(done) == AT_ONCE - 1
    together(sessions, lambda s: papers.issue_for_lot(s, manager, now, "secret", lot_id).id)
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Proceeds)) == 1
        assert session.scalar(select(func.count()).select_from(Paper)) == 1
        sums = proceeds.sums(session, manager)
        assert (sums.sold, sums.received, sums.remitted, sums.owed) == (PRICE, PRICE, PRICE, Decimal(0))


def test_things_are_given_away_once(sessions: SessionFactory) -> None:
    def make(selling: Office) -> tuple[int, int]:
        other = factories.unit(selling.session, selling.unit.parent, name="第二中学")
        project = selling.project(selling.card(quantity=5), way=Way.GRATUITOUS_TRANSFER)
        disposal_preparation.edit(
            selling.session, selling.manager, NOW, project.id, {"receiver_id": other.id}
        )
        disposal_decisions.submit(selling.session, selling.manager, NOW, TODAY, project.id)
        disposal_decisions.approve(selling.session, selling.second, NOW, TODAY, project.id)
        return project.id, other.id

    (project_id, other_id), manager, _ = prepared(sessions, make)
    done = together(sessions, lambda s: disposal_decisions.complete(s, manager, NOW, TODAY, project_id).id)
    assert refusals(done) == AT_ONCE - 1
    with sessions() as session:
        assert session.scalars(select(Asset.quantity).where(Asset.unit_id == other_id)).all() == [5]
        assert list(piece_ledger.differences(session)) == []


@pytest.mark.parametrize("ending", ["suspend", "terminate"])
def test_results_and_the_end_of_an_auction_exclude_each_other(sessions: SessionFactory, ending: str) -> None:
    auction_id, manager, _ = prepared(sessions, lambda o: o.published(o.card()).id)
    now = over(sessions, auction_id)
    outcome = {1: Outcome(now.date(), PRICE, "张三丰")}
    stop = notices.suspend if ending == "suspend" else notices.terminate
    done = together(
        sessions,
        lambda s: notices.announce_results(s, manager, now, now.date(), ZONE, auction_id, outcome).id,
        lambda s: stop(s, manager, now, ZONE, auction_id, "有人提出异议") and None,
    )
    with sessions() as session:
        auction = session.get_one(Auction, auction_id)
        sold = proceeds.sums(session, manager).sold
        assert sold == (PRICE if auction.state is AuctionState.CLOSED else Decimal(0))
        assert refusals(done) == AT_ONCE
