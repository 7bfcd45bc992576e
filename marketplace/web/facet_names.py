"""What the codes of facets are called and what stands above them, in one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext
from sqlalchemy import (
    ARRAY,
    BindParameter,
    CompoundSelect,
    String,
    and_,
    any_,
    bindparam,
    false,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from marketplace.db.catalogue import Category
from marketplace.db.people import Unit, UnitKind
from marketplace.db.session import driver_connection
from marketplace.db.statements import Statement
from marketplace.domain.finding import Found
from marketplace.edge.context import services
from marketplace.web.addresses import values_of


@dataclass(frozen=True, slots=True)
class Names:
    """Labels by facet and value, and the value that stands above another."""

    labels: Mapping[str, Mapping[str, str]]
    above: Mapping[str, Mapping[str, str]]
    hidden: frozenset[str] = frozenset()
    """Codes of regions among the units: they have a facet of their own."""
    several_editions: bool = False
    """Whether classes of several editions appear: the same name then stands for different classes."""

    def label(self, facet: str, value: str) -> str:
        """What a value is called; itself where nobody knows it."""
        return self.labels[facet].get(value, value)

    def full_label(self, facet: str, value: str) -> str:
        """The same where it stands alone: a class then needs its edition."""
        label = self.label(facet, value)
        if facet != "category" or not self.several_editions:
            return label
        return gettext("%(name)s（%(edition)s版）", name=label, edition=value.partition(":")[0])


def names_of(found: Found) -> Names:
    """Names of all that the facets of an answer count and that the address filters by."""
    asked = {facet: sorted(_values(found, facet)) for facet in ("region", "unit", "category")}
    classes = [key.partition(":") for key in asked["category"] if ":" in key]
    values = {
        "regions": asked["region"],
        "units": asked["unit"],
        "editions": [edition for edition, _, _ in classes],
        "classes": [code for _, _, code in classes],
    }
    labels: dict[str, dict[str, str]] = {facet: {} for facet in asked}
    above: dict[str, dict[str, str]] = {facet: {} for facet in asked}
    hidden = set()
    with driver_connection(services().lookup) as connection:
        named = _NAMES.rows(connection, values)
    for facet, value, name, parent, is_region in named:
        labels[facet][value] = name
        if parent:
            above[facet][value] = parent
        if is_region:
            hidden.add(value)
    return Names(
        labels=labels,
        above=above,
        hidden=frozenset(hidden),
        several_editions=len({key.partition(":")[0] for key in labels["category"]}) > 1,
    )


def _values(found: Found, facet: str) -> set[str]:
    return {*found.facets.get(facet, {}), *values_of(request.args, facet)}


def _listed(name: str) -> BindParameter[Sequence[str]]:
    return bindparam(name, type_=ARRAY(String))


_above = aliased(Unit)
_asked = func.unnest(_listed("editions"), _listed("classes")).table_valued("edition", "code").render_derived()
_key = Category.edition + ":"
_ALL: CompoundSelect[*tuple[Any, ...]] = union_all(
    select(literal("region"), Unit.region_code, func.min(Unit.region_name), null(), false())
    .where(Unit.region_code == any_(_listed("regions")))
    .group_by(Unit.region_code),
    select(literal("unit"), Unit.code, Unit.name, _above.code, Unit.kind == UnitKind.REGION)
    .outerjoin(_above, _above.id == Unit.parent_id)
    .where(Unit.code == any_(_listed("units"))),
    select(
        literal("category"), _key + Category.code, Category.name, _key + Category.parent_code, false()
    ).join(_asked, and_(_asked.c.edition == Category.edition, _asked.c.code == Category.code)),
)
_NAMES = Statement(_ALL)
