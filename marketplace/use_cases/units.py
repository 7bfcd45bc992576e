"""The tree of units: making, changing, moving, closing. Done by security administrators."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    ScalarSelect,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from marketplace.db.assets import Asset
from marketplace.db.outbox import reindex_soon_where
from marketplace.db.people import Unit, UnitKind, User, below
from marketplace.domain import credit_code
from marketplace.domain.errors import (
    Conflict,
    NotFound,
    invalid_field,
)
from marketplace.domain.permissions import Actor, Permission, require
from marketplace.domain.text import N_, clean
from marketplace.domain.units import UnitFacts, read_unit
from marketplace.use_cases import audit

PAGE = 50
DEEPEST = 100
"""More levels than any tree of units has."""


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit with what its list shows beside it."""

    unit: Unit
    users: int
    cards: int
    depth: int
    """Levels below the topmost unit that the actor looks after."""


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """How much belongs to a unit."""

    users: int
    cards: int
    below: int
    """Units below it, at any depth."""


def search(
    session: Session, actor: Actor, q: str = "", *, after: str = ""
) -> tuple[list[UnitRow], str | None]:
    """A page of the units the actor looks after, in the order of the tree, and the code to go on from."""
    query = (
        select(Unit, _count(User.id, User.home_unit_id), _count(Asset.id, Asset.unit_id))
        .where(_managed(actor), _called(q))
        .order_by(Unit.path)
        .limit(PAGE + 1)
        .options(joinedload(Unit.parent))
    )
    if after:
        query = query.where(Unit.path > select(Unit.path).where(Unit.code == after).scalar_subquery())
    top = _top(actor)
    rows = [UnitRow(*row, depth=len(row[0].path) - top) for row in session.execute(query)]
    return rows[:PAGE], rows[PAGE - 1].unit.code if len(rows) > PAGE else None


def count(session: Session, actor: Actor, q: str = "") -> int:
    """How many units :func:`search` goes through."""
    return session.scalar(select(func.count(Unit.id)).where(_managed(actor), _called(q))) or 0


def above(session: Session, unit: Unit) -> Sequence[Unit]:
    """The units that a unit stands below, from the top."""
    return session.scalars(select(Unit).where(Unit.id.in_(unit.path[:-1])).order_by(Unit.path)).all()


def load(session: Session, actor: Actor, unit_id: int, *, for_update: bool = False) -> Unit:
    """A unit that the actor looks after.

    Raises:
        NotFound: there is none, or it is not the actor's to manage.
    """
    query = select(Unit).where(Unit.id == unit_id, _managed(actor))
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    unit = session.scalar(query)
    if unit is None:
        raise NotFound(N_("没有找到这个单位，或它不在您的管理范围内。"))
    return unit


def find(session: Session, actor: Actor, code: str) -> Unit | None:
    """The unit with this code, where the actor looks after it."""
    return session.scalar(select(Unit).where(Unit.code == code, _managed(actor)))


def figures(session: Session, unit: Unit) -> UnitFigures:
    """What stands or falls with a unit."""
    query = select(
        _count(User.id, User.home_unit_id),
        _count(Asset.id, Asset.unit_id),
        select(func.count(Unit.id)).where(below([unit.id]), Unit.id != unit.id).scalar_subquery(),
    )
    return UnitFigures(*session.execute(query.where(Unit.id == unit.id)).one())


def parents(session: Session, actor: Actor) -> Sequence[Unit]:
    """Units below which the actor may put others, in the order of the tree."""
    return session.scalars(select(Unit).where(_managed(actor), Unit.active).order_by(Unit.path)).all()


def record_of(session: Session, unit: Unit) -> dict[str, object]:
    """A unit's record as forms and the audit trail show it."""
    parent = session.get(Unit, unit.parent_id) if unit.parent_id else None
    return {
        "code": unit.code,
        "name": unit.name,
        "short_name": unit.short_name,
        "kind": unit.kind,
        "parent_code": parent.code if parent else "",
        "credit_code": unit.credit_code or "",
        "address": unit.address,
        "headcount": unit.headcount,
        "latitude": unit.latitude,
        "longitude": unit.longitude,
    }


def create(session: Session, actor: Actor, now: dt.datetime, raw: Mapping[str, object]) -> Unit:
    """Add a unit below another. Regions come with the installation, not from here.

    Raises:
        Invalid: a field can't be accepted, or code or credit code are taken.
    """
    facts = read_unit(raw)
    parent = _parent(session, actor, facts.parent_code)
    unit = Unit(path=[], region_code=parent.region_code, region_name=parent.region_name, parent_id=parent.id)
    _fill(unit, facts)
    session.add(unit)
    _flush(session, unit)
    unit.path = [*parent.path, unit.id]
    session.flush()
    audit.record(
        session, actor, now, "unit.create", "unit", unit.id, unit_id=unit.id, after=facts.as_record()
    )
    return unit


