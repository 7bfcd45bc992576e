"""Stand-ins: naming somebody who decides in one's place for a while, and ending that early."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, contains_eager, joinedload

from marketplace.db.people import Unit, UnitKind, User, within
from marketplace.db.stand_in_queries import eligible
from marketplace.db.stand_ins import ONE_AT_A_TIME, StandIn
from marketplace.domain.errors import Conflict, NotAllowed, NotFound, invalid_field
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.stand_ins import Wanted, read_wanted
from marketplace.domain.text import N_
from marketplace.use_cases import audit, messages

PAGE = 50
DUTIES = "/profile/stand-ins"
"""Where a stand-in reads for whom and until when."""


def own(session: Session, actor: Actor) -> Sequence[StandIn]:
    """The stand-ins that the actor named, latest period first."""
    query = _with_people().where(StandIn.user_id == actor.user_id)
    return session.scalars(query.order_by(StandIn.starts_on.desc(), StandIn.id.desc()).limit(PAGE)).all()


def duties(session: Session, actor: Actor, today: dt.date) -> Sequence[StandIn]:
    """For whom the actor stands in, now or later."""
    query = _with_people().where(
        StandIn.stand_in_id == actor.user_id, StandIn.revoked_at.is_(None), StandIn.ends_on >= today
    )
    return session.scalars(query.order_by(StandIn.starts_on, StandIn.id).limit(PAGE)).all()


def candidates(session: Session, actor: Actor) -> Sequence[User]:
    """Who could stand in for the actor: people of the supervising department and of the units decided for."""
    query = _candidates(session, actor).options(contains_eager(User.home_unit))
    return session.scalars(query.order_by(Unit.path, User.name, User.id)).all()


def name_stand_in(
    session: Session, actor: Actor, now: dt.datetime, today: dt.date, raw: Mapping[str, str]
) -> StandIn:
    """Name a stand-in: ``stand_in`` (a user name), ``starts_on``, ``ends_on``, ``reason``.

    Raises:
        Invalid: a field can't be accepted, the person can't stand in or is away too, or there is a
            stand-in for some of these days already.
        NotAllowed: the actor decides nothing that somebody else could decide instead.
    """
    if actor.user_id is None or not actor.may_anywhere(Permission.DECIDE):
        raise NotAllowed(N_("只有办理审批的人才需要代理人。"))
    wanted = read_wanted(raw, today)
    person = _person(session, actor, wanted)
    row = StandIn(
        user_id=actor.user_id,
        stand_in_id=person.id,
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
        reason=wanted.reason,
        created_at=now,
        stand_in=person,
    )
    _insert(session, row)
    after = {"stand_in": person.username, "starts_on": row.starts_on, "ends_on": row.ends_on}
    audit.record(
        session,
        actor,
        now,
        "stand_in.name",
        "stand_in",
        row.id,
        unit_id=actor.home_unit_id,
        after=after,
        reason=row.reason,
    )
    messages.tell(
        session,
        now,
        [person.id],
        "stand_in.named",
        link=DUTIES,
        person=actor.name,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        reason=row.reason,
    )
    return row


def end_early(session: Session, actor: Actor, now: dt.datetime, today: dt.date, stand_in_id: int) -> StandIn:
    """End a period of the actor's own at once; what was decided in it stands.

    Raises:
        Conflict: it has ended already.
        NotFound: the actor named no such stand-in.
    """
    query = _with_people().where(StandIn.id == stand_in_id, StandIn.user_id == actor.user_id)
    row = session.scalar(query.with_for_update(of=StandIn))
    if row is None:
        raise NotFound(N_("没有找到这项代理。"))
    if row.revoked_at is not None or row.ends_on < today:
        raise Conflict(N_("这项代理已经结束。"), code="ended")
    row.revoked_at = now
    audit.record(
        session,
        actor,
        now,
        "stand_in.end",
        "stand_in",
        row.id,
        unit_id=actor.home_unit_id,
        before={"ends_on": row.ends_on, "stand_in": row.stand_in.username},
        after={"revoked_at": now},
    )
    messages.tell(
        session,
        now,
        [row.stand_in_id],
        "stand_in.ended",
        link=DUTIES,
        person=actor.name,
        ends_on=row.ends_on,
    )
    return row


def _with_people() -> Select[StandIn]:
    return select(StandIn).options(
        joinedload(StandIn.principal).joinedload(User.home_unit),
        joinedload(StandIn.stand_in).joinedload(User.home_unit),
    )


def _candidates(session: Session, actor: Actor) -> Select[User]:
    circle = actor.scopes(Permission.DECIDE) | _department(session, actor)
    return (
        select(User)
        .join(User.home_unit)
        .where(eligible(), User.id != actor.user_id, within(User.home_unit_id, circle))
    )


def _department(session: Session, actor: Actor) -> frozenset[int]:
    """The supervising department of the actor's home unit."""
    home = select(Unit.path).where(Unit.id == actor.home_unit_id)
    path = session.scalar(home) or []
    query = select(Unit.id).where(Unit.id.in_(path), Unit.kind == UnitKind.DEPARTMENT)
    return frozenset(session.scalars(query))


def _person(session: Session, actor: Actor, wanted: Wanted) -> User:
    """Whoever is wanted, able to stand in and there throughout."""
    person = session.scalar(_candidates(session, actor).where(User.username == wanted.username))
    if person is None:
        raise invalid_field(
            "stand_in",
            N_("“%(given)s”不能作代理人。请从列表中选择同一主管部门的在用账号，三员和您本人除外。"),
            given=wanted.username,
        )
    overlapping = (StandIn.starts_on <= wanted.ends_on) & (StandIn.ends_on >= wanted.starts_on)
    away = select(StandIn).where(StandIn.user_id == person.id, StandIn.revoked_at.is_(None), overlapping)
    found = session.scalar(away.limit(1))
    if found is not None:
        raise invalid_field(
            "stand_in",
            N_("%(name)s在%(start)s至%(end)s也请了人代理，而代理不能转托。请另选一人或改日期。"),
            name=person.name,
            start=found.starts_on.isoformat(),
            end=found.ends_on.isoformat(),
        )
    return person


def _insert(session: Session, row: StandIn) -> None:
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:
        if ONE_AT_A_TIME not in str(error.orig):
            raise
        raise invalid_field(
            "starts_on", N_("这段时间里您已请了代理人。请先结束那一项，或改日期。")
        ) from error
