"""Projects of disposal: who may know of them, how their check list stands, and the door of their states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload, selectinload

from marketplace.db.assets import Asset, Photo
from marketplace.db.disposals import DisposalCounter, Project, ProjectItem
from marketplace.db.orders import Order, OrderLine
from marketplace.db.people import within
from marketplace.domain.assets import CLASSIFIED
from marketplace.domain.disposals import (
    REQUIREMENTS,
    WAYS_BASIS,
    WITH_RECIPIENT,
    ItemFacts,
    ProjectAction,
    Standing,
    project_step,
    standings,
)
from marketplace.domain.errors import Conflict, FieldError, Invalid, NotFound, invalid_field
from marketplace.domain.orders import ENDED, OrderState
from marketplace.domain.permissions import Actor, Permission, require
from marketplace.domain.states import AssetAction
from marketplace.domain.text import N_, clean
from marketplace.use_cases import audit, disposal_news
from marketplace.use_cases.asset_steps import step_all

BASIS = WAYS_BASIS


def readable(actor: Actor) -> ColumnElement[bool]:
    """Projects that the actor may know of."""
    if actor.everything:
        return true()
    return within(Project.unit_id, actor.scopes(Permission.READ_DISPOSALS))


def count_items(session: Session, project_ids: Sequence[int]) -> dict[int, tuple[int, Decimal]]:
    """Of each project: how many cards, and their book value."""
    query = (
        select(ProjectItem.project_id, func.count(), func.sum(Asset.original_value))
        .join(Asset, Asset.id == ProjectItem.asset_id)
        .where(ProjectItem.project_id.in_(project_ids))
        .group_by(ProjectItem.project_id)
    )
    return {project: (count, value) for project, count, value in session.execute(query)}


def load(session: Session, actor: Actor, project_id: int, *, for_update: bool = False) -> Project:
    """A project with its cards and conditions.

    Raises:
        NotFound: there is none that the actor may know of.
    """
    query = (
        select(Project)
        .where(Project.id == project_id, readable(actor))
        .options(
            joinedload(Project.unit),
            selectinload(Project.items).joinedload(ProjectItem.asset),
            selectinload(Project.conditions),
        )
    )
    if for_update:
        query = query.with_for_update(of=Project).execution_options(populate_existing=True)
    project = session.scalar(query)
    if project is None:
        raise NotFound(N_("没有找到这个处置项目。它可能不在您的查看范围内。"))
    return project


def open_orders(session: Session, asset_ids: Sequence[int]) -> dict[int, int]:
    """Orders under way, by the card that they ask for."""
    query = (
        select(OrderLine.asset_id, func.count())
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.asset_id.in_(asset_ids), Order.state.not_in([*ENDED, OrderState.DRAFT]))
        .group_by(OrderLine.asset_id)
    )
    return dict(session.execute(query).all())


def give_number(session: Session, prefix: str, today: dt.date) -> str:
    """The next number of the year: a locked row, because a sequence would leave gaps."""
    first = insert(DisposalCounter).values(prefix=prefix, year=today.year, last=1)
    query = first.on_conflict_do_update(
        index_elements=["prefix", "year"], set_={"last": DisposalCounter.last + 1}
    ).returning(DisposalCounter.last)
    return f"{prefix}{today.year}{session.scalars(query).one():04d}"


def facts_of(session: Session, project: Project) -> list[ItemFacts]:
    """What the register knows of the cards that a project still disposes of, or did once it is over."""
    items = [item for item in project.items if item.open] or project.items
    ids = [item.asset_id for item in items]
    asked = open_orders(session, ids)
    pictures = select(Photo.asset_id, func.count()).where(Photo.asset_id.in_(ids), Photo.removed_at.is_(None))
    photos = dict(session.execute(pictures.group_by(Photo.asset_id)).all())
    return [
        ItemFacts(
            asset_id=item.asset_id,
            number=item.asset.number,
            category=f"{item.asset.category_edition}:{item.asset.category_code}"
            if item.asset.category_code
            else "",
            condition=item.asset.condition,
            photos=photos.get(item.asset_id, 0),
            open_orders=asked.get(item.asset_id, 0),
            acquired_on=item.asset.acquired_on,
            minimum_service_years=item.asset.minimum_service_years,
            appraised=item.appraised,
        )
        for item in items
    ]


def conditions_of(session: Session, project: Project, today: dt.date) -> tuple[Standing, ...]:
    """The check list of a project as it stands."""
    recorded = {row.kind for row in project.conditions if row.met}
    return standings(project.way, facts_of(session, project), recorded, today)


def check_conditions(session: Session, project: Project, today: dt.date) -> None:
    """Refuse to go on while a condition is missing.

    Raises:
        Invalid: with one entry for each missing condition, the recipient included.
        Conflict: a card has been classified since it was collected.
    """
    refuse_classified(item.asset for item in project.items if item.open)
    missing = [row.kind for row in conditions_of(session, project, today) if not row.met]
    fields = [FieldError(kind, REQUIREMENTS[kind].label, {}) for kind in missing]
    if not has_recipient(project):
        fields.append(FieldError("recipient", N_("请填写接收单位。"), {}))
    if fields:
        raise Invalid(
            N_("还有%(count)d项条件没有满足，项目不能继续。"),
            fields=tuple(fields),
            basis=next((REQUIREMENTS[kind].basis for kind in missing if REQUIREMENTS[kind].basis), ""),
            count=len(fields),
        )


def has_recipient(project: Project) -> bool:
    """Whether it is known who gets the things, where somebody does."""
    return project.way not in WITH_RECIPIENT or bool(project.recipient or project.receiver_id)


def refuse_classified(cards: Iterable[Asset]) -> None:
    """What is classified is never offered or shown.

    Raises:
        Conflict: one of the cards is.
    """
    for card in cards:
        if card.secrecy in CLASSIFIED:
            raise Conflict(
                N_("“%(name)s”（%(number)s）是涉密资产，须按保密规定另行处置。"),
                code="classified",
                name=card.name,
                number=card.number,
            )


def leave(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    project: Project,
    items: Sequence[ProjectItem],
    action: AssetAction,
) -> None:
    """Items go their way and are free for another project."""
    ids = [item.asset_id for item in items if item.open]
    step_all(session, actor, now, ids, action, cause=project.number, basis=BASIS)
    for item in items:
        item.open = False
    session.flush()


def move(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    project: Project,
    action: ProjectAction,
    *,
    reason: str = "",
) -> Project:
    """The one door through which a project changes its state."""
    row = project_step(project.state, action)
    if row.permission is not None:
        require(actor, row.permission, project.unit.path)
    before, project.state, project.reason = project.state, row.target, reason
    note(
        session,
        actor,
        now,
        project,
        f"disposal.{action}",
        before={"state": before},
        after={"state": row.target},
        reason=reason,
    )
    session.flush()
    disposal_news.project_moved(session, actor, now, project, action)
    return project


def read_reason(text: str) -> str:
    """A reason as it is kept.

    Raises:
        Invalid: there is none, or it is too long.
    """
    reason = clean(text)
    if not 2 <= len(reason) <= 500:
        raise invalid_field("reason", N_("请填写理由，2至500字。"))
    return reason


def note(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    project: Project,
    action: str,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    """An entry in the record of a project."""
    audit.record(
        session,
        actor,
        now,
        action,
        "disposal",
        project.id,
        unit_id=project.unit_id,
        before=before,
        after=after,
        reason=reason,
        basis=BASIS,
    )
