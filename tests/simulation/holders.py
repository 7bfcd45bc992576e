"""Those who have things: they answer flags, offer, withdraw and change offers; those above them review."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy.orm import Session

from marketplace.domain.finding import Mode
from marketplace.domain.listings import Offer
from marketplace.domain.permissions import Actor, Role
from marketplace.domain.queue import AwardRule
from marketplace.use_cases import idle, listings
from tests.simulation.town import Town

AT_ONCE = 6
"""Flags that an officer goes through in one sitting."""
ANSWERS = {"confirm": 25, "offer": 40, "object": 20, "leave": 15}
WAYS = (frozenset(Mode), frozenset({Mode.TRANSFER}), frozenset({Mode.LOAN}))


def act(town: Town) -> None:
    """A working day."""
    _answer_flags(town)
    _review(town)
    for _ in range(1 + len(town.units) // 24):
        _offer(town)
        _say_in_use(town)
        _reconsider(town)


def _answer_flags(town: Town) -> None:
    waiting: dict[int, list[int]] = defaultdict(list)
    flags = "SELECT id, unit_id FROM idle_flags WHERE closed_at IS NULL AND answer IS NULL ORDER BY asset_id"
    for flag_id, unit_id in town.rows(flags):
        waiting[unit_id].append(flag_id)
    for unit_id in sorted(waiting):
        if town.likely(0.12):
            _answer(town, unit_id, waiting[unit_id][:AT_ONCE])


def _answer(town: Town, unit_id: int, flags: Sequence[int]) -> None:
    chosen: dict[str, list[int]] = defaultdict(list)
    for flag_id in flags:
        [word] = town.chance.choices(list(ANSWERS), list(ANSWERS.values()))
        chosen[word].append(flag_id)
    officer = town.officer(unit_id)
    if found := chosen["confirm"]:
        town.attempt("flag confirmed", officer, idle.confirm, found)
    if found := chosen["offer"]:
        town.attempt("flag listed", officer, idle.put_on_offer, found)
    if found := chosen["object"]:
        town.attempt("flag objected to", officer, idle.object_to, found, "开学后要用")


def _review(town: Town) -> None:
    objections = """
        SELECT id, unit_id FROM idle_flags WHERE closed_at IS NULL AND answer = 'objected' ORDER BY asset_id
    """
    for flag_id, unit_id in town.rows(objections):
        if town.likely(0.2):
            above, accept = town.holder(Role.DEPARTMENT_APPROVER, unit_id), town.likely(0.6)
            what = "objection accepted" if accept else "objection refused"
            town.attempt(
                what,
                above,
                idle.review,
                town.today,
                flag_id,
                accept=accept,
                note="" if accept else "仍有富余",
            )


def _offer(town: Town) -> None:
    """Somebody tidies up: a few things of one unit, offered together."""
    unit_id = town.chance.choice(town.units)
    found = town.rows(
        "SELECT id FROM assets WHERE unit_id = :unit AND state = 'in_use' ORDER BY id LIMIT 40", unit=unit_id
    )
    if found and town.likely(0.4):
        chosen = town.chance.sample([row.id for row in found], k=min(3, len(found)))
        offer = Offer(
            modes=town.chance.choice(WAYS),
            own_department_only=town.likely(0.3),
            award_rule=AwardRule.WINDOW if town.likely(0.4) else AwardRule.FIRST_COME,
        )
        town.attempt("listed", town.officer(unit_id), listings.list_many, chosen, offer)


def _say_in_use(town: Town) -> None:
    unit_id = town.chance.choice(town.units)
    found = town.rows(
        "SELECT id FROM assets WHERE unit_id = :unit AND state = 'in_use' ORDER BY id LIMIT 40", unit=unit_id
    )
    if found and town.likely(0.2):
        asset_id = town.chance.choice(found).id
        town.attempt("in use", town.officer(unit_id), idle.confirm_in_use, town.today, asset_id)


def _reconsider(town: Town) -> None:
    """An offer is taken back, or made to everyone."""
    unit_id = town.chance.choice(town.units)
    found = town.rows(
        "SELECT id FROM assets WHERE unit_id = :unit AND state = 'listed' ORDER BY id LIMIT 40", unit=unit_id
    )
    if not found or not town.likely(0.3):
        return
    asset_id, officer = town.chance.choice(found).id, town.officer(unit_id)
    if town.likely(0.5):
        town.attempt("withdrawn", officer, listings.withdraw, asset_id, "自用")
    else:
        town.attempt("offer changed", officer, _open_to_all, town.today, asset_id)


def _open_to_all(session: Session, actor: Actor, now: dt.datetime, today: dt.date, asset_id: int) -> None:
    """Everything else stays as it is offered."""
    asset = listings.load(session, actor, asset_id)
    said = listings.offered_with(asset)
    offer = Offer(
        modes=frozenset(Mode),
        quantity=asset.quantity,
        award_rule=AwardRule(str(said["award_rule"])),
        window_days=int(str(said["window_days"])),
    )
    listings.change(session, actor, now, today, asset_id, offer)
