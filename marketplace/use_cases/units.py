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
from sqlalchemy.orm import InstrumentedAttribute, Session

from marketplace.db.assets import Asset
from marketplace.db.outbox import reindex_soon_where
from marketplace.db.people import Unit, UnitKind, User, below
from marketplace.domain import credit_code
from marketplace.domain.errors import Conflict, FieldError, Invalid, NotFound, invalid_field
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


def search(
    session: Session, actor: Actor, q: str = "", *, after: str = ""
) -> tuple[list[UnitRow], str | None]:
    """A page of the units the actor looks after, by code, and the code to go on from."""
    query = (
        select(Unit, _count(User.id, User.home_unit_id), _count(Asset.id, Asset.unit_id))
        .where(_managed(actor), Unit.code > after)
        .order_by(Unit.code)
        .limit(PAGE + 1)
    )
    if words := clean(q):
        query = query.where(
            or_(
                Unit.name.icontains(words, autoescape=True),
                Unit.code.startswith(words, autoescape=True),
                Unit.credit_code == words.upper(),
            )
        )
    rows = [UnitRow(*row) for row in session.execute(query)]
    return rows[:PAGE], rows[PAGE - 1].unit.code if len(rows) > PAGE else None


def load(session: Session, actor: Actor, unit_id: int) -> Unit:
    """A unit that the actor looks after.

    Raises:
        NotFound: there is none, or it is not the actor's to manage.
    """
    unit = session.scalar(select(Unit).where(Unit.id == unit_id, _managed(actor)))
    if unit is None:
        raise NotFound(N_("没有找到这个单位,或它不在您的管理范围内。"))
    return unit


def parents(session: Session, actor: Actor) -> Sequence[Unit]:
    """Units below which the actor may put others, in the order of the tree."""
    return session.scalars(
        select(Unit).where(_managed(actor), Unit.active, Unit.kind != UnitKind.SUB_UNIT).order_by(Unit.path)
    ).all()


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
    unit = load(session, actor, unit_id)
    if unit.version != version:
        raise Conflict(N_("这个单位刚被他人修改过,请核对后再保存。"), code="version_conflict")
    facts = read_unit(raw, is_region=unit.kind is UnitKind.REGION)
    before = record_of(session, unit)
    _fill(unit, facts)
    if unit.kind is not UnitKind.REGION:
        _move(session, actor, unit, _parent(session, actor, facts.parent_code))
    _flush(session, unit)
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
    unit = load(session, actor, unit_id)
    open_below = select(Unit.id).where(Unit.parent_id == unit.id, Unit.active)
    if not active and session.scalar(open_below.limit(1)) is not None:
        raise Conflict(N_("“%(name)s”还有启用中的下级单位,请先停用下级单位。"), name=unit.name)
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


def import_units(
    session: Session, actor: Actor, now: dt.datetime, rows: Sequence[Mapping[str, object]]
) -> tuple[int, int]:
    """Create or change units from a file, parents before children wherever they stand in it.

    All or nothing: gives the numbers of created and changed units.

    Raises:
        Invalid: with one entry for each row that can't be accepted; nothing is written.
    """
    waiting = dict(enumerate(rows, start=1))
    created = changed = 0
    errors: list[FieldError] = []
    while waiting:
        known = {str(row.get("code", "")).strip() for row in waiting.values()}
        ready = [
            number for number, row in waiting.items() if str(row.get("parent_code", "")).strip() not in known
        ]
        if not ready:
            errors += [FieldError(str(number), N_("上级单位互相循环"), {}) for number in waiting]
            break
        for number in ready:
            row = waiting.pop(number)
            try:
                if _create_or_edit(session, actor, now, row):
                    created += 1
                else:
                    changed += 1
            except (Invalid, NotFound) as error:
                errors.append(FieldError(str(number), error.message, error.params))
    if errors:
        raise Invalid(
            N_("文件中有%(count)d行需要修改,未导入任何单位。"), fields=tuple(errors), count=len(errors)
        )
    return created, changed


def _create_or_edit(session: Session, actor: Actor, now: dt.datetime, row: Mapping[str, object]) -> bool:
    found = session.scalar(select(Unit).where(Unit.code == str(row.get("code", "")).strip(), _managed(actor)))
    if found is None:
        create(session, actor, now, row)
        return True
    edit(session, actor, now, found.id, found.version, row)
    return False


def _managed(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.everything else below(actor.scopes(Permission.MANAGE_UNITS))


def _parent(session: Session, actor: Actor, code: str) -> Unit:
    parent = session.scalar(select(Unit).where(Unit.code == code, Unit.active))
    if parent is None:
        raise invalid_field("parent_code", N_("没有编码为“%(given)s”的上级单位"), given=code)
    require(actor, Permission.MANAGE_UNITS, parent.path)
    return parent


def _move(session: Session, actor: Actor, unit: Unit, parent: Unit) -> None:
    if unit.parent_id == parent.id:
        return
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
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        text = str(error.orig)
        if "uq_units_code" in text:
            raise invalid_field("code", N_("单位编码“%(given)s”已被使用"), given=unit.code) from error
        if "uq_units_credit_code" in text:
            raise invalid_field(
                "credit_code", N_("统一社会信用代码“%(given)s”已登记在另一单位名下"), given=unit.credit_code
            ) from error
        raise


def _count(counted: InstrumentedAttribute[int], owner: InstrumentedAttribute[int]) -> ScalarSelect[int]:
    return select(func.count(counted)).where(owner == Unit.id).correlate(Unit).scalar_subquery()
