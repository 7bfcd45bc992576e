"""What stands in the inbox besides orders: projects and auctions to approve, idle flags, proceeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from marketplace.db.assets import Asset
from marketplace.db.auctions import Auction, Lot
from marketplace.db.disposals import Project
from marketplace.db.idle import IdleFlag
from marketplace.db.inbox_matters import unanswered
from marketplace.db.people import Unit
from marketplace.domain.inbox import Subject, Waiting
from marketplace.use_cases import disposals

MOST_FLAGS = 1_000
"""Flags of a unit are counted up to here."""


@dataclass(frozen=True, slots=True)
class ProjectMatter:
    """A project to approve, with how many cards there are and their book value."""

    project: Project
    cards: int
    value: Decimal


@dataclass(frozen=True, slots=True)
class AuctionMatter:
    """An auction to approve, and what its lots begin at together."""

    auction: Auction
    start: Decimal


@dataclass(frozen=True, slots=True)
class FlagsMatter:
    """The unanswered flags of a unit: how many, and what the first is about."""

    unit: Unit
    count: int
    first: str


@dataclass(frozen=True, slots=True)
class ObjectionMatter:
    """A flag whose holder says that the thing is in use."""

    flag: IdleFlag


@dataclass(frozen=True, slots=True)
class LotMatter:
    """A sold lot of which the proceeds are to be noted or remitted."""

    lot: Lot


Matter = ProjectMatter | AuctionMatter | FlagsMatter | ObjectionMatter | LotMatter


def load(session: Session, waiting: Iterable[Waiting]) -> dict[tuple[Subject, int], Matter]:
    """What these are about; a few statements for each kind, however many they are."""
    ids: dict[Subject, set[int]] = defaultdict(set)
    for one in waiting:
        ids[one.subject].add(one.subject_id)
    return {
        (subject, number): matter
        for subject, read in _READ.items()
        if ids[subject]
        for number, matter in read(session, ids[subject]).items()
    }


def _projects(session: Session, ids: set[int]) -> Mapping[int, Matter]:
    held = disposals.count_items(session, list(ids))
    query = select(Project).where(Project.id.in_(ids))
    query = query.options(joinedload(Project.unit), joinedload(Project.preparer))
    return {row.id: ProjectMatter(row, *held.get(row.id, (0, Decimal(0)))) for row in session.scalars(query)}


def _auctions(session: Session, ids: set[int]) -> Mapping[int, Matter]:
    query = (
        select(Auction)
        .where(Auction.id.in_(ids))
        .options(
            joinedload(Auction.project).joinedload(Project.unit),
            joinedload(Auction.preparer),
            selectinload(Auction.lots),
        )
    )
    return {
        row.id: AuctionMatter(row, sum((lot.start_price for lot in row.lots), Decimal(0)))
        for row in session.scalars(query)
    }


def _flags(session: Session, ids: set[int]) -> Mapping[int, Matter]:
    first = (
        select(Asset.name)
        .join(IdleFlag, IdleFlag.asset_id == Asset.id)
        .where(IdleFlag.unit_id == Unit.id, unanswered())
        .order_by(IdleFlag.answer_by, IdleFlag.id)
        .limit(1)
        .correlate(Unit)
        .scalar_subquery()
    )
    some = select(IdleFlag.id).where(IdleFlag.unit_id == Unit.id, unanswered()).limit(MOST_FLAGS)
    count = select(func.count()).select_from(some.correlate(Unit).subquery()).scalar_subquery()
    query = select(Unit, count, first).where(Unit.id.in_(ids))
    return {unit.id: FlagsMatter(unit, flags, name or "") for unit, flags, name in session.execute(query)}


def _objections(session: Session, ids: set[int]) -> Mapping[int, Matter]:
    query = select(IdleFlag).where(IdleFlag.id.in_(ids))
    query = query.options(joinedload(IdleFlag.asset).joinedload(Asset.unit), joinedload(IdleFlag.answerer))
    return {row.id: ObjectionMatter(row) for row in session.scalars(query)}


def _lots(session: Session, ids: set[int]) -> Mapping[int, Matter]:
    query = (
        select(Lot)
        .where(Lot.id.in_(ids))
        .options(
            joinedload(Lot.auction).joinedload(Auction.project).joinedload(Project.unit),
            joinedload(Lot.result),
            joinedload(Lot.proceeds),
        )
    )
    return {row.id: LotMatter(row) for row in session.scalars(query)}


_READ = {
    Subject.PROJECT: _projects,
    Subject.AUCTION: _auctions,
    Subject.UNIT: _flags,
    Subject.FLAG: _objections,
    Subject.LOT: _lots,
}
