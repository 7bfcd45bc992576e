"""Publishing: a version is added, never edited, and what it shows becomes public with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.auctions import Auction, Notice, PublicPhoto
from marketplace.db.calendar import load_calendar
from marketplace.domain.auctions import AuctionAction, LotState, auction_step
from marketplace.domain.errors import FieldError, Invalid
from marketplace.domain.notices import NoticeKind
from marketplace.domain.papers import digest_of
from marketplace.domain.permissions import Actor
from marketplace.domain.states import AssetAction, AssetState
from marketplace.domain.text import N_
from marketplace.use_cases import (
    auction_drafts,
    auction_files,
    auction_results,
    auctions,
    disposals,
    notice_content,
)
from marketplace.use_cases.asset_steps import step_all
from marketplace.use_cases.auction_rules import rules_of
from marketplace.use_cases.auctions import Outcome
from marketplace.use_cases.notice_content import Content

BASIS = "拍卖法第四十五条"
MINOR = frozenset({"contact", "phone", "supervision", "platform_url", "notes"})
"""Texts whose correction doesn't restart the notice period."""
OFFERING = (NoticeKind.ANNOUNCEMENT, NoticeKind.CHANGE)


def last_notice(session: Session, auction: Auction, *kinds: NoticeKind) -> Notice | None:
    """The newest version, or the newest of these kinds."""
    query = select(Notice).where(Notice.auction_id == auction.id).order_by(Notice.version.desc()).limit(1)
    return session.scalar(query.where(Notice.kind.in_(kinds)) if kinds else query)


def noticed_on(session: Session, auction: Auction, today: dt.date, zone: dt.tzinfo) -> dt.date:
    """From which day the notice period would count if it were published today."""
    before = last_notice(session, auction, *OFFERING)
    if before is None or auction.noticed_on is None:
        return today
    content = notice_content.content_of(session, auction, zone)
    return auction.noticed_on if _material(content) == _material(before.content) else today


def _material(content: Mapping[str, Any]) -> dict[str, Any]:
    terms = {name: text for name, text in content["terms"].items() if name not in MINOR}
    return {name: content.get(name) for name in ("starts_at", "ends_at", "viewing_from", "viewing_until")} | {
        "terms": terms,
        "attachments": content.get("attachments", []),
        "lots": [{name: value for name, value in lot.items() if name != "photos"} for lot in content["lots"]],
    }


def publish(
    session: Session, actor: Actor, now: dt.datetime, today: dt.date, zone: dt.tzinfo, auction_id: int
) -> Notice:
    """Publish an approved auction: its announcement or, after that, a change.

    Raises:
        Invalid: it breaks a rule, or a condition of the project no longer holds; each is named with its
            article.
        Conflict: it isn't approved, its project has ended, or a card was changed or classified since.
    """
    auction = auctions.load(session, actor, auction_id, for_update=True)
    auction_step(auction.state, AuctionAction.PUBLISH)
    _lock_cards(session, auction)
    project = disposals.load(session, actor, auction.project_id, for_update=True)
    auction_drafts.check_for_sale(project)
    disposals.check_conditions(session, project, today)
    auctions.refuse_changed_cards(session, auction)
    since = noticed_on(session, auction, today, zone)
    _check_lawful(session, auction, since, zone)
    auctions.move(session, actor, now, auction, AuctionAction.PUBLISH)
    auction.noticed_on = since
    waiting = [
        item.asset_id for item in auctions.items_of(auction.lots) if item.asset.state is AssetState.DISPOSAL
    ]
    step_all(session, actor, now, waiting, AssetAction.AUCTION, cause=auction.number, basis=BASIS)
    kind = NoticeKind.CHANGE if last_notice(session, auction) else NoticeKind.ANNOUNCEMENT
    return _add(session, actor, now, zone, auction, kind, {})


def _lock_cards(session: Session, auction: Auction) -> None:
    """Nobody edits a card between its check and the notice that shows it."""
    ids = [item.asset_id for item in auctions.items_of(auction.lots)]
    query = select(Asset).where(Asset.id.in_(ids)).order_by(Asset.id).with_for_update(of=Asset)
    session.scalars(query.execution_options(populate_existing=True)).all()


