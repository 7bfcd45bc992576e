"""Two invented cities and their units. No such region codes, streets or bodies exist."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from importlib import resources
from typing import Any

from sqlalchemy.orm import Session

from marketplace.db.people import Unit, UnitKind
from marketplace.demo.chance import Dice, dice
from marketplace.demo.rows import reserve_ids, write
from marketplace.domain.credit_code import check_character


@dataclass(frozen=True, slots=True)
class City:
    """An invented prefecture-level city; no province has codes that start with 38."""

    code: str
    name: str
    latitude: float
    longitude: float
    plates: str
    """How its number plates begin."""
    districts: tuple[str, ...]


CITIES = {
    city.code: city
    for city in (
        City("380100", "江州市", 30.412, 117.236, "示A", ("临江区", "望山区", "新城区")),
        City("380200", "云川市", 31.105, 118.402, "示B", ("云溪区", "南屏区", "桥头区")),
    )
}

_STREETS = (
    "文昌路",
    "滨江大道",
    "崇文街",
    "望江路",
    "建设路",
    "学府路",
    "和平街",
    "迎宾大道",
    "青年路",
    "市府路",
)
_RADIUS_KM = 9.0
_NEARBY_KM = 1.5
_KM_PER_DEGREE = 111.32


@dataclass(frozen=True, slots=True)
class Place:
    """A unit of the demo as the register makers need it."""

    id: int
    path: tuple[int, ...]
    code: str
    kind: UnitKind
    field: str
    """What the unit does (``school``, ``hospital`` …), on which depends what it owns."""
    headcount: int
    name: str
    short_name: str
    city: City
    address: str
    latitude: float
    longitude: float

    @property
    def department_id(self) -> int:
        """The supervising department: the second step of every path."""
        return self.path[min(1, len(self.path) - 1)]


def load_units(session: Session, seed: int) -> dict[str, Place]:
    """Make all regions, departments, units and sub-units; by code, parents before what is below them."""
    chance = dice(seed, "units")
    rows = _rows()
    places: dict[str, Place] = {}
    for unit_id, row in zip(reserve_ids(session, Unit, len(rows)), rows, strict=True):
        places[row["code"]] = _place(chance, unit_id, row, places.get(row["parent"]))
    write(session, Unit, [_unit_row(place, number) for number, place in enumerate(places.values())])
    return places


def _rows() -> list[dict[str, str]]:
    table = resources.files("marketplace.demo").joinpath("units.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(table.splitlines()))


def _place(chance: Dice, unit_id: int, row: dict[str, str], parent: Place | None) -> Place:
    city = parent.city if parent else CITIES[row["code"]]
    latitude, longitude = _position(chance, city, parent)
    street = f"{city.name}{chance.choice(city.districts)}{chance.choice(_STREETS)}{chance.randint(1, 288)}号"
    return Place(
        id=unit_id,
        path=(*(parent.path if parent else ()), unit_id),
        code=row["code"],
        kind=UnitKind(row["kind"]),
        field=row["field"],
        headcount=int(row["headcount"] or 0),
        name=row["name"],
        short_name=row["short_name"],
        city=city,
        address=street if parent else "",
        latitude=latitude,
        longitude=longitude,
    )


def _position(chance: Dice, city: City, parent: Place | None) -> tuple[float, float]:
    """The region in the middle of the city, others around it, a part of a unit near that unit."""
    if parent is None:
        return city.latitude, city.longitude
    near = parent.kind is UnitKind.UNIT
    centre = (parent.latitude, parent.longitude) if near else (city.latitude, city.longitude)
    distance = (_NEARBY_KM if near else _RADIUS_KM) * math.sqrt(chance.random())
    angle = chance.uniform(0, 2 * math.pi)
    north, east = distance * math.sin(angle), distance * math.cos(angle)
    shrink = math.cos(math.radians(centre[0]))
    return (
        round(centre[0] + north / _KM_PER_DEGREE, 6),
        round(centre[1] + east / _KM_PER_DEGREE / shrink, 6),
    )


def _unit_row(place: Place, number: int) -> dict[str, Any]:
    is_region = place.kind is UnitKind.REGION
    return {
        "id": place.id,
        "parent_id": place.path[-2] if len(place.path) > 1 else None,
        "path": list(place.path),
        "kind": place.kind,
        "code": place.code,
        "credit_code": None if is_region else _credit_code(place, number),
        "name": place.name,
        "short_name": place.short_name,
        "region_code": place.city.code,
        "region_name": place.city.name,
        "address": place.address,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "headcount": place.headcount or None,
    }


def _credit_code(place: Place, number: int) -> str:
    """Registered with the establishment authority: 11 for organs of state, 12 for public institutions."""
    organ = place.kind is UnitKind.DEPARTMENT or place.field == "police"
    body = f"{'11' if organ else '12'}{place.city.code}MB{1_000_000 + 7919 * number:07d}"
    return body + check_character(body)
