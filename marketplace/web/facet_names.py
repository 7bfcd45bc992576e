"""What the codes of facets are called and what stands above them, in one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from marketplace.db.session import Driver, driver_connection
from marketplace.db.statements import Statement
from marketplace.domain.finding import Found
from marketplace.edge.context import services
from marketplace.web.addresses import values_of

LISTED = 100
"""Most entries that one facet draws: a province has thousands of units."""
_FACETS = ("region", "unit", "category")
NAMED = 2 * LISTED
"""Units named at once: more than are drawn, because regions are among them."""


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
    """Names of what can be drawn of the facets of an answer, and of all that the address filters by."""
    names = _Named()
    classes = [key.partition(":") for key in (*found.facets.get("category", {}), *_chosen("category"))]
    regions, units = _counted(found, "region")[:LISTED], _counted(found, "unit")
    with driver_connection(services().lookup) as connection:
        names.read(
            connection,
            regions=[*regions, *_chosen("region")],
            units=[*units[:NAMED], *_chosen("unit")],
            editions=[edition for edition, _, _ in classes],
            classes=[code for _, _, code in classes],
        )
        for start in range(NAMED, len(units), NAMED):
            # Regions among the units are not drawn; where they are many, others have yet to be named.
            if len(set(units[:start]) - names.hidden) >= LISTED:
                break
            names.read(connection, units=units[start : start + NAMED])
    return Names(
        labels=names.labels,
        above=names.above,
        hidden=frozenset(names.hidden),
        several_editions=len({key.partition(":")[0] for key in names.labels["category"]}) > 1,
    )


@dataclass(slots=True)
class _Named:
    """What was read so far."""

    labels: dict[str, dict[str, str]] = field(default_factory=lambda: {facet: {} for facet in _FACETS})
    above: dict[str, dict[str, str]] = field(default_factory=lambda: {facet: {} for facet in _FACETS})
    hidden: set[str] = field(default_factory=set)

    def read(self, connection: Driver, **asked: list[str]) -> None:
        for facet, value, name, parent, is_region in _NAMES.rows(connection, _NOTHING | asked):
            self.labels[facet][value] = name or value
            if parent:
                self.above[facet][value] = parent
            if is_region:
                self.hidden.add(value)


def _counted(found: Found, facet: str) -> list[str]:
    """The values of a facet, those with the most hits first."""
    counts = found.facets.get(facet, {})
    return sorted(sorted(counts), key=counts.__getitem__, reverse=True)


def _chosen(facet: str) -> list[str]:
    return values_of(request.args, facet)


def _listed(name: str) -> BindParameter[Sequence[str]]:
    return bindparam(name, type_=ARRAY(String))


_NOTHING: dict[str, list[str]] = {name: [] for name in ("regions", "units", "editions", "classes")}
_above = aliased(Unit)
_asked = func.unnest(_listed("editions"), _listed("classes")).table_valued("edition", "code").render_derived()
_key = Category.edition + ":"
_region = func.unnest(_listed("regions")).table_valued("code").render_derived("asked_regions")
_ALL: CompoundSelect[*tuple[Any, ...]] = union_all(
    select(
        literal("region"),
        _region.c.code,
        select(Unit.region_name).where(Unit.region_code == _region.c.code).limit(1).scalar_subquery(),
        null(),
        false(),
    ),
    select(literal("unit"), Unit.code, Unit.name, _above.code, Unit.kind == UnitKind.REGION)
    .outerjoin(_above, _above.id == Unit.parent_id)
    .where(Unit.code == any_(_listed("units"))),
    select(
        literal("category"), _key + Category.code, Category.name, _key + Category.parent_code, false()
    ).join(_asked, and_(_asked.c.edition == Category.edition, _asked.c.code == Category.code)),
)
_NAMES = Statement(_ALL)