def edit(
    session: Session, actor: Actor, now: dt.datetime, unit_id: int, version: int, raw: Mapping[str, object]
) -> Unit:
    """Change a unit; below another parent it takes everything below it along.

    Raises:
        Conflict: somebody changed it since it was shown.
        Invalid: a field can't be accepted.
    """
    unit = load(session, actor, unit_id, for_update=True)
    if unit.version != version:
        raise Conflict(N_("这个单位刚被他人修改过，请核对后再保存。"), code="version_conflict")
    facts = read_unit(raw, is_region=unit.kind is UnitKind.REGION)
    before = record_of(session, unit)
    # Who looks after a unit but not what is above it leaves the unit where it stands.
    moved = facts.parent_code != before["parent_code"]
    parent = _parent(session, actor, facts.parent_code) if moved else None
    _fill(unit, facts)
    _flush(session, unit)
    if parent is not None:
        _move(session, unit, parent)
    old, new = audit.differences(before, facts.as_record())
    if new:
        _reindex_below(session, unit)
        audit.record(
            session, actor, now, "unit.edit", "unit", unit.id, unit_id=unit.id, before=old, after=new
        )
    return unit


def close(session: Session, actor: Actor, now: dt.datetime, unit_id: int, *, active: bool) -> Unit:
    """Close a unit that no longer works, or open it again. Its cards stay, and can be transferred.

    Raises:
        Conflict: units below it are still open.
    """
    unit = load(session, actor, unit_id, for_update=True)
    open_below = select(Unit.id).where(Unit.parent_id == unit.id, Unit.active)
    if not active and session.scalar(open_below.limit(1)) is not None:
        raise Conflict(N_("“%(name)s”还有启用中的下级单位，请先停用下级单位。"), name=unit.name)
    if unit.active != active:
        unit.active = active
        audit.record(
            session,
            actor,
            now,
            "unit.open" if active else "unit.close",
            "unit",
            unit.id,
            unit_id=unit.id,
            before={"active": not active},
            after={"active": active},
        )
    return unit


def _managed(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.everything else below(actor.scopes(Permission.MANAGE_UNITS))


def _top(actor: Actor) -> int:
    roots = actor.scopes(Permission.MANAGE_UNITS)
    return min((len(grant.unit_path) for grant in actor.grants if grant.unit_id in roots), default=1)


def _called(q: str) -> ColumnElement[bool]:
    """Units whose name contains ``q``, whose code starts with it, or whose credit code it is."""
    words = clean(q)
    if not words:
        return true()
    return or_(
        Unit.name.icontains(words, autoescape=True),
        Unit.short_name.icontains(words, autoescape=True),
        Unit.code.istartswith(words, autoescape=True),
        Unit.credit_code == words.upper(),
    )


def _parent(session: Session, actor: Actor, code: str) -> Unit:
    parent = session.scalar(select(Unit).where(Unit.code == code, Unit.active))
    if parent is None:
        raise invalid_field("parent_code", N_("没有编码为“%(given)s”的上级单位"), given=code)
    require(actor, Permission.MANAGE_UNITS, parent.path)
    return parent


def _move(session: Session, unit: Unit, parent: Unit) -> None:
    if unit.id in parent.path:
        raise invalid_field("parent_code", N_("不能把单位移到它自己的下级之下。"))
    old_depth = len(unit.path)
    unit.parent_id = parent.id
    session.flush()
    new_head = [*parent.path, unit.id]
    # One statement for the whole subtree: everything up to this unit is replaced by the new way to it.
    tail = Unit.path[old_depth + 1 : DEEPEST]
    session.execute(
        update(Unit)
        .where(below([unit.id]))
        .values(
            path=literal(new_head, ARRAY(BigInteger)).op("||")(tail),
            region_code=parent.region_code,
            region_name=parent.region_name,
        )
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def _reindex_below(session: Session, unit: Unit) -> None:
    reindex_soon_where(session, select(Asset.id).join(Unit, Unit.id == Asset.unit_id).where(below([unit.id])))


def _fill(unit: Unit, facts: UnitFacts) -> None:
    unit.code, unit.name, unit.short_name = facts.code, facts.name, facts.short_name
    if unit.kind is not UnitKind.REGION:
        unit.kind = UnitKind(facts.kind)
    unit.credit_code = credit_code.parse(facts.credit_code) if facts.credit_code else None
    unit.address, unit.headcount = facts.address, facts.headcount
    unit.latitude, unit.longitude = facts.latitude, facts.longitude


def _flush(session: Session, unit: Unit) -> None:
    code, credit = unit.code, unit.credit_code
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        text = str(error.orig)
        if "uq_units_code" in text:
            raise invalid_field("code", N_("单位编码“%(given)s”已被使用"), given=code) from error
        if "uq_units_credit_code" in text:
            raise invalid_field(
                "credit_code", N_("统一社会信用代码“%(given)s”已登记在另一单位名下"), given=credit
            ) from error
        raise


def _count(counted: InstrumentedAttribute[int], owner: InstrumentedAttribute[int]) -> ScalarSelect[int]:
    return select(func.count(counted)).where(owner == Unit.id).correlate(Unit).scalar_subquery()
