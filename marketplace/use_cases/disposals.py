"""Projects of disposal: collecting cards, proving the conditions, approval, and what follows from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload, selectinload

from marketplace.db.assets import Asset, Photo
from marketplace.db.auctions import Auction
from marketplace.db.disposals import DisposalCounter, Project, ProjectCondition, ProjectItem
from marketplace.db.orders import Order, OrderLine
from marketplace.db.people import Unit, within
from marketplace.domain.assets import CLASSIFIED
from marketplace.domain.auctions import OVER
from marketplace.domain.disposals import (
    APPROVAL_THRESHOLD,
    MOST_ITEMS,
    REQUIREMENTS,
    ConditionKind,
    ItemFacts,
    ProjectAction,
    ProjectState,
    Standing,
    Way,
    Why,
    check_four_eyes,
    project_step,
    standings,
)
from marketplace.domain.errors import Conflict, FieldError, Invalid, NotAllowed, NotFound, invalid_field
from marketplace.domain.orders import ENDED, OrderState
from marketplace.domain.permissions import Actor, Permission, Role, require
from marketplace.domain.states import AssetAction, AssetState
from marketplace.domain.text import N_, clean
from marketplace.use_cases import audit
from marketplace.use_cases.asset_steps import step_all

BASIS = "财资〔2021〕127号第三条"
LEAVING = {
    Way.DONATION: AssetAction.DONATE,
    Way.SCRAPPING: AssetAction.SCRAP,
    Way.GRATUITOUS_TRANSFER: AssetAction.CLOSE,
    Way.EXCHANGE: AssetAction.CLOSE,
    Way.WRITE_OFF: AssetAction.CLOSE,
}
"""How a card leaves the books when its project is completed; a sale goes by its auction."""


def readable(actor: Actor) -> ColumnElement[bool]:
    """Projects that the actor may know of."""
    if actor.everything:
        return true()
    return within(Project.unit_id, actor.scopes(Permission.READ_DISPOSALS))


def board(session: Session, actor: Actor, *, limit: int = 200) -> Sequence[Project]:
    """The newest projects, whatever their stage."""
    query = select(Project).where(readable(actor)).options(joinedload(Project.unit))
    return session.scalars(query.order_by(Project.id.desc()).limit(limit)).all()


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


def open_project(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    way: Way,
    title: str,
    assets: Mapping[int, Why],
) -> Project:
    """Collect cards for disposal: they leave their offers and can no longer be asked for.

    Raises:
        Invalid: no title, no cards, too many, or of units that have nobody above them in common.
        Conflict: somebody has asked for one of them, or it is in another project already.
        NotAllowed: the actor doesn't dispose of a holder's things.
    """
    named = clean(title)
    if not 2 <= len(named) <= 200:
        raise invalid_field("title", N_("请填写项目名称，2至200字。"))
    cards = _lock_cards(session, actor, list(assets))
    project = Project(
        number=give_number(session, "CZ", today),
        title=named,
        way=way,
        unit_id=_common_unit(session, actor, cards),
        prepared_by=actor.user_id,
        created_at=now,
    )
    session.add(project)
    session.flush()
    session.add_all(
        ProjectItem(project_id=project.id, asset_id=card.id, why=assets[card.id]) for card in cards
    )
    moving = [card.id for card in cards if card.state is not AssetState.DISPOSAL]
    step_all(session, actor, now, moving, AssetAction.DISPOSE, cause=project.number, basis=BASIS)
    session.flush()
    note(session, actor, now, project, "disposal.open", after={"number": project.number, "way": way})
    return project


def _lock_cards(session: Session, actor: Actor, asset_ids: Sequence[int]) -> Sequence[Asset]:
    if not 1 <= len(asset_ids) <= MOST_ITEMS:
        raise invalid_field("assets", N_("一个处置项目包含1至%(limit)d项资产。"), limit=MOST_ITEMS)
    query = select(Asset).where(Asset.id.in_(asset_ids)).options(joinedload(Asset.unit)).order_by(Asset.id)
    cards = session.scalars(query.with_for_update(of=Asset).execution_options(populate_existing=True)).all()
    if len(cards) != len(asset_ids):
        raise NotFound(N_("没有找到其中的资产。它可能已出仓，或不在您的查看范围内。"))
    for card in cards:
        require(actor, Permission.DISPOSE, card.unit.path)
    _refuse_claimed(session, cards)
    return cards


def _refuse_claimed(session: Session, cards: Sequence[Asset]) -> None:
    ids = [card.id for card in cards]
    asked = open_orders(session, ids)
    elsewhere = set(
        session.scalars(select(ProjectItem.asset_id).where(ProjectItem.asset_id.in_(ids), ProjectItem.open))
    )
    for card in cards:
        if card.secrecy in CLASSIFIED:
            raise Conflict(
                N_("“%(name)s”（%(number)s）是涉密资产，须按保密规定另行处置。"),
                code="classified",
                name=card.name,
                number=card.number,
            )
        if asked.get(card.id):
            raise Conflict(
                N_("“%(name)s”（%(number)s）有在办的申请，办结后才能处置。"),
                code="open_order",
                name=card.name,
                number=card.number,
            )
        if card.id in elsewhere:
            raise Conflict(
                N_("“%(name)s”（%(number)s）已在另一个处置项目中。"),
                code="in_project",
                name=card.name,
                number=card.number,
            )


def open_orders(session: Session, asset_ids: Sequence[int]) -> dict[int, int]:
    """Orders under way, by the card that they ask for."""
    query = (
        select(OrderLine.asset_id, func.count())
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.asset_id.in_(asset_ids), Order.state.not_in([*ENDED, OrderState.DRAFT]))
        .group_by(OrderLine.asset_id)
    )
    return dict(session.execute(query).tuples().all())


def _common_unit(session: Session, actor: Actor, cards: Sequence[Asset]) -> int:
    paths = [card.unit.path for card in cards]
    common = [ids[0] for ids in zip(*paths, strict=False) if len(set(ids)) == 1]
    unit = session.get(Unit, common[-1]) if common else None
    if unit is None:
        raise invalid_field("assets", N_("所选资产分属不同地区，请分别建立处置项目。"))
    require(actor, Permission.DISPOSE, unit.path)
    return unit.id


def give_number(session: Session, prefix: str, today: dt.date) -> str:
    """The next number of the year: a locked row, because a sequence would leave gaps."""
    first = insert(DisposalCounter).values(prefix=prefix, year=today.year, last=1)
    query = first.on_conflict_do_update(
        index_elements=["prefix", "year"], set_={"last": DisposalCounter.last + 1}
    ).returning(DisposalCounter.last)
    return f"{prefix}{today.year}{session.scalars(query).one():04d}"


def facts_of(session: Session, project: Project) -> list[ItemFacts]:
    """What the register knows of a project's cards, in three statements."""
    ids = [item.asset_id for item in project.items]
    asked = open_orders(session, ids)
    pictures = select(Photo.asset_id, func.count()).where(Photo.asset_id.in_(ids), Photo.removed_at.is_(None))
    photos = dict(session.execute(pictures.group_by(Photo.asset_id)).tuples().all())
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
        for item in project.items
    ]


