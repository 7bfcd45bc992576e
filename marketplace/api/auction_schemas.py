"""What the interface takes and gives about published auctions."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from marketplace.api.schemas import MAX_ID
from marketplace.domain.auctions import Phase
from marketplace.domain.notices import NoticeKind


class AuctionQuery(BaseModel):
    """Which notices are looked for."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=60, description="Words in title, number, consignor or lots")
    region: str = Field("", max_length=60, description="Name of a region")
    category: str = Field("", max_length=120, description="Name of a broad class")
    phase: Phase | None = None
    cursor: int = Field(0, ge=0, le=MAX_ID)


class AuctionOut(BaseModel):
    """A published notice in short."""

    number: str
    version: int
    kind: NoticeKind
    title: str
    consignor: str
    region: dict[str, str]
    phase: Phase
    viewing_from: str
    viewing_until: str
    starts_at: str
    ends_at: str
    lots: list[dict[str, Any]]
    url: str
    published_at: str
    digest: str = Field(description="SHA-256 of the content")


class AuctionsOut(BaseModel):
    """A page of notices."""

    items: list[AuctionOut]
    next_cursor: int | None
