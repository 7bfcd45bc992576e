"""Preparing a project of disposal: collecting cards, appraising them, proving the conditions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace.db.assets import Asset
from marketplace.db.disposals import Project, ProjectCondition, ProjectItem
from marketplace.db.people import Unit, UnitKind
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

MOST_UNITS = 1000
"""Units that a list offers to choose from."""


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
    disposals.refuse_classified(cards)
    for card in cards:
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
    """Set ``appraiser``, ``appraised_on``, ``recipient`` and ``receiver_id`` of a project in preparation.

    Raises:
        Conflict: it isn't in preparation any more.
        Invalid: the receiving unit can't take anything, or holds one of the cards itself.
    """
    project = _in_preparation(session, actor, project_id)
    if values.get("receiver_id") is not None:
        _check_receiver(session, project, values["receiver_id"])
    before = _said(session, project, values)
    for name, value in values.items():
        setattr(project, name, value)
    old, new = audit.differences(before, _said(session, project, values))
    if new:
        disposals.note(session, actor, now, project, "disposal.edit", before=old, after=new)
    return project


def _said(session: Session, project: Project, names: Iterable[str]) -> dict[str, object]:
    """What these fields hold, in words for the record."""
    values = {name: getattr(project, name) for name in names}
    if "receiver_id" in values:
        receiver = session.get(Unit, project.receiver_id) if project.receiver_id is not None else None
        values["receiver"] = receiver.name if receiver else ""
        del values["receiver_id"]
    return values


def _check_receiver(session: Session, project: Project, unit_id: object) -> None:
    unit = session.get(Unit, unit_id)
    if project.way is not Way.GRATUITOUS_TRANSFER or unit is None or not takes_things(unit):
        raise invalid_field("receiver", N_("请选择一个可以接收资产的单位。"))
    if any(item.asset.unit_id == unit.id for item in project.items):
        raise invalid_field("receiver", N_("“%(name)s”已持有其中的资产，不能划转给本单位。"), name=unit.name)


def takes_things(unit: Unit) -> bool:
    """Whether cards can be opened for a unit: it is active, and no mere region."""
    return unit.active and unit.kind is not UnitKind.REGION


def receiving_units(session: Session) -> Sequence[Unit]:
    """Units of the system that things can go to, in the order of the tree."""
    query = select(Unit).where(Unit.active, Unit.kind != UnitKind.REGION)
    return session.scalars(query.order_by(Unit.path).limit(MOST_UNITS)).all()


def receiver_with(session: Session, code: str) -> Unit | None:
    """The unit with this code, if it can take things."""
    unit = session.scalar(select(Unit).where(Unit.code == clean(code)))
    return unit if unit is not None and takes_things(unit) else None


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
