"""When an asset may be offered in the warehouse (入仓), and how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from marketplace.domain.assets import CLASSIFIED, Condition, Secrecy
from marketplace.domain.errors import RuleError, invalid_field
from marketplace.domain.finding import Mode
from marketplace.domain.queue import WINDOW_DAYS, AwardRule
from marketplace.domain.text import N_

OFFERED_FIELDS = (
    *("number", "name", "brand", "model", "quantity", "unit_of_measure", "condition", "location"),
    *("original_value", "value_type", "acquisition_method", "acquired_on"),
    *("warranty_until", "minimum_service_years"),
)
"""What a listing tells everyone it is offered to; the rest of the card stays with the holder."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the holder offers: how, how many, where, whom to ask."""

    modes: frozenset[Mode]
    quantity: int | None = None
    """None: all there are."""
    condition: Condition | None = None
    place: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    note: str = ""
    own_department_only: bool = False
    """Offered first to units under the same supervising department (the first circle)."""
    award_rule: AwardRule = AwardRule.FIRST_COME
    """Who gets it when several ask."""
    window_days: int = WINDOW_DAYS
    """Working days for which requests are gathered, where they are ranked."""


LONGEST_WINDOW = 20
"""Working days; who needs a thing can't be kept waiting for longer."""


def check_secrecy(secrecy: Secrecy) -> None:
    """Refuse what may never be shown to others.

    Raises:
        RuleError: the asset is classified.
    """
    if secrecy in CLASSIFIED:
        raise RuleError(
            N_("涉密资产不得入仓展示。请按保密规定另行处理。"),
            code="classified",
            basis="《中华人民共和国保守国家秘密法》",
        )


def check_offer(offer: Offer, *, secrecy: Secrecy, available: int, promised: int = 0) -> int:
    """The quantity that will stand on offer; ``promised`` of it are kept for orders already.

    Raises:
        RuleError: the asset is classified.
        Invalid: no mode is chosen, more is offered than there is, or less than is promised.
    """
    check_secrecy(secrecy)
    if not offer.modes:
        raise invalid_field("modes", N_("请选择可调剂、可借用，或两者都选。"))
    if offer.award_rule is AwardRule.WINDOW and not 1 <= offer.window_days <= LONGEST_WINDOW:
        raise invalid_field(
            "window_days", N_("集中受理的天数应在1到%(longest)d个工作日之间。"), longest=LONGEST_WINDOW
        )
    quantity = available if offer.quantity is None else offer.quantity
    if not 1 <= quantity <= available:
        raise invalid_field("quantity", N_("上架数量应在1到%(available)d之间。"), available=available)
    if quantity < promised:
        raise invalid_field(
            "quantity",
            N_("有申请单正在办理，上架数量不能少于%(promised)d。请先办结或撤销这些申请单。"),
            promised=promised,
        )
    return quantity


def read_modes(words: Iterable[str]) -> frozenset[Mode]:
    """Modes from their codes.

    Raises:
        Invalid: a word is neither ``transfer`` nor ``loan``.
    """
    try:
        return frozenset(Mode(word) for word in words)
    except ValueError:
        raise invalid_field("modes", N_("方式应为 transfer（调剂）或 loan（借用）。")) from None
