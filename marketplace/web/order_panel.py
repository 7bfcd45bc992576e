"""The panel on an asset's page where one asks for it: what can be chosen, what is taken, what will happen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext

from marketplace.db.asset_queries import ON_OFFER
from marketplace.db.assets import Asset, Listing
from marketplace.db.people import Unit
from marketplace.domain import values
from marketplace.domain.errors import RuleError
from marketplace.domain.order_limits import OrderLimits
from marketplace.domain.orders import KIND_NAMES, URGENCY_NAMES, OrderKind, Urgency
from marketplace.domain.permissions import Permission
from marketplace.edge.context import actor, db, today
from marketplace.edge.i18n import message_of
from marketplace.use_cases import asset_demand, order_drafts, order_limits, policies, reservations
from marketplace.use_cases.asset_demand import Demand
from marketplace.use_cases.card_moves import line_value
from marketplace.use_cases.reservations import Taken
from marketplace.web import order_ways
from marketplace.web.basket_form import LABELS, read_day

FEW = 12
"""Units that fit into a plain list; more are searched by name or code."""


@dataclass(frozen=True, slots=True)
class Panel:
    """What the template ``assets/_request.html`` draws."""

    kinds: list[tuple[str, str]]
    units: Sequence[Unit]
    """For which one may ask; none: the reader can't ask for this asset."""
    few: bool
    values: Mapping[str, Any]
    errors: Mapping[str, str]
    error: str
    """What is wrong beside the fields."""
    demand: Demand
    spans: list[tuple[dt.date, dt.date | None, int]]
    back_on: dt.date | None
    """When a thing that is lent out comes back."""
    limits: OrderLimits
    first_day: dt.date
    last_day: dt.date
    urgencies: list[tuple[str, str]]
    way: order_ways.Way | None

    @property
    def unit_options(self) -> list[tuple[str, str]]:
        """The units for a plain list."""
        return [(unit.code, unit.name) for unit in self.units]


def panel_of(asset: Asset, error: RuleError | None = None) -> Panel | None:
    """The panel for whoever looks at the asset; None where it isn't offered."""
    listing = asset.listing
    if listing is None or asset.state not in ON_OFFER:
        return None
    units = _units(asset)
    kinds = _kinds(listing)
    chosen = request.form if error else _usual(units, kinds)
    demand = asset_demand.demand_for(db(), today(), [asset.id])[asset.id]
    taken = reservations.calendar_of(db(), asset.id, today())
    limits = order_limits.current(db())
    fields = {
        field.field: message_of(field) for field in getattr(error, "fields", ()) if field.field in LABELS
    }
    return Panel(
        kinds=[(kind, gettext(KIND_NAMES[kind])) for kind in kinds],
        units=units,
        few=len(units) <= FEW,
        values=chosen,
        errors=fields,
        error=message_of(error) if error and not fields else "",
        demand=demand,
        spans=[(one.first, one.last, one.quantity) for one in taken],
        back_on=_back_on(taken, listing),
        limits=limits,
        first_day=today(),
        last_day=today() + dt.timedelta(days=limits.ahead_days + limits.longest_days),
        urgencies=[(urgency, gettext(name)) for urgency, name in URGENCY_NAMES.items()],
        way=way_for(asset, units, demand, chosen) if units else None,
    )


def way_for(
    asset: Asset, units: Sequence[Unit], demand: Demand, chosen: Mapping[str, Any]
) -> order_ways.Way | None:
    """What becomes of the wish as it is filled in so far; None where that isn't enough to tell."""
    unit = next((one for one in units if one.code == chosen.get("unit_code")), None)
    kind, quantity = chosen.get("kind"), _pieces(chosen.get("quantity"))
    if unit is None or kind not in set(OrderKind) or asset.listing is None:
        return None
    category = f"{asset.category_edition}:{asset.category_code}" if asset.category_code else ""
    value, _ = line_value(asset, min(quantity, asset.quantity))
    try:
        days = order_ways.days_wanted(OrderKind(kind), today(), read_day("start"), read_day("end"))
        waits = order_ways.waiting_sentence(asset.name, demand, quantity, days)
        steps = policies.current(db())[1]
    except RuleError:
        return None
    return order_ways.way(
        OrderKind(kind),
        value,
        [category] if category else [],
        asset.unit,
        unit,
        steps,
        [waits] if waits else [],
    )


def units_for(asset: Asset) -> Sequence[Unit]:
    """Units for which the reader may ask for the asset: all of the own ones but the holder."""
    return _units(asset)


def _units(asset: Asset) -> Sequence[Unit]:
    if not actor().may_anywhere(Permission.REQUEST_ASSETS):
        return ()
    return [unit for unit in order_drafts.receiving_units(db(), actor()) if unit.id != asset.unit_id]


def _kinds(listing: Listing) -> list[OrderKind]:
    offered = {OrderKind.TRANSFER: listing.for_transfer, OrderKind.LOAN: listing.for_loan}
    return [kind for kind, so in offered.items() if so]


def _usual(units: Sequence[Unit], kinds: Sequence[OrderKind]) -> dict[str, Any]:
    """What the form starts with: one piece for the own unit."""
    home = next((unit for unit in units if unit.id == actor().home_unit_id), units[0] if units else None)
    return {
        "kind": kinds[0],
        "quantity": 1,
        "unit_code": home.code if home else "",
        "urgency": Urgency.NORMAL,
    }


def _pieces(text: object) -> int:
    try:
        return max(1, values.read_integer(text))
    except ValueError:
        return 1


def _back_on(taken: Sequence[Taken], listing: Listing) -> dt.date | None:
    """The first day's end on which something comes back, where nothing is left today."""
    now_out = [one for one in taken if one.first <= today() and one.last is not None]
    if sum(one.quantity for one in now_out) < listing.quantity:
        return None
    return min((one.last for one in now_out if one.last), default=None)
