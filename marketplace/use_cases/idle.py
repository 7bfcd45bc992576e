"""Idle flags as their holders answer them, and objections as somebody above decides on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true, tuple_
from sqlalchemy.orm import Session, joinedload

from marketplace.db.assets import Asset
from marketplace.db.calendar import load_calendar
from marketplace.db.idle import IdleFlag
from marketplace.db.people import User, users_with, within
from marketplace.domain.assets import UseStatus
from marketplace.domain.errors import Conflict, NotAllowed, NotFound, RuleError, invalid_field
from marketplace.domain.finding import Mode
from marketplace.domain.idle import BASIS, Answer, Review, UseSign, read_reason
from marketplace.domain.listings import Offer
from marketplace.domain.permissions import Actor, Permission, Role, require
from marketplace.domain.states import AssetAction, AssetState, step
from marketplace.domain.text import N_
from marketplace.use_cases import audit, idle_policies, idle_silence, listings, messages, use_signs
from marketplace.use_cases.assets import load, touch

BULK_LIMIT = 500
"""Most flags one bulk action takes, so that it answers at once."""
MOST_COUNTED = 1_000
"""Flags are counted up to here."""


class Show(StrEnum):
    """Which flags a list goes through."""

    OPEN = "open"
    REVIEW = "review"
    ANSWERED = "answered"


_SHOWN: dict[Show, ColumnElement[bool]] = {
    Show.OPEN: and_(
        IdleFlag.closed_at.is_(None), or_(IdleFlag.answer.is_(None), IdleFlag.answer != Answer.OBJECTED)
    ),
    Show.REVIEW: and_(IdleFlag.closed_at.is_(None), IdleFlag.answer == Answer.OBJECTED),
    Show.ANSWERED: IdleFlag.closed_at.is_not(None),
}

_WHOLE = (
    joinedload(IdleFlag.asset).joinedload(Asset.unit),
    joinedload(IdleFlag.answerer),
    joinedload(IdleFlag.reviewer),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of answering several flags: those that are done, the others each with the reason."""

    done: list[int]
    refused: dict[int, RuleError]


def search(
    session: Session,
    actor: Actor,
    show: Show,
    *,
    unit_id: int | None = None,
    after: tuple[object, int] | None = None,
    limit: int = 50,
) -> Sequence[IdleFlag]:
    """Flags of units whose cards the actor may read: what is to be answered first, what was closed last.

    ``after`` is the day (or the moment) and the id of the last flag of the page before.
    """
    closed = show is Show.ANSWERED
    key = tuple_(IdleFlag.closed_at if closed else IdleFlag.answer_by, IdleFlag.id)
    query = select(IdleFlag).where(_SHOWN[show], _in_scope(actor, unit_id)).options(*_WHOLE)
    if after is not None:
        query = query.where(key < tuple_(*after) if closed else key > tuple_(*after))
    order = (IdleFlag.closed_at.desc(), IdleFlag.id.desc()) if closed else (IdleFlag.answer_by, IdleFlag.id)
    return session.scalars(query.order_by(*order).limit(limit)).all()


def counts(session: Session, actor: Actor, unit_id: int | None = None) -> dict[Show, int]:
    """How many there are to answer and to review, each up to :data:`MOST_COUNTED`."""
    return {show: _count(session, actor, show, unit_id) for show in (Show.OPEN, Show.REVIEW)}


def _count(session: Session, actor: Actor, show: Show, unit_id: int | None) -> int:
    some = select(IdleFlag.id).where(_SHOWN[show], _in_scope(actor, unit_id)).limit(MOST_COUNTED)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _in_scope(actor: Actor, unit_id: int | None) -> ColumnElement[bool]:
    scope = true() if actor.everything else within(IdleFlag.unit_id, actor.scopes(Permission.READ_ASSETS))
    return scope if unit_id is None else and_(scope, IdleFlag.unit_id == unit_id)


def find(session: Session, actor: Actor, flag_id: int) -> IdleFlag:
    """One flag.

    Raises:
        NotFound: there is none, or the actor may not read the card.
    """
    query = select(IdleFlag).where(IdleFlag.id == flag_id, _in_scope(actor, None)).options(*_WHOLE)
    flag = session.scalar(query)
    if flag is None:
        raise NotFound(N_("没有找到这条闲置标记。"))
    return flag


def open_flag(session: Session, asset_id: int) -> IdleFlag | None:
    """The flag of an asset that is being asked about."""
    return session.scalar(
        select(IdleFlag)
        .where(IdleFlag.asset_id == asset_id, IdleFlag.closed_at.is_(None))
        .options(joinedload(IdleFlag.answerer))
    )


def confirm(session: Session, actor: Actor, now: dt.datetime, flag_ids: Iterable[int]) -> Outcome:
    """Confirm that things are idle; they are to be listed before the time to answer is over."""

    def act(flag: IdleFlag) -> None:
        flag.answer, flag.answered_at, flag.answered_by = Answer.CONFIRMED, now, actor.user_id
        flag.asset.use_status = UseStatus.IDLE
        touch(session, flag.asset, now)
        _record(session, actor, now, "idle.confirm", flag)

    return _answer(session, actor, flag_ids, act)


