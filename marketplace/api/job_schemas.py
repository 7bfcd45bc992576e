"""What the interface takes and gives about scheduled jobs."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from marketplace.api.schemas import Strict
from marketplace.domain.finding import PAGE_LIMIT


class RunQuery(BaseModel):
    """Which runs are listed."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(24, ge=1, le=PAGE_LIMIT)
    cursor: str = Field("", max_length=18, pattern="^[0-9]*$")


class RunNow(Strict):
    """Nothing needs to be said."""


class JobRunOut(BaseModel):
    """A run that did something, failed, or was asked for."""

    started_at: str
    seconds: float
    figures: dict[str, int] = Field(description="What it did, by name")
    error: str
    as_of: str = Field(description="The moment it was run for")
    asked_by: str | None


class JobOut(BaseModel):
    """A job and whether it runs when it should."""

    name: str
    label: str
    purpose: str
    every_seconds: int | None
    daily_at: str | None = Field(description="HH:MM where the organisation is")
    next_due: str
    last_success: str | None
    last_run: JobRunOut | None = Field(description="The last that did something, failed, or was asked for")
    failures: int = Field(description="Failed runs in a row")
    running: bool
    late: bool = Field(description="It has not run when it should have")
    asked_at: str | None = Field(description="Somebody wants it to run; it has not yet")


class JobsOut(BaseModel):
    """Every job, in the order of the schedule."""

    items: list[JobOut]


class JobRunsOut(BaseModel):
    """A page of runs, the last first."""

    items: list[JobRunOut]
    next_cursor: str | None
