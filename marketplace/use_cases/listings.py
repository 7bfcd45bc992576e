"""Putting assets into the warehouse (入仓) and taking them out again (撤回)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing
from marketplace.db.order_queries import reserved_pieces
from marketplace.db.people import Unit, UnitKind
from marketplace.domain.errors import Conflict, NotFound, RuleError, invalid_field
from marketplace.domain.finding import Mode
from marketplace.domain.listings import Offer, check_offer, check_secrecy
from marketplace.domain.permissions import Actor, Permission, require
from marketplace.domain.states import AssetAction, step
from marketplace.domain.text import N_, clean
from marketplace.use_cases import audit, idle_marks, waiting_lists
from marketplace.use_cases.assets import check_version, load, load_many, touch

BULK_LIMIT = 500
"""Most assets one bulk action takes, so that it answers at once."""


def list_asset(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    asset_id: int,
    offer: Offer,
    *,
    version: int | None = None,
) -> Listing:
    """Offer an asset in the warehouse.

    Raises:
        Conflict: the asset is in a state, or a version, in which it can't be listed.
        RuleError: it is classified.
        Invalid: the offer itself is not acceptable.
    """
    asset = load(session, actor, asset_id, Permission.LIST_ASSETS, for_update=True)
    check_version(asset, version)
    listing = _put_on_offer(session, actor, now, asset, offer)
    session.flush()
    session.expire(asset, ["listing"])
    return listing


def change(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    asset_id: int,
    offer: Offer,
    *,
    version: int | None = None,
) -> Listing:
    """Change what an asset is offered with, while it stays on offer.

    Raises:
        Conflict: it isn't on offer, or changed since it was shown.
        Invalid: the offer is not acceptable, or less than what is promised already.
    """
    asset = load(session, actor, asset_id, Permission.LIST_ASSETS, for_update=True)
    check_version(asset, version)
    listing, before = _open_listing(asset), offered_with(asset)
    kept = promised(session, asset)
    quantity = check_offer(offer, secrecy=asset.secrecy, available=asset.quantity, promised=kept)
    _check_rule_stays(session, listing, offer)
    _fill(session, asset, listing, offer, quantity)
    old, new = audit.differences(before, offered_with(asset))
    if new:
        touch(session, asset, now)
        audit.record(
            session,
            actor,
            now,
            "asset.offer",
            "asset",
            asset.id,
            unit_id=asset.unit_id,
            before=old,
            after=new,
        )
        session.flush()
        waiting_lists.offer_next(session, actor, now, today, asset.id)
    return listing


def _check_rule_stays(session: Session, listing: Listing, offer: Offer) -> None:
    """Whoever waits began to wait under a rule; it stays as it was."""
    same = (listing.award_rule, listing.window_days) == (offer.award_rule, offer.window_days)
    if not same and waiting_lists.line_of(session, listing.asset_id):
        raise invalid_field("award_rule", N_("已有申请在等候，多人申请时的办法不能再改。"))


def offered_with(asset: Asset) -> dict[str, object]:
    """What an asset's open offer says, by the names of :class:`Offer`.

    Raises:
        Conflict: it isn't on offer.
    """
    listing = _open_listing(asset)
    ways = ((Mode.LOAN, listing.for_loan), (Mode.TRANSFER, listing.for_transfer))
    return {
        "modes": [mode for mode, on in ways if on],
        "quantity": listing.quantity,
        "condition": asset.condition,
        "place": listing.place,
        "contact_name": listing.contact_name,
        "contact_phone": listing.contact_phone,
        "note": listing.note,
        "audience": "department" if listing.audience_unit_id else "everyone",
        "award_rule": listing.award_rule,
        "window_days": listing.window_days,
    }


def promised(session: Session, asset: Asset) -> int:
    """Pieces that orders keep already: no fewer can be offered, and while there are any, the offer stays."""
    return reserved_pieces(session, asset.id)


def _open_listing(asset: Asset) -> Listing:
    if asset.listing is None:
        raise Conflict(
            N_("这项资产已不在仓，没有可以修改的上架内容。请返回资产页面查看最新状态。"),
            code="wrong_state",
            state=asset.state,
        )
    return asset.listing


def withdraw(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    asset_id: int,
    reason: str = "",
    *,
    version: int | None = None,
) -> Asset:
    """Take an asset off offer; it is in use again.

    Raises:
        Conflict: it isn't on offer, or changed since it was shown.
    """
    asset = load(session, actor, asset_id, Permission.LIST_ASSETS, for_update=True)
    check_version(asset, version)
    row = step(asset.state, AssetAction.WITHDRAW)
    _check_not_promised(session, asset)
    if asset.listing is not None:
        asset.listing.ended_at, asset.listing.ended_by = now, actor.user_id
        asset.listing.end_reason = clean(reason)
    before, asset.state = asset.state, row.target
    touch(session, asset, now)
    session.flush()
    session.expire(asset, ["listing"])
    audit.record(
        session,
        actor,
        now,
        "asset.withdraw",
        "asset",
        asset.id,
        unit_id=asset.unit_id,
        before={"state": before},
        after={"state": asset.state},
        reason=clean(reason),
    )
    waiting_lists.close_line(session, now, asset.id)
    return asset


def _check_not_promised(session: Session, asset: Asset) -> None:
    if promised(session, asset):
        raise Conflict(
            N_("有申请单正在办理，不能撤回。请先办结，或由审批人退回、申请单位撤销。"),
            code="promised",
            state=asset.state,
        )


def hindrance(actor: Actor, asset: Asset) -> RuleError | None:
    """Why the actor can't offer the asset now, whatever the offer says; None where it can be offered."""
    try:
        require(actor, Permission.LIST_ASSETS, asset.unit.path)
        check_secrecy(asset.secrecy)
        step(asset.state, AssetAction.LIST)
    except RuleError as error:
        return error
    return None


