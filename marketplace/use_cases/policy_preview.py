"""What an order would go through: which steps, at which units, and who could decide them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db.people import RoleGrant, Unit, User, same_department
from marketplace.domain.approvals import Case, PolicyStep, Side, chain, expected_days, without_decider
from marketplace.domain.orders import OrderKind
from marketplace.domain.permissions import Role
from marketplace.use_cases import policies


@dataclass(frozen=True, slots=True)
class PreviewStep:
    """A step as it would be asked."""

    step: PolicyStep
    unit_name: str
    people: tuple[str, ...]
    """Names of those who could decide it."""
    needs_another: bool
    """Somebody could, but only people whom an earlier step needs: nobody decides twice."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The way of an order, and how many working days it takes at most."""

    steps: tuple[PreviewStep, ...]
    days: int
    same_department: bool


def preview(
    session: Session,
    kind: OrderKind,
    value: Decimal,
    categories: Iterable[str],
    giver_unit: Unit,
    receiver_unit: Unit,
    *,
    steps: Sequence[PolicyStep] | None = None,
    requester_id: int | None = None,
) -> Preview:
    """What an order like this goes through, by the version in force or by ``steps`` being drafted.

    The requester, where known, is not counted among those who could decide.
    """
    near = same_department(session, giver_unit, receiver_unit)
    case = Case(kind, value, tuple(categories), near)
    way = chain(policies.current(session)[1] if steps is None else steps, case)
    units = [giver_unit if step.asked_at is Side.GIVER else receiver_unit for step in way]
    found = _deciders(session, way, (giver_unit, receiver_unit), requester_id)
    pools = [_reaching(found, step.role, unit) for step, unit in zip(way, units, strict=True)]
    lacking = set(without_decider(pools))
    shown = tuple(
        PreviewStep(step, unit.name, tuple(pool.values()), bool(pool) and place in lacking)
        for place, (step, unit, pool) in enumerate(zip(way, units, pools, strict=True))
    )
    return Preview(shown, expected_days(way), near)


Holder = tuple[int, str, Role, int]
"""Id and name of somebody, a role, and the unit over which it is held."""


def _deciders(
    session: Session, way: Iterable[PolicyStep], units: Iterable[Unit], requester_id: int | None
) -> list[Holder]:
    """Everybody with a role of the chain whose grant reaches one of the units, in one query."""
    places = {place for unit in units for place in unit.path}
    query = (
        select(User.id, User.name, RoleGrant.role, RoleGrant.unit_id)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .where(
            User.active,
            User.id.is_distinct_from(requester_id),
            RoleGrant.role.in_({step.role for step in way}),
            RoleGrant.unit_id.in_(places),
        )
        .order_by(User.name, User.id)
    )
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(query)]


def _reaching(holders: Iterable[Holder], role: Role, unit: Unit) -> dict[int, str]:
    """Names by id of those who hold the role over the unit."""
    return {user: name for user, name, held, place in holders if held == role and place in unit.path}
