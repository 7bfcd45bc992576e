"""The life of an order (办件) as a table: from where, by which action, to where, by whom.

Nothing changes an order's state except through a row of :data:`TRANSITIONS`; pages and the interface
draw what is allowed from the same table (domain rules, section 4).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from marketplace.domain.errors import Conflict, invalid_field
from marketplace.domain.text import N_, clean


class OrderKind(StrEnum):
    """For good (调剂), or for a time (借用)."""

    TRANSFER = "transfer"
    LOAN = "loan"


KIND_NAMES = {OrderKind.TRANSFER: N_("调剂"), OrderKind.LOAN: N_("借用")}
NUMBER_PREFIXES = {OrderKind.TRANSFER: "DB", OrderKind.LOAN: "JY"}


class Urgency(StrEnum):
    """How pressing the need is; it ranks requests and sorts the inbox."""

    NORMAL = "normal"
    URGENT = "urgent"


URGENCY_NAMES = {Urgency.NORMAL: N_("一般"), Urgency.URGENT: N_("紧急")}


class OrderState(StrEnum):
    """Where an order stands. That a loan is due or overdue follows from its dates."""

    DRAFT = "draft"
    WAITING = "waiting"
    OFFERED = "offered"
    SUBMITTED = "submitted"
    CORRECTION = "correction"
    APPROVED = "approved"
    HANDED_OVER = "handed_over"
    COMPLETED = "completed"
    ON_LOAN = "on_loan"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


STATE_NAMES: dict[str, str] = {
    OrderState.DRAFT: N_("草稿"),
    OrderState.WAITING: N_("排队中"),
    OrderState.OFFERED: N_("待确认"),
    OrderState.SUBMITTED: N_("审批中"),
    OrderState.CORRECTION: N_("退回补正"),
    OrderState.APPROVED: N_("待交接"),
    OrderState.HANDED_OVER: N_("已交接"),
    OrderState.COMPLETED: N_("已办结"),
    OrderState.ON_LOAN: N_("借用中"),
    OrderState.RETURNED: N_("已归还"),
    OrderState.REJECTED: N_("未批准"),
    OrderState.WITHDRAWN: N_("已撤销"),
    OrderState.EXPIRED: N_("已失效"),
    "due": N_("即将到期"),
    "overdue": N_("逾期未还"),
}

ENDED = frozenset(
    {
        OrderState.COMPLETED,
        OrderState.RETURNED,
        OrderState.REJECTED,
        OrderState.WITHDRAWN,
        OrderState.EXPIRED,
    }
)
HOLDING = frozenset(
    {
        OrderState.SUBMITTED,
        OrderState.OFFERED,
        OrderState.CORRECTION,
        OrderState.APPROVED,
        OrderState.ON_LOAN,
    }
)
"""States in which what an order asks for is kept for it."""


class StepState(StrEnum):
    """Where one step of an approval stands."""

    WAITING = "waiting"
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    RETURNED = "returned"
    SKIPPED = "skipped"
    """No longer needed: the order ended, or was sent back, before its turn."""


STEP_NAMES = {
    StepState.WAITING: N_("未到"),
    StepState.OPEN: N_("待审批"),
    StepState.APPROVED: N_("已同意"),
    StepState.REJECTED: N_("不同意"),
    StepState.RETURNED: N_("已退回"),
    StepState.SKIPPED: N_("未经办"),
}


class OrderAction(StrEnum):
    """A named transition."""

    SUBMIT = "submit"
    DISCARD = "discard"
    ACCEPT = "accept"
    DECLINE = "decline"
    APPROVE = "approve"
    REJECT = "reject"
    SEND_BACK = "send_back"
    WITHDRAW = "withdraw"
    CALL_OFF = "call_off"
    HAND_OVER = "hand_over"
    COMPLETE = "complete"
    RENEW = "renew"
    RETURN = "return"
    EXPIRE = "expire"
    OFFER = "offer"
    AWARD = "award"


ACTION_NAMES = {
    OrderAction.SUBMIT: N_("提交"),
    OrderAction.DISCARD: N_("删除草稿"),
    OrderAction.ACCEPT: N_("确认接受"),
    OrderAction.DECLINE: N_("放弃"),
    OrderAction.APPROVE: N_("同意"),
    OrderAction.REJECT: N_("不同意"),
    OrderAction.SEND_BACK: N_("退回补正"),
    OrderAction.WITHDRAW: N_("撤销申请"),
    OrderAction.CALL_OFF: N_("取消交接"),
    OrderAction.HAND_OVER: N_("确认交接"),
    OrderAction.COMPLETE: N_("办结"),
    OrderAction.RENEW: N_("申请续借"),
    OrderAction.RETURN: N_("确认归还"),
    OrderAction.EXPIRE: N_("失效"),
    OrderAction.OFFER: N_("轮候"),
    OrderAction.AWARD: N_("确定受让"),
}


class Part(StrEnum):
    """What somebody is to an order."""

    AUTHOR = "author"
    """Who wrote the request, and alone may change it."""
    REQUESTER = "requester"
    """Who asked, or the asset officer of the receiving unit."""
    DECIDER = "decider"
    """May decide a step that is open now."""
    RECEIVER_OFFICER = "receiver_officer"
    GIVER_OFFICER = "giver_officer"
    PLATFORM = "platform"
    """A job, or the consequence of somebody else's action."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table; of several targets the use case takes the one that the facts call for."""

    source: OrderState
    action: OrderAction
    targets: tuple[OrderState, ...]
    parts: frozenset[Part]
    kinds: frozenset[OrderKind] = frozenset(OrderKind)


