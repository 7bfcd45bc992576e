"""The demo's idle things and disposals: something to see in every state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from marketplace.db.auctions import Notice, Proceeds
from marketplace.db.disposals import Project
from marketplace.db.idle import IdleFlag, Screening
from marketplace.db.messages import Mail, Message
from marketplace.demo.load import add_orders, add_sales, hang_photos, load_demo
from marketplace.domain.auctions import Phase
from marketplace.domain.disposals import ProjectState
from marketplace.domain.idle import IdleRule
from marketplace.domain.notices import NoticeKind
from marketplace.media.store import FolderStore
from marketplace.use_cases import public_notices
from marketplace.use_cases.idle_actions import state_of
from tests.conftest import NOW

TODAY = NOW.date()


@pytest.fixture(scope="module")
def demo(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """The whole demo with one picture for each kind, made once for this module and rolled back after it."""
    folder: Path = tmp_path_factory.mktemp("media")
    with engine.connect() as connection, connection.begin() as outer:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            load_demo(session, NOW)
            assert add_orders(session, NOW)
            assert not add_sales(session, NOW), "what is sold has photos"
            assert hang_photos(session, FolderStore(folder), NOW, per_kind=(1, 1))
            assert add_sales(session, NOW)
            assert not add_sales(session, NOW)
            yield session
        outer.rollback()


def test_idle_flags_stand_in_every_state_by_two_rules(demo: Session) -> None:
    flags = demo.scalars(select(IdleFlag)).all()
    assert {state_of(flag) for flag in flags} == {"open", "confirmed", "review", "closed"}
    assert {flag.rule for flag in flags} == {IdleRule.UNUSED, IdleRule.EVENT_ENDED}
    assert 40 <= len(flags) <= 250
    assert demo.scalar(select(func.count()).select_from(Screening))


def test_projects_stand_in_every_stage(demo: Session) -> None:
    states = set(demo.scalars(select(Project.state)))
    assert states == set(ProjectState) - {ProjectState.CANCELLED}


def test_the_public_finds_notices_in_every_phase(demo: Session) -> None:
    for phase in Phase:
        assert public_notices.newest(demo, public_notices.Wish(phase=phase), NOW, TODAY), phase
    kinds = set(demo.scalars(select(Notice.kind)))
    assert kinds >= {NoticeKind.ANNOUNCEMENT, NoticeKind.SUSPENSION, NoticeKind.RESULT, NoticeKind.UNSOLD}
    assert demo.scalars(select(func.max(Notice.published_at))).one() <= NOW


def test_nothing_of_it_is_mailed(demo: Session) -> None:
    assert demo.scalar(select(func.count()).select_from(Mail)) == 0
    assert demo.scalar(select(func.count()).select_from(Message).where(Message.kind.startswith("idle.")))


def test_some_proceeds_are_still_owed(demo: Session) -> None:
    remitted = [row.remitted_on is not None for row in demo.scalars(select(Proceeds))]
    assert set(remitted) == {True, False}
