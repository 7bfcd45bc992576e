"""What only vehicles, houses and land have: well-formed marks that nobody was ever given."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from marketplace.demo.chance import Dice
from marketplace.demo.goods import Product
from marketplace.demo.places import Place

_VIN_VALUES = dict(
    zip(
        "0123456789ABCDEFGHJKLMNPRSTUVWXYZ",
        (*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)),
        strict=True,
    )
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_YEARS = "123456789ABCDEFGHJKLMNPRSTVWXY"
"""Mark of the model year, from 2001 on, every thirty years again (GB 16735-2019)."""
_PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_AREAS = {"house": (800, 12_000), "land": (2_000, 26_000)}


def vehicle_card(
    chance: Dice, place: Place, acquired: dt.date, product: Product, today: dt.date
) -> dict[str, Any]:
    """The extension of a vehicle."""
    registered = min(acquired + dt.timedelta(days=chance.randint(3, 25)), today)
    driven = (today - registered).days / 365 * chance.randint(7_000, 21_000)
    plate = f"{chance.choice(_PLATE_LETTERS)}{chance.randint(0, 9999):04d}"
    return {
        "plate_number": place.city.plates + plate,
        "vin": vin(chance, acquired.year),
        "engine_number": f"{chance.choice(_PLATE_LETTERS)}{chance.randint(100_000, 999_999)}",
        "displacement": Decimal(str(product.displacement)).quantize(Decimal("0.01")),
        "registered_on": registered,
        "mileage": Decimal(int(driven)),
        "establishment": "在编" if chance.random() < 0.9 else "超编",
    }


def vin(chance: Dice, year: int) -> str:
    """Seventeen characters with a right check digit; no maker has the code LZ0."""
    serial = f"{chance.randint(0, 999_999):06d}"
    body = f"LZ0DEM{chance.randint(10, 99)}0{_VIN_YEARS[(year - 2001) % 30]}0{serial}"
    return body[:8] + check_digit(body) + body[9:]


def check_digit(number: str) -> str:
    """The ninth character, which follows from all others (GB 16735-2019)."""
    rest = sum(_VIN_VALUES[sign] * weight for sign, weight in zip(number, _VIN_WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def estate_card(
    chance: Dice, special: str, place: Place, acquired: dt.date, product: Product
) -> tuple[dict[str, Any], Decimal]:
    """The extension of a house or of land, and what it cost."""
    low, high = _AREAS[special]
    area = Decimal(chance.randint(low * 100, high * 100)) / 100
    price = (area * chance.randint(product.low, product.high)).quantize(Decimal("0.01"))
    certificate = f"示({acquired.year}){place.city.name}不动产权第{chance.randint(0, 9_999_999):07d}号"
    return {"area": area, "address": place.address, "title_certificate": certificate}, price