def _row(source: OrderState, action: OrderAction, targets: Iterable[OrderState], *parts: Part) -> Transition:
    return Transition(source, action, tuple(targets), frozenset(parts))


_S, _A, _P = OrderState, OrderAction, Part
_OFFICERS = (_P.RECEIVER_OFFICER, _P.GIVER_OFFICER)

TRANSITIONS: tuple[Transition, ...] = (
    _row(_S.DRAFT, _A.SUBMIT, (_S.SUBMITTED, _S.WAITING), _P.AUTHOR),
    _row(_S.DRAFT, _A.DISCARD, (_S.WITHDRAWN,), _P.AUTHOR),
    _row(_S.WAITING, _A.WITHDRAW, (_S.WITHDRAWN,), _P.REQUESTER),
    _row(_S.WAITING, _A.OFFER, (_S.OFFERED,), _P.PLATFORM),
    _row(_S.WAITING, _A.AWARD, (_S.SUBMITTED,), _P.PLATFORM),
    _row(_S.WAITING, _A.EXPIRE, (_S.EXPIRED,), _P.PLATFORM),
    _row(_S.OFFERED, _A.ACCEPT, (_S.SUBMITTED,), _P.REQUESTER),
    _row(_S.OFFERED, _A.DECLINE, (_S.WITHDRAWN,), _P.REQUESTER),
    _row(_S.OFFERED, _A.EXPIRE, (_S.EXPIRED,), _P.PLATFORM),
    _row(_S.SUBMITTED, _A.APPROVE, (_S.SUBMITTED, _S.APPROVED, _S.COMPLETED), _P.DECIDER),
    _row(_S.SUBMITTED, _A.REJECT, (_S.REJECTED,), _P.DECIDER),
    _row(_S.SUBMITTED, _A.SEND_BACK, (_S.CORRECTION,), _P.DECIDER),
    _row(_S.SUBMITTED, _A.WITHDRAW, (_S.WITHDRAWN,), _P.REQUESTER),
    _row(_S.SUBMITTED, _A.EXPIRE, (_S.EXPIRED,), _P.PLATFORM),
    _row(_S.CORRECTION, _A.SUBMIT, (_S.SUBMITTED, _S.WAITING), _P.AUTHOR),
    _row(_S.CORRECTION, _A.WITHDRAW, (_S.WITHDRAWN,), _P.REQUESTER),
    _row(_S.CORRECTION, _A.EXPIRE, (_S.EXPIRED,), _P.PLATFORM),
    _row(_S.APPROVED, _A.HAND_OVER, (_S.APPROVED, _S.HANDED_OVER, _S.ON_LOAN), *_OFFICERS),
    _row(_S.APPROVED, _A.CALL_OFF, (_S.WITHDRAWN,), _P.REQUESTER, *_OFFICERS),
    _row(_S.APPROVED, _A.EXPIRE, (_S.EXPIRED,), _P.PLATFORM),
    _row(_S.HANDED_OVER, _A.COMPLETE, (_S.COMPLETED,), _P.PLATFORM),
    Transition(_S.ON_LOAN, _A.RENEW, (_S.ON_LOAN,), frozenset({_P.REQUESTER}), frozenset({OrderKind.LOAN})),
    Transition(
        _S.ON_LOAN, _A.RETURN, (_S.ON_LOAN, _S.RETURNED), frozenset(_OFFICERS), frozenset({OrderKind.LOAN})
    ),
)
_TABLE = {(row.source, row.action): row for row in TRANSITIONS}

