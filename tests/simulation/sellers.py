"""The warehouse: it steers timetables, takes things out of the books, auctions them and sees to the money."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from marketplace.db.auctions import Auction
from marketplace.db.calendar import load_calendar
from marketplace.domain.auctions import AuctionState, propose_days
from marketplace.domain.disposals import REQUIREMENTS, ConditionKind, Way, Why
from marketplace.domain.permissions import Actor
from marketplace.use_cases import (
    auction_drafts,
    auctions,
    disposal_candidates,
    disposal_decisions,
    disposal_preparation,
    notices,
    proceeds,
    relisting,
    timetable,
)
from marketplace.use_cases.auction_drafts import Dates
from marketplace.use_cases.auctions import Outcome
from marketplace.use_cases.disposal_candidates import Wish
from marketplace.use_cases.proceeds import Receipt
from tests.simulation.town import Town

CENT = Decimal("0.01")
WEEK = dt.timedelta(days=7)
MOST_CARDS = 5
TERMS = {
    "platform": "江州市公共资源交易平台",
    "viewing_place": "江州市学府路1号",
    "contact": "李老师",
    "phone": "0570-1234567",
    "supervision": "0570-7654321",
}
WAYS = {
    Way.AUCTION: 70,
    Way.DONATION: 8,
    Way.SCRAPPING: 8,
    Way.GRATUITOUS_TRANSFER: 6,
    Way.EXCHANGE: 4,
    Way.WRITE_OFF: 4,
}
PROVABLE = [kind for kind in ConditionKind if not REQUIREMENTS[kind].automatic]


@dataclass
class Purse:
    """What the people of the warehouse count for themselves, in CNY."""

    sold: Decimal = Decimal(0)
    received: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    remitted: Decimal = Decimal(0)


def act(town: Town, purse: Purse) -> None:
    """A working day."""
    for _ in range(1 + len(town.units) // 24):
        _steer(town)
        if town.likely(0.3):
            _collect(town)
    _prepare(town)
    _decide(town)
    _write_notices(town)
    _change_mind(town)
    _enter_results(town, purse)
    _relist(town)
    _see_to_money(town, purse)


def _steer(town: Town) -> None:
    unit = town.chance.choice(town.units)
    running = town.rows(
        """
        SELECT s.asset_id, s.days_left IS NOT NULL AND NOT s.held AS stopped
        FROM screenings s JOIN listings li ON li.id = s.listing_id AND li.ended_at IS NULL
        JOIN assets a ON a.id = s.asset_id
        WHERE s.stage <> 'disposal' AND a.unit_id = :unit ORDER BY s.asset_id LIMIT 100
        """,
        unit=unit,
    )
    if not running or not town.likely(0.5):
        return
    chosen, manager = town.chance.choice(running), town.managers[0]
    if chosen.stopped:
        town.attempt("clock goes on", manager, timetable.let_go_on, town.today, chosen.asset_id)
    else:
        what, steer = town.chance.choice(
            [("clock stopped", timetable.stop_clock), ("stage skipped", timetable.skip)]
        )
        town.attempt(what, manager, steer, town.today, chosen.asset_id, "已向各单位征询")


def _collect(town: Town) -> None:
    """A project of a few things of one unit, for which a rule speaks."""
    wish = Wish(unit_id=town.chance.choice(town.units))
    [way] = town.chance.choices(list(WAYS), list(WAYS.values()))
    found = town.attempt("candidates looked at", town.managers[0], _candidates, town.today, wish) or {}
    if found:
        size = town.chance.randint(1, min(MOST_CARDS, len(found)))
        chosen = {asset_id: found[asset_id] for asset_id in town.chance.sample(sorted(found), size)}
        title, opening = "闲置资产处置", disposal_preparation.open_project
        town.attempt(f"project of {way}", town.managers[0], opening, town.today, way, title, chosen)


def _candidates(
    session: Session, actor: Actor, _now: dt.datetime, today: dt.date, wish: Wish
) -> dict[int, Why]:
    found = disposal_candidates.candidates(session, actor, today, wish)
    return {one.asset.id: one.why for one in found}


def _prepare(town: Town) -> None:
    drafts = """
        SELECT p.id, p.way, (SELECT count(*) FROM project_conditions c WHERE c.project_id = p.id AND c.met)
        FROM disposal_projects p WHERE p.state = 'draft' ORDER BY p.number
    """
    for project_id, way, proved in town.rows(drafts):
        if town.likely(0.4):
            if way == Way.GRATUITOUS_TRANSFER:
                receiver = {"receiver_id": town.chance.choice(town.units)}
                edit = disposal_preparation.edit
                town.attempt("receiver named", town.managers[0], edit, project_id, receiver)
            worth = Decimal(town.chance.randrange(5_000, 6_000_000)) / 100
            if town.likely(0.2):
                town.attempt(
                    "evidence taken back",
                    town.managers[0],
                    disposal_preparation.set_condition,
                    project_id,
                    town.chance.choice(PROVABLE),
                    "",
                )
            elif proved < len(PROVABLE):
                town.attempt("project prepared", town.managers[0], prove, town.today, project_id, worth)
            town.attempt(
                "project submitted", town.managers[0], disposal_decisions.submit, town.today, project_id
            )
        elif town.likely(0.02):
            town.attempt(
                "project cancelled", town.managers[0], disposal_decisions.cancel, project_id, "另有安排"
            )


def prove(
    session: Session, actor: Actor, now: dt.datetime, today: dt.date, project_id: int, worth: Decimal
) -> None:
    """Everything that people can prove; what the register says stays as it is."""
    values = {"appraiser": "江州评估有限公司", "appraised_on": today, "recipient": "江州市慈善总会"}
    project = disposal_preparation.edit(session, actor, now, project_id, values)
    worths: Mapping[int, tuple[Decimal | None, str]] = {
        item.id: (worth + number, "漆面划痕") for number, item in enumerate(project.items)
    }
    disposal_preparation.appraise(session, actor, now, project_id, worths)
    for kind in PROVABLE:
        evidence = f"江财资〔{today.year}〕{project.id}号"
        disposal_preparation.set_condition(session, actor, now, project_id, kind, evidence)


def _decide(town: Town) -> None:
    for (project_id,) in town.rows(
        "SELECT id FROM disposal_projects WHERE state = 'submitted' ORDER BY number"
    ):
        if town.likely(0.1):
            town.attempt(
                "project sent back", town.managers[1], disposal_decisions.send_back, project_id, "请补充依据"
            )
        elif town.likely(0.5):
            who = town.chance.choice([town.managers[1], town.treasurer])
            town.attempt("project approved", who, disposal_decisions.approve, town.today, project_id)
    approved = (
        "SELECT id FROM disposal_projects WHERE state = 'approved' AND way <> 'auction' ORDER BY number"
    )
    for (project_id,) in town.rows(approved):
        if town.likely(0.4):
            town.attempt(
                "project completed", town.managers[0], disposal_decisions.complete, town.today, project_id
            )


def _write_notices(town: Town) -> None:
    """Auctions on their way to the public; what would break the law goes back to be dated anew."""
    first, second = town.managers
    for auction in town.rows("SELECT id, state FROM auctions ORDER BY number"):
        if auction.state == AuctionState.DRAFT and town.likely(0.7):
            town.attempt("auction edited", first, _edit, town.zone, auction.id)
            if town.likely(0.3):
                town.attempt("lots bundled or split", first, _regroup, auction.id)
            town.attempt("auction submitted", first, auctions.submit, auction.id)
        elif auction.state == AuctionState.SUBMITTED and town.likely(0.8):
            who = town.chance.choice([second, town.treasurer])
            town.attempt("auction approved", who, auctions.approve, auction.id)
        elif auction.state == AuctionState.APPROVED and town.likely(0.8):
            made = town.attempt("published", second, notices.publish, town.today, town.zone, auction.id)
            if made is None:
                town.attempt("auction sent back", second, auctions.send_back, auction.id, "日期须重新安排")


def _edit(session: Session, actor: Actor, now: dt.datetime, zone: dt.tzinfo, auction_id: int) -> Auction:
    """Texts, and dates that are lawful if it is published within a week."""
    auction = auctions.load(session, actor, auction_id)
    rules = auction_drafts.rules_of(session)
    days = propose_days(now.astimezone(zone).date() + WEEK, load_calendar(session), rules)
    starts = dt.datetime.combine(days.starts, auction_drafts.OPENING, zone)
    ends = starts + dt.timedelta(hours=rules.bidding_hours)
    dates = Dates(days.viewing_from, days.viewing_until, starts, ends)
    return auction_drafts.edit(session, actor, now, auction.id, auction.version, TERMS, dates, {})


def _regroup(session: Session, actor: Actor, now: dt.datetime, auction_id: int) -> None:
    """All lots as one, or a lot of several cards as one for each."""
    auction = auctions.load(session, actor, auction_id)
    if (several := next((lot for lot in auction.lots if len(lot.items) > 1), None)) is not None:
        auction_drafts.split(session, actor, now, auction_id, several.id)
    else:
        auction_drafts.bundle(session, actor, now, auction_id, [lot.id for lot in auction.lots], "整体处置")


def _change_mind(town: Town) -> None:
    first, second = town.managers
    for auction in town.rows("SELECT id, state FROM auctions ORDER BY number"):
        on_view = auction.state in (AuctionState.PUBLISHED, AuctionState.SUSPENDED)
        if on_view and town.likely(0.02 if auction.state == AuctionState.PUBLISHED else 0.3):
            town.attempt("auction revised", first, auctions.revise, auction.id)
        elif auction.state == AuctionState.PUBLISHED and town.likely(0.02):
            town.attempt("auction suspended", second, notices.suspend, town.zone, auction.id, "接到异议")
        elif on_view and town.likely(0.01):
            town.attempt("auction terminated", second, notices.terminate, town.zone, auction.id, "另有安排")


def _enter_results(town: Town, purse: Purse) -> None:
    over = "SELECT id FROM auctions WHERE state = 'published' AND ends_at < :now ORDER BY number"
    for (auction_id,) in town.rows(over, now=town.now):
        if town.likely(0.6):
            outcomes = _outcomes(town, auction_id)
            notice = town.attempt(
                "results",
                town.managers[1],
                notices.announce_results,
                town.today,
                town.zone,
                auction_id,
                outcomes,
            )
            if notice is not None:
                purse.sold += sum((one.price or Decimal(0) for one in outcomes.values()), Decimal(0))


def _outcomes(town: Town, auction_id: int) -> dict[int, Outcome]:
    lots = town.rows(
        """
        SELECT number, greatest(start_price, coalesce(reserve_price, 0)) AS floor
        FROM lots WHERE auction_id = :id ORDER BY number
        """,
        id=auction_id,
    )
    return {lot.number: _outcome(town, lot.floor) for lot in lots}


def _outcome(town: Town, floor: Decimal) -> Outcome:
    if town.likely(0.4):
        return Outcome(town.today)
    price = (floor * town.chance.randrange(10_000, 14_000) / 10_000).quantize(CENT)
    return Outcome(town.today, max(price, floor), "江州市旧货商行")


def _relist(town: Town) -> None:
    """What found no buyer is offered again, or its project ends."""
    unsold = """
        SELECT DISTINCT a.number, a.id, a.project_id FROM auctions a JOIN lots l ON l.auction_id = a.id
        WHERE a.state = 'closed' AND l.state = 'unsold' ORDER BY a.number
    """
    for auction in town.rows(unsold):
        if town.likely(0.15):
            town.attempt("relisted", town.managers[0], relisting.relist, town.today, town.zone, auction.id)
        elif town.likely(0.03):
            cancel = disposal_decisions.cancel
            town.attempt("project cancelled", town.managers[0], cancel, auction.project_id, "两次流拍")


def _see_to_money(town: Town, purse: Purse) -> None:
    sold = """
        SELECT l.id, r.price, p.amount, p.remitted_on FROM lots l JOIN auctions a ON a.id = l.auction_id
        JOIN lot_results r ON r.lot_id = l.id LEFT JOIN proceeds p ON p.lot_id = l.id
        WHERE l.state = 'sold' AND p.remitted_on IS NULL ORDER BY a.number, l.number
    """
    for lot in town.rows(sold):
        if lot.amount is None and town.likely(0.3):
            fee = (lot.price * town.chance.randrange(0, 500) / 10_000).quantize(CENT)
            receipt = Receipt(lot.price, fee, town.today, f"SK{town.today:%Y%m%d}")
            if town.attempt("proceeds", town.managers[0], proceeds.record, lot.id, receipt):
                purse.received, purse.fees = purse.received + lot.price, purse.fees + fee
        elif lot.amount is not None and town.likely(0.2):
            paid = town.attempt(
                "remitted", town.treasurer, proceeds.confirm, lot.id, town.today, f"JK{town.today:%Y%m%d}"
            )
            purse.remitted += lot.amount if paid else 0
