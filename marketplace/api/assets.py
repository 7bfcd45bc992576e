"""Assets for programs: find, open, make, change, photograph, list, withdraw."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, request, url_for
from pydantic import BaseModel

from marketplace.api import cards
from marketplace.api.blueprint import TOKEN, answer, blueprint
from marketplace.api.calls import does, reads
from marketplace.api.idempotency import once
from marketplace.api.schemas import (
    AssetOut,
    AssetQuery,
    AssetsOut,
    CardChange,
    CardNew,
    Offer,
    PhotoOut,
    PhotoUpload,
    Reason,
)
from marketplace.db.assets import Asset
from marketplace.domain import assets as rules
from marketplace.domain import listings as listing_rules
from marketplace.domain import values
from marketplace.domain.errors import Conflict
from marketplace.domain.finding import reach_of
from marketplace.domain.permissions import Permission
from marketplace.edge import problems
from marketplace.edge.access import ONE_FILE, needs
from marketplace.edge.context import actor, db, now, services
from marketplace.edge.i18n import message_of
from marketplace.edge.wishes import wish_from
from marketplace.use_cases import assets, listings, photos

READ = (Permission.FIND, Permission.READ_ASSETS)
THERE_ALREADY: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {
        "description": "The asset has this picture already",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PhotoOut"}}},
    }
}


@reads("/assets", AssetsOut, "Find assets", *READ, query=AssetQuery)
def find_assets(query: AssetQuery) -> Response:
    """What the caller may find, a page at a time; follow next_cursor to the last one."""
    # The model has checked the shape; repeated filters are read from the address itself.
    found = services().finder.find(wish_from(request.args, marked=False), reach_of(actor()))
    return answer(
        {
            "items": [cards.hit(document) for document in found.items],
            "total": found.total,
            "facets": found.facets,
            "next_cursor": found.next_cursor,
            "took_ms": found.took_ms,
            "degraded": found.degraded,
            "relaxed": found.relaxed,
        }
    )


@does("/assets", CardNew, AssetOut, "Make a card", Permission.EDIT_ASSETS, status=201)
def create_asset(body: BaseModel) -> Response:
    """Open a card in a unit's register."""
    given = _given(body)
    category = _category(given)
    asset = assets.create(db(), actor(), now(), given.pop("unit_code"), given, category)
    return _card(asset, 201, Location=url_for("api.open_asset", asset_id=asset.id))


@reads("/assets/<int:asset_id>", AssetOut, "Open a card", *READ)
def open_asset(asset_id: int) -> Response:
    """The card as the caller may see it, with its ETag."""
    return _card(assets.load(db(), actor(), asset_id))


@blueprint.patch("/assets/<int:asset_id>")
@blueprint.input(CardChange, location="json", arg_name="body")
@blueprint.output(AssetOut)
@blueprint.doc(summary="Change a card", security=TOKEN)
@needs(Permission.EDIT_ASSETS)
def change_asset(asset_id: int, body: BaseModel) -> Response:
    """Change the given fields; If-Match must carry the ETag that the change is based on."""
    version = _expected_version(asset_id)
    if version is None:
        return problems.of_status(428)
    given = _given(body)
    clear = "category" in body.model_fields_set and given.get("category") is None
    category = _category(given)
    try:
        asset = assets.edit(db(), actor(), now(), asset_id, version, given, category, clear_category=clear)
    except Conflict as error:
        if error.code != "version_conflict":
            raise
        db().rollback()
        return problems.of_rule(error, 412, message_of)
    return _card(asset)


@blueprint.post("/assets/<int:asset_id>/photos")
@blueprint.input(PhotoUpload, location="files", arg_name="upload")
@blueprint.output(PhotoOut, status_code=201)
@blueprint.doc(summary="Add a photo", security=TOKEN, responses=THERE_ALREADY)
@needs(Permission.EDIT_ASSETS, takes=ONE_FILE)
@once
def add_photo(asset_id: int, upload: PhotoUpload) -> Response:
    """Add a picture; it is turned upright and loses all its metadata."""
    file = upload.file
    added = photos.add_photo(
        db(), services().photos, actor(), now(), asset_id, file.read(), file.filename or ""
    )
    asset = assets.load(db(), actor(), asset_id)
    body = cards.photo(added.photo, asset.cover_photo_id, (row.asset_id for row in added.look_alikes))
    return answer(body, 201 if added.is_new else 200, Location=body["urls"]["large"])


@does(
    "/assets/<int:asset_id>/list", Offer, AssetOut, "Offer an asset in the warehouse", Permission.LIST_ASSETS
)
def list_asset(asset_id: int, body: Offer) -> Response:
    """Offer an asset for transfer, loan or both."""
    offer = listing_rules.Offer(
        modes=frozenset(body.modes),
        quantity=body.quantity,
        condition=_condition(body.condition),
        place=body.place,
        contact_name=body.contact_name,
        contact_phone=body.contact_phone,
        note=body.note,
        own_department_only=body.audience == "department",
    )
    listings.list_asset(db(), actor(), now(), asset_id, offer)
    return _card(assets.load(db(), actor(), asset_id))


@does("/assets/<int:asset_id>/withdraw", Reason, AssetOut, "Take an asset off offer", Permission.LIST_ASSETS)
def withdraw_asset(asset_id: int, body: Reason) -> Response:
    """Take an asset off offer; it is in use again."""
    return _card(listings.withdraw(db(), actor(), now(), asset_id, body.reason))


def _card(asset: Asset, status: int = 200, **headers: str) -> Response:
    return answer(cards.card(asset, actor()), status, ETag=f'"{asset.version}"', **headers)


def _given(body: BaseModel) -> dict[str, Any]:
    """What the caller named; a condition said in the words of 使用状况 is taken as that."""
    given = body.model_dump(exclude_unset=True)
    word = given.get("condition")
    if word is not None and not _is_word(word, rules.CONDITIONS) and _is_word(word, rules.USE_STATUSES):
        given.setdefault("use_status", given.pop("condition"))
    return given


def _is_word(word: object, words: rules.Words) -> bool:
    try:
        values.read_choice(word, words)
    except ValueError:
        return False
    return True


def _category(given: dict[str, Any]) -> assets.CategoryKey | None:
    key = given.pop("category", None)
    return (key["edition"], key["code"]) if key else None


def _condition(word: str | None) -> rules.Condition | None:
    """What an offer says of it; without a word, the card's own stays."""
    said = rules.read_card({"condition": word})["condition"]
    return rules.Condition(str(said)) if said is not None else None


def _expected_version(asset_id: int) -> int | None:
    """The version in If-Match; ``*`` means whatever there is now. An unreadable one never matches."""
    header = request.headers.get("If-Match", "").strip()
    if not header:
        return None
    if header == "*":
        return assets.load(db(), actor(), asset_id).version
    match = re.fullmatch(r'(?:W/)?"(\d{1,18})"', header)
    return int(match[1]) if match else -1
