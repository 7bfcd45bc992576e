"""An auction as those who prepare it see it: edited, checked, previewed, approved, published, concluded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.db.auctions import Auction
from marketplace.domain.auction_terms import TERMS
from marketplace.domain.auctions import (
    AUCTION_ACTION_NAMES,
    AUCTION_STATE_NAMES,
    AUCTION_STEPS,
    LOT_STATE_NAMES,
    AuctionAction,
    AuctionState,
)
from marketplace.domain.errors import FieldError, Invalid, RuleError
from marketplace.domain.notices import NOTICE_NAMES, NoticeKind
from marketplace.domain.permissions import Permission
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now, services, today
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.edge.notice_views import of_content
from marketplace.use_cases import auction_drafts, auctions, disposals, notices, proceeds, relisting
from marketplace.use_cases.auction_files import LARGEST_FILE, MOST_FILES
from marketplace.web.auction_form import read_dates, read_lots, read_outcomes, read_receipt, read_terms
from marketplace.web.disposals import project_page

blueprint = Blueprint("auction_desk", __name__, url_prefix="/disposals")

Page = str | tuple[str, int] | Response


@blueprint.post("/<int:project_id>/auction")
@needs(Permission.DISPOSE)
def draft(project_id: int) -> Page:
    """Propose an auction of an approved project."""
    try:
        made = auction_drafts.draft(db(), actor(), now(), today(), zone(), project_id)
    except RuleError as error:
        db().rollback()
        return project_page(disposals.load(db(), actor(), project_id), error=error), status_of(error)
    return redirect(url_for("auction_desk.page", auction_id=made.id))


@blueprint.get("/auctions/<int:auction_id>")
@needs(Permission.READ_DISPOSALS)
def page(auction_id: int) -> str:
    """An auction with everything that can be done about it."""
    return auction_page(auctions.load(db(), actor(), auction_id))


@blueprint.post("/auctions/<int:auction_id>")
@needs(Permission.DISPOSE)
def save(auction_id: int) -> Page:
    """Save a draft."""
    form = request.form

    def store() -> None:
        lots = read_lots(form)
        version = form.get("version", 0, type=int)
        dates = read_dates(form, zone())
        auction_drafts.edit(db(), actor(), now(), auction_id, version, read_terms(form), dates, lots)

    return done(auction_id, store, gettext("已保存。"))


@blueprint.get("/auctions/<int:auction_id>/preview")
@needs(Permission.READ_DISPOSALS)
def preview(auction_id: int) -> str:
    """The notice as the public will see it."""
    auction = auctions.load(db(), actor(), auction_id)
    content = notices.preview(db(), auction, now(), zone())
    kind = NoticeKind(content["kind"])
    one = of_content(content, kind, content["version"], "", now(), now())
    files = {file.digest: file.id for file in auction.files}
    return render_template("disposals/preview.html", one=one, auction=auction, files=files)


@blueprint.post("/auctions/<int:auction_id>/bundle")
@needs(Permission.DISPOSE)
def bundle(auction_id: int) -> Page:
    """Sell several lots together."""
    ids = request.form.getlist("lot", type=int)
    name = request.form.get("name", "")
    return done(
        auction_id,
        lambda: auction_drafts.bundle(db(), actor(), now(), auction_id, ids, name),
        gettext("已合并。"),
    )


@blueprint.post("/auctions/<int:auction_id>/lots/<int:lot_id>/split")
@needs(Permission.DISPOSE)
def split(auction_id: int, lot_id: int) -> Page:
    """Sell each card of a lot by itself again."""
    return done(
        auction_id,
        lambda: auction_drafts.split(db(), actor(), now(), auction_id, lot_id),
        gettext("已拆分。"),
    )


@blueprint.post(
    "/auctions/<int:auction_id>/<any(submit, approve, send_back, publish, revise, suspend, terminate):action>"
)
@needs(Permission.DISPOSE, Permission.APPROVE_DISPOSAL, Permission.PUBLISH)
def act(auction_id: int, action: str) -> Page:
    """Take an auction one step."""
    name = gettext(AUCTION_ACTION_NAMES[AuctionAction(action)])
    reason = request.form.get("reason", "")
    return done(auction_id, lambda: _act(auction_id, action, reason), gettext("已%(action)s。", action=name))


def _act(auction_id: int, action: str, reason: str) -> object:
    session, who = db(), actor()
    steps: dict[str, Callable[[], object]] = {
        "submit": lambda: auctions.submit(session, who, now(), auction_id),
        "approve": lambda: auctions.approve(session, who, now(), auction_id),
        "revise": lambda: auctions.revise(session, who, now(), auction_id),
        "send_back": lambda: auctions.send_back(session, who, now(), auction_id, reason),
        "publish": lambda: notices.publish(session, who, now(), today(), zone(), auction_id),
        "suspend": lambda: notices.suspend(session, who, now(), zone(), auction_id, reason),
        "terminate": lambda: notices.terminate(session, who, now(), zone(), auction_id, reason),
    }
    return steps[action]()


@blueprint.post("/auctions/<int:auction_id>/results")
@needs(Permission.PUBLISH)
def results(auction_id: int) -> Page:
    """Enter and publish the results."""

    def enter() -> None:
        auction = auctions.load(db(), actor(), auction_id)
        outcomes = read_outcomes(request.form, [lot.number for lot in auction.lots], today())
        notices.announce_results(db(), actor(), now(), today(), zone(), auction_id, outcomes)

    return done(auction_id, enter, gettext("结果已公布。"))


@blueprint.post("/auctions/<int:auction_id>/relist")
@needs(Permission.DISPOSE)
def relist(auction_id: int) -> Page:
    """Offer the unsold lots again."""
    try:
        made = relisting.relist(db(), actor(), now(), today(), zone(), auction_id)
    except RuleError as error:
        db().rollback()
        return auction_page(auctions.load(db(), actor(), auction_id), error=error), status_of(error)
    flash(gettext("已按价格规则编制新的拍卖，请核对后送审。"), "ok")
    return redirect(url_for("auction_desk.page", auction_id=made.id))


@blueprint.post("/auctions/<int:auction_id>/lots/<int:lot_id>/proceeds")
@needs(Permission.DISPOSE)
def receive(auction_id: int, lot_id: int) -> Page:
    """Note what came in for a lot."""

    def record() -> None:
        proceeds.record(db(), actor(), now(), lot_id, read_receipt(request.form))

    return done(auction_id, record, gettext("已登记收入，待财政审批人确认上缴。"))


@blueprint.post("/auctions/<int:auction_id>/lots/<int:lot_id>/remitted")
@needs(Permission.CONFIRM_PROCEEDS)
def remitted(auction_id: int, lot_id: int) -> Page:
    """Confirm that the proceeds reached the treasury."""

    def confirm() -> None:
        day = request.form.get("remitted_on", "")
        try:
            on = dt.date.fromisoformat(day)
        except ValueError:
            raise Invalid(gettext("请填写上缴日期。"), fields=(FieldError("remitted_on", "", {}),)) from None
        proceeds.confirm(db(), actor(), now(), lot_id, on, request.form.get("remittance", ""))

    return done(auction_id, confirm, gettext("已确认上缴。"))


def zone() -> ZoneInfo:
    """The organisation's time zone."""
    return ZoneInfo(services().settings.time_zone)


