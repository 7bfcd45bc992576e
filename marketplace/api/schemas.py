"""What the interface takes and gives, as the OpenAPI document describes it.

The models check shapes only. What a value means, and whether it is acceptable, is decided by the
same readers that forms and imports use (``marketplace.domain.assets``), so messages agree.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from apiflask.fields import UploadFile
from pydantic import BaseModel, ConfigDict, Field, create_model

from marketplace.domain import assets as card
from marketplace.domain.finding import PAGE_LIMIT, Mode, Sort

Amount = Annotated[
    str | int | float,
    Field(description='CNY, at most two decimals; answers always carry a string such as "12800.00"'),
]
MAX_ID = 9_223_372_036_854_775_807


class Strict(BaseModel):
    """Input in which an unknown name is an error instead of being ignored."""

    model_config = ConfigDict(extra="forbid")


class CategoryKey(Strict):
    """A class of assets: the code means nothing without its edition."""

    code: str = Field(max_length=20, examples=["A02010105"])
    edition: str = Field(max_length=20, examples=["2022"])


_SHAPES: dict[card.Kind, Any] = {
    card.Kind.MONEY: Amount,
    card.Kind.DECIMAL: Amount,
    card.Kind.INTEGER: int | str,
    card.Kind.DATE: str,
    card.Kind.TEXT: str,
    card.Kind.LONG_TEXT: str,
    card.Kind.CHOICE: str,
}


def _shape(field: card.Field) -> Any:
    codes = (
        f"; one of {', '.join(str(code) for code in field.words)}, or its Chinese name" if field.words else ""
    )
    limit = field.length if field.kind in {card.Kind.TEXT, card.Kind.LONG_TEXT} else None
    return Annotated[_SHAPES[field.kind] | None, Field(description=field.label + codes, max_length=limit)]


_CARD_SHAPES: dict[str, Any] = {field.name: (_shape(field), None) for field in card.FIELDS}

CardChange: type[BaseModel] = create_model(
    "AssetChange", __base__=Strict, category=(CategoryKey | None, None), **_CARD_SHAPES
)
CardNew: type[BaseModel] = create_model(
    "AssetNew", __base__=CardChange, unit_code=(str, Field(max_length=32, description="Who keeps the card"))
)


class Offer(Strict):
    """How an asset is offered."""

    modes: list[Mode] = Field(min_length=1, description="transfer (调剂), loan (借用) or both")
    condition: str | None = Field(None, description="As in the card; unchanged when left out")
    note: str = Field("", max_length=2000)
    quantity: int | None = Field(None, ge=1, le=1_000_000_000, description="All when left out")
    place: str = Field("", max_length=200)
    contact_name: str = Field("", max_length=60)
    contact_phone: str = Field("", max_length=40)
    audience: Literal["everyone", "department"] = "everyone"


class Reason(Strict):
    """Why something is done."""

    reason: str = Field("", max_length=2000)


class PhotoUpload(BaseModel):
    """A picture: JPEG, PNG, WebP, AVIF or HEIC, at most 50 megapixels."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: UploadFile


class AssetQuery(BaseModel):
    """Filters take several values separated by commas: any of them; different filters: all of them."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=200, description="Words in any order; Chinese, pinyin, initials, numbers")
    unit: str = Field("", max_length=2000, description="Unit codes; each includes all below it")
    category: str = Field(
        "", max_length=2000, description="edition:code, e.g. 2022:A02010105, or a bare code"
    )
    region: str = Field("", max_length=2000, description="Six-digit region codes")
    condition: str = Field("", max_length=200)
    mode: str = Field("", max_length=40, description="transfer, loan")
    state: str = Field("", max_length=200)
    year: str = Field("", max_length=400)
    min_value: str = Field("", max_length=30)
    max_value: str = Field("", max_length=30)
    within_km: int | None = Field(None, ge=1, le=20_000, description="From your own unit")
    has_photo: bool = False
    listed: bool = Field(True, description="false: every card within your scope, on offer or not")
    facets: bool = True
    sort: Sort = Sort.RELEVANCE
    limit: int = Field(24, ge=1, le=PAGE_LIMIT)
    cursor: str = Field("", max_length=4000, description="next_cursor of the page before")


class UnitQuery(BaseModel):
    """Filters of the unit directory."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=100)
    region: str = Field("", max_length=6)
    parent: str = Field("", max_length=32, description="Only units directly below this one")
    limit: int = Field(100, ge=1, le=500)
    cursor: str = Field("", max_length=100)


class Named(BaseModel):
    """Something with a code and a name."""

    code: str
    name: str


class CategoryOut(Named):
    """A class with its edition."""

    edition: str


class ListingOut(BaseModel):
    """How the asset is on offer now."""

    modes: list[Mode]
    quantity: int
    place: str
    contact_name: str
    contact_phone: str
    note: str
    audience: Literal["everyone", "department"]
    listed_at: str


class PhotoOut(BaseModel):
    """A photo's addresses by size: thumb, medium, large."""

    id: int
    urls: dict[str, str]
    width: int
    height: int
    caption: str
    cover: bool
    similar: list[int] = Field([], description="Assets with a photo that looks almost the same")


class AssetOut(BaseModel):
    """A card. Fields beyond the listing are given to those who may read the holder's register."""

    model_config = ConfigDict(extra="allow")

    id: int
    number: str
    name: str
    unit: Named
    category: CategoryOut | None
    quantity: int
    unit_of_measure: str
    original_value: str
    state: str
    version: int
    listing: ListingOut | None
    photos: list[PhotoOut]
    allowed_actions: list[str]


class AssetsOut(BaseModel):
    """One page of a result."""

    items: list[dict[str, Any]]
    total: int
    facets: dict[str, dict[str, int]]
    next_cursor: str | None
    took_ms: float
    degraded: bool
    relaxed: bool


class UnitOut(Named):
    """A unit of the directory."""

    kind: str
    region: Named
    parent_code: str | None


class UnitsOut(BaseModel):
    """One page of the directory, in the order of unit codes."""

    items: list[UnitOut]
    next_cursor: str | None


class RoleOut(BaseModel):
    """A role and where it holds."""

    role: str
    unit: Named


class MeOut(BaseModel):
    """The account behind the token."""

    username: str
    name: str
    locale: str
    unit: Named
    roles: list[RoleOut]
    permissions: list[str]


class ProblemField(BaseModel):
    """One field that can't be accepted."""

    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: list[ProblemField] = []
