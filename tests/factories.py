"""Rows with sensible defaults, for tests that need a little organisation around what they look at."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing
from marketplace.db.catalogue import Category, SynonymGroup
from marketplace.db.people import RoleGrant, Unit, UnitKind, User
from marketplace.domain.permissions import Actor, Grant, Role
from marketplace.domain.states import AssetState
from tests.conftest import NOW

PASSWORD = "Correct-Horse-9"
QUICK_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""As the program keeps it, but quick to check: a hash carries its own cost."""
_numbers = itertools.count(1)


def unit(session: Session, parent: Unit | None = None, **values: Any) -> Unit:
    """A unit below ``parent``; without one, a region."""
    serial = next(_numbers)
    kind = values.pop("kind", _KIND_BELOW[parent.kind if parent else None])
    row = Unit(
        parent_id=parent.id if parent else None,
        kind=kind,
        code=values.pop("code", f"U{serial:05d}"),
        name=values.pop("name", f"单位{serial}"),
        region_code=values.pop("region_code", parent.region_code if parent else f"{900000 + serial:06d}"),
        region_name=values.pop("region_name", parent.region_name if parent else f"地区{serial}"),
        **values,
    )
    session.add(row)
    session.flush()
    row.path = [*(parent.path if parent else []), row.id]
    session.flush()
    return row


_KIND_BELOW = {
    None: UnitKind.REGION,
    UnitKind.REGION: UnitKind.DEPARTMENT,
    UnitKind.DEPARTMENT: UnitKind.UNIT,
    UnitKind.UNIT: UnitKind.SUB_UNIT,
    UnitKind.SUB_UNIT: UnitKind.SUB_UNIT,
}


def user(session: Session, home: Unit, *roles: Role, at: Unit | None = None, **values: Any) -> User:
    """An account with ``roles`` over ``at`` (its own unit when left out); its password is PASSWORD."""
    serial = next(_numbers)
    row = User(
        username=values.pop("username", f"user{serial}"),
        name=values.pop("name", f"用户{serial}"),
        password_hash=QUICK_HASH,
        home_unit_id=home.id,
        password_changed_at=NOW,
        created_at=NOW,
        **values,
    )
    session.add(row)
    session.flush()
    session.add_all(RoleGrant(user_id=row.id, role=role, unit_id=(at or home).id) for role in roles)
    session.flush()
    return row


def actor(*grants: tuple[Role, Unit], user: User | None = None) -> Actor:
    """Somebody with these roles over these units, with or without an account."""
    return Actor(
        user_id=user.id if user else None,
        name=user.name if user else "测试",
        grants=tuple(Grant(role, at.id, tuple(at.path)) for role, at in grants),
        home_unit_id=grants[0][1].id if grants else None,
    )


def category(
    session: Session, code: str, name: str, *, edition: str = "2022", above: Sequence[str] = ()
) -> Category:
    """A class of assets, found again when it is there already."""
    row = session.get(Category, (edition, code))
    if row is None:
        row = Category(
            edition=edition,
            code=code,
            name=name,
            parent_code=above[-1] if above else None,
            path=[*above, code],
        )
        session.add(row)
        session.flush()
    return row


def synonyms(session: Session, canonical: str, *words: str) -> SynonymGroup:
    """A group of words for the same thing."""
    row = SynonymGroup(canonical=canonical, words=list(words))
    session.add(row)
    session.flush()
    return row


def asset(session: Session, holder: Unit, name: str = "办公桌", **values: Any) -> Asset:
    """A card in use."""
    serial = next(_numbers)
    row = Asset(
        unit_id=holder.id,
        state=values.pop("state", AssetState.IN_USE),
        number=values.pop("number", f"ZC{serial:06d}"),
        name=name,
        original_value=Decimal(values.pop("original_value", "1200.00")),
        location=values.pop("location", "主楼301室"),
        created_at=NOW,
        updated_at=NOW,
        **values,
    )
    session.add(row)
    session.flush()
    return row


def listed(session: Session, holder: Unit, name: str = "办公桌", **values: Any) -> Asset:
    """A card on offer; ``audience`` restricts it to a unit and all below."""
    audience: Unit | None = values.pop("audience", None)
    transfer, loan = values.pop("for_transfer", True), values.pop("for_loan", True)
    listed_at = values.pop("listed_at", NOW)
    row = asset(session, holder, name, state=AssetState.LISTED, **values)
    session.add(
        Listing(
            asset_id=row.id,
            for_transfer=transfer,
            for_loan=loan,
            quantity=row.quantity or 1,
            audience_unit_id=audience.id if audience else None,
            listed_at=listed_at,
        )
    )
    session.flush()
    return row
