"""Who is asked to do what besides orders: disposals, auctions, idle flags, proceeds of sales.

The SQL twin of what the use cases check when it is done (``disposal_decisions.approve``,
``auctions.approve``, ``idle.confirm`` and its like, ``idle.review``, ``proceeds.record`` and ``confirm``);
tests hold the two together.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Numeric,
    ScalarSelect,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from marketplace.db.assets import Asset
from marketplace.db.auctions import Auction, Lot, LotResult, Proceeds
from marketplace.db.audit import AuditEntry
from marketplace.db.calendar import working_days_after
from marketplace.db.disposals import Project, ProjectItem
from marketplace.db.idle import IdleFlag
from marketplace.db.inbox_ways import KEPT_UNITS, USER, Branch, rows_of, sits, word_is
from marketplace.db.outbox import Setting
from marketplace.domain.auction_rules import Rules
from marketplace.domain.auctions import AuctionState, LotState
from marketplace.domain.disposals import ProjectState
from marketplace.domain.idle import Answer
from marketplace.domain.inbox import Task
from marketplace.domain.permissions import ROLE_PERMISSIONS, Permission, Role


def _holding(permission: Permission) -> tuple[Role, ...]:
    return tuple(role for role in Role if permission in ROLE_PERMISSIONS[role])


APPROVERS = _holding(Permission.APPROVE_DISPOSAL)
SELLERS = _holding(Permission.DISPOSE)
REVIEWERS = _holding(Permission.REVIEW_IDLE)
TREASURERS = _holding(Permission.CONFIRM_PROCEEDS)
REMITTANCE_DAYS = f"""coalesce((
    SELECT CAST(value ->> 'remittance_days' AS int) FROM settings WHERE name = 'auction_rules'
), {Rules().remittance_days})"""
"""SQL for the working days in which proceeds are to be remitted."""


def unanswered() -> ColumnElement[bool]:
    """Flags about which the holder still has to say something; after the last day, too."""
    return IdleFlag.closed_at.is_(None) & or_(
        IdleFlag.answer.is_(None), word_is(IdleFlag.answer, Answer.SILENT)
    )


def _since(action: str, kind: str, number: Any) -> ScalarSelect[Any]:
    """When it was sent for approval the last time."""
    sent = select(func.max(AuditEntry.at)).where(
        AuditEntry.object_kind == kind, AuditEntry.object_id == number, AuditEntry.action == action
    )
    return sent.correlate_except(AuditEntry).scalar_subquery()


def _projects() -> Branch:
    value = (
        select(func.coalesce(func.sum(Asset.original_value), 0))
        .join(ProjectItem, ProjectItem.asset_id == Asset.id)
        .where(ProjectItem.project_id == Project.id)
        .correlate_except(Asset, ProjectItem)
        .scalar_subquery()
    )
    rows = rows_of(
        Task.APPROVE_DISPOSAL,
        Project.id,
        Project.id,
        since=func.coalesce(_since("disposal.submit", "disposal", Project.id), Project.created_at),
    ).select_from(Project)
    return Branch(
        rows.where(
            word_is(Project.state, ProjectState.SUBMITTED),
            Project.prepared_by.is_distinct_from(USER),
            sits(Project.unit_id, *APPROVERS),
            or_(value < _threshold(), sits(Project.unit_id, Role.FINANCE_APPROVER)),
        )
    )


def _threshold() -> ColumnElement[Decimal]:
    kept = select(cast(Setting.value["approval_threshold"].as_string(), Numeric)).where(
        Setting.name == "auction_rules"
    )
    return func.coalesce(kept.scalar_subquery(), literal(Rules().approval_threshold, Numeric))


def _auctions() -> Branch:
    rows = rows_of(
        Task.APPROVE_AUCTION,
        Auction.id,
        Auction.id,
        since=func.coalesce(_since("auction.submit", "auction", Auction.id), Auction.created_at),
    )
    return Branch(
        rows.select_from(Auction)
        .join(Project, Project.id == Auction.project_id)
        .where(
            word_is(Auction.state, AuctionState.SUBMITTED),
            Auction.prepared_by.is_distinct_from(USER),
            Auction.submitted_by.is_distinct_from(USER),
            sits(Project.unit_id, *APPROVERS),
        )
    )


def _flags() -> Branch:
    """All flags of a unit together, by the first that is due."""
    unit = KEPT_UNITS.c.unit_id
    rows = rows_of(Task.ANSWER_IDLE, unit, unit, deadline=IdleFlag.answer_by).select_from(IdleFlag)
    first = rows.where(IdleFlag.unit_id == unit, unanswered()).order_by(IdleFlag.answer_by, IdleFlag.id)
    return Branch(first.limit(literal_column("1")), KEPT_UNITS)


def _objections() -> Branch:
    rows = rows_of(Task.REVIEW_IDLE, IdleFlag.id, IdleFlag.id, since=IdleFlag.answered_at)
    return Branch(
        rows.select_from(IdleFlag).where(
            IdleFlag.closed_at.is_(None),
            word_is(IdleFlag.answer, Answer.OBJECTED),
            IdleFlag.answered_by.is_distinct_from(USER),
            sits(IdleFlag.unit_id, *REVIEWERS),
        )
    )


def _unrecorded() -> Branch:
    rows = rows_of(Task.RECORD_PROCEEDS, Lot.id, Lot.id, since=LotResult.at).select_from(Lot)
    return Branch(
        rows.join(LotResult, LotResult.lot_id == Lot.id)
        .join(Auction, Auction.id == Lot.auction_id)
        .join(Project, Project.id == Auction.project_id)
        .outerjoin(Proceeds, Proceeds.lot_id == Lot.id)
        .where(word_is(Lot.state, LotState.SOLD), Proceeds.lot_id.is_(None), sits(Project.unit_id, *SELLERS))
    )


def _unremitted() -> Branch:
    until: Any = literal_column(working_days_after("proceeds.received_on", REMITTANCE_DAYS), Date)
    rows = rows_of(Task.CONFIRM_PROCEEDS, Lot.id, Lot.id, deadline=until).select_from(Proceeds)
    return Branch(
        rows.join(Lot, Lot.id == Proceeds.lot_id)
        .join(Auction, Auction.id == Lot.auction_id)
        .join(Project, Project.id == Auction.project_id)
        .where(
            Proceeds.remitted_on.is_(None),
            Proceeds.recorded_by.is_distinct_from(USER),
            sits(Project.unit_id, *TREASURERS),
        )
    )


BRANCHES: dict[Task, tuple[Branch, ...]] = {
    Task.APPROVE_DISPOSAL: (_projects(),),
    Task.APPROVE_AUCTION: (_auctions(),),
    Task.ANSWER_IDLE: (_flags(),),
    Task.REVIEW_IDLE: (_objections(),),
    Task.RECORD_PROCEEDS: (_unrecorded(),),
    Task.CONFIRM_PROCEEDS: (_unremitted(),),
}