def conditions_of(session: Session, project: Project, today: dt.date) -> tuple[Standing, ...]:
    """The check list of a project as it stands."""
    recorded = {row.kind for row in project.conditions if row.met}
    return standings(project.way, facts_of(session, project), recorded, today)


def edit(
    session: Session, actor: Actor, now: dt.datetime, project_id: int, values: Mapping[str, object]
) -> Project:
    """Set ``appraiser``, ``appraised_on`` and ``recipient`` of a project in preparation.

    Raises:
        Conflict: it isn't in preparation any more.
    """
    project = _in_preparation(session, actor, project_id)
    before = {name: getattr(project, name) for name in values}
    for name, value in values.items():
        setattr(project, name, value)
    old, new = audit.differences(before, values)
    if new:
        note(session, actor, now, project, "disposal.edit", before=old, after=new)
    return project


def appraise(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    project_id: int,
    appraised: Mapping[int, tuple[Decimal | None, str]],
) -> Project:
    """Note the appraised value and the known defects of items, by their ids.

    Raises:
        Conflict: the project isn't in preparation any more.
    """
    project = _in_preparation(session, actor, project_id)
    changed = 0
    for item in project.items:
        value, defects = appraised.get(item.id, (item.appraised, item.defects))
        changed += (item.appraised, item.defects) != (value, defects)
        item.appraised, item.defects = value, clean(defects)
    if changed:
        note(session, actor, now, project, "disposal.edit", after={"appraised": changed})
    return project


