"""What the interface takes and gives about projects of disposal."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from marketplace.api.schemas import Named, Strict
from marketplace.domain.auctions import AuctionState, LotState
from marketplace.domain.disposals import ConditionKind, ProjectAction, ProjectState, Way, Why
from marketplace.domain.finding import PAGE_LIMIT

Given = Literal[
    ProjectAction.SUBMIT,
    ProjectAction.APPROVE,
    ProjectAction.SEND_BACK,
    ProjectAction.COMPLETE,
    ProjectAction.CANCEL,
]
"""Actions that people take; a sale is started and completed by its auction."""


class ProjectQuery(BaseModel):
    """Filters of the list of projects; all must hold."""

    model_config = ConfigDict(extra="forbid")

    state: ProjectState | None = None
    way: Way | None = None
    q: str = Field("", max_length=100, description="Part of the title or of the number")
    limit: int = Field(24, ge=1, le=PAGE_LIMIT)
    cursor: str = Field("", max_length=18, pattern="^[0-9]*$")


class ProjectAct(Strict):
    """One action on a project."""

    action: Given
    reason: str = Field("", max_length=2000, description="Compulsory to send back and to cancel")


class ProjectSummary(BaseModel):
    """A project in a list."""

    id: int
    number: str
    title: str
    way: Way
    state: ProjectState
    unit: Named
    asset_count: int
    original_value: str
    created_at: str
    approved_at: str | None
    version: int


class ProjectItemOut(BaseModel):
    """A card of the project."""

    asset_id: int
    number: str
    name: str
    original_value: str
    why: Why
    appraised: str | None
    defects: str
    open: bool = Field(description="false: it has left the project")


class ProjectConditionOut(BaseModel):
    """One thing that has to be so before the project may go on."""

    kind: ConditionKind
    met: bool
    basis: str
    automatic: bool = Field(description="true: the register proves it")
    evidence: str
    failing: list[str] = Field(description="Numbers of the cards on account of which it isn't met")


class ProjectLot(BaseModel):
    """What is sold together."""

    number: int
    name: str
    start_price: str
    deposit: str
    increment: str
    state: LotState
    sold_for: str | None


class ProjectAuction(BaseModel):
    """An auction of the project."""

    number: str
    state: AuctionState
    starts_at: str | None
    ends_at: str | None
    lots: list[ProjectLot]


class ProjectOut(ProjectSummary):
    """A project with its cards, check list and auctions."""

    appraiser: str
    appraised_on: str | None
    recipient: str
    reason: str
    items: list[ProjectItemOut]
    conditions: list[ProjectConditionOut]
    auctions: list[ProjectAuction]
    allowed_actions: list[ProjectAction]


class ProjectsOut(BaseModel):
    """A page of projects, newest first."""

    items: list[ProjectSummary]
    next_cursor: str | None
