"""Finding projects of disposal, page by page, and the auctions of one."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from marketplace.db.auctions import Auction, Lot
from marketplace.db.disposals import Project
from marketplace.domain.disposals import ProjectState, Way
from marketplace.domain.permissions import Actor
from marketplace.domain.text import clean
from marketplace.use_cases.disposals import readable


def newest(
    session: Session,
    actor: Actor,
    *,
    states: Collection[ProjectState] = (),
    way: Way | None = None,
    q: str = "",
    before: int | None = None,
    limit: int,
) -> Sequence[Project]:
    """Projects that the actor may know of, the newest first; what is empty doesn't matter."""
    query = select(Project).where(*_conditions(actor, way, q)).options(joinedload(Project.unit))
    if states:
        query = query.where(Project.state.in_(states))
    if before is not None:
        query = query.where(Project.id < before)
    return session.scalars(query.order_by(Project.id.desc()).limit(limit)).all()


def count_by_state(session: Session, actor: Actor, *, way: Way | None, q: str) -> dict[ProjectState, int]:
    """How many such projects there are in each stage."""
    query = select(Project.state, func.count()).where(*_conditions(actor, way, q)).group_by(Project.state)
    return dict(session.execute(query).all())


def _conditions(actor: Actor, way: Way | None, q: str) -> list[ColumnElement[bool]]:
    found = [readable(actor)]
    if way is not None:
        found.append(Project.way == way)
    if words := clean(q):
        sold = select(Auction.project_id).where(Auction.number.icontains(words, autoescape=True))
        said = [column.icontains(words, autoescape=True) for column in (Project.title, Project.number)]
        found.append(or_(*said, Project.id.in_(sold)))
    return found


def auctions_with_lots(session: Session, project_id: int) -> Sequence[Auction]:
    """The auctions of a project with their lots and results, newest first."""
    query = select(Auction).where(Auction.project_id == project_id).order_by(Auction.id.desc())
    return session.scalars(query.options(selectinload(Auction.lots).joinedload(Lot.result))).all()