def done(auction_id: int, do: Callable[[], object], told: str) -> Page:
    """Do it and show the auction anew, or show it with what is wrong; what was typed stays."""
    try:
        do()
    except RuleError as error:
        db().rollback()
        return auction_page(auctions.load(db(), actor(), auction_id), error=error), status_of(error)
    flash(told, "ok")
    return redirect(url_for("auction_desk.page", auction_id=auction_id))


def auction_page(auction: Auction, *, error: RuleError | None = None) -> str:
    """An auction with everything that can be done about it, and what went wrong if something did."""
    path = auction.project.unit.path
    since = notices.noticed_on(db(), auction, today(), zone())
    return render_template(
        "disposals/auction.html",
        auction=auction,
        terms=TERMS,
        breaches=_breaches(auction, since),
        since=since,
        editable=auction.state is AuctionState.DRAFT and actor().may(Permission.DISPOSE, path),
        actions=_actions(auction, path),
        action_names=AUCTION_ACTION_NAMES,
        auction_states=AUCTION_STATE_NAMES,
        lot_states=LOT_STATE_NAMES,
        notice_names=NOTICE_NAMES,
        local=_local,
        appraised=auction_drafts.appraised,
        may_conclude=auction.state is AuctionState.PUBLISHED
        and auction.ends_at is not None
        and now() >= auction.ends_at
        and actor().may(Permission.PUBLISH, path),
        may_relist=actor().may(Permission.DISPOSE, path) and bool(relisting.lots_again(auction)),
        due_on=proceeds.due_on(db(), auction),
        today=today(),
        may_receive=actor().may(Permission.DISPOSE, path),
        may_confirm=actor().may(Permission.CONFIRM_PROCEEDS, path),
        most_files=MOST_FILES,
        largest_mb=LARGEST_FILE >> 20,
        typed=request.form if error else {},
        tried=request.view_args.get("action", "") if error and request.view_args else "",
        error=message_of(error) if error else "",
        basis_of_error=error.basis if error else "",
        mistakes=_mistakes(error),
    )


def _breaches(auction: Auction, since: dt.date) -> list[tuple[str, str]]:
    """What keeps it from being published today, each with its article."""
    if auction.state not in (AuctionState.DRAFT, AuctionState.SUBMITTED, AuctionState.APPROVED):
        return []
    found = auction_drafts.breaches(db(), auction, since, zone())
    return [(message_of(FieldError(one.place, one.message, one.params)), one.basis) for one in found]


def _mistakes(error: RuleError | None) -> list[str]:
    return [message_of(one) for one in error.fields if one.message] if isinstance(error, Invalid) else []


def _actions(auction: Auction, path: Any) -> list[str]:
    """What the actor is offered, results aside."""
    who = actor().user_id
    own = {auction.prepared_by, auction.submitted_by}
    return [
        row.action
        for row in AUCTION_STEPS
        if row.source is auction.state
        and row.action is not AuctionAction.CLOSE
        and row.permission is not None
        and actor().may(row.permission, path)
        and not (row.action is AuctionAction.APPROVE and who in own)
        and not (row.action is AuctionAction.REVISE and auctions.has_begun(auction, now()))
    ]


def _local(moment: dt.datetime | None) -> str:
    """A moment as a field of the form shows it."""
    return moment.astimezone(zone()).strftime("%Y-%m-%d %H:%M") if moment else ""