def _check_lawful(session: Session, auction: Auction, since: dt.date, zone: dt.tzinfo) -> None:
    found = auction_drafts.breaches(session, auction, since, zone)
    if found:
        raise Invalid(
            N_("有%(count)d处不符合规定，不能发布。"),
            fields=tuple(FieldError(one.place, one.message, one.params) for one in found),
            basis=next((one.basis for one in found if one.basis), ""),
            count=len(found),
        )


def suspend(
    session: Session, actor: Actor, now: dt.datetime, zone: dt.tzinfo, auction_id: int, reason: str
) -> Notice:
    """Suspend a published auction and say so in public."""
    auction = auctions.load(session, actor, auction_id, for_update=True)
    said = disposals.read_reason(reason)
    auctions.move(session, actor, now, auction, AuctionAction.SUSPEND, reason=said)
    auction_results.forget(session, auction)
    return _add(session, actor, now, zone, auction, NoticeKind.SUSPENSION, {"reason": said})


def terminate(
    session: Session, actor: Actor, now: dt.datetime, zone: dt.tzinfo, auction_id: int, reason: str
) -> Notice | None:
    """End an auction for good; what was published gets a notice of it, a mere draft doesn't."""
    auction = auctions.load(session, actor, auction_id, for_update=True)
    said = disposals.read_reason(reason)
    auctions.move(session, actor, now, auction, AuctionAction.TERMINATE, reason=said)
    auction_results.forget(session, auction)
    if last_notice(session, auction) is None:
        return None
    auctions.back_from_auction(session, actor, now, auction, auction.lots)
    return _add(session, actor, now, zone, auction, NoticeKind.TERMINATION, {"reason": said})


def announce_results(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    zone: dt.tzinfo,
    auction_id: int,
    outcomes: Mapping[int, Outcome],
) -> Notice:
    """Enter the results and publish them, with buyers masked and the days in which to object.

    Raises:
        Conflict: bidding is not over, or the auction isn't published.
        Invalid: a lot has no result, or went below its reserve.
    """
    auction = auctions.conclude(session, actor, now, auction_id, outcomes)
    sold = any(lot.state is LotState.SOLD for lot in auction.lots)
    days = rules_of(session).objection_days
    until = load_calendar(session).add_working_days(today, days)
    said = {"results": notice_content.results_of(auction), "objection_until": until.isoformat()}
    kind = NoticeKind.RESULT if sold else NoticeKind.UNSOLD
    return _add(session, actor, now, zone, auction, kind, said)


def preview(session: Session, auction: Auction, now: dt.datetime, zone: dt.tzinfo) -> Content:
    """The notice as the public would read it."""
    before = last_notice(session, auction)
    kind = NoticeKind.CHANGE if before else NoticeKind.ANNOUNCEMENT
    return _content(session, auction, now, zone, kind, before, {})


def _add(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    zone: dt.tzinfo,
    auction: Auction,
    kind: NoticeKind,
    said: Content,
) -> Notice:
    before = last_notice(session, auction)
    content = _content(session, auction, now, zone, kind, before, said)
    row = Notice(
        auction_id=auction.id,
        number=auction.number,
        version=content["version"],
        kind=kind,
        content=content,
        digest=digest_of(content),
        previous_id=before.id if before else None,
        published_at=now,
        published_by=actor.user_id,
    )
    session.add(row)
    session.flush()
    _open_photos(session, row)
    auction_files.open_with(session, auction, row)
    return row


def _content(
    session: Session,
    auction: Auction,
    now: dt.datetime,
    zone: dt.tzinfo,
    kind: NoticeKind,
    before: Notice | None,
    said: Content,
) -> Content:
    """What is offered is said anew in an offering; any other notice repeats what was last published."""
    offering = last_notice(session, auction, *OFFERING)
    base = (
        notice_content.content_of(session, auction, zone)
        if kind in OFFERING or offering is None
        else {**offering.content, "reason": "", "results": []}
    )
    return (
        base
        | {
            "kind": kind.value,
            "version": before.version + 1 if before else 1,
            "published_at": now.astimezone(zone).isoformat(timespec="seconds"),
            "replaces": before.version if before else None,
        }
        | said
    )


def _open_photos(session: Session, notice: Notice) -> None:
    digests = {photo["digest"] for lot in notice.content["lots"] for photo in lot["photos"]}
    rows = [{"digest": digest, "notice_id": notice.id} for digest in sorted(digests)]
    if rows:
        session.execute(insert(PublicPhoto).on_conflict_do_nothing(), rows)
