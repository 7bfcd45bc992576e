"""Finding entries of the audit record: what an auditor may read, filtered, newest first.

An auditor reads the entries of the units below the own grant, and those of orders that such a unit
gives to: both sides of an order account for it. Entries that belong to no unit (a sign-in
with an unknown name, the catalogue's words, the platform itself) concern everybody, so they are read
by those whose grant is at the root of a tree, and nobody else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from marketplace.db.assets import Asset
from marketplace.db.audit import AuditEntry, AuditSeal
from marketplace.db.imports import ImportRun
from marketplace.db.orders import Order
from marketplace.db.people import ApiToken, Unit, User, below
from marketplace.domain.errors import Invalid, invalid_field
from marketplace.domain.permissions import ROLE_PERMISSIONS, Actor, Permission
from marketplace.domain.text import N_, clean

PAGE = 50
MOST_UNITS = 1_000
"""Units that are offered to choose from; others are called by their code."""
FEW_ORDERS = 1_000
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; what is empty doesn't matter."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    """Not included."""
    actor: str = ""
    """Part of a name, or a user name."""
    unit: str = ""
    """Code of a unit; everything below it counts."""
    action: str = ""
    kind: str = ""
    number: str = ""
    """What the object is known by: its id, or its own number."""
    outcome: str = ""
    words: str = ""
    """Part of the reason."""

    def said(self) -> dict[str, str]:
        """What is asked for, as the record keeps it."""
        return {name: str(value) for name, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: the next one goes on behind this entry."""

    at: dt.datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.id}"


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with its place in the chain, which it has a second after it was made."""

    entry: AuditEntry
    position: int | None
    digest: bytes | None


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids of some entries stand for; who is gone has no name."""

    units: dict[int, str]
    objects: dict[tuple[str, int], str]


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_NUMBERS: dict[str, tuple[InstrumentedAttribute[int], InstrumentedAttribute[Any]]] = {
    "asset": (Asset.id, Asset.number),
    "order": (Order.id, Order.number),
    "user": (User.id, User.username),
    "unit": (Unit.id, Unit.code),
}
"""How people call objects; everything else is called by its id."""
_NAMES: dict[str, tuple[InstrumentedAttribute[int], ColumnElement[str]]] = {
    "asset": (Asset.id, Asset.name + " " + Asset.number),
    "order": (Order.id, func.coalesce(Order.number, "")),
    "user": (User.id, User.name + " " + User.username),
    "token": (ApiToken.id, func.coalesce(ApiToken.name)),
    "unit": (Unit.id, func.coalesce(Unit.name)),
    "import_run": (ImportRun.id, func.coalesce(ImportRun.file_name)),
}


def read_place(text: str) -> Place | None:
    """A place from an address; None for the beginning.

    Raises:
        Invalid: it is none.
    """
    if not text:
        return None
    moment, _, entry_id = text.rpartition("-")
    try:
        return Place(_EPOCH + int(moment) * _MICROSECOND, int(entry_id))
    except (ValueError, OverflowError):
        raise Invalid(N_("翻页位置无效，请从第一页看起。")) from None


def find(
    session: Session, actor: Actor, wish: Wish, after: Place | None = None, *, limit: int = PAGE
) -> tuple[list[Line], Place | None]:
    """A page of entries, newest first, and where the next one begins.

    Raises:
        Invalid: there is no such unit, or it is not the actor's to read.
    """
    query = select(AuditEntry, AuditSeal.position, AuditSeal.digest)
    query = query.outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
    query = query.where(*_conditions(wish)).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    if after:
        query = query.where(tuple_(AuditEntry.at, AuditEntry.id) < (after.at, after.id))
    found = {
        row[0].id: Line(*row)
        for side in _sides(session, actor, wish)  # one by one, so that each is read by its own index
        for row in session.execute(query.where(side).limit(limit + 1))
    }
    lines = sorted(found.values(), key=lambda line: (line.entry.at, line.entry.id), reverse=True)
    last = lines[limit - 1].entry if len(lines) > limit else None
    return lines[:limit], Place(last.at, last.id) if last else None


def chosen(session: Session, actor: Actor, wish: Wish, query: Select[*tuple[Any, ...]]) -> Select[Any]:
    """A query over entries, narrowed to what is asked for and the actor may read.

    Raises:
        Invalid: there is no such unit, or it is not the actor's to read.
    """
    return query.where(or_(*_sides(session, actor, wish)), *_conditions(wish))


