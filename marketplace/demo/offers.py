"""Which cards stand in the warehouse, on what terms, since when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from marketplace.demo import rooms
from marketplace.demo.cards import Card
from marketplace.demo.chance import Dice, dice, weighted
from marketplace.demo.people import invented_name, invented_phone, lister_for
from marketplace.domain.assets import CLASSIFIED, Condition, UseStatus
from marketplace.domain.states import AssetState

WINDOW = dt.timedelta(days=90)
"""How far back listings reach."""
_CHINA = ZoneInfo("Asia/Shanghai")
_MODES = {(True, False): 45.0, (False, True): 20.0, (True, True): 35.0}
"""For transfer, for loan."""
_OWN_DEPARTMENT = 0.12
"""Share of listings in their first circle, offered below the own supervising department only."""
_REASONS = (
    "机构改革后闲置，功能正常。",
    "办公用房调整后多余，可随时看样。",
    "更新换代后闲置，运行正常。",
    "超配置标准，拟调剂给有需要的单位。",
    "大型活动购置，活动结束后入仓。",
    "工作专班撤销后退回，成色较好。",
    "人员划转后闲置，配件齐全。",
    "低效运转，欢迎借用。",
)
_FLAWS = {
    Condition.FAIR: ("表面有轻微划痕。", "边角略有磨损。", "外壳发黄，不影响使用。", ""),
    Condition.REPAIR: ("需更换配件后使用。", "有部件松动，需简单维修。", "偶有故障，建议检修。"),
}


def make_offers(
    seed: int, now: dt.datetime, cards: Sequence[Card], listers: Mapping[int, int], wanted: int
) -> list[dict[str, Any]]:
    """Put ``wanted`` of the cards on offer: changes those and gives their listings, oldest first."""
    chance = dice(seed, "offers")
    able = [card for card in cards if _may_be_offered(card)]
    contacts = {card.place.id: (invented_name(chance), invented_phone(chance)) for card in able}
    offers = [
        _offer(chance, card, contacts[card.place.id], lister_for(listers, card.place.path), now)
        for card in chance.sample(able, min(wanted, len(able)))
    ]
    return sorted(offers, key=lambda offer: offer["listed_at"])


def _may_be_offered(card: Card) -> bool:
    return (
        card.row["secrecy"] not in CLASSIFIED
        and card.row["condition"] is not Condition.BROKEN
        and card.special not in {"house", "land"}
    )


def _offer(
    chance: Dice, card: Card, contact: tuple[str, str], lister: int | None, now: dt.datetime
) -> dict[str, Any]:
    for_transfer, for_loan = (False, True) if card.special else weighted(chance, _MODES)
    listed_at = _office_hour(chance, now)
    row = card.row
    row["state"], row["updated_at"] = AssetState.LISTED, listed_at
    row["use_status"] = UseStatus.IDLE if chance.random() < 0.8 else UseStatus.UNDER_USED
    if not card.special:
        row["location"] = rooms.store(chance) if chance.random() < 0.6 else row["location"]
    return {
        "asset_id": row["id"],
        "for_transfer": for_transfer,
        "for_loan": for_loan,
        "quantity": chance.randint(1, row["quantity"]) if chance.random() < 0.5 else row["quantity"],
        "place": f"{card.place.address} {row['location']}",
        "contact_name": contact[0],
        "contact_phone": contact[1],
        "note": chance.choice(_REASONS) + chance.choice(_FLAWS.get(row["condition"], ("",))),
        "audience_unit_id": card.place.department_id if chance.random() < _OWN_DEPARTMENT else None,
        "listed_at": listed_at,
        "listed_by": lister,
    }


def _office_hour(chance: Dice, now: dt.datetime) -> dt.datetime:
    """A moment of an office day within the window; at the latest ``now``."""
    day = now - chance.random() * (WINDOW - dt.timedelta(days=3))
    at = dt.time(chance.randint(9, 16), chance.randint(0, 59), tzinfo=_CHINA)
    local = dt.datetime.combine(day.astimezone(_CHINA), at)
    local -= dt.timedelta(days=max(0, local.weekday() - 4))
    return min(local.astimezone(dt.UTC), now)
