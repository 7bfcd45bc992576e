"""Who asks in the demo, and for what: nothing is asked for twice unless a story is about that."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing, PropertyCard
from marketplace.db.people import RoleGrant, Unit, User
from marketplace.demo.chance import Dice
from marketplace.domain.assets import CLASSIFIED, Condition
from marketplace.domain.orders import OrderKind
from marketplace.domain.permissions import Role
from marketplace.domain.states import AssetState

LARGE = 500_000
"""CNY of book value."""
SIDES = frozenset({Role.UNIT_APPROVER, Role.UNIT_ASSET_OFFICER})
"""Roles that act for each side of an order: it takes two people, of whom one may be the city's."""


@dataclass(frozen=True, slots=True)
class Wisher:
    """Somebody who may ask for a unit."""

    user_id: int
    username: str
    unit_id: int
    path: tuple[int, ...]
    own: frozenset[Role]
    """Which of :data:`SIDES` somebody nearer than the whole city holds for the unit."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something on offer to everyone."""

    asset_id: int
    unit_id: int
    path: tuple[int, ...]
    quantity: int
    listed_at: dt.datetime
    kinds: frozenset[OrderKind]
    own: frozenset[Role]

    def near(self, who: Wisher) -> bool:
        """Whether it stands under the same supervising department."""
        return self.path[:2] == who.path[:2]


class Market:
    """What is on offer in the demo, and who looks for something there."""

    def __init__(self, session: Session, chance: Dice) -> None:
        self._chance = chance
        held = _held(session)
        self.wishers = _wishers(session, held)
        self._things = _things(session, held, Asset.state == AssetState.LISTED, *_FOR_EVERYONE)
        self.large = _things(session, held, Asset.state == AssetState.IN_USE, *_LARGE)
        """What is worth so much that the finance department decides too; not on offer yet."""
        chance.shuffle(self._things)

    def somebody(self, *, besides: Sequence[Wisher] = ()) -> Wisher:
        """Anybody who may ask, but for those."""
        return self._chance.choice([one for one in self.wishers if one not in besides])

    def rivals(self, thing: Thing, count: int) -> list[Wisher]:
        """So many people of different units who may all ask for the thing."""
        able = [one for one in self.wishers if _fits(thing, one)]
        return self._chance.sample(able, count)

    def find(
        self,
        who: Wisher,
        kind: OrderKind,
        before: dt.datetime,
        *,
        near: bool | None = None,
    ) -> Thing:
        """Something in the wisher's city that was on offer at that moment; nobody else finds it again."""
        found = next(
            thing
            for thing in self._things
            if kind in thing.kinds
            and _fits(thing, who)
            and thing.listed_at < before
            and near in (None, thing.near(who))
        )
        self._things.remove(found)
        return found

    def more_of(self, thing: Thing, kind: OrderKind) -> Thing | None:
        """Another thing of the same holder, offered at least as long."""
        found = next(
            (
                other
                for other in self._things
                if other.unit_id == thing.unit_id
                and kind in other.kinds
                and other.listed_at <= thing.listed_at
            ),
            None,
        )
        if found is not None:
            self._things.remove(found)
        return found


def _fits(thing: Thing, who: Wisher) -> bool:
    """Of the same city, not of a unit above or below the own one, and with people enough on both sides."""
    apart = not set(thing.path[2:]) & set(who.path[2:]) and thing.unit_id != who.unit_id
    return thing.path[0] == who.path[0] and apart and thing.own | who.own == SIDES


Held = Mapping[int, set[Role]]


def _held(session: Session) -> Held:
    """Which of the roles is held at which unit."""
    held = defaultdict[int, set[Role]](set)
    for unit_id, role in session.execute(select(RoleGrant.unit_id, RoleGrant.role)):
        held[unit_id].add(role)
    return held


def _own(held: Held, path: Iterable[int]) -> frozenset[Role]:
    _city, *below = path
    return SIDES & {role for unit in below for role in held.get(unit, ())}


def _wishers(session: Session, held: Held) -> list[Wisher]:
    query = (
        select(User.id, User.username, Unit.id, Unit.path)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .join(Unit, Unit.id == RoleGrant.unit_id)
        .where(RoleGrant.role == Role.STAFF)
        .order_by(User.id)
    )
    return [
        Wisher(user, name, unit, tuple(path), _own(held, path))
        for user, name, unit, path in session.execute(query)
    ]


_FOR_EVERYONE = (Listing.audience_unit_id.is_(None), Listing.window_ends_on.is_(None))
_LARGE = (
    Asset.original_value >= LARGE,
    Asset.secrecy.not_in(CLASSIFIED),
    Asset.condition != Condition.BROKEN,
    PropertyCard.asset_id.is_(None),
)


def _things(session: Session, held: Held, *conditions: ColumnElement[bool]) -> list[Thing]:
    query = (
        select(
            Asset.id,
            Asset.unit_id,
            Unit.path,
            func.coalesce(Listing.quantity, Asset.quantity),
            func.coalesce(Listing.listed_at, Asset.created_at),
            func.coalesce(Listing.for_transfer, True),
            func.coalesce(Listing.for_loan, False),
        )
        .join(Unit, Unit.id == Asset.unit_id)
        .outerjoin(Listing, and_(Listing.asset_id == Asset.id, Listing.ended_at.is_(None)))
        .outerjoin(PropertyCard, PropertyCard.asset_id == Asset.id)
        .where(*conditions)
        .order_by(Asset.id)
    )
    return [
        Thing(
            *(asset, unit, tuple(path), quantity, at),
            kinds=_kinds(for_good=good, for_time=lent),
            own=_own(held, path),
        )
        for asset, unit, path, quantity, at, good, lent in session.execute(query)
    ]


def _kinds(*, for_good: bool, for_time: bool) -> frozenset[OrderKind]:
    offered = {OrderKind.TRANSFER: for_good, OrderKind.LOAN: for_time}
    return frozenset(kind for kind, is_open in offered.items() if is_open)
