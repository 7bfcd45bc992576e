"""What the interface takes and gives for orders, as the OpenAPI document describes it."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from marketplace.api.schemas import MAX_ID, Amount, Named, Strict
from marketplace.domain.finding import PAGE_LIMIT
from marketplace.domain.orders import OrderAction, OrderKind, Urgency

Given = Literal[
    OrderAction.SUBMIT,
    OrderAction.DISCARD,
    OrderAction.ACCEPT,
    OrderAction.DECLINE,
    OrderAction.APPROVE,
    OrderAction.REJECT,
    OrderAction.SEND_BACK,
    OrderAction.WITHDRAW,
    OrderAction.CALL_OFF,
    OrderAction.HAND_OVER,
    OrderAction.RENEW,
    OrderAction.RETURN,
]
"""Actions that people take; the others follow from these or are the platform's own."""


class OrderNew(Strict):
    """A wish for one listed asset."""

    asset_id: int = Field(ge=1, le=MAX_ID)
    kind: OrderKind = Field(description="transfer: for good (调剂); loan: for a time (借用)")
    quantity: int = Field(1, ge=1, le=1_000_000_000)
    start: dt.date | None = Field(None, description="First day of a loan")
    end: dt.date | None = Field(None, description="Last day of a loan; it belongs to it")
    reason: str = Field(max_length=2000)
    urgency: Urgency = Urgency.NORMAL
    unit_code: str = Field("", max_length=32, description="The unit that asks; your own when left out")
    submit: bool = Field(True, description="false: only a draft")


class OrderAct(Strict):
    """One action on an order."""

    action: Given
    reason: str = Field("", max_length=2000, description="Compulsory to reject, send back and call off")
    step_id: int | None = Field(None, ge=1, le=MAX_ID, description="The step that is decided, as shown")
    end: dt.date | None = Field(None, description="renew: the new last day")
    side: Literal["", "giver", "receiver"] = Field(
        "", description="Whom you confirm for, if you could for both"
    )
    condition: str = Field("", max_length=20)
    note: str = Field("", max_length=1000)
    damage: str = Field("", max_length=1000, description="return: what came back broken")


class OrderQuery(BaseModel):
    """Filters of the list of orders; all must hold."""

    model_config = ConfigDict(extra="forbid")

    state: str = Field("", max_length=200, description="States separated by commas; also due, overdue")
    kind: Literal["", "transfer", "loan"] = ""
    box: Literal["", "mine", "incoming", "outgoing"] = Field(
        "", description="mine: asked for by you; incoming: by your units; outgoing: of your units"
    )
    asset_id: int | None = Field(None, ge=1, le=MAX_ID)
    limit: int = Field(24, ge=1, le=PAGE_LIMIT)
    cursor: str = Field("", max_length=20, pattern="^[0-9]*$")


class OrderItem(BaseModel):
    """One asset of an order."""

    asset_id: int
    number: str
    name: str
    model: str
    quantity: int
    unit_of_measure: str
    original_value: Amount
    new_asset_id: int | None


class OrderStepOut(BaseModel):
    """One decision of the approval."""

    id: int
    round: int
    position: int
    role: str
    escalated_to: str | None
    """Since the deadline passed, who may decide as well."""
    unit: Named
    state: str
    deadline: str | None
    decided_at: str | None
    decided_by: str | None
    on_behalf_of: str | None
    comment: str


class TimelineEntry(BaseModel):
    """Something that happened."""

    at: str
    actor: str
    action: str
    state: str | None
    reason: str


class OrderSummary(BaseModel):
    """An order in a list."""

    id: int
    number: str | None
    kind: OrderKind
    state: str
    urgency: Urgency
    unit: Named
    holder: Named
    requester: str
    start: str | None
    end: str | None
    items: list[OrderItem]
    answer_by: str | None
    submitted_at: str | None
    version: int


class OrderOut(OrderSummary):
    """An order with all that happened to it."""

    reason: str
    renews: int | None
    renewals: int
    steps: list[OrderStepOut]
    timeline: list[TimelineEntry]
    allowed_actions: list[str]
    waiting_place: int | None


class OrdersOut(BaseModel):
    """A page of orders, newest first."""

    items: list[OrderSummary]
    next_cursor: str | None