def _sides(session: Session, actor: Actor, wish: Wish) -> list[ColumnElement[bool]]:
    """The entries that the actor may read of the units asked for: as owner or receiver, and as giver.

    Ids are read first and named in the condition: the planner can't see through a subquery whether there
    are few entries to gather or so many that the latest are met at once.
    """
    if wish.unit:
        roots: Collection[int] = [_unit(session, actor, wish.unit)]
    elif actor.everything:
        return [true()]
    else:
        roots = actor.scopes(Permission.READ_AUDIT)
    units = session.scalars(select(Unit.id).where(below(roots))).all()
    own: ColumnElement[bool] = AuditEntry.unit_id.in_(units)
    if not wish.unit and reads_what_belongs_to_no_unit(actor):
        own = or_(own, AuditEntry.unit_id.is_(None))
    given = select(Order.id).where(Order.giver_unit_id.in_(units), Order.number.is_not(None))
    few = session.scalars(given.limit(FEW_ORDERS + 1)).all()
    as_giver = AuditEntry.object_id.in_(few if len(few) <= FEW_ORDERS else given)
    return [own, and_(AuditEntry.object_kind == "order", as_giver)]


def reads_what_belongs_to_no_unit(actor: Actor) -> bool:
    """Whether one of the actor's grants reads the record from the root of a tree."""
    return actor.everything or any(
        len(grant.unit_path) == 1 and Permission.READ_AUDIT in ROLE_PERMISSIONS[grant.role]
        for grant in actor.grants
    )


def names_of(session: Session, entries: Sequence[AuditEntry]) -> Names:
    """Names for a page of entries, one query for each kind of object."""
    objects = {(entry.object_kind, entry.object_id) for entry in entries if entry.object_id is not None}
    units = {entry.unit_id for entry in entries if entry.unit_id is not None}
    units |= {unit for entry in entries for half in (entry.before, entry.after) for unit in _role_units(half)}
    unit_names = dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(units))).all())
    object_names = {
        (kind, row_id): name
        for kind, (key, label) in _NAMES.items()
        if (ids := {row_id for other, row_id in objects if other == kind})
        for row_id, name in session.execute(select(key, label).where(key.in_(ids)))
    }
    return Names(unit_names, object_names)


def units(session: Session, actor: Actor) -> Sequence[Unit]:
    """Units whose entries the actor reads, in the order of the tree."""
    scope = true() if actor.everything else below(actor.scopes(Permission.READ_AUDIT))
    return session.scalars(select(Unit).where(scope).order_by(Unit.path).limit(MOST_UNITS)).all()


def _role_units(half: Any) -> Iterator[int]:
    roles: Iterable[Any] = half.get("roles") or () if isinstance(half, dict) else ()
    for role in roles:
        _, _, unit = str(role).rpartition("@")
        if unit.isdigit():
            yield int(unit)


def _conditions(wish: Wish) -> Iterator[ColumnElement[bool]]:
    if wish.since:
        yield AuditEntry.at >= wish.since
    if wish.until:
        yield AuditEntry.at < wish.until
    if wish.actor:
        known = select(User.id).where(User.username == wish.actor.casefold())
        yield or_(
            AuditEntry.actor_name.icontains(wish.actor, autoescape=True), AuditEntry.actor_id.in_(known)
        )
    for name, column in (
        ("action", AuditEntry.action),
        ("kind", AuditEntry.object_kind),
        ("outcome", AuditEntry.outcome),
    ):
        if value := getattr(wish, name):
            yield column == value
    if wish.number:
        yield _is_called(wish.kind, wish.number)
    if wish.words:
        yield and_(AuditEntry.reason != "", AuditEntry.reason.icontains(clean(wish.words), autoescape=True))


def _unit(session: Session, actor: Actor, code: str) -> int:
    unit = session.scalar(select(Unit).where(Unit.code == code))
    if unit is None or not actor.may(Permission.READ_AUDIT, unit.path):
        raise invalid_field("unit", N_("在您的审计范围内没有编码为“%(given)s”的单位"), given=code)
    return unit.id


def _is_called(kind: str, number: str) -> ColumnElement[bool]:
    """Entries about an object with this id, or with this number of its own."""
    own = [
        and_(AuditEntry.object_kind == name, AuditEntry.object_id.in_(select(key).where(label == number)))
        for name, (key, label) in _NUMBERS.items()
        if kind in ("", name)
    ]
    by_id = number.isascii() and number.isdigit() and int(number) <= LARGEST_ID
    return or_(false(), *own, *([AuditEntry.object_id == int(number)] if by_id else []))
