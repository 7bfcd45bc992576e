"""Asset cards: opening, making, editing, and what happened to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from marketplace.db.asset_queries import WHOLE_CARD, visible
from marketplace.db.assets import Asset, PropertyCard, VehicleCard
from marketplace.db.audit import AuditEntry
from marketplace.db.catalogue import Category
from marketplace.db.order_queries import reserved_pieces
from marketplace.db.outbox import reindex_soon
from marketplace.db.people import Unit, UnitKind, below
from marketplace.domain.assets import (
    CARD_FIELDS,
    CLASSIFIED,
    PROPERTY_FIELDS,
    VEHICLE_FIELDS,
    Field,
    Value,
    read_card,
    with_defaults,
)
from marketplace.domain.errors import Conflict, NotFound, invalid_field
from marketplace.domain.finding import reach_of
from marketplace.domain.permissions import Actor, Permission, require
from marketplace.domain.states import AssetState
from marketplace.domain.text import N_
from marketplace.use_cases import audit, piece_ledger

CategoryKey = tuple[str, str]
"""Edition and code: never the code alone."""

FINAL = frozenset({AssetState.SOLD, AssetState.DONATED, AssetState.SCRAPPED, AssetState.CLOSED})
"""States in which the card is closed in the books and no longer changes."""


def load(
    session: Session,
    actor: Actor,
    asset_id: int,
    permission: Permission | None = None,
    *,
    for_update: bool = False,
) -> Asset:
    """An asset that the actor may see and, with ``permission``, act on; its page's parts are loaded.

    Raises:
        NotFound: there is none, or the actor may not know of it.
        NotAllowed: it may be seen, but not acted on.
    """
    asset = session.scalar(_visible_cards(actor, for_update).where(Asset.id == asset_id))
    if asset is None:
        raise NotFound(N_("没有找到这项资产。它可能已出仓，或不在您的查看范围内。"))
    if permission is not None:
        require(actor, permission, asset.unit.path)
    return asset


def load_many(session: Session, actor: Actor, asset_ids: Sequence[int]) -> dict[int, Asset]:
    """Those of the assets that the actor may see, locked for a change, by id."""
    query = _visible_cards(actor, True).where(Asset.id.in_(asset_ids)).order_by(Asset.id)
    return {asset.id: asset for asset in session.scalars(query)}


def _visible_cards(actor: Actor, for_update: bool) -> Select[Asset]:
    query = select(Asset).where(visible(reach_of(actor))).options(*WHOLE_CARD)
    if for_update:
        query = query.with_for_update(of=Asset).execution_options(populate_existing=True)
    return query


def may_read_card(actor: Actor, asset: Asset) -> bool:
    """Whether the actor sees the whole card, not only what a listing tells."""
    return actor.may(Permission.READ_ASSETS, asset.unit.path)


def create(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    unit_code: str,
    raw: Mapping[str, object],
    category: CategoryKey | None = None,
) -> Asset:
    """Open a card (建卡) in a unit's register.

    Raises:
        Invalid: a field can't be accepted, or the number is taken within the unit.
        NotAllowed: the actor may not keep this unit's cards.
    """
    unit = find_unit(session, unit_code)
    require(actor, Permission.EDIT_ASSETS, unit.path)
    card = read_card(with_defaults(raw))
    asset = Asset(unit=unit, state=AssetState.IN_USE, created_at=now, updated_at=now, extra={})
    asset.category = _category(session, category)
    _fill(asset, card)
    session.add(asset)
    _flush_card(session, asset)
    reindex_soon(session, [asset.id])
    audit.record(session, actor, now, "asset.create", "asset", asset.id, unit_id=unit.id, after=_given(card))
    return asset


def edit(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    asset_id: int,
    version: int | None,
    raw: Mapping[str, object],
    category: CategoryKey | None = None,
    *,
    clear_category: bool = False,
) -> Asset:
    """Change the given fields of a card that still has ``version`` (None: whatever it has).

    Raises:
        Conflict: somebody changed the card since, or it is closed; nothing is written.
        Invalid: a field can't be accepted.
    """
    asset = load(session, actor, asset_id, Permission.EDIT_ASSETS, for_update=True)
    check_version(asset, version)
    _check_open(asset)
    card = _readable_with(asset, raw)
    _check_against_listing(asset, card)
    before = snapshot(asset)
    _fill(asset, card)
    if category is not None or clear_category:
        asset.category = _category(session, category)
    old, new = audit.differences(before, snapshot(asset))
    if new:
        if "quantity" in new:
            _check_reserved(session, asset)
            piece_ledger.note_correction(session, now, asset.id, asset.quantity - int(str(old["quantity"])))
        touch(session, asset, now)
        _flush_card(session, asset)
        audit.record(
            session, actor, now, "asset.edit", "asset", asset.id, unit_id=asset.unit_id, before=old, after=new
        )
    return asset


def touch(session: Session, asset: Asset, now: dt.datetime) -> None:
    """Note a change of the asset or of anything shown with it: new version, new search document."""
    asset.updated_at = max(now, asset.updated_at + dt.timedelta(microseconds=1))
    reindex_soon(session, [asset.id])


def check_version(asset: Asset, version: int | None) -> None:
    """Refuse to work on a card that changed since it was shown.

    Raises:
        Conflict: the versions differ.
    """
    if version is not None and version != asset.version:
        raise Conflict(
            N_("这张卡片刚被他人修改过（现为第%(current)d版）。您填写的内容还在，请核对差异后再保存。"),
            code="version_conflict",
            state=asset.state,
            current=asset.version,
        )


def history(session: Session, actor: Actor, asset_id: int, *, limit: int = 100) -> Sequence[AuditEntry]:
    """What was done to the asset, newest first; for those who may read the card."""
    asset = load(session, actor, asset_id, Permission.READ_ASSETS)
    return session.scalars(
        select(AuditEntry)
        .where(AuditEntry.object_kind == "asset", AuditEntry.object_id == asset.id)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    ).all()


def editable_units(
    session: Session, actor: Actor, permission: Permission = Permission.EDIT_ASSETS
) -> Sequence[Unit]:
    """Units whose register the actor keeps, in the order of the tree."""
    scope = true() if actor.everything else below(actor.scopes(permission))
    return session.scalars(
        select(Unit).where(scope, Unit.active, Unit.kind != UnitKind.REGION).order_by(Unit.path).limit(1000)
    ).all()


def find_unit(session: Session, code: str) -> Unit:
    """The active unit with this code.

    Raises:
        Invalid: there is none.
    """
    unit = session.scalar(select(Unit).where(Unit.code == code, Unit.active))
    if unit is None:
        raise invalid_field("unit_code", N_("没有编码为“%(given)s”的单位"), given=code)
    return unit


def snapshot(asset: Asset) -> dict[str, Value]:
    """All fields of the card by name, with the extensions and the category."""
    values: dict[str, Value] = {field.name: getattr(asset, field.name) for field in CARD_FIELDS}
    for part, fields in ((asset.vehicle, VEHICLE_FIELDS), (asset.estate, PROPERTY_FIELDS)):
        values |= {field.name: getattr(part, field.name, None) for field in fields}
    key = asset.category
    return values | {"category": f"{key.edition}:{key.code}" if key else None}


def _readable_with(asset: Asset, raw: Mapping[str, object]) -> dict[str, Value]:
    """Read ``raw`` in the light of what the card keeps, so that rules across fields hold for the result."""
    linked = {"original_value", "accumulated_depreciation"}
    kept = {name: getattr(asset, name) for name in linked} if linked & raw.keys() else {}
    return read_card({**kept, **raw})


def _check_against_listing(asset: Asset, card: Mapping[str, Value]) -> None:
    listing = asset.listing
    if listing is None:
        return
    quantity = card.get("quantity")
    if isinstance(quantity, int) and quantity < listing.quantity:
        raise invalid_field(
            "quantity",
            N_("已上架%(listed)d，数量不能少于它。请先撤回或修改上架数量。"),
            listed=listing.quantity,
        )
    if card.get("secrecy") in CLASSIFIED:
        raise invalid_field("secrecy", N_("资产正在仓内展示。请先撤回，再定为涉密。"))


def _check_reserved(session: Session, asset: Asset) -> None:
    """The database would refuse it too: reservations refer to the card's quantity."""
    with session.no_autoflush:
        kept = reserved_pieces(session, asset.id)
    if asset.quantity < kept:
        raise invalid_field(
            "quantity", N_("有申请单正在办理，数量不能少于%(kept)d。请先办结或撤销这些申请单。"), kept=kept
        )


