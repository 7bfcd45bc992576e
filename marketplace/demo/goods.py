"""What the demo's registers hold: ``goods.toml`` as values."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

from marketplace.reference.catalogue import EDITIONS


@dataclass(frozen=True, slots=True)
class Product:
    """One model with the years it was sold and what one of it cost, in CNY."""

    brand: str
    model: str
    since: int
    until: int
    low: int
    high: int
    displacement: float | None = None


@dataclass(frozen=True, slots=True)
class Goods:
    """One kind of thing."""

    classes: dict[str, str]
    """Code by edition, in the editions where the thing's class is known."""
    names: tuple[str, ...]
    """What registers call it; ``{brand}`` and ``{model}`` are filled in."""
    measure: str
    years: int
    """Minimum service life, over which it is depreciated."""
    share: int
    products: tuple[Product, ...]
    room: str = "office"
    only: frozenset[str] = frozenset()
    """Fields of the units that own such things; empty: any unit does."""
    batch: tuple[int, int, float] = (1, 1, 0.0)
    """Pieces on a card that stands for many, from and to, and the share of such cards."""
    serial: bool = False
    warranty: int = 0
    special: str = ""
    """``vehicle``, ``house`` or ``land``: what has a typed extension."""


def all_goods() -> list[Goods]:
    """Every kind of thing, in the order of the file."""
    text = resources.files("marketplace.demo").joinpath("goods.toml").read_text(encoding="utf-8")
    return [_goods(entry) for entry in tomllib.loads(text)["goods"]]


def _goods(entry: dict[str, Any]) -> Goods:
    keys = {"2022": "class", "2013": "class_2013", "2010": "class_2010"}
    classes = {edition: entry.pop(keys[edition]) for edition in EDITIONS if keys[edition] in entry}
    return Goods(
        classes=classes,
        names=tuple(entry.pop("names")),
        products=tuple(Product(*product) for product in entry.pop("products")),
        only=frozenset(entry.pop("only", ())),
        batch=tuple(entry.pop("batch", (1, 1, 0.0))),
        **entry,
    )
