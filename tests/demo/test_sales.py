"""The demo's idle things and disposals: something to see in every state."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db.auctions import Notice, Proceeds
from marketplace.db.disposals import Project
from marketplace.db.idle import IdleFlag, Screening
from marketplace.db.messages import Mail, Message
from marketplace.domain.auctions import Phase
from marketplace.domain.disposals import ProjectState
from marketplace.domain.idle import IdleRule
from marketplace.domain.notices import NoticeKind
from marketplace.use_cases import public_notices
from marketplace.use_cases.idle_actions import state_of
from tests.conftest import NOW

TODAY = NOW.date()


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
