"""Who gets it when several want the same thing (domain rules, section 4).

Either first come, first served, with a waiting list; or a window in which requests are gathered and
then ranked by rules that everybody can read. The order of the rules is their weight.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from marketplace.domain.orders import Urgency
from marketplace.domain.text import N_


class AwardRule(StrEnum):
    """How a listing is awarded."""

    FIRST_COME = "first_come"
    WINDOW = "window"


AWARD_RULE_NAMES = {AwardRule.FIRST_COME: N_("先到先得"), AwardRule.WINDOW: N_("集中受理后择优")}
WINDOW_DAYS = 5
"""Working days for which requests are gathered, unless the listing says otherwise."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One request in the ranking."""

    order_id: int
    urgency: Urgency
    same_department: bool
    recent_awards: int
    asked_at: dt.datetime


RULES = (
    N_("急需优先"),
    N_("同一主管部门优先"),
    N_("近一年未获配置的优先"),
    N_("申请在先的优先"),
)
"""The published rules, in their order; :func:`_key` follows them."""


def rank(contenders: Iterable[Contender]) -> list[Contender]:
    """The requests in the order in which they are served; total, so that it is the same every time."""
    return sorted(contenders, key=_key)


def deciding_rule(better: Contender, worse: Contender) -> str:
    """The first rule by which one request stands before the other."""
    pairs = zip(RULES, _key(better), _key(worse), strict=False)
    return next((rule for rule, one, other in pairs if one != other), RULES[-1])


def _key(one: Contender) -> tuple[bool, bool, int, dt.datetime, int]:
    return (
        one.urgency is not Urgency.URGENT,
        not one.same_department,
        one.recent_awards,
        one.asked_at,
        one.order_id,
    )
