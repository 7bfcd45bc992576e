"""Idle flags for programs: see what seems to be idle and why, answer, decide on objections."""

from __future__ import annotations

from typing import Any

from flask import Response

from marketplace.api.blueprint import answer
from marketplace.api.calls import does, reads
from marketplace.api.cards import plain
from marketplace.api.flag_schemas import FlagAct, FlagOut, FlagQuery, FlagsOut
from marketplace.db.idle import IdleFlag
from marketplace.domain.errors import invalid_field
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.context import actor, db, now, today
from marketplace.use_cases import assets, idle, idle_actions
from marketplace.use_cases.idle_places import place_of, read_place

READ = (Permission.LIST_ASSETS, Permission.REVIEW_IDLE)


@reads("/flags", FlagsOut, "Idle flags of the units in your scope", *READ, query=FlagQuery)
def find_flags(query: FlagQuery) -> Response:
    """A page of flags; follow next_cursor to the last one."""
    unit = assets.find_unit(db(), query.unit).id if query.unit else None
    found = idle.search(db(), actor(), query.show, unit_id=unit, after=_after(query), limit=query.limit + 1)
    shown = found[: query.limit]
    following = place_of(shown[-1], query.show) if len(found) > query.limit else None
    return answer({"items": [_whole(flag) for flag in shown], "next_cursor": following})


@reads("/flags/<int:flag_id>", FlagOut, "An idle flag with all that was said about it", *READ)
def open_flag(flag_id: int) -> Response:
    """The rule, its evidence, the answer, and what you may do."""
    return answer(_whole(idle.find(db(), actor(), flag_id)))


@does(
    "/flags/<int:flag_id>/actions",
    FlagAct,
    FlagOut,
    "Answer an idle flag, or decide on an objection",
    *READ,
    description="A refused action answers 409 with the state and what is allowed.",
)
def act_on_flag(flag_id: int, body: FlagAct) -> Response:
    """Do one thing with a flag."""
    call = idle_actions.Call(db(), actor(), now(), today(), flag_id, body.reason)
    return answer(_whole(idle_actions.perform(call, body.action)))


def _after(query: FlagQuery) -> tuple[object, int] | None:
    place = read_place(query.cursor, query.show)
    if query.cursor and place is None:
        raise invalid_field("cursor", N_("翻页位置无效，请从第一页看起。"))
    return place


def _whole(flag: IdleFlag) -> dict[str, Any]:
    asset = flag.asset
    said = ("rule", "on_silence", "answer", "reason", "review", "review_note")
    moments = ("flagged_at", "answer_by", "answered_at", "reviewed_at", "quiet_until", "closed_at")
    return {
        "id": flag.id,
        "state": idle_actions.state_of(flag),
        "asset": {
            name: getattr(asset, name)
            for name in ("id", "number", "name", "quantity", "unit_of_measure", "state")
        },
        "unit": {"code": asset.unit.code, "name": asset.unit.name},
        "evidence": flag.evidence,
        **{name: getattr(flag, name) for name in said},
        **{name: plain(getattr(flag, name)) for name in moments},
        "answered_by": flag.answerer.name if flag.answerer else None,
        "reviewed_by": flag.reviewer.name if flag.reviewer else None,
        "allowed_actions": idle_actions.allowed(actor(), flag),
    }
