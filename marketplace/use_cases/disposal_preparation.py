"""Preparing a project of disposal: collecting cards, appraising them, proving the conditions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace.db.assets import Asset
from marketplace.db.disposals import Project, ProjectCondition, ProjectItem
from marketplace.db.people import Unit
from marketplace.domain.assets import CLASSIFIED
from marketplace.domain.disposals import (
    MOST_ITEMS,
    REQUIREMENTS,
    ConditionKind,
    ProjectState,
    Way,
    Why,
)
from marketplace.domain.errors import Conflict, NotFound, invalid_field
from marketplace.domain.permissions import Actor, Permission, require
from marketplace.domain.states import AssetAction, AssetState
from marketplace.domain.text import N_, clean
from marketplace.use_cases import audit, disposals
from marketplace.use_cases.asset_steps import step_all


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
        number=disposals.give_number(session, "CZ", today),
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
    step_all(session, actor, now, moving, AssetAction.DISPOSE, cause=project.number, basis=disposals.BASIS)
    session.flush()
    disposals.note(
        session, actor, now, project, "disposal.open", after={"number": project.number, "way": way}
    )
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
    asked = disposals.open_orders(session, ids)
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


def _common_unit(session: Session, actor: Actor, cards: Sequence[Asset]) -> int:
    paths = [card.unit.path for card in cards]
    common = [ids[0] for ids in zip(*paths, strict=False) if len(set(ids)) == 1]
    unit = session.get(Unit, common[-1]) if common else None
    if unit is None:
        raise invalid_field("assets", N_("所选资产分属不同地区，请分别建立处置项目。"))
    require(actor, Permission.DISPOSE, unit.path)
    return unit.id


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
        disposals.note(session, actor, now, project, "disposal.edit", before=old, after=new)
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
        disposals.note(session, actor, now, project, "disposal.edit", after={"appraised": changed})
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
    disposals.note(
        session, actor, now, project, "disposal.condition", after={"condition_kind": kind, "evidence": said}
    )
    return row


def _in_preparation(session: Session, actor: Actor, project_id: int) -> Project:
    project = disposals.load(session, actor, project_id, for_update=True)
    require(actor, Permission.DISPOSE, project.unit.path)
    if project.state is not ProjectState.DRAFT:
        raise Conflict(N_("项目已报送，不能再改。需要修改时，请批准人退回。"), code="wrong_state")
    return project
