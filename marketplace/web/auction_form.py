"""Reading the forms of an auction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from werkzeug.datastructures import MultiDict

from marketplace.domain import values
from marketplace.domain.auction_terms import MOST, TERMS
from marketplace.domain.errors import FieldError, Invalid
from marketplace.domain.text import N_
from marketplace.use_cases.auction_drafts import Dates, LotEdit
from marketplace.use_cases.auctions import Outcome
from marketplace.use_cases.proceeds import Receipt

Form = MultiDict[str, str]
T = TypeVar("T")


def read_terms(form: Mapping[str, str]) -> dict[str, str]:
    """The texts that were sent."""
    return {term.name: form[term.name][:MOST] for term in TERMS if term.name in form}


def read_dates(form: Mapping[str, str], zone: dt.tzinfo) -> Dates:
    """Days and moments; an empty field is none.

    Raises:
        Invalid: one can't be read.
    """
    return Dates(
        viewing_from=_optional(form, "viewing_from", values.read_date),
        viewing_until=_optional(form, "viewing_until", values.read_date),
        starts_at=_optional(form, "starts_at", lambda text: _moment(text, zone)),
        ends_at=_optional(form, "ends_at", lambda text: _moment(text, zone)),
    )


def read_lots(form: Form) -> dict[int, LotEdit]:
    """The terms of each lot, by its id.

    Raises:
        Invalid: an amount can't be read.
    """
    return {lot: _lot(form, lot) for lot in form.getlist("lot", type=int)}


def _lot(form: Mapping[str, str], lot: int) -> LotEdit:
    def amount(name: str) -> Decimal:
        return _optional(form, f"{name}-{lot}", values.read_money) or Decimal(0)

    return LotEdit(
        name=form.get(f"name-{lot}", ""),
        defects=form.get(f"defects-{lot}", "")[:MOST],
        start_price=amount("start"),
        reserve_price=_optional(form, f"reserve-{lot}", values.read_money),
        deposit=amount("deposit"),
        increment=amount("increment"),
        price_approval=form.get(f"price_approval-{lot}", ""),
        joint_bidding=f"joint_bidding-{lot}" in form,
        burdens=form.get(f"burdens-{lot}", ""),
        pre_emption=form.get(f"pre_emption-{lot}", ""),
    )


def read_outcomes(form: Mapping[str, str], lots: Sequence[int], today: dt.date) -> dict[int, Outcome]:
    """What each lot came to: a price and a buyer, or ``unsold``; lots without either are left out.

    Raises:
        Invalid: an amount or a day can't be read.
    """
    found = {}
    for lot in lots:
        price = _optional(form, f"price-{lot}", values.read_money)
        day = _optional(form, f"concluded_on-{lot}", values.read_date) or today
        if price is not None or f"unsold-{lot}" in form:
            winner, way = (form.get(f"{name}-{lot}", "") for name in ("winner", "way"))
            found[lot] = Outcome(day, price, winner, way)
    return found


def read_receipt(form: Mapping[str, str]) -> Receipt:
    """What came in.

    Raises:
        Invalid: an amount or the day can't be read, or is missing.
    """
    received = _optional(form, "received_on", values.read_date)
    amount = _optional(form, "amount", values.read_money)
    if received is None or amount is None:
        raise Invalid(N_("请填写收款金额和收款日期。"))
    fee = _optional(form, "fee", values.read_money) or Decimal(0)
    return Receipt(amount, fee, received, form.get("voucher", ""))


def _moment(text: object, zone: dt.tzinfo) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(str(text)).replace(tzinfo=zone)
    except ValueError:
        raise ValueError(N_("应为日期和时间，如 2026-09-01 10:00")) from None


def _optional(form: Mapping[str, str], name: str, reader: Callable[[object], T]) -> T | None:
    typed = form.get(name, "").strip()
    if not typed:
        return None
    try:
        return reader(typed)
    except ValueError as error:
        raise Invalid(str(error), fields=(FieldError(name, str(error), {}),)) from None
