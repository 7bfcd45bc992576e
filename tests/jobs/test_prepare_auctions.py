"""Approved projects get one draft each, however often and by however many the job is run."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine as Database
from sqlalchemy import select

from jobs.auctions import prepare_auctions
from jobs.means import Means
from marketplace.config import Settings
from marketplace.db.auctions import Auction
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.auctions import AuctionState
from search.nodes import Nodes
from tests.conftest import NOW
from tests.use_cases.selling import office


@pytest.fixture
def means(settings: Settings, engine: Database, sessions: SessionFactory) -> Means:
    with transaction(sessions) as session:
        selling = office(session)
        for name in ("轿车", "客车"):
            selling.approved(selling.card(name))
        selling.project(selling.card("货车"))
    return Means(settings, sessions, Nodes(settings), lambda: NOW)


def drafts(means: Means) -> list[Auction]:
    with means.sessions() as session:
        return list(session.scalars(select(Auction).order_by(Auction.id)))


def test_two_processes_make_one_draft_of_each_approved_project(means: Means) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(prepare_auctions, means, NOW, False) for _ in range(2)]
        made = sum(run.result()["auctions"] for run in runs)
    assert made == 2
    assert [one.state for one in drafts(means)] == [AuctionState.DRAFT] * 2
    assert prepare_auctions(means, NOW, False) == {"auctions": 0}


def test_a_dry_run_only_counts(means: Means) -> None:
    assert prepare_auctions(means, NOW, True) == {"auctions": 2}
    assert drafts(means) == []


def test_it_can_be_stopped_between_projects(means: Means) -> None:
    stopping = dataclasses.replace(means, keep_going=lambda: False)
    assert prepare_auctions(stopping, NOW, False) == {"auctions": 0}
    assert drafts(means) == []
