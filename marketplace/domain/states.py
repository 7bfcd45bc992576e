"""The life of an asset as a table: from where, by which action, to where, by whose right.

Nothing changes an asset's state except :func:`step`; pages draw their buttons from
:func:`open_actions`, so a button is shown exactly where the action would be accepted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from marketplace.domain.errors import Conflict
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.text import N_


class AssetState(StrEnum):
    """Where an asset stands (domain rules, section 4)."""

    IN_USE = "in_use"
    IDLE_FLAGGED = "idle_flagged"
    LISTED = "listed"
    RESERVED = "reserved"
    ON_LOAN = "on_loan"
    DISPOSAL = "disposal"
    AT_AUCTION = "at_auction"
    SOLD = "sold"
    DONATED = "donated"
    SCRAPPED = "scrapped"
    CLOSED = "closed"


STATE_NAMES = {
    AssetState.IN_USE: N_("在用"),
    AssetState.IDLE_FLAGGED: N_("疑似闲置"),
    AssetState.LISTED: N_("在仓"),
    AssetState.RESERVED: N_("已预留"),
    AssetState.ON_LOAN: N_("借出"),
    AssetState.DISPOSAL: N_("待处置"),
    AssetState.AT_AUCTION: N_("拍卖中"),
    AssetState.SOLD: N_("已成交"),
    AssetState.DONATED: N_("已捐赠"),
    AssetState.SCRAPPED: N_("已报废"),
    AssetState.CLOSED: N_("已销账"),
}


class AssetAction(StrEnum):
    """A named transition."""

    LIST = "list"
    WITHDRAW = "withdraw"
    RESERVE = "reserve"
    RELEASE = "release"
    HAND_OVER = "hand_over"
    LEND = "lend"
    TAKE_BACK = "take_back"
    FLAG = "flag"
    CLEAR = "clear"
    DISPOSE = "dispose"
    KEEP = "keep"
    AUCTION = "auction"
    LEAVE_AUCTION = "leave_auction"
    SELL = "sell"
    DONATE = "donate"
    SCRAP = "scrap"
    CLOSE = "close"


ACTION_NAMES = {
    AssetAction.LIST: N_("入仓上架"),
    AssetAction.WITHDRAW: N_("撤回"),
    AssetAction.RESERVE: N_("预留"),
    AssetAction.RELEASE: N_("解除预留"),
    AssetAction.HAND_OVER: N_("交接"),
    AssetAction.LEND: N_("借出"),
    AssetAction.TAKE_BACK: N_("收回"),
    AssetAction.FLAG: N_("标记疑似闲置"),
    AssetAction.CLEAR: N_("解除闲置标记"),
    AssetAction.DISPOSE: N_("转入处置"),
    AssetAction.KEEP: N_("不再处置"),
    AssetAction.AUCTION: N_("公告拍卖"),
    AssetAction.LEAVE_AUCTION: N_("流拍或退出拍卖"),
    AssetAction.SELL: N_("成交"),
    AssetAction.DONATE: N_("捐赠"),
    AssetAction.SCRAP: N_("报废"),
    AssetAction.CLOSE: N_("销账"),
}


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table."""

    source: AssetState
    action: AssetAction
    target: AssetState
    permission: Permission | None
    """None: it only ever follows from something else, an order or a rule, so nobody is offered it."""


TRANSITIONS = (
    Transition(AssetState.IN_USE, AssetAction.LIST, AssetState.LISTED, Permission.LIST_ASSETS),
    Transition(AssetState.IDLE_FLAGGED, AssetAction.LIST, AssetState.LISTED, Permission.LIST_ASSETS),
    Transition(AssetState.LISTED, AssetAction.WITHDRAW, AssetState.IN_USE, Permission.LIST_ASSETS),
    Transition(AssetState.LISTED, AssetAction.RESERVE, AssetState.RESERVED, None),
    Transition(AssetState.RESERVED, AssetAction.RELEASE, AssetState.LISTED, None),
    Transition(AssetState.RESERVED, AssetAction.HAND_OVER, AssetState.CLOSED, None),
    Transition(AssetState.LISTED, AssetAction.LEND, AssetState.ON_LOAN, None),
    Transition(AssetState.ON_LOAN, AssetAction.TAKE_BACK, AssetState.LISTED, None),
    Transition(AssetState.IN_USE, AssetAction.FLAG, AssetState.IDLE_FLAGGED, None),
    Transition(AssetState.IDLE_FLAGGED, AssetAction.CLEAR, AssetState.IN_USE, None),
    Transition(AssetState.LISTED, AssetAction.DISPOSE, AssetState.DISPOSAL, None),
    Transition(AssetState.IN_USE, AssetAction.DISPOSE, AssetState.DISPOSAL, None),
    Transition(AssetState.IDLE_FLAGGED, AssetAction.DISPOSE, AssetState.DISPOSAL, None),
    Transition(AssetState.DISPOSAL, AssetAction.KEEP, AssetState.IN_USE, None),
    Transition(AssetState.DISPOSAL, AssetAction.AUCTION, AssetState.AT_AUCTION, None),
    Transition(AssetState.DISPOSAL, AssetAction.DONATE, AssetState.DONATED, None),
    Transition(AssetState.DISPOSAL, AssetAction.SCRAP, AssetState.SCRAPPED, None),
    Transition(AssetState.DISPOSAL, AssetAction.CLOSE, AssetState.CLOSED, None),
    Transition(AssetState.AT_AUCTION, AssetAction.LEAVE_AUCTION, AssetState.DISPOSAL, None),
    Transition(AssetState.AT_AUCTION, AssetAction.SELL, AssetState.SOLD, None),
)

_TABLE = {(row.source, row.action): row for row in TRANSITIONS}


def open_actions(state: AssetState, actor: Actor, unit_path: Iterable[int]) -> tuple[AssetAction, ...]:
    """What this actor may do now with an asset of the unit at ``unit_path``."""
    path = tuple(unit_path)
    return tuple(
        row.action
        for row in TRANSITIONS
        if row.source == state and row.permission is not None and actor.may(row.permission, path)
    )


def step(state: AssetState, action: AssetAction) -> Transition:
    """The row that leads from ``state`` by ``action``.

    Raises:
        Conflict: there is none; the error carries the state and what is possible instead.
    """
    row = _TABLE.get((state, action))
    if row is None:
        raise Conflict(
            N_("当前状态为“%(state_name)s”，不能%(action_name)s。请刷新页面查看最新状态。"),
            state=state,
            allowed=tuple(row.action for row in TRANSITIONS if row.source == state and row.permission),
            code="wrong_state",
            state_name=STATE_NAMES[state],
            action_name=ACTION_NAMES[action],
        )
    return row
