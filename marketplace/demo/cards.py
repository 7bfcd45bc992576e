"""Asset cards as the registers of ordinary offices hold them: many chairs, few cars and houses."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from marketplace.demo import rooms
from marketplace.demo.chance import Dice, apportion, day_between, dice, weighted
from marketplace.demo.goods import Goods, Product, all_goods
from marketplace.demo.people import invented_name
from marketplace.demo.places import Place
from marketplace.demo.specials import estate_card, vehicle_card
from marketplace.domain.assets import AcquisitionMethod, Condition, Secrecy, UseStatus, ValueType
from marketplace.domain.states import AssetState

CENT = Decimal("0.01")
_NUMBERS = ("TY{year}-{n:06d}", "GDZC-{year}-{n:05d}", "{unit}{year}{n:05d}")
"""How units number their cards; each unit keeps to one way."""
_SERIAL = "0123456789ABCDEFGHJKLMNPQRTUVWXY"
_STRAIGHT_LINE = "年限平均法"
_CLASSIFIABLE = frozenset({"A02010105", "A02010108", "A02010508", "A05010504"})
"""Classes of which some are classified: computers, disks, safes."""
_CLASSIFIED_CARDS = 14
_ODD_NOTES = ("机构改革随人员划入", "与采购合同配置一致", "资产清查已贴标签", "原使用人已调离，由科室代管")

_METHODS = {
    AcquisitionMethod.PURCHASE: 88.0,
    AcquisitionMethod.TRANSFER: 7.0,
    AcquisitionMethod.DONATION: 3.0,
    AcquisitionMethod.SURPLUS: 1.0,
    AcquisitionMethod.OTHER: 1.0,
}
_CONDITIONS: tuple[tuple[float, Mapping[Condition, float]], ...] = (
    (0.25, {Condition.NEW: 30, Condition.GOOD: 70}),
    (0.75, {Condition.GOOD: 75, Condition.FAIR: 22, Condition.REPAIR: 3}),
    (1.25, {Condition.GOOD: 34, Condition.FAIR: 50, Condition.REPAIR: 12, Condition.BROKEN: 4}),
    (99.0, {Condition.GOOD: 10, Condition.FAIR: 56, Condition.REPAIR: 20, Condition.BROKEN: 14}),
)
"""How good things are, by the share of their service life that has passed."""


@dataclass(slots=True)
class Card:
    """A card in the making, with what the listing of it depends on."""

    row: dict[str, Any]
    place: Place
    special: str
    vehicle: dict[str, Any] | None = None
    estate: dict[str, Any] | None = None


def make_cards(
    seed: int, now: dt.datetime, opened: dt.datetime, places: Sequence[Place], total: int
) -> list[Card]:
    """``total`` cards of the units, each unit's in the order in which it got the things.

    ``opened`` is when the cards came into the warehouse's books.
    """
    chance = dice(seed, "cards")
    goods = all_goods()
    holders = [place for place in places if place.headcount]
    cards = [
        _card(chance, kind, place, now, opened)
        for kind, count in zip(goods, apportion([kind.share for kind in goods], total), strict=True)
        for place in _holders_of(chance, kind, holders, count)
    ]
    cards.sort(key=lambda card: (card.place.path, card.row["acquired_on"]))
    _number(cards)
    _classify(chance, cards)
    return cards


def _holders_of(chance: Dice, goods: Goods, holders: Sequence[Place], count: int) -> list[Place]:
    able = [place for place in holders if not goods.only or place.field in goods.only]
    return chance.choices(able, [place.headcount for place in able], k=count)


def _card(chance: Dice, goods: Goods, place: Place, now: dt.datetime, opened: dt.datetime) -> Card:
    product = chance.choice(goods.products)
    today = opened.date()
    acquired = _acquired_on(chance, goods, product, today)
    row = _identity(chance, goods, product, acquired)
    card = Card(row, place, goods.special)
    if goods.special in {"house", "land"}:
        card.estate, price = estate_card(chance, goods.special, place, acquired, product)
    else:
        price = _price(chance, product)
    row |= _books(chance, goods, acquired, price * row["quantity"], now.date())
    row |= _use(chance, goods, place, acquired, now.date())
    row |= {"unit_id": place.id, "created_at": opened, "updated_at": opened}
    if goods.special == "vehicle":
        card.vehicle = vehicle_card(chance, place, acquired, product, now.date())
    return card


def _acquired_on(chance: Dice, goods: Goods, product: Product, today: dt.date) -> dt.date:
    """A day on which the product was sold; what wears out fast is rather new, as the old is scrapped."""
    last = min(product.until, today.year)
    year = chance.randint(product.since, last)
    if goods.years <= 8:
        year = max(year, chance.randint(product.since, last))
    # Budgets are spent towards the end of the year.
    month = weighted(chance, dict(enumerate((2, 2, 4, 5, 6, 7, 6, 7, 9, 11, 15, 14), start=1)))
    day = dt.date(year, month, chance.randint(1, 28))
    return day if day <= today else day_between(chance, dt.date(today.year, 1, 4), today)


def _identity(chance: Dice, goods: Goods, product: Product, acquired: dt.date) -> dict[str, Any]:
    low, high, share = goods.batch
    pieces = chance.randint(low, high) if chance.random() < share else 1
    edition = _edition(chance, goods, acquired)
    name = chance.choice(goods.names).format(brand=product.brand, model=product.model)
    serial = "".join(chance.choices(_SERIAL, k=10)) if goods.serial and pieces == 1 else None
    return {
        "name": name,
        "category_edition": edition,
        "category_code": goods.classes[edition],
        "brand": product.brand or None,
        "model": product.model or None,
        "serial_number": serial,
        "quantity": pieces,
        "unit_of_measure": goods.measure,
    }


def _edition(chance: Dice, goods: Goods, acquired: dt.date) -> str:
    """Which edition a card is classed by: the present one, unless nobody touched the card since."""
    if "2010" in goods.classes and acquired.year <= 2013 and chance.random() < 0.4:
        return "2010"
    if "2013" in goods.classes and 2013 <= acquired.year <= 2022 and chance.random() < 0.25:
        return "2013"
    return next(iter(goods.classes))


def _price(chance: Dice, product: Product) -> Decimal:
    """Of one piece: usually a round sum, sometimes what remains of one without tax."""
    price = Decimal(chance.randint(product.low, product.high))
    if chance.random() < 0.7:
        return max(price.quantize(Decimal("1E1"), ROUND_HALF_UP) - 10, Decimal(product.low)).quantize(CENT)
    return (price - Decimal(chance.randint(0, 99)) / 100).quantize(CENT)


def _books(chance: Dice, goods: Goods, acquired: dt.date, value: Decimal, today: dt.date) -> dict[str, Any]:
    method = _method(chance, goods)
    nominal = method is AcquisitionMethod.DONATION and not goods.special and chance.random() < 0.3
    value = Decimal("1.00") if nominal else value
    depreciates = goods.special != "land" and not nominal
    booked = min(acquired + dt.timedelta(days=chance.randint(2, 20)), today)
    return {
        "original_value": value,
        "value_type": ValueType.NOMINAL if nominal else ValueType.ORIGINAL,
        "accumulated_depreciation": _depreciation(value, goods.years, acquired, today)
        if depreciates
        else None,
        "depreciation_method": _STRAIGHT_LINE if depreciates else "不计提折旧",
        "acquisition_method": method,
        "acquired_on": acquired,
        "booked_on": booked,
        "voucher": f"记-{booked:%Y-%m}-{chance.randint(1, 260):04d}",
    }


def _method(chance: Dice, goods: Goods) -> AcquisitionMethod:
    fixed = {"house": AcquisitionMethod.SELF_BUILT, "land": AcquisitionMethod.TRANSFER}
    return fixed.get(goods.special) or weighted(chance, _METHODS)


def _depreciation(value: Decimal, years: int, acquired: dt.date, today: dt.date) -> Decimal:
    """Straight line without residual value, from the month of acquisition on (政府会计准则第3号)."""
    months = (today.year - acquired.year) * 12 + today.month - acquired.month + 1
    return (value * min(months, years * 12) / (years * 12)).quantize(CENT, ROUND_HALF_UP)


def _use(chance: Dice, goods: Goods, place: Place, acquired: dt.date, today: dt.date) -> dict[str, Any]:
    worn = (today - acquired).days / 365 / goods.years
    condition = weighted(chance, next(odds for limit, odds in _CONDITIONS if worn <= limit))
    status = {UseStatus.IN_USE: 91.0, UseStatus.IDLE: 6.0, UseStatus.UNDER_USED: 3.0}
    is_personal = goods.room == "office" and not goods.special
    return {
        "state": AssetState.IN_USE,
        "condition": condition,
        "use_status": UseStatus.AWAITING_DISPOSAL
        if condition is Condition.BROKEN
        else weighted(chance, status),
        "location": rooms.location(chance, goods, place),
        "using_department": chance.choice(rooms.departments(place.field)),
        "using_person": invented_name(chance) if is_personal and chance.random() < 0.8 else None,
        "minimum_service_years": goods.years,
        "warranty_until": acquired + dt.timedelta(days=365 * goods.warranty) if goods.warranty else None,
        "secrecy": Secrecy.INTERNAL if chance.random() < 0.008 else Secrecy.NONE,
        "note": chance.choice(_ODD_NOTES) if chance.random() < 0.06 else None,
    }


def _number(cards: Sequence[Card]) -> None:
    given: Counter[int] = Counter()
    for card in cards:
        place = card.place
        given[place.id] += 1
        way = _NUMBERS[sum(map(ord, place.code)) % len(_NUMBERS)]
        year = card.row["acquired_on"].year
        card.row["number"] = way.format(year=year, n=given[place.id], unit=place.code)


def _classify(chance: Dice, cards: Sequence[Card]) -> None:
    """Make a handful of cards classified."""
    able = [
        card for card in cards if card.row["category_code"] in _CLASSIFIABLE and card.row["quantity"] == 1
    ]
    for card in chance.sample(able, min(_CLASSIFIED_CARDS, len(able))):
        card.row["secrecy"] = Secrecy.SECRET
