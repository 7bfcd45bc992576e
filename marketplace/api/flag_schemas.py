"""What the interface takes and gives about idle flags."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from marketplace.api.schemas import Named, Strict
from marketplace.domain.finding import PAGE_LIMIT
from marketplace.domain.idle import Answer, FlagAction, FlagState, IdleRule, OnSilence, Review
from marketplace.use_cases.idle import Show


class FlagQuery(BaseModel):
    """Which flags are listed."""

    model_config = ConfigDict(extra="forbid")

    show: Show = Field(
        Show.OPEN, description="open: to be answered; review: objections to decide on; answered: closed ones"
    )
    unit: str = Field("", max_length=32, description="Code of the unit that holds the things")
    limit: int = Field(24, ge=1, le=PAGE_LIMIT)
    cursor: str = Field("", max_length=60, description="next_cursor of the page before")


class FlagAct(Strict):
    """One action on a flag."""

    action: FlagAction = Field(
        description="By the holder: list, confirm, object; on an objection: accept, refuse"
    )
    reason: str = Field("", max_length=2000, description="Compulsory to object and to refuse")


class FlaggedAsset(BaseModel):
    """What seems to be idle."""

    id: int
    number: str
    name: str
    quantity: int
    unit_of_measure: str
    state: str


class FlagOut(BaseModel):
    """An idle flag: by which rule, on what evidence, and what was said about it."""

    id: int
    state: FlagState
    asset: FlaggedAsset
    unit: Named
    rule: IdleRule
    evidence: dict[str, Any]
    flagged_at: str
    answer_by: str
    on_silence: OnSilence
    answer: Answer | None
    answered_at: str | None
    answered_by: str | None
    reason: str
    review: Review | None
    reviewed_at: str | None
    reviewed_by: str | None
    review_note: str
    quiet_until: str | None = Field(description="Not asked about again until after this day")
    closed_at: str | None
    allowed_actions: list[FlagAction]


class FlagsOut(BaseModel):
    """A page of flags: what is to be answered first, or what was closed last."""

    items: list[FlagOut]
    next_cursor: str | None
