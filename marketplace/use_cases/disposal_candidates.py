"""Which cards could be disposed of, and why: for a manager to choose from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, literal, or_, select
from sqlalchemy.orm import Session, joinedload

from marketplace.db.assets import Asset
from marketplace.db.disposals import ProjectItem
from marketplace.db.people import within
from marketplace.domain.assets import CLASSIFIED, Condition
from marketplace.domain.disposals import Why
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.states import AssetState
from marketplace.domain.text import clean

PAGE = 200
_OPEN = (AssetState.IN_USE, AssetState.IDLE_FLAGGED, AssetState.LISTED, AssetState.DISPOSAL)


@dataclass(frozen=True, slots=True)
class Wish:
    """Which candidates are looked for."""

    q: str = ""
    category: str = ""
    """``edition:code``, with all below it."""
    unit_id: int = 0
    place: str = ""
    everything: bool = False
    """Also cards for which no rule speaks."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A card with the reason why it is there."""

    asset: Asset
    why: Why


def candidates(session: Session, actor: Actor, today: dt.date, wish: Wish) -> Sequence[Candidate]:
    """Cards that could be disposed of, by holder and class, at most ``PAGE``."""
    why = _why(today)
    query = (
        select(Asset, why)
        .where(Asset.state.in_(_OPEN), Asset.secrecy.not_in(CLASSIFIED), *_conditions(actor, wish))
        .options(joinedload(Asset.unit), joinedload(Asset.category))
        .order_by(Asset.unit_id, Asset.category_edition, Asset.category_code, Asset.id)
        .limit(PAGE)
    )
    if not wish.everything:
        query = query.where(why != Why.CHOSEN)
    return [Candidate(asset, Why(code)) for asset, code in session.execute(query)]


def reasons(session: Session, actor: Actor, today: dt.date, asset_ids: Sequence[int]) -> dict[int, Why]:
    """Why each of these is a candidate; what the actor doesn't dispose of is left out."""
    scope = within(Asset.unit_id, actor.scopes(Permission.DISPOSE))
    query = select(Asset.id, _why(today)).where(Asset.id.in_(asset_ids), scope)
    return {asset_id: Why(code) for asset_id, code in session.execute(query)}


def _why(today: dt.date) -> ColumnElement[str]:
    """The strongest reason that the register knows."""
    years = func.make_interval(Asset.minimum_service_years)
    return case(
        (Asset.state == AssetState.DISPOSAL, literal(Why.SCREENED.value)),
        (Asset.condition.in_([Condition.BROKEN, Condition.REPAIR]), literal(Why.BROKEN.value)),
        (Asset.acquired_on + years <= today, literal(Why.SERVICE_LIFE.value)),
        else_=literal(Why.CHOSEN.value),
    )


def _conditions(actor: Actor, wish: Wish) -> list[ColumnElement[bool]]:
    taken = select(ProjectItem.id).where(ProjectItem.asset_id == Asset.id, ProjectItem.open)
    found: list[ColumnElement[bool]] = [
        within(Asset.unit_id, actor.scopes(Permission.DISPOSE)),
        ~taken.exists(),
    ]
    if words := clean(wish.q):
        found.append(
            or_(Asset.name.icontains(words, autoescape=True), Asset.number.icontains(words, autoescape=True))
        )
    if wish.category:
        edition, _, code = wish.category.partition(":")
        found += [Asset.category_edition == edition, Asset.category_code.startswith(code, autoescape=True)]
    if wish.unit_id:
        found.append(within(Asset.unit_id, [wish.unit_id]))
    if place := clean(wish.place):
        found.append(Asset.location.icontains(place, autoescape=True))
    return found