def put_on_offer(session: Session, actor: Actor, now: dt.datetime, flag_ids: Iterable[int]) -> Outcome:
    """List things for transfer and for loan, with the actor as the one to ask; the offer can be changed."""
    user = session.get(User, actor.user_id) if actor.user_id else None

    def act(flag: IdleFlag) -> None:
        pieces = flag.evidence.get("pieces")
        offer = Offer(
            modes=frozenset(Mode),
            quantity=min(pieces, flag.asset.quantity) if pieces else None,
            contact_name=user.name if user else "",
            contact_phone=user.phone if user else "",
            own_department_only=_begins_inside(session, flag.asset),
        )
        listings.list_asset(session, actor, now, flag.asset_id, offer)
        session.refresh(flag)

    return _answer(session, actor, flag_ids, act)


def _begins_inside(session: Session, asset: Asset) -> bool:
    """Whether the timetable of such a thing begins with the own supervising department."""
    policy = idle_policies.for_category(session, asset.category_edition, asset.category_code)
    return policy.own_department_days > 0


def object_to(
    session: Session, actor: Actor, now: dt.datetime, flag_ids: Iterable[int], reason: str
) -> Outcome:
    """Say why things are needed after all; somebody above decides on it.

    Raises:
        Invalid: there is no reason, or there are too many flags.
    """
    why = read_reason(reason)

    def act(flag: IdleFlag) -> None:
        if flag.review is Review.REFUSED:
            raise Conflict(N_("申述已复核，未被采纳。请上架或确认闲置。"), code="already_reviewed")
        flag.answer, flag.answered_at, flag.answered_by = Answer.OBJECTED, now, actor.user_id
        flag.reason = why
        _record(session, actor, now, "idle.object", flag, reason=why)

    outcome = _answer(session, actor, flag_ids, act)
    _tell_reviewers(session, actor, now, outcome.done, why)
    return outcome


def review(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    flag_id: int,
    *,
    accept: bool,
    note: str = "",
) -> IdleFlag:
    """Decide on an objection: the thing is in use again and not asked about for a time, or is to be listed.

    Raises:
        Conflict: there is no objection to decide on.
        Invalid: it is refused without a reason.
        NotAllowed: the actor reviews nothing there, or objected themselves.
    """
    flag = _locked(session, actor, [flag_id]).get(flag_id)
    if flag is None:
        raise NotFound(N_("没有找到这条闲置标记。"))
    require(actor, Permission.REVIEW_IDLE, flag.asset.unit.path)
    if flag.closed_at is not None or flag.answer is not Answer.OBJECTED:
        raise Conflict(N_("这条申述已经办结。请刷新页面查看。"), code="already_reviewed")
    if flag.answered_by is not None and flag.answered_by == actor.user_id:
        raise NotAllowed(N_("申述由您提出，须由他人复核。"))
    flag.review_note = read_reason(note) if note.strip() or not accept else ""
    flag.reviewed_at, flag.reviewed_by = now, actor.user_id
    objector = flag.answered_by
    if accept:
        _accept(session, actor, now, today, flag)
    else:
        _refuse(session, actor, now, today, flag)
    session.flush()
    idle_silence.settle_reviews(session, [flag.unit_id])
    _tell_objector(session, now, flag, objector)
    return flag


def _accept(session: Session, actor: Actor, now: dt.datetime, today: dt.date, flag: IdleFlag) -> None:
    flag.review, flag.closed_at = Review.ACCEPTED, now
    flag.quiet_until = today + dt.timedelta(days=flag.quiet_days)
    asset = flag.asset
    before, asset.state = asset.state, step(asset.state, AssetAction.CLEAR).target
    touch(session, asset, now)
    audit.record(
        session,
        actor,
        now,
        "asset.clear",
        "asset",
        asset.id,
        unit_id=asset.unit_id,
        before={"state": before},
        after={"state": asset.state, "quiet_until": flag.quiet_until},
        reason=flag.reason,
        basis=BASIS,
    )
    use_signs.note(session, [asset.id], today, UseSign.CONFIRMED)
    _record(session, actor, now, "idle.accept", flag, reason=flag.review_note)


def _refuse(session: Session, actor: Actor, now: dt.datetime, today: dt.date, flag: IdleFlag) -> None:
    """The holder is asked again, with the whole time to answer."""
    policy = idle_policies.for_category(session, flag.asset.category_edition, flag.asset.category_code)
    flag.review, flag.answer, flag.answered_at, flag.answered_by = Review.REFUSED, None, None, None
    flag.answer_by = load_calendar(session).add_working_days(today, policy.answer_days)
    _record(session, actor, now, "idle.refuse", flag, reason=flag.review_note)


