"""What a 成交确认书 (sale confirmation) says: data in, plain JSON out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from marketplace.documents.contents import Content, Party, amount_said, party_said, printable
from marketplace.domain.money import capitals
from marketplace.domain.papers import PaperKind
from marketplace.domain.text import N_


@dataclass(frozen=True, slots=True)
class Thing:
    """One card of the lot."""

    number: str
    name: str
    specification: str
    quantity: int
    measure: str


@dataclass(frozen=True, slots=True)
class Sale:
    """A sold lot. The reserve is no part of it: it stays with those who set it."""

    number: str
    """Of the confirmation: the auction's number and the lot's."""
    auction: str
    title: str
    lot: int
    name: str
    concluded_on: dt.date
    price: Decimal
    way: str
    seller: Party
    buyer: str
    platform: str
    decision: str
    payment: str
    collection: str
    taxes: str
    commission: str
    defects: str
    things: Sequence[Thing]


_TEXTS = ("title", "name", "way", "platform", "decision", "payment", "collection", "taxes", "commission")


def sale_confirmation(sale: Sale) -> Content:
    """The content of a 成交确认书."""
    return {
        "kind": PaperKind.SALE_CONFIRMATION.value,
        "number": printable(sale.number),
        "date": sale.concluded_on.isoformat(),
        "auction": printable(sale.auction),
        "lot": sale.lot,
        "price": amount_said(sale.price),
        "in_capitals": capitals(sale.price),
        "parties": [
            party_said(N_("出让方（委托人）"), sale.seller),
            party_said(N_("买受人"), Party(sale.buyer, "")),
        ],
        "defects": printable(sale.defects),
        "items": [_thing(thing) for thing in sale.things],
        **{name: printable(getattr(sale, name)) for name in _TEXTS},
    }


def _thing(thing: Thing) -> Content:
    return {
        "number": printable(thing.number),
        "name": printable(thing.name),
        "specification": printable(thing.specification),
        "quantity": thing.quantity,
        "measure": printable(thing.measure),
    }
