"""What the codes of facets are called and what stands above them, in one query per kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import request
from flask_babel import gettext
from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import aliased

from marketplace.db.catalogue import Category
from marketplace.db.people import Unit, UnitKind
from marketplace.domain.finding import Found
from marketplace.edge.context import db
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
    regions = _regions(_values(found, "region"))
    units, above_units, hidden = _units(_values(found, "unit"))
    classes, above_classes = _classes(_values(found, "category"))
    return Names(
        labels={"region": regions, "unit": units, "category": classes},
        above={"unit": above_units, "category": above_classes},
        hidden=hidden,
        several_editions=len({key.partition(":")[0] for key in classes}) > 1,
    )


def _values(found: Found, facet: str) -> set[str]:
    return {*found.facets.get(facet, {}), *values_of(request.args, facet)}


def _regions(codes: Iterable[str]) -> dict[str, str]:
    name = func.min(Unit.region_name)
    query = select(Unit.region_code, name).where(Unit.region_code.in_(codes)).group_by(Unit.region_code)
    return {row[0]: row[1] for row in db().execute(query)}


def _units(codes: Iterable[str]) -> tuple[dict[str, str], dict[str, str], frozenset[str]]:
    parent = aliased(Unit)
    query = (
        select(Unit.code, Unit.name, Unit.kind, parent.code)
        .outerjoin(parent, parent.id == Unit.parent_id)
        .where(Unit.code.in_(codes))
    )
    rows = db().execute(query).all()
    return (
        {code: name for code, name, _, _ in rows},
        {code: above for code, _, _, above in rows if above},
        frozenset(code for code, _, kind, _ in rows if kind is UnitKind.REGION),
    )


def _classes(keys: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    pairs = [tuple(key.split(":", 1)) for key in keys if ":" in key]
    query = select(Category.edition, Category.code, Category.name, Category.parent_code)
    rows = db().execute(query.where(tuple_(Category.edition, Category.code).in_(pairs))).all()
    return (
        {f"{edition}:{code}": name for edition, code, name, _ in rows},
        {f"{edition}:{code}": f"{edition}:{above}" for edition, code, _, above in rows if above},
    )