REASON_NEEDED = frozenset(
    {OrderAction.REJECT, OrderAction.SEND_BACK, OrderAction.CALL_OFF, OrderAction.WITHDRAW}
)
"""Actions that take something from somebody; a rejection without a reason is compulsory to refuse
(domain rules, section 4)."""
REASON_OPTIONAL = frozenset({OrderAction.WITHDRAW})
"""One may take back one's own wish without explaining oneself."""
MIN_REASON, MAX_REASON = 2, 500
DUE_DAYS = 7
"""A loan counts as due from this many days before its last day."""


def open_actions(state: OrderState, kind: OrderKind, parts: Collection[Part]) -> tuple[OrderAction, ...]:
    """What somebody with these parts may do now."""
    return tuple(
        row.action
        for row in TRANSITIONS
        if row.source == state and kind in row.kinds and not row.parts.isdisjoint(parts)
    )


def step(state: OrderState, action: OrderAction, allowed: Iterable[str] = ()) -> Transition:
    """The row that leads from ``state`` by ``action``.

    Raises:
        Conflict: there is none; it carries the state and, as far as given, what is possible instead.
    """
    row = _TABLE.get((state, action))
    if row is None:
        raise Conflict(
            N_("这张申请单现为“%(state_name)s”，不能%(action_name)s。请刷新页面查看最新状态。"),
            state=state,
            allowed=tuple(allowed),
            code="wrong_state",
            state_name=STATE_NAMES[state],
            action_name=ACTION_NAMES[action],
        )
    return row


def read_reason(action: OrderAction, text: str) -> str:
    """The reason as it is kept.

    Raises:
        Invalid: the action needs one and none was given, or it is too long.
    """
    reason = clean(text)
    if len(reason) > MAX_REASON:
        raise invalid_field("reason", N_("理由请控制在%(limit)d字以内。"), limit=MAX_REASON)
    if action in REASON_NEEDED - REASON_OPTIONAL and len(reason) < MIN_REASON:
        raise invalid_field("reason", N_("请填写理由，申请单位会看到它。"))
    return reason


def shown_state(state: OrderState, ends_on: dt.date | None, today: dt.date) -> str:
    """The state as people speak of it: a loan on its last days is due, after them overdue."""
    if state is not OrderState.ON_LOAN or ends_on is None:
        return state
    if today > ends_on:
        return "overdue"
    return "due" if (ends_on - today).days <= DUE_DAYS else state


def number_of(kind: OrderKind, day: dt.date, serial: int) -> str:
    """DB202609-0001 without the dash: prefix, year and month, four digits; more when a year needs them."""
    return f"{NUMBER_PREFIXES[kind]}{day:%Y%m}{serial:04d}"