def _check_open(asset: Asset) -> None:
    if asset.state in FINAL:
        raise Conflict(N_("卡片已销账，不能再修改。"), code="wrong_state", state=asset.state)


def _fill(asset: Asset, card: Mapping[str, Value]) -> None:
    for field in CARD_FIELDS:
        if field.name in card and not (card[field.name] is None and field.default is not None):
            setattr(asset, field.name, card[field.name])
    asset.vehicle = _extension(asset.vehicle, VehicleCard, VEHICLE_FIELDS, card)
    asset.estate = _extension(asset.estate, PropertyCard, PROPERTY_FIELDS, card)


def _extension(part: Any, kind: type[Any], fields: Sequence[Field], card: Mapping[str, Value]) -> Any:
    """The extension with the given values; it exists only while it says anything."""
    given = {field.name: card[field.name] for field in fields if field.name in card}
    if part is None:
        return kind(**given) if any(value is not None for value in given.values()) else None
    for name, value in given.items():
        setattr(part, name, value)
    return part if any(getattr(part, field.name) is not None for field in fields) else None


def _category(session: Session, key: CategoryKey | None) -> Category | None:
    if key is None:
        return None
    category = session.get(Category, key)
    if category is None:
        raise invalid_field(
            "category",
            N_("分类代码“%(given)s”不在%(edition)s版目录中，请核对代码和版本。"),
            edition=key[0],
            given=key[1],
        )
    return category


def _flush_card(session: Session, asset: Asset) -> None:
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        if "uq_assets_unit_id_number" not in str(error):
            raise
        raise invalid_field(
            "number", N_("资产编号“%(number)s”在本单位已有卡片，请换一个编号。"), number=asset.number
        ) from error
    except StaleDataError as error:
        raise Conflict(N_("这张卡片刚被他人修改过，请刷新后再试。"), code="version_conflict") from error


def _given(card: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in card.items() if value is not None}
