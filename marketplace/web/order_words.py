"""Orders in words: where one stands, who has it, until when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext

from marketplace.db.orders import Order
from marketplace.domain.orders import KIND_NAMES, STATE_NAMES, OrderKind, OrderState, shown_state
from marketplace.domain.permissions import ROLE_NAMES
from marketplace.edge.i18n import long_day
from marketplace.use_cases.order_lists import Holder
from marketplace.use_cases.orders import is_renewal


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody who asks "where is it?" is told."""

    state: str
    """Code; ``due`` and ``overdue`` included."""
    state_name: str
    who: str
    """Who has to do something now; empty when nobody has to."""
    until: dt.date | None
    late: bool


def kind_name(order: Order) -> str:
    """调剂, 借用, or 续借."""
    return gettext("续借") if is_renewal(order) else gettext(KIND_NAMES[order.kind])


def standing(order: Order, holders: Sequence[Holder], today: dt.date) -> Standing:
    """Where the order stands; ``holders`` are those whose decision it waits for."""
    state = shown_state(order.state, order.ends_on, today)
    until = _until(order, holders)
    late = until is not None and until < today and order.closed_at is None
    return Standing(state, gettext(STATE_NAMES[state]), _who(order, holders), until, late)


def holder_name(holder: Holder) -> str:
    """单位审批人（第二中学）."""
    return gettext("%(role)s（%(unit)s）", role=gettext(ROLE_NAMES[holder.role]), unit=holder.unit)


def _who(order: Order, holders: Sequence[Holder]) -> str:
    match order.state:
        case OrderState.SUBMITTED:
            return gettext("、").join(map(holder_name, holders))
        case OrderState.CORRECTION | OrderState.OFFERED | OrderState.DRAFT:
            return order.requester.name
        case OrderState.APPROVED:
            return gettext("双方资产管理员")
        case OrderState.ON_LOAN if order.returned_on is not None:
            return gettext("资产管理员（%(unit)s）", unit=order.giver.name)
        case OrderState.ON_LOAN:
            return order.receiver.name
    return ""


def _until(order: Order, holders: Sequence[Holder]) -> dt.date | None:
    if order.state is OrderState.SUBMITTED:
        return max((holder.deadline for holder in holders if holder.deadline), default=None)
    if order.state is OrderState.ON_LOAN and order.returned_on is None:
        return order.ends_on
    return order.answer_by


def next_of(order: Order, later: Sequence[Holder]) -> str:
    """What comes after what is being done now; ``later`` decide in further steps, in their order."""
    match order.state:
        case OrderState.DRAFT:
            return gettext("提交后开始审批。")
        case OrderState.WAITING:
            return gettext("轮到时会通知申请人确认，确认后开始审批。")
        case OrderState.OFFERED:
            return gettext("申请人确认接受后开始审批；到期不确认，就轮到下一位。")
        case OrderState.SUBMITTED if later:
            names = gettext("、").join(map(holder_name, later))
            return gettext(
                "接着由%(names)s审批，全部同意后%(then)s。", names=names, then=_after_approval(order)
            )
        case OrderState.SUBMITTED:
            return gettext("同意后%(then)s。", then=_after_approval(order))
        case OrderState.CORRECTION:
            return gettext("修改后重新提交，再从头审批；期间资产一直保留。")
        case OrderState.APPROVED:
            return gettext("双方各确认一次交接；到期没有办理，申请失效。")
        case OrderState.ON_LOAN if order.returned_on is not None:
            return gettext("借用单位已于%(day)s归还，等出借单位确认。", day=long_day(order.returned_on))
        case OrderState.ON_LOAN:
            return gettext("到期前归还，双方各确认一次；需要延长的，请在到期前申请续借。")
    return ""


def _after_approval(order: Order) -> str:
    if is_renewal(order):
        return gettext("借用期延长到%(day)s", day=long_day(order.ends_on))
    return (
        gettext("双方交接，开始借用")
        if order.kind is OrderKind.LOAN
        else gettext("双方交接，卡片转到调入单位")
    )