def list_many(
    session: Session, actor: Actor, now: dt.datetime, asset_ids: Iterable[int], offer: Offer
) -> tuple[list[int], dict[int, RuleError]]:
    """Offer several assets alike: those that can be are, the others come back with the reason.

    Raises:
        Invalid: more than ``BULK_LIMIT`` assets.
    """
    wanted = list(dict.fromkeys(asset_ids))
    if len(wanted) > BULK_LIMIT:
        raise invalid_field("assets", N_("一次最多上架%(limit)d项，请分批办理。"), limit=BULK_LIMIT)
    found = load_many(session, actor, wanted)
    listed: list[int] = []
    refused: dict[int, RuleError] = {}
    for asset_id in wanted:
        try:
            asset = _permitted(actor, found.get(asset_id))
            _put_on_offer(session, actor, now, asset, offer)
            listed.append(asset_id)
        except RuleError as error:
            refused[asset_id] = error
    session.flush()
    session.expire_all()
    return listed, refused


def _permitted(actor: Actor, asset: Asset | None) -> Asset:
    if asset is None:
        raise NotFound(N_("没有找到这项资产。它可能已出仓，或不在您的查看范围内。"))
    require(actor, Permission.LIST_ASSETS, asset.unit.path)
    return asset


def _put_on_offer(session: Session, actor: Actor, now: dt.datetime, asset: Asset, offer: Offer) -> Listing:
    """Check everything first, then change: a refusal leaves the asset as it was."""
    row = step(asset.state, AssetAction.LIST)
    quantity = check_offer(offer, secrecy=asset.secrecy, available=asset.quantity)
    listing = Listing(asset_id=asset.id, listed_at=now, listed_by=actor.user_id)
    _fill(session, asset, listing, offer, quantity)
    session.add(listing)
    before, asset.state = asset.state, row.target
    touch(session, asset, now)
    idle_marks.note_listed(session, actor, now, asset.id)
    after = {
        "state": asset.state,
        "modes": sorted(offer.modes),
        "quantity": quantity,
        "condition": asset.condition,
    }
    audit.record(
        session,
        actor,
        now,
        "asset.list",
        "asset",
        asset.id,
        unit_id=asset.unit_id,
        before={"state": before},
        after=after,
        reason=listing.note,
    )
    return listing


def _fill(session: Session, asset: Asset, listing: Listing, offer: Offer, quantity: int) -> None:
    listing.for_transfer, listing.for_loan = Mode.TRANSFER in offer.modes, Mode.LOAN in offer.modes
    listing.quantity = quantity
    listing.place = clean(offer.place) or asset.location or ""
    listing.contact_name, listing.contact_phone = clean(offer.contact_name), clean(offer.contact_phone)
    listing.note = clean(offer.note)
    listing.audience_unit_id = _circle(session, asset.unit) if offer.own_department_only else None
    listing.award_rule, listing.window_days = offer.award_rule, offer.window_days
    listing.unconfirmed = False
    asset.condition = offer.condition or asset.condition


def _circle(session: Session, unit: Unit) -> int:
    """The supervising department above ``unit``, itself included; the unit where there is none."""
    if unit.kind is UnitKind.DEPARTMENT:
        return unit.id
    above = select(Unit.id).where(Unit.id.in_(unit.path), Unit.kind == UnitKind.DEPARTMENT).limit(1)
    return session.scalar(above) or unit.id