def set_condition(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    project_id: int,
    kind: ConditionKind,
    evidence: str,
) -> ProjectCondition:
    """Record what proves a condition; an empty text takes it back.

    Raises:
        Conflict: the project isn't in preparation any more, or the platform sees for itself.
    """
    project = _in_preparation(session, actor, project_id)
    if REQUIREMENTS[kind].automatic:
        raise Conflict(N_("这一条由系统核对，不能手工登记。"), code="automatic")
    said = clean(evidence)[:300]
    row = next((row for row in project.conditions if row.kind is kind), None)
    if row is None:
        row = ProjectCondition(project_id=project.id, kind=kind)
        project.conditions.append(row)
    row.met, row.evidence, row.by, row.at = bool(said), said, actor.user_id, now
    note(session, actor, now, project, "disposal.condition", after={"condition_kind": kind, "evidence": said})
    return row


def _in_preparation(session: Session, actor: Actor, project_id: int) -> Project:
    project = load(session, actor, project_id, for_update=True)
    require(actor, Permission.DISPOSE, project.unit.path)
    if project.state is not ProjectState.DRAFT:
        raise Conflict(N_("项目已报送，不能再改。需要修改时，请批准人退回。"), code="wrong_state")
    return project


def submit(session: Session, actor: Actor, now: dt.datetime, today: dt.date, project_id: int) -> Project:
    """Send a project for approval; every condition has to be met.

    Raises:
        Invalid: a condition is missing; each is named with its article.
    """
    project = load(session, actor, project_id, for_update=True)
    check_conditions(session, project, today)
    return move(session, actor, now, project, ProjectAction.SUBMIT)


def check_conditions(session: Session, project: Project, today: dt.date) -> None:
    """Refuse to go on while a condition is missing.

    Raises:
        Invalid: with one entry for each missing condition.
    """
    missing = [row for row in conditions_of(session, project, today) if not row.met]
    if missing:
        fields = tuple(FieldError(row.kind, REQUIREMENTS[row.kind].label, {}) for row in missing)
        raise Invalid(
            N_("还有%(count)d项条件没有满足，项目不能继续。"),
            fields=fields,
            basis=REQUIREMENTS[missing[0].kind].basis,
            count=len(missing),
        )


def approve(session: Session, actor: Actor, now: dt.datetime, today: dt.date, project_id: int) -> Project:
    """Approve what somebody else prepared; above the threshold, the finance department does.

    Raises:
        NotAllowed: the actor prepared it, or it takes a finance approver.
        Invalid: a condition no longer holds.
    """
    project = load(session, actor, project_id, for_update=True)
    check_four_eyes(actor.user_id, project.prepared_by)
    check_conditions(session, project, today)
    value = sum((item.asset.original_value for item in project.items), Decimal(0))
    if value >= APPROVAL_THRESHOLD and not actor.holds(Role.FINANCE_APPROVER, project.unit.path):
        raise NotAllowed(N_("账面原值达到50万元的处置，由财政审批人批准。"), code="finance")
    project.approved_by, project.approved_at = actor.user_id, now
    return move(session, actor, now, project, ProjectAction.APPROVE)


def send_back(session: Session, actor: Actor, now: dt.datetime, project_id: int, reason: str) -> Project:
    """Give a project back to whoever prepared it, with the reason."""
    project = load(session, actor, project_id, for_update=True)
    return move(session, actor, now, project, ProjectAction.SEND_BACK, reason=read_reason(reason))


def cancel(session: Session, actor: Actor, now: dt.datetime, project_id: int, reason: str) -> Project:
    """End a project; its cards are in use again."""
    project = load(session, actor, project_id, for_update=True)
    said = read_reason(reason)
    live = select(Auction.id).where(Auction.project_id == project.id, Auction.state.not_in(OVER)).limit(1)
    if session.scalar(live) is not None:
        raise Conflict(N_("项目还有没结束的拍卖，请先终止拍卖。"), code="live_auction")
    move(session, actor, now, project, ProjectAction.CANCEL, reason=said)
    kept = [item for item in project.items if item.open]
    leave(session, actor, now, project, kept, AssetAction.KEEP)
    return project


def complete(session: Session, actor: Actor, now: dt.datetime, today: dt.date, project_id: int) -> Project:
    """Carry out an approved disposal that is no sale: the cards leave the books.

    Raises:
        Conflict: it is a sale, or isn't approved.
        Invalid: a condition no longer holds, or a recipient is missing.
    """
    project = load(session, actor, project_id, for_update=True)
    if project.way is Way.AUCTION:
        raise Conflict(N_("拍卖项目在成交或终止后自动办结。"), code="wrong_state")
    check_conditions(session, project, today)
    move(session, actor, now, project, ProjectAction.COMPLETE)
    leave(session, actor, now, project, project.items, LEAVING[project.way])
    return project


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