def confirm_in_use(session: Session, actor: Actor, now: dt.datetime, today: dt.date, asset_id: int) -> Asset:
    """Confirm by hand that a thing is in use, before anybody asks.

    Raises:
        Conflict: it is in another state; a flag is answered with a reason.
        NotAllowed: the actor doesn't keep the card.
    """
    asset = load(session, actor, asset_id, Permission.EDIT_ASSETS, for_update=True)
    if asset.state is not AssetState.IN_USE:
        raise Conflict(
            N_("资产现在不是“在用”，不能确认在用。请刷新页面查看。"), code="wrong_state", state=asset.state
        )
    use_signs.note(session, [asset.id], today, UseSign.CONFIRMED)
    audit.record(session, actor, now, "asset.in_use", "asset", asset.id, unit_id=asset.unit_id)
    session.expire(asset, ["last_used_on", "last_used_by"])
    return asset


def _answer(
    session: Session, actor: Actor, flag_ids: Iterable[int], act: Callable[[IdleFlag], None]
) -> Outcome:
    """Answer several flags alike: those that can be are, the others come back with the reason.

    Raises:
        Invalid: more than :data:`BULK_LIMIT`, or none.
    """
    wanted = list(dict.fromkeys(flag_ids))
    if not 1 <= len(wanted) <= BULK_LIMIT:
        raise invalid_field("flag", N_("请勾选1至%(limit)d项。"), limit=BULK_LIMIT)
    found = _locked(session, actor, wanted)
    outcome = Outcome([], {})
    for flag_id in wanted:
        try:
            act(_answerable(actor, found.get(flag_id)))
            outcome.done.append(flag_id)
        except RuleError as error:
            outcome.refused[flag_id] = error
    session.flush()
    idle_silence.settle(session, {found[flag_id].unit_id for flag_id in outcome.done})
    return outcome


def _locked(session: Session, actor: Actor, flag_ids: Sequence[int]) -> dict[int, IdleFlag]:
    """Flags with their cards, locked in the order in which everybody locks cards."""
    mine: Select[IdleFlag] = (
        select(IdleFlag)
        .join(IdleFlag.asset)
        .where(IdleFlag.id.in_(flag_ids), _in_scope(actor, None))
        .options(joinedload(IdleFlag.asset).joinedload(Asset.unit))
        .order_by(Asset.id, IdleFlag.id)
        .with_for_update(of=(Asset, IdleFlag))
        .execution_options(populate_existing=True)
    )
    return {flag.id: flag for flag in session.scalars(mine)}


def _answerable(actor: Actor, flag: IdleFlag | None) -> IdleFlag:
    if flag is None:
        raise NotFound(N_("没有找到这条闲置标记。"))
    require(actor, Permission.LIST_ASSETS, flag.asset.unit.path)
    if flag.closed_at is not None:
        raise Conflict(N_("这条闲置标记已经办结。请刷新页面查看。"), code="already_answered")
    if flag.answer is Answer.OBJECTED:
        raise Conflict(N_("已提出申述，正在复核。"), code="already_answered")
    return flag


def _record(
    session: Session, actor: Actor, now: dt.datetime, action: str, flag: IdleFlag, reason: str = ""
) -> None:
    audit.record(
        session,
        actor,
        now,
        action,
        "asset",
        flag.asset_id,
        unit_id=flag.unit_id,
        after={"rule": flag.rule},
        reason=reason,
        basis=BASIS,
    )


def _tell_reviewers(
    session: Session, actor: Actor, now: dt.datetime, flag_ids: Sequence[int], reason: str
) -> None:
    """One message for each unit: to its supervising department, or to the warehouse where that has nobody."""
    query = select(IdleFlag).where(IdleFlag.id.in_(flag_ids)).options(*_WHOLE).order_by(IdleFlag.id)
    by_unit: dict[int, list[Asset]] = {}
    for flag in session.scalars(query):
        by_unit.setdefault(flag.unit_id, []).append(flag.asset)
    for unit_id, cards in by_unit.items():
        above = users_with(session, Role.DEPARTMENT_APPROVER, unit_id)
        messages.tell(
            session,
            now,
            above or users_with(session, Role.WAREHOUSE_MANAGER, unit_id),
            "idle.to_review",
            link=idle_silence.review_link(unit_id),
            besides=actor.user_id,
            unit=cards[0].unit.name,
            things=[card.name for card in cards],
            reason=reason,
        )


def _tell_objector(session: Session, now: dt.datetime, flag: IdleFlag, objector: int | None) -> None:
    if objector is None:
        return
    link, things = f"/idle/{flag.id}", [flag.asset.name]
    if flag.review is Review.ACCEPTED:
        messages.tell(
            session, now, [objector], "idle.accepted", link=link, things=things, until=flag.quiet_until
        )
    else:
        messages.tell(
            session,
            now,
            [objector],
            "idle.refused",
            link=link,
            things=things,
            reason=flag.review_note,
            until=flag.answer_by,
        )
